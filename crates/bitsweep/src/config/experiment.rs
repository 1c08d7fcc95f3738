//! What an experiment's file says, typed: a header, units and variants.

use bitsweep_datasets::{CsvSource, Holdout, Scaling};
use bitsweep_models::{Logistic, Mlp, Multiclass, Training};
use bitsweep_quant::{SchemeSpec, Transform};
use bitsweep_random::Generator;
use bitsweep_results::PickRule;
use serde::{Deserialize, Serialize};
use toml::Spanned;
use toml::de::{DeTable, DeValue, ValueDeserializer};

use super::diagnostic::Diagnostic;
use super::document::{Document, Node};
use super::grid::{self, Alternative, Axis, Exclusion, Zip};

/// Keys that say something of the experiment as a whole; lists in them are no axes.
const HEADER_KEYS: [&str; 8] =
    ["title", "description", "notebook", "pick", "record", "reproduce", "zip", "exclude"];

/// Keys that make a unit: one trained model, or one tensor.
const UNIT_KEYS: [&str; 7] = ["seed", "rng", "data", "split", "model", "train", "tensor"];

/// The key that makes the variants of a unit.
const VARIANT_KEY: &str = "quantize";

/// An experiment as its file says it: every grid expanded, nothing read or run yet.
#[derive(Debug, Clone)]
pub struct Experiment {
    /// Title, description and what to record.
    pub header: Header,
    /// The units in the order of the grid.
    pub units: Vec<UnitEntry>,
    /// All variants that some unit has.
    pub variants: Vec<VariantEntry>,
    /// For each unit the positions of its variants in `variants`.
    pub members: Vec<Vec<usize>>,
    /// The axes of the grid, in file order.
    pub axes: Vec<AxisSummary>,
}

/// One axis of the grid, for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AxisSummary {
    /// Dotted key of the list.
    pub name: String,
    /// Its values as text.
    pub values: Vec<String>,
}

/// The part of an experiment that is the same for all of its units.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// One line that says what the experiment shows.
    pub title: String,
    /// What a reader should know before the results.
    #[serde(default)]
    pub description: String,
    /// The notebook whose numbers are reproduced.
    #[serde(default)]
    pub notebook: Option<String>,
    /// How much macro-F1 the picks may lose.
    #[serde(default)]
    pub pick: PickRule,
    /// Which of the large tables are written.
    #[serde(default)]
    pub record: Record,
    /// Numbers that must come out.
    #[serde(default)]
    pub reproduce: Vec<Expectation>,
}

/// Which of the large tables are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Record {
    /// `predictions.csv`: one row a test sample and variant.
    pub predictions: bool,
    /// `tensors.csv`: one row a quantization block and variant.
    pub tensors: bool,
    /// `values.csv`: one row a value and variant; always written for tensor experiments.
    pub values: bool,
}

impl Default for Record {
    fn default() -> Record {
        Record { predictions: true, tensors: true, values: false }
    }
}

/// A number printed elsewhere, and where it stands in our tables.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expectation {
    /// What the number is, for the reader.
    pub what: String,
    /// The number, or several separated by spaces, as it was printed: its decimals are its precision.
    pub value: String,
    /// The table that holds ours.
    pub table: TableName,
    /// The column that holds ours.
    pub column: String,
    /// Which rows: columns with the value, or one of the values, they must have.
    #[serde(default, rename = "where")]
    pub rows: toml::Table,
    /// Each row is rounded to this many decimals before rows are added up, as the notebook did.
    #[serde(default)]
    pub each_rounded_to: Option<usize>,
    /// Several rows become one number.
    #[serde(default)]
    pub aggregate: Option<Aggregate>,
    /// The notebook rounded to this many decimals before printing, which hides trailing zeros.
    #[serde(default)]
    pub decimals: Option<usize>,
    /// Divide by this column, rounded to this many decimals, as the notebook did.
    #[serde(default)]
    pub per: Option<Divisor>,
    /// A difference that is known and explained is named here.
    #[serde(default)]
    pub note: Option<String>,
}

