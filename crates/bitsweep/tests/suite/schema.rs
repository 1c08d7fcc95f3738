//! The JSON Schema, held to the parser.

use bitsweep::registry::EXPERIMENTS;
use bitsweep_experiment::config::{Document, Experiment};

use crate::harness::{Sandbox, printed};
use crate::json_schema::validate;

fn parse(text: &str) -> Result<Experiment, String> {
    Experiment::parse(&Document::new("mine.toml", text, &[])).map_err(|error| error.to_string())
}

#[test]
fn every_named_experiment_is_as_the_schema_wants_it() {
    for (name, text) in EXPERIMENTS {
        validate(text).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
}

const RIGHT: &str = "title = 't'\nseed = [1, 2]\ndata = { source = 'wine', scale = { divide = 2 } }\n\
    split.holdout.test = 0.2\nmodel.mlp.hidden = [8, [8, 4]]\ntrain = { epochs = 2, optimizer = 'adam' }\n\
    [quantize]\nmethod = { gptq = { damp = 0.1 } }\nweights.bits = [8, 4]\nweights.granularity = ['row', 'tensor']\n\
    layers.W2.bits = 8\n";

/// A line of the right file, and what makes it wrong.
const WRONG: [(&str, &str); 27] = [
    ("title = 't'", "titel = 't'"),
    ("title = 't'", "title = 1"),
    ("title = 't'", "title = 't'\npick.margin = 2"),
    ("title = 't'", "title = 't'\npick.confidence = 1.0"),
    ("title = 't'", "title = 't'\npick.confidence = [0.9, 0.95]"),
    ("title = 't'", "title = 't'\npick.metric = 'f1'"),
    ("title = 't'", "title = 't'\nzip = [['seed']]"),
    ("title = 't'", "title = 't'\nexclude = [{}]"),
    ("title = 't'", "title = 't'\nfinding = [{ says = 's', evidence = [] }]"),
    ("title = 't'", "title = 't'\nreproduce = [{ column = 'sse', value = '1', decimals = 33 }]"),
    ("seed = [1, 2]", "seed = -1"),
    ("seed = [1, 2]", "seed = []"),
    ("seed = [1, 2]", "seed = [1, 1]"),
    ("seed = [1, 2]", "seed = [[1, 2]]"),
    ("'wine'", "'beer'"),
    ("'wine'", "{ csv = { path = 'x.csv' } }"),
    ("divide = 2", "divide = 0"),
    ("test = 0.2", "test = 0"),
    ("hidden = [8, [8, 4]]", "hidden = [8, [8, 0]]"),
    ("epochs = 2", "epochs = 0"),
    ("epochs = 2", "epoch = 2"),
    ("'adam'", "{ adam = { beta1 = 1 } }"),
    ("damp = 0.1", "damp = 1.1"),
    ("gptq = { damp = 0.1 }", "nearest = {}"),
    ("bits = [8, 4]", "bits = [8, 17]"),
    ("'row'", "'rows'"),
    ("layers.W2", "layers.W0"),
];

#[test]
fn what_is_wrong_is_refused_by_the_schema_as_it_is_by_the_program() {
    assert_eq!((validate(RIGHT), parse(RIGHT).map(|_experiment| ())), (Ok(()), Ok(())));
    for (right, wrong) in WRONG {
        let text = RIGHT.replacen(right, wrong, 1);
        assert_ne!(text, RIGHT, "{right} is not there");
        assert!(parse(&text).is_err(), "the program takes {wrong}");
        assert!(validate(&text).is_err(), "the schema takes {wrong}");
    }
}

#[test]
fn every_example_of_the_reference_is_as_the_schema_wants_it() {
    let reference = printed(&Sandbox::new().succeeds(&["reference"]));
    let examples: Vec<&str> =
        reference.split("```toml\n").skip(1).map(|rest| rest.split_once("```").unwrap().0).collect();
    assert!(examples.len() > 30, "{}", examples.len());
    for example in examples {
        // What an experiment needs beside what the example is about.
        let mut text = String::new();
        let has = |key: &str| example.lines().any(|line| line.starts_with(key));
        if !has("title") {
            text += "title = 't'\n";
        }
        if has("[reproduce.per]") {
            text += "[[reproduce]]\nvalue = '1'\ncolumn = 'sse'\n";
        }
        if has("[[model.file.layers]]") {
            text += "[model.file]\npath = 'model.npz'\n";
        }
        text += example;
        if has("[quantize.activations.range.moving-average]") {
            text += "[quantize.activations]\nbits = 8\nmode = 'static'\n";
        }
        if !has("[quantize]") && !has("[quantize.weights]") && !has("quantize.weights") {
            text += "[quantize.weights]\n";
        }
        validate(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    }
}
