//! Operators that name classes.

use std::rc::Rc;

use ndarray::{Array1, Array2};

use bitsweep_models::Activation;

use crate::onnx::call::Call;
use crate::onnx::constants::position;
use crate::onnx::flow::Flow;
use crate::onnx::node::Node;
use crate::onnx::tensor::{Constant, Contents, TensorReader};
use crate::onnx::value::{Labels, Value};
use crate::step::Operation;

/// An integer as such, another number as it is.
fn name(number: f64) -> String {
    number.to_string()
}

/// What a constant calls classes.
fn names(constant: &Constant) -> Rc<[String]> {
    constant.array.iter().map(|&number| name(number)).collect()
}

/// Class names of a node: strings or integers.
fn listed(node: Node<'_>, strings: &str, integers: &str) -> Result<Option<Rc<[String]>>, String> {
    let strings = node.texts(strings)?;
    let integers = node.integers(integers);
    Ok(match (strings.is_empty(), integers.is_empty()) {
        (false, _) => Some(strings.into()),
        (true, false) => Some(integers.iter().map(ToString::to_string).collect()),
        (true, true) => None,
    })
}

/// The classes and the scores of a `LinearClassifier`.
pub(crate) fn linear_classifier(call: &Call<'_>, flow: &Flow) -> Result<Vec<Value>, String> {
    let node = call.node;
    let (coefficients, intercepts) = (node.floats("coefficients"), node.floats("intercepts"));
    let classes =
        listed(node, "classlabels_strings", "classlabels_ints")?.ok_or("has no names of classes")?;
    let [width] = flow.lengths.as_slice() else {
        return Err("takes what has not two dimensions".to_owned());
    };
    let rows = match (width, intercepts.len(), classes.len()) {
        (Some(width), ..) if *width > 0 => coefficients.len() / width,
        (_, 0, classes) => classes,
        (_, rows, _) => rows,
    };
    let wrong = || {
        format!(
            "has {} coefficients, {} intercepts and {} classes, which do not fit",
            coefficients.len(),
            intercepts.len(),
            classes.len()
        )
    };
    let is_binary = rows == 1 && classes.len() == 2;
    let fits = rows > 0 && coefficients.len() % rows == 0 && (rows == classes.len() || is_binary);
    if !fits || classes.len() < 2 || !(intercepts.is_empty() || intercepts.len() == rows) {
        return Err(wrong());
    }
    call.budget.take(coefficients.len())?;
    let weight: Vec<f64> = coefficients.iter().map(|&number| number.into()).collect();
    let weight = Array2::from_shape_vec((rows, coefficients.len() / rows), weight).map_err(|_| wrong())?;
    let bias: Array1<f64> = intercepts.iter().map(|&number| f64::from(number)).collect();
    let bias = (!bias.is_empty()).then_some(bias);
    let scores = call.dense(flow, weight.reversed_axes(), bias)?;
    let place = call.place;
    let logistic = || scores.operate(place, Operation::Activation(Activation::Sigmoid));
    let result = match (node.text("post_transform", "NONE")?.as_str(), is_binary) {
        ("NONE", _) => scores.clone(),
        ("LOGISTIC", false) => logistic(),
        ("LOGISTIC", true) => logistic().operate(place, Operation::Complement).shaped(vec![Some(2)]),
        ("SOFTMAX", false) => scores.operate(place, Operation::Softmax),
        (other, _) => {
            return Err(format!(
                "has the `post_transform` {other} of {rows} rows of coefficients: expected NONE, LOGISTIC or SOFTMAX"
            ));
        }
    };
    let labels = Labels { flow: scores, classes: Some(classes), is_map: false };
    Ok(vec![Value::Labels(labels), Value::Rows(result)])
}

/// Probabilities by the names of the classes.
pub(crate) fn zip_map(call: &Call<'_>, flow: &Flow) -> Result<Value, String> {
    let classes = listed(call.node, "classlabels_strings", "classlabels_int64s")?;
    let classes = Some(classes.ok_or("has no names of classes")?);
    Ok(Value::Labels(Labels { flow: flow.clone(), classes, is_map: true }))
}

/// The position of the largest number of each row.
pub(crate) fn arg_max(call: &Call<'_>, flow: &Flow) -> Result<Value, String> {
    let axis = position(call.node.integer("axis", 0), flow.lengths.len() + 1)?;
    match axis == flow.lengths.len() && axis == 1 {
        true => Ok(Value::Labels(Labels { flow: flow.clone(), classes: None, is_map: false })),
        false => Err("works on an axis that is not that of the columns".to_owned()),
    }
}

