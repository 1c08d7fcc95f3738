//! Experiments that are nearly right: whatever a file or an override says, it is refused at its place or means one thing.
//!
//! The seeds are the named experiments and the files under `tests/corpus`. What the process allocates is counted, so that no
//! other tests are in the binary.

#![allow(clippy::unwrap_used)]

mod overrides;

use std::fs;
use std::path::{Path, PathBuf};

use bitsweep_experiment::config::{Change, Diagnostic, Document, Experiment};
use bitsweep_hostile::{Input, Limits, Numbers, PeakAlloc, Trial, mutate_text};

use overrides::Settings;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// 100,000 units or variants, which a short text may have, some kilobytes each, and thrice.
const LIMITS: Limits = Limits { bytes: 1 << 30, bytes_per_byte: 1024 };

/// A text of the corpus.
struct Seed {
    name: String,
    text: String,
}

/// The experiments, those of the corpus first.
fn seeds() -> Vec<Seed> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut seeds = Vec::new();
    for folder in ["tests/corpus", "../../experiments"] {
        let files = fs::read_dir(root.join(folder)).unwrap().map(|file| file.unwrap().path());
        let is_experiment = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "toml");
        let mut files: Vec<PathBuf> = files.filter(is_experiment).collect();
        files.sort();
        let seed = |path: PathBuf| Seed {
            name: path.file_name().unwrap().to_string_lossy().into_owned(),
            text: fs::read_to_string(&path).unwrap(),
        };
        seeds.extend(files.into_iter().map(seed));
    }
    seeds
}

/// The examples of the reference, which have every key.
fn examples() -> String {
    let reference = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference.md");
    let text = fs::read_to_string(reference).unwrap();
    text.split("```toml\n").skip(1).map(|rest| rest.split("```").next().unwrap_or_default()).collect()
}

/// The experiment and what its overrides change; it is the same when it is read again, and so is the text that a run leaves
/// of it.
fn parsed(read: impl Fn() -> Result<Document, Diagnostic>) -> Result<Experiment, Diagnostic> {
    let document = read()?;
    let experiment = Experiment::parse(&document)?;
    let again = Experiment::parse(&read()?)?;
    assert_same(&experiment, &again);
    let changes = document.changes()?;
    let resolved = document.resolved_text(&changes)?;
    let again = Experiment::parse(&Document::new("resolved.toml", &resolved, &[]));
    let again = again.unwrap_or_else(|error| panic!("{error}\n{resolved}"));
    assert_same(&experiment, &again);
    let text = changes.iter().map(Change::to_string).collect::<String>();
    assert_eq!(text.is_empty(), changes.is_empty());
    Ok(experiment)
}

fn assert_same(experiment: &Experiment, other: &Experiment) {
    assert_eq!(experiment.units.len(), other.units.len());
    let units = experiment.units.iter().zip(&other.units);
    units.for_each(|((unit, _), (other, _))| assert_eq!(unit, other));
    assert_eq!(experiment.variants.len(), other.variants.len());
    let variants = experiment.variants.iter().zip(&other.variants);
    variants.for_each(|((variant, _), (other, _))| assert_eq!(variant, other));
    assert_eq!(experiment.members, other.members);
}

#[test]
fn every_file_is_an_experiment_or_refused_at_its_place() {
    let (seeds, examples) = (seeds(), examples());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("input.toml");
    let read = |text: &[u8]| {
        fs::write(&path, text).unwrap();
        parsed(|| Document::read(&path, &[]))
    };
    for Seed { name, text } in &seeds {
        read(text.as_bytes()).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
    let input = |numbers: &mut Numbers| {
        let seed = numbers.of_these(&seeds);
        let other = match numbers.below(2) {
            0 => &examples,
            _ => &numbers.of_these(&seeds).text,
        };
        let mut text = seed.text.clone().into_bytes();
        mutate_text(&mut text, other.as_bytes(), numbers);
        Input { length: text.len(), content: text, made_of: seed.name.clone() }
    };
    let mut accepted: u64 = 0;
    let trial = Trial::run(3_000, LIMITS, input, |text| match read(text) {
        Ok(_) => accepted += 1,
        Err(error) => {
            let error = error.to_string();
            assert!(error.contains("input.toml"), "{error}");
        }
    });
    println!("{} seeds: {trial}; {accepted} experiments", seeds.len());
    assert!(trial.count < 1_000 || accepted > trial.count / 20, "{accepted}");
}

#[test]
fn every_override_is_taken_or_refused_at_its_place() {
    let (seeds, examples) = (seeds(), examples());
    let settings = Settings::of(seeds.iter().map(|seed| seed.text.as_str()), &examples);
    let input = |numbers: &mut Numbers| {
        let seed = numbers.of_these(&seeds);
        let overrides: Vec<String> = (0..=numbers.below(2)).map(|_| settings.one(numbers)).collect();
        let length = seed.text.len() + overrides.iter().map(String::len).sum::<usize>();
        Input { length, made_of: format!("{} and {overrides:?}", seed.name), content: (seed, overrides) }
    };
    let mut accepted: u64 = 0;
    let trial = Trial::run(3_000, LIMITS, input, |(seed, overrides)| {
        let parsed = parsed(|| Ok(Document::new(&seed.name, &seed.text, overrides)));
        match parsed {
            Ok(_) => accepted += 1,
            Err(error) => {
                let error = error.to_string();
                assert!(error.contains(&seed.name) || error.contains("--set"), "{error}");
            }
        }
    });
    println!("{} seeds: {trial}; {accepted} experiments", seeds.len());
    assert!(trial.count < 1_000 || accepted > trial.count / 20, "{accepted}");
}
