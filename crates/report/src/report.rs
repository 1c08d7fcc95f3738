//! What a report is made of, and what is made of it.

use bitsweep_results::speed::Speed;
use bitsweep_results::{PickRule, Records, Summary};

/// Everything a report is made of.
#[derive(Debug, Clone)]
pub struct Report<'a> {
    /// The experiment's name: `wine-mlp`.
    pub experiment: String,
    /// The report's heading.
    pub title: String,
    /// What the experiment asks, in a paragraph or more of plain text.
    pub description: String,
    /// What this run changes of the experiment: `train.epochs = 20`.
    pub changes: Vec<String>,
    /// What the experiment has shown before, with what this run has of it.
    pub findings: Vec<FoundRow>,
    /// The command that makes this report again.
    pub command: String,
    /// What the numbers came from, as name and value: versions, the configuration's hash, the dataset's hash.
    pub provenance: Vec<(String, String)>,
    /// The experiment's TOML source.
    pub configuration: String,
    /// The notebook's numbers beside ours; empty where no notebook is followed.
    pub reproduction: Vec<ComparedRow>,
    /// What was recorded.
    pub records: &'a Records,
    /// What was concluded from it.
    pub summary: &'a Summary,
    /// How much the picks may give away.
    pub pick_rule: PickRule,
    /// How fast the variants are, by machine; empty where it was not asked for.
    pub speeds: &'a [Speed],
}

impl<'a> Report<'a> {
    /// A report of the records and their summary with empty texts and the default pick rule.
    #[must_use]
    pub fn new(records: &'a Records, summary: &'a Summary) -> Self {
        Self {
            experiment: String::new(),
            title: String::new(),
            description: String::new(),
            changes: Vec::new(),
            findings: Vec::new(),
            command: String::new(),
            provenance: Vec::new(),
            configuration: String::new(),
            reproduction: Vec::new(),
            records,
            summary,
            pick_rule: PickRule::default(),
            speeds: &[],
        }
    }
}

/// A finding of the experiment, with the numbers of this run that it rests on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundRow {
    /// The finding in words.
    pub says: String,
    /// What must come out for it to hold, beside what did.
    pub evidence: Vec<ComparedRow>,
}

impl FoundRow {
    /// Whether this run shows it, too.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.evidence.iter().all(|row| row.agrees)
    }
}

/// What must come out, beside what did: a number of a notebook, or the evidence of a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ComparedRow {
    /// What the number is: `macro-F1, 4 bit`.
    pub what: String,
    /// What must come out: numbers as they were printed, or a bound, `< 0.02`.
    pub wanted: String,
    /// Ours, at the same precision; `no rows` where the tables have none.
    pub ours: String,
    /// Whether ours is what must come out.
    pub agrees: bool,
    /// Whether the note says why they are known not to.
    pub is_explained: bool,
    /// How they are compared, and why they differ; empty where neither needs a word.
    pub note: String,
}

impl ComparedRow {
    /// Whether the number is what it has to be: the notebook's, or another for the reason that is known.
    #[must_use]
    pub fn comes_out(&self) -> bool {
        self.agrees != self.is_explained
    }
}

/// One chart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chart {
    /// The file's stem: `macro-f1-by-bits`.
    pub name: String,
    /// The heading.
    pub title: String,
    /// What the chart shows, for readers who cannot see it.
    pub alt: String,
    /// The drawing, 800 px wide, its text kept as text.
    pub svg: String,
}
