# emlearn 0.23.2, m2cgen 0.10.0, scikit-learn 1.6.1, NumPy 2.2.4
"""Writes the network that bitsweep has trained on wine as other tools take it, each with the test rows of the same run.

    networks.py RESULTS TABLE INT8.json OUT

RESULTS is the results folder of the run, beside the store that has its float weights; TABLE has the rows; INT8.json is its
int8 as `bitsweep export --format json` writes it. Each folder in OUT has the API of a model that bitsweep writes as C.
"""

import csv
import json
import struct
import sys
import warnings
from pathlib import Path

import emlearn
import m2cgen
import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier

MODEL_H = """#ifndef MODEL_H
#define MODEL_H
#include <stdint.h>
#define MODEL_INPUTS {inputs}
#define MODEL_OUTPUTS {outputs}
typedef {code} model_code;
typedef uint8_t model_class;
model_class model_predict(const model_code *input);
#endif
"""


def safetensors(path):
    data = path.read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    kinds = {"F32": "<f4", "F64": "<f8"}
    tensors = {}
    for name, entry in json.loads(data[8 : 8 + length]).items():
        if name != "__metadata__":
            begin, end = (8 + length + offset for offset in entry["data_offsets"])
            tensors[name] = np.frombuffer(data[begin:end], kinds[entry["dtype"]]).reshape(entry["shape"])
    return tensors


def c_array(kind, name, values, after=""):
    values = np.asarray(values)
    text = (lambda v: f"{float(v):.9g}") if values.dtype.kind == "f" else (lambda v: str(int(v)))
    shape = "".join(f"[{n}]" for n in values.shape)

    def braces(part):
        return "{" + ", ".join(map(braces, part)) + "}" if part.ndim else text(part)

    return f"static const {kind} {name}{shape} {after}= {braces(values)};\n"


def says(tool):
    """What a tool answers that does not take a model."""
    try:
        tool()
        return "takes it"
    except Exception as error:  # noqa: BLE001: whatever it says
        return f"{type(error).__name__}: {str(error).splitlines()[0]}"


