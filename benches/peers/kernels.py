#!/usr/bin/env python3
"""Quantizing a matrix of 4096 x 4096 normal f32, calibrating a layer, and products with packed weights, on one core, beside
whatever of NumPy, ONNX Runtime, PyTorch, ml_dtypes, gguf and faiss is installed, and the crate gemm where it is built. Prints
Markdown; times are medians of rounds in which each tool has its turn.

    cargo build --release
    cargo build --release --manifest-path benches/peers/gemm/Cargo.toml
    python3 benches/peers/kernels.py > results/performance/kernels.md
"""

import importlib.metadata
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
import tomllib

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

import numpy

SIDE = int(os.environ.get("SIDE", "4096"))
ROUNDS = int(os.environ.get("ROUNDS", "3"))
PROGRAM = os.environ.get("BITSWEEP", "target/release/bitsweep")
GEMM = os.environ.get("GEMM", "benches/peers/gemm/target/release/gemm-peer")

generator = numpy.random.default_rng(0)
values = generator.standard_normal((SIDE, SIDE)).astype(numpy.float32)


def milliseconds(work):
    """How long it takes, or what it says itself, as programs do."""
    start = time.perf_counter()
    told = work()
    return told if isinstance(told, float) else (time.perf_counter() - start) * 1e3


def ours(name):
    """What `bitsweep bench kernels` measures of one line."""
    with tempfile.TemporaryDirectory() as folder:
        command = [PROGRAM, "bench", "kernels", name, "--side", str(SIDE), "--json", "--quiet", "--out", folder]
        return json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def to_packed_codes(name):
    """From values to packed codes, and how long a copy of the values to new memory takes."""
    measured = ours(name)
    [times], limits = measured["quantizing"], measured["limits"]
    copy = limits["copy"]["one"]["median"] * values.nbytes / limits["bytes"]
    return 1e3 * times["quantize"]["one"]["median"], 1e3 * copy


def of_shape(rows, side):
    """A product of so many rows, and reading its bytes or multiplying, whichever is longer."""

    def product(name):
        [times] = [own for own in ours(name)["products"] if own["shape"] == [rows, side, side]]
        reading = times["bytes"] / times["bytes_read"] * times["read"]["one"]["median"]
        peak = times["peak"]
        multiplying = times["products"] / peak["products"] * peak["times"]["one"]["median"]
        return 1e3 * times["one"]["median"], 1e3 * max(reading, multiplying)

    return product


def sums(name):
    """Sums by product quantization, and reading their bytes."""
    [times] = ours(name)["products"]
    reading = times["bytes"] / times["bytes_read"] * times["read"]["one"]["median"]
    return 1e3 * times["one"]["median"], 1e3 * reading


def numpy_int8():
    scale = numpy.abs(values).max() / 127
    return numpy.clip(numpy.rint(values / scale), -127, 127).astype(numpy.int8)


def numpy_groups():
    blocks = values.reshape(-1, 64)
    scales = numpy.abs(blocks).max(1, keepdims=True) / 7
    codes = (numpy.clip(numpy.rint(blocks / scales), -7, 7) + 8).astype(numpy.uint8)
    return codes[:, ::2] | (codes[:, 1::2] << 4)


