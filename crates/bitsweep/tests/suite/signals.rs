//! Signals: a run ends at once when it is told to, and not because nobody reads what it says.

use std::fs;
use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::harness::{Sandbox, experiment, printed};

/// Long after a signal is answered on any machine, and long before any of the steps below is over.
const AT_ONCE: Duration = Duration::from_secs(10);

/// The program, whose streams nobody reads.
fn unread(sandbox: &Sandbox, arguments: &[&str]) -> Command {
    let mut command = sandbox.command(arguments);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// Folders of results, and of results that are being made.
fn entries(sandbox: &Sandbox) -> usize {
    sandbox.results().len()
}

/// Starts a run of `text` that takes very long, and waits until it is at it.
fn started(sandbox: &Sandbox, text: &str) -> Child {
    started_with(sandbox, text, |_| ())
}

/// The same of a command that is changed.
fn started_with(sandbox: &Sandbox, text: &str, change: impl FnOnce(&mut Command)) -> Child {
    sandbox.put("long.toml", text);
    let before = entries(sandbox);
    let mut command = unread(sandbox, &["run", "long.toml"]);
    change(&mut command);
    let child = command.stderr(Stdio::piped()).spawn().unwrap();
    let since = Instant::now();
    while entries(sandbox) == before {
        assert!(since.elapsed() < Duration::from_secs(60), "the run does not start");
        std::thread::sleep(Duration::from_millis(10));
    }
    std::thread::sleep(Duration::from_millis(500));
    child
}

/// Sends a signal; the exit code and what was said on stderr.
#[track_caller]
fn told(mut child: Child, signal: &str) -> (Option<i32>, String) {
    let sent = Instant::now();
    assert!(Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap().success());
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    let code = child.wait().unwrap().code();
    assert!(sent.elapsed() < AT_ONCE, "{:?} after {signal}", sent.elapsed());
    (code, said)
}

/// Training that takes hours.
fn long_training() -> String {
    experiment("[quantize.weights]\nbits = 4\n").replace("epochs = 5", "epochs = 1000000")
}

/// An experiment on digits whose `model` and `quantize` take hours.
fn on_digits(model: &str, quantize: &str) -> String {
    format!(
        "title = \"long\"\n[data]\nsource = \"digits\"\nscale = \"standard\"\n[split.holdout]\ntest = 0.2\n\
         {model}\n{quantize}\n"
    )
}

#[test]
fn an_interrupted_run_ends_with_the_signals_code_and_writes_nothing() {
    let sandbox = Sandbox::new();
    for (signal, code) in [("-INT", 130), ("-TERM", 143)] {
        let (ended, said) = told(started(&sandbox, &long_training()), signal);
        assert_eq!(ended, Some(code));
        assert!(said.starts_with("error: interrupted: 0 of 1 unit are done"), "{said}");
        assert!(said.contains("all that was finished is in `results/.bitsweep`"), "{said}");
        assert_eq!(entries(&sandbox), 0);
    }
}

#[test]
fn under_slurm_a_run_that_is_told_to_end_asks_to_be_begun_again() {
    let sandbox = Sandbox::new();
    for (signal, code) in [("-INT", 130), ("-TERM", 75)] {
        let under_slurm = |command: &mut Command| _ = command.env("SLURM_JOB_ID", "12");
        let child = started_with(&sandbox, &long_training(), under_slurm);
        assert_eq!(told(child, signal).0, Some(code));
    }
}

#[test]
fn what_is_finished_when_a_signal_comes_is_kept() {
    let sandbox = Sandbox::new();
    // The second variant takes hours; the first is not a second old when the signal comes.
    let text = experiment(
        "[[quantize]]\nweights.bits = 4\n[[quantize]]\nweights.bits = 2\n\
         training = { method = \"straight-through\", epochs = 1000000 }\n",
    );
    let child = started_with(&sandbox, &text, |command| _ = command.args(["--jobs", "1"]));
    let said = told(child, "-TERM").1;
    assert!(said.contains("0 of 1 unit are done"), "{said}");
    let status = printed(&sandbox.succeeds(&["status", "long.toml"]));
    assert!(status.contains("1 unit: 0 done, 0 running, 0 failed, 1 missing; 2 of 4 rows"), "{status}");
}

#[test]
fn an_interrupted_run_leaves_earlier_results_as_they_are() {
    let sandbox = Sandbox::new();
    let short = long_training().replace("1000000", "1");
    sandbox.put("long.toml", short);
    assert!(unread(&sandbox, &["run", "long.toml"]).status().unwrap().success());
    let csv = sandbox.path("results/long/results.csv");
    let earlier = fs::read(&csv).unwrap();
    assert_eq!(told(started(&sandbox, &long_training()), "-INT").0, Some(130));
    assert_eq!(fs::read(&csv).unwrap(), earlier);
    assert_eq!(entries(&sandbox), 1);
}

#[test]
fn no_step_is_too_long_to_be_interrupted() {
    let mlp = |hidden: &str, epochs: usize, batch: usize| {
        format!(
            "[model.mlp]\nhidden = {hidden}\n[train]\nepochs = {epochs}\nbatch_size = {batch}\nlearning_rate = 1e-3"
        )
    };
    let method = |method: &str| format!("[quantize]\nmethod = {method}\n[quantize.weights]\nbits = 4");
    for text in [
        on_digits(&mlp("[[3000, 3000]]", 1000, 1400), "[quantize.weights]\nbits = 4"),
        on_digits(&mlp("2000", 1, 100), &method("{ adaround = { iterations = 1000000 } }")),
        on_digits(&mlp("[[3000, 3000]]", 1, 1400), &method("\"greedy\"")),
        on_digits("[model.logistic]\nc = 1e10\ntolerance = 1e-300", "[quantize.weights]\nbits = 4"),
    ] {
        let sandbox = Sandbox::new();
        assert_eq!(told(started(&sandbox, &text), "-INT").0, Some(130), "{text}");
        assert_eq!(entries(&sandbox), 0);
    }
}

#[test]
fn what_a_killed_run_leaves_is_cleared_by_the_next() {
    let sandbox = Sandbox::new();
    let mut child = started(&sandbox, &long_training());
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(entries(&sandbox), 1);
    let short = long_training().replace("1000000", "1");
    sandbox.put("long.toml", short);
    assert!(unread(&sandbox, &["run", "long.toml"]).status().unwrap().success());
    assert_eq!(entries(&sandbox), 1);
    assert!(sandbox.path("results/long/report.md").is_file());
}

#[test]
fn a_second_run_into_one_folder_says_who_makes_it() {
    let sandbox = Sandbox::new();
    let first = started(&sandbox, &long_training());
    let second = unread(&sandbox, &["run", "long.toml"]).stderr(Stdio::piped()).output().unwrap();
    let said = String::from_utf8(second.stderr).unwrap();
    assert_eq!(second.status.code(), Some(1), "{said}");
    assert!(said.contains(&format!("process {}", first.id())) && said.contains("results/long"), "{said}");
    let other = unread(&sandbox, &["run", "row-wise"]).status().unwrap();
    assert!(other.success());
    assert_eq!(told(first, "-INT").0, Some(130));
}

#[test]
fn a_closed_stderr_ends_no_run() {
    let sandbox = Sandbox::new();
    let mut child = unread(&sandbox, &["run", "row-wise", "-vv"]).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stderr.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert!(sandbox.path("results/row-wise/report.md").is_file());
}

#[test]
fn a_closed_stderr_changes_no_exit_code() {
    let sandbox = Sandbox::new();
    for arguments in [&["run", "nothing"][..], &["fly"], &["validate", "nothing.toml"]] {
        let mut child = unread(&sandbox, arguments).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stderr.take());
        assert_eq!(child.wait().unwrap().code(), Some(2), "{arguments:?}");
    }
}
