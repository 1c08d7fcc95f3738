//! What was measured, for readers.

use std::fmt::Write;

use bitsweep_report::{BreakEven, BreakEvenLine, Chart, break_even, markdown_table, markdown_text};
use bitsweep_results::numbers::{bytes, count, counted, significant};

use super::{Format, FormatTimes, Host, Measured, ModelTimes, Seconds};
use crate::failure::Failure;
use crate::layout::{Column, Page, Table};

impl Measured {
    /// What a terminal shows.
    pub(crate) fn page(&self, columns: usize) -> String {
        let mut page = Page::new(columns);
        page.prose(0, &self.host.sentence());
        for (unit, models) in self.units() {
            page.space();
            page.prose(0, unit);
            let heading = |heading| Column { heading, rank: 0 };
            let rows: Vec<usize> = models[0].batches.iter().map(|batch| batch.rows).collect();
            for (place, rows) in rows.iter().enumerate() {
                let rows = counted(*rows, "row", "rows");
                let headings = ["f32 kernel", "packed kernel", "times f32's", "rows a second"].map(heading);
                let mut table = Table::new(&rows, headings);
                for model in models {
                    let batch = &model.batches[place];
                    let fastest = batch.packed.or(batch.float.filter(|_| model.is_float()));
                    let throughput = fastest.map(|seconds| batch.rows as f64 / seconds.median);
                    table.row(
                        &model.variant,
                        [
                            batch.float.map_or_else(na, |seconds| seconds.shown()),
                            batch.packed.map_or_else(na, |seconds| seconds.shown()),
                            ratio(batch.packed, batch.float).unwrap_or_else(na),
                            throughput.map_or_else(na, |rows| count(rows.round())),
                        ],
                    );
                }
                page.table(&table);
            }
        }
        page.space();
        for line in self.break_even_sentences() {
            page.prose(0, &line);
        }
        page.text()
    }

    /// The page of Markdown, with the chart's picture at `picture`.
    pub(crate) fn markdown(&self, picture: &str, alt: &str) -> String {
        let mut text =
            format!("# {} on {}\n\n", markdown_text(&self.experiment), markdown_text(&self.host.name));
        let _ = writeln!(text, "{}\n", markdown_text(&self.host.sentence()));
        let _ = writeln!(
            text,
            "Times are medians of {} turns, in which all are measured one after the other, with intervals of 95 % in brackets; of layers \
             alone, from scaled features to outputs. *packed* multiplies codes as they are packed, *f32* the numbers that they stand for. \
             Variants that no kernel multiplies have no time of their own: the harness simulates them, which says nothing of speed.\n",
            self.rounds
        );
        for (unit, models) in self.units() {
            let _ = writeln!(text, "## {}\n", markdown_text(unit));
            text.push_str(&models_table(models));
            let reasons = models.iter().filter_map(|model| Some((model, model.without_kernel.as_ref()?)));
            for (model, reason) in reasons {
                let _ = writeln!(
                    text,
                    "\n- {}: n/a, as {}.",
                    markdown_text(&model.variant),
                    markdown_text(reason)
                );
            }
            text.push('\n');
        }
        text.push_str("## Break-even\n\nSquare layers, one row.\n\n");
        for line in self.break_even_sentences() {
            let _ = writeln!(text, "- {}", markdown_text(&line));
        }
        let _ = writeln!(text, "\n![{}]({picture})\n", markdown_text(alt));
        text.push_str(&widths_table(&self.widths));
        text
    }

    /// The models of each unit.
    fn units(&self) -> impl Iterator<Item = (&str, &[ModelTimes])> {
        let units = self.models.chunk_by(|left, right| left.unit == right.unit);
        units.map(|models| (models[0].unit.as_str(), models))
    }

    fn break_even_sentences(&self) -> Vec<String> {
        let last = self.widths.iter().flat_map(|format| &format.widths).map(|time| time.width).max();
        let last = last.unwrap_or(0);
        let formats = self.widths.iter().filter(|times| times.format != Format::F32);
        let sentence = |times: &FormatTimes| match times.break_even {
            Some(width) => format!(
                "{}: faster than f32 from {width} inputs and outputs on, up to {last}",
                times.format.name()
            ),
            None => format!(
                "{}: not shown to be faster than f32 at {last} inputs and outputs",
                times.format.name()
            ),
        };
        formats.map(sentence).collect()
    }

