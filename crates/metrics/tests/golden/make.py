#!/usr/bin/env python3
"""Writes golden.json: what scikit-learn, SciPy and NumPy say of random labels, for the tests of this crate.

Made with Python 3, NumPy 2.2.4, scikit-learn 1.6.1, SciPy 1.17.1:

    python3 make.py > golden.json
"""

import itertools
import json
import sys
import warnings

import numpy as np
from scipy import stats
from sklearn import metrics

warnings.simplefilter("ignore")
random = np.random.default_rng(20240607)
# Numeric derivatives add less than this to a class without samples.
SOME = 1e-5


def labels(samples, classes, used, right):
    """True and predicted labels from the first `used` of the shuffled classes; `right` of them are right on average."""
    pool = random.permutation(classes)[:used]
    weights = random.dirichlet(np.ones(used))
    truth = random.choice(pool, size=samples, p=weights)
    guess = random.choice(pool, size=samples)
    return truth, np.where(random.random(samples) < right, truth, guess)


def report(samples, classes, used, right):
    truth, predicted = labels(samples, classes, used, right)
    return describe(truth, predicted, classes)


def describe(truth, predicted, classes):
    truth, predicted = np.asarray(truth), np.asarray(predicted)
    present = np.unique(truth)
    *scores, support = metrics.precision_recall_fscore_support(
        truth, predicted, labels=range(classes), zero_division=0
    )
    # In thousandths, so that some are 0 and some 1: those are clipped.
    probabilities = random.multinomial(1000, random.dirichlet(np.full(classes, 0.3), size=len(truth))) / 1000
    return {
        "classes": classes,
        "truth": truth.tolist(),
        "predicted": predicted.tolist(),
        "counts": metrics.confusion_matrix(truth, predicted, labels=range(classes)).tolist() if classes <= 12 else None,
        "present": present.tolist(),
        "scores": [column.astype(float).tolist() for column in scores],
        "support": support.astype(int).tolist(),
        "accuracy": metrics.accuracy_score(truth, predicted),
        "macro_f1": metrics.f1_score(truth, predicted, average="macro", labels=present),
        "probabilities": probabilities.tolist() if classes <= 12 else None,
        "log_loss": metrics.log_loss(truth, probabilities, labels=range(classes)) if classes <= 12 else None,
    }


def macro_f1(counts):
    """Macro-F1 of a matrix of counts (not necessarily whole), over the classes that have samples."""
    present = counts.sum(1) > SOME
    size = counts.sum(0) + counts.sum(1)
    return (2 * np.diag(counts)[present] / size[present]).mean()


def gradient(counts, function, step=1e-4):
    """Central differences, cell by cell."""
    slopes = np.zeros_like(counts)
    for cell in np.ndindex(*counts.shape):
        shift = np.zeros_like(counts)
        shift[cell] = step
        slopes[cell] = (function(counts + shift) - function(counts - shift)) / (2 * step)
    return slopes


def takahashi(counts):
    """Delta-method standard error of macro-F1 under multinomial sampling, from numeric derivatives."""
    counts = np.asarray(counts, float)
    samples = counts.sum()
    slopes = gradient(counts / samples, macro_f1, 1e-6)
    share = counts / samples
    return float(np.sqrt(((share * slopes**2).sum() - (share * slopes).sum() ** 2) / samples))


def effective_samples(counts):
    """The effective sample size of `macro_f1_interval`, with matrix products instead of loops."""
    counts = np.asarray(counts, float)
    present = counts.sum(1) > 0
    # Samples predicted as a class without samples are in the rows, but in no column.
    stray = counts[present][:, ~present].sum(1)
    counts = counts[np.ix_(present, present)]
    classes = len(counts)
    size = counts.sum(0) + counts.sum(1) + stray
    wrong = 2 * (1 - np.eye(classes)) / (classes * (classes - 1))
    counts = counts + wrong + np.diag(2 * size / size.sum())
    size = counts.sum(0) + counts.sum(1) + stray
    f1 = 2 * np.diag(counts) / size
    slope = f1 / (size - 1)
    slopes = (np.diag(2 / (size - 1)) - slope[:, None] - slope[None, :]) / classes
    variance = (counts * slopes**2).sum() + (stray * (slope / classes) ** 2).sum()
    return float(f1.mean() * (1 - f1.mean()) / variance)


def exchanges(truth, first, second):
    """The exact paired permutation test of macro-F1, one f1_score a side and exchange."""
    present = np.unique(truth)
    score = lambda predicted: metrics.f1_score(truth, predicted, average="macro", labels=present, zero_division=0)
    differing = np.flatnonzero(first != second)
    observed = score(second) - score(first)
    hits = 0
    for flips in itertools.product((False, True), repeat=len(differing)):
        a, b = first.copy(), second.copy()
        flipped = differing[list(flips)]
        a[flipped], b[flipped] = second[flipped], first[flipped]
        hits += abs(score(b) - score(a)) >= abs(observed) - 1e-12
    return observed, hits / 2 ** len(differing), len(differing)


