//! Inputs of the graph, and the features that are made of them.

use crate::onnx::proto::{DimensionProto, TensorShapeProto, TensorTypeProto, TypeProto, ValueInfoProto};
use crate::packed::{Column, ColumnKind};

use super::element::{self, ElementType, Real};
use super::error::ExportError;
use super::graph::{Attribute, Graph};

/// The domain of the operators for classical machine learning.
pub(super) const ML: &str = "ai.onnx.ml";
/// What the only input of a model without texts is called.
const INPUT: &str = "input";
/// What the outputs are called.
pub(super) const LABEL: &str = "label";
pub(super) const PROBABILITIES: &str = "probabilities";

/// Features in a graph.
pub(super) struct Features {
    /// What they are called, `(rows, features)`.
    pub(super) name: String,
    /// Their type.
    pub(super) real: Real,
    /// The inputs of the graph.
    pub(super) inputs: Vec<ValueInfoProto>,
}

/// Adds the inputs and what makes features of them: one input `(rows, columns)` where all columns are numbers, otherwise one
/// `(rows, 1)` for each column, named like it, of numbers or texts. Missing are NaN and the empty text.
pub(super) fn features(graph: &mut Graph, columns: &[Column], input: Real) -> Result<Features, ExportError> {
    let has_texts = columns.iter().any(|column| column.kind != ColumnKind::Number);
    match has_texts {
        false => Ok(of_numbers(graph, columns, input)),
        true => of_columns(graph, columns, input),
    }
}

