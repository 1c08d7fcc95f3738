//! Programs of other people: compilers and emulators.

use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::error::DeviceError;

/// How long an emulator may take.
const MOST_SECONDS: u64 = 30;

/// What lines have that say what is wrong.
const COMPLAINTS: [&str; 4] = ["error", "overflowed", "will not fit", "undefined reference"];

/// What `program` says of its version; `None` where there is none.
pub(crate) fn version(program: &str, argument: &str) -> Option<String> {
    let output = Command::new(program).arg(argument).stdin(Stdio::null()).output().ok()?;
    let said = String::from_utf8_lossy(&output.stdout);
    let line = said.lines().next()?.trim();
    (output.status.success() && !line.is_empty()).then(|| line.to_owned())
}

/// Whether a program of this name starts.
pub(crate) fn is_installed(program: &str) -> bool {
    Command::new(program).arg("--help").stdin(Stdio::null()).output().is_ok()
}

/// Runs a program in a folder; what it wrote to stdout.
pub(crate) fn run<A: AsRef<OsStr>>(
    program: &str,
    arguments: impl IntoIterator<Item = A>,
    folder: &Path,
) -> Result<String, DeviceError> {
    let output = Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| DeviceError::Program { program: program.to_owned(), error })?;
    match output.status.success() {
        true => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
        false => Err(failed(program, &output)),
    }
}

/// Runs an emulator, which may not end by itself; what it wrote. Emulators write little.
pub(crate) fn emulate<A: AsRef<OsStr>>(
    program: &str,
    arguments: impl IntoIterator<Item = A>,
    folder: &Path,
) -> Result<String, DeviceError> {
    let cannot = |error| DeviceError::Program { program: program.to_owned(), error };
    let mut child = Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(cannot)?;
    let end = Instant::now() + Duration::from_secs(MOST_SECONDS);
    while child.try_wait().map_err(cannot)?.is_none() {
        if Instant::now() > end {
            // What has ended by itself meanwhile needs no end.
            let _ = child.kill();
            let _ = child.wait();
            return Err(DeviceError::Endless { program: program.to_owned(), seconds: MOST_SECONDS });
        }
        thread::sleep(Duration::from_millis(5));
    }
    let output = child.wait_with_output().map_err(cannot)?;
    // simavr writes what a device prints to stderr.
    let both = [output.stdout, output.stderr].concat();
    match output.status.success() {
        true => Ok(String::from_utf8_lossy(&both).into_owned()),
        false => Err(DeviceError::Ended { program: program.to_owned(), status: output.status.to_string() }),
    }
}

fn failed(program: &str, output: &Output) -> DeviceError {
    let said = String::from_utf8_lossy(&output.stderr);
    // The first complaint; what follows repeats it with the lines of the source.
    let complaint = said.lines().find(|line| COMPLAINTS.iter().any(|word| line.contains(word)));
    let said = complaint.or_else(|| said.lines().last()).unwrap_or("it says nothing").trim();
    DeviceError::Failed { program: program.to_owned(), said: said.to_owned() }
}
