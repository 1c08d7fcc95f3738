//! What is seen on terminals of any width.

use std::ffi::OsStr;
use std::fs::File;
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::process::{Child, Command};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

use crate::harness::{Sandbox, experiment};

/// A program on a terminal of its own.
struct OnTerminal {
    child: Child,
    terminal: File,
}

impl OnTerminal {
    fn start(sandbox: &Sandbox, arguments: &[&str], columns: u16, kind: &str) -> OnTerminal {
        let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
        grantpt(&terminal).unwrap();
        unlockpt(&terminal).unwrap();
        let size = Winsize { ws_row: 24, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&terminal, size).unwrap();
        let name = ptsname(&terminal, Vec::new()).unwrap();
        let other_end =
            File::options().read(true).write(true).open(OsStr::from_bytes(name.as_bytes())).unwrap();
        let mut command = sandbox.command(arguments);
        command.stdin(other_end.try_clone().unwrap()).stdout(other_end.try_clone().unwrap());
        let child = command.env("TERM", kind).stderr(other_end).spawn().unwrap();
        OnTerminal { child, terminal: File::from(terminal) }
    }

    /// Everything that was written, once the program has ended, and its exit code.
    fn ended(mut self) -> (String, Option<i32>) {
        let mut written = Vec::new();
        // The terminal of a program that is gone answers with an error.
        let _ = self.terminal.read_to_end(&mut written);
        (String::from_utf8(written).unwrap(), self.child.wait().unwrap().code())
    }
}

/// The lines on the screen, and those that were overwritten, without the codes that move the cursor.
fn lines(written: &str) -> Vec<String> {
    let plain = anstream::adapter::strip_str(written).to_string();
    plain.split(['\n', '\r']).map(str::to_owned).collect()
}

/// Many short units.
fn many_units() -> String {
    let seeds: Vec<String> = (0..300).map(|seed| seed.to_string()).collect();
    format!("seed = [{}]\n{}", seeds.join(", "), experiment("[quantize.weights]\nbits = [4, 2]\n"))
}

#[test]
fn nothing_is_wider_than_the_terminal() {
    let sandbox = Sandbox::new();
    sandbox.put("many.toml", many_units());
    for columns in [40, 60, 80, 120, 200] {
        for arguments in [
            &["run", "wine-mlp"][..],
            &["run", "digits-logistic", "-v"],
            &["run", "row-wise"],
            &["run", "many.toml", "-vv"],
            &["describe", "everything"],
            &["list"],
            &["plan", "vector-ranges"],
            &["run", "nothing"],
            &["run", "--help"],
            &["run", "--jobs", "0", "wine-mlp"],
        ] {
            let (written, _) = OnTerminal::start(&sandbox, arguments, columns, "xterm").ended();
            for line in lines(&written) {
                let width = line.chars().count();
                // A path stays whole, and so does a usage.
                let is_word = !line.trim().contains(' ') || line.starts_with("Usage: ");
                assert!(width <= columns.into() || is_word, "{arguments:?} in {columns}: {width}: {line}");
            }
        }
    }
}

#[test]
fn the_bar_fits_any_terminal_and_is_gone_in_the_end() {
    let sandbox = Sandbox::new();
    sandbox.put("many.toml", many_units());
    for columns in [20, 40, 80] {
        let (written, code) = OnTerminal::start(&sandbox, &["run", "many.toml"], columns, "xterm").ended();
        assert_eq!(code, Some(0), "{written}");
        let lines = lines(&written);
        let bars: Vec<_> = lines.iter().filter(|line| line.contains('█') || line.contains('░')).collect();
        assert!(!bars.is_empty(), "{written}");
        assert!(bars.iter().all(|bar| bar.chars().count() <= columns.into()), "{columns}: {bars:?}");
        assert_gone(&written);
    }
}

#[test]
fn an_interrupted_run_takes_its_bar_off_the_terminal() {
    let sandbox = Sandbox::new();
    sandbox.put("long.toml", many_units().replace("epochs = 5", "epochs = 1000000"));
    let run = OnTerminal::start(&sandbox, &["run", "long.toml"], 80, "xterm");
    std::thread::sleep(std::time::Duration::from_secs(2));
    let signalled = Command::new("kill").args(["-INT", &run.child.id().to_string()]).status().unwrap();
    assert!(signalled.success());
    let (written, code) = run.ended();
    assert_eq!(code, Some(130), "{written}");
    assert!(written.contains("interrupted"), "{written}");
    assert_gone(&written);
}

#[test]
fn a_dumb_terminal_gets_plain_lines() {
    let sandbox = Sandbox::new();
    let (written, _) = OnTerminal::start(&sandbox, &["run", "row-wise"], 80, "dumb").ended();
    assert!(!written.contains('\u{1b}') && written.contains("report: "), "{written:?}");
}

/// The line of the bar was cleared after it was drawn last.
#[track_caller]
fn assert_gone(written: &str) {
    let last = written.rfind(['█', '░']).map_or(0, |place| place);
    assert!(
        written[last..].contains("\u{1b}[2K") || written[last..].contains("\u{1b}[K"),
        "{:?}",
        &written[last..]
    );
}
