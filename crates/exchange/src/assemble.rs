//! From operations to layers.

use std::mem;
use std::path::Path;

use bitsweep_models::{Activation, Head, Linear, Model};
use ndarray::{Array1, Array2, ArrayView1, Axis};

use crate::error::ImportError;
use crate::network::{Network, Standardization};
use crate::step::{Operation, Step};

/// Makes a network of the operations that a file applies to rows of `inputs` features, in their order.
///
/// What scales and shifts columns is folded in `f64`: before the first dense layer it is the scaling of the features, behind
/// a dense layer a part of that layer (a batch normalization), behind an activation a part of the layer that follows. Weights
/// are rounded to `f32` once, at the end.
///
/// A softmax at the end is the head. So are logistic functions, one per class, and a single one, whose `z` is the logit of the
/// second of two classes: a last layer of one output stays one, and the logits of such a model are `[0, z]`. Scores `-z` and `z` of
/// two classes, as scikit-learn's exporter writes them, are one output `z` too, for `σ(-z) = 1 - σ(z)`.
///
/// # Errors
/// An operation that cannot stand where it stands, by its place.
///
/// ```
/// use bitsweep_exchange::{Operation, Step, assemble};
/// use bitsweep_models::Activation;
/// use ndarray::array;
///
/// let step = |operation| Step { place: "node `x`".to_owned(), operation };
/// let steps = [
///     step(Operation::Add(array![-1.0, -3.0])),
///     step(Operation::Divide(array![2.0, 4.0])),
///     step(Operation::Dense(array![[1.0], [1.0]])),
///     step(Operation::Add(array![0.5])),
///     step(Operation::Activation(Activation::Sigmoid)),
/// ];
/// let network = assemble("m.onnx".as_ref(), 2, steps.into()).unwrap();
/// assert_eq!(network.scaling.unwrap().mean, array![1.0, 3.0]);
/// assert_eq!(network.model.logits(array![[1.0_f32, 1.0]].view()), array![[0.0, 2.5]]);
/// ```
pub fn assemble(path: &Path, inputs: usize, steps: Vec<Step>) -> Result<Network, ImportError> {
    let mut assembly = Assembly {
        width: inputs,
        features: Columns::unchanged(inputs),
        layers: Vec::new(),
        end: None,
        notes: Vec::new(),
    };
    for Step { place, operation } in steps {
        assembly.add(&place, operation).map_err(|reason| ImportError::at(path, &place, reason))?;
    }
    assembly.finish().map_err(|reason| ImportError::new(path, reason))
}

/// What is done to columns, `(x - mean) / scale` and the same as `x · factor + term`.
///
/// Only the second can multiply a column by 0. The first keeps the numbers of a file that standardizes.
#[derive(Clone, Debug, PartialEq)]
struct Columns {
    mean: Array1<f64>,
    scale: Array1<f64>,
    factor: Array1<f64>,
    term: Array1<f64>,
}

impl Columns {
    fn unchanged(width: usize) -> Self {
        Self {
            mean: Array1::zeros(width),
            scale: Array1::ones(width),
            factor: Array1::ones(width),
            term: Array1::zeros(width),
        }
    }

    fn is_unchanged(&self) -> bool {
        self.factor.iter().all(|factor| *factor == 1.0) && self.term.iter().all(|term| *term == 0.0)
    }

    fn change(&mut self, change: Change) {
        match change {
            Change::Add(terms) => {
                self.term += &terms;
                self.mean -= &(terms * &self.scale);
            }
            Change::Multiply(factors) => {
                self.factor *= &factors;
                self.term *= &factors;
                self.scale /= &factors;
            }
            Change::Divide(divisors) => {
                self.factor /= &divisors;
                self.term /= &divisors;
                self.scale *= &divisors;
            }
        }
    }

    /// Whether a model can have it before its first layer: a column that is multiplied by 0 has no scale.
    fn is_scaling(&self) -> bool {
        let is_number = |number: &f64| number.is_finite();
        self.mean.iter().all(is_number) && self.scale.iter().all(|scale| is_number(scale) && *scale != 0.0)
    }

