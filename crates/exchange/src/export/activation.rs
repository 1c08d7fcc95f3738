//! Activation functions as operators.

use bitsweep_models::Activation;

use super::element::{ElementType, Real};
use super::graph::{Attribute, Graph};

/// In which arithmetic activations are computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Arithmetic {
    /// `float`: one standard operator each.
    Single,
    /// `double`, in operators that onnxruntime has in that type.
    Double,
    /// Of `float`, computed in `double` and rounded once, as [`Activation::apply`] does.
    Rounded,
}

/// Adds `a(z)` of each number.
pub(super) fn applied(
    graph: &mut Graph,
    activation: Activation,
    z: &str,
    arithmetic: Arithmetic,
    wanted: &str,
) -> String {
    match (activation, arithmetic) {
        (Activation::Identity, _) => z.to_owned(),
        (Activation::Relu, _) => graph.node("Relu", &[z], wanted),
        // One product, which is rounded once anyway.
        (Activation::LeakyRelu { .. }, Arithmetic::Rounded) => single(graph, activation, z, wanted),
        (Activation::HardTanh { min, max }, _) => clip(graph, z, real(arithmetic), min, max, wanted),
        (_, Arithmetic::Single) => single(graph, activation, z, wanted),
        (_, Arithmetic::Double) => double(graph, activation, z, wanted),
        (_, Arithmetic::Rounded) => {
            let wide = graph.cast(z, ElementType::Double, &format!("{wanted} of double"));
            let value = double(graph, activation, &wide, &format!("{wanted} as double"));
            graph.cast(&value, ElementType::Float, wanted)
        }
    }
}

/// The floats that come in.
const fn real(arithmetic: Arithmetic) -> Real {
    match arithmetic {
        Arithmetic::Single | Arithmetic::Rounded => Real::Single,
        Arithmetic::Double => Real::Double,
    }
}

/// `max(min, min(max, z))`; an infinite limit is left out.
pub(super) fn clip(graph: &mut Graph, z: &str, real: Real, min: f32, max: f32, wanted: &str) -> String {
    let mut limit = |what: &str, number: f32| match number.is_finite() {
        true => graph.scalar(&format!("{wanted}.{what}"), real, number.into()),
        false => String::new(),
    };
    let (min, max) = (limit("min", min), limit("max", max));
    graph.node("Clip", &[z, &min, &max], wanted)
}

/// The operator of this name, in `float`.
fn single(graph: &mut Graph, activation: Activation, z: &str, wanted: &str) -> String {
    let (operator, attributes) = match activation {
        Activation::LeakyRelu { slope } => ("LeakyRelu", vec![("alpha", Attribute::Float(slope))]),
        Activation::Elu { alpha } => ("Elu", vec![("alpha", Attribute::Float(alpha))]),
        Activation::Tanh => ("Tanh", Vec::new()),
        Activation::Sigmoid => ("Sigmoid", Vec::new()),
        Activation::Gelu => ("Gelu", Vec::new()),
        Activation::GeluTanh => ("Gelu", vec![("approximate", Attribute::Text("tanh"))]),
        Activation::HardSigmoid { alpha, beta } => {
            ("HardSigmoid", vec![("alpha", Attribute::Float(alpha)), ("beta", Attribute::Float(beta))])
        }
        Activation::HardSwish => ("HardSwish", Vec::new()),
        Activation::Identity | Activation::Relu | Activation::HardTanh { .. } => ("Identity", Vec::new()),
    };
    graph.node_with(operator, &[z], wanted, attributes)
}

