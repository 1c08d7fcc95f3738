"""Writes types.parquet and types.parquet.gz beside this file.

Versions: Python 3.11, pandas 2.3.3, pyarrow 21.0.0.
Run: python crates/datasets/tests/files/make_parquet.py
"""

import datetime
import gzip
import pathlib

import numpy as np
import pandas as pd

HERE = pathlib.Path(__file__).parent

frame = pd.DataFrame(
    {
        "small": np.array([1, -2, 3, 4], dtype="int8"),
        "large": np.array([1, 2, 3, 2**40], dtype="uint64"),
        "single": np.array([0.5, np.nan, -1.25, -999.0], dtype="float32"),
        "on": [True, False, True, True],
        "tree": [" oak ", "?", "elm", "oak"],
        "kind": pd.Categorical(["a", "b", "a", "b"]),
        "when": [datetime.date(2024, 5, day) for day in (1, 2, 3, 4)],
        "parts": [[1], [2, 3], [], [4]],
        "y": np.array([1, 2, 1, 2], dtype="int16"),
    }
)
frame.to_parquet(HERE / "types.parquet", index=False, compression="zstd")
(HERE / "types.parquet.gz").write_bytes(gzip.compress((HERE / "types.parquet").read_bytes(), mtime=0))
