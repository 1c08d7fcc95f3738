//! Every number that an experiment can set is checked where it stands.

use std::fs;
use std::ops::Range;
use std::path::Path;

use bitsweep::registry::EXPERIMENTS;
use bitsweep_experiment::config::{Document, Experiment};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::harness::{planned, run};

/// Experiments that together set every number there is.
const EVERY_SETTING: [&str; 4] = ["post-training.toml", "trained.toml", "tensor.toml", "given.toml"];

/// Numbers that may be negative: those of tensors and layers.
const SIGNED: [&str; 5] = ["values", "query", "weight", "bias", "slope"];

/// Numbers that cells are held against, which may be any.
const CONDITIONS: [&str; 2] = ["where", "less"];

fn case(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/suite/cases/settings");
    fs::read_to_string(folder.join(name)).unwrap()
}

/// A number of a file: the keys that lead to it, and where it is written.
#[derive(Debug)]
struct Number {
    keys: Vec<String>,
    span: Range<usize>,
}

impl Number {
    fn has(&self, keys: &[&str]) -> bool {
        self.keys.iter().any(|key| keys.contains(&key.as_str()))
    }

    /// The file with another number in this one's place.
    fn replaced(&self, text: &str, number: &str) -> String {
        format!("{}{number}{}", &text[..self.span.start], &text[self.span.end..])
    }
}

fn numbers(text: &str) -> Vec<Number> {
    let table = DeTable::parse(text).unwrap();
    let mut found = Vec::new();
    let root = Spanned::new(table.span(), DeValue::Table(table.into_inner()));
    gather(&root, &mut Vec::new(), &mut found);
    found
}

fn gather(node: &Spanned<DeValue<'_>>, keys: &mut Vec<String>, found: &mut Vec<Number>) {
    match node.get_ref() {
        DeValue::Integer(_) | DeValue::Float(_) => {
            found.push(Number { keys: keys.clone(), span: node.span() });
        }
        DeValue::Array(elements) => elements.iter().for_each(|element| gather(element, keys, found)),
        DeValue::Table(table) => {
            for (key, value) in table {
                keys.push(key.get_ref().to_string());
                gather(value, keys, found);
                keys.pop();
            }
        }
        DeValue::String(_) | DeValue::Boolean(_) | DeValue::Datetime(_) => {}
    }
}

#[test]
fn what_is_no_finite_number_and_what_is_negative_is_refused_where_it_stands() {
    let named = EXPERIMENTS.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
    let every = EVERY_SETTING.iter().map(|name| ((*name).to_owned(), case(name)));
    let mut checked = 0;
    for (name, text) in named.chain(every) {
        for number in numbers(&text).iter().filter(|number| !number.has(&CONDITIONS)) {
            let wrong = ["nan", "inf", "-inf", "-1", "-1.5"];
            let wrong = if number.has(&SIGNED) { &wrong[..3] } else { &wrong[..] };
            for wrong in wrong {
                let keys = number.keys.join(".");
                let text = number.replaced(&text, wrong);
                let Err(diagnostic) = Experiment::parse(&Document::new("mine.toml", &text, &[])) else {
                    panic!("{name}: {keys} may be {wrong}")
                };
                // An exclusion that names the number is told before.
                if diagnostic.to_string().contains("matches no point of the grid") {
                    continue;
                }
                let line = text[..number.span.start].matches('\n').count() + 1;
                let said = diagnostic.to_string();
                // A tensor or a model may be told as a whole.
                let is_there = said.contains(&format!("--> mine.toml:{line}:")) || number.has(&SIGNED);
                assert!(is_there, "{name}: {keys} = {wrong} in line {line}: {said}");
                checked += 1;
            }
        }
    }
    assert!(checked > 1000, "{checked}");
}

#[test]
fn what_is_very_small_or_very_large_is_refused_where_it_stands_or_gives_numbers() {
    for name in EVERY_SETTING {
        let text = case(name);
        for number in numbers(&text) {
            for extreme in ["0", "1e308", "1e-320"] {
                let keys = number.keys.join(".");
                let text = number.replaced(&text, extreme);
                if let Err(failure) = planned(&text) {
                    let said = failure.to_string();
                    assert!(said.contains("--> mine.toml:"), "{name}: {keys} = {extreme}: {said}");
                    continue;
                }
                for row in run(&text).unwrap().results {
                    match row.result {
                        Err(failure) => {
                            let reason = failure.reason;
                            assert!(!reason.contains("NaN"), "{name}: {keys} = {extreme}: {reason}");
                        }
                        Ok(measures) => {
                            let is_number = measures.scores.is_none_or(|scores| scores.log_loss.is_finite());
                            assert!(is_number, "{name}: {keys} = {extreme}");
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn the_cases_of_every_setting_run() {
    for name in EVERY_SETTING {
        let rows = run(&case(name)).unwrap().results;
        let reasons = rows.iter().filter_map(|row| Some(row.result.as_ref().err()?.reason.as_str()));
        let reasons: Vec<&str> = reasons.collect();
        assert!(reasons.is_empty(), "{name}: {reasons:?}");
    }
}