/// The formula in operators of `double`.
fn double(graph: &mut Graph, activation: Activation, z: &str, wanted: &str) -> String {
    let mut writer = Writer { graph, prefix: wanted };
    match activation {
        Activation::Elu { alpha } => {
            // Max(z, 0) + alpha·(exp(Min(z, 0)) - 1), of which one part is always 0.
            let (zero, one, alpha) = (writer.number(0.0), writer.number(1.0), writer.number(alpha.into()));
            let above = writer.of("Max", &[z, &zero]);
            let below = writer.of("Min", &[z, &zero]);
            let power = writer.of("Exp", &[&below]);
            let less = writer.of("Sub", &[&power, &one]);
            let scaled = writer.of("Mul", &[&less, &alpha]);
            writer.named("Add", &[&above, &scaled])
        }
        Activation::LeakyRelu { slope } => {
            // Max(z, 0) + slope·Min(z, 0), of which one part is always 0.
            let (zero, slope) = (writer.number(0.0), writer.number(slope.into()));
            let above = writer.of("Max", &[z, &zero]);
            let below = writer.of("Min", &[z, &zero]);
            let scaled = writer.of("Mul", &[&below, &slope]);
            writer.named("Add", &[&above, &scaled])
        }
        Activation::Tanh => writer.named("Tanh", &[z]),
        Activation::Sigmoid => writer.named("Sigmoid", &[z]),
        Activation::Gelu => {
            // onnxruntime has `Erf` of `float` alone: its error of some 1e-7 is that of the result.
            let (root, one, half) =
                (writer.number(std::f64::consts::SQRT_2), writer.number(1.0), writer.number(0.5));
            let argument = writer.of("Div", &[z, &root]);
            let narrow = writer.graph.cast(&argument, ElementType::Float, &format!("{wanted}.narrow"));
            let erf = writer.of("Erf", &[&narrow]);
            let wide = writer.graph.cast(&erf, ElementType::Double, &format!("{wanted}.wide"));
            let sum = writer.of("Add", &[&wide, &one]);
            let halved = writer.of("Mul", &[&sum, &half]);
            writer.named("Mul", &[z, &halved])
        }
        Activation::GeluTanh => {
            // z·σ(2·√(2/π)·(z + 0.044715·z³))
            let cubic = writer.number(0.044_715);
            let factor = writer.number(2.0 * (2.0 / std::f64::consts::PI).sqrt());
            let one = writer.number(1.0);
            let square = writer.of("Mul", &[z, z]);
            let bent = writer.of("Mul", &[&square, &cubic]);
            let bent = writer.of("Add", &[&bent, &one]);
            let argument = writer.of("Mul", &[z, &bent]);
            let argument = writer.of("Mul", &[&argument, &factor]);
            let logistic = writer.of("Sigmoid", &[&argument]);
            writer.named("Mul", &[z, &logistic])
        }
        Activation::HardSigmoid { alpha, beta } => {
            let (alpha, beta) = (writer.number(alpha.into()), writer.number(beta.into()));
            let (zero, one) = (writer.number(0.0), writer.number(1.0));
            let product = writer.of("Mul", &[z, &alpha]);
            let line = writer.of("Add", &[&product, &beta]);
            writer.named("Clip", &[&line, &zero, &one])
        }
        Activation::HardSwish => {
            let (zero, three, six) = (writer.number(0.0), writer.number(3.0), writer.number(6.0));
            let line = writer.of("Add", &[z, &three]);
            let clipped = writer.of("Clip", &[&line, &zero, &six]);
            let part = writer.of("Div", &[&clipped, &six]);
            writer.named("Mul", &[z, &part])
        }
        Activation::Identity | Activation::Relu | Activation::HardTanh { .. } => {
            writer.named("Identity", &[z])
        }
    }
}

/// Adds nodes that are called after the function.
struct Writer<'g> {
    graph: &'g mut Graph,
    prefix: &'g str,
}

impl Writer<'_> {
    fn number(&mut self, number: f64) -> String {
        self.graph.scalar(&format!("{}.number", self.prefix), Real::Double, number)
    }

    fn of(&mut self, operator: &str, inputs: &[&str]) -> String {
        self.graph.node(operator, inputs, &format!("{}.{}", self.prefix, operator.to_lowercase()))
    }

    fn named(&mut self, operator: &str, inputs: &[&str]) -> String {
        self.graph.node(operator, inputs, self.prefix)
    }
}
