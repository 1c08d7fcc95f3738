"""Writes splits.json, repeats.json, folds.json and scaling.json beside this file.

Versions: Python 3.11, NumPy 2.2.4, scikit-learn 1.6.1.
Run: python crates/datasets/tests/golden/make.py [number of random splits]
"""

import json
import pathlib
import struct
import sys
import warnings

import numpy as np
from sklearn.datasets import load_digits, load_wine
from sklearn.model_selection import KFold, ShuffleSplit, StratifiedKFold, StratifiedShuffleSplit, train_test_split
from sklearn.preprocessing import StandardScaler

HERE = pathlib.Path(__file__).parent
DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def fnv1a(numbers):
    """The 64-bit FNV-1a hash of numbers as four bytes each, the lowest first."""
    digest = 0xCBF29CE484222325
    for byte in np.asarray(numbers).astype("<u4").tobytes():
        digest = (digest ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return f"{digest:016x}"


def split(labels, test, seed, stratified):
    """A case with its rows, or with `refused` where scikit-learn raises."""
    case = {"labels": "".join(DIGITS[label] for label in labels), "test": test, "seed": seed, "stratified": stratified}
    try:
        train, held_out = train_test_split(
            np.arange(len(labels)), test_size=test, random_state=seed, stratify=labels if stratified else None
        )
    except ValueError:
        return case | {"refused": True}
    if len(labels) <= 12:
        return case | {"train": train.tolist(), "test_rows": held_out.tolist()}
    return case | {"train_hash": fnv1a(train), "test_hash": fnv1a(held_out)}


def repeats(labels, test, seed, stratified):
    """A case with the hashes of training and test rows of each of four divisions."""
    splitter = (StratifiedShuffleSplit if stratified else ShuffleSplit)(n_splits=4, test_size=test, random_state=seed)
    case = {"labels": "".join(DIGITS[label] for label in labels), "test": test, "seed": seed, "stratified": stratified}
    try:
        divisions = list(splitter.split(np.zeros(len(labels)), labels))
    except ValueError:
        return case | {"refused": True}
    return case | {"hashes": [[fnv1a(train), fnv1a(held_out)] for train, held_out in divisions]}


def folds(labels, count, seed, stratified):
    """A case with the fold of each row, or with `refused` where scikit-learn raises, or warns of a class."""
    splitter = (StratifiedKFold if stratified else KFold)(n_splits=count, shuffle=True, random_state=seed)
    case = {"labels": "".join(DIGITS[label] for label in labels), "folds": count, "seed": seed, "stratified": stratified}
    fold_of = np.zeros(len(labels), int)
    try:
        for fold, (train, held_out) in enumerate(splitter.split(np.zeros(len(labels)), labels)):
            assert (np.diff(train) > 0).all() and (np.diff(held_out) > 0).all()
            fold_of[held_out] = fold
    except (ValueError, UserWarning):
        return case | {"refused": True}
    return case | ({"fold_of": fold_of.tolist()} if len(labels) <= 12 else {"fold_hash": fnv1a(fold_of)})


def balance(random, n, kind):
    """Labels of n rows: even, unbalanced, with tiny classes, or in equal blocks (many ties)."""
    classes = int(random.integers(2, 13))
    if kind == "even":
        return random.integers(0, classes, n)
    if kind == "unbalanced":
        return random.choice(classes, n, p=random.dirichlet(np.full(classes, 0.5)))
    if kind == "tiny":
        labels = np.zeros(n, int)
        for c in range(1, classes):
            labels[random.integers(0, n, int(random.integers(1, 4)))] = c
        return labels
    return np.arange(n) % classes


def random_split(random):
    n = int(random.integers(2, 12)) if random.random() < 0.2 else int(10 ** random.uniform(1.0, 2.6))
    labels = balance(random, n, ["even", "unbalanced", "tiny", "blocks"][int(random.integers(0, 4))])
    if random.random() < 0.4:
        test = int(random.integers(1, n + 1))
    else:
        test = float(random.choice([0.1, 0.2, 0.25, 0.3, 1 / 3, 0.5, 0.8, round(random.random(), 3) or 0.4]))
    seed = int(random.choice([0, 1, 42, 2**32 - 1, int(random.integers(0, 2**32))]))
    return split(labels, test, seed, bool(random.random() < 0.75))


def random_repeats(random):
    labels = balance(random, int(10 ** random.uniform(1.0, 2.2)), ["even", "unbalanced", "blocks"][int(random.integers(0, 3))])
    test = float(random.choice([0.1, 0.25, 1 / 3, 0.5]))
    return repeats(labels, test, int(random.integers(0, 2**32)), bool(random.random() < 0.6))


def random_folds(random):
    n = int(random.integers(2, 12)) if random.random() < 0.3 else int(10 ** random.uniform(1.0, 2.4))
    labels = balance(random, n, ["even", "unbalanced", "tiny", "blocks"][int(random.integers(0, 4))])
    labels = np.random.RandomState(n).permutation(36)[labels]  # classes appear in no order
    return folds(labels, int(random.integers(2, 8)), int(random.integers(0, 2**32)), bool(random.random() < 0.7))


def columns(matrix):
    scaler = StandardScaler().fit(matrix)
    bits = lambda values: [struct.pack(">d", v).hex() for v in values.tolist()]
    scaled = scaler.transform(matrix)
    return {
        "mean": bits(scaler.mean_), "scale": bits(scaler.scale_),
        "first_row": bits(scaled[0]), "last_row": bits(scaled[-1]),
    }


def scaling():
    """Training rows of the two datasets, and hand-made columns written out."""
    wine, digits = load_wine(), load_digits()
    wine_train = train_test_split(np.arange(178), test_size=0.2, random_state=42)[0]
    digits_train = train_test_split(np.arange(1797), test_size=0.25, random_state=0, stratify=digits.target)[0]
    random = np.random.default_rng(5)
    n = 37
    made = np.column_stack([
        np.full(n, 0.1), np.full(n, 1e17), np.zeros(n), 1e9 + random.random(n), 1e-160 * random.random(n),
        1e150 * random.random(n), random.normal(size=n), np.where(np.arange(n) == 3, 1.0, 0.0),
    ])
    return {
        "wine": columns(wine.data[wine_train]),
        "digits": columns(digits.data[digits_train]),
        "made_matrix": [[struct.pack(">d", v).hex() for v in row] for row in made.tolist()],
        "made": columns(made),
    }


random = np.random.default_rng(20)
wine, digits = load_wine().target, load_digits().target
named = [split(wine, 0.2, 42, False), split(digits, 0.25, 0, True)]
for labels in (wine, digits):
    named += [split(labels, test, seed, stratified) for test in (0.3, 50) for seed in (0, 7, 2**31) for stratified in (False, True)]
count = int(sys.argv[1]) if len(sys.argv) > 1 else 300
cases = named + [random_split(random) for _ in range(count)]


def write(name, cases):
    lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases)
    (HERE / name).write_text(f"[\n{lines}\n]\n")
    print(name, len(cases), "cases,", sum("refused" in case for case in cases), "refused")


write("splits.json", cases)
random = np.random.default_rng(21)
repeated = [repeats(labels, 0.25, seed, stratified) for labels in (wine, digits) for seed in (0, 42) for stratified in (False, True)]
write("repeats.json", repeated + [random_repeats(random) for _ in range(60)])
warnings.simplefilter("error", UserWarning)
folded = [folds(labels, count, seed, stratified) for labels in (wine, digits) for count in (2, 5, 10) for seed in (0, 42) for stratified in (False, True)]
write("folds.json", folded + [random_folds(random) for _ in range(150)])
(HERE / "scaling.json").write_text(json.dumps(scaling(), separators=(",", ":")) + "\n")