    /// The weight and bias of a dense layer that takes the columns as they were before.
    fn fold_into(&self, weight: &Array2<f64>) -> (Array2<f64>, Array1<f64>) {
        let folded = weight * &self.factor.view().insert_axis(Axis(1));
        (folded, self.term.dot(weight))
    }
}

/// A change of columns.
enum Change {
    Add(Array1<f64>),
    Multiply(Array1<f64>),
    Divide(Array1<f64>),
}

/// A dense layer in the making.
struct Dense {
    place: String,
    weight: Array2<f64>,
    bias: Array1<f64>,
    activation: Option<Activation>,
    /// What is done to the outputs of the activation.
    outputs: Columns,
}

impl Dense {
    /// Whether what is applied to the outputs is applied to `[-z, z]`.
    fn is_mirrored(&self) -> bool {
        let is_mirrored = |row: ArrayView1<'_, f64>| row.len() == 2 && row[0] == -row[1];
        self.weight.outer_iter().chain([self.bias.view()]).all(is_mirrored)
    }

    /// Leaves the second of two outputs.
    fn keep_second(&mut self) {
        self.weight = self.weight.select(Axis(1), &[1]);
        self.bias = self.bias.select(Axis(0), &[1]);
        self.outputs = Columns::unchanged(1);
    }

    fn change(&mut self, change: Change) {
        if self.activation.is_some() {
            return self.outputs.change(change);
        }
        match change {
            Change::Add(terms) => self.bias += &terms,
            Change::Multiply(factors) => {
                self.weight *= &factors;
                self.bias *= &factors;
            }
            Change::Divide(divisors) => {
                self.weight /= &divisors;
                self.bias /= &divisors;
            }
        }
    }

    fn into_linear(self) -> Linear {
        Linear {
            weight: self.weight.mapv(|number| number as f32),
            bias: self.bias.mapv(|number| number as f32),
            activation: self.activation.unwrap_or(Activation::Identity),
        }
    }
}

struct Assembly {
    /// The columns now.
    width: usize,
    features: Columns,
    layers: Vec<Dense>,
    /// How logits become probabilities, once that is known.
    end: Option<Head>,
    notes: Vec<String>,
}

impl Assembly {
    fn add(&mut self, place: &str, operation: Operation) -> Result<(), String> {
        if self.end.is_some() {
            return match operation {
                // Probabilities sum to 1.
                Operation::NormalizeSum => Ok(()),
                _ => Err("stands behind the probabilities: expected nothing there".to_owned()),
            };
        }
        match operation {
            Operation::Dense(weight) => self.dense(place, weight),
            Operation::Add(terms) => self.change(terms, Change::Add),
            Operation::Multiply(factors) => self.change(factors, Change::Multiply),
            Operation::Divide(divisors) => self.change(divisors, Change::Divide),
            Operation::Activation(Activation::Identity) => Ok(()),
            Operation::Activation(activation) => {
                let last =
                    self.layers.last_mut().ok_or("stands before any dense layer: expected it behind one")?;
                if let Some(before) = last.activation {
                    return Err(format!(
                        "stands behind the activation {before}: expected a dense layer between them"
                    ));
                }
                last.activation = Some(activation);
                Ok(())
            }
            Operation::Softmax => {
                self.several_columns()?;
                self.last_unchanged()?;
                self.end = Some(Head::Softmax);
                Ok(())
            }
            Operation::NormalizeSum => {
                self.several_columns()?;
                self.take_logistic()?;
                self.end = Some(Head::OneVsRest);
                Ok(())
            }
            Operation::Complement => {
                if self.width != 1 {
                    return Err("makes two probabilities of several numbers: expected one".to_owned());
                }
                self.take_logistic()?;
                self.end = Some(Head::Logistic);
                Ok(())
            }
        }
    }

