"""Golden numbers of number formats: ml_dtypes, the gguf package, and NumPy transcriptions of OCP MX and NVFP4.

    python make_formats.py

Made with Python 3.11, numpy 2.2.4, ml_dtypes 0.6.0, gguf 0.19.0. Writes formats.json beside itself. Codes of many values
are kept as their FNV-1a hash; the values come from numpy.random.RandomState, which the tests follow bit for bit.
"""

import json
from pathlib import Path

import gguf.quants
import ml_dtypes
import numpy as np

HERE = Path(__file__).parent

FLOATS = {
    "fp8-e4m3": (ml_dtypes.float8_e4m3fn, 8),
    "fp8-e5m2": (ml_dtypes.float8_e5m2, 8),
    "fp6-e3m2": (ml_dtypes.float6_e3m2fn, 6),
    "fp6-e2m3": (ml_dtypes.float6_e2m3fn, 6),
    "fp4-e2m1": (ml_dtypes.float4_e2m1fn, 4),
}


def fnv(data):
    value = 0xCBF29CE484222325
    for byte in bytes(data):
        value = (value ^ byte) * 0x100000001B3 % 2**64
    return f"{value:016x}"


def spread(seed, count):
    """Values of all magnitudes from 2^-25 to 2^20."""
    random = np.random.RandomState(seed)
    draws = random.random_sample(2 * count).reshape(count, 2)
    exponent = np.floor(draws[:, 1] * 45).astype(int) - 25
    return np.ldexp(2 * draws[:, 0] - 1, exponent).astype(np.float32)


def codes(values, dtype, bits):
    """Codes after saturation, which ml_dtypes leaves to infinity or NaN where a format has them."""
    largest = np.float32(ml_dtypes.finfo(dtype).max)
    return np.clip(values, -largest, largest).astype(dtype).view(np.uint8) & (2**bits - 1)


def levels(dtype, bits):
    values = np.arange(2**bits, dtype=np.uint8).view(dtype).astype(np.float64)
    return [None if not np.isfinite(value) else float(value) for value in values]


def ties(dtype, bits):
    """All midpoints of neighbours, and the numbers of f32 on both sides of each."""
    finite = sorted({value for value in levels(dtype, bits) if value is not None})
    middle = np.array([(a + b) / 2 for a, b in zip(finite, finite[1:])], dtype=np.float32)
    # f32 holds every midpoint exactly.
    assert all(float(m) == (a + b) / 2 for m, a, b in zip(middle, finite, finite[1:]))
    return np.concatenate([np.nextafter(middle, np.float32(-np.inf)), middle, np.nextafter(middle, np.float32(np.inf))])


def floats():
    for name, (dtype, bits) in FLOATS.items():
        values = ties(dtype, bits)
        yield {
            "format": name,
            "levels": levels(dtype, bits),
            "ties": codes(values, dtype, bits).tolist(),
            "random": fnv(codes(spread(7, 100_000), dtype, bits)),
        }


def matrix(seed, rows, columns):
    return spread(seed, rows * columns).reshape(rows, columns)


def gguf_types():
    for name in ["q4_0", "q4_1", "q5_0", "q5_1", "q8_0"]:
        kind = getattr(gguf.GGMLQuantizationType, name.upper())
        # Columns of our matrices are rows of theirs; magnitudes up to 2^12, so that f16 holds the scales.
        wide = np.ascontiguousarray((matrix(11, 1024, 8) / np.float32(2**8)).T)
        # A quarter of ties and of equal magnitudes, and a block of zeros.
        coarse = np.ascontiguousarray((np.round(np.random.RandomState(12).random_sample((256, 4)) * 16) - 8).astype(np.float32).T)
        coarse[1, 32:64] = 0
        blocks = {"wide": wide, "coarse": coarse}
        entry = {"format": name}
        for key, values in blocks.items():
            data = gguf.quants.quantize(values, kind)
            entry[key] = fnv(data.tobytes())
            entry[key + "_reconstruction"] = fnv(gguf.quants.dequantize(data, kind).T.astype("<f4").tobytes())
        entry["first_block"] = gguf.quants.quantize(wide, kind).reshape(-1)[: {"q4_0": 18, "q4_1": 20, "q5_0": 22, "q5_1": 24, "q8_0": 34}[name]].tolist()
        yield entry


def floor_log2(value):
    return int(np.frexp(value)[1]) - 1


def mx_block(block, element, emax):
    """OCP Microscaling Formats 1.0, section 6.3: shared exponent and elements of one block."""
    amax = np.abs(block).max()
    shared = max(floor_log2(amax) - emax, -127) if amax > 0 else 0 - emax
    scaled = (block / np.float32(2.0**shared)).astype(np.float32)
    if element == "int8":
        # Elements count in steps of 2^-6.
        return shared, np.clip(np.round(scaled * np.float32(64)), -127, 127).astype(np.int64)
    dtype, bits = FLOATS[element]
    return shared, codes(scaled, dtype, bits).astype(np.int64)


def blocks_of(values, size):
    for first in range(0, values.shape[0], size):
        for column in range(values.shape[1]):
            yield slice(first, first + size), column


def mx():
    for name, element, emax in [
        ("mxfp8-e4m3", "fp8-e4m3", 8),
        ("mxfp8-e5m2", "fp8-e5m2", 15),
        ("mxfp6-e3m2", "fp6-e3m2", 4),
        ("mxfp6-e2m3", "fp6-e2m3", 2),
        ("mxfp4", "fp4-e2m1", 2),
        ("mxint8", "int8", 0),
    ]:
        # 70 rows: the last block of a column has 6 values.
        values = matrix(21, 70, 3)
        result = np.zeros(values.shape, dtype=np.int64)
        exponents = []
        for rows, column in blocks_of(values, 32):
            shared, result[rows, column] = mx_block(values[rows, column], element, emax)
            exponents.append(shared + 127)
        yield {"format": name, "exponents": exponents, "codes": result.ravel().tolist()}


def nvfp4():
    values = matrix(22, 40, 3)
    wanted = {}
    for rows, column in blocks_of(values, 16):
        wanted[rows.start, column] = np.abs(values[rows, column]).max() / np.float32(6)
    tensor = np.float32(np.float64(max(wanted.values())) / 448)
    result = np.zeros(values.shape, dtype=np.int64)
    scales = []
    for (first, column), scale in wanted.items():
        ratio = np.float64(scale) / np.float64(tensor)
        code = max(int(codes(np.array([ratio]), ml_dtypes.float8_e4m3fn, 8)[0]), 1)
        scales.append(code)
        stored = np.float32(np.float64(np.uint8(code).view(ml_dtypes.float8_e4m3fn)) * np.float64(tensor))
        block = values[first : first + 16, column]
        result[first : first + 16, column] = codes(block / stored, ml_dtypes.float4_e2m1fn, 4)
    return {"tensor": float(tensor), "scales": scales, "codes": result.ravel().tolist()}


content = {"floats": list(floats()), "gguf": list(gguf_types()), "mx": list(mx()), "nvfp4": nvfp4()}
with open(HERE / "formats.json", "w") as file:
    file.write("{\n" + ",\n".join(f'"{key}": {json.dumps(value)}' for key, value in content.items()) + "\n}\n")
