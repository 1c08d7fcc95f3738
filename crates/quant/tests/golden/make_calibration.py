"""Golden numbers of the calibrated methods, as calibration.py has them.

    OPENBLAS_NUM_THREADS=1 python make_calibration.py

Made with Python 3.11, numpy 2.2.4, scikit-learn 1.6.1. Writes calibration.json beside itself. Weights are (in, out),
inputs (n, in). Numbers are shortest decimal strings, separated by spaces, so that reading them is exact.
"""

import json
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits

from calibration import adaround, gptq, hessian_of, hqq, proxy_loss

HERE = Path(__file__).parent


def text(array):
    return " ".join(str(value) for value in np.asarray(array).ravel())


# --- cases ---------------------------------------------------------------------------------------------------------

random = np.random.RandomState(7)
mixing = random.randn(12, 12)
inputs = {
    "correlated": random.randn(50, 12) @ mixing,
    "fewer rows than inputs": random.randn(5, 12) @ mixing,
    "one row": random.randn(1, 12),
    "digits with constant pixels": load_digits().data[:30, :40] / 16,
}
weights = {name: random.randn(x.shape[1], 4) * 0.5 for name, x in inputs.items()}

cases = []
for name, x in inputs.items():
    w = weights[name]
    h = hessian_of(x)
    entry = {"name": name, "shape": list(x.shape), "inputs": text(x), "weights": text(w), "gptq": [], "adaround": []}
    for bits in [4, 3, 2]:
        for symmetry in ["symmetric", "integer", "float"]:
            for group in [None, 5]:
                for act_order in [False, True]:
                    for damp in [0.01, 0.1]:
                        codes = gptq(w, x, bits, symmetry, group, act_order, damp)
                        entry["gptq"].append(
                            {"bits": bits, "symmetry": symmetry, "group": group, "act_order": act_order, "damp": damp,
                             "codes": text(codes)}
                        )
        q, scale, zero = adaround(w, x, bits, "symmetric", 400, 0.02, 0.01)
        entry["adaround"].append(
            {"bits": bits, "codes": text(q.astype(int)), "proxy_loss": proxy_loss(h, w - scale * (q - zero))}
        )
    entry["hqq"] = [{"bits": bits, "error": hqq(w, bits)} for bits in [4, 3, 2]]
    cases.append(entry)

with open(HERE / "calibration.json", "w") as file:
    file.write("[\n" + ",\n".join(json.dumps(case) for case in cases) + "\n]\n")
