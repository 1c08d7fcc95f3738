//! What logistic regression minimizes.

use bitsweep_vector::arch;
use ndarray::{Array1, Array2, ArrayView2};
use pulp::{Simd, WithSimd};

use crate::head::ln_logistic;
use crate::panels::Panels;
use crate::product::{product, transposed_product};
use crate::specification::{Logistic, Multiclass};

/// `f(W, b) = Σ_rows w_label·loss(x·W + b, label) + ‖W‖² / (2C)` with its derivatives.
///
/// Parameters are a matrix `(columns + 1, classes)`, the intercepts `b` its last row: the features have a last column
/// of ones. The other columns are centred, which changes the intercepts but neither `W` nor `f`, and without which
/// columns far from zero look like the column of ones.
pub(super) struct Objective {
    features: Panels<f64>,
    squared_features: Panels<f64>,
    means: Vec<f64>,
    labels: Vec<usize>,
    /// Of each row that of its class.
    weights: Vec<f64>,
    multiclass: Multiclass,
    /// `1/C`.
    penalty: f64,
    /// The probabilities at the parameters of the last [`evaluate`](Self::evaluate), `(rows, classes)`.
    probabilities: Panels<f64>,
    /// Memory, `(rows, classes)`.
    residuals: Panels<f64>,
}

impl Objective {
    pub(super) fn new(
        features: ArrayView2<'_, f64>,
        labels: &[usize],
        class_weights: &[f64],
        logistic: &Logistic,
    ) -> Self {
        let ((rows, columns), classes) = (features.dim(), class_weights.len());
        let means: Vec<f64> =
            features.columns().into_iter().map(|column| column.iter().sum::<f64>() / rows as f64).collect();
        let element = |row, column| {
            if column < columns { features[[row, column]] - means[column] } else { 1.0 }
        };
        Self {
            features: Panels::from_fn(rows, columns + 1, element),
            squared_features: Panels::from_fn(rows, columns + 1, |row, column| element(row, column).powi(2)),
            means,
            labels: labels.to_vec(),
            weights: labels.iter().map(|&label| class_weights[label]).collect(),
            multiclass: logistic.multiclass,
            penalty: 1.0 / logistic.c,
            probabilities: Panels::zeros(rows, classes),
            residuals: Panels::zeros(rows, classes),
        }
    }

    /// The parameters for centred features that belong to `parameters` for the given ones.
    pub(super) fn centred(&self, parameters: &Array2<f64>) -> Panels<f64> {
        let intercept = |class| {
            let weights = parameters.column(class);
            self.means
                .iter()
                .zip(weights)
                .fold(weights[self.means.len()], |sum, (mean, weight)| sum + mean * weight)
        };
        Panels::from_fn(parameters.nrows(), parameters.ncols(), |row, class| {
            if row < self.means.len() { parameters[[row, class]] } else { intercept(class) }
        })
    }

    /// The weights and intercepts for the given features that belong to `parameters` for centred ones.
    ///
    /// The softmax does not see what is added to all intercepts: theirs are made to sum to zero.
    pub(super) fn for_given_features(&self, parameters: &Panels<f64>) -> (Array2<f64>, Array1<f64>) {
        let (columns, classes) = (self.means.len(), parameters.columns());
        let weights = Array2::from_shape_fn((columns, classes), |(row, class)| parameters.get(row, class));
        let mut intercepts = Array1::from_shape_fn(classes, |class| {
            let shift = self
                .means
                .iter()
                .zip(weights.column(class))
                .fold(0.0, |sum, (mean, weight)| sum + mean * weight);
            parameters.get(columns, class) - shift
        });
        match self.multiclass {
            Multiclass::OneVsRest => {}
            Multiclass::Multinomial => intercepts -= intercepts.sum() / classes as f64,
        }
        (weights, intercepts)
    }

    /// Writes the diagonal of the Hessian at the parameters of the last [`evaluate`](Self::evaluate).
    pub(super) fn hessian_diagonal(&mut self, diagonal: &mut Panels<f64>) {
        for panel in 0..self.residuals.panel_count() {
            let rows = self.residuals.panel_mut(panel).iter_mut().zip(self.probabilities.panel(panel));
            for ((variances, probabilities), weight) in rows.zip(&self.weights) {
                for (variance, &p) in variances.iter_mut().zip(probabilities) {
                    *variance = weight * (p * (1.0 - p));
                }
            }
        }
        multiply_transposed(&self.squared_features, &self.residuals, diagonal);
        for panel in 0..diagonal.panel_count() {
            let weights = self.means.len();
            for value in diagonal.panel_mut(panel)[..weights].as_flattened_mut() {
                *value += self.penalty;
            }
        }
    }