def multiplier(ratio):
    """ratio as M / 2^n with M of 31 bits."""
    mantissa, exponent = np.frexp(ratio)
    whole = round(float(mantissa) * 2**31)
    return (whole, 31 - int(exponent)) if whole < 2**31 else (whole // 2, 30 - int(exponent))


results, table, int8_file, out = map(Path, sys.argv[1:])
rows = [line.split(",") for line in table.read_text().splitlines()[1:]]
features = np.array([row[:-1] for row in rows], dtype=float)
truth = np.array([int(row[-1]) for row in rows])

(model_file,) = (results.parent / ".bitsweep").glob("units/*/*/model-*.safetensors")
net = safetensors(model_file)
with open(results / "predictions.csv", newline="") as file:
    floats = [row for row in csv.DictReader(file) if row["label"] == "float" and row["part"] == "test"]
test = np.array([int(row["row"]) for row in floats])
float_classes = np.array([int(row["float"].removeprefix("class_")) for row in floats])
train = np.setdiff1d(np.arange(len(rows)), test)
mean, deviation = features[train].mean(0), features[train].std(0)


def logits(x):
    scaled = (x - mean) / deviation
    return np.maximum(scaled @ net["W1"] + net["b1"], 0) @ net["W2"] + net["b2"]


assert (logits(features[test]).argmax(1) == float_classes).all(), "the weights are not those of the run"


def write(name, code, codes, **files):
    folder = out / name
    folder.mkdir(parents=True)
    sizes = {"inputs": features.shape[1], "outputs": 3}
    (folder / "model.h").write_text(MODEL_H.format(code=code, **sizes))
    (folder / "test_vectors.h").write_text(
        '#include "model.h"\n' + f"#define TEST_ROWS {len(test)}\n" + c_array("model_code", "test_codes", codes, "TEST_CONSTANT ")
    )
    for file, text in files.items():
        (folder / f"{file}.h").write_text(text)


out.mkdir(parents=True)
(out / "classes.h").write_text(
    c_array("uint8_t", "float_classes", float_classes, "TEST_CONSTANT ")
    + c_array("uint8_t", "true_classes", truth[test], "TEST_CONSTANT ")
)

# The scaler goes into the first layer, so that floats take features as they are measured.
warnings.simplefilter("ignore")
perceptron = MLPClassifier((net["W1"].shape[1],), max_iter=1).fit((features[train] - mean) / deviation, truth[train])
perceptron.coefs_ = [net["W1"] / deviation[:, None], net["W2"]]
perceptron.intercepts_ = [net["b1"] - (mean / deviation) @ net["W1"], net["b2"]]
assert (perceptron.predict(features[test]) == float_classes).all(), "the scaler is not in the first layer"
as_measured = features[test].astype(np.float32)
# Its method decides how it predicts in Python; `save` writes the C of either.
network = emlearn.convert(perceptron, method="loadable").save(name="net")
write("emlearn", "float", as_measured, net=network)

logistic = LogisticRegression(max_iter=1000).fit((features[train] - mean) / deviation, truth[train])
logistic.intercept_ = logistic.intercept_ - logistic.coef_ @ (mean / deviation)
logistic.coef_ = logistic.coef_ / deviation
write("m2cgen", "double", features[test], score=m2cgen.export_to_c(logistic))

# From features as they are measured to codes, and on.
write("features", "float", as_measured)

int8 = json.loads(int8_file.read_text())["arrays"]
array = {name: np.array(entry["data"]).reshape(entry["shape"]) for name, entry in int8.items()}
w1, w2 = array["W1.codes"].astype(int), array["W2.codes"].astype(int)
s1, s2 = (float(array[f"W{i}.scales"].item()) for i in (1, 2))
x1, x2 = (float(array[f"x{i}.scale"].item()) for i in (1, 2))
zero = int(array["x1.zero_point"].item())
b1 = np.rint(array["b1.values"].ravel() / (s1 * x1)).astype(int)
b2 = np.rint(array["b2.values"].ravel() / (s2 * x2)).astype(int)
assert array["x2.zero_point"].item() == 0
m1, n1 = multiplier(s1 * x1 / x2)

scaled = (features - array["scaler.mean"]) / array["scaler.scale"]
codes = np.clip(np.rint(scaled / x1) + zero, 0, 255).astype(int)
hidden = np.clip(((codes - zero) @ w1 + b1) * m1 + (1 << (n1 - 1)) >> n1, 0, 255)
sums = hidden @ w2 + b2
# Codes of outputs, which CMSIS-NN has and ours does not, reach as far as on training rows.
low, high = sums[train].min(), sums[train].max()
m2, n2 = multiplier(255 / (high - low))
zero_out = round(-128 - low * 255 / (high - low))

write(
    "loop", "uint8_t", codes[test],
    network=c_array("int8_t", "w1", w1.T, "CONSTANT ") + c_array("int8_t", "w2", w2.T, "CONSTANT ")
    + c_array("int32_t", "b1", b1 - zero * w1.sum(0), "CONSTANT ") + c_array("int32_t", "b2", b2, "CONSTANT ")
    + f"#define M1 {m1}\n#define N1 {n1}\n",
)
write(
    "cmsis", "int8_t", codes[test] - 128,
    network=c_array("int8_t", "w1", w1.T) + c_array("int8_t", "w2", w2.T)
    + c_array("int32_t", "b1", b1) + c_array("int32_t", "b2", b2)
    + f"#define ZERO {zero}\n#define ZERO_OUT ({zero_out})\n"
    + f"#define M1 {m1}\n#define N1 {n1}\n#define M2 {m2}\n#define N2 {n2}\n",
    hidden=c_array("int8_t", "hidden", hidden[test] - 128),
)

print("m2cgen of the perceptron:", says(lambda: m2cgen.export_to_c(perceptron)))
print("emlearn, inline:", says(lambda: emlearn.convert(perceptron).save(name="net", inference=["inline"])))
print("emlearn, fixed point:", says(
    lambda: emlearn.convert(perceptron, method="inline", use_fixedpoint=True).save(name="net", inference=["inline"])))
