//! Tables that are nearly right: whatever the bytes and however they are said to be written, a file is refused by its name or
//! gives the same rows twice.
//!
//! The seeds are the files of the other tests and those under `tests/corpus`. The test is alone in its binary, for what the
//! process allocates is counted.

#![allow(clippy::unwrap_used)]

mod sources;

use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use bitsweep_datasets::{
    ColumnKind, Dataset, Division, Holdout, PartSize, Rows, Scaling, SplitStreams, TableSource, encode, fit,
    holdout,
};
use bitsweep_hostile::{Input, Limits, Numbers, PeakAlloc, Trial, mutate, mutate_text};
use bitsweep_random::Generator;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// What a file may have, packed or unpacked: a thousand times what the seeds have.
const MOST_BYTES: u64 = 4 << 20;

/// A file of the most bytes as columns and features, some times over.
const LIMITS: Limits = Limits { bytes: 256 << 20, bytes_per_byte: 1024 };

/// A file of the corpus.
struct Seed {
    name: String,
    bytes: Vec<u8>,
    is_text: bool,
}

/// The files that are tables, in the order of their names.
fn seeds() -> Vec<Seed> {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let files = ["corpus", "files"].into_iter().flat_map(|folder| fs::read_dir(tests.join(folder)).unwrap());
    let mut files: Vec<PathBuf> = files.map(|file| file.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension != "py"));
    files.sort();
    let seed = |path: PathBuf| {
        let bytes = fs::read(&path).unwrap();
        let is_text = !bytes.starts_with(b"PAR1") && !bytes.starts_with(&[0x1f, 0x8b]);
        Seed { name: path.file_name().unwrap().to_string_lossy().into_owned(), bytes, is_text }
    };
    files.into_iter().map(seed).collect()
}

/// A seed with changes, packed ones within.
fn changed(seed: &Seed, other: &Seed, numbers: &mut Numbers) -> Vec<u8> {
    let mut bytes = seed.bytes.clone();
    if seed.is_text {
        mutate_text(&mut bytes, &other.bytes, numbers);
        return bytes;
    }
    if bytes.starts_with(&[0x1f, 0x8b]) && numbers.below(4) > 0 {
        let mut unpacked = Vec::new();
        GzDecoder::new(bytes.as_slice()).read_to_end(&mut unpacked).unwrap();
        mutate(&mut unpacked, &other.bytes, numbers);
        let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
        packed.write_all(&unpacked).unwrap();
        return packed.finish().unwrap();
    }
    mutate(&mut bytes, &other.bytes, numbers);
    bytes
}

/// Reads the file; what was read is encoded, split and scaled.
fn read(source: &TableSource, folder: &Path) -> Result<Dataset, String> {
    let read = || source.read(folder, MOST_BYTES).map_err(|error| error.to_string());
    let dataset = read()?;
    let again = read().unwrap();
    assert_eq!(dataset.hash, again.hash);
    assert_eq!((&dataset.file, &dataset.notes), (&again.file, &again.notes));
    assert_eq!((dataset.columns.len(), dataset.labels.len()), (dataset.values.ncols(), dataset.rows()));
    assert!(dataset.labels.iter().all(|label| *label < dataset.classes()));
    dataset.notes.iter().for_each(|note| drop(note.to_string()));
    let rule = Holdout::plain(PartSize::Fraction(0.25));
    let split = match &dataset.division {
        Division::Given(split) => Some(split.clone()),
        Division::Free | Division::Groups(_) => {
            let mut streams = SplitStreams::new(Generator::Modern, 0, 0).unwrap();
            holdout(&dataset.labels, dataset.classes(), &rule, &mut streams).ok()
        }
    };
    if let Some(split) = split
        && let Ok(encoder) = encode(&dataset, &split.train)
    {
        let train = encoder.apply(&dataset, &split.train);
        assert!(train.iter().all(|value| value.is_finite()));
        if let Ok(scaler) = fit(&Scaling::Standard, train.view()) {
            let _ = scaler.apply(encoder.apply(&dataset, &split.test).view());
        }
    }
    Ok(dataset)
}

/// Reads the columns of the dataset as those that a model takes.
fn read_rows(dataset: &Dataset, source: &TableSource, path: &Path) -> Option<usize> {
    let is_text = |kind: &ColumnKind| !matches!(kind, ColumnKind::Number);
    let columns = dataset.columns.iter().map(|column| (column.name.as_str(), is_text(&column.kind)));
    let rows = match Rows::read(path, columns, Some(&source.target), MOST_BYTES) {
        Ok(rows) => rows,
        Err(error) => {
            let error = error.to_string();
            assert!(error.contains("input"), "{error}");
            return None;
        }
    };
    for row in 0..rows.count() {
        assert!(rows.place_of(row).contains("input"));
    }
    let _ = rows.labels(&dataset.class_names);
    Some(rows.count())
}

#[test]
fn every_table_is_read_or_refused_in_little_memory() {
    let seeds = seeds();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("input.csv");
    let input = |numbers: &mut Numbers| {
        // As many of Parquet as of text.
        let is_text = numbers.below(2) == 0;
        let own: Vec<&Seed> = seeds.iter().filter(|seed| seed.is_text == is_text).collect();
        let (seed, other) = (*numbers.of_these(&own), *numbers.of_these(&own));
        let bytes = changed(seed, other, numbers);
        let second = (numbers.below(16) == 0).then(|| changed(seed, other, numbers));
        let source = sources::one(second.is_some(), numbers);
        let length = bytes.len() + second.as_ref().map_or(0, Vec::len);
        Input { length, made_of: format!("{} and {source:?}", seed.name), content: (source, bytes, second) }
    };
    let (mut tables, mut rows) = (0_u64, 0_u64);
    let trial = Trial::run(5_000, LIMITS, input, |(source, bytes, second)| {
        fs::write(&path, bytes).unwrap();
        if let Some(second) = second {
            fs::write(folder.path().join("input2.csv"), second).unwrap();
        }
        match read(source, folder.path()) {
            Ok(dataset) => {
                tables += 1;
                rows += u64::from(read_rows(&dataset, source, &path).is_some());
            }
            Err(error) => assert!(error.contains("`input"), "{error}"),
        }
    });
    println!("{} seeds: {trial}; {tables} tables, {rows} read as rows for a model", seeds.len());
    assert!(
        trial.count < 1_000 || (tables > trial.count / 50 && rows > trial.count / 50),
        "{tables}, {rows}"
    );
}
