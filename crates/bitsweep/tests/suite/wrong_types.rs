//! Whatever stands at a key, the answer is in words of TOML, and at its place.

use bitsweep::plan::Plan;
use bitsweep_experiment::config::Document;

use crate::json_schema::validate;

const COMMON: &str = "title = 't'\ndescription = 'd'\nnotebook = 'n'\nseed = 1\nrng = 'numpy'\n\
    pick.margin = 0.01\npick.memory_margin = 0.1\nrecord.predictions = true\nrecord.tensors = true\n\
    record.values = false\nrecord.sensitivity = false\n";
const WINE: &str = "data.source = 'wine'\ndata.scale = { divide = 2.0 }\nsplit.holdout.test = 0.2\n\
    split.holdout.stratified = true\n";
const CSV: &str = "data.source.csv.path = 'tests/suite/cases/number-classes.csv'\ndata.source.csv.target = 'y'\n\
    data.source.csv.header = true\ndata.source.csv.separator = ','\ndata.source.csv.class_names = ['a', 'b', 'c']\n\
    data.source.csv.drop = ['a']\nsplit.holdout.test = 3\n";
const MLP: &str = "model.mlp.hidden = 4\nmodel.mlp.initialization = 'he'\ntrain.epochs = 2\ntrain.batch_size = 4\n\
    train.learning_rate = 0.1\ntrain.weight_decay = 0.0\ntrain.precision = 'single'\n\
    train.class_weights = { class_0 = 2.0 }\n\
    train.optimizer = { adam = { beta1 = 0.9, beta2 = 0.99, epsilon = 1e-8 } }\n";
const LOGISTIC: &str = "model.logistic.c = 1.0\nmodel.logistic.tolerance = 1e-4\n\
    model.logistic.max_iterations = 100\nmodel.logistic.multiclass = 'multinomial'\n\
    model.logistic.class_weights = 'balanced'\n";
const GIVEN: &str = "model.given.layers = [{ weight = [[1.0, 0.5, 0.1], [1.0, 0.5, 0.1]], bias = [0.0, 0.0, 0.0], \
    activation = 'identity' }]\nmodel.given.head = 'softmax'\n";
const TENSOR: &str = "tensor.name = 't'\ntensor.values = [[1.0, 2.0], [3.0, 4.0]]\ntensor.dtype = 'f32'\n\
    tensor.query = [1.0, 2.0]\n";
const CODEBOOK: &str = "quantize.weights.format = { pq = { subvectors = 2, centroids = 2 } }\n\
    quantize.weights.codebook_format = 'float'\n";
const PLAIN: &str = "quantize.name = 'x'\nquantize.transform = { smooth = { alpha = 0.5 } }\n\
    quantize.biases = 'keep'\nquantize.method = 'nearest'\nquantize.bias_correction = 'none'\n\
    quantize.calibration.rows = 10\nquantize.weights.bits = 4\nquantize.weights.symmetry = 'asymmetric'\n\
    quantize.weights.zero_point = 'integer'\nquantize.weights.granularity = { group = 2 }\n\
    quantize.weights.rounding = 'nearest-even'\nquantize.weights.range = { percentile = 99.0 }\n\
    quantize.weights.outliers = { percent = 1.0 }\nquantize.layers.W1.bits = 5\n\
    quantize.activations = { bits = 8, mode = 'static', range = { moving-average = { momentum = 0.1, batch = 16 } } }\n";
const MIXED: &str = "quantize.weights.symmetry = 'symmetric'\nquantize.mixed.bits = [2, 4]\n\
    quantize.mixed.budget = { bytes = 1000 }\nquantize.mixed.objective = 'output-error'\n";
const TRAINED: &str = "quantize.weights.format = 'wrpn'\nquantize.weights.bits = 3\n\
    quantize.training.method = { wrpn = { activations = 4, widening = 2 } }\nquantize.training.start = 'scratch'\n\
    quantize.training.epochs = 2\nquantize.training.learning_rate = 0.1\n";
const PACT: &str = "quantize.weights.bits = 3\n\
    quantize.training.method = { pact = { activations = 4, clip = 1.0, decay = 0.1 } }\n";
const ADAROUND: &str = "quantize.method = { adaround = { iterations = 10, learning_rate = 0.1 } }\n\
    quantize.weights.bits = 3\n";
const REPRODUCE: &str = "[[reproduce]]\nwhat = 'w'\nvalue = '1'\ntable = 'results'\ncolumn = 'sse'\n\
    where = { variant = 0 }\neach_rounded_to = 2\naggregate = 'mean'\ndecimals = 2\n\
    per = { column = 'float_bytes', unit = 1024.0, decimals = 2 }\nnote = 'n'\n";
const AXES: &str = "exclude = [{ 'train.epochs' = 4, seed = 1 }]\nzip = [['seed', 'quantize.weights.bits']]\n\
    title = 't'\nseed = [1, 2]\ndata.source = 'wine'\nsplit.holdout.test = 9\nmodel.mlp.hidden = 4\n\
    train.epochs = [3, 4]\ntrain.batch_size = 3\ntrain.learning_rate = 0.1\nquantize.weights.bits = [4, 5]\n";

const WRONG: [&str; 20] = [
    "true",
    "-1",
    "0",
    "1.5",
    "9223372036854775807",
    "99999999999999999999",
    "1e30",
    "1e400",
    "nan",
    "'word'",
    "''",
    "[]",
    "[[]]",
    "[1, 2]",
    "['a']",
    "{}",
    "{ x = 1 }",
    "{ adam = 3 }",
    "{ a = 1, b = 2 }",
    "1979-05-27",
];