/// An input or output with so many columns, or a single number a row.
pub(super) fn value_info(name: &str, kind: ElementType, columns: Option<usize>) -> ValueInfoProto {
    let rows = DimensionProto { dim_value: None, dim_param: Some("rows".to_owned()) };
    let columns = columns.map(|columns| DimensionProto { dim_value: Some(columns as i64), dim_param: None });
    let shape = TensorShapeProto { dim: std::iter::once(rows).chain(columns).collect() };
    let tensor_type = TensorTypeProto { elem_type: kind.number(), shape: Some(shape) };
    ValueInfoProto { name: name.to_owned(), r#type: Some(TypeProto { tensor_type: Some(tensor_type) }) }
}

fn of_numbers(graph: &mut Graph, columns: &[Column], input: Real) -> Features {
    let name = graph.name(INPUT);
    let inputs = vec![value_info(&name, input.element(), Some(columns.len()))];
    let fills = columns.iter().any(|column| column.fill.is_some());
    let indicates = columns.iter().any(|column| column.indicates_missing);
    if !fills && !indicates {
        return Features { name, real: input, inputs };
    }
    let features = graph.cast(&name, ElementType::Double, "features as double");
    let is_missing = graph.node("IsNaN", &[&features], "is missing");
    let fill = columns.iter().map(|column| column.fill.map_or(f64::NAN, f64::from));
    let fill = element::floats(ElementType::Double, &[1, columns.len()], fill);
    let fill = graph.initializer("columns.fill", fill);
    let filled = graph.node("Where", &[&is_missing, &fill, &features], "filled");
    if !indicates {
        return Features { name: filled, real: Real::Double, inputs };
    }
    // Each column, and behind it whether it is missing, of both side by side.
    let mut order = Vec::new();
    for (position, column) in columns.iter().enumerate() {
        order.push(position as i64);
        order.extend(column.indicates_missing.then_some((columns.len() + position) as i64));
    }
    let indicators = graph.cast(&is_missing, ElementType::Double, "indicators");
    let both = beside(graph, &[filled, indicators], "columns and indicators");
    let order = graph.integers("columns.order", &order);
    let attributes = vec![("axis", Attribute::Integer(1))];
    let name = graph.node_with("Gather", &[&both, &order], "features", attributes);
    Features { name, real: Real::Double, inputs }
}

fn of_columns(graph: &mut Graph, columns: &[Column], input: Real) -> Result<Features, ExportError> {
    let refused =
        |column: &Column, reason| Err(ExportError::ColumnName { name: column.name.clone(), reason });
    for column in columns {
        match column.name.as_str() {
            "" => return refused(column, "has no name"),
            LABEL | PROBABILITIES => return refused(column, "is called like an output"),
            _ => {}
        }
    }
    let names: Vec<String> = columns.iter().map(|column| graph.name(&column.name)).collect();
    let mut inputs = Vec::with_capacity(columns.len());
    let mut parts = Vec::new();
    for (column, name) in columns.iter().zip(&names) {
        let kind = match column.kind {
            ColumnKind::Number => input.element(),
            ColumnKind::Ranks(_) | ColumnKind::Levels { .. } => ElementType::Text,
        };
        inputs.push(value_info(name, kind, Some(1)));
        parts.push(match &column.kind {
            ColumnKind::Number => number(graph, column, name),
            ColumnKind::Ranks(texts) => ranks(graph, column, name, texts),
            ColumnKind::Levels { texts, other } => levels(graph, column, name, texts, *other),
        });
        if column.indicates_missing {
            parts.push(match column.kind {
                ColumnKind::Number => {
                    let is_missing = graph.node("IsNaN", &[name], &format!("{name} is missing"));
                    graph.cast(&is_missing, ElementType::Double, &format!("{name} indicator"))
                }
                ColumnKind::Ranks(_) | ColumnKind::Levels { .. } => {
                    let wanted = format!("{name} is missing");
                    let is_missing = label_encoder(graph, name, vec![String::new()], vec![1], 0, &wanted);
                    graph.cast(&is_missing, ElementType::Double, &format!("{name} indicator"))
                }
            });
        }
    }
    let name = beside(graph, &parts, "features");
    Ok(Features { name, real: Real::Double, inputs })
}

/// Columns side by side.
fn beside(graph: &mut Graph, parts: &[String], wanted: &str) -> String {
    let inputs: Vec<&str> = parts.iter().map(String::as_str).collect();
    graph.node_with("Concat", &inputs, wanted, vec![("axis", Attribute::Integer(1))])
}

fn number(graph: &mut Graph, column: &Column, name: &str) -> String {
    let number = graph.cast(name, ElementType::Double, &format!("{name} as double"));
    let Some(fill) = column.fill else { return number };
    let is_missing = graph.node("IsNaN", &[&number], &format!("{name} is NaN"));
    let fill = graph.scalar(&format!("{name}.fill"), Real::Double, f64::from(fill));
    graph.node("Where", &[&is_missing, &fill, &number], &format!("{name} filled"))
}

/// The rank of a text, what replaces a missing one, and NaN of one that is not in the list.
fn ranks(graph: &mut Graph, column: &Column, name: &str, texts: &[String]) -> String {
    let count = texts.len() as i64;
    let position = position_of(graph, name, texts, count, count + 1);
    let ranks = (0..texts.len()).map(|rank| rank as f64);
    let ranks = ranks.chain([column.fill.map_or(f64::NAN, f64::from), f64::NAN]);
    let table = element::floats(ElementType::Double, &[texts.len() + 2], ranks);
    let table = graph.initializer(&format!("{name}.ranks"), table);
    graph.node("Gather", &[&table, &position], &format!("{name} as rank"))
}

/// A feature for each text, and one for all others where they have one; NaN of a missing text that nothing replaces.
fn levels(graph: &mut Graph, column: &Column, name: &str, texts: &[String], other: bool) -> String {
    const UNKNOWN: i64 = -2;
    let others = if other { texts.len() as i64 } else { -1 };
    let missing = column.fill.map_or(UNKNOWN, |fill| fill as i64);
    let position = position_of(graph, name, texts, missing, others);
    let width = texts.len() + usize::from(other);
    let features = element::patterns(ElementType::Int64, &[1, width], 0..width as i64);
    let features = graph.initializer(&format!("{name}.features"), features);
    let is_it = graph.node("Equal", &[&position, &features], &format!("{name} is"));
    let numbers = graph.cast(&is_it, ElementType::Double, &format!("{name} as features"));
    if column.fill.is_some() || texts.iter().any(String::is_empty) {
        return numbers;
    }
    let unknown = element::patterns(ElementType::Int64, &[1, 1], [UNKNOWN]);
    let unknown = graph.initializer(&format!("{name}.unknown"), unknown);
    let is_unknown = graph.node("Equal", &[&position, &unknown], &format!("{name} is unknown"));
    let none = graph.scalar(&format!("{name}.none"), Real::Double, f64::NAN);
    graph.node("Where", &[&is_unknown, &none, &numbers], &format!("{name} where known"))
}

/// The position of a text, `missing` of the empty one unless it has one, `other` of all others.
fn position_of(graph: &mut Graph, name: &str, texts: &[String], missing: i64, other: i64) -> String {
    let (mut keys, mut positions) = (texts.to_vec(), (0..texts.len() as i64).collect::<Vec<_>>());
    if !texts.iter().any(String::is_empty) {
        keys.push(String::new());
        positions.push(missing);
    }
    label_encoder(graph, name, keys, positions, other, &format!("{name} position"))
}

fn label_encoder(
    graph: &mut Graph,
    input: &str,
    keys: Vec<String>,
    values: Vec<i64>,
    default: i64,
    wanted: &str,
) -> String {
    let attributes = vec![
        ("keys_strings", Attribute::Texts(keys)),
        ("values_int64s", Attribute::Integers(values)),
        ("default_int64", Attribute::Integer(default)),
    ];
    graph.node_of(ML, "LabelEncoder", &[input], wanted, attributes)
}
