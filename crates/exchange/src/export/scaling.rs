//! The scaler inside the graph.

use ndarray::Array1;

use crate::packed::FeatureScaling;

use super::element::{self, ElementType, Real};
use super::graph::Graph;

/// Adds what is done to the `double` features `(rows, features)`, each operation as
/// [`FeatureScaling`] says it: `(x - mean) / scale`, then the factors.
pub(super) fn scaled(
    graph: &mut Graph,
    features: &str,
    scaling: &FeatureScaling,
    factors: Option<&Array1<f32>>,
) -> String {
    let mut row = |name: &str, numbers: Vec<f64>| {
        let tensor = element::floats(ElementType::Double, &[1, numbers.len()], numbers);
        graph.initializer(name, tensor)
    };
    let factors = factors.map(|factors| row("scaler.factors", factors.iter().map(|&f| f.into()).collect()));
    let scaled = match scaling {
        FeatureScaling::None => features.to_owned(),
        FeatureScaling::Divide(divisor) => {
            let divisor = graph.scalar("scaler.divisor", Real::Double, *divisor);
            graph.node("Div", &[features, &divisor], "scaled")
        }
        FeatureScaling::Standard { mean, scale, rounding } => {
            let (mean, scale) = (row("scaler.mean", mean.to_vec()), row("scaler.scale", scale.to_vec()));
            let rounds = rounding.iter().any(|rounding| *rounding != 0.0);
            let rounding = rounds.then(|| row("scaler.rounding", rounding.to_vec()));
            let mut deviation = graph.node("Sub", &[features, &mean], "centred");
            if let Some(rounding) = rounding {
                let magnitude = graph.node("Abs", &[&deviation], "distance");
                let is_small = graph.node("LessOrEqual", &[&magnitude, &rounding], "is constant");
                let zero = graph.scalar("zero", Real::Double, 0.0);
                deviation = graph.node("Where", &[&is_small, &zero, &deviation], "deviation");
            }
            graph.node("Div", &[&deviation, &scale], "scaled")
        }
    };
    match factors {
        None => scaled,
        Some(factors) => graph.node("Div", &[&scaled, &factors], "scaled by factors"),
    }
}

/// Whether features are taken as they are.
pub(super) fn is_none(scaling: &FeatureScaling, factors: Option<&Array1<f32>>) -> bool {
    *scaling == FeatureScaling::None && factors.is_none()
}