/// A table of the results folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TableName {
    /// `results.csv`
    Results,
    /// `tensors.csv`
    Tensors,
    /// `values.csv`
    Values,
    /// `codebooks.csv`
    Codebooks,
    /// `products.csv`
    Products,
    /// `curve.csv`
    Curve,
    /// `classes.csv`
    Classes,
}

/// How several rows become one number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Aggregate {
    /// Their sum.
    Sum,
    /// Their mean.
    Mean,
    /// The mean of their squares.
    MeanSquare,
    /// How many there are.
    Count,
}

/// A column to divide by.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Divisor {
    /// Its name in the same table.
    pub column: String,
    /// Divided by this first (1024 for bytes shown in KB).
    #[serde(default = "one")]
    pub unit: f64,
    /// Then rounded to this many decimals.
    pub decimals: usize,
}

fn one() -> f64 {
    1.0
}

/// One unit of the grid with the labels of its swept axes.
#[derive(Debug, Clone)]
pub struct UnitEntry {
    /// What is trained, or which tensor is quantized.
    pub spec: UnitSpec,
    /// Swept axes that no column of the table shows: dotted key and value.
    pub axes: Vec<(String, String)>,
}

/// One variant of the grid.
#[derive(Debug, Clone)]
pub struct VariantEntry {
    /// What is done to the model or tensor.
    pub spec: VariantSpec,
}

/// One trained model, or one tensor.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnitSpec {
    /// The seed of every random stream of the unit.
    #[serde(default)]
    pub seed: u64,
    /// The generator behind the streams.
    #[serde(default)]
    pub rng: Generator,
    /// The dataset and its scaling.
    #[serde(default)]
    pub data: Option<DataSpec>,
    /// How test rows are set apart.
    #[serde(default)]
    pub split: Option<SplitSpec>,
    /// The model.
    #[serde(default)]
    pub model: Option<ModelSpec>,
    /// How the model is trained, where it is trained by gradient descent.
    #[serde(default)]
    pub train: Option<Training>,
    /// Values to be quantized, without any model.
    #[serde(default)]
    pub tensor: Option<TensorSpec>,
}

/// A dataset and its scaling.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataSpec {
    /// Where the rows come from.
    pub source: DataSource,
    /// How the features are scaled.
    #[serde(default)]
    pub scale: Scaling,
}

/// Where the rows come from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DataSource {
    /// Wine recognition: 178 × 13, 3 cultivars.
    Wine,
    /// Handwritten digits: 1,797 × 64, 10 classes.
    Digits,
    /// Red wine quality: 1,599 × 11, scores binned into 3 classes.
    WineQuality,
    /// A file of the user's.
    Csv(CsvSource),
}

/// How test rows are set apart.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SplitSpec {
    /// Once, at random.
    Holdout(Holdout),
}

/// The model of a unit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ModelSpec {
    /// A two-layer perceptron trained by gradient descent.
    Mlp(Mlp),
    /// Logistic regression fitted by linfa.
    Logistic(Logistic),
}

/// A tensor given in the file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TensorSpec {
    /// Its name in tables and charts.
    pub name: String,
    /// A list of numbers (one row), or of rows of equal length.
    pub values: TensorValues,
    /// The type the arithmetic is done in.
    #[serde(default)]
    pub dtype: ElementType,
    /// A vector whose dot products with the rows are computed by look-up.
    #[serde(default)]
    pub query: Option<Vec<f64>>,
}

/// The type of a tensor's elements.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ElementType {
    /// IEEE 754 single precision.
    #[default]
    F32,
    /// IEEE 754 double precision.
    F64,
}

/// The values of a tensor, row by row.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TensorValues(pub Vec<Vec<f64>>);

impl<'de> Deserialize<'de> for TensorValues {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde::de::Error;

