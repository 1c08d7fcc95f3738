//! An experiment on a user's table, written as TOML: what was found in the file, and the choices that one would change.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use bitsweep_datasets::{
    ColumnRef, Dataset, Missing, Note, RareClasses, RowNumber, TableProblem, TableSource,
};
use bitsweep_results::numbers::counted;
use bitsweep_results::text::one_line;
use clap::ValueEnum;
use toml::Value;

use crate::plan::most_bytes;
use bitsweep_experiment::config::{DEFAULTS, Diagnostic, Document, Experiment, SCHEMA_DIRECTIVE};
use bitsweep_experiment::subject::{ModelFile, Subject};

/// A table, and what is asked of it.
#[derive(Debug, Clone)]
pub struct Wish<'a> {
    /// The file.
    pub file: &'a Path,
    /// The column with the class: its name, or its number from 1.
    pub target: &'a str,
    /// A model in a file, which takes the table's columns; `None` to train on them.
    pub given: Option<&'a Path>,
    /// The only model to train; `None` for all that are usual.
    pub model: Option<Model>,
    /// Bits of the weights; empty for those that are usual.
    pub bits: &'a [u32],
}

/// A model that can be asked for by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Model {
    /// A logistic regression.
    Logistic,
    /// A perceptron with one hidden layer.
    Mlp,
}

/// A class needs so many rows to be divided.
const FEWEST_ROWS: usize = 2;

/// With more bits than these, rounding to nearest loses nothing that could be won back.
const FEW_BITS: u32 = 4;

/// How many rows the perceptron sees in all of its epochs, about, and how many epochs there are at least and at most.
const ROWS_SEEN: usize = 300_000;
const FEWEST_EPOCHS: usize = 20;
const MOST_EPOCHS: usize = 200;

/// What is said of models that are trained, and of no other.
const TRAINED: &str = "\
seed = [0, 1, 2, 3, 4]               # a split and models for each

[data]
scale = \"standard\"                   # or \"none\", or { divide = 255 }

";

