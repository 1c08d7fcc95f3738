//! Whatever ends a run, and whenever: what was finished is there, and what comes out in the end has the same bytes.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use bitsweep_random::{Generator, Stream};

use crate::harness::{Sandbox, lasting, said};

/// A sweep that takes about a second: eight seeds, whose rows look at everything that is recorded.
const SWEEP: &str = "title = \"sweep\"\nseed = [0, 1, 2, 3, 4, 5, 6, 7]\n\
    [data]\nsource = \"wine\"\nscale = \"standard\"\n\
    [split.holdout]\ntest = 0.25\nstratified = true\nvalidation = 0.2\n\
    [model.mlp]\nhidden = 24\n\
    [train]\nepochs = 150\nbatch_size = 16\nlearning_rate = 0.05\nshuffle = true\n\
    [record]\ntensors = true\npredictions = true\nsensitivity = true\n\
    [quantize]\nbiases = [\"keep\", \"quantize\"]\n\
    [quantize.weights]\nbits = [8, 4, 3, 2]\ngranularity = [\"tensor\", \"output-channel\"]\n\
    symmetry = [\"symmetric\", \"asymmetric\"]\n";

/// Numbers that look random, the same at every run of the test.
struct Chance(Stream);

impl Chance {
    fn new(seed: u64) -> Self {
        Self(Stream::new(Generator::Modern, seed, "chance").unwrap())
    }

    /// A whole number below `bound`.
    fn below(&mut self, bound: u64) -> u64 {
        self.0.next_u64() % bound
    }
}

/// The files of the store that hold what was computed.
fn stored(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut files = Vec::new();
    for entry in entries.filter_map(Result::ok) {
        match entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            true => files.extend(stored(&entry.path())),
            false => files.push(entry.path()),
        }
    }
    files.retain(|path| path.extension().is_some_and(|own| own == "parquet" || own == "safetensors"));
    files.sort();
    files
}

/// How a sweep is run until it is done.
#[derive(Clone, Copy, Debug)]
enum Way {
    Jobs(&'static str),
    /// Parts, one after another, then a run of what is left.
    Shards(u64),
}

/// Kills runs of the sweep at random moments, and sometimes cuts a file of the store short, until one comes to its end;
/// how many were killed.
fn kill_until_done(
    way: Way,
    chance: &mut Chance,
    expected: &BTreeMap<String, String>,
    longest: u64,
) -> usize {
    let sandbox = Sandbox::new();
    sandbox.put("sweep.toml", SWEEP);
    let mut killed = 0;
    for attempt in 0.. {
        let shard = format!("{}/3", 1 + chance.below(3));
        let arguments = match way {
            Way::Jobs(jobs) => vec!["run", "sweep.toml", "--quiet", "--jobs", jobs],
            Way::Shards(parts) if attempt % (parts + 1) < parts => {
                vec!["run", "sweep.toml", "--quiet", "--jobs", "1", "--shard", &shard]
            }
            Way::Shards(_) => vec!["run", "sweep.toml", "--quiet"],
        };
        let mut command = sandbox.command(&arguments);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        if ends_within(&mut child, Duration::from_millis(chance.below(longest))) {
            let output = child.wait_with_output().unwrap();
            assert!(output.status.success(), "{way:?} {}", said(&output));
            if arguments.contains(&"--shard") {
                continue;
            }
            assert_eq!(&lasting(&sandbox.path("results/sweep")), expected, "{way:?}");
            return killed;
        }
        child.kill().unwrap();
        child.wait().unwrap();
        killed += 1;
        // A write that was torn after all: half of the files that the disk had not yet are not whole.
        let files = stored(&sandbox.path("results/.bitsweep"));
        if !files.is_empty() && chance.below(4) == 0 {
            let file = &files[chance.below(files.len() as u64) as usize];
            let length = fs::metadata(file).unwrap().len();
            fs::OpenOptions::new().write(true).open(file).unwrap().set_len(chance.below(length)).unwrap();
        }
    }
    killed
}

fn ends_within(child: &mut Child, time: Duration) -> bool {
    let started = Instant::now();
    while started.elapsed() < time {
        if child.try_wait().unwrap().is_some() {
            return true;
        }
        sleep(Duration::from_millis(1));
    }
    child.try_wait().unwrap().is_some()
}

/// Kills at least `least` runs, in every way.
fn kill(least: usize) {
    let sandbox = Sandbox::new();
    sandbox.put("sweep.toml", SWEEP);
    let started = Instant::now();
    sandbox.succeeds(&["run", "sweep.toml", "--quiet"]);
    let longest = 3 * started.elapsed().as_millis() as u64 / 2;
    let expected = lasting(&sandbox.path("results/sweep"));
    let mut chance = Chance::new(12);
    let mut killed = 0;
    while killed < least {
        for way in [Way::Jobs("1"), Way::Jobs("2"), Way::Shards(3)] {
            killed += kill_until_done(way, &mut chance, &expected, longest);
        }
    }
    println!("{killed} runs were killed");
}

#[test]
fn a_run_that_is_killed_at_any_moment_goes_on_and_gives_the_same_bytes() {
    kill(10);
}

/// The same, often: minutes.
#[test]
#[ignore = "takes minutes; .ci/interruptions runs it"]
fn two_hundred_runs_that_are_killed_at_any_moment_go_on_and_give_the_same_bytes() {
    kill(200);
}
