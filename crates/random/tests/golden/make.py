"""Writes legacy.json and logarithm.json beside this file.

Versions: Python 3.11, NumPy 2.2.4 (x86-64, glibc 2.36).
Run: python crates/random/tests/golden/make.py
"""

import json
import math
import pathlib
import struct
from decimal import Decimal, getcontext

import numpy as np

HERE = pathlib.Path(__file__).parent
SEEDS = [0, 1, 42, 12345, 2**32 - 1]
getcontext().prec = 50


def bits(value):
    return struct.pack(">d", value).hex()


def fnv1a(data):
    """The 64-bit FNV-1a hash of bytes."""
    digest = 0xCBF29CE484222325
    for byte in data:
        digest = (digest ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return f"{digest:016x}"


def exact_log(value):
    """ln(value), correctly rounded."""
    return float(Decimal(value).ln())


def reference_normals(seed, count):
    """legacy_gauss with a correctly rounded logarithm instead of the C library's."""
    uniform = iter(np.random.RandomState(seed).random_sample(4 * count + 100).tolist())
    values = []
    while len(values) < count:
        x, y = 2.0 * next(uniform) - 1.0, 2.0 * next(uniform) - 1.0
        square = x * x + y * y
        if square < 1.0 and square != 0.0:
            factor = math.sqrt(-2.0 * exact_log(square) / square)
            values += [factor * y, factor * x]
    return np.array(values[:count])


def permutation(state, n):
    order = state.permutation(n)
    if n <= 20:
        return {"n": n, "order": order.tolist()}
    return {"n": n, "hash": fnv1a(order.astype("<u4").tobytes())}


def generator(seed):
    state = np.random.RandomState
    random = state(seed)
    bounds = [
        (0, 1), (0, 2), (0, 7), (0, 8), (-5, 5), (0, 1000), (0, 2**31), (0, 2**32 - 1), (0, 2**32),
        (0, 2**32 + 1), (-(2**40), 2**41 + 3), (-(2**63), 2**63 - 1), (7, 8), (0, 3),
    ]
    count = 10_000
    reference, numpy = reference_normals(seed, count), state(seed).randn(count)
    # What glibc's rounding changes in the doubles: 13 of these 50,000, none of them in f32.
    assert np.sum(reference != numpy) <= 4
    assert np.array_equal(reference.astype("f4"), numpy.astype("f4"))
    assert np.all(np.abs(reference - numpy) <= 2.0 * np.spacing(np.abs(numpy)))
    mixed = state(seed)
    return {
        "seed": seed,
        "words": state(seed).randint(0, 2**32, size=1000, dtype=np.uint32).tolist()[:20],
        "words_hash": fnv1a(state(seed).randint(0, 2**32, size=2000, dtype=np.uint32).astype("<u4").tobytes()),
        "uniform": [bits(v) for v in state(seed).random_sample(20)],
        "normal_reference_hash": fnv1a(reference.astype("<f8").tobytes()),
        "normal_f32_hash": fnv1a(state(seed).randn(200_000).astype("<f4").tobytes()),
        "permutations_each": [permutation(state(seed), n) for n in [0, 1, 2, 3, 10, 20, 178, 1797, 70_000]],
        "permutations_in_a_row": [permutation(random, n) for n in [5, 0, 1, 2, 33, 1797]],
        "randint": [
            {"low": low, "high": high, "values": state(seed).randint(low, high, size=8).tolist()}
            for low, high in bounds
        ],
        "choice": state(seed).choice(17, size=6, replace=False).tolist(),
        # An odd number of normals keeps one in the cache while others draw.
        "mixed": [
            bits(mixed.randn()), mixed.randint(0, 100), bits(mixed.random_sample()), bits(mixed.randn()),
            mixed.permutation(6).tolist(), bits(mixed.randn()),
        ],
    }


def logarithms():
    random = np.random.RandomState(7)
    arguments = np.concatenate([
        random.random_sample(2000),
        1.0 - random.random_sample(100) * 2.0**-20,
        1.0 + random.random_sample(100) * 2.0**-20,
        2.0 ** random.uniform(-1020, 1020, 200),
        [0.5, 2.0, 1.0 - 2.0**-53, 1.0 + 2.0**-52, math.sqrt(0.5), math.sqrt(2.0), 2.0**-1022, 1.7e308],
    ])
    return [[bits(v), bits(exact_log(v))] for v in arguments.tolist()]


(HERE / "legacy.json").write_text(json.dumps([generator(seed) for seed in SEEDS], separators=(",", ":")) + "\n")
(HERE / "logarithm.json").write_text(json.dumps(logarithms(), separators=(",", ":")) + "\n")