impl Wish<'_> {
    /// What the experiment is called: `sensor` on `data/sensor.csv.gz`, `net` of `net.onnx`.
    pub fn name(&self) -> String {
        if let Some(stem) = self.given.and_then(Path::file_stem) {
            return stem.to_string_lossy().into_owned();
        }
        TableSource::new(self.file, ColumnRef::Number(1)).name()
    }

    /// The file that it would be written to, `sensor.toml`.
    pub fn experiment_file(&self) -> PathBuf {
        PathBuf::from(format!("{}.toml", self.name()))
    }

    /// The experiment as TOML, to stand in the working directory. Keys of the source are [as `overrides` set them](is_of_source).
    ///
    /// # Errors
    /// When an override is wrong.
    pub fn experiment(&self, overrides: &[String]) -> Result<Written, Diagnostic> {
        let plain = self.plain();
        let name = self.experiment_file().display().to_string();
        let of_source: Vec<String> = overrides.iter().filter(|text| is_of_source(text)).cloned().collect();
        let asked = Experiment::parse(&Document::new(&name, &plain, &of_source))?;
        let subject = asked.units.first().map(|(unit, _)| &unit.subject);
        let source = subject.and_then(Subject::rows).and_then(|(data, _)| data.source.table());
        let model = subject.and_then(Subject::model_file);
        let text = match source.map(|source| Found::of(source.clone(), self)) {
            Some(Ok(found)) => return Ok(Written { text: self.text(&found, model), assumed: found.told() }),
            // What is wrong with the file is told where the experiment is planned.
            Some(Err(source)) => {
                let keys = keys_of(&source).into_iter().map(|(key, value)| format!("{key} = {value}\n"));
                format!("[data.source.csv]\n{}{}", keys.collect::<String>(), model_table(model))
            }
            None => plain,
        };
        Ok(Written { text, assumed: Vec::new() })
    }

    /// The table and the target, or the model, of another experiment, given as TOML in a file of `folder`; `None` where they are
    /// the same or cannot be told.
    pub fn other_table(&self, text: &str, folder: &Path) -> Option<String> {
        let table: toml::Table = text.parse().ok()?;
        let source = table.get("data")?.get("source")?.get("csv")?;
        let (path, target) = (source.get("path")?.as_str()?, source.get("target")?);
        let model = table.get("model").and_then(|model| model.get("file")?.get("path")?.as_str());
        let is_one = |theirs: &str, own: &Path| {
            let place = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
            place(&folder.join(theirs)) == place(own)
        };
        let is_own_model = match (model, self.given) {
            (Some(model), Some(own)) => is_one(model, own),
            (model, own) => model.is_none() && own.is_none(),
        };
        if !is_own_model {
            return Some(
                model.map_or_else(|| "a model that is trained".to_owned(), |model| format!("`{model}`")),
            );
        }
        let is_target = match target {
            Value::String(name) => name == self.target,
            other => other.to_string() == self.target,
        };
        let is_same = is_target && is_one(path, self.file);
        (!is_same).then(|| format!("`{path}` with the target `{}`", target.to_string().trim_matches('"')))
    }

    /// The shortest experiment on the table.
    fn plain(&self) -> String {
        let path = Value::from(self.file.to_string_lossy().into_owned());
        let model = self.given.map(ModelFile::new);
        format!(
            "[data.source.csv]\npath = {path}\ntarget = {}\n{}",
            Value::from(self.target),
            model_table(model.as_ref())
        )
    }

    fn text(&self, found: &Found, model: Option<&ModelFile>) -> String {
        let mut text = format!("{SCHEMA_DIRECTIVE}\n# {}\n", one_line(&found.summary()));
        for line in &found.remarks {
            text += &format!("# {}\n", one_line(line));
        }
        text += &format!(
            "# Any list is an axis: every combination is run. `bitsweep reference` explains every key; with the file that\n\
             # `bitsweep schema > bitsweep.schema.json` writes, editors check and complete them.\n\n\
             title = {}\n{}{}",
            Value::from(format!("{}: how few bits?", self.name())),
            found.description(),
            if self.given.is_some() { "\n" } else { TRAINED }
        );
        text += &found.source_table();
        text += &found.split_table(self.given.is_some());
        text += &model_table(model);
        for paragraph in DEFAULTS.trim_end().split("\n\n") {
            text += &self.adapted(paragraph, found).map_or_else(String::new, |own| format!("\n{own}\n"));
        }
        text
    }

    /// A part of the defaults for this table; `None` of one that is not asked for.
    fn adapted(&self, paragraph: &str, found: &Found) -> Option<String> {
        let is_of = |part: &str| paragraph.contains(part);
        let is_trained = is_of("mlp = ") || is_of("logistic = ") || is_of("[train]");
        let is_asked = match (self.given, self.model) {
            (Some(_), _) => !is_trained && !is_of("by output"),
            (None, None) => true,
            (None, Some(Model::Logistic)) => !is_of("mlp = ") && !is_of("[train]"),
            (None, Some(Model::Mlp)) => !is_of("logistic = "),
        };
        if !is_asked {
            return None;
        }
        let few: Vec<u32> = self.bits.iter().copied().filter(|bits| *bits <= FEW_BITS).collect();
        let lines = paragraph.lines().map(|line| match line.split_once(" = ") {
            Some(("epochs", _)) => format!("epochs = {}", found.epochs()),
            Some(("bits", _)) if !self.bits.is_empty() && is_of("by output") => format!("bits = {few:?}"),
            Some(("bits", _)) if !self.bits.is_empty() => format!("bits = {:?}", self.bits),
            _ => line.to_owned(),
        });
        let has_bits = self.bits.is_empty() || !few.is_empty() || !is_of("by output");
        has_bits.then(|| lines.collect::<Vec<_>>().join("\n"))
    }
}

/// An experiment as it would be written, and what was assumed on the way.
pub struct Written {
    /// TOML.
    pub text: String,
    /// A sentence for each assumption.
    pub assumed: Vec<String>,
}

/// What was found in a table.
struct Found {
    source: TableSource,
    dataset: Dataset,
    /// Why a column is left out.
    dropped: BTreeMap<String, String>,
    /// What else a user should look at.
    remarks: Vec<String>,
    /// What the file does not say of itself.
    assumed: Vec<String>,
}

