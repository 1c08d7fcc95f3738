//! Notebook 000: a two-layer perceptron on wine, NumPy's `f32` weights with `f64` inputs.

#![allow(clippy::unwrap_used)]

use bitsweep_models::{Initialization, Mlp, Precision, Trained, Training, train_mlp};
use bitsweep_random::{Generator, Stream};
use ndarray::Array2;

/// The losses that the notebook prints, of epochs 0, 10, …, 190.
const PRINTED: [f64; 20] = [
    47.7868022582481,
    0.0031307487465227204,
    0.0017780614852699924,
    0.001298985522747322,
    0.0010395265328199085,
    0.0008721869063203863,
    0.0007540463131598365,
    0.0006655551491054781,
    0.0005966229607126343,
    0.0005411552106892298,
    0.0004954622940959396,
    0.0004571125890286121,
    0.00042442829149903983,
    0.00039621811734276543,
    0.00037160832295757436,
    0.00034993862444279976,
    0.00033070528697895854,
    0.0003135132574756775,
    0.0002980508060238217,
    0.000284067189271836,
];

/// The scaled training rows and their labels; see `golden/make_wine.py`.
fn wine() -> (Array2<f64>, Vec<usize>) {
    let mut features = Vec::new();
    let mut labels = Vec::new();
    for line in include_str!("golden/wine_train.csv").lines() {
        let (row, label) = line.rsplit_once(',').unwrap();
        features.extend(row.split(',').map(|value| value.parse::<f64>().unwrap()));
        labels.push(label.parse().unwrap());
    }
    (Array2::from_shape_vec((labels.len(), 13), features).unwrap(), labels)
}

fn train(precision: Precision) -> Trained {
    let (features, labels) = wine();
    let mlp = Mlp { hidden: 100.into(), initialization: Initialization::Normal };
    let training = Training { shuffle: false, precision, ..Training::default() };
    let mut init = Stream::new(Generator::Numpy, 42, "init").unwrap();
    let mut shuffle = Stream::new(Generator::Numpy, 42, "shuffle").unwrap();
    train_mlp(features.view(), &labels, 3, &mlp, &training, &mut init, &mut shuffle).unwrap()
}

#[test]
fn mixed_precision_prints_the_notebooks_losses_to_the_last_digit() {
    let trained = train(Precision::Mixed);
    let losses: Vec<f64> = trained.curve.iter().step_by(10).map(|epoch| epoch.loss_sum).collect();
    assert_eq!(losses, PRINTED);
}

#[test]
fn single_precision_follows_the_notebooks_losses() {
    let trained = train(Precision::Single);
    for (epoch, &printed) in trained.curve.iter().step_by(10).zip(&PRINTED) {
        let difference = (epoch.loss_sum / printed - 1.0).abs();
        assert!(difference < 0.1, "{} is not near {printed}", epoch.loss_sum);
    }
}