    fn dense(&mut self, place: &str, weight: Array2<f64>) -> Result<(), String> {
        if weight.nrows() != self.width {
            return Err(format!("has a weight for {} inputs, but {} come in", weight.nrows(), self.width));
        }
        self.width = weight.ncols();
        let mut dense = Dense {
            place: place.to_owned(),
            bias: Array1::zeros(weight.ncols()),
            outputs: Columns::unchanged(weight.ncols()),
            weight,
            activation: None,
        };
        if let Some(before) = self.layers.last_mut() {
            let columns = mem::replace(&mut before.outputs, Columns::unchanged(0));
            (dense.weight, dense.bias) = columns.fold_into(&dense.weight);
        } else if !self.features.is_scaling() {
            let columns = mem::replace(&mut self.features, Columns::unchanged(dense.weight.nrows()));
            (dense.weight, dense.bias) = columns.fold_into(&dense.weight);
        }
        self.layers.push(dense);
        Ok(())
    }

    fn change(&mut self, numbers: Array1<f64>, change: fn(Array1<f64>) -> Change) -> Result<(), String> {
        if numbers.len() != self.width {
            return Err(format!("has numbers for {} columns, but {} come in", numbers.len(), self.width));
        }
        let change = change(numbers);
        match self.layers.last_mut() {
            Some(layer) => layer.change(change),
            None => self.features.change(change),
        }
        Ok(())
    }

    /// Refuses to make probabilities of one number, which would be 1 whatever it is.
    fn several_columns(&self) -> Result<(), String> {
        match self.width {
            1 => Err("is of one number, which makes a probability of 1 of anything".to_owned()),
            _ => Ok(()),
        }
    }

    /// Leaves the scores that the logistic functions at the end are made of.
    fn take_logistic(&mut self) -> Result<(), String> {
        let last = self.layers.last_mut().filter(|last| last.outputs.is_unchanged());
        match last {
            Some(last) if last.activation == Some(Activation::Sigmoid) => {
                last.activation = None;
                Ok(())
            }
            _ => Err("makes probabilities of what are no logistic functions: expected these, a softmax, or the scores \
                     alone (skl2onnx: the option `raw_scores` of the classifier)"
                .to_owned()),
        }
    }

    /// The last layer, where nothing is done to the outputs of its activation.
    fn last_unchanged(&mut self) -> Result<&mut Dense, String> {
        let last = self.layers.last_mut().ok_or("stands before any dense layer: expected it behind one")?;
        match last.outputs.is_unchanged() {
            true => Ok(last),
            false => {
                Err("takes scaled outputs of an activation: expected a dense layer before it".to_owned())
            }
        }
    }