impl Found {
    /// Reads the table again and again, each time with the answer to what stood in the way; what is known of the source where
    /// there is no answer.
    /// A given model takes all columns, whatever they say.
    fn of(mut source: TableSource, wish: &Wish<'_>) -> Result<Found, Box<TableSource>> {
        let mut dropped = BTreeMap::new();
        let mut assumed: Vec<String> = Vec::new();
        loop {
            let dataset = match source.read(Path::new(""), most_bytes()) {
                Ok(dataset) => dataset,
                Err(error) if mend(&mut source, wish.target, &error.problem, &mut dropped) => continue,
                Err(_) => return Err(Box::new(source)),
            };
            for note in dataset.notes.iter().filter(|note| is_assumption(note)).map(ToString::to_string) {
                if !assumed.contains(&note) {
                    assumed.push(note);
                }
            }
            let useless: Vec<(String, &str)> = dataset.notes.iter().filter_map(useless).collect();
            if wish.given.is_none() && !useless.is_empty() && useless.len() < dataset.columns.len() {
                for (column, why) in useless {
                    drop_column(&mut source, &mut dropped, &column, why.to_owned());
                }
                continue;
            }
            let rows = dataset.rows_of_classes();
            let is_divided = wish.given.is_none() && !source.says_split() && source.group.is_none();
            let frequent = rows.iter().filter(|rows| **rows >= FEWEST_ROWS).count();
            let has_rare = frequent < rows.len() && frequent > 1;
            if is_divided && source.rare_classes.is_none() && has_rare {
                source.rare_classes = Some(RareClasses::Drop(FEWEST_ROWS));
                continue;
            }
            let remarks = dataset.notes.iter().filter(|note| is_question(note)).map(ToString::to_string);
            let remarks = remarks.collect();
            if let Some(layout) = dataset.file.as_ref().and_then(|file| file.files[0].layout) {
                source.separator.get_or_insert(layout.separator);
                source.decimal.get_or_insert(layout.decimal);
                source.encoding.get_or_insert(layout.encoding);
                source.header.get_or_insert(layout.header);
                source.comment = source.comment.or(layout.comment);
            }
            return Ok(Found { source, dataset, dropped, remarks, assumed });
        }
    }

    fn summary(&self) -> String {
        let Dataset { class_names, columns, .. } = &self.dataset;
        const SHOWN: usize = 10;
        let classes = class_names.iter().zip(self.dataset.rows_of_classes()).take(SHOWN);
        let classes: Vec<String> = classes.map(|(name, rows)| format!("{name} ({rows})")).collect();
        let more = if class_names.len() > SHOWN { ", …" } else { "" };
        format!(
            "{}: {}, {}, {}: {}{more}",
            self.source.path.as_deref().unwrap_or(Path::new("")).display(),
            counted(self.dataset.rows(), "row", "rows"),
            counted(columns.len(), "column beside the class", "columns beside the class"),
            counted(class_names.len(), "class", "classes"),
            classes.join(", ")
        )
    }

    /// What was assumed: of the columns, then of how the file is written.
    fn told(&self) -> Vec<String> {
        let dropped =
            self.dropped.iter().map(|(column, why)| format!("column `{column}` is left out: {why}"));
        dropped.chain(self.assumed.iter().cloned()).collect()
    }

    /// The same as the experiment's description, where there is anything to say.
    fn description(&self) -> String {
        let told = self.told();
        if told.is_empty() {
            return String::new();
        }
        let sentences = format!("What was assumed of the table: {}.", told.join("; "));
        format!("description = {}\n", Value::from(one_line(&sentences).into_owned()))
    }

    /// The table of the source, every key with what there is to say of it.
    fn source_table(&self) -> String {
        let mut text = "[data.source.csv]\n".to_owned();
        for (key, value) in keys_of(&self.source) {
            if key == "drop"
                && let Value::Array(columns) = &value
            {
                text += "drop = [\n";
                for column in columns {
                    let why = column.as_str().and_then(|column| self.dropped.get(column));
                    let why = why.map_or_else(String::new, |why| format!("  # {}", one_line(why)));
                    text += &format!("    {column},{why}\n");
                }
                text += "]\n";
                continue;
            }
            let line = format!("{key} = {value}");
            text += &match self.comment(&key) {
                Some(comment) => format!("{line:36} # {}\n", one_line(&comment)),
                None => format!("{line}\n"),
            };
        }
        text + "\n"
    }

    fn comment(&self, key: &str) -> Option<String> {
        let said = match key {
            "separator" => "\",\" \";\" \"|\" \":\" \"tab\" or \"spaces\"",
            "decimal" => "or \",\"",
            "header" => "whether the first line names the columns",
            "comment" => "begins a line that is no row",
            "missing" => {
                let gaps = self.dataset.notes.iter().filter_map(|note| match note {
                    Note::Filled { column, count } => Some(format!("{count} of `{column}`")),
                    _ => None,
                });
                let gaps: Vec<String> = gaps.collect();
                let what = if gaps.is_empty() { "rows without a class".to_owned() } else { gaps.join(", ") };
                return Some(format!("{what}; or \"mean\", \"most-frequent\", \"indicator\", \"drop-rows\""));
            }
            "rare_classes" => "classes with fewer rows are left out; or { merge = … } into one",
            _ => return None,
        };
        Some(said.to_owned())
    }