/// The second of two classes where their only score is above 0.
pub(crate) fn is_second(call: &Call<'_>, flow: &Flow) -> Result<Value, String> {
    let limit = call.constant(1, "limit")?.scalar();
    match (flow.lengths.as_slice(), limit) {
        ([Some(1)], Some(0.0)) => {
            Ok(Value::Labels(Labels { flow: flow.clone(), classes: None, is_map: false }))
        }
        _ => Err("compares what is no score of the second of two classes with 0".to_owned()),
    }
}

/// What the node makes of classes: the same in another form, or other names.
pub(crate) fn rename(call: &Call<'_>, labels: &Labels, tensors: &TensorReader) -> Result<Value, String> {
    let node = call.node;
    if labels.is_map {
        return Err("takes probabilities by name: expected that as the end".to_owned());
    }
    let classes = match node.proto.op_type.as_str() {
        "Identity" | "Cast" | "CastLike" | "Reshape" | "Squeeze" | "Unsqueeze" | "Flatten" => {
            labels.classes.clone()
        }
        "LabelEncoder" => Some(encode(node, labels.classes.as_deref(), tensors)?),
        _ => return Err("is not supported of classes".to_owned()),
    };
    Ok(Value::Labels(Labels { classes, ..labels.clone() }))
}

/// The names that classes, as positions, have in a list.
pub(crate) fn look_up(names_of: &Value, labels: &Labels) -> Result<Value, String> {
    let list = match names_of {
        Value::Strings(list) => list.clone(),
        Value::Constant(list) => names(list),
        _ => return Err("takes classes of what is no list of names".to_owned()),
    };
    let classes = match &labels.classes {
        None => list,
        Some(positions) => {
            let at = |text: &String| {
                let position = text.parse::<usize>().ok();
                position.and_then(|position| list.get(position)).cloned()
            };
            positions.iter().map(at).collect::<Option<_>>().ok_or("takes classes that are not in its list")?
        }
    };
    Ok(Value::Labels(Labels { classes: Some(classes), ..labels.clone() }))
}

/// What a `LabelEncoder` makes of a list of names.
pub(crate) fn rename_list(node: Node<'_>, list: &Value, tensors: &TensorReader) -> Result<Value, String> {
    let before = match list {
        Value::Strings(list) => list.clone(),
        Value::Constant(list) => names(list),
        _ => return Err("takes what is no list of names".to_owned()),
    };
    Ok(Value::Strings(encode(node, Some(&before), tensors)?))
}

/// The names that a `LabelEncoder` gives to classes.
fn encode(node: Node<'_>, before: Option<&[String]>, tensors: &TensorReader) -> Result<Rc<[String]>, String> {
    let list = |kind: &str| -> Result<Option<Vec<String>>, String> {
        if let Some(tensor) = node.tensor(&format!("{kind}_tensor")) {
            return Ok(Some(match tensors.read(tensor)? {
                Contents::Numbers(constant) => names(&constant).to_vec(),
                Contents::Strings(strings) => strings,
            }));
        }
        let strings = node.texts(&format!("{kind}_strings"))?;
        let (integers, floats) = (format!("{kind}_int64s"), format!("{kind}_floats"));
        let (integers, floats) = (node.integers(&integers), node.floats(&floats));
        Ok(if !strings.is_empty() {
            Some(strings)
        } else if !integers.is_empty() {
            Some(integers.iter().map(ToString::to_string).collect())
        } else if !floats.is_empty() {
            Some(floats.iter().map(|&number| name(number.into())).collect())
        } else {
            None
        })
    };
    if node.has("classes_strings") {
        let classes: Rc<[String]> = node.texts("classes_strings")?.into();
        return match before {
            None => Ok(classes),
            Some(_) => Err("turns names of classes into positions".to_owned()),
        };
    }
    let (Some(keys), Some(values)) = (list("keys")?, list("values")?) else {
        return Err("has no keys or no values".to_owned());
    };
    if keys.len() != values.len() {
        return Err(format!("has {} keys and {} values", keys.len(), values.len()));
    }
    let before: Vec<String> = match before {
        Some(classes) => classes.to_vec(),
        None => (0..keys.len()).map(|class| class.to_string()).collect(),
    };
    let pairs: std::collections::HashMap<&String, &String> = keys.iter().zip(&values).collect();
    let value = |class: &String| pairs.get(class).map(|&value| value.clone());
    let classes = before.iter().map(value).collect::<Option<_>>();
    classes.ok_or_else(|| "has no value for one of the classes".to_owned())
}