        /// A row of numbers, or a number of the only row.
        enum Entry {
            Number(f64),
            Row(Vec<f64>),
        }
        struct EntryVisitor;
        impl<'de> serde::de::Visitor<'de> for EntryVisitor {
            type Value = Entry;
            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("a number or a row of numbers")
            }
            fn visit_f64<E>(self, value: f64) -> Result<Entry, E> {
                Ok(Entry::Number(value))
            }
            fn visit_i64<E>(self, value: i64) -> Result<Entry, E> {
                Ok(Entry::Number(value as f64))
            }
            fn visit_u64<E>(self, value: u64) -> Result<Entry, E> {
                Ok(Entry::Number(value as f64))
            }
            fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut sequence: A) -> Result<Entry, A::Error> {
                let mut row = Vec::new();
                while let Some(value) = sequence.next_element()? {
                    row.push(value);
                }
                Ok(Entry::Row(row))
            }
        }
        impl<'de> Deserialize<'de> for Entry {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Entry, D::Error> {
                deserializer.deserialize_any(EntryVisitor)
            }
        }

        let entries = Vec::<Spanned<Entry>>::deserialize(deserializer)?;
        let mut rows: Vec<Vec<f64>> = Vec::new();
        let mut single = Vec::new();
        for entry in entries {
            match entry.into_inner() {
                Entry::Number(value) => single.push(value),
                Entry::Row(row) => rows.push(row),
            }
        }
        match (single.is_empty(), rows.first().map(Vec::len)) {
            (_, None) => Ok(TensorValues(vec![single])),
            (false, Some(_)) => {
                Err(D::Error::custom("numbers and rows are mixed, expected only one of them"))
            }
            (true, Some(columns)) => match rows.iter().position(|row| row.len() != columns) {
                Some(row) => Err(D::Error::custom(format!(
                    "row {row} has {} values, but row 0 has {columns}: rows must be of equal length",
                    rows[row].len()
                ))),
                None => Ok(TensorValues(rows)),
            },
        }
    }
}

/// What is done to the model or tensor.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VariantSpec {
    /// The line this variant belongs to in charts; made of the axes that vary when absent.
    #[serde(default)]
    pub name: Option<String>,
    /// A change of the weights that leaves the float function as it is.
    #[serde(default)]
    pub transform: Transform,
    /// What happens to biases.
    #[serde(default)]
    pub biases: Biases,
    /// How weights, or a tensor's values, are quantized.
    pub weights: SchemeSpec,
}

/// What happens to biases.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Biases {
    /// They stay f32.
    #[default]
    Keep,
    /// They are quantized by the weights' scheme, each bias vector as a matrix of one row.
    Quantize,
}

impl Experiment {
    /// Reads and expands a document.
    ///
    /// # Errors
    /// When the document is not TOML, has keys, values or axes that mean nothing, or schemes that contradict themselves.
    pub fn parse(document: &Document) -> Result<Experiment, Diagnostic> {
        let tree = document.tree()?;
        let root = tree.get_ref().as_table().expect("a document is a table");
        refuse_unknown_keys(document, root)?;
        let part = |keys: &[&str]| {
            let entries = root.iter().filter(|(key, _)| keys.contains(&key.get_ref().as_ref()));
            let table: DeTable<'_> = entries.map(|(key, value)| (key.clone(), value.clone())).collect();
            Spanned::new(tree.span(), DeValue::Table(table))
        };
        let mut header_node = part(&HEADER_KEYS);
        if let DeValue::Table(table) = header_node.get_mut() {
            table.remove("zip");
            table.remove("exclude");
        }
        let header: Header = typed(document, header_node)?;

        let mut axes = Vec::new();
        let mut units = grid::expand(document, &part(&UNIT_KEYS), "", &mut axes)?;
        let unit_axes = axes.len();
        if !root.contains_key(VARIANT_KEY) {
            return Err(Diagnostic::new("there is nothing to quantize: the table `quantize` is missing")
                .help("add [quantize.weights] with, for example, bits = [8, 4]"));
        }
        let mut variants = grid::expand(document, &part(&[VARIANT_KEY]), "", &mut axes)?;
        if units.len().saturating_mul(variants.len()) > grid::MOST_POINTS {
            let most = grid::MOST_POINTS;
            return Err(
                document.error(root[VARIANT_KEY].span(), format!("the grid has more than {most} points"))
            );
        }
        let zips = Zip::read(document, root.get("zip"), &axes)?;
        let exclusions = Exclusion::read(document, root.get("exclude"))?;
        let members = members(document, &mut units, &mut variants, &zips, &exclusions)?;

        let hidden: Vec<&Axis> = axes[..unit_axes].iter().filter(|axis| !has_column(&axis.name)).collect();
        let mut entries: Vec<UnitEntry> = Vec::new();
        let mut kept_members = Vec::new();
        for (alternative, own) in units.into_iter().zip(members) {
            let axes = hidden
                .iter()
                .map(|axis| (axis.name.clone(), chosen_label(&alternative, &axis.name)))
                .collect();
            let spec = unit(document, alternative.node)?;
            // Points that differ only in what their model does not use (a logistic regression has no epochs) are one.
            if !entries.iter().any(|entry| entry.spec == spec) {
                entries.push(UnitEntry { spec, axes });
                kept_members.push(own);
            }
        }
        if let Some(train) = root.get("train")
            && entries.iter().all(|entry| entry.spec.train.is_none())
        {
            return Err(document
                .error(train.span(), "no model of this experiment is trained by gradient descent")
                .help("remove `train`"));
        }
        let variants = variants
            .into_iter()
            .map(|alternative| variant(document, alternative))
            .collect::<Result<_, Diagnostic>>()?;
        let axes =
            axes.into_iter().map(|axis| AxisSummary { name: axis.name, values: axis.labels }).collect();
        Ok(Experiment { header, units: entries, variants, members: kept_members, axes })
    }
}

