"""Reads the GGUF files that bitsweep writes with ggml's own package: tensors bit for bit, metadata, classes.

python -m pip install numpy==2.2.4 gguf==0.19.0
cargo test --release -p bitsweep-exchange --test packed gguf
python check_gguf.py ../../../../target/tmp/gguf
"""

import json
import sys
from collections import Counter
from pathlib import Path

import numpy as np
from gguf import GGUFReader
from gguf.quants import dequantize

counts = Counter()
for path in sorted(Path(sys.argv[1]).glob("*.gguf")):
    file = GGUFReader(path)
    expected = json.loads(path.with_suffix(".json").read_text())
    fields = {name: field.contents() for name, field in file.fields.items()}
    assert fields["GGUF.version"] == 3 and fields["general.architecture"] == "bitsweep", path
    assert fields["general.name"] == "a model" and fields["bitsweep.layer_count"] == 2, path
    assert fields["bitsweep.classes"] == expected["class_names"], path
    assert fields["bitsweep.head"] == "softmax" and fields["bitsweep.precision"] == "single", path
    assert [tensor.name for tensor in file.tensors] == list(expected["tensors"]), path
    values = {}
    for tensor in file.tensors:
        wanted = expected["tensors"][tensor.name]
        wanted = np.array(wanted["values"], dtype=np.float32).reshape(wanted["shape"])
        found = dequantize(tensor.data, tensor.tensor_type)
        assert tensor.shape.tolist()[::-1] == list(wanted.shape), (path, tensor.name)
        assert found.dtype == np.float32 and found.shape == wanted.shape, (path, tensor.name)
        if tensor.tensor_type.name == "MXFP4":
            # ggml has no -0 there.
            wanted = np.where(wanted == 0, np.float32(0), wanted)
            found = np.where(found == 0, np.float32(0), found)
        assert (found.view(np.uint32) == wanted.view(np.uint32)).all(), (path, tensor.name)
        values[tensor.name] = found
        counts[tensor.tensor_type.name] += 1

    x = np.array(expected["rows"])
    assert fields["bitsweep.scaler"] == "standard", path
    mean, scale = (np.array(fields[f"bitsweep.scaler.{part}"]) for part in ["mean", "scale"])
    x = x - mean
    for feature in fields["bitsweep.scaler.constant"]:
        x[np.abs(x[:, feature]) <= 2.0**-23 * abs(mean[feature]), feature] = 0
    x = x / scale
    x = x.astype(np.float32)
    for number, activation in enumerate(fields["bitsweep.activations"], 1):
        x = x @ values[f"layer.{number}.weight"].T + values[f"layer.{number}.bias"]
        if activation != "identity":
            slope = np.float32(json.loads(activation)["leaky-relu"]["slope"])
            x = np.where(x > 0, x, slope * x)
    assert x.argmax(1).tolist() == expected["classes"], path
    counts["files"] += 1
assert counts["files"] == 22
print(f"numpy {np.__version__}: all the same;", ", ".join(f"{count} {name}" for name, count in counts.items()))
