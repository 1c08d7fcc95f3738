//! Standard output and standard error. Data goes to the one, everything else to the other; a reader that has gone away
//! (`| head`) ends nothing.

use std::io::{self, IsTerminal, Write};

use bitsweep_results::text;

use crate::failure::Failure;

/// Writes lines to stdout, so that a line end within one of them is none on the terminal.
///
/// # Errors
/// As [`print`].
pub(crate) fn print_lines<L: AsRef<str>>(lines: impl IntoIterator<Item = L>) -> Result<(), Failure> {
    let lines = lines.into_iter().map(|line| format!("{}\n", text::one_line(line.as_ref())));
    print(&lines.collect::<String>())
}

/// Writes a text of several lines to stdout.
///
/// # Errors
/// When stdout refuses it for another reason than that nobody reads it.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text::lines(text).as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::Output(format!("cannot write to standard output: {error}")))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Writes a line to stderr. Where that cannot be written, there is nobody left to tell.
pub(crate) fn say(text: &str) {
    // In one piece, so that lines of several threads and processes do not mix.
    let _ = io::stderr().write_all(format!("{text}\n").as_bytes());
}

/// Shows a failure on stderr, in colour where that is wanted.
pub fn report_failure(failure: &Failure) {
    let colour =
        io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let style = if colour { anstyle::AnsiColor::Red.on_default().bold() } else { anstyle::Style::new() };
    say(&format!("{style}error:{style:#} {failure}"));
}
