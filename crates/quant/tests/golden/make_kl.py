"""Golden numbers of the KL range: TensorRT's calibration (Migacz 2017) in plain NumPy, divergences by SciPy.

    python make_kl.py

Made with Python 3.11, numpy 2.2.4, scipy 1.17.1. Writes kl.json beside itself. The values are not written: they follow
from a formula of additions and divisions, which give the same bits everywhere (tests/suite/kl_range.rs has it too).

Two points on which published implementations differ are fixed as the documentation of the range says: bin j of i belongs
to level floor(j * levels / i), and a candidate has at least 128 bins that are not empty, or it is the whole.
"""

import json
from pathlib import Path

import numpy as np
from scipy.stats import entropy

HERE = Path(__file__).parent
BINS = 2048


def values(name, count, knee):
    u = (np.arange(count) * 7919 % count + 0.5) / count
    v = u + u - 1.0
    if name == "two tails":
        return v / (knee - np.abs(v))
    if name == "one tail":
        return v / (knee - v)
    if name == "rectified":
        return np.where(v > 0.0, v, 0.0) / (knee - v)
    if name == "greys":
        return np.floor(u * (knee + 1)) / knee
    raise ValueError(name)


def quantized(counts, levels):
    """Each level's mass, spread evenly over its bins that are not empty."""
    level = np.arange(len(counts)) * levels // len(counts)
    mass = np.bincount(level, counts, levels)
    filled = np.bincount(level, counts > 0, levels)
    mean = np.divide(mass, filled, out=np.zeros(levels), where=filled > 0)
    return np.where(counts > 0, mean[level], 0.0)


def best(x, levels):
    x = np.abs(x[x != 0])
    counts = np.bincount(np.minimum((x / x.max() * BINS).astype(int), BINS - 1), minlength=BINS)
    divergences = {}
    for i in range(levels, BINS + 1):
        if i < BINS and np.count_nonzero(counts[:i]) < 128:
            continue
        p = counts[:i].astype(float)
        p[-1] += counts[i:].sum()
        q = quantized(counts[:i], levels)
        divergences[i] = entropy(p, q) if q.sum() > 0 else np.inf
    return min(divergences, key=lambda i: (divergences[i], -i))


cases = []
for name, count, knee in [
    ("two tails", 20000, 1.02),
    ("two tails", 20000, 1.002),
    ("two tails", 60, 1.02),
    ("one tail", 20000, 1.05),
    ("rectified", 20000, 1.02),
    ("rectified", 3000, 1.3),
    ("greys", 1797, 16),
]:
    x = values(name, count, knee)
    for bits in [8, 4, 3, 2]:
        half, whole = best(x, 2 ** (bits - 1)), best(x, 2**bits)
        one_sign = x.min() >= 0
        cases.append(
            {"name": name, "count": count, "knee": knee, "bits": bits, "symmetric": half,
             "asymmetric": whole if one_sign else half}
        )

with open(HERE / "kl.json", "w") as file:
    file.write("[\n" + ",\n".join(json.dumps(case) for case in cases) + "\n]\n")
