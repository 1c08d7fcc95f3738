//! The report as Markdown.

use bitsweep_results::speed::Speed;
use bitsweep_results::text::{lines, one_line};

use crate::document::{Align, Block, Span, Table, blocks, spans, speed_blocks};
use crate::html::escape;
use crate::report::{Chart, Report};

/// Writes the report as Markdown (CommonMark with tables); charts are referred to as `charts/NAME.png`.
///
/// Texts from outside are escaped, so that a class named `a|b` or `<b>` stays a name.
pub fn markdown(report: &Report<'_>, charts: &[Chart]) -> String {
    let mut out = format!("# {}\n", text(&report.title));
    for block in blocks(report, charts) {
        out.push('\n');
        write_block(&mut out, &block, charts, "charts/");
    }
    out
}

/// Writes the times of one machine as a page of their own, beside the picture of its chart, `NAME.png`.
#[must_use]
pub fn speed_markdown(speed: &Speed, chart: &Chart) -> String {
    let mut out = format!("# {} on {}\n", text(&speed.experiment), text(&speed.host.name));
    for block in speed_blocks(speed, 0) {
        out.push('\n');
        write_block(&mut out, &block, std::slice::from_ref(chart), "");
    }
    out
}

/// Charts are in a `folder`, whose name ends with a slash where it is not the page's own.
fn write_block(out: &mut String, block: &Block, charts: &[Chart], folder: &str) {
    match block {
        Block::Heading(level, heading) => {
            out.push_str(&format!("{} {}\n", "#".repeat(usize::from(*level)), text(heading)));
        }
        Block::Paragraph(spans) => out.push_str(&format!("{}\n", line(spans))),
        Block::List(points) => {
            for point in points {
                out.push_str(&format!("- {}\n", line(point)));
            }
        }
        Block::Table(table) => write_table(out, table),
        Block::Code(language, code) => {
            let fence = "`".repeat(longest_run(code, '`').max(2) + 1);
            out.push_str(&format!("{fence}{language}\n{}\n{fence}\n", lines(code.trim_end())));
        }
        Block::Figure(index) => {
            if let Some(chart) = charts.get(*index) {
                out.push_str(&format!("![{}]({folder}{}.png)\n", text(&chart.alt), chart.name));
            }
        }
        Block::Folded(title, blocks) => {
            // Up to a blank line all is HTML, behind it Markdown again.
            out.push_str(&format!("<details>\n<summary>{}</summary>\n", escape(title)));
            for block in blocks {
                out.push('\n');
                write_block(out, block, charts, folder);
            }
            out.push_str("\n</details>\n");
        }
    }
}

fn line(spans: &[Span]) -> String {
    let joined: String = spans
        .iter()
        .map(|span| match span {
            Span::Plain(plain) => text(plain),
            Span::Strong(strong) => format!("**{}**", text(strong)),
            Span::Code(code) => {
                let fence = "`".repeat(longest_run(code, '`') + 1);
                let code = one_line(code);
                if code.contains('`') {
                    format!("{fence} {code} {fence}")
                } else {
                    format!("{fence}{code}{fence}")
                }
            }
        })
        .collect();
    // A line must not begin like a quotation or a list by accident.
    let number = joined.trim_start_matches(|symbol: char| symbol.is_ascii_digit());
    match joined.chars().next() {
        Some('>' | '-' | '+' | '=' | '[') => format!("\\{joined}"),
        Some('0'..='9') if number.starts_with(['.', ')']) => {
            let digits = &joined[..joined.len() - number.len()];
            format!("{digits}\\{number}")
        }
        Some(_) | None => joined,
    }
}

/// A table of text: `columns` are the headings, and whether numbers stand below; every cell is escaped.
#[must_use]
pub fn markdown_table(columns: &[(String, bool)], rows: Vec<Vec<String>>) -> String {
    let align = |is_number: bool| if is_number { Align::Right } else { Align::Left };
    let columns = columns.iter().map(|(heading, is_number)| (heading.clone(), align(*is_number))).collect();
    let mut out = String::new();
    write_table(&mut out, &Table { columns, rows });
    out
}

/// Text on one line, with the characters that mean something in Markdown or HTML made harmless.
#[must_use]
pub fn markdown_text(plain: &str) -> String {
    text(plain)
}

/// A sentence on one line, what stands between backticks as code.
#[must_use]
pub fn markdown_line(sentence: &str) -> String {
    line(&spans(sentence))
}

/// As [`markdown_text`].
fn text(plain: &str) -> String {
    let plain = one_line(plain);
    let mut out = String::with_capacity(plain.len());
    let mut before = ' ';
    let mut symbols = plain.chars().peekable();
    while let Some(symbol) = symbols.next() {
        // Within a word an underscore is one; brackets make links only together with what follows.
        let is_special = match symbol {
            '\\' | '`' | '*' | '|' | '~' | '#' => true,
            '_' => !(before.is_alphanumeric() && symbols.peek().is_some_and(|after| after.is_alphanumeric())),
            ']' => symbols.peek().is_some_and(|after| matches!(after, '(' | '[')),
            ':' => symbols.peek() == Some(&'/'),
            _ => false,
        };
        match symbol {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            _ if is_special => out.extend(['\\', symbol]),
            _ => out.push(symbol),
        }
        before = symbol;
    }
    out
}

fn longest_run(code: &str, wanted: char) -> usize {
    let (mut longest, mut run) = (0, 0);
    for symbol in code.chars() {
        run = if symbol == wanted { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    longest
}

/// A table whose columns line up in plain text too.
fn write_table(out: &mut String, table: &Table) {
    let rows: Vec<Vec<String>> =
        table.rows.iter().map(|row| row.iter().map(|cell| text(cell)).collect()).collect();
    let widths: Vec<usize> = table
        .columns
        .iter()
        .enumerate()
        .map(|(index, (heading, _))| {
            let cells = rows.iter().filter_map(|row| row.get(index)).map(|cell| cell.chars().count());
            cells.chain([text(heading).chars().count(), 3]).max().unwrap_or(3)
        })
        .collect();
    let mut write_row = |cells: Vec<String>| {
        out.push('|');
        for cell in cells {
            out.push_str(&format!(" {cell} |"));
        }
        out.push('\n');
    };
    let padded = |cell: &str, index: usize| {
        let (width, align) = (widths[index], table.columns[index].1);
        let space = " ".repeat(width.saturating_sub(cell.chars().count()));
        match align {
            Align::Left => format!("{cell}{space}"),
            Align::Right => format!("{space}{cell}"),
        }
    };
    write_row(
        table.columns.iter().enumerate().map(|(index, (heading, _))| padded(&text(heading), index)).collect(),
    );
    write_row(
        table
            .columns
            .iter()
            .zip(&widths)
            .map(|((_, align), width)| match align {
                Align::Left => "-".repeat(*width),
                Align::Right => format!("{}:", "-".repeat(width - 1)),
            })
            .collect(),
    );
    for row in &rows {
        write_row(
            row.iter().take(widths.len()).enumerate().map(|(index, cell)| padded(cell, index)).collect(),
        );
    }
}