    /// The value at `parameters`; writes the gradient, `xᵀ · w·(p - y) + W/C`.
    pub(super) fn evaluate(&mut self, parameters: &Panels<f64>, gradient: &mut Panels<f64>) -> f64 {
        multiply(&self.features, parameters, &mut self.probabilities);
        let mut loss = 0.0;
        let mut values = Vec::new();
        for (row, (&label, &weight)) in self.labels.iter().zip(&self.weights).enumerate() {
            self.probabilities.copy_row_to(row, &mut values);
            let row_loss = match self.multiclass {
                Multiclass::OneVsRest => logistic_loss(&mut values, label),
                Multiclass::Multinomial => softmax_loss(&mut values, label),
            };
            loss += weight * row_loss;
            self.probabilities.set_row(row, &values, |value| value);
            values[label] -= 1.0;
            values.iter_mut().for_each(|residual| *residual *= weight);
            self.residuals.set_row(row, &values, |value| value);
        }
        multiply_transposed(&self.features, &self.residuals, gradient);
        loss + self.add_penalty(parameters, gradient)
    }

    /// Writes `H · direction`, where `H` is the Hessian at the parameters of the last [`evaluate`](Self::evaluate).
    ///
    /// With `u = x · direction` a row contributes `xᵀ · w·v`, where for softmax `v = p ⊙ (u - p·u)`, and for two-class
    /// models `v = p ⊙ (1 - p) ⊙ u`.
    pub(super) fn hessian_product(&mut self, direction: &Panels<f64>, out: &mut Panels<f64>) {
        multiply(&self.features, direction, &mut self.residuals);
        let (mut changes, mut probabilities) = (Vec::new(), Vec::new());
        for (row, &weight) in self.weights.iter().enumerate() {
            self.probabilities.copy_row_to(row, &mut probabilities);
            self.residuals.copy_row_to(row, &mut changes);
            let mean = match self.multiclass {
                Multiclass::OneVsRest => None,
                Multiclass::Multinomial => Some(
                    changes.iter().zip(&probabilities).fold(0.0, |mean, (&change, &p)| mean + p * change),
                ),
            };
            for (change, &p) in changes.iter_mut().zip(&probabilities) {
                *change = match mean {
                    None => weight * (p * (1.0 - p) * *change),
                    Some(mean) => weight * (p * (*change - mean)),
                };
            }
            self.residuals.set_row(row, &changes, |value| value);
        }
        multiply_transposed(&self.features, &self.residuals, out);
        self.add_penalty(direction, out);
    }

    /// Adds `W/C` to `gradient`, without the intercepts; returns `‖W‖² / (2C)`.
    fn add_penalty(&self, parameters: &Panels<f64>, gradient: &mut Panels<f64>) -> f64 {
        let mut squares = 0.0;
        let weights = parameters.rows() - 1;
        for panel in 0..parameters.panel_count() {
            let gradients = gradient.panel_mut(panel)[..weights].as_flattened_mut();
            for (gradient, &weight) in
                gradients.iter_mut().zip(parameters.panel(panel)[..weights].as_flattened())
            {
                *gradient += self.penalty * weight;
                squares += weight * weight;
            }
        }
        0.5 * self.penalty * squares
    }
}

/// Turns logits into the probabilities of the softmax; returns `-ln p[label]`.
fn softmax_loss(logits: &mut [f64], label: usize) -> f64 {
    let largest = logits.iter().fold(f64::NEG_INFINITY, |largest, &logit| largest.max(logit));
    let label_logit = logits[label] - largest;
    let mut sum = 0.0;
    for value in &mut *logits {
        *value = libm::exp(*value - largest);
        sum += *value;
    }
    for value in logits {
        *value /= sum;
    }
    libm::log(sum) - label_logit
}

/// Turns logits into the probabilities of independent two-class models; returns the sum of their losses, `-ln p[label]`
/// and `-ln(1 - p)` of the others.
fn logistic_loss(logits: &mut [f64], label: usize) -> f64 {
    let mut loss = 0.0;
    for (class, value) in logits.iter_mut().enumerate() {
        let logit = *value;
        *value = libm::exp(ln_logistic(logit));
        // 1 - σ(z) = σ(-z)
        loss -= ln_logistic(if class == label { logit } else { -logit });
    }
    loss
}

/// `out = a · b`.
fn multiply(a: &Panels<f64>, b: &Panels<f64>, out: &mut Panels<f64>) {
    struct Multiply<'a>(&'a Panels<f64>, &'a Panels<f64>, &'a mut Panels<f64>);
    impl WithSimd for Multiply<'_> {
        type Output = ();
        #[inline(always)]
        fn with_simd<S: Simd>(self, _simd: S) {
            product(
                self.0,
                self.1,
                self.2,
                #[inline(always)]
                |_| {
                    #[inline(always)]
                    |sum, _| sum
                },
            );
        }
    }
    arch().dispatch(Multiply(a, b, out));
}

/// `out = aᵀ · b`.
fn multiply_transposed(a: &Panels<f64>, b: &Panels<f64>, out: &mut Panels<f64>) {
    struct Multiply<'a>(&'a Panels<f64>, &'a Panels<f64>, &'a mut Panels<f64>);
    impl WithSimd for Multiply<'_> {
        type Output = ();
        #[inline(always)]
        fn with_simd<S: Simd>(self, _simd: S) {
            transposed_product(self.0, self.1, self.2);
        }
    }
    arch().dispatch(Multiply(a, b, out));
}