/// The variants of each unit; units and variants without any are dropped.
fn members(
    document: &Document,
    units: &mut Vec<Alternative<'_>>,
    variants: &mut Vec<Alternative<'_>>,
    zips: &[Zip],
    exclusions: &[Exclusion],
) -> Result<Vec<Vec<usize>>, Diagnostic> {
    let mut used = vec![false; exclusions.len()];
    let mut members = Vec::new();
    for unit in units.iter() {
        let mut own = Vec::new();
        for (position, variant) in variants.iter().enumerate() {
            if !zips.iter().all(|zip| zip.admits(&[&unit.choices, &variant.choices])) {
                continue;
            }
            let mut kept = true;
            for (used, exclusion) in used.iter_mut().zip(exclusions) {
                if exclusion.excludes(&[&unit.node, &variant.node]) {
                    *used = true;
                    kept = false;
                }
            }
            if kept {
                own.push(position);
            }
        }
        members.push(own);
    }
    if let Some(unused) = used.iter().position(|used| !used) {
        return Err(
            document.error(exclusions[unused].span.clone(), "this exclusion matches no point of the grid")
        );
    }
    let mut new_position = vec![None; variants.len()];
    let mut next = 0;
    for (position, new) in new_position.iter_mut().enumerate() {
        if members.iter().any(|own| own.binary_search(&position).is_ok()) {
            *new = Some(next);
            next += 1;
        }
    }
    let mut kept = new_position.iter();
    variants.retain(|_| kept.next().is_some_and(Option::is_some));
    let mut has_members = members.iter();
    units.retain(|_| has_members.next().is_some_and(|own| !own.is_empty()));
    members.retain(|own| !own.is_empty());
    for own in &mut members {
        for position in own {
            *position = new_position[*position].expect("a member is kept");
        }
    }
    if members.is_empty() {
        return Err(Diagnostic::new("`zip` and `exclude` leave no point of the grid"));
    }
    Ok(members)
}

/// Axes that a column of the result table shows anyway.
fn has_column(axis: &str) -> bool {
    ["seed", "rng", "tensor"].contains(&axis)
}

fn chosen_label(alternative: &Alternative<'_>, axis: &str) -> String {
    let chosen = alternative.choices.iter().find(|choice| choice.axis == axis);
    chosen.map_or_else(String::new, |choice| choice.label.clone())
}

