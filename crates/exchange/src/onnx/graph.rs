//! The graph, interpreted node by node.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::rc::Rc;

use crate::element::Element;
use crate::error::ImportError;
use crate::onnx::call::Call;
use crate::onnx::classes;
use crate::onnx::constants::{self, binary};
use crate::onnx::flow::Flow;
use crate::onnx::node::{ML, Node};
use crate::onnx::proto::{GraphProto, ModelProto, NodeProto, TensorProto, ValueInfoProto};
use crate::onnx::tensor::{Constant, Contents, TensorReader, element};
use crate::onnx::value::{Length, Value};

/// The standard operators that are supported.
const OPERATORS: &str = "Gemm, MatMul, Add, Sub, Mul, Div, Neg, BatchNormalization, Relu, LeakyRelu, PRelu, Elu, Selu, Tanh, \
    Sigmoid, Gelu, HardSigmoid, HardSwish, Clip, Min, Max, Softmax, LogSoftmax, LpNormalization, Dropout, Flatten, Reshape, Squeeze, \
    Unsqueeze, Transpose, Identity, Cast, Concat, Split, Slice, Gather, ArgMax, Greater, Not, Constant, ConstantOfShape, Shape, Expand, \
    ScatterElements, QuantizeLinear and DequantizeLinear of constants, and Abs, Erf, Exp, Log, Pow, Reciprocal, Sqrt, ReduceMax, ReduceSum, \
    ReduceL1 and ReduceLogSumExp where they are parts of an activation or a softmax";
/// The operators of `ai.onnx.ml` that are supported.
const ML_OPERATORS: &str =
    "Scaler, Normalizer, LinearClassifier, ZipMap, LabelEncoder, ArrayFeatureExtractor, FeatureVectorizer";

/// What a graph gives.
pub(crate) struct Outputs {
    /// By name, in the order of the file.
    pub(crate) values: Vec<(String, Value)>,
    /// How many features come in, where the file says it.
    pub(crate) features: Option<usize>,
    /// What they are called, where each is an input of its own.
    pub(crate) names: Option<Vec<String>>,
    /// What is computed otherwise here.
    pub(crate) notes: Vec<String>,
}

/// How many features come in, and what each is called, as far as it is known.
type Features = (Option<usize>, Option<Vec<String>>);

/// The graph of a file on the way to its outputs.
struct Interpreter<'g> {
    path: &'g Path,
    tensors: &'g TensorReader,
    initializers: HashMap<&'g str, &'g TensorProto>,
    values: HashMap<&'g str, Value>,
    version: i64,
    /// Nodes that round numbers to 16 bits.
    rounding: Vec<Rc<str>>,
}

/// Interprets the nodes that outputs depend on.
pub(crate) fn interpret(
    path: &Path,
    model: &ModelProto,
    tensors: &TensorReader,
) -> Result<Outputs, ImportError> {
    let graph =
        model.graph.as_ref().ok_or_else(|| ImportError::new(path, "is no ONNX model: it has no graph"))?;
    let is_standard = |domain: &str| domain.is_empty() || domain == "ai.onnx";
    let standard = model.opset_import.iter().find(|set| is_standard(&set.domain));
    let version = standard.map_or(1, |set| set.version);
    let initializers = graph.initializer.iter().map(|tensor| (tensor.name.as_str(), tensor)).collect();
    let mut interpreter =
        Interpreter { path, tensors, initializers, values: HashMap::new(), version, rounding: Vec::new() };
    let reached = reached(graph);
    let (features, names) = interpreter.inputs(graph, &reached)?;
    for (position, proto) in graph.node.iter().enumerate() {
        if reached.nodes[position] {
            interpreter.node(proto)?;
        }
    }
    let mut values = Vec::with_capacity(graph.output.len());
    for output in &graph.output {
        let value = interpreter
            .value(&output.name)
            .map_err(|reason| ImportError::at(path, format_args!("output `{}`", output.name), reason))?;
        values.push((output.name.clone(), value));
    }
    Ok(Outputs { values, features, names, notes: rounded(&interpreter.rounding).into_iter().collect() })
}

