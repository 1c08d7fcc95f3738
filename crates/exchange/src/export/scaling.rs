//! The scaler inside the graph.

use crate::packed::FeatureScaling;

use super::element::{self, ElementType, Real};
use super::graph::Graph;

/// Adds what is done to the `double` features `(rows, features)`, each operation as [`FeatureScaling`] says it.
pub(super) fn scaled(graph: &mut Graph, features: &str, scaling: &FeatureScaling) -> String {
    let mut row = |name: &str, numbers: &mut dyn Iterator<Item = f64>| {
        let numbers: Vec<f64> = numbers.collect();
        graph.initializer(name, element::floats(ElementType::Double, &[1, numbers.len()], numbers))
    };
    match scaling {
        FeatureScaling::None => features.to_owned(),
        FeatureScaling::Divide(divisor) => {
            let divisor = graph.scalar("scaler.divisor", Real::Double, f64::from(*divisor));
            graph.node("Div", &[features, &divisor], "scaled")
        }
        FeatureScaling::DivideEach(divisors) => {
            let divisors = row("scaler.divisors", &mut divisors.iter().map(|&divisor| divisor.into()));
            graph.node("Div", &[features, &divisors], "scaled")
        }
        FeatureScaling::Standard { mean, scale, constant } => {
            let rounding = |feature: usize| match constant.contains(&feature) {
                true => FeatureScaling::CONSTANT_ROUNDING * f64::from(mean[feature].abs()),
                false => 0.0,
            };
            let rounding =
                (!constant.is_empty()).then(|| row("scaler.rounding", &mut (0..mean.len()).map(rounding)));
            let mean = row("scaler.mean", &mut mean.iter().map(|&mean| mean.into()));
            let scale = row("scaler.scale", &mut scale.iter().map(|&scale| scale.into()));
            let mut deviation = graph.node("Sub", &[features, &mean], "centred");
            if let Some(rounding) = rounding {
                let magnitude = graph.node("Abs", &[&deviation], "distance");
                let is_small = graph.node("LessOrEqual", &[&magnitude, &rounding], "is constant");
                let zero = graph.scalar("zero", Real::Double, 0.0);
                deviation = graph.node("Where", &[&is_small, &zero, &deviation], "deviation");
            }
            graph.node("Div", &[&deviation, &scale], "scaled")
        }
    }
}
