//! A graph that grows node by node.

use std::collections::HashSet;

use crate::onnx::proto::{AttributeProto, GraphProto, NodeProto, TensorProto, ValueInfoProto};

use super::element::{self, ElementType, Real};

/// A graph that grows node by node; every tensor has a name of its own.
#[derive(Debug, Default)]
pub(super) struct Graph {
    nodes: Vec<NodeProto>,
    initializers: Vec<TensorProto>,
    names: HashSet<String>,
    domains: HashSet<&'static str>,
    /// What is said, and of which weights and biases.
    notes: Vec<(String, Vec<String>)>,
}

/// Values of attributes.
#[derive(Debug)]
pub(super) enum Attribute {
    Integer(i64),
    Float(f32),
    Integers(Vec<i64>),
    Texts(Vec<String>),
    Text(&'static str),
}

impl Attribute {
    fn named(self, name: &str) -> AttributeProto {
        let empty = AttributeProto { name: name.to_owned(), ..AttributeProto::default() };
        match self {
            Self::Float(number) => AttributeProto { f: Some(number), r#type: 1, ..empty },
            Self::Integer(number) => AttributeProto { i: Some(number), r#type: 2, ..empty },
            Self::Text(text) => AttributeProto { s: Some(text.into()), r#type: 3, ..empty },
            Self::Integers(ints) => AttributeProto { ints, r#type: 7, ..empty },
            Self::Texts(texts) => {
                let strings = texts.into_iter().map(String::into_bytes).collect();
                AttributeProto { strings, r#type: 8, ..empty }
            }
        }
    }
}

/// Attributes by name.
pub(super) type Attributes<'a> = Vec<(&'a str, Attribute)>;

impl Graph {
    /// A name that no other tensor has: the wanted one, or that with a number.
    pub(super) fn name(&mut self, wanted: &str) -> String {
        let mut name = wanted.to_owned();
        let mut number = 1;
        while !self.names.insert(name.clone()) {
            number += 1;
            name = format!("{wanted}.{number}");
        }
        name
    }

    /// Says what of a weight or a bias differs in the file from what the model has.
    pub(super) fn note(&mut self, of: &str, sentence: String) {
        let known = self.notes.iter_mut().find(|(known, _)| *known == sentence);
        match known {
            Some((_, names)) if names.iter().any(|name| name == of) => {}
            Some((_, names)) => names.push(of.to_owned()),
            None => self.notes.push((sentence, vec![of.to_owned()])),
        }
    }

    /// Adds a tensor that is known, under this or a similar name.
    pub(super) fn initializer(&mut self, wanted: &str, tensor: TensorProto) -> String {
        let name = self.name(wanted);
        self.initializers.push(TensorProto { name: name.clone(), ..tensor });
        name
    }

    /// Adds a number without dimensions.
    pub(super) fn scalar(&mut self, wanted: &str, real: Real, number: f64) -> String {
        self.initializer(wanted, element::floats(real.element(), &[], [number]))
    }

    /// Adds a list of `int64`: a shape, positions.
    pub(super) fn integers(&mut self, wanted: &str, integers: &[i64]) -> String {
        let tensor = element::patterns(ElementType::Int64, &[integers.len()], integers.iter().copied());
        self.initializer(wanted, tensor)
    }

    /// Adds a node of the standard operators, and returns its output.
    pub(super) fn node(&mut self, operator: &str, inputs: &[&str], wanted: &str) -> String {
        self.node_with(operator, inputs, wanted, Vec::new())
    }

    /// The same with attributes.
    pub(super) fn node_with(
        &mut self,
        operator: &str,
        inputs: &[&str],
        wanted: &str,
        attributes: Attributes<'_>,
    ) -> String {
        self.node_of("", operator, inputs, wanted, attributes)
    }

    /// The same of another domain.
    pub(super) fn node_of(
        &mut self,
        domain: &'static str,
        operator: &str,
        inputs: &[&str],
        wanted: &str,
        attributes: Attributes<'_>,
    ) -> String {
        let output = self.name(wanted);
        self.push(domain, operator, inputs, vec![output.clone()], attributes);
        output
    }

    /// Each index of the first axis as a tensor of its own, named like `wanted` and numbered.
    pub(super) fn split(&mut self, input: &str, parts: usize, wanted: &str) -> Vec<String> {
        let outputs: Vec<String> = (1..=parts).map(|part| self.name(&format!("{wanted} {part}"))).collect();
        let attributes =
            vec![("axis", Attribute::Integer(0)), ("num_outputs", Attribute::Integer(parts as i64))];
        self.push("", "Split", &[input], outputs.clone(), attributes);
        outputs
    }

    /// Two parts along `axis`, of the lengths that the tensor `lengths` says.
    pub(super) fn split_in_two(
        &mut self,
        input: &str,
        lengths: &str,
        axis: i64,
        wanted: &str,
    ) -> [String; 2] {
        let outputs = [self.name(&format!("{wanted} 1")), self.name(&format!("{wanted} 2"))];
        self.push("", "Split", &[input, lengths], outputs.to_vec(), vec![("axis", Attribute::Integer(axis))]);
        outputs
    }

    /// The same numbers as another type.
    pub(super) fn cast(&mut self, input: &str, to: ElementType, wanted: &str) -> String {
        self.node_with("Cast", &[input], wanted, vec![("to", Attribute::Integer(to.number().into()))])
    }

    fn push(
        &mut self,
        domain: &'static str,
        operator: &str,
        inputs: &[&str],
        output: Vec<String>,
        attributes: Attributes<'_>,
    ) {
        self.domains.insert(domain);
        self.nodes.push(NodeProto {
            input: inputs.iter().map(|&name| name.to_owned()).collect(),
            name: output.first().cloned().unwrap_or_default(),
            output,
            op_type: operator.to_owned(),
            attribute: attributes.into_iter().map(|(name, attribute)| attribute.named(name)).collect(),
            domain: domain.to_owned(),
        });
    }

    /// Whether a node is of this domain.
    pub(super) fn uses(&self, domain: &str) -> bool {
        self.domains.contains(domain)
    }

    /// The codes of numbers, by the operands of `QuantizeLinear`, which rounds halves to even, adds the zero point and saturates; and
    /// `Clip`, where not all codes of the type are used.
    pub(super) fn quantize_linear(
        &mut self,
        name: &str,
        operands: [&str; 3],
        kind: ElementType,
        (lowest, highest): (i32, i32),
    ) -> String {
        let wanted = format!("{name}.codes");
        if kind.range() == Some((lowest.into(), highest.into())) {
            return self.node("QuantizeLinear", &operands, &wanted);
        }
        let codes = self.node("QuantizeLinear", &operands, &format!("{name}.saturated"));
        let mut limit = |part: &str, number: i32| {
            self.initializer(&format!("{name}.{part}"), element::patterns(kind, &[], [number.into()]))
        };
        let (lowest, highest) = (limit("lowest", lowest), limit("highest", highest));
        self.node("Clip", &[&codes, &lowest, &highest], &wanted)
    }

    /// The graph between these inputs and outputs, and what is said of it.
    pub(super) fn finish(
        self,
        input: Vec<ValueInfoProto>,
        output: Vec<ValueInfoProto>,
    ) -> (GraphProto, Vec<String>) {
        let graph = GraphProto {
            node: self.nodes,
            name: "classifier".to_owned(),
            initializer: self.initializers,
            input,
            output,
        };
        let note = |(sentence, names): (String, Vec<String>)| format!("{}: {sentence}", names.join(", "));
        (graph, self.notes.into_iter().map(note).collect())
    }
}