/// What the outputs depend on.
struct Reached<'g> {
    nodes: Vec<bool>,
    names: HashSet<&'g str>,
}

fn reached(graph: &GraphProto) -> Reached<'_> {
    let mut names: HashSet<&str> = graph.output.iter().map(|output| output.name.as_str()).collect();
    let mut nodes = vec![false; graph.node.len()];
    // Nodes stand before those that need them.
    for (node, is_reached) in graph.node.iter().zip(&mut nodes).rev() {
        if node.output.iter().any(|output| !output.is_empty() && names.contains(output.as_str())) {
            *is_reached = true;
            names.extend(node.input.iter().map(String::as_str));
        }
    }
    Reached { nodes, names }
}

impl<'g> Interpreter<'g> {
    /// Makes rows of the inputs, several of them as columns side by side; how many features there are, and their names.
    fn inputs(&mut self, graph: &'g GraphProto, reached: &Reached<'g>) -> Result<Features, ImportError> {
        let refused = |input: &ValueInfoProto, reason: &str| {
            ImportError::at(self.path, format_args!("input `{}`", input.name), reason)
        };
        // Older files list initializers as inputs, too.
        let is_input = |input: &&ValueInfoProto| {
            reached.names.contains(input.name.as_str())
                && !self.initializers.contains_key(input.name.as_str())
        };
        let inputs: Vec<&ValueInfoProto> = graph.input.iter().filter(is_input).collect();
        let shapes = inputs.iter().map(|input| lengths(input).map_err(|reason| refused(input, &reason)));
        let shapes = shapes.collect::<Result<Vec<_>, _>>()?;
        let flow = |lengths: &Vec<Option<usize>>| Flow {
            source: None,
            stages: Vec::new(),
            lengths: lengths.clone(),
        };
        if let ([input], [shape]) = (inputs.as_slice(), shapes.as_slice()) {
            let flow = flow(shape);
            let width = flow.width();
            self.values.insert(&input.name, Value::Rows(flow));
            return Ok((width, None));
        }
        let mut features = 0_usize;
        let mut names = Vec::with_capacity(inputs.len());
        for (input, shape) in inputs.iter().zip(&shapes) {
            let flow = flow(shape);
            let width = flow
                .width()
                .ok_or_else(|| refused(input, "has an unknown number of columns beside other inputs"))?;
            self.tensors.budget().take(width).map_err(|reason| refused(input, &reason))?;
            let source = Some((features..features + width).collect());
            features += width;
            names.push(input.name.clone());
            self.values.insert(&input.name, Value::Rows(Flow { source, ..flow }));
        }
        Ok((Some(features), (names.len() == features).then_some(names)))
    }

    /// What an edge carries.
    fn value(&mut self, name: &'g str) -> Result<Value, String> {
        if name.is_empty() {
            return Ok(Value::Nothing);
        }
        if let Some(value) = self.values.get(name) {
            return Ok(value.clone());
        }
        let tensor =
            self.initializers.get(name).ok_or_else(|| format!("needs `{name}`, which nothing makes"))?;
        let value =
            constant(self.tensors.read(tensor).map_err(|reason| format!("needs `{name}`, which {reason}"))?);
        self.values.insert(name, value.clone());
        Ok(value)
    }

    fn node(&mut self, proto: &'g NodeProto) -> Result<(), ImportError> {
        let node = Node { proto, version: self.version };
        let place = node.place();
        let refused = |reason| ImportError::at(self.path, &place, reason);
        let outputs = self.outputs(node, &place).map_err(refused)?;
        if proto.op_type == "Cast"
            && matches!(outputs.as_slice(), [Value::Rows(_)])
            && matches!(element(node.integer("to", 1) as i32), Ok(Element::F16 | Element::BF16))
        {
            self.rounding.push(place.clone());
        }
        for (name, value) in proto.output.iter().zip(outputs) {
            if let Value::Rows(flow) = &value {
                self.tensors.budget().take(flow.stages.len() + flow.lengths.len()).map_err(refused)?;
            }
            self.values.insert(name, value);
        }
        Ok(())
    }