def permutation(samples, classes, first_right, second_right):
    truth, first = labels(samples, classes, classes, first_right)
    second = np.where(random.random(samples) < second_right, truth, random.integers(classes, size=samples))
    # Keep at most eight samples on which they differ: 2^8 exchanges.
    surplus = np.flatnonzero(first != second)[8:]
    second[surplus] = first[surplus]
    difference, p_value, differing = exchanges(truth, first, second)
    return {
        "classes": classes,
        "truth": truth.tolist(),
        "first": first.tolist(),
        "second": second.tolist(),
        "difference": difference,
        "p_value": p_value,
        "differing": differing,
    }


def repeated(runs, train_rows, test_rows):
    values = random.normal(0.95, 0.02, size=runs)
    mean, deviation = values.mean(), values.std(ddof=1)
    interval = stats.t.interval(0.95, runs - 1, loc=mean, scale=stats.sem(values))
    variance = deviation**2 * (1 / runs + test_rows / train_rows)
    corrected = stats.t.interval(0.95, runs - 1, loc=mean, scale=np.sqrt(variance))
    return {
        "values": values.tolist(),
        "mean": mean,
        "deviation": deviation,
        "interval": list(interval),
        "train_rows": train_rows,
        "test_rows": test_rows,
        "corrected_variance": variance,
        "corrected_interval": list(corrected),
    }


def wilson(right, samples):
    interval = stats.binomtest(right, samples).proportion_ci(0.95, "wilson")
    return [right, samples, interval.low, interval.high]


def pair_matrix(diagonal, errors):
    counts = np.diag(diagonal)
    for actual, predicted, count in errors:
        counts[actual, predicted] += count
    return counts.tolist()


reports = [
    describe([0, 1, 2], [0, 1, 2], 3),
    describe([0, 0, 1], [1, 1, 0], 2),
    describe([2, 2, 2, 2], [2, 2, 2, 2], 4),
    report(36, 3, 3, 0.9),
    report(36, 3, 2, 0.8),
    report(100, 2, 2, 0.7),
    report(30, 7, 4, 0.5),
    report(450, 10, 10, 0.96),
    report(200, 9, 8, 0.6),
    report(60, 12, 9, 0.1),
    report(900, 40, 37, 0.6),
    report(2000, 300, 290, 0.5),
]
matrices = [
    pair_matrix([14, 14, 8], []),
    pair_matrix([13, 14, 7], [(0, 1, 1), (2, 1, 1)]),
    pair_matrix([10, 11, 5], [(0, 1, 4), (1, 2, 3), (2, 0, 3)]),
    pair_matrix([88, 7], [(0, 1, 2), (1, 0, 3)]),
    pair_matrix([20, 0, 15], [(0, 2, 3), (2, 0, 2)]),
    pair_matrix([0, 0], [(0, 1, 5), (1, 0, 4)]),
    pair_matrix([30, 0, 20, 0], [(0, 1, 2), (0, 3, 1), (2, 1, 4), (2, 0, 3)]),
    pair_matrix([43] * 10, [(1, 8, 5), (8, 1, 4), (3, 5, 3), (9, 0, 2), (2, 7, 4), (4, 6, 2)]),
]



def spelled(tree):
    """Floats as their shortest exact text: serde_json reads bare numbers with an error of up to one last bit."""
    if isinstance(tree, float):
        return repr(float(tree))
    if isinstance(tree, dict):
        return {key: spelled(value) for key, value in tree.items()}
    if isinstance(tree, (list, tuple)):
        return [spelled(value) for value in tree]
    return tree


json.dump(
    spelled({
        "reports": reports,
        "mcnemar": [
            [lost, gained, stats.binomtest(lost, lost + gained, 0.5).pvalue if lost + gained else 1.0]
            for lost, gained in [(0, 0), (1, 0), (0, 5), (6, 0), (3, 3), (2, 9), (17, 5), (40, 61), (60, 60), (61, 60)]
            + [(500, 431), (900, 1100), (1200, 1000), (2000, 2001), (3, 1200), (700, 20000)]
        ],
        "wilson": [wilson(*pair) for pair in [(4, 8), (18, 36), (32, 36), (30, 36), (400, 450), (445, 450), (36, 36), (0, 9)]],
        "repeated": [
            repeated(*sizes)
            for sizes in [(2, 142, 36), (3, 142, 36), (4, 90, 10), (5, 90, 10), (10, 1347, 450), (31, 80, 20), (200, 80, 20)]
        ],
        "permutations": [permutation(*case) for case in [(36, 3, 0.9, 0.8), (60, 4, 0.85, 0.6), (80, 2, 0.95, 0.3), (30, 6, 1.0, 0.6)]],
        "macro_f1_variances": [
            {
                "counts": counts,
                "takahashi_standard_error": takahashi(counts),
                "effective_samples": effective_samples(counts),
            }
            for counts in matrices
        ],
    }),
    sys.stdout,
    separators=(",", ":"),
)
print()
