//! Where streams go, and what becomes of what is said when they cannot take it.

use std::fs::File;
use std::process::{Command, Stdio};

use crate::harness::{Sandbox, experiment, printed, said};

/// Every command, and what is answered without one.
const ALL: [&[&str]; 17] = [
    &["list"],
    &["list", "--json"],
    &["describe", "wine-mlp"],
    &["describe", "wine-mlp", "--full"],
    &["plan", "row-wise"],
    &["plan", "row-wise", "--json"],
    &["run", "row-wise"],
    &["run", "row-wise", "--json"],
    &["validate", "mine.toml"],
    &["init", "table.csv", "--target", "y"],
    &["formats"],
    &["combinations"],
    &["completions", "bash"],
    &["man"],
    &["--help"],
    &["run", "--help"],
    &["--version"],
];

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.put("mine.toml", experiment("[quantize.weights]\nbits = 4\n"));
    let rows = (0..40).map(|row| format!("{row}.5,{}\n", ["p", "q"][row * 7 % 3 % 2]));
    sandbox.put("table.csv", format!("a,y\n{}", rows.collect::<String>()));
    sandbox
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_stdout_is_an_error_and_the_results_of_a_run_stand() {
    let sandbox = sandbox();
    for arguments in ALL {
        let full = File::options().write(true).open("/dev/full").unwrap();
        let output = sandbox.command(arguments).stdout(full).output().unwrap();
        let said = said(&output);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {said}");
        assert!(
            said.contains("error: cannot write to standard output: No space left on device"),
            "{arguments:?}: {said}"
        );
        let is_run = arguments.starts_with(&["run", "row-wise"]);
        assert_eq!(said.contains("report: results/row-wise/report.md"), is_run, "{arguments:?}: {said}");
    }
    assert!(sandbox.path("results/row-wise/report.md").is_file());
}

#[test]
fn a_reader_that_has_gone_away_ends_no_command() {
    let sandbox = sandbox();
    for arguments in ALL {
        let mut command = sandbox.command(arguments);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        drop(child.stdout.take());
        assert_eq!(child.wait().unwrap().code(), Some(0), "{arguments:?}");
    }
    assert!(sandbox.path("results/row-wise/report.md").is_file());
}

#[test]
fn streams_that_were_closed_before_end_no_command() {
    let sandbox = sandbox();
    for closed in [">&-", "2>&-", ">&- 2>&- <&-"] {
        for arguments in ALL {
            let shell = format!("exec \"$@\" {closed}");
            let mut command = Command::new("sh");
            command.args(["-c", &shell, "sh", env!("CARGO_BIN_EXE_bitsweep")]).args(arguments);
            let output = command.current_dir(sandbox.path(".")).output().unwrap();
            assert_eq!(output.status.code(), Some(0), "{arguments:?} {closed}: {}", said(&output));
            assert_eq!(output.stdout.is_empty(), closed.starts_with('>'), "{arguments:?} {closed}");
        }
    }
}

#[test]
fn colours_are_as_the_environment_has_them() {
    let sandbox = Sandbox::new();
    let coloured = |arguments: &[&str], environment: &[(&str, &str)]| {
        let output = sandbox.command(arguments).envs(environment.iter().copied()).output().unwrap();
        (printed(&output) + &said(&output)).contains('\u{1b}')
    };
    for arguments in [&["run", "nothing"][..], &["--help"], &["run", "--jobs", "x"]] {
        assert!(!coloured(arguments, &[]), "{arguments:?}");
        assert!(coloured(arguments, &[("CLICOLOR_FORCE", "1")]), "{arguments:?}");
        assert!(!coloured(arguments, &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]), "{arguments:?}");
    }
}

#[test]
fn a_pipe_gets_pages_of_80_columns_or_as_many_as_it_asks_for_and_lines_as_they_are() {
    let sandbox = Sandbox::new();
    let widest = |arguments: &[&str], columns: Option<&str>| {
        let mut command = sandbox.command(arguments);
        let output = command.envs(columns.map(|columns| ("COLUMNS", columns))).output().unwrap();
        let printed = printed(&output);
        // A usage is a line of code.
        let prose = printed.lines().filter(|line| !line.starts_with("Usage: "));
        prose.map(|line| line.chars().count()).max().unwrap_or(0)
    };
    for page in [&["run", "wine-mlp", "-q"][..], &["describe", "everything"], &["run", "--help"]] {
        for (columns, most) in [(None, 80), (Some("no number"), 80), (Some("40"), 40), (Some("60"), 60)] {
            let widest = widest(page, columns);
            assert!((most * 3 / 4..=most).contains(&widest), "{page:?}, {columns:?}: {widest}");
        }
    }
    let names = printed(&sandbox.succeeds(&["list"]));
    assert_eq!(names.lines().count(), bitsweep::registry::EXPERIMENTS.len(), "{names}");
}