    /// The times of layers, in relation to those of `f32`.
    pub(crate) fn chart(&self) -> Result<Chart, Failure> {
        let float = self.widths.iter().find(|times| times.format == Format::F32);
        let others = self.widths.iter().filter(|times| times.format != Format::F32);
        let lines = others.map(|times| BreakEvenLine {
            name: times.format.name().to_owned(),
            ratios: float
                .iter()
                .flat_map(|float| float.widths.iter().zip(&times.widths))
                .map(|(float, own)| (own.width, own.seconds.median / float.seconds.median))
                .collect(),
        });
        let lines: Vec<BreakEvenLine> = lines.collect();
        break_even(&BreakEven { machine: &self.host.sentence(), lines: &lines })
            .map_err(|error| Failure::Other(error.to_string()))
    }
}

impl Host {
    /// What it is.
    pub(super) fn sentence(&self) -> String {
        let pinned = match self.pinned_to {
            Some(processor) => format!("one thread, pinned to processor {processor}"),
            None => "one thread, not pinned".to_owned(),
        };
        format!(
            "{}: {}, {}, {}; kernels: {}; {pinned}",
            self.name,
            self.processor,
            counted(self.processors, "processor", "processors"),
            self.system,
            self.kernels
        )
    }
}

impl ModelTimes {
    fn is_float(&self) -> bool {
        self.without_kernel.is_none() && self.batches.iter().all(|batch| batch.packed.is_none())
    }
}

impl Seconds {
    /// The median in a unit that suits it.
    fn shown(&self) -> String {
        let (factor, unit) = unit(self.median);
        format!("{} {unit}", significant(self.median * factor, 3))
    }

    /// The median with its interval.
    fn with_interval(&self) -> String {
        let (factor, unit) = unit(self.median);
        let [median, low, high] = [self.median, self.low, self.high].map(|own| significant(own * factor, 3));
        format!("{median} [{low}, {high}] {unit}")
    }
}

fn unit(seconds: f64) -> (f64, &'static str) {
    match seconds {
        ..1e-6 => (1e9, "ns"),
        ..1e-3 => (1e6, "µs"),
        ..1.0 => (1e3, "ms"),
        _ => (1.0, "s"),
    }
}

pub(super) fn na() -> String {
    "n/a".to_owned()
}

fn ratio(own: Option<Seconds>, float: Option<Seconds>) -> Option<String> {
    Some(significant(own?.median / float?.median, 2))
}

fn models_table(models: &[ModelTimes]) -> String {
    let mut columns =
        vec![("variant".to_owned(), false), ("bytes".to_owned(), true), ("load".to_owned(), true)];
    for batch in models.first().map_or(&[][..], |model| &model.batches) {
        let rows = counted(batch.rows, "row", "rows");
        columns.push((format!("{rows}, f32"), true));
        columns.push((format!("{rows}, packed"), true));
        columns.push(("packed / f32".to_owned(), true));
    }
    columns.push(("other classes".to_owned(), true));
    let rows = models.iter().map(|model| {
        let mut row = vec![
            markdown_text(&model.variant),
            model.bytes.map_or_else(na, |own| bytes(own as f64)),
            model.load.map_or_else(na, |load| load.with_interval()),
        ];
        for batch in &model.batches {
            row.push(batch.float.map_or_else(na, |seconds| seconds.with_interval()));
            row.push(batch.packed.map_or_else(na, |seconds| seconds.with_interval()));
            row.push(ratio(batch.packed, batch.float).unwrap_or_else(na));
        }
        row.push(model.other_classes.map_or_else(na, |classes| classes.to_string()));
        row
    });
    markdown_table(&columns, rows.collect())
}

fn widths_table(formats: &[FormatTimes]) -> String {
    let mut columns = vec![("inputs and outputs".to_owned(), true)];
    columns.extend(formats.iter().map(|times| (times.format.name().to_owned(), true)));
    let widths = formats.first().map_or(&[][..], |times| &times.widths);
    let rows = widths.iter().enumerate().map(|(place, time)| {
        let mut row = vec![time.width.to_string()];
        row.extend(formats.iter().map(|times| times.widths[place].seconds.with_interval()));
        row
    });
    markdown_table(&columns, rows.collect())
}
