"""Golden numbers of scaled inputs: the factors of SmoothQuant and AWQ in plain NumPy, transcribed from the papers.

    OPENBLAS_NUM_THREADS=1 python make_input_scaling.py

Made with Python 3.11, numpy 2.2.4, scikit-learn 1.6.1. Writes input_scaling.json beside itself. Weights are (in, out),
inputs (n, in). Numbers are shortest decimal strings, separated by spaces, so that reading them is exact.
"""

import json
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits, load_wine

HERE = Path(__file__).parent


def text(array):
    return " ".join(str(value) for value in np.asarray(array).ravel())


def smooth(x, w, alpha):
    """Xiao et al. 2023, eq. 4."""
    x, w = np.abs(x).max(axis=0), np.abs(w).max(axis=1)
    ones = (x == 0) | (w == 0)
    return np.where(ones, 1.0, np.where(ones, 1.0, x) ** alpha / np.where(ones, 1.0, w) ** (1 - alpha))


def nearest(w, bits):
    """Symmetric, one scale a column."""
    highest = 2 ** (bits - 1) - 1
    scale = np.abs(w).max(axis=0) / highest
    return scale * np.clip(np.round(w / scale), -highest, highest)


def awq(x, w, bits):
    """Lin et al. 2024, eq. 5, with the normalization and the grid of the authors' auto_scale.py."""
    strength = np.abs(x).mean(axis=0)
    alive = strength > 0
    best, least = None, np.inf
    for step in range(21):
        power = strength ** (step / 20)
        factors = np.where(alive, power / np.sqrt(power[alive].max() * power[alive].min()), 1.0)
        scaled = factors[:, None] * w
        loss = np.sum(((x / factors) @ (scaled - nearest(scaled, bits))) ** 2)
        if loss < least:
            best, least = factors, loss
    return best


random = np.random.RandomState(3)
wine = load_wine().data[::6]
inputs = {
    "uneven": random.randn(40, 10) * np.exp(random.randn(10)),
    "wine": (wine - wine.mean(axis=0)) / wine.std(axis=0),
    "digits with constant pixels": load_digits().data[:30, :20] / 16,
}
cases = []
for name, x in inputs.items():
    w = random.randn(x.shape[1], 4) * 0.5
    case = {"name": name, "shape": list(x.shape), "inputs": text(x), "weights": text(w)}
    case["smooth"] = [{"alpha": alpha, "factors": text(smooth(x, w, alpha))} for alpha in [0.0, 0.25, 0.5, 1.0]]
    case["awq"] = [{"bits": bits, "factors": text(awq(x, w, bits))} for bits in [4, 3, 2]]
    cases.append(case)

with open(HERE / "input_scaling.json", "w") as file:
    file.write("[\n" + ",\n".join(json.dumps(case) for case in cases) + "\n]\n")