/// Words of Rust and of serde that are none of TOML.
const FOREIGN: [&str; 38] = [
    "usize",
    "isize",
    "u8",
    "u16",
    "u32",
    "u64",
    "u128",
    "i8",
    "i16",
    "i32",
    "i64",
    "i128",
    "struct",
    "enum",
    "newtype",
    "unit value",
    "unit variant",
    "unknown variant",
    "sequence",
    "expected a map",
    "floating point",
    "borrowed",
    "expected f32",
    "expected f64",
    "bool",
    "str",
    "char",
    "map",
    "tuple",
    "Option",
    "Some",
    "None",
    "visitor",
    "identifier",
    "variant index",
    "deserialize",
    "invalid type",
    "did you mean ``",
];

/// `line` with each of its values, and each number or word within them, replaced by `wrong`.
fn changed(line: &str, wrong: &str) -> Vec<String> {
    let Some((key, value)) = line.split_once(" = ") else { return Vec::new() };
    let mut lines = vec![format!("{key} = {wrong}")];
    let mut start = 0;
    let ends = |character: char| " ,[]{}=".contains(character);
    for word in value.split_inclusive(ends) {
        let bare = word.trim_end_matches(ends);
        let is_value = bare.starts_with(|first: char| first.is_ascii_digit() || "'\"".contains(first));
        if is_value {
            let end = start + bare.len();
            lines.push(format!("{key} = {}{wrong}{}", &value[..start], &value[end..]));
        }
        start += word.len();
    }
    lines
}

fn is_word_of(message: &str, foreign: &str) -> bool {
    let is_letter = |character: Option<char>| character.is_some_and(char::is_alphanumeric);
    message.match_indices(foreign).any(|(start, _)| {
        let after = message[start + foreign.len()..].chars().next();
        !is_letter(message[..start].chars().next_back()) && !is_letter(after)
    })
}

#[test]
fn a_name_where_settings_are_needed_is_refused_as_a_name_alone() {
    for (right, wrong, said) in [
        (
            "quantize.weights.bits = 4",
            "quantize.weights.format = 'pq'",
            "found a name alone, expected a table",
        ),
        ("quantize.method = 'nearest'", "quantize.method = {}", "found nothing, expected a method's name"),
    ] {
        let text = [COMMON, WINE, MLP, PLAIN].concat().replace(right, wrong);
        let error = Plan::new("mine", &Document::new("mine.toml", &text, &[])).unwrap_err().to_string();
        assert!(error.starts_with(said) && error.contains("--> mine.toml:"), "{wrong}: {error}");
    }
}

#[test]
fn a_wrong_value_at_any_key_is_refused_in_words_of_toml_at_its_place() {
    let experiments = [
        [COMMON, WINE, MLP, PLAIN, REPRODUCE].concat(),
        [COMMON, CSV, LOGISTIC, CODEBOOK].concat(),
        [COMMON, CSV, GIVEN, ADAROUND].concat(),
        [COMMON, WINE, MLP, MIXED].concat(),
        [COMMON, WINE, MLP, TRAINED].concat(),
        [COMMON, WINE, MLP, PACT].concat(),
        [COMMON, TENSOR, CODEBOOK].concat(),
        AXES.to_owned(),
    ];
    let mut refused = 0;
    for text in experiments {
        let keys = text.lines().collect();
        refused += refuse_wrong_values("mine.toml", &text, keys);
    }
    assert!(refused > 2_000, "{refused}");
}

#[test]
fn a_wrong_value_at_any_key_of_the_named_experiments_is_refused_in_words_of_toml_at_its_place() {
    let mut seen = std::collections::BTreeSet::new();
    let mut refused = 0;
    for (name, text) in bitsweep::registry::EXPERIMENTS {
        let is_new = |line: &&str| line.split_once(" = ").is_some_and(|(key, _)| seen.insert(key.to_owned()));
        let lines = text.lines().filter(is_new).collect();
        refused += refuse_wrong_values(&format!("experiments/{name}.toml"), text, lines);
    }
    assert!(refused > 1_000, "{refused}");
}

/// Puts every wrong value at every value of these lines; how many are refused.
fn refuse_wrong_values(name: &str, text: &str, lines: Vec<&str>) -> usize {
    let planned = |text: &str| Plan::new("mine", &Document::new(name, text, &[]));
    assert!(planned(text).is_ok(), "{}\n{text}", planned(text).unwrap_err());
    let mut refused = 0;
    for line in lines {
        for other in WRONG.iter().flat_map(|wrong| changed(line, wrong)) {
            let changed = text.replacen(line, &other, 1);
            let Err(failure) = planned(&changed) else {
                // A list in the place of a table is read by position, which the schema does not know.
                let is_list = WRONG.iter().any(|wrong| wrong.starts_with('[') && other.ends_with(wrong));
                assert_eq!(validate(&changed).err().filter(|_| !is_list), None, "the schema refuses {other}");
                continue;
            };
            let message = failure.to_string();
            assert!(message.contains(&format!("--> {name}:")), "{other}: {message}");
            let said = message.lines().next().unwrap();
            let foreign: Vec<_> = FOREIGN.iter().filter(|word| is_word_of(said, word)).collect();
            assert!(foreign.is_empty(), "{other}: {foreign:?} in: {message}");
            refused += 1;
        }
    }
    refused
}
