#!/usr/bin/env python3
"""Writes networks.json: random networks in whole numbers, in the integers of Python and the f32 of NumPy.

Multipliers are made as TFLite makes them (`QuantizeMultiplier`, tensorflow/lite/kernels/internal/quantization_util.cc) and applied
with a single rounding (`MultiplyByQuantizedMultiplier` under TFLITE_SINGLE_ROUNDING, common.h): floor((a·M + 2^(n-1)) / 2^n).

Made with Python 3, NumPy 2.2.4:

    python3 make.py > networks.json
"""

import json
import math

import numpy as np

random = np.random.default_rng(20261127)
f32 = np.float32


def half_away(x):
    return int(math.copysign(math.floor(abs(x) + 0.5), x))


def quantize_multiplier(ratio):
    """31 bits and a shift to the right."""
    fraction, exponent = math.frexp(ratio)
    multiplier = half_away(fraction * (1 << 31))
    if multiplier == 1 << 31:
        multiplier //= 2
        exponent += 1
    return multiplier, 31 - exponent


def rounding_shift(total, shift):
    return (total + (1 << (shift - 1))) >> shift if shift else total


def weights(inputs, outputs, bits, group):
    """Symmetric codes and their f32 scales, one per group of inputs and output; `group` 0 is one scale for all."""
    values = random.normal(size=(inputs, outputs)).astype(f32)
    highest = (1 << (bits - 1)) - 1
    rows = group or inputs
    codes = np.zeros((inputs, outputs), dtype=int)
    scales = []
    for first in range(0, inputs, rows):
        band = values[first : first + rows]
        largest = np.abs(values).max() if group == 0 else np.abs(band).max(axis=0)
        scale = np.broadcast_to((largest / f32(highest)).astype(f32), (outputs,))
        codes[first : first + rows] = np.clip(np.rint(band / scale), -highest, highest).astype(int)
        scales.append([float(s) for s in scale])
    return values, codes, scales


def accumulators(row, codes, zero_point, rows, bias):
    sums = []
    for first in range(0, codes.shape[0], rows):
        band = range(first, min(first + rows, codes.shape[0]))
        sums.append([sum((int(row[i]) - zero_point) * int(codes[i, o]) for i in band) for o in range(codes.shape[1])])
    sums[0] = [s + b for s, b in zip(sums[0], bias)]
    return sums


def rescale(ratios):
    """Per output the multipliers of its groups, which share a shift, and the shift."""
    made = []
    for of_output in zip(*ratios):
        _, shift = quantize_multiplier(max(of_output))
        made.append(([half_away(ratio * 2.0**shift) for ratio in of_output], shift))
    return made


def apply(made, sums, output):
    multipliers, shift = made[output]
    return rounding_shift(sum(s[output] * m for s, m in zip(sums, multipliers)), shift)


def network(shape, bits, group, activation, input_bits, symmetric):
    """`group` inputs share a step: 0 of all outputs, -1 all of one output."""
    highest = (1 << (input_bits - 1)) - 1 if symmetric else (1 << input_bits) - 1
    lowest = -highest if symmetric else 0
    layers = []
    for position, (inputs, outputs) in enumerate(zip(shape, shape[1:])):
        rows = inputs if group < 0 else group
        values, codes, scales = weights(inputs, outputs, bits, rows)
        is_rectified = position > 0 and activation == "relu"
        layers.append({
            "values": values,
            "codes": codes,
            "scales": scales,
            "rows": rows or inputs,
            "bias": random.normal(size=outputs).astype(f32),
            "scale": f32(random.uniform(0.5, 2.0) * (4.0 if position == 0 else 6.0) / (highest - lowest)),
            "zero_point": 0 if symmetric or is_rectified else int(random.integers(highest // 4, highest)),
        })
    rows = random.integers(lowest, highest + 1, size=(12, shape[0]))
    steps = None
    expected = []
    rescales = []
    for position, layer in enumerate(layers):
        s_x = float(layer["scale"])
        layer["int_bias"] = [half_away(float(b) / (s_x * s)) for b, s in zip(layer["bias"], layer["scales"][0])]
        units = [[s * s_x for s in of_group] for of_group in layer["scales"]]
        if position + 1 < len(layers):
            layer["rescale"] = rescale([[u / float(layers[position + 1]["scale"]) for u in g] for g in units])
            continue
        distinct = {u for g in units for u in g}
        if len(units) == 1 and len(distinct) == 1:
            layer["rescale"], steps = None, units[0][0]
        else:
            steps = max(distinct) / 256.0
            layer["rescale"] = rescale([[u / steps for u in g] for g in units])
    for row in rows:
        values = [int(q) for q in row]
        for position, layer in enumerate(layers):
            sums = accumulators(values, layer["codes"], layer["zero_point"], layer["rows"], layer["int_bias"])
            outputs = range(len(sums[0]))
            if layer["rescale"] is None:
                values = sums[0]
                continue
            values = [apply(layer["rescale"], sums, output) for output in outputs]
            if position + 1 == len(layers):
                continue
            zero_point = layers[position + 1]["zero_point"]
            floor = max(lowest, zero_point) if activation == "relu" else lowest
            values = [min(max(value + zero_point, floor), highest) for value in values]
        expected.append(values)
    return {
        "bits": bits,
        "granularity": "tensor" if group == 0 else "output-channel" if group < 0 else {"group": group},
        "activation": activation,
        "input_bits": input_bits,
        "symmetric": symmetric,
        "layers": [
            {
                "shape": list(layer["values"].shape),
                "values": [float(v) for v in layer["values"].ravel()],
                "bias": [float(b) for b in layer["bias"]],
                "scale": float(layer["scale"]),
                "zero_point": layer["zero_point"],
            }
            for layer in layers
        ],
        "rows": [[int(q) for q in row] for row in rows],
        "step": steps,
        "outputs": expected,
    }


cases = [
    network(shape, bits, group, activation, input_bits, symmetric)
    for shape, group in [((13, 9, 3), 0), ((13, 9, 3), -1), ((16, 8, 8, 4), 8), ((10, 7, 2), 4), ((5, 3), -1), ((6, 3), 0)]
    for bits, activation, input_bits, symmetric in [
        (8, "relu", 8, False),
        (4, "identity", 8, True),
        (3, "relu", 4, False),
        (2, "relu", 8, True),
    ]
]
print("[" + ",\n".join(json.dumps(case) for case in cases) + "]")