    fn split_table(&self, is_given: bool) -> String {
        if self.source.says_split() {
            return "# The data say which rows are for the test.\n".to_owned();
        }
        if is_given {
            return "# All rows are test rows. Ranges by output, corrections and quantized activations need others to look at:\n\
                    # [split.holdout]\n\
                    # test = 0.5\n"
                .to_owned();
        }
        let stratified = match self.source.group {
            Some(_) => "",
            None => "stratified = true                    # each class in the same proportion\n",
        };
        format!(
            "[split.holdout]\n\
             test = 0.25                          # a share of the rows, or their number\n\
             {stratified}\
             # validation = 0.2                   # rows to choose on, so that the test tells only of the choice\n"
        )
    }

    /// So many that all of them together see about as many rows, whatever the size of the table.
    fn epochs(&self) -> usize {
        (ROWS_SEEN / self.dataset.rows().max(1)).clamp(FEWEST_EPOCHS, MOST_EPOCHS)
    }
}

/// Whether an override is of the table's source, or of the model's file.
pub fn is_of_source(overriding: &str) -> bool {
    ["data.source.", "model.file."].iter().any(|table| overriding.trim_start().starts_with(table))
}

/// The model in its file, where there is one.
fn model_table(model: Option<&ModelFile>) -> String {
    // All of its keys have values that TOML has.
    let keys = model.map(|model| toml::Table::try_from(model).unwrap_or_default());
    let lines = keys.into_iter().flatten().map(|(key, value)| format!("{key} = {value}\n"));
    let lines: String = lines.collect();
    if lines.is_empty() { lines } else { format!("\n[model.file]\n{lines}") }
}

/// What a file says of a source.
fn keys_of(source: &TableSource) -> toml::Table {
    // All of its keys have values that TOML has.
    toml::Table::try_from(source).unwrap_or_default()
}

/// Answers what stands in the way of reading the table, where one answer is usually right; whether there was one.
fn mend(
    source: &mut TableSource,
    target: &str,
    problem: &TableProblem,
    dropped: &mut BTreeMap<String, String>,
) -> bool {
    match problem {
        TableProblem::UnknownColumn { name, .. } | TableProblem::NameWithoutHeader { name, .. }
            if name == target =>
        {
            // A column's number is one where no column has it as its name.
            match (target.parse(), &source.target) {
                (Ok(number @ 1..), ColumnRef::Name(_)) => source.target = ColumnRef::Number(number),
                _ => return false,
            }
        }
        TableProblem::Missing(_) | TableProblem::MissingLabel { .. } if source.missing == Missing::Refuse => {
            source.missing = Missing::Median;
        }
        TableProblem::Identifier { column, texts, rows, .. } => {
            let why = format!("{texts} different texts in {rows} rows");
            return drop_column(source, dropped, column, why);
        }
        TableProblem::Dates { column, .. } => {
            return drop_column(source, dropped, column, "dates or times".to_owned());
        }
        TableProblem::UnsupportedType { column, kind } => {
            return drop_column(source, dropped, column, format!("of type {kind}"));
        }
        _ => return false,
    }
    true
}

/// Leaves a column out; whether it was not, already.
fn drop_column(
    source: &mut TableSource,
    dropped: &mut BTreeMap<String, String>,
    column: &str,
    why: String,
) -> bool {
    source.drop.push(ColumnRef::Name(column.to_owned()));
    dropped.insert(column.to_owned(), why).is_none()
}

/// A column that says nothing of the class, and why.
fn useless(note: &Note) -> Option<(String, &'static str)> {
    let (column, why) = match note {
        Note::RowNumber { column, because: RowNumber::Counts } => (column, "counts the rows"),
        Note::RowNumber { column, because: RowNumber::IsUnnamed } => {
            (column, "whole numbers without a name, like those of rows")
        }
        Note::Constant { column } => (column, "the same in every row"),
        _ => return None,
    };
    Some((column.clone(), why))
}

/// What the file does not say of itself.
fn is_assumption(note: &Note) -> bool {
    matches!(
        note,
        Note::Encoding { .. }
            | Note::Separator(_)
            | Note::DecimalComma
            | Note::Comments
            | Note::NoHeader { .. }
            | Note::NumbersAsNames { .. }
            | Note::RowNames
    )
}

/// What only the user knows the answer to.
fn is_question(note: &Note) -> bool {
    matches!(
        note,
        Note::RowNumber { .. }
            | Note::Leak { .. }
            | Note::AlikeClasses { .. }
            | Note::LooksMissing { .. }
            | Note::OneHot { .. }
            | Note::RareClasses { .. }
            | Note::Empty { .. }
            | Note::NumbersAsText { .. }
    )
}