    fn outputs(&mut self, node: Node<'g>, place: &Rc<str>) -> Result<Vec<Value>, String> {
        let inputs = node.proto.input.iter().map(|name| self.value(name)).collect::<Result<Vec<_>, _>>()?;
        let budget = self.tensors.budget();
        let operator = node.proto.op_type.as_str();
        if node.domain().is_empty() && operator == "Constant" {
            return Ok(vec![self.constant(node)?]);
        }
        let constants: Option<Vec<Option<&Constant>>> = inputs
            .iter()
            .map(|value| match value {
                Value::Constant(constant) => Some(Some(&**constant)),
                Value::Nothing => Some(None),
                _ => None,
            })
            .collect();
        if let Some(constants) = constants.filter(|_| node.domain().is_empty() && is_known(operator)) {
            let result = constants::evaluate(node, &constants, budget)?;
            return Ok(vec![Value::Constant(Rc::new(result))]);
        }
        let call = Call { node, place, inputs: &inputs, budget };
        let first = call.input(0).map_err(|reason| self.known(node).err().unwrap_or(reason))?;
        let one = |value| Ok(vec![value]);
        match (node.domain(), operator, first) {
            ("", "Add" | "Sub" | "Mul" | "Div" | "Pow" | "Max" | "Min", _) => {
                one(call.binary(binary(operator).ok_or("is not supported")?)?)
            }
            ("", "Concat", _) | (ML, "FeatureVectorizer", _) => one(call.concat()?),
            ("", "Split", Value::Rows(flow)) => call.split(flow),
            ("", "ArgMax", Value::Rows(flow)) => one(classes::arg_max(&call, flow)?),
            ("", "Greater", Value::Rows(flow)) => one(classes::is_second(&call, flow)?),
            ("", "Gather", names) | (ML, "ArrayFeatureExtractor", names)
                if matches!(call.input(1), Ok(Value::Labels(_))) =>
            {
                match call.input(1)? {
                    Value::Labels(labels) => one(classes::look_up(names, labels)?),
                    _ => Err("takes what is no class".to_owned()),
                }
            }
            (ML, "ArrayFeatureExtractor", Value::Rows(flow)) => one(call.columns(flow)?),
            (ML, "LinearClassifier", Value::Rows(flow)) => classes::linear_classifier(&call, flow),
            (ML, "ZipMap", Value::Rows(flow)) => one(classes::zip_map(&call, flow)?),
            (ML, "LabelEncoder", list @ (Value::Constant(_) | Value::Strings(_))) => {
                one(classes::rename_list(node, list, self.tensors)?)
            }
            ("" | ML, _, Value::Labels(labels)) if self.known(node).is_ok() => {
                one(classes::rename(&call, labels, self.tensors)?)
            }
            ("", _, Value::Reduced(reduced)) if is_known(operator) => one(call.reduced(reduced)?),
            ("", _, Value::Lengths(lengths)) if is_known(operator) => {
                match (operator, lengths_known(first)) {
                    ("ConstantOfShape" | "Expand", Some(shape)) => {
                        let mut constants = vec![Some(&shape)];
                        constants.resize(inputs.len().max(1), None);
                        one(Value::Constant(Rc::new(constants::evaluate(node, &constants, budget)?)))
                    }
                    _ => one(call.lengths(lengths)?),
                }
            }
            ("", "Identity", other) => one(other.clone()),
            ("", "Cast" | "Reshape" | "Squeeze" | "Unsqueeze" | "Flatten", Value::Column(column)) => {
                one(Value::Column(column.clone()))
            }
            ("", _, Value::Rows(flow)) => match call.evaluate(flow)? {
                Some(value) => one(value),
                None => Err(self
                    .known(node)
                    .err()
                    .unwrap_or_else(|| "is supported of constants alone".to_owned())),
            },
            (ML, "Scaler" | "Normalizer", Value::Rows(flow)) => match call.evaluate(flow)? {
                Some(value) => one(value),
                None => Err("is supported of constants alone".to_owned()),
            },
            _ => {
                self.known(node)?;
                Err("takes what it cannot take: expected numbers that are computed of the features"
                    .to_owned())
            }
        }
    }

