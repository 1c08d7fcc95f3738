"""Writes small Parquet files beside this one, uncompressed where not said otherwise, so that changes reach what is in them.

Versions: Python 3.11, pyarrow 21.0.0.
Run: python crates/datasets/tests/corpus/make.py
"""

import pathlib

import pyarrow as pa
import pyarrow.parquet as pq

HERE = pathlib.Path(__file__).parent
ROWS = 24

known = range(ROWS)
table = pa.table(
    {
        "whole": pa.array([row * row - 50 for row in known], pa.int64()),
        "small": pa.array([row % 7 for row in known], pa.uint8()),
        "half": pa.array([row / 2 for row in known], pa.float64()),
        "gaps": pa.array([None if row % 5 == 0 else row / 3 for row in known], pa.float32()),
        "on": pa.array([row % 3 == 0 for row in known], pa.bool_()),
        "tree": pa.array([None if row == 4 else ["oak", "elm", "ash"][row % 3] for row in known], pa.string()),
        "y": pa.array(["ab"[row % 2] for row in known], pa.string()),
    }
)


def write(name, table=table, **options):
    options = {"compression": "none", "use_dictionary": False} | options
    pq.write_table(table, HERE / f"{name}.parquet", **options)


write("plain")
write("dictionary", use_dictionary=True)
write("groups", row_group_size=7, write_statistics=False)
write("pages", data_page_version="2.0", data_page_size=64, write_batch_size=4)
write(
    "encodings",
    column_encoding={
        "whole": "DELTA_BINARY_PACKED",
        "small": "DELTA_BINARY_PACKED",
        "half": "BYTE_STREAM_SPLIT",
        "gaps": "BYTE_STREAM_SPLIT",
        "on": "RLE",
        "tree": "DELTA_BYTE_ARRAY",
        "y": "DELTA_LENGTH_BYTE_ARRAY",
    },
    data_page_version="2.0",
)
for codec in ["snappy", "gzip", "brotli", "lz4", "zstd"]:
    write(codec, table.select(["half", "tree", "y"]), compression=codec)
write("nested", table.append_column("parts", pa.array([[row, None] for row in known], pa.list_(pa.int32()))))
