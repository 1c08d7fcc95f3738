#!/usr/bin/env python3
"""Writes golden.json: what scikit-learn, SciPy, statsmodels and NumPy say of random labels, for the tests of this crate.

Made with Python 3, NumPy 2.2.4, scikit-learn 1.6.1, SciPy 1.17.1, statsmodels 0.15.0:

    python3 make.py > golden.json
"""

import itertools
import json
import sys
import warnings

import numpy as np
from scipy import optimize, special, stats
from sklearn import metrics
from statsmodels.stats.multitest import multipletests

warnings.simplefilter("ignore")
random = np.random.default_rng(20240607)
# What came later draws from a stream of its own, so that what was there stays as it is.
later = np.random.default_rng(20240608)
latest = np.random.default_rng(20240609)
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


def class_f1(counts):
    """F1 of each class that has samples."""
    present = counts.sum(1) > SOME
    size = counts.sum(0) + counts.sum(1)
    return 2 * np.diag(counts)[present] / size[present]


def recovered_high(counts):
    """MOVER's upper end of macro-F1: Wilson's for Jaccard, correlations from numeric derivatives."""
    counts = np.asarray(counts, float)
    share = counts / counts.sum()
    f1 = class_f1(counts)
    slopes = np.stack([gradient(share, lambda c, k=k: class_f1(c)[k], 1e-6).ravel() for k in range(len(f1))])
    covariance = (slopes * share.ravel()) @ slopes.T
    deviation = np.sqrt(np.diag(covariance))
    scale = np.outer(deviation, deviation)
    correlation = np.divide(covariance, scale, out=np.zeros_like(scale), where=scale > 1e-9)
    np.fill_diagonal(correlation, 1.0)
    above = []
    for k, own in zip(np.flatnonzero(counts.sum(1) > 0), f1):
        union = counts[k].sum() + counts[:, k].sum() - counts[k, k]
        jaccard = stats.binomtest(int(counts[k, k]), int(union)).proportion_ci(0.95, "wilson").high
        above.append(2 * jaccard / (1 + jaccard) - own)
    return float(f1.mean() + np.sqrt(above @ correlation @ above) / len(f1))


def tango(lost, gained, samples, confidence):
    """Tango's interval: the constrained maximum of the likelihood and the ends of the interval, both by root finding."""
    z = stats.norm.ppf(0.5 + confidence / 2)

    def share(delta):
        """The most likely share of gained samples if the difference were `delta`."""
        low, high = max(0.0, -delta), (1 - delta) / 2
        same = samples - lost - gained
        parts = [(lost, lambda q: q + delta), (gained, lambda q: q), (-2 * same, lambda q: 1 - 2 * q - delta)]
        slope = lambda q: sum(count / at(q) for count, at in parts if count)
        inside = (high - low) * 1e-11
        if slope(low + inside) <= 0:
            return low
        if slope(high - inside) >= 0:
            return high
        return optimize.brentq(slope, low + inside, high - inside, xtol=1e-16)

    def score(delta):
        variance = samples * (2 * share(delta) + delta * (1 - delta))
        distance = lost - gained - samples * delta
        return 0.0 if distance == 0 else distance / np.sqrt(variance)

    value = (lost - gained) / samples
    edge = 1 - 1e-4
    low = optimize.brentq(lambda delta: score(delta) - z, -edge, value, xtol=1e-14) if value > -1 else -1.0
    high = optimize.brentq(lambda delta: score(delta) + z, value, edge, xtol=1e-14) if value < 1 else 1.0
    return {
        "counts": [lost, gained, samples],
        "confidence": confidence,
        "interval": [low, high],
    }


def adjusted(p_values):
    return {
        "p_values": list(p_values),
        "holm": multipletests(p_values, method="holm")[1].tolist(),
        "benjamini_hochberg": multipletests(p_values, method="fdr_bh")[1].tolist(),
    }


