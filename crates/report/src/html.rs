//! The report as one page.

use bitsweep_results::text::{lines, one_line};

use crate::document::{Align, Block, Span, Table, blocks};
use crate::report::{Chart, Report};

/// The page's looks, light and dark.
const STYLE: &str = include_str!("html.css");

/// Writes the report as one self-contained HTML page: no script, nothing loaded, the charts as inline SVG.
///
/// Every text from outside is escaped.
pub fn html(report: &Report<'_>, charts: &[Chart]) -> String {
    let title = escape(&report.title);
    let mut out = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>{title}</title>\n\
         <style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n<h1>{title}</h1>\n"
    );
    for block in blocks(report, charts) {
        write_block(&mut out, &block, charts);
    }
    out.push_str("</main>\n</body>\n</html>\n");
    out
}

fn write_block(out: &mut String, block: &Block, charts: &[Chart]) {
    match block {
        Block::Heading(level, heading) => {
            out.push_str(&format!("<h{level}>{}</h{level}>\n", escape(heading)))
        }
        Block::Paragraph(spans) => out.push_str(&format!("<p>{}</p>\n", line(spans))),
        Block::List(points) => {
            out.push_str("<ul>\n");
            for point in points {
                out.push_str(&format!("<li>{}</li>\n", line(point)));
            }
            out.push_str("</ul>\n");
        }
        Block::Table(table) => write_table(out, table),
        Block::Code(_, code) => {
            out.push_str(&format!("<pre><code>{}</code></pre>\n", entities(&lines(code))));
        }
        Block::Figure(index) => {
            if let Some(chart) = charts.get(*index) {
                out.push_str(&format!("<figure id=\"{}\">\n{}</figure>\n", escape(&chart.name), chart.svg));
            }
        }
        Block::Folded(title, blocks) => {
            out.push_str(&format!("<details>\n<summary>{}</summary>\n", escape(title)));
            for block in blocks {
                write_block(out, block, charts);
            }
            out.push_str("</details>\n");
        }
    }
}

fn line(spans: &[Span]) -> String {
    spans
        .iter()
        .map(|span| match span {
            Span::Plain(plain) => escape(plain),
            Span::Strong(strong) => format!("<strong>{}</strong>", escape(strong)),
            Span::Code(code) => format!("<code>{}</code>", escape(code)),
        })
        .collect()
}

fn write_table(out: &mut String, table: &Table) {
    let class = |index: usize| match table.columns.get(index).map(|(_, align)| *align) {
        Some(Align::Right) => " class=\"number\"",
        Some(Align::Left) | None => "",
    };
    out.push_str("<div class=\"table\"><table>\n<thead><tr>");
    for (index, (heading, _)) in table.columns.iter().enumerate() {
        out.push_str(&format!("<th scope=\"col\"{}>{}</th>", class(index), escape(heading)));
    }
    out.push_str("</tr></thead>\n<tbody>\n");
    for row in &table.rows {
        out.push_str("<tr>");
        for (index, cell) in row.iter().enumerate() {
            out.push_str(&format!("<td{}>{}</td>", class(index), escape(cell)));
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</tbody></table></div>\n");
}

/// Text on one line, with the characters that mean something in markup written as entities.
pub(crate) fn escape(text: &str) -> String {
    entities(&one_line(text))
}

fn entities(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for symbol in text.chars() {
        match symbol {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}
