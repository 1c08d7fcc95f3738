"""Golden numbers for the tests: the conventions in plain NumPy, k-means by scikit-learn, the notebooks' own code.

    OPENBLAS_NUM_THREADS=1 python make.py

Made with Python 3.11, numpy 2.2.4, scikit-learn 1.6.1. Writes schemes.json, clustering.json and notebooks.json beside
itself. Numbers are written as shortest decimal strings, separated by spaces, so that reading them is exact.
"""

import json
import warnings
from pathlib import Path

import numpy as np
from sklearn.cluster import KMeans
from sklearn.datasets import load_digits, load_wine
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

HERE = Path(__file__).parent
warnings.filterwarnings("ignore")


def text(array):
    return " ".join(str(value) for value in np.asarray(array).ravel())


def write(name, content):
    with open(HERE / name, "w") as file:
        file.write("[\n" + ",\n".join(json.dumps(entry) for entry in content) + "\n]\n")


# --- schemes.json: random matrices over all axes -------------------------------------------------------------------


def half_away(x):
    return np.copysign(np.floor(np.abs(x) + x.dtype.type(0.5)), x)


def grid_of(spec):
    count = 2 ** spec["bits"]
    lowest = -count // 2 if spec["codes"] == "signed" else 0
    return lowest + (spec["code_range"] == "narrow"), lowest + count - 1


def parameters(w, spec):
    """Scale and zero point of one block, in the type of the block."""
    t = w.dtype.type
    lowest, highest = grid_of(spec)
    if spec["range"] == "min-max":
        low, high, top = w.min(), w.max(), np.abs(w).max()
    else:
        p = spec["range"]["percentile"]
        low, high, top = np.percentile(w, 100 - p), np.percentile(w, p), np.percentile(np.abs(w), p)
    if spec["symmetry"] == "symmetric":
        if spec["code_range"] == "narrow":
            return top / t(highest), t(0)
        return t(2) * top / t(2 ** spec["bits"] - 1), t(0)
    scale = (high - low) / t(highest - lowest)
    if spec["zero_point"] == "float":
        return scale, t(lowest) - low / scale
    return scale, t(int(np.round(-low / scale)) + lowest)


def blocks_of(shape, granularity):
    """The positions of each block, blocks in the order of their first positions."""
    index = np.arange(shape[0] * shape[1]).reshape(shape)
    if granularity == "tensor":
        return [index.ravel()]
    if granularity == "row":
        return list(index)
    if granularity == "column":
        return list(index.T)
    size = granularity["group"]
    if shape[0] == 1:
        return [index[0, i : i + size] for i in range(0, shape[1], size)]
    return [index[i : i + size, j] for i in range(0, shape[0], size) for j in range(shape[1])]


def quantize(w, spec):
    flat = w.ravel()
    codes = np.zeros(flat.size, dtype=int)
    values = np.zeros_like(flat)
    scales, zeros = [], []
    lowest, highest = grid_of(spec)
    rounding = np.round if spec["rounding"] == "nearest-even" else half_away
    for block in blocks_of(w.shape, spec["granularity"]):
        scale, zero = parameters(flat[block], spec)
        q = np.clip(rounding(flat[block] / scale + zero), lowest, highest)
        codes[block] = q.astype(int)
        values[block] = scale * (q - zero)
        scales.append(scale)
        zeros.append(zero)
    return codes, values, scales, zeros


def schemes():
    random = np.random.default_rng(2024)
    entries = []
    conventions = [
        dict(symmetry="symmetric", codes="signed", code_range="narrow"),
        dict(symmetry="symmetric", codes="signed", code_range="full"),
    ] + [
        dict(symmetry="asymmetric", zero_point=z, codes=c, code_range=r)
        for z in ("integer", "float")
        for c in ("signed", "unsigned")
        for r in ("full", "narrow")
    ]
    for convention in conventions:
        for granularity in ("tensor", "row", "column", {"group": 4}):
            for range_ in ("min-max", {"percentile": 99.9}, {"percentile": 80}):
                spec = dict(
                    bits=int(random.choice([2, 3, 4, 5, 8, 12, 16])),
                    granularity=granularity,
                    range=range_,
                    rounding=str(random.choice(["nearest-even", "half-away"])),
                    **convention,
                )
                shape = [(7, 5), (1, 9), (21, 3)][random.integers(3)]
                # A column of a single row is a constant block, which this project treats in its own way.
                if shape[0] == 1 and granularity == "column" or granularity == {"group": 4}:
                    shape = (11, 5) if granularity != "column" else (7, 5)
                dtype = [np.float32, np.float64][random.integers(2)]
                w = random.standard_t(3, size=shape).astype(dtype)
                if random.integers(3) == 0:
                    w = np.round(w * 4).astype(dtype) / 4  # ties
                if any(np.ptp(w.ravel()[b]) == 0 for b in blocks_of(shape, granularity)):
                    continue
                codes, values, scales, zeros = quantize(w, spec)
                if not np.all(np.isfinite(values)):
                    continue
                entries.append(
                    dict(
                        spec=spec,
                        type=np.dtype(dtype).name,
                        shape=shape,
                        values=text(w),
                        codes=text(codes),
                        reconstruction=text(values),
                        scales=text(scales),
                        zero_points=text(zeros),
                    )
                )
    return entries