def binned(confidence):
    """Bins of equal mass by edges between `array_split`'s parts, as in Kumar's package."""
    count = min(15, max(1, len(confidence) // 10))
    parts = np.array_split(np.sort(confidence), count)
    edges = np.unique([(a[-1] + b[0]) / 2 for a, b in zip(parts, parts[1:])])
    return np.searchsorted(edges, confidence, side="left")


def debiased(confidence, right, bins):
    total = 0.0
    for bin in np.unique(bins):
        own = bins == bin
        share = right[own].mean()
        gap = confidence[own].mean() - share
        total += own.sum() * (gap**2 - share * (1 - share) / (own.sum() - 1))
    return total / len(confidence)


def two_models(samples, classes, sharpness, noise, steps=10_000):
    """Probabilities of two related models in units of 1/steps, and the truth."""
    logits = later.normal(0, sharpness, size=(samples, classes))
    truth = np.array([later.choice(classes, p=row) for row in special.softmax(logits, axis=1)])
    both = []
    for own in (logits, 1.3 * logits + later.normal(0, noise, size=logits.shape)):
        rounded = np.floor(special.softmax(own, axis=1) * steps)
        rounded[np.arange(samples), rounded.argmax(1)] += steps - rounded.sum(1)
        both.append(rounded / steps)
    return both, truth


def probabilities(samples, classes, sharpness, noise, steps=10_000):
    (first, second), truth = two_models(samples, classes, sharpness, noise, steps)
    errors, jackknife = [], []
    for own in (first, second):
        confidence, right = own.max(1), (own.argmax(1) == truth).astype(float)
        bins = binned(confidence)
        assert np.unique(bins, return_counts=True)[1].min() >= 3
        errors.append(debiased(confidence, right, bins))
        keep = ~np.eye(samples, dtype=bool)
        jackknife.append([debiased(confidence[rows], right[rows], bins[rows]) for rows in keep])
    spread = np.subtract(*jackknife)
    floor = np.finfo(float).eps
    kl = special.rel_entr(first.clip(floor), second.clip(floor)).sum(1)
    true = np.arange(samples), truth
    top = first.argmax(1)

    def margin(own):
        others = own.copy()
        others[np.arange(samples), top] = -1
        return own[np.arange(samples), top] - others.max(1)

    change = margin(second) - margin(first)
    same = second.argmax(1) == top
    brier = [((own - np.eye(classes)[truth]) ** 2).sum(1) for own in (first, second)]
    return {
        "classes": classes,
        "truth": truth.tolist(),
        "first": first.tolist(),
        "second": second.tolist(),
        "calibration_errors": errors,
        "difference_standard_error": float(np.sqrt((samples - 1) / samples * ((spread - spread.mean()) ** 2).sum())),
        "kl": [kl.mean(), stats.sem(kl), np.median(kl), np.quantile(kl, 0.99)],
        "probability_change_rms": np.sqrt(((second[true] - first[true]) ** 2).mean()),
        "same_top": [same.mean(), np.sqrt(same.mean() * (1 - same.mean()) / (samples - 1))],
        "margin_change": [change.mean(), np.quantile(change, 0.05)],
        "brier": [own.mean() for own in brier],
        "brier_of_two_classes": 2 * metrics.brier_score_loss(truth, first[:, 1]) if classes == 2 else None,
        "brier_difference": [(brier[1] - brier[0]).mean(), stats.sem(brier[1] - brier[0])],
    }


def signed_rank(differences, rope, draws=400_000):
    """The Bayesian signed-rank test, all pairs of all draws at once."""
    z = np.append(differences, 0.0)
    pair = z[:, None] + z[None, :]
    weights = later.dirichlet(np.ones(len(z)), size=draws)
    theta = np.stack(
        [np.einsum("si,ij,sj->s", weights, which.astype(float), weights, optimize=True)
         for which in (pair < -2 * rope, abs(pair) <= 2 * rope, pair > 2 * rope)]
    )
    wins = np.bincount(theta.argmax(0), minlength=3) / draws
    return {"differences": list(differences), "rope": rope, "posterior": wins.tolist(), "draws": draws}


def equivalence(estimate, standard_error, degrees, level):
    """Where the larger of the two one-sided p-values is the level."""
    upper = stats.norm.sf if degrees is None else lambda x: stats.t.sf(x, degrees)
    p_value = lambda margin: max(upper((margin - estimate) / standard_error), upper((margin + estimate) / standard_error))
    far = abs(estimate) + 1e4 * standard_error
    margin = optimize.brentq(lambda margin: p_value(margin) - level, 0, far, xtol=1e-15)
    return {"given": [estimate, standard_error], "degrees": degrees, "level": level, "margin": margin}


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


def random_exchanges(samples, classes, first_right, second_right, draws=400_000):
    """The paired permutation test by many random exchanges, all at once."""
    truth = later.integers(classes, size=samples)
    first, second = (
        np.where(later.random(samples) < right, truth, later.integers(classes, size=samples))
        for right in (first_right, second_right)
    )
    differing = np.flatnonzero(first != second)
    present = np.unique(truth)

    def differences(flips):
        score = np.zeros(len(flips))
        for sign, one, other in ((-1, first, second), (1, second, first)):
            for k in present:
                rows = truth[differing] == k
                own, new = one[differing] == k, other[differing] == k
                predicted = (one == k).sum() + flips @ (new.astype(float) - own)
                right = ((one == k) & (truth == k)).sum() + flips @ ((new & rows).astype(float) - (own & rows))
                score += sign * 2 * right / (predicted + (truth == k).sum()) / len(present)
        return score

    observed = differences(np.zeros((1, len(differing))))[0]
    hits = 0
    for _ in range(draws // 10_000):
        flips = later.integers(2, size=(10_000, len(differing))).astype(float)
        hits += (abs(differences(flips)) >= abs(observed) - 1e-12).sum()
    return {
        "classes": classes,
        "truth": truth.tolist(),
        "first": first.tolist(),
        "second": second.tolist(),
        "difference": observed,
        "p_value": hits / draws,
        "differing": len(differing),
        "draws": draws,
    }


def repeated(runs):
    values = random.normal(0.95, 0.02, size=runs)
    mean, deviation = values.mean(), values.std(ddof=1)
    return {
        "values": values.tolist(),
        "mean": mean,
        "deviation": deviation,
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
    pair_matrix([1938, 1], [(1, 0, 59), (0, 1, 2)]),
    pair_matrix([218, 215, 0], [(2, 0, 10), (2, 1, 4), (0, 1, 3)]),
    pair_matrix([43] * 10, [(1, 8, 5), (8, 1, 4), (3, 5, 3), (9, 0, 2), (2, 7, 4), (4, 6, 2)]),
]



def class_score(score, truth, predicted, weights=None):
    """Macro-F1 over the classes that have samples, or the accuracy, by scikit-learn, of weighted samples."""
    if score == "accuracy":
        return metrics.accuracy_score(truth, predicted, sample_weight=weights)
    present = np.unique(truth)
    return metrics.f1_score(
        truth, predicted, average="macro", labels=present, sample_weight=weights, zero_division=0
    )


def influences(score, truth, predicted):
    """n times the derivative of the score with respect to each sample's weight, by differences of fourth order."""
    samples = len(truth)

    def moved(sample, step):
        weights = np.ones(samples)
        weights[sample] += step
        return class_score(score, truth, predicted, weights)

    h = 1e-3
    slope = lambda i: (8 * (moved(i, h) - moved(i, -h)) - (moved(i, 2 * h) - moved(i, -2 * h))) / (12 * h)
    return np.array([samples * slope(sample) for sample in range(samples)])


def one_more(score, truth, predicted):
    """What one sample more counts: of macro-F1 the root mean square of 2n/(K d) over the classes that have samples."""
    if score == "accuracy":
        return 1.0
    present = np.unique(truth)
    size = np.array([(truth == own).sum() + (predicted == own).sum() for own in present])
    return float(np.sqrt(np.mean((2 * len(truth) / (len(present) * size)) ** 2)))


def influence(score, samples, classes, used, right):
    pool = latest.permutation(classes)[:used]
    truth = latest.choice(pool, size=samples, p=latest.dirichlet(np.full(used, 3.0)))
    guess = latest.integers(classes, size=samples)
    predicted = np.where(latest.random(samples) < right, truth, guess)
    return {
        "score": score,
        "classes": classes,
        "truth": truth.tolist(),
        "predicted": predicted.tolist(),
        "influences": influences(score, truth, predicted).tolist(),
        "one_more": one_more(score, truth, predicted),
    }


def estimated(units):
    """The mean of units of (rows, value, contributions, what a sample more counts), and all that is said of it."""
    count = len(units)
    different = sorted({row for rows, *_ in units for row in rows})
    # Every two contributions of the same row; every contribution with itself.
    by_row, alone = 0.0, 0.0
    for row in different:
        for rows, _, own, _ in units:
            for others, _, other, _ in units:
                for i in np.flatnonzero(np.asarray(rows) == row):
                    for j in np.flatnonzero(np.asarray(others) == row):
                        by_row += own[i] * other[j] / (count * len(rows) * count * len(others))
        for rows, _, own, _ in units:
            for i in np.flatnonzero(np.asarray(rows) == row):
                alone += (own[i] / (count * len(rows))) ** 2
    values = np.array([value for _, value, *_ in units])
    variance = by_row
    if count > 1:
        by_unit = float(values.var(ddof=1)) / count
        variance = max(by_row + by_unit - alone, by_row, by_unit)
    samples = len(different)
    unseen = 2 * max(weight for *_, weight in units) ** 2 / samples**2
    value, error = float(values.mean()), float(np.sqrt(variance + unseen))
    law = stats.norm if count == 1 else stats.t(count - 1)
    confidences = [0.5, 0.8, 0.9, 0.95, 0.975, 0.99, 0.999, 1 - 2.0**-30]
    margins = [-0.2, -0.01, 0.0, 0.001, 0.01, 0.1, 0.3]

    def needed(margin, confidence):
        """Rows after which the bound is the margin with a chance of 80 %."""
        if margin == value:
            return None
        z = stats.norm.ppf(confidence) + stats.norm.ppf(0.8)
        rows = (by_row + unseen) * samples * z**2 / (margin - value) ** 2
        return int(np.ceil(rows)) if rows < 2**32 - 1 else None

    return {
        "value": value,
        "standard_error": error,
        "bounds": [
            [confidence, value + law.isf(1 - confidence) * error, value - law.isf(1 - confidence) * error]
            for confidence in confidences
        ],
        "intervals": [
            [confidence, *(value + side * law.isf((1 - confidence) / 2) * error for side in (-1, 1))]
            for confidence in [0.5, 0.9, 0.95, 0.999]
        ],
        "p_values": [
            [margin, law.cdf((value - margin) / error), law.cdf((margin - value) / error)] for margin in margins
        ],
        "needed": [
            [margin, confidence, needed(margin, confidence)] for margin in margins for confidence in (0.9, 0.95)
        ],
    }


def estimate(score, classes, units):
    """The loss of the second of two classifiers on each of the units."""
    described = []
    contributions = []
    for rows, truth, first, second in units:
        value = class_score(score, truth, first) - class_score(score, truth, second)
        own = influences(score, truth, first) - influences(score, truth, second)
        contributions.append((rows, value, own, one_more(score, truth, first)))
        described.append({
            "rows": list(map(int, rows)),
            "truth": truth.tolist(),
            "first": first.tolist(),
            "second": second.tolist(),
        })
    return {"score": score, "classes": classes, "units": described, **estimated(contributions)}


def drawn_units(count, samples, classes, right, flipped, of=None):
    """Units that share their rows, or draw theirs out of `of`, with models of their own."""
    everything = latest.choice(classes, size=of or samples, p=latest.dirichlet(np.full(classes, 4.0)))
    units = []
    for _ in range(count):
        rows = np.sort(latest.permutation(len(everything))[:samples])
        truth = everything[rows]
        first = np.where(latest.random(samples) < right, truth, latest.integers(classes, size=samples))
        second = np.where(latest.random(samples) < flipped, latest.integers(classes, size=samples), first)
        units.append((rows, truth, first, second))
    return units


def mean_estimate(units):
    """The mean of what each row has by itself, in each of the units."""
    contributions = [(rows, float(np.mean(values)), values - np.mean(values), 0.0) for rows, values in units]
    described = [{"rows": list(map(int, rows)), "values": list(values)} for rows, values in units]
    return {"units": described, **estimated(contributions)}


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
            repeated(runs) for runs in [2, 3, 4, 5, 10, 31, 200]
        ],
        "permutations": [permutation(*case) for case in [(36, 3, 0.9, 0.8), (60, 4, 0.85, 0.6), (80, 2, 0.95, 0.3), (30, 6, 1.0, 0.6)]],
        "macro_f1_variances": [
            {
                "counts": counts,
                "takahashi_standard_error": takahashi(counts),
                "effective_samples": effective_samples(counts),
                "recovered_high": recovered_high(counts),
            }
            for counts in matrices
        ],
        "tango": [
            tango(*case)
            for case in [(0, 1, 44, 0.95), (0, 0, 44, 0.95), (5, 2, 60, 0.95), (11, 3, 14, 0.95), (12, 1, 14, 0.95)]
            + [(3, 0, 8, 0.99), (1, 30, 200, 0.9), (9, 9, 450, 0.95), (7, 0, 7, 0.95), (120, 80, 2000, 0.975)]
        ],
        "adjusted": [
            adjusted(p_values)
            for p_values in [[0.04], [0.01, 0.04, 0.03, 0.005], [0.5, 0.5, 0.5], [1.0, 0.0, 0.3, 0.3, 0.02]]
            + [later.uniform(size=40) ** 2, np.round(later.uniform(size=60) ** 3, 2)]
        ],
        "probabilities": [
            probabilities(*case)
            for case in [(40, 2, 2.0, 0.5), (36, 3, 1.0, 0.3), (167, 4, 3.0, 1.0), (120, 3, 2.0, 0.8, 20), (9, 2, 1.0, 0.2)]
        ],
        "signed_rank": [
            signed_rank(*case)
            for case in [([0.02, -0.01, 0.03], 0.01), ([0.004], 0.01), ([0.05], 0.01), ([0.0, 0.0, 0.1, -0.1], 0.02)]
            + [(np.round(later.normal(0.01, 0.02, size=17), 3), 0.01), ([-0.02] * 5 + [0.015, 0.002], 0.01)]
        ],
        "random_permutations": [
            random_exchanges(*case)
            for case in [(80, 3, 0.9, 0.7), (150, 4, 0.8, 0.7), (400, 2, 0.75, 0.7), (300, 10, 0.8, 0.75)]
        ],
        "equivalence": [
            equivalence(*case)
            for case in [(0.002, 0.001, None, 0.05), (-0.01, 0.004, 9, 0.05), (0.0, 0.003, 1, 0.05), (0.03, 0.02, 40, 0.01)]
        ],
        "influences": [
            influence(*case)
            for case in [("macro-f1", 40, 3, 3, 0.7), ("macro-f1", 60, 5, 3, 0.5), ("macro-f1", 9, 4, 2, 0.3)]
            + [("macro-f1", 120, 10, 9, 0.9), ("macro-f1", 30, 2, 2, 1.0), ("accuracy", 50, 3, 3, 0.8)]
        ],
        "estimates": [
            estimate(score, classes, drawn_units(count, samples, classes, right, flipped, of))
            for score, classes, count, samples, right, flipped, of in [
                ("macro-f1", 3, 1, 90, 0.9, 0.1, None),
                ("macro-f1", 3, 1, 60, 1.0, 0.0, None),
                ("accuracy", 4, 1, 80, 0.8, 0.2, None),
                ("macro-f1", 2, 1, 1, 1.0, 0.0, None),
                ("macro-f1", 3, 2, 50, 0.9, 0.2, None),
                ("macro-f1", 4, 5, 40, 0.8, 0.1, None),
                ("macro-f1", 3, 6, 30, 0.9, 0.2, 70),
                ("accuracy", 3, 3, 30, 0.9, 0.3, 200),
                ("macro-f1", 2, 31, 20, 0.9, 0.1, 60),
            ]
        ],
        "means": [
            mean_estimate([(np.arange(30), np.round(latest.normal(0.01, 0.1, 30), 4))]),
            mean_estimate([(np.arange(25), np.round(latest.normal(0.02, 0.1, 25), 4)) for _ in range(4)]),
            # The one term negative, the other nearly nothing.
            mean_estimate([(np.arange(2), np.array([1.0, -1.0 + apart]) * sign) for sign, apart in ((1, 0.0), (-1, 0.25))]),
            mean_estimate([(np.arange(1), np.array([value])) for value in (0.25, 0.5, 0.375)]),
        ],
        "normal": {
            "cumulative": [[z, stats.norm.cdf(z)] for z in [-37.0, -30.0, -12.5, -6.0, -1.96, -0.5, 0.0, 0.5, 3.0, 9.0]],
            "quantiles": [
                [p, stats.norm.ppf(p) if p <= 0.5 else stats.norm.isf(1 - p)]
                for p in [1e-300, 1e-30, 1e-9, 0.001, 0.025, 0.3, 0.5, 0.8, 0.95, 0.999, 1 - 1e-9, 1 - 2.0**-50]
            ],
        },
        "student": [
            {
                "degrees": degrees,
                "cumulative": [
                    [t, stats.t.cdf(t, degrees)] for t in [-1e6, -200.0, -31.0, -8.0, -2.0, -0.25, 0.0, 1.0, 5.0, 40.0]
                ],
                "quantiles": [
                    [p, stats.t.ppf(p, degrees) if p <= 0.5 else stats.t.isf(1 - p, degrees)]
                    for p in [1e-9, 1e-6, 0.001, 0.025, 0.3, 0.5, 0.8, 0.95, 0.995, 1 - 1e-6, 1 - 1e-9]
                ],
            }
            for degrees in [1, 2, 3, 9, 30]
        ],
    }),
    sys.stdout,
    separators=(",", ":"),
)
print()