    fn finish(mut self) -> Result<Network, String> {
        if self.layers.is_empty() {
            return Err("has no dense layer: there is nothing to quantize".to_owned());
        }
        let (mut width, end) = (self.width, self.end);
        let last = self.last_unchanged().map_err(|_| "ends in scaled outputs of an activation".to_owned())?;
        let is_score = matches!(last.activation, None | Some(Activation::Sigmoid));
        if is_score && end != Some(Head::Softmax) && last.is_mirrored() {
            last.keep_second();
            width = 1;
        }
        let head = match (end, last.activation, width) {
            (Some(Head::OneVsRest), _, 1) => Head::Logistic,
            (Some(head), ..) => head,
            (None, Some(Activation::Sigmoid), 1) => {
                last.activation = None;
                Head::Logistic
            }
            (None, Some(Activation::Sigmoid), _) => {
                last.activation = None;
                self.notes.push(
                    "its probabilities are logistic functions, which are normalized here to a sum of 1"
                        .to_owned(),
                );
                Head::OneVsRest
            }
            (None, Some(activation), 1) => {
                return Err(format!(
                    "ends in one number behind the activation {activation}: expected a score or a logistic function"
                ));
            }
            (None, None, 1) => {
                self.notes
                    .push("its only score is taken as the logit of the second of two classes".to_owned());
                Head::Logistic
            }
            (None, ..) => Head::Softmax,
        };
        let scaling = (!self.features.is_unchanged())
            .then_some(Standardization { mean: self.features.mean, scale: self.features.scale });
        let names = self.layers.iter().map(|layer| layer.place.clone()).collect();
        let model = Model::new(self.layers.into_iter().map(Dense::into_linear), head);
        Ok(Network {
            model: model.map_err(|error| error.to_string())?,
            scaling,
            classes: None,
            inputs: None,
            names,
            producer: None,
            notes: self.notes,
        })
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    fn network(inputs: usize, operations: Vec<Operation>) -> Result<Network, String> {
        let steps = operations.into_iter().map(|operation| Step { place: "node `x`".to_owned(), operation });
        assemble("m".as_ref(), inputs, steps.collect()).map_err(|error| error.reason)
    }

    fn refused(inputs: usize, operations: Vec<Operation>) -> String {
        network(inputs, operations).unwrap_err()
    }

    /// Two inputs, `columns` outputs.
    fn dense(columns: usize) -> Operation {
        Operation::Dense(Array2::from_shape_fn((2, columns), |(row, column)| (row + 2 * column) as f64))
    }

    fn activation(activation: Activation) -> Operation {
        Operation::Activation(activation)
    }

    fn logits(network: &Network, features: Array2<f64>) -> Array2<f64> {
        let features = match &network.scaling {
            Some(scaling) => (features - &scaling.mean) / &scaling.scale,
            None => features,
        };
        network.model.logits(features.view())
    }

    #[test]
    fn what_scales_features_keeps_its_numbers() {
        let steps = vec![Operation::Add(array![-0.1, -7.0]), Operation::Divide(array![3.0, 0.7]), dense(2)];
        let scaling = network(2, steps).unwrap().scaling.unwrap();
        assert_eq!(scaling.mean, array![0.1, 7.0]);
        assert_eq!(scaling.scale, array![3.0, 0.7]);
    }

    #[test]
    fn a_feature_that_is_multiplied_by_0_is_folded_into_the_first_layer() {
        let steps = vec![Operation::Multiply(array![0.0, 2.0]), Operation::Add(array![3.0, 1.0]), dense(2)];
        let network = network(2, steps).unwrap();
        assert_eq!(network.scaling, None);
        assert_eq!(logits(&network, array![[100.0, 1.0]]), array![[3.0, 15.0]]);
    }

    #[test]
    fn a_column_behind_an_activation_that_is_multiplied_by_0_keeps_its_term() {
        let normalization = [Operation::Multiply(array![0.0, 2.0]), Operation::Add(array![3.0, 1.0])];
        let steps =
            [dense(2), activation(Activation::Relu)].into_iter().chain(normalization).chain([dense(2)]);
        let network = network(2, steps.collect()).unwrap();
        // (1, 1) · W = (1, 5), then (3, 11), then the same weight again.
        assert_eq!(logits(&network, array![[1.0, 1.0]]), array![[11.0, 39.0]]);
    }

    #[test]
    fn a_normalization_behind_a_layer_is_a_part_of_it() {
        let steps = vec![dense(2), Operation::Divide(array![2.0, 4.0]), Operation::Add(array![1.0, -1.0])];
        let network = network(2, steps).unwrap();
        assert_eq!(logits(&network, array![[1.0, 1.0]]), array![[1.5, 0.25]]);
    }

    #[test]
    fn logistic_functions_that_are_normalized_are_one_vs_rest() {
        let steps = vec![dense(3), activation(Activation::Sigmoid), Operation::NormalizeSum];
        let network = network(2, steps).unwrap();
        assert_eq!(network.model.head(), Head::OneVsRest);
        assert!(network.notes.is_empty());
    }

    #[test]
    fn logistic_functions_that_are_not_are_one_vs_rest_with_a_note() {
        let network = network(2, vec![dense(3), activation(Activation::Sigmoid)]).unwrap();
        assert_eq!(network.model.head(), Head::OneVsRest);
        assert_eq!(network.notes.len(), 1);
    }

    #[test]
    fn one_score_is_that_of_the_second_of_two_classes() {
        let ends = [
            vec![],
            vec![activation(Activation::Sigmoid)],
            vec![activation(Activation::Sigmoid), Operation::Complement],
        ];
        for end in ends {
            let steps = [dense(1)].into_iter().chain(end).collect();
            let network = network(2, steps).unwrap();
            assert_eq!(network.model.head(), Head::Logistic);
            assert_eq!((network.model.output_size(), network.model.parameters()), (1, 3));
            let logits = logits(&network, array![[0.0, 5.0]]);
            assert_eq!(logits, array![[0.0, 5.0]]);
            // σ(5).
            let probabilities = network.model.probabilities(logits.view());
            assert!((probabilities[[0, 1]] - 0.993_307_149_075_715_3).abs() < 1e-15);
        }
    }

    #[test]
    fn mirrored_scores_are_one_output() {
        let mirrored = || Operation::Dense(array![[-1.0, 1.0], [2.0, -2.0]]);
        let bias = || Operation::Add(array![-0.5, 0.5]);
        let logistic = || activation(Activation::Sigmoid);
        for (end, notes) in
            [(vec![], 1), (vec![logistic()], 0), (vec![logistic(), Operation::NormalizeSum], 0)]
        {
            let network = network(2, [mirrored(), bias()].into_iter().chain(end).collect()).unwrap();
            assert_eq!((network.model.head(), network.model.output_size()), (Head::Logistic, 1));
            assert_eq!(network.notes.len(), notes);
            assert_eq!(logits(&network, array![[4.0, 1.0]]), array![[0.0, 2.5]]);
        }
        // softmax([-z, z]) = [σ(-2z), σ(2z)].
        let softmax = network(2, vec![mirrored(), bias(), Operation::Softmax]).unwrap();
        assert_eq!(softmax.model.head(), Head::Softmax);
        let unlike = network(2, vec![mirrored(), Operation::Add(array![0.5, 0.5]), logistic()]).unwrap();
        assert_eq!(unlike.model.head(), Head::OneVsRest);
        assert_eq!(
            network(2, vec![mirrored(), activation(Activation::Relu)]).unwrap().model.output_size(),
            2
        );
    }

    #[test]
    fn a_single_logistic_function_that_is_divided_by_itself_is_refused() {
        let steps = vec![dense(1), activation(Activation::Sigmoid), Operation::NormalizeSum];
        assert!(refused(2, steps).starts_with("is of one number"));
    }

    #[test]
    fn both_probabilities_of_two_classes_may_be_divided_by_their_sum() {
        let steps =
            vec![dense(1), activation(Activation::Sigmoid), Operation::Complement, Operation::NormalizeSum];
        assert_eq!(network(2, steps).unwrap().model.head(), Head::Logistic);
    }

    #[test]
    fn what_cannot_stand_where_it_stands_is_refused() {
        let relu = || activation(Activation::Relu);
        let factor = || Operation::Multiply(array![2.0, 3.0]);
        let cases = [
            (vec![], "has no dense layer"),
            (vec![relu()], "stands before any dense layer"),
            (vec![Operation::Softmax], "stands before any dense layer"),
            (vec![dense(2), relu(), relu()], "stands behind the activation relu"),
            (vec![dense(3), dense(2)], "has a weight for 2 inputs, but 3 come in"),
            (vec![dense(3), Operation::Add(array![1.0])], "has numbers for 1 columns, but 3 come in"),
            (vec![dense(2), Operation::Softmax, relu()], "stands behind the probabilities"),
            (vec![dense(2), relu(), factor(), Operation::Softmax], "takes scaled outputs of an activation"),
            (vec![dense(2), relu(), factor(), relu()], "stands behind the activation relu"),
            (vec![dense(2), relu(), factor()], "ends in scaled outputs of an activation"),
            (vec![dense(1), relu()], "ends in one number behind the activation relu"),
            (
                vec![dense(2), Operation::NormalizeSum],
                "makes probabilities of what are no logistic functions",
            ),
            (vec![dense(2), Operation::Complement], "makes two probabilities"),
            (vec![dense(1), Operation::Softmax], "is of one number"),
        ];
        for (steps, expected) in cases {
            let reason = refused(2, steps);
            assert!(reason.starts_with(expected), "{reason}");
        }
    }
}
