//! Standard output and standard error. Data goes to the one, everything else to the other; a reader that has gone away
//! (`| head`), or a stream that was closed before (`>&-`), ends nothing.
//!
//! On a terminal all prose wraps at words. In a file or a pipe a line is a line, however long; only pages, the results of
//! a run and the description of an experiment, are laid out there, too: in `COLUMNS` columns, or 80, so that the same run
//! prints the same text. Colours, of errors and help, are for terminals; `NO_COLOR`, `CLICOLOR_FORCE` and `TERM=dumb` have
//! their usual meanings.

use std::io::{self, IsTerminal, Write};

use anstream::adapter::strip_str;
use anstream::stream::RawStream;
use anstream::{AutoStream, ColorChoice};
use bitsweep_results::text;
use terminal_size::{Height, Width, terminal_size_of};

use crate::failure::Failure;
use crate::layout::{Page, wrapped};

/// Pages are never laid out in fewer columns.
const NARROWEST: usize = 40;

/// Columns of what is no terminal.
const USUAL: usize = 80;

/// Columns in which pages are laid out on stdout.
pub(crate) fn page_columns() -> usize {
    let elsewhere = || std::env::var("COLUMNS").ok()?.parse().ok().filter(|columns| *columns > 0);
    let columns = terminal_columns(terminal_size_of(io::stdout())).or_else(elsewhere);
    columns.unwrap_or(USUAL).max(NARROWEST)
}

/// Columns of a terminal; `None` of what is none.
fn terminal_columns(size: Option<(Width, Height)>) -> Option<usize> {
    size.map(|(Width(columns), _)| columns.into())
}

/// Columns in which lines are laid out on stdout: on a terminal they wrap.
pub(crate) fn line_columns() -> usize {
    terminal_columns(terminal_size_of(io::stdout())).unwrap_or(usize::MAX)
}

/// Writes lines to stdout, so that a line end within one of them is none on the terminal; each may begin with spaces.
///
/// # Errors
/// As [`print`].
pub(crate) fn print_lines<L: AsRef<str>>(lines: impl IntoIterator<Item = L>) -> Result<(), Failure> {
    let mut page = Page::new(line_columns());
    for line in lines {
        let text = line.as_ref().trim_start_matches(' ');
        page.prose(line.as_ref().len() - text.len(), text);
    }
    print_page(&page)
}

/// Writes a page to stdout.
///
/// # Errors
/// As [`print`].
pub(crate) fn print_page(page: &Page) -> Result<(), Failure> {
    print(&page.text())
}

/// Writes a text of several lines to stdout.
///
/// # Errors
/// When stdout refuses it for another reason than that nobody reads it.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    write_out(&text::lines(text))
}

/// Writes data to stdout: as it is for another program, as [`print`] on a terminal.
///
/// # Errors
/// As [`print`].
pub(crate) fn print_data(text: &str) -> Result<(), Failure> {
    if io::stdout().is_terminal() { print(text) } else { write_out(text) }
}

fn write_out(text: &str) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::Output(format!("cannot write to standard output: {error}")))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Writes a message to stderr, its prose wrapped at words. Where that cannot be written, there is nobody left to tell.
pub(crate) fn say(message: &str) {
    let columns = terminal_columns(terminal_size_of(io::stderr())).unwrap_or(usize::MAX);
    let lines = message
        .lines()
        .flat_map(|line| if is_excerpt(line) { vec![line.to_owned()] } else { wrapped(line, columns, 2) });
    // In one piece, so that lines of several threads and processes do not mix.
    let _ = io::stderr().write_all(lines.map(|line| line + "\n").collect::<String>().as_bytes());
}

/// Whether a line of a message shows a place in a file, as it stands there.
fn is_excerpt(line: &str) -> bool {
    let mark = line.trim_start_matches(|symbol: char| symbol == ' ' || symbol.is_ascii_digit());
    mark.starts_with('|') || mark.starts_with("-->")
}

/// Shows a failure on stderr.
pub fn report_failure(failure: &Failure) {
    let style = anstyle::AnsiColor::Red.on_default().bold();
    say(&coloured(&format!("{style}error:{style:#} {failure}"), &io::stderr()));
}

/// Says what clap has to say: help and versions on stdout, errors on stderr.
///
/// # Errors
/// When stdout refuses it, as [`print`] has it.
pub(crate) fn print_clap(answer: &clap::Error) -> Result<(), Failure> {
    let text = answer.render().ansi().to_string();
    if answer.use_stderr() {
        say(&coloured(&text, &io::stderr()));
        return Ok(());
    }
    write_out(&coloured(&text, &io::stdout()))
}

/// A text with its colours where the stream wants them.
fn coloured(text: &str, stream: &impl RawStream) -> String {
    match AutoStream::choice(stream) {
        ColorChoice::Never => strip_str(text).to_string(),
        ColorChoice::Auto | ColorChoice::AlwaysAnsi | ColorChoice::Always => text.to_owned(),
    }
}