fn refuse_unknown_keys(document: &Document, root: &DeTable<'_>) -> Result<(), Diagnostic> {
    let known = || HEADER_KEYS.into_iter().chain(UNIT_KEYS).chain([VARIANT_KEY]);
    for (key, _) in grid::in_file_order(root) {
        let name = key.get_ref().as_ref();
        if !known().any(|known| known == name) {
            let names: Vec<&str> = known().collect();
            let message = format!("unknown key `{name}`, expected one of `{}`", names.join("`, `"));
            return Err(document.error(key.span(), message).nearest(name, names));
        }
    }
    Ok(())
}

fn typed<'t, T: Deserialize<'t>>(document: &Document, node: Node<'t>) -> Result<T, Diagnostic> {
    T::deserialize(ValueDeserializer::from(node)).map_err(|error| document.typed_error(&error))
}

/// Reads a unit and refuses parts that do not belong together.
fn unit(document: &Document, node: Node<'_>) -> Result<UnitSpec, Diagnostic> {
    let at = |path: &str| grid::lookup(&node, path).map_or(0..0, Spanned::span);
    let mut spec: UnitSpec = typed(document, node.clone())?;
    let refuse = |path: &str, message: &str| Err(document.error(at(path), message));
    if spec.tensor.is_some() {
        for key in ["data", "split", "model", "train"] {
            if grid::lookup(&node, key).is_some() {
                return refuse(
                    key,
                    &format!("`{key}` has no place beside `tensor`: a tensor is quantized without a model"),
                );
            }
        }
        return check_tensor(document, &node, spec);
    }
    if spec.model.is_none() {
        return Err(Diagnostic::new("there is neither a `model` nor a `tensor`, expected one of them")
            .help("add [model.mlp], [model.logistic] or [tensor]"));
    }
    for (key, missing) in [("data", spec.data.is_none()), ("split", spec.split.is_none())] {
        if missing {
            return Err(document.error(at("model"), format!("a model needs `{key}`, which is missing")));
        }
    }
    match (&spec.model, &spec.train) {
        (Some(ModelSpec::Mlp(mlp)), Some(training)) => {
            let checked = mlp.check().map_err(|error| document.error(at("model.mlp"), error.to_string()));
            checked.and_then(|()| {
                training.check().map_err(|error| document.error(at("train"), error.to_string()))
            })?;
        }
        (Some(ModelSpec::Mlp(_)), None) => {
            return refuse(
                "model",
                "a multi-layer perceptron is trained by gradient descent: the table `train` is missing",
            );
        }
        (Some(ModelSpec::Logistic(logistic)), _) => {
            logistic.check().map_err(|error| document.error(at("model.logistic"), error.to_string()))?;
            spec.train = None;
        }
        (None, _) => {}
    }
    Ok(spec)
}

fn check_tensor(document: &Document, node: &Node<'_>, spec: UnitSpec) -> Result<UnitSpec, Diagnostic> {
    if let Some(TensorSpec { values: TensorValues(rows), query: Some(query), .. }) = &spec.tensor {
        let columns = rows.first().map_or(0, Vec::len);
        if query.len() != columns {
            let span = grid::lookup(node, "tensor.query").map_or(0..0, Spanned::span);
            let message =
                format!("the query has {} values, but the rows of the tensor have {columns}", query.len());
            return Err(document.error(span, message));
        }
    }
    Ok(spec)
}

fn variant(document: &Document, alternative: Alternative<'_>) -> Result<VariantEntry, Diagnostic> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Root {
        quantize: VariantSpec,
    }
    let weights = grid::lookup(&alternative.node, "quantize.weights").map_or(0..0, Spanned::span);
    let Root { quantize: spec } = typed(document, alternative.node)?;
    spec.weights.resolve().map_err(|error| document.error(weights, error.to_string()))?;
    Ok(VariantEntry { spec })
}

impl std::fmt::Display for ModelSpec {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            ModelSpec::Mlp(mlp) => write!(formatter, "mlp({})", mlp.hidden),
            ModelSpec::Logistic(logistic) => formatter.write_str(match logistic.multiclass {
                Multiclass::OneVsRest => "logistic(one-vs-rest)",
                Multiclass::Multinomial => "logistic(multinomial)",
            }),
        }
    }
}

impl std::fmt::Display for Biases {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Biases::Keep => "keep",
            Biases::Quantize => "quantize",
        })
    }
}