quantizing = {
    "quantize int8": [("NumPy", numpy_int8)],
    "quantize int8 asymmetric": [],
    "quantize int8 per channel": [],
    "quantize int4 by 64": [("NumPy, packed", numpy_groups)],
    "quantize FP8 E4M3": [],
    "quantize MXFP4": [],
    "quantize NF4": [],
    "quantize f16": [("NumPy", lambda: values.astype(numpy.float16))],
    "quantize bf16": [],
    "quantize Q4_0": [],
    "quantize Q8_0": [],
    "quantize int8 percentile": [("NumPy", lambda: numpy.percentile(numpy.abs(values), 99.9))],
    "quantize int4 MSE": [],
    "quantize codebook of 16": [],
}
summing = {"PQ of 8 bits": [], "PQ of 4 bits, byte tables": []}
squares = [SIDE // 4, SIDE // 2]
products = {(name, rows, side): [] for name in ("f32", "int8, inputs of 8 bits", "int4, inputs of 8 bits") for rows, side in
            [*((rows, SIDE) for rows in (1, 8, 32)), *((side, side) for side in squares)]}
for side in squares:
    left, right = values[:side, :side].copy(), values[-side:, -side:].copy()
    products["f32", side, side].append(("NumPy", lambda left=left, right=right: left @ right))
versions = [f"NumPy {numpy.__version__}"]
if os.path.exists(GEMM):
    with open("benches/peers/gemm/Cargo.lock", "rb") as lock:
        versions += [f"gemm {package['version']}" for package in tomllib.load(lock)["package"] if package["name"] == "gemm"]

    def by_gemm(*shape):
        return lambda: float(subprocess.run([GEMM, *map(str, shape)], capture_output=True, check=True).stdout)

    for rows, side, count in [*((rows, SIDE, 4) for rows in (1, 8, 32)), *((side, side, 1) for side in squares)]:
        products["f32", rows, side].append(("gemm", by_gemm(rows, side, side, count)))


def installed(name, package=None):
    try:
        module = __import__(name)
    except ImportError:
        return None
    versions.append(f"{package or name} {importlib.metadata.version(package or name)}")
    return module


if (onnxruntime := installed("onnxruntime")) and (onnx := installed("onnx")):
    helper, types = onnx.helper, onnx.TensorProto
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1

    def session(nodes, source, target, constants=()):
        """`source` and `target`: name, type and shape."""
        ends = [helper.make_tensor_value_info(*end) for end in (source, target)]
        constants = [onnx.numpy_helper.from_array(array, name) for name, array in constants]
        graph = helper.make_graph(nodes, "g", ends[:1], ends[1:], constants)
        sets = [helper.make_opsetid("", 21), helper.make_opsetid("com.microsoft", 1)]
        model = helper.make_model(graph, opset_imports=sets)
        model.ir_version = 10
        return onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])

    node = helper.make_node("DynamicQuantizeLinear", ["x"], ["y", "s", "z"])
    of_values = session([node], ("x", types.FLOAT, [SIDE, SIDE]), ("y", types.UINT8, [SIDE, SIDE]))
    quantizing["quantize int8 asymmetric"].append(
        ("ONNX Runtime, DynamicQuantizeLinear", lambda: of_values.run(["y"], {"x": values}))
    )

    def square(side):
        left = generator.integers(0, 256, (side, side)).astype(numpy.uint8)
        right = generator.integers(-128, 128, (side, side)).astype(numpy.int8)
        node = helper.make_node("MatMulInteger", ["x", "w"], ["y"])
        own = session([node], ("x", types.UINT8, [side, side]), ("y", types.INT32, [side, side]), [("w", right)])
        return lambda: own.run(["y"], {"x": left})

    for side in squares:
        products["int8, inputs of 8 bits", side, side].append(("ONNX Runtime, MatMulInteger", square(side)))

    # One matrix after another, so that weights come from memory: each another one, since equal ones would be kept once.
    def chain(rows, count, nodes_of):
        nodes, constants, last = [], [], "x0"
        for index in range(count):
            own, arrays, after = nodes_of(index, last)
            nodes, constants, last = nodes + own, constants + arrays, after
        own = session(nodes, ("x0", types.FLOAT, [rows, SIDE]), (last, types.FLOAT, [rows, SIDE]), constants)
        inputs = {"x0": values[:rows].copy()}
        return lambda: own.run([last], inputs)

    def of_floats(index, last):
        weights = numpy.roll(values, index, 0) / 64
        return [helper.make_node("MatMul", [last, f"w{index}"], [f"x{index + 1}"])], [(f"w{index}", weights)], f"x{index + 1}"

    def of_bytes(index, last):
        codes = numpy.roll(numpy.clip(values * 30, -127, 127).astype(numpy.int8), index, 0)
        names = [f"{letter}{index}" for letter in "qszpf"]
        nodes = [
            helper.make_node("DynamicQuantizeLinear", [last], names[:3]),
            helper.make_node("MatMulInteger", [names[0], f"w{index}", names[2]], [names[3]]),
            helper.make_node("Cast", [names[3]], [names[4]], to=types.FLOAT),
            helper.make_node("Mul", [names[4], names[1]], [f"x{index + 1}"]),
        ]
        return nodes, [(f"w{index}", codes)], f"x{index + 1}"

    def of_nibbles(index, last):
        codes = generator.integers(0, 256, (SIDE, SIDE // 128, 64)).astype(numpy.uint8)
        scales = numpy.full(SIDE * (SIDE // 128), 0.001, numpy.float32)
        node = helper.make_node("MatMulNBits", [last, f"w{index}", f"s{index}"], [f"x{index + 1}"], domain="com.microsoft",
                                K=SIDE, N=SIDE, bits=4, block_size=128, accuracy_level=4)
        return [node], [(f"w{index}", codes), (f"s{index}", scales)], f"x{index + 1}"

    for rows in (1, 8, 32):
        for name, count, nodes_of, told in (
            ("f32", 4, of_floats, "MatMul"),
            ("int8, inputs of 8 bits", 16, of_bytes, "DynamicQuantizeLinear and MatMulInteger"),
            ("int4, inputs of 8 bits", 16, of_nibbles, "MatMulNBits"),
        ):
            run = chain(rows, count, nodes_of)
            products[name, rows, SIDE].append((f"ONNX Runtime, {told}", run, count))
if torch := installed("torch"):
    torch.set_num_threads(1)
    tensor = torch.from_numpy(values)
    scales, zeros = torch.full((SIDE,), 0.04), torch.zeros(SIDE, dtype=torch.int64)
    quantizing["quantize int8"].append(("torch, given scale", lambda: torch.quantize_per_tensor(tensor, 0.04, 0, torch.qint8)))
    quantizing["quantize int8 per channel"].append(
        ("torch, given scales", lambda: torch.quantize_per_channel(tensor, scales, zeros, 1, torch.qint8))
    )
    quantizing["quantize FP8 E4M3"].append(("torch, cast", lambda: tensor.to(torch.float8_e4m3fn)))
    for side in squares:
        whole = torch.randint(-128, 128, (side, side), dtype=torch.int8)
        products["int8, inputs of 8 bits", side, side].append(("torch, _int_mm", lambda whole=whole: torch._int_mm(whole, whole)))
    pack = torch._convert_weight_to_int4pack_for_cpu
    nibbles = [pack(torch.randint(0, 16, (SIDE, SIDE), dtype=torch.int32), 1) for _ in range(16)]
    steps = torch.full((SIDE // 128, SIDE, 2), 0.001, dtype=torch.bfloat16)

    def packed_nibbles(rows):
        inputs = tensor[:rows].to(torch.bfloat16)
        return lambda: [torch._weight_int4pack_mm_for_cpu(inputs, codes, 128, steps) for codes in nibbles]

    for rows in (1, 8, 32):
        told = "torch, _weight_int4pack_mm_for_cpu, bf16"
        products["int4, inputs of 8 bits", rows, SIDE].append((told, packed_nibbles(rows), 16))
if ml_dtypes := installed("ml_dtypes"):
    quantizing["quantize FP8 E4M3"].append(("ml_dtypes, cast", lambda: values.astype(ml_dtypes.float8_e4m3fn)))
    quantizing["quantize bf16"].append(("ml_dtypes, cast", lambda: values.astype(ml_dtypes.bfloat16)))
if gguf := installed("gguf"):
    for name in ("Q4_0", "Q8_0"):
        kind = gguf.GGMLQuantizationType[name]
        quantizing[f"quantize {name}"].append(("gguf", lambda kind=kind: gguf.quantize(values, kind)))
if faiss := installed("faiss", "faiss-cpu"):
    faiss.omp_set_num_threads(1)
    million = values.reshape(-1, 1)[:1_000_000]

    def clustered():
        faiss.Kmeans(1, 16, niter=25, max_points_per_centroid=10**9, seed=1).train(million)

    quantizing["quantize codebook of 16"].append(("faiss, of 1 M values", clustered))

    # As many codes as `bench kernels` has: of 16 bytes to the square of SIDE.
    query = generator.standard_normal((1, 32)).astype(numpy.float32)

    def product_quantized(bits):
        index = faiss.IndexPQ(32, 32, bits, faiss.METRIC_INNER_PRODUCT)
        index.train(generator.standard_normal((1 << 14, 32)).astype(numpy.float32))
        codes = generator.integers(0, 256, 16 * SIDE * SIDE).astype(numpy.uint8)
        faiss.copy_array_to_vector(codes, index.codes)
        index.ntotal = codes.size * 8 // bits // 32
        return index

    eight, four = product_quantized(8), faiss.IndexPQFastScan(product_quantized(4))
    summing["PQ of 8 bits"].append(("faiss, IndexPQ", lambda: eight.search(query, 1)))
    summing["PQ of 4 bits, byte tables"].append(("faiss, IndexPQFastScan", lambda: four.search(query, 1)))


sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../crates/quant/tests/golden"))
import calibration

layer, rows_of_layer = generator.standard_normal((SIDE // 4, SIDE // 4)), generator.standard_normal((SIDE // 8, SIDE // 4))
calibrating = {
    "calibrate GPTQ": [("NumPy", lambda: calibration.gptq(layer, rows_of_layer, 4, "symmetric", None, False, 0.01))],
    "calibrate AdaRound, 10 steps": [
        ("NumPy", lambda: calibration.adaround(layer, rows_of_layer, 4, "symmetric", 10, 0.01, 0.01))
    ],
}
if torch:
    import torch_calibration

    both = [torch.from_numpy(layer), torch.from_numpy(rows_of_layer)]
    calibrating["calibrate GPTQ"].append(("torch, in blocks", lambda: torch_calibration.gptq(*both, 4, 0.01)))
    calibrating["calibrate AdaRound, 10 steps"].append(
        ("torch, by autograd", lambda: torch_calibration.adaround(*both, 4, 10, 0.01, 0.01))
    )


def to_codes(name):
    """From inputs and weights to codes, twice: there is no limit."""
    [times] = ours(name)["calibrating"]
    milliseconds = 1e3 * times["calibrate"]["one"]["median"]
    return milliseconds, milliseconds


def row(told, name, own_work, others):
    """The cells of a line: others are names, what runs, and how many of what is measured one run has."""
    own, limits, times = [], [], [[] for _ in others]
    for _, work, *_ in others:
        work()
    for _ in range(ROUNDS):
        mine, limit = own_work(name)
        own.append(mine)
        limits.append(limit)
        for (_, work, *count), all in zip(others, times):
            all.append(statistics.median(milliseconds(work) for _ in range(3)) / (count[0] if count else 1))
    mine = statistics.median(own)
    cells = [
        f"{other[0]} {statistics.median(all):.3g} ({statistics.median(all) / mine:.2f})" for other, all in zip(others, times)
    ]
    cells = [told, f"{mine:.3g}", f"{mine / statistics.median(limits):.2f}", "; ".join(cells) or "–"]
    print(cells, file=sys.stderr)
    return "| " + " | ".join(cells) + " |"


processor = platform.processor() or platform.machine()
with open("/proc/cpuinfo", encoding="utf-8") as lines:
    about = lines.read()
named = [line.split(":")[1].strip() for line in about.splitlines() if line.startswith("model name")]
processor = next(iter(named), processor)
quantized = [row(name.removeprefix("quantize "), name, to_packed_codes, others) for name, others in quantizing.items()]
multiplied = [
    row(f"{name}; {rows} × {side} × {side}", name, of_shape(rows, side), others)
    for (name, rows, side), others in products.items()
]
summed = [row(name, name, sums, others) for name, others in summing.items()]
calibrated = [row(name.removeprefix("calibrate "), name, to_codes, others) for name, others in calibrating.items()]
host = ours("quantize int8")["host"]
print("# Kernels beside other tools\n")
print(f"{processor}, one core, {host['system']}; kernels: {host['kernels']}; {', '.join(versions)}.")
print(f"Medians of {ROUNDS} rounds in which each tool has its turn; in parentheses how many times as long as bitsweep's the other's is:")
print("below 1 the other is faster.\n")
if " amx_int8 " in about:
    print("This processor has AMX, with which ONNX Runtime multiplies bytes by bytes; bitsweep's kernels have no AMX, and the limit of")
    print("multiplications is that of VNNI.\n")
print(f"## Quantizing {SIDE} × {SIDE} values\n")
print("From f32 to packed codes, with the range or the codebook found. A copy is of the f32 values to new memory.\n")
print("| scheme | bitsweep, ms | copies | others, ms |\n|---|--:|--:|---|")
print("\n".join(quantized))
print("\n## Calibrating\n")
print(f"Weights of {SIDE // 4} × {SIDE // 4} to codes of 4 bits with {SIDE // 8} rows of inputs, in f64, beside transcriptions of the papers:")
print("`crates/quant/tests/golden/calibration.py` and `benches/peers/torch_calibration.py`.\n")
print("| method | bitsweep, ms | others, ms |\n|---|--:|---|")
print("\n".join("|".join(line.split("|")[:3] + line.split("|")[4:]) for line in calibrated))
print("\n## Products\n")
print(f"Rows × inputs × outputs. Weights of {SIDE} inputs come from memory, those of smaller squares are in the caches. The limit is the")
print("time of reading each byte once, or that of the multiplications at their peak, whichever is longer.\n")
print("| product | bitsweep, ms | limits | others, ms |\n|---|--:|--:|---|")
print("\n".join(multiplied))
print("\n## Sums by product quantization\n")
print(f"Codes of {16 * SIDE * SIDE >> 20} MiB, 32 of a vector, with the tables of one query. faiss also finds the largest sum.\n")
print("| codes | bitsweep, ms | readings | others, ms |\n|---|--:|--:|---|")
print("\n".join(summed))
own = " ".join(f"{name}={os.environ[name]}" for name in ("SIDE", "ROUNDS") if name in os.environ)
print(f"\n`{own}{' ' if own else ''}python3 benches/peers/kernels.py` after `cargo build --release`.")