# --- clustering.json: k-means in one dimension -----------------------------------------------------------------------


def clusterings():
    random = np.random.default_rng(7)
    entries = []
    for count, clusters in [(60, 3), (200, 8), (500, 16), (300, 32)]:
        x = np.concatenate([random.normal(size=count // 2), random.standard_t(2, size=count - count // 2)])
        runs = [KMeans(clusters, n_init=1, random_state=seed).fit(x[:, None]).inertia_ for seed in range(10)]
        entries.append(dict(clusters=clusters, values=text(x), best_of_ten=repr(min(runs))))
    return entries


# --- notebooks.json: trained weights and what the notebooks make of them ----------------------------------------------


def notebook_000():
    np.random.seed(42)
    x, y = load_wine(return_X_y=True)
    x, _, y, _ = train_test_split(x, y, test_size=0.2, random_state=42)
    x, y = StandardScaler().fit_transform(x), np.eye(3)[y]
    w1 = np.random.randn(13, 100).astype(np.float32)
    b1 = np.random.randn(1, 100).astype(np.float32)
    w2 = np.random.randn(100, 3).astype(np.float32)
    b2 = np.random.randn(1, 3).astype(np.float32)
    for _ in range(200):
        for i in range(0, 142, 10):
            xb, yb = x[i : i + 10], y[i : i + 10]
            z1 = xb @ w1 + b1
            a1 = np.maximum(0, z1)
            e = np.exp(a1 @ w2 + b2)
            dz2 = e / e.sum(1, keepdims=True) - yb
            dw2, db2 = a1.T @ dz2 / len(xb), dz2.sum(0, keepdims=True) / len(xb)
            dz1 = dz2 @ w2.T * (z1 > 0)
            dw1, db1 = xb.T @ dz1 / len(xb), dz1.sum(0, keepdims=True) / len(xb)
            w2 -= 0.1 * dw2
            b2 -= 0.1 * db2
            w1 -= 0.1 * dw1
            b1 -= 0.1 * db1
    entry = dict(notebook="000", trained={k: text(v) for k, v in dict(w1=w1, b1=b1, w2=w2, b2=b2).items()})
    factors = np.max(np.abs(w1), axis=0)
    factors = factors / np.max(factors)
    w1 /= factors
    b1 /= factors
    w2 *= factors.reshape(-1, 1)
    entry["equalized"] = {k: text(v) for k, v in dict(w1=w1, b1=b1, w2=w2, b2=b2).items()}
    entry["codes"] = {}
    for bits in (8, 6, 4, 2):
        qmin, qmax = -(2 ** (bits - 1)), 2 ** (bits - 1) - 1.0
        codes = {}
        for name, tensor in dict(w1=w1, b1=b1, w2=w2, b2=b2).items():
            scale = (tensor.max() - tensor.min()) / (qmax - qmin)
            zero_point = qmin - tensor.min() / scale
            codes[name] = text(np.round(zero_point + tensor / scale).clip(qmin, qmax).astype(int))
        entry["codes"][bits] = codes
    return entry


def notebook_003():
    x, y = load_digits(return_X_y=True)
    x = x.astype(np.float32) / 16.0
    x, _, y, _ = train_test_split(x, y, test_size=0.25, random_state=0, stratify=y)
    model = LogisticRegression(max_iter=200, solver="lbfgs", multi_class="ovr", n_jobs=1).fit(x, y)
    weights = model.coef_.astype(np.float32)
    codes, scales, zeros = [], [], []
    for w in weights:
        w_min, w_max = float(w.min()), float(w.max())
        scale = (w_max - w_min) / 255.0
        zp = int(round(-w_min / scale)) - 128
        codes.append(np.clip(np.round(w / scale + zp), -128, 127).astype(np.int8))
        scales.append(scale)
        zeros.append(zp)
    return dict(
        notebook="003",
        weights=text(weights.T),
        codes=text(np.array(codes).T),
        scales=text(scales),
        zero_points=text(zeros),
    )


write("schemes.json", schemes())
write("clustering.json", clusterings())
write("notebooks.json", [notebook_000(), notebook_003()])
