"""Golden numbers of activations: the formulas by mpmath at 60 digits, and ONNX Runtime's operators.

    python make_activations.py

Made with Python 3.11, numpy 2.2.4, mpmath 1.4.1, onnx 1.23.2, onnxruntime 1.32.0. Writes activations.json beside itself:
the inputs, each of which is an f32, and for each activation the exact values rounded to f64 and to f32, and those that ONNX
Runtime computes in f32. Parameters are f32 too. Numbers of f32 are written as the f64 they are equal to.
"""

import json
from pathlib import Path

import mpmath
import numpy as np
import onnxruntime
from onnx import TensorProto, helper

mpmath.mp.dps = 60

# Both sides of every kink, a spread of ordinary values, tails, and magnitudes near the ends of f32.
ordinary = np.random.default_rng(0).normal(scale=3, size=60)
special = [0, 0.5, 1, 2, 2.5, 3, 6, 10, 20, 88, 104, 1e-3, 1e-8, 1e-30, 1e-42, 1e5, 1e30]
kinks = [np.nextafter(np.float32(kink), np.float32(kink + side)) for kink in (1, 2.5, 3, 6) for side in (-1, 1)]
positive = np.array([*special, *kinks, *np.abs(ordinary)], dtype=np.float32)
inputs = np.concatenate([positive, -positive])

f32 = lambda value: mpmath.mpf(float(np.float32(value)))
slope, alpha, sixth, fifth = f32(0.01), f32(0.7), f32(1 / 6), f32(0.2)
# GELU's tanh approximation with the coefficient as the paper prints it.
cubic = mpmath.mpf("0.044715")


def clamp(z, low, high):
    return max(low, min(high, z))


def elu(z):
    return z if z > 0 else alpha * mpmath.expm1(z)


def sigmoid(z):
    return 1 / (1 + mpmath.exp(-z))


def gelu_tanh(z):
    # z/2·(1 + tanh(u)) = z·σ(2u), which does not cancel.
    u = mpmath.sqrt(2 / mpmath.pi) * (z + cubic * z**3)
    return z * sigmoid(2 * u)


formulas = {
    "identity": lambda z: z,
    "relu": lambda z: max(z, 0),
    "leaky-relu": lambda z: z if z > 0 else slope * z,
    "elu": elu,
    "tanh": mpmath.tanh,
    "sigmoid": sigmoid,
    "gelu": lambda z: z * mpmath.erfc(-z / mpmath.sqrt(2)) / 2,
    "gelu-tanh": gelu_tanh,
    "hard-sigmoid": lambda z: clamp(fifth * z + mpmath.mpf("0.5"), 0, 1),
    "hard-sigmoid-sixth": lambda z: clamp(sixth * z + mpmath.mpf("0.5"), 0, 1),
    "hard-swish": lambda z: z * clamp(z / 6 + mpmath.mpf("0.5"), 0, 1),
    "hard-tanh": lambda z: clamp(z, -1, 1),
    "relu6": lambda z: clamp(z, 0, 6),
}

operators = {
    "identity": ("Identity", {}),
    "relu": ("Relu", {}),
    "leaky-relu": ("LeakyRelu", {"alpha": float(slope)}),
    "elu": ("Elu", {"alpha": float(alpha)}),
    "tanh": ("Tanh", {}),
    "sigmoid": ("Sigmoid", {}),
    "gelu": ("Gelu", {}),
    "gelu-tanh": ("Gelu", {"approximate": "tanh"}),
    "hard-sigmoid": ("HardSigmoid", {}),
    "hard-sigmoid-sixth": ("HardSigmoid", {"alpha": float(sixth)}),
    "hard-swish": ("HardSwish", {}),
    "hard-tanh": ("Clip", (-1, 1)),
    "relu6": ("Clip", (0, 6)),
}


def by_onnx_runtime(operator, settings):
    vector = lambda name: helper.make_tensor_value_info(name, TensorProto.FLOAT, [None])
    limits = settings if isinstance(settings, tuple) else ()
    names = ["min", "max"][: len(limits)]
    constants = [helper.make_tensor(name, TensorProto.FLOAT, [], [value]) for name, value in zip(names, limits)]
    node = helper.make_node(operator, ["x", *names], ["y"], **(settings if not limits else {}))
    graph = helper.make_graph([node], "activation", [vector("x")], [vector("y")], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, {"x": inputs})[0]


def nearest_f32(exact):
    # From the exact value, not from its f64: rounded once.
    near = np.float32(float(exact))
    candidates = [near, np.nextafter(near, np.float32(-np.inf)), np.nextafter(near, np.float32(np.inf))]
    finite = [candidate for candidate in candidates if np.isfinite(candidate)]
    return min(finite, key=lambda candidate: abs(mpmath.mpf(float(candidate)) - exact))


golden = {"inputs": [float(value) for value in inputs]}
for name, formula in formulas.items():
    exact = [mpmath.mpf(formula(mpmath.mpf(float(value)))) for value in inputs]
    runtime = by_onnx_runtime(*operators[name])
    golden[name] = {
        "exact_f64": [float(value) for value in exact],
        "exact_f32": [float(nearest_f32(value)) for value in exact],
        "onnx_runtime": [float(value) for value in runtime],
    }
    single = np.array(golden[name]["exact_f32"])
    print(f"{name:20} ONNX Runtime is off by at most {np.abs(runtime - single).max():.2g}")
(Path(__file__).parent / "activations.json").write_text(json.dumps(golden) + "\n")
