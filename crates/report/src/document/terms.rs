//! The words of the report, one sentence each.

use bitsweep_results::Summary;

use super::block::{Block, Span};

/// Terms of every report.
const QUANTIZATION: [(&str, &str); 9] = [
    ("Code", "the small whole number stored in place of a value; b bits allow 2^b different codes."),
    (
        "Scale",
        "the distance between two neighbouring levels: a value is divided by it and rounded to get its code, and a code is multiplied by it to get a value back.",
    ),
    (
        "Zero point",
        "the code that stands for zero; symmetric schemes have none, asymmetric ones use it to spend their codes on the range that the values really have.",
    ),
    (
        "Granularity",
        "how many values share one scale: a whole tensor, a channel or a group; fewer share better, but every scale takes bytes.",
    ),
    (
        "Input and output channel",
        "the weights that belong to one input, or to one output, of a layer; in a weight stored as (in, out) they are its rows and its columns, and were called row and column.",
    ),
    (
        "SSE and MSE",
        "the sum and the mean of the squared differences between values and reconstructions, in the units of the float model: a transform is undone. tensors.csv has them in the units that were quantized; notebook 000 calls that sum MSE.",
    ),
    (
        "SQNR",
        "signal-to-quantization-noise ratio: the mean square of the values over the mean square of their errors, in decibels; a bit more adds about 6 dB.",
    ),
    (
        "Payload bytes",
        "the notebooks' count: the codes, and the biases where they stay float; scales, zero points, codebooks and padding are left out.",
    ),
    (
        "All bytes",
        "everything that has to be stored to use the values again: codes, scales, zero points, codebooks, biases, what features are scaled by, outliers and the padding of each tensor's last byte.",
    ),
];

/// Terms of reports with quantized activations.
const ACTIVATIONS: [(&str, &str); 2] = [
    (
        "W8A4",
        "8 bits for a weight and 4 for an activation, that is an input of a layer, the features included; where no A is named they stay float.",
    ),
    (
        "Static and dynamic",
        "the range of activations is found once, on calibration rows taken from the training rows, or anew in the rows at hand, for each batch or each row.",
    ),
];

/// Terms of reports with a model.
const SCORES: [(&str, &str); 13] = [
    (
        "F1",
        "the harmonic mean of precision (how many of the rows given to a class belong to it) and recall (how many of its rows were found).",
    ),
    (
        "Macro-F1",
        "the plain mean of the F1 of the classes that have test rows, so that a small class counts as much as a large one; the classes are the same for all variants of a run.",
    ),
    (
        "95 % interval",
        "in brackets: the range of scores that the model may well have on new data, given how few test rows there are; of a mean over runs also given how much runs differ.",
    ),
    (
        "Spread",
        "the sample standard deviation over runs: how far one run lies from another, and no error of the mean.",
    ),
    (
        "Loss, and at most",
        "the float model's score less the variant's on the same test rows, and the bound below which the real loss lies with the confidence beside it: over the rows of one run, or over rows and runs.",
    ),
    (
        "Confirmed, likely, worse, undecided",
        "the loss is shown to be within the margin, with all candidates tested together (Holm) or for this variant alone; it is shown to be above; or neither, and about so many test rows would decide if the loss is what it seems.",
    ),
    (
        "Majority class",
        "the most frequent class of the training rows, predicted for every row: what a model has to beat to have learned anything.",
    ),
    ("Beaten by", "the best variant that is no larger and loses no more, and one of the two strictly."),
    (
        "On the front",
        "in how many bootstraps of the test rows no other variant is both smaller and better, by the metric of the picks.",
    ),
    ("Lost and gained", "test rows that the float model has right and the variant wrong, and the reverse."),
    (
        "p",
        "the probability of a difference in macro-F1 at least this large if the predictions of variant and float model were exchanged at random, row by row (paired permutation test); below 0.05 they count as told apart.",
    ),
    (
        "Agreement",
        "the fraction of test rows on which variant and float model predict the same class, right or wrong.",
    ),
    (
        "Pareto front",
        "the variants that no other beats in both size and score: whoever wants a better score than theirs has to pay bytes.",
    ),
];

/// Terms of reports in which probabilities are held against the float model's.
const PROBABILITIES: [(&str, &str); 5] = [
    (
        "Brier score",
        "the squared distance of the probabilities from 1 for the true class and 0 for the others, a mean over the test rows: 0 is best, 2 is worst.",
    ),
    (
        "Calibration error",
        "how far the probability of the predicted class is from how often it is right, less what chance alone makes of it.",
    ),
    (
        "KL to float",
        "the Kullback–Leibler divergence of the variant's probabilities from the float model's, in nats: its mean over the test rows, and the value that 99 % of them do not exceed.",
    ),
    ("RMS change", "the root mean square of the change of the true class's probability against float."),
    (
        "Margin change",
        "the mean change of the probability by which the float model's class leads the next one: below 0 the variant is less sure of it.",
    ),
];

pub(super) fn blocks(summary: &Summary) -> Vec<Block> {
    if summary.comparisons.is_empty() {
        return Vec::new();
    }
    let scored = summary.comparisons.iter().any(|comparison| comparison.has_scores());
    let scores: &[(&str, &str)] = if scored { &SCORES } else { &[] };
    let mut variants = summary.comparisons.iter().flat_map(|comparison| &comparison.variants);
    let has_divergence = variants
        .clone()
        .any(|variant| variant.scores.as_ref().is_some_and(|scores| scores.divergence.is_some()));
    let probabilities: &[(&str, &str)] = if has_divergence { &PROBABILITIES } else { &[] };
    let has_activations = variants.any(|variant| variant.activation_bits().is_some());
    let activations: &[(&str, &str)] = if has_activations { &ACTIVATIONS } else { &[] };
    let points = scores
        .iter()
        .chain(probabilities)
        .chain(&QUANTIZATION)
        .chain(activations)
        .map(|(term, meaning)| vec![Span::Strong((*term).to_owned()), Span::Plain(format!(": {meaning}"))])
        .collect();
    vec![Block::Heading(2, "Terms".to_owned()), Block::List(points)]
}