    /// Refuses what is no supported operator.
    fn known(&self, node: Node<'g>) -> Result<(), String> {
        let operator = node.proto.op_type.as_str();
        match node.domain() {
            "" if is_known(operator) => Ok(()),
            ML if is_known_of_ml(operator) => Ok(()),
            ML => Err(format!(
                "this operator is not supported: expected one of {ML_OPERATORS}, or standard operators"
            )),
            "" => Err(format!("this operator is not supported: expected one of {OPERATORS}")),
            domain => Err(format!(
                "operators of `{domain}` are not supported: expected standard operators ({OPERATORS}) or of {ML} ({ML_OPERATORS})"
            )),
        }
    }

    fn constant(&self, node: Node<'g>) -> Result<Value, String> {
        if let Some(tensor) = node.tensor("value") {
            return Ok(constant(self.tensors.read(tensor)?));
        }
        let number = |element, shape: &[usize], values: Vec<f64>| {
            Ok(Value::Constant(Rc::new(Constant::new(element, shape, values)?)))
        };
        let floats = node.floats("value_floats");
        let integers = node.integers("value_ints");
        self.tensors.budget().take(floats.len().saturating_add(integers.len()))?;
        let (f32, i64) = (Element::F32, Element::I64);
        if node.has("value_float") {
            number(f32, &[], vec![node.float("value_float", 0.0).into()])
        } else if node.has("value_floats") {
            number(f32, &[floats.len()], floats.iter().map(|&number| number.into()).collect())
        } else if node.has("value_int") {
            number(i64, &[], vec![node.integer("value_int", 0) as f64])
        } else if node.has("value_ints") {
            number(i64, &[integers.len()], integers.iter().map(|&number| number as f64).collect())
        } else if node.has("value_strings") {
            Ok(Value::Strings(node.texts("value_strings")?.into()))
        } else {
            Err("has no value that is read: expected a tensor, or numbers".to_owned())
        }
    }
}

/// That numbers are not rounded to 16 bits where the file does.
fn rounded(nodes: &[Rc<str>]) -> Option<String> {
    let first = nodes.first()?;
    let nodes = match nodes.len() {
        1 => format!("{first} rounds"),
        count => format!("{first} and {} more round", count - 1),
    };
    Some(format!("{nodes} to 16 bits what keeps its precision here"))
}

fn constant(contents: Contents) -> Value {
    match contents {
        Contents::Numbers(constant) => Value::Constant(Rc::new(constant)),
        Contents::Strings(strings) => Value::Strings(strings.into()),
    }
}

/// A shape without the number of rows, as numbers.
fn lengths_known(value: &Value) -> Option<Constant> {
    let Value::Lengths(lengths) = value else { return None };
    let numbers = lengths.lengths.iter().map(|length| match length {
        Length::Known(length) => Some(*length as f64),
        Length::Rows => None,
    });
    let numbers = numbers.collect::<Option<Vec<_>>>()?;
    Constant::new(Element::I64, &[numbers.len()], numbers).ok()
}

/// Whether a standard operator is supported.
fn is_known(operator: &str) -> bool {
    OPERATORS.split([' ', ',']).any(|word| word == operator) || operator == "CastLike"
}

/// Whether an operator of `ai.onnx.ml` is supported.
fn is_known_of_ml(operator: &str) -> bool {
    ML_OPERATORS.split([' ', ',']).any(|word| word == operator)
}

/// The shape of one row of an input, without the number of rows.
fn lengths(input: &ValueInfoProto) -> Result<Vec<Option<usize>>, String> {
    let Some(tensor) = input.r#type.as_ref().and_then(|kind| kind.tensor_type.as_ref()) else {
        return Err("is no tensor: expected rows of numbers".to_owned());
    };
    element(tensor.elem_type)?;
    let Some(shape) = &tensor.shape else { return Ok(vec![None]) };
    let Some((_, others)) = shape.dim.split_first() else {
        return Err("is a single number: expected rows of numbers".to_owned());
    };
    // A length of 0 or less is how some files write an unknown one.
    let length =
        |value: Option<i64>| value.and_then(|value| usize::try_from(value).ok()).filter(|&length| length > 0);
    Ok(others.iter().map(|dimension| length(dimension.dim_value)).collect())
}
