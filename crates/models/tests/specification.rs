//! What an experiment may write about models and training.

#![allow(clippy::unwrap_used)]

use bitsweep_models::{
    Adam, ClassWeights, HiddenLayers, Initialization, Logistic, Mlp, Multiclass, Optimizer, Precision, Sgd,
    SpecificationError, Training,
};
use serde::de::DeserializeOwned;

fn parse<T: DeserializeOwned>(text: &str) -> T {
    toml::from_str(text).unwrap()
}

fn refused<T: DeserializeOwned + std::fmt::Debug>(text: &str) -> String {
    toml::from_str::<T>(text).unwrap_err().to_string()
}

#[test]
fn nothing_written_means_the_defaults() {
    assert_eq!(parse::<Mlp>(""), Mlp { hidden: 100.into(), initialization: Initialization::He });
    assert_eq!(parse::<Training>(""), Training::default());
    assert_eq!(parse::<Logistic>(""), Logistic::default());
    Mlp::default().check().unwrap();
    Training::default().check().unwrap();
    Logistic::default().check().unwrap();
}

#[test]
fn every_key_can_be_written() {
    let mlp: Mlp = parse("hidden = 32\ninitialization = 'xavier'");
    assert_eq!(mlp, Mlp { hidden: 32.into(), initialization: Initialization::Xavier });
    let training: Training = parse(
        "epochs = 5\nbatch_size = 7\nlearning_rate = 1\noptimizer = { sgd = { momentum = 0.9 } }\n\
         weight_decay = 0.01\nshuffle = false\nprecision = 'mixed'\nclass_weights = 'balanced'",
    );
    let expected = Training {
        epochs: 5,
        batch_size: 7,
        learning_rate: 1.0,
        optimizer: Optimizer::Sgd(Sgd { momentum: 0.9 }),
        weight_decay: 0.01,
        shuffle: false,
        precision: Precision::Mixed,
        class_weights: ClassWeights::Balanced,
    };
    assert_eq!(training, expected);
    let logistic: Logistic = parse(
        "multiclass = 'one-vs-rest'\nc = 10\nmax_iterations = 50\ntolerance = 1e-6\nclass_weights.a = 2",
    );
    let expected = Logistic {
        multiclass: Multiclass::OneVsRest,
        c: 10.0,
        max_iterations: 50,
        tolerance: 1e-6,
        class_weights: ClassWeights::Named([("a".to_owned(), 2.0)].into()),
    };
    assert_eq!(logistic, expected);
}

#[test]
fn an_optimizer_is_a_name_or_a_table() {
    let optimizer = |text: &str| parse::<Training>(text).optimizer;
    assert_eq!(optimizer("optimizer = 'sgd'"), Optimizer::Sgd(Sgd { momentum: 0.0 }));
    assert_eq!(optimizer("optimizer = 'adam'"), Optimizer::Adam(Adam::default()));
    assert_eq!(optimizer("optimizer = { adam = {} }"), Optimizer::Adam(Adam::default()));
    let adam = Optimizer::Adam(Adam { beta1: 0.8, ..Adam::default() });
    assert_eq!(optimizer("[optimizer.adam]\nbeta1 = 0.8"), adam);
}

#[test]
fn class_weights_are_a_name_or_a_table_of_numbers_above_0() {
    let weights = |text: &str| parse::<Training>(text).class_weights;
    assert_eq!(weights("class_weights = 'none'"), ClassWeights::None);
    for (text, reason) in [
        ("class_weights = 'balance'", "unknown variant `balance`, expected `none` or `balanced`"),
        ("class_weights = 2", "expected `none`, `balanced`, or a table of the weights of classes"),
        ("class_weights = {}", "expected the weight of at least one class"),
        ("class_weights = { a = 0 }", "floating point `0.0`, expected a finite number above 0"),
        ("class_weights = { a = -1.5 }", "floating point `-1.5`, expected a finite number above 0"),
        ("class_weights = { a = nan }", "expected a finite number above 0"),
        ("class_weights = { a = inf }", "expected a finite number above 0"),
        // Both are beyond f32, in which most trainings compute.
        ("class_weights = { a = 1e39 }", "within the range of f32"),
        ("class_weights = { a = 1e-60 }", "within the range of f32"),
    ] {
        for message in [refused::<Training>(text), refused::<Logistic>(text)] {
            assert!(message.contains(reason), "{text}: {message}");
        }
    }
}

#[test]
fn no_class_weights_are_not_written_out() {
    assert!(!toml::to_string(&Training::default()).unwrap().contains("class_weights"));
    assert!(!toml::to_string(&Logistic::default()).unwrap().contains("class_weights"));
}

#[test]
fn classes_are_numbered_by_their_names() {
    let weights: ClassWeights = parse::<Training>("class_weights = { b = 3, a = 0.5 }").class_weights;
    let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
    let numbered = weights.numbered(&names(&["a", "c", "b"])).unwrap();
    assert_eq!(numbered, ClassWeights::Numbered(vec![0.5, 1.0, 3.0]));
    let unknown = weights.numbered(&names(&["a", "c"])).unwrap_err();
    assert_eq!(unknown.to_string(), "there is no class `b`");
    for other in [ClassWeights::None, ClassWeights::Balanced, numbered] {
        assert_eq!(other.numbered(&names(&["a", "b"])).unwrap(), other);
    }
}

