#!/usr/bin/env python3
"""Writes changes.json: what NumPy, SciPy and statsmodels say of variants of two results on the same test rows.

Made with Python 3.11, NumPy 2.2.4, SciPy 1.17.1, statsmodels 0.14.5:

    python3 changes.py > changes.json

The contribution of a row to macro-F1 is the derivative of macro-F1 by the weight of the row, by finite differences: no formula of
ours is used for it.
"""

import itertools
import json

import numpy as np
from scipy import stats
from statsmodels.stats.multitest import multipletests

random = np.random.default_rng(20250117)
CLASSES = 3
MARGIN = 0.01


def macro_f1(truth, predicted, weights):
    scores = []
    for one in np.unique(truth):
        right = weights[(truth == one) & (predicted == one)].sum()
        both = weights[truth == one].sum() + weights[predicted == one].sum()
        scores.append(2 * right / both)
    return np.mean(scores)


def influences(truth, predicted):
    samples, step = len(truth), 1e-4
    found = np.empty(samples)
    for sample in range(samples):
        ends = []
        for sign in (1, -1):
            weights = np.ones(samples)
            weights[sample] += sign * step
            ends.append(macro_f1(truth, predicted, weights))
        found[sample] = samples * (ends[0] - ends[1]) / (2 * step)
    return found - found.mean()


def one_more(truth, predicted):
    """What one right row more counts, the root mean square over the classes."""
    sizes = np.array([(truth == one).sum() + (predicted == one).sum() for one in np.unique(truth)])
    return np.sqrt(np.mean((2 * len(truth) / (len(sizes) * sizes)) ** 2))


def changed(predicted, share):
    other = random.integers(0, CLASSES, len(predicted))
    return np.where(random.random(len(predicted)) < share, other, predicted)


def experiment(units, rows, drawn, shares):
    labels = random.integers(0, CLASSES, rows)
    numbers = [np.sort(random.choice(rows, drawn, replace=False)) for _ in range(units)]
    variants = []
    for first, second in shares:
        own = []
        for number in numbers:
            before = changed(labels[number], first)
            own.append((before, changed(before, second)))
        variants.append(own)
    truths = [labels[number] for number in numbers]
    expected = [paired(numbers, truths, own) for own in variants]
    for what, adjusted in (("p_two_sided", "holm_two_sided"), ("p_above", "holm_above")):
        holm = multipletests([one[what] for one in expected], method="holm")[1]
        for one, p in zip(expected, holm):
            one[adjusted] = p
    if units == 1:
        for one, own in zip(expected, variants):
            one["permutation"] = permutation(truths[0], *own[0])
    return {
        "rows": [number.tolist() for number in numbers],
        "truth": [truth.tolist() for truth in truths],
        "variants": [[[before.tolist(), after.tolist()] for before, after in own] for own in variants],
        "expected": expected,
    }


def paired(numbers, truths, predictions):
    units = len(numbers)
    losses, spread, total = [], [], {}
    for number, truth, (before, after) in zip(numbers, truths, predictions):
        flat = np.ones(len(truth))
        losses.append(macro_f1(truth, before, flat) - macro_f1(truth, after, flat))
        own = (influences(truth, before) - influences(truth, after)) / (units * len(truth))
        spread.append(own)
        for row, value in zip(number, own):
            total[row] = total.get(row, 0.0) + value
    by_row = sum(value**2 for value in total.values())
    pseudo = max(one_more(truth, before) for truth, (before, _) in zip(truths, predictions))
    variance = by_row
    if units > 1:
        by_unit = np.var(losses, ddof=1) / units
        both = by_row + by_unit - sum((own**2).sum() for own in spread)
        variance = max(both, by_row, by_unit)
    error = np.sqrt(variance + 2 * pseudo**2 / len(total) ** 2)
    loss = np.mean(losses)
    law = stats.norm if units == 1 else stats.t(units - 1)
    return {
        "loss": loss,
        "standard_error": error,
        "low": loss - law.ppf(0.975) * error,
        "high": loss + law.ppf(0.975) * error,
        "p_two_sided": 2 * law.sf(abs(loss) / error),
        "p_above": law.sf((loss - MARGIN) / error),
    }


def permutation(truth, before, after):
    flat = np.ones(len(truth))
    differing = np.flatnonzero(before != after)
    if len(differing) > 14:
        return None
    observed = abs(macro_f1(truth, after, flat) - macro_f1(truth, before, flat))
    hits = 0
    for exchange in itertools.product((False, True), repeat=len(differing)):
        one, other = before.copy(), after.copy()
        places = differing[list(exchange)]
        one[places], other[places] = after[places], before[places]
        hits += abs(macro_f1(truth, other, flat) - macro_f1(truth, one, flat)) >= observed - 1e-12
    return hits / 2 ** len(differing)


def unpaired():
    cases = []
    for _ in range(6):
        first, second = random.uniform(0.5, 0.9, 2)
        ends = random.uniform(0.01, 0.2, 4)
        error = np.hypot(ends[0] / stats.norm.ppf(0.975), ends[3] / stats.norm.ppf(0.975))
        intervals = [[first, first - ends[0], first + ends[1]], [second, second - ends[2], second + ends[3]]]
        cases.append({"intervals": intervals, "p": stats.norm.sf((first - second - MARGIN) / error)})
    return cases


print(
    json.dumps(
        {
            "margin": MARGIN,
            "experiments": [
                experiment(1, 90, 90, [(0.1, 0.05), (0.1, 0.08), (0.2, 0.1), (0.05, 0.6)]),
                experiment(4, 300, 120, [(0.1, 0.3), (0.2, 0.02), (0.15, 0.4)]),
            ],
            "unpaired": unpaired(),
        },
        separators=(",", ":"),
    )
)
