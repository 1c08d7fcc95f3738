//! A difference as text and as Markdown.

use bitsweep_metrics::Interval;
use bitsweep_report::{markdown_line, markdown_table, markdown_text};
use bitsweep_results::numbers::{bytes, count, fixed, p_value, score, significant, supported_decimals};
use bitsweep_results::summary::{Change, EffectVerdict, Judged};
use bitsweep_results::text::one_line;

use super::{Difference, Setting, TaskDifference};
use crate::layout::{Column, Page, Table};
use crate::streams::page_columns;

/// Columns of numbers behind the labels.
const COLUMNS: [Column<'static>; 11] = [
    Column { heading: "\nA", rank: 0 },
    Column { heading: "A alone\n95 %", rank: 4 },
    Column { heading: "\nB", rank: 0 },
    Column { heading: "B alone\n95 %", rank: 4 },
    Column { heading: "B\nless A", rank: 1 },
    Column { heading: "\n95 %", rank: 2 },
    Column { heading: "p, by\nHolm", rank: 5 },
    Column { heading: "p, by per-\nmutation", rank: 6 },
    Column { heading: "\nshown", rank: 1 },
    Column { heading: "bytes\nA, B", rank: 3 },
    Column { heading: "squared error\nA, B", rank: 7 },
];

impl Difference {
    /// For a terminal.
    pub(super) fn page(&self) -> Page {
        let mut page = Page::new(page_columns());
        for (name, folder) in ["A", "B"].iter().zip(&self.folders) {
            page.prose(0, &format!("{name}: {folder}"));
        }
        page.space();
        page.prose(0, &self.settings_sentence());
        for Setting { key, before, after } in self.settings.iter().flatten() {
            page.prose(2, &format!("{key}: {} in A, {} in B", value(before), value(after)));
        }
        for line in self.content.iter().chain(&self.alone) {
            page.prose(0, line);
        }
        for task in &self.tasks {
            page.space();
            page.prose(0, &self.heading(task));
            let mut table = Table::new("variant", COLUMNS);
            for (label, change, judged) in &task.variants {
                table.row(label, self.cells(task, change, judged));
            }
            if !task.variants.is_empty() {
                page.table(&table);
            }
            self.sentences(task).iter().for_each(|line| page.prose(0, line));
        }
        page.space();
        self.notes.iter().for_each(|note| page.prose(0, note));
        self.methods().iter().for_each(|line| page.prose(0, line));
        page
    }

    /// For a pull request.
    pub(super) fn markdown(&self) -> String {
        let [before, after] = self.folders.each_ref().map(|folder| markdown_text(folder));
        let mut out = format!("## {after} against {before}\n\nA is {before}, B is {after}.\n");
        let mut paragraph = |line: &str| out.push_str(&format!("\n{}\n", markdown_line(line)));
        paragraph(&self.settings_sentence());
        if let Ok(settings) = &self.settings
            && !settings.is_empty()
        {
            let rows =
                settings.iter().map(|own| vec![own.key.clone(), value(&own.before), value(&own.after)]);
            let columns = ["key", "A", "B"].map(|heading| (heading.to_owned(), false));
            out.push_str(&format!("\n{}", markdown_table(&columns, rows.collect())));
        }
        let list = |out: &mut String, lines: &[String]| {
            if !lines.is_empty() {
                out.push('\n');
                lines.iter().for_each(|line| out.push_str(&format!("- {}\n", markdown_line(line))));
            }
        };
        list(&mut out, &self.content);
        list(&mut out, &self.alone);
        for task in &self.tasks {
            out.push_str(&format!("\n### {}\n", markdown_text(&self.heading(task))));
            let rows: Vec<Vec<String>> = task
                .variants
                .iter()
                .map(|(label, change, judged)| {
                    let cells = self.cells(task, change, judged);
                    std::iter::once(label.clone()).chain(cells).collect()
                })
                .collect();
            let headings =
                COLUMNS.map(|column| (column.heading.trim().replace("-\n", "").replace('\n', " "), true));
            let columns: Vec<(String, bool)> =
                std::iter::once(("variant".to_owned(), false)).chain(headings).collect();
            let has_cells = |column: &usize| rows.iter().any(|row| !row[*column].is_empty());
            let shown: Vec<usize> = (0..columns.len()).filter(has_cells).collect();
            let columns: Vec<(String, bool)> = shown.iter().map(|column| columns[*column].clone()).collect();
            let rows: Vec<Vec<String>> =
                rows.iter().map(|row| shown.iter().map(|column| row[*column].clone()).collect()).collect();
            if !rows.is_empty() {
                out.push_str(&format!("\n{}", markdown_table(&columns, rows)));
            }
            list(&mut out, &self.sentences(task));
        }
        list(&mut out, &self.notes);
        list(&mut out, &self.methods());
        out
    }

    fn settings_sentence(&self) -> String {
        match &self.settings {
            Ok(settings) if settings.is_empty() => "The configuration is the same.".to_owned(),
            Ok(_) => "The configuration differs:".to_owned(),
            Err(reason) => format!("Whether the configuration is the same is not known: {reason}."),
        }
    }

    fn heading(&self, task: &TaskDifference) -> String {
        let has_scores = task.variants.iter().any(|(_, change, _)| change.before.score.is_some());
        if has_scores { format!("{}: {}", task.name, self.rule.metric) } else { task.name.clone() }
    }