#[test]
fn what_is_written_out_reads_back() {
    for (optimizer, class_weights) in [
        (Optimizer::default(), ClassWeights::Balanced),
        (
            Optimizer::Adam(Adam { epsilon: 1e-7, ..Adam::default() }),
            ClassWeights::Named([("a class".to_owned(), 0.5)].into()),
        ),
    ] {
        let training =
            Training { optimizer, class_weights, precision: Precision::Mixed, ..Training::default() };
        assert_eq!(parse::<Training>(&toml::to_string(&training).unwrap()), training);
        let json = serde_json::to_string(&training).unwrap();
        assert_eq!(serde_json::from_str::<Training>(&json).unwrap(), training);
    }
}

#[test]
fn hidden_layers_are_a_number_or_a_list() {
    for (text, units) in
        [("hidden = 7", vec![7]), ("hidden = [7]", vec![7]), ("hidden = [64, 32]", vec![64, 32])]
    {
        assert_eq!(parse::<Mlp>(text).hidden.units(), units);
    }
    let json = |units: Vec<usize>| serde_json::to_string(&HiddenLayers::from(units)).unwrap();
    assert_eq!((json(vec![7]), json(vec![64, 32])), ("7".to_owned(), "[64,32]".to_owned()));
    let expected = "expected a number of units, or a list of them";
    assert!(refused::<Mlp>("hidden = 'many'").contains(expected));
    assert!(refused::<Mlp>("hidden = -1").contains(expected));
    assert!(refused::<Mlp>("hidden = [4, -1]").contains("line 1, column 14"));
}

#[test]
fn strays_are_refused_where_they_stand() {
    assert!(refused::<Mlp>("hiden = 3").contains("unknown field `hiden`"));
    assert!(refused::<Training>("epochs = -1").contains("line 1, column 10"));
    assert!(refused::<Training>("precision = 'double'").contains("unknown variant `double`"));
    assert!(
        refused::<Training>("optimizer = 'adm'").contains("unknown variant `adm`, expected `sgd` or `adam`")
    );
    assert!(refused::<Training>("optimizer = { adm = {} }").contains("unknown variant `adm`"));
    assert!(refused::<Training>("optimizer = { sgd = { beta1 = 1 } }").contains("unknown field `beta1`"));
    assert!(
        refused::<Training>("optimizer = { sgd = {}, adam = {} }")
            .contains("expected `sgd`, `adam`, or a table")
    );
    assert!(refused::<Training>("optimizer = {}").contains("expected `sgd`, `adam`, or a table"));
    assert!(refused::<Training>("optimizer = 3").contains("expected `sgd`, `adam`, or a table"));
    assert!(refused::<Logistic>("multiclass = 'ovr'").contains("unknown variant `ovr`"));
}

#[test]
fn what_means_nothing_is_refused_with_a_sentence() {
    let sentence = |check: Result<(), SpecificationError>| check.unwrap_err().to_string();
    let training = Training::default;
    assert_eq!(
        sentence(Training { batch_size: 0, ..training() }.check()),
        "batch_size is `0`: expected at least 1 row"
    );
    for learning_rate in [0.0, -0.1, f64::NAN, f64::INFINITY] {
        let text = sentence(Training { learning_rate, ..training() }.check());
        assert_eq!(text, format!("learning_rate is `{learning_rate:?}`: expected a finite number above 0"));
    }
    for weight_decay in [-1e-9, f64::NAN, f64::INFINITY] {
        let text = sentence(Training { weight_decay, ..training() }.check());
        assert_eq!(text, format!("weight_decay is `{weight_decay:?}`: expected a finite number, 0 or above"));
    }
    for momentum in [-0.1, 1.0, f64::NAN] {
        let optimizer = Optimizer::Sgd(Sgd { momentum });
        let text = sentence(Training { optimizer, ..training() }.check());
        assert_eq!(text, format!("momentum is `{momentum:?}`: expected a number from 0 to below 1"));
    }
    let adam = |adam: Adam| sentence(Optimizer::Adam(adam).check());
    let beta = "expected a number from 0 to below 1";
    assert_eq!(adam(Adam { beta1: 1.0, ..Adam::default() }), format!("beta1 is `1.0`: {beta}"));
    assert_eq!(adam(Adam { beta2: -1.0, ..Adam::default() }), format!("beta2 is `-1.0`: {beta}"));
    let text = adam(Adam { epsilon: 0.0, ..Adam::default() });
    assert_eq!(text, "epsilon is `0.0`: expected a number from 1e-12 to 1");
    let hidden = |units: Vec<usize>| sentence(Mlp { hidden: units.into(), ..Mlp::default() }.check());
    let units = "expected a number of units from 1 to 65536";
    assert_eq!(hidden(vec![Mlp::MAX_HIDDEN + 1]), format!("hidden is `65537`: {units}"));
    assert_eq!(hidden(vec![8, 0]), format!("hidden is `0`: {units}"));
    assert_eq!(hidden(vec![]), "hidden is `[]`: expected from 1 to 16 hidden layers");
    assert!(hidden(vec![1; 17]).ends_with("1]`: expected from 1 to 16 hidden layers"));
    for logistic in [
        Logistic { c: 0.0, ..Logistic::default() },
        Logistic { tolerance: f64::NAN, ..Logistic::default() },
        Logistic { max_iterations: 0, ..Logistic::default() },
        Logistic { max_iterations: Logistic::MAX_ITERATIONS + 1, ..Logistic::default() },
    ] {
        assert!(logistic.check().is_err(), "{logistic:?}");
    }
}
