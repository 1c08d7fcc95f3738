"""Writes features.json and groups.json beside this file.

Versions: Python 3.11, NumPy 2.4.6, scikit-learn 1.6.1.
Run: python crates/datasets/tests/golden/features.py
"""

import json
import pathlib

import numpy as np
from sklearn.impute import SimpleImputer
from sklearn.model_selection import GroupKFold, GroupShuffleSplit
from sklearn.preprocessing import OneHotEncoder

HERE = pathlib.Path(__file__).parent
WORDS = ["ash", "Birch", "cedar", "elm", "fir", "oak", "pine", "yew", "überwald", "zelkova"]


def table(rng, rows, words):
    """Two columns of numbers and one of words, all with gaps."""
    numbers = np.round(rng.normal(size=(rows, 2)) * 4) / 4
    numbers[rng.random((rows, 2)) < 0.2] = np.nan
    texts = rng.choice(words, size=rows, p=np.arange(1, len(words) + 1) / sum(range(1, len(words) + 1)))
    texts = np.where(rng.random(rows) < 0.1, None, texts)
    return numbers, texts


def features(seed):
    """What scikit-learn makes of a table, fitted on its training rows."""
    rng = np.random.default_rng(seed)
    words = WORDS[: int(rng.integers(3, 11))]
    rows = 60
    numbers, texts = table(rng, rows, words)
    train = np.sort(rng.permutation(rows)[:40])
    seen = len({text for text in texts[train] if text is not None})
    # All of them, or few enough that several share the last feature.
    most = int(rng.integers(1, seen - 2)) if seen > 3 and seed % 2 else 20
    filled = SimpleImputer(strategy="most_frequent", missing_values=None).fit(texts[train, None])
    one_hot = OneHotEncoder(
        categories="auto", max_categories=most + 1, handle_unknown="infrequent_if_exist", sparse_output=False
    )
    one_hot.fit(filled.transform(texts[train, None]).astype(str))
    of_texts = one_hot.transform(filled.transform(texts[:, None]).astype(str))
    imputed = {
        name: SimpleImputer(strategy=strategy).fit(numbers[train]).transform(numbers)
        for name, strategy in [("mean", "mean"), ("median", "median"), ("most-frequent", "most_frequent")]
    }
    cell = lambda value: "" if value is None or value != value else str(value)
    lines = ["a,b,tree,y"] + [
        ",".join([cell(numbers[row, 0]), cell(numbers[row, 1]), cell(texts[row]), "pq"[row % 2]]) for row in range(rows)
    ]
    return {
        "table": "\n".join(lines) + "\n",
        "train": train.tolist(),
        "most_levels": most,
        "numbers": {name: values.tolist() for name, values in imputed.items()},
        "texts": of_texts.astype(int).tolist(),
    }


def groups(seed):
    """Which rows are for the test where groups stay together."""
    rng = np.random.default_rng(seed)
    of_rows = rng.integers(0, 12, size=50)
    rows = np.zeros((50, 1))
    shuffled = GroupShuffleSplit(n_splits=3, test_size=0.3, random_state=seed)
    folds = GroupKFold(n_splits=4, shuffle=True, random_state=seed)
    return {
        "groups": np.unique(of_rows, return_inverse=True)[1].tolist(),
        "seed": seed,
        "repeats": [test.tolist() for _, test in shuffled.split(rows, groups=of_rows)],
        "folds": [test.tolist() for _, test in folds.split(rows, groups=of_rows)],
    }


(HERE / "features.json").write_text(json.dumps([features(seed) for seed in range(12)], ensure_ascii=False) + "\n")
(HERE / "groups.json").write_text(json.dumps([groups(seed) for seed in range(8)]) + "\n")
