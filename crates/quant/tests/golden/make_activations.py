"""Golden numbers of activations: ONNX Runtime's DynamicQuantizeLinear, QuantizeLinear and MatMulInteger, and PyTorch's
moving average transcribed.

    python make_activations.py

Made with Python 3.11, numpy 2.2.4, onnx 1.23.2, onnxruntime 1.31.1. Writes activations.json beside itself. Inputs are
(rows, in), weights (in, out). Numbers are shortest decimal strings, separated by spaces, so that reading them is exact.
"""

import json
from pathlib import Path

import numpy as np
import onnxruntime
from onnx import TensorProto, helper

HERE = Path(__file__).parent
TYPES = {np.dtype("float32"): TensorProto.FLOAT, np.dtype("uint8"): TensorProto.UINT8,
         np.dtype("int8"): TensorProto.INT8, np.dtype("uint16"): TensorProto.UINT16,
         np.dtype("int16"): TensorProto.INT16}


def text(array):
    return " ".join(str(value) for value in np.asarray(array).ravel())


def run(operator, inputs, outputs):
    """One operator through ONNX Runtime."""
    names = [f"input{position}" for position in range(len(inputs))]
    given = [helper.make_tensor_value_info(name, TYPES[value.dtype], value.shape) for name, value in zip(names, inputs)]
    got = [helper.make_tensor_value_info(f"output{position}", kind, None) for position, kind in enumerate(outputs)]
    node = helper.make_node(operator, names, [value.name for value in got])
    graph = helper.make_graph([node], "graph", given, got)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, dict(zip(names, inputs)))


def dynamic(values):
    return run("DynamicQuantizeLinear", [values], [TensorProto.UINT8, TensorProto.FLOAT, TensorProto.UINT8])


def fixed(values, scale, zero_point):
    return run("QuantizeLinear", [values, np.asarray(scale, np.float32), zero_point], [TYPES[zero_point.dtype]])[0]


def matrix(random, rows, columns, low, high):
    return (low + (high - low) * random.random_sample((rows, columns))).astype(np.float32)


def layer(random, rows, inputs, outputs, low, high, weight_type):
    """Dynamic 8-bit inputs times weights by column, accumulated in 32 bits.

    Signed weights have 7 bits, which is ONNX Runtime's reduce_range: without VNNI instructions it adds pairs of products
    of uint8 and int8 in 16 bits, which saturate.
    """
    x = matrix(random, rows, inputs, low, high)
    w = matrix(random, inputs, outputs, -1.0, 0.7)
    codes, scale, zero_point = dynamic(x)
    if weight_type == np.int8:
        scales = np.abs(w).max(0) / np.float32(63)
        zero_points = np.zeros(outputs, np.int8)
    else:
        scales = (w.max(0) - w.min(0)) / np.float32(255)
        zero_points = np.rint(-(w.min(0) / scales)).astype(np.uint8)
    columns = [fixed(w[:, j], scales[j], np.asarray(zero_points[j])) for j in range(outputs)]
    w_codes = np.stack(columns, axis=1)
    accumulators = run("MatMulInteger", [codes, w_codes, zero_point, zero_points], [TensorProto.INT32])[0]
    return {
        "shape": [rows, inputs, outputs],
        "symmetry": "symmetric" if weight_type == np.int8 else "asymmetric",
        "inputs": text(x), "codes": text(codes), "scale": str(scale), "zero_point": int(zero_point),
        "weight_bits": 7 if weight_type == np.int8 else 8, "weights": text(w), "weight_codes": text(w_codes), "weight_scales": text(scales),
        "accumulators": text(accumulators),
    }


def static(low, high, dtype, steps, symmetric=False):
    """Eighths from below the range to above it, many of them ties, with the parameters of a given range."""
    info = np.iinfo(dtype)
    values = np.arange(low * 8 - 16, high * 8 + 16, steps).astype(np.float32) / np.float32(8)
    if symmetric:
        scale = np.float32(max(abs(low), abs(high))) / np.float32(info.max)
        zero_point = np.asarray(0, dtype)
    else:
        scale = np.float32(high - low) / np.float32(info.max)
        zero_point = np.asarray(np.rint(-np.float32(low) / scale), dtype)
    codes = fixed(values, scale, zero_point)
    if symmetric:
        codes = np.maximum(codes, -info.max)
    return {"range": f"{np.float32(low)} {np.float32(high)}", "bits": info.bits,
            "symmetry": "symmetric" if symmetric else "asymmetric", "values": text(values), "codes": text(codes),
            "scale": str(scale), "zero_point": int(zero_point)}


def moving_average(random, rows, momentum, batch):
    """PyTorch's MovingAverageMinMaxObserver in float32, transcribed; parameters as its calculate_qparams finds them."""
    x = matrix(random, rows, 3, -1.0, 2.0)
    low, high = x[:batch].min(), x[:batch].max()
    for first in range(batch, rows, batch):
        part = x[first:first + batch]
        low = low + np.float32(momentum) * (part.min() - low)
        high = high + np.float32(momentum) * (part.max() - high)
    scale = (max(high, np.float32(0)) - min(low, np.float32(0))) / np.float32(255)
    return {"momentum": momentum, "batch": batch, "rows": rows, "inputs": text(x), "scale": str(scale),
            "zero_point": int(-np.rint(min(low, np.float32(0)) / scale))}


def main():
    random = np.random.RandomState(5)
    layers = [
        layer(random, 3, 5, 4, -1.0, 2.0, np.int8),
        layer(random, 4, 33, 3, 0.5, 2.0, np.uint8),
        layer(random, 2, 64, 5, -3.0, -1.0, np.int8),
        layer(random, 5, 17, 2, -0.1, 6.0, np.uint8),
    ]
    statics = [
        static(-32, 31.75, np.uint8, 1),
        static(-1, 2, np.uint8, 1),
        static(-12, 31.75, np.int8, 3, symmetric=True),
        static(-100, 155, np.uint16, 5),
    ]
    averages = [moving_average(random, 40, 0.01, 8), moving_average(random, 23, 0.3, 5)]
    with open(HERE / "activations.json", "w") as file:
        json.dump({"layers": layers, "statics": statics, "averages": averages}, file, indent=1)
        file.write("\n")


main()
