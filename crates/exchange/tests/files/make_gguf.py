"""A GGUF file as ggml's own package writes it, with tensors of many types, and what it says that they are.

python -m pip install numpy==2.2.4 gguf==0.19.0
python make_gguf.py
"""

import json

import numpy as np
from gguf import GGMLQuantizationType as Type
from gguf import GGUFWriter
from gguf.quants import dequantize, quantize

rng = np.random.default_rng(7)
file = GGUFWriter("types.gguf", "bitsweep")
file.add_custom_alignment(64)
file.add_name("types")
file.add_uint8("a.u8", 1)
file.add_bool("a.bool", True)
file.add_float64("a.f64", 0.1)
file.add_array("a.texts", ["relu", "", "größer"])
file.add_array("a.numbers", [1.5, 2.5])
file.add_array("a.arrays", [[1, 2], [3]])
tensors = []


def add(name, numbers, kind):
    """A tensor of a type; those of codes by the package's own rounding."""
    plain = {Type.F32: np.float32, Type.F16: np.float16, Type.F64: np.float64, Type.I8: np.int8, Type.I32: np.int32}
    if kind in plain:
        data = numbers.astype(plain[kind])
        values = data.astype(np.float64)
        file.add_tensor(name, data)
    else:
        data = quantize(numbers.astype(np.float32), kind)
        values = dequantize(data, kind)
        file.add_tensor(name, data, raw_dtype=kind)
    tensors.append(dict(name=name, type=kind.name, shape=list(numbers.shape), bytes=data.nbytes))
    if kind in plain or kind in (Type.BF16, Type.Q4_0, Type.Q4_1, Type.Q5_0, Type.Q5_1, Type.Q8_0, Type.MXFP4):
        tensors[-1]["values"] = values.astype(np.float64).reshape(-1).tolist()


for kind in [Type.F32, Type.F16, Type.F64, Type.I8, Type.I32, Type.BF16]:
    add(f"plain.{kind.name}", rng.normal(size=(3, 5)) * 20, kind)
for kind in [Type.Q4_0, Type.Q4_1, Type.Q5_0, Type.Q5_1, Type.Q8_0, Type.MXFP4]:
    add(f"blocks.{kind.name}", rng.normal(size=(3, 64)), kind)
add("vector", rng.normal(size=96), Type.Q4_1)
add("cube", rng.normal(size=(2, 3, 32)), Type.Q8_0)
for kind in [Type.TQ1_0, Type.TQ2_0]:
    add(f"others.{kind.name}", rng.normal(size=(2, 256)), kind)
# Types that the package does not round to.
for kind, size in [(Type.Q4_K, 144), (Type.IQ2_XXS, 66)]:
    file.add_tensor(f"others.{kind.name}", np.zeros((2, size), np.uint8), raw_dtype=kind)
    tensors.append(dict(name=f"others.{kind.name}", type=kind.name, shape=[2, 256], bytes=2 * size))
file.write_header_to_file()
file.write_kv_data_to_file()
file.write_tensors_to_file()
file.close()
with open("gguf.json", "w") as out:
    json.dump(tensors, out)
    out.write("\n")