    fn cells(&self, task: &TaskDifference, change: &Change, judged: &Judged<EffectVerdict>) -> [String; 11] {
        let of = |value: Option<f64>| value.map_or_else(String::new, score);
        let all_paired = task.variants.iter().all(|(_, own, _)| own.loss.is_ok());
        let alone = |own: Option<Interval>| match own {
            Some(own) if !all_paired => self.interval(own),
            Some(_) | None => String::new(),
        };
        let has_scores = change.before.score.is_some();
        let (difference, interval, shown) = match &change.loss {
            Ok(own) => {
                let decimals = supported_decimals(own.loss.standard_error).max(2);
                // A loss of a score is a fall of it, a loss of a cost its rise.
                let sign = if self.rule.metric.is_cost() { 1.0 } else { -1.0 };
                let of_loss = own.loss.interval(0.95);
                let ends = [sign * of_loss.low, sign * of_loss.high];
                let [low, high] = [ends[0].min(ends[1]), ends[0].max(ends[1])];
                let interval = format!("{} to {}", signed(low, decimals), signed(high, decimals));
                (signed(sign * own.loss.value, decimals), interval, self.verdict(own.is_same, judged))
            }
            Err(_) => Default::default(),
        };
        let permutation =
            change.loss.as_ref().ok().filter(|own| !own.is_same).and_then(|own| own.permutation);
        let mse = both(significant(change.before.mse, 3), significant(change.after.mse, 3));
        [
            of(change.before.score),
            alone(change.before.interval),
            of(change.after.score),
            alone(change.after.interval),
            difference,
            interval,
            judged.adjusted_p.map_or_else(String::new, p_value),
            permutation.map_or_else(String::new, |test| p_value(test.p_value)),
            shown,
            both(count(change.before.bytes), count(change.after.bytes)),
            if has_scores { String::new() } else { mse },
        ]
    }

    fn verdict(&self, is_same: bool, judged: &Judged<EffectVerdict>) -> String {
        match judged.verdict {
            _ if is_same => "the same".to_owned(),
            EffectVerdict::Better => "B better".to_owned(),
            EffectVerdict::Worse => "B worse".to_owned(),
            EffectVerdict::Equivalent => format!("within {}", self.rule.margin),
            EffectVerdict::NotShown => "nothing".to_owned(),
        }
    }

    /// An interval of the metric, which no score exceeds.
    fn interval(&self, own: Interval) -> String {
        let (low, high) = match self.rule.metric.is_cost() {
            true => (own.low.max(0.0), own.high),
            false => (own.low.max(0.0), own.high.min(1.0)),
        };
        format!("{}–{}", fixed(low, 3), fixed(high, 3))
    }

    /// What is to be said below the table of a task.
    fn sentences(&self, task: &TaskDifference) -> Vec<String> {
        let mut lines: Vec<String> = task.paired().into_iter().collect();
        for (reason, labels) in task.unpaired() {
            let what = reason.words("A", "B");
            lines.push(format!("not paired, as {what}: {}. Nothing is claimed of them.", labels.join(", ")));
        }
        if !task.unmeasured.is_empty() {
            lines.push(format!("measured in no unit of A or of B: {}", task.unmeasured.join(", ")));
        }
        let counts = |(label, change, _): &(String, Change, _)| {
            let (own, other) = (change.before.bytes, change.after.bytes);
            (own != other).then(|| {
                let grows = if other > own { "grows" } else { "shrinks" };
                format!("{label} {grows} from {} to {}", count(own), bytes(other))
            })
        };
        let grown: Vec<String> = task.variants.iter().filter_map(counts).collect();
        if !grown.is_empty() {
            lines.push(grown.join("; "));
        }
        lines
    }

    /// By what was shown what is shown.
    fn methods(&self) -> Vec<String> {
        let paired = || {
            self.tasks.iter().flat_map(|task| &task.variants).filter_map(|(_, own, _)| own.loss.as_ref().ok())
        };
        if paired().next().is_none() {
            return Vec::new();
        }
        let mut lines = vec![format!(
            "`B less A` is the paired difference, with what each test row contributes to {} (its influence) and one row lost and one \
             gained that were not seen; over several units, rows and units are two ways of clustering. Better and worse are shown \
             two-sided at 5 %, by Holm over the variants of a task; `within {}` by two one-sided tests.",
            self.rule.metric, self.rule.margin
        )];
        if paired().any(|own| own.permutation.is_some()) {
            lines.push("Beside it stands the paired permutation test of macro-F1, alone.".to_owned());
        }
        lines
    }
}

/// A setting as a reader sees it.
fn value(own: &Option<String>) -> String {
    own.as_ref().map_or_else(|| "not set".to_owned(), |text| shortened(&one_line(text)))
}

/// Two texts, one where they are the same.
fn both(before: String, after: String) -> String {
    if before == after { before } else { format!("{before}, {after}") }
}

/// A long value is cut.
fn shortened(text: &str) -> String {
    const MOST: usize = 120;
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// A difference with its sign.
fn signed(value: f64, decimals: usize) -> String {
    let text = fixed(value, decimals);
    let is_positive = value > 0.0 && text.bytes().any(|byte| (b'1'..=b'9').contains(&byte));
    if is_positive { format!("+{text}") } else { text }
}
