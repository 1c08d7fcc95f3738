"""Decodes the arrays that bitsweep writes by their documented formulas, and computes with them, in NumPy alone.

python -m pip install numpy==2.2.4
cargo test --release -p bitsweep-exchange --test packed arrays
python check_arrays.py ../../../../target/tmp/arrays

For every model: values from codes, bit for bit; the JSON document, bit for bit the npz file; logits and classes of nine
rows, where arithmetic is in floats.
"""

import json
import math
import sys
from collections import Counter
from pathlib import Path

import numpy as np


def of_blocks(numbers, block, shape):
    """One number a block, as one number a weight."""
    return numbers.repeat(block[0], 0).repeat(block[1], 1)[: shape[0], : shape[1]]


def scales_of_codes(get, dtype):
    """Scales that are codes."""
    codes = get("scale_codes")
    outer = get("outer_scales").astype(np.float64)
    offset = get("scale_offset")
    block = np.arange(codes.size).reshape(codes.shape)
    outer = outer[0] if offset is None else outer[block // 256]
    return (get("scale_levels")[codes] * outer + (0.0 if offset is None else np.float64(offset[0]))).astype(dtype)


def decode(about, get, shape):
    """The values of one weight, by the table of the documentation."""
    name = about["decode"]
    if name == "float":
        return get("values")
    dtype = np.dtype(about["dtype"])
    codes = get("codes")
    if name in ("affine", "minimum", "levels"):
        scales = get("scales")
        assert scales.dtype == dtype
        if get("scale_codes") is not None:
            assert same(scales_of_codes(get, dtype), scales)
        scales = of_blocks(scales, about["block"], shape)
        zeros = get("zero_points")
        if zeros is not None:
            zeros = of_blocks(zeros.astype(dtype), about["block"], shape)
    if name == "affine":
        steps = codes.astype(dtype)
        values = scales * (steps if zeros is None else steps - zeros)
    elif name == "minimum":
        values = scales * (codes.astype(np.int32) - about["lowest"]).astype(dtype) + zeros
    elif name == "levels":
        values = scales * get("levels")[codes.astype(np.int32) - about["lowest"]]
    elif name == "codebooks":
        books, v = get("codebooks"), get("subvectors")
        k = np.arange(len(v)) - np.searchsorted(v, v)
        b = np.arange(shape[0])[:, None] // about["block"][0]
        p = np.minimum(v, books.shape[1] - 1)
        values = books[b, p, 0, codes[:, v, 0], k]
        for stage in range(1, codes.shape[2]):
            values = values + books[b, p, stage, codes[:, v, stage], k]
    elif name == "float16":
        values = codes.view(np.float16).astype(dtype)
    elif name == "bfloat16":
        values = (codes.astype(np.uint32) << 16).view(np.float32).astype(dtype)
    elif name == "dorefa":
        fraction = codes.astype(dtype) / dtype.type(about["steps"])
        values = fraction + fraction - dtype.type(1)
    elif name == "wrpn":
        values = codes.astype(dtype) / dtype.type(about["steps"])
    else:
        raise AssertionError(name)
    assert values.dtype == dtype, (values.dtype, dtype)
    positions = get("outlier_positions")
    if positions is not None:
        values.flat[positions] = get("outlier_values")
    return values.astype(np.float32)


def same(left, right):
    """Equal in type, shape and every bit, NaN aside."""
    if left.dtype != right.dtype or left.shape != right.shape:
        return False
    if left.dtype.kind != "f":
        return bool((left == right).all())
    bits = {4: np.uint32, 8: np.uint64}[left.dtype.itemsize]
    equal = np.ascontiguousarray(left).view(bits) == np.ascontiguousarray(right).view(bits)
    return bool((equal | (np.isnan(left) & np.isnan(right))).all())


def activate(activation, z):
    name, numbers = (activation, {}) if isinstance(activation, str) else next(iter(activation.items()))
    number = {key: float(value) for key, value in numbers.items()}
    if name == "identity":
        return z
    if name == "relu":
        return np.maximum(z, 0)
    if name == "leaky-relu":
        return np.where(z > 0, z, number["slope"] * z)
    if name == "elu":
        return np.where(z > 0, z, number["alpha"] * np.expm1(np.minimum(z, 0)))
    if name == "tanh":
        return np.tanh(z)
    if name == "sigmoid":
        return 1 / (1 + np.exp(-z))
    if name == "gelu":
        return z / 2 * (1 + np.vectorize(math.erf)(z / math.sqrt(2)))
    if name == "gelu-tanh":
        return z / 2 * (1 + np.tanh(math.sqrt(2 / math.pi) * (z + 0.044715 * z**3)))
    if name == "hard-sigmoid":
        return np.clip(number["alpha"] * z + number["beta"], 0, 1)
    if name == "hard-swish":
        return z * np.clip(z / 6 + 0.5, 0, 1)
    if name == "hard-tanh":
        return np.clip(z, number["min"], number["max"])
    raise AssertionError(name)


def logits(description, arrays, rows):
    x = rows
    if description["scaler"] == "divide":
        x = x / arrays["scaler.divisor"].astype(np.float64)
    if description["scaler"] == "divide-each":
        x = x / arrays["scaler.divisors"].astype(np.float64)
    if description["scaler"] == "standard":
        mean, scale = (arrays[f"scaler.{part}"].astype(np.float64) for part in ["mean", "scale"])
        x = x - mean
        for feature in description["constant_features"]:
            x[np.abs(x[:, feature]) <= 2.0**-23 * abs(mean[feature]), feature] = 0
        x = x / scale
    dtype = {"single": np.float32, "mixed": np.float64}[description["precision"]]
    x = x.astype(dtype)
    for number, layer in enumerate(description["layers"], 1):
        x = x @ arrays[f"W{number}.values"] + arrays[f"b{number}.values"]
        x = activate(layer["activation"], x).astype(dtype)
        clip = layer.get("output_codes")
        if clip is not None:
            steps = 2 ** clip["bits"] - 1
            x = np.rint(np.clip(x / clip["clip"], 0, 1) * steps) * (clip["clip"] / steps)
    # One logit is that of the second of two classes.
    return np.column_stack([np.zeros_like(x), x]) if description["head"] == "logistic" else x


counts = Counter()
for path in sorted(Path(sys.argv[1]).glob("*.npz")):
    with np.load(path) as file:
        arrays = {name: file[name] for name in file.files}
    description = json.loads(arrays.pop("bitsweep.json"))
    document = json.loads(path.with_suffix(".json").read_text())
    assert document["description"] == description, path
    assert list(document["arrays"]) == list(arrays), path
    for name, array in document["arrays"].items():
        read = np.array(array["data"], dtype=array["dtype"]).reshape(array["shape"])
        assert same(read, arrays[name]), (path, name)
    used = set()
    for number, layer in enumerate(description["layers"], 1):
        for id, part, shape in [
            (f"W{number}", "weight", (layer["inputs"], layer["outputs"])),
            (f"b{number}", "bias", (1, layer["outputs"])),
        ]:

            def get(leaf):
                used.add(f"{id}.{leaf}")
                return arrays.get(f"{id}.{leaf}")

            values = decode(layer[part], get, shape)
            assert same(values, get("values")), (path, id)
            counts[layer[part]["decode"]] += 1
    assert {name for name in arrays if name[0] in "Wb"} <= used, path
    expected = json.loads(path.with_suffix(".expected").read_text())
    if "input_codes" in description["layers"][0]:
        counts["models of codes alone"] += 1
        continue
    found, wanted = logits(description, arrays, np.array(expected["rows"])), np.array(expected["logits"])
    scale = np.abs(wanted).max()
    assert np.abs(found - wanted).max() <= 2e-6 * scale, (path, np.abs(found - wanted).max() / scale)
    assert found.argmax(1).tolist() == expected["classes"], path
    counts["models with logits"] += 1
assert counts["models with logits"] > 1000
print(f"numpy {np.__version__}: all the same;", ", ".join(f"{count} {name}" for name, count in counts.items()))
