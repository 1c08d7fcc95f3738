"""Exports every variant of `imported-digits` as ONNX and holds onnxruntime to `predictions.csv`: the same class of every test row."""

import csv
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

import numpy as np
import onnxruntime
from sklearn.datasets import load_digits

experiment = "imported-digits"
pixels = load_digits().data.astype(np.float32)
with tempfile.TemporaryDirectory() as folder:
    bitsweep = lambda *arguments: subprocess.run(["bitsweep", *arguments], check=True, stdout=subprocess.DEVNULL)
    bitsweep("run", experiment, "--quiet", "--out", folder)
    expected = defaultdict(list)
    for row in csv.DictReader(Path(folder, experiment, "predictions.csv").open()):
        expected[row["label"]].append((int(row["row"]), row["quantized"]))
    for label in [label for label in expected if label not in ["float", "majority class"]]:
        out = Path(folder, "out", str(len(list(Path(folder).glob("out/*")))))
        arguments = ["--variant", label, "--format", "onnx", "--results", folder, "--out", str(out)]
        bitsweep("export", experiment, *arguments, "--quiet")
        session = onnxruntime.InferenceSession(next(out.glob("*.onnx")))
        rows, classes = zip(*expected[label])
        (found,) = session.run(["label"], {"input": pixels[list(rows)]})
        same = sum(str(one) == other for one, other in zip(found, classes))
        print(f"{label}: {same} of {len(classes)} classes are the same")
        if same != len(classes):
            sys.exit(1)
