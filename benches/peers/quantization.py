#!/usr/bin/env python3
"""Quantizing a matrix of 4096 x 4096 normal f32 on one core, beside whatever of NumPy, ONNX Runtime, PyTorch, ml_dtypes, gguf
and faiss is installed. Prints one Markdown table; times are medians of rounds in which each tool has its turn.

    cargo build --release -p bitsweep-quant --example large_tensor
    python3 benches/peers/quantization.py > results/performance/quantization.md
"""

import importlib.metadata
import json
import os
import platform
import statistics
import subprocess
import sys
import time

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[variable] = "1"

import numpy

SIDE = 4096
ROUNDS = 5
PROGRAM = os.environ.get("LARGE_TENSOR", "target/release/examples/large_tensor")

values = numpy.random.default_rng(0).standard_normal((SIDE, SIDE)).astype(numpy.float32)


def milliseconds(work):
    start = time.perf_counter()
    work()
    return (time.perf_counter() - start) * 1e3


def ours(scheme):
    """The times of one scheme, and how long a copy takes in the same process."""
    lines = subprocess.run([PROGRAM, str(SIDE), scheme], capture_output=True, text=True, check=True).stdout.splitlines()
    machine, times = map(json.loads, lines)
    return {**machine, **times}


def numpy_int8():
    scale = numpy.abs(values).max() / 127
    return numpy.clip(numpy.rint(values / scale), -127, 127).astype(numpy.int8)


def numpy_groups():
    blocks = values.reshape(-1, 64)
    scales = numpy.abs(blocks).max(1, keepdims=True) / 7
    codes = (numpy.clip(numpy.rint(blocks / scales), -7, 7) + 8).astype(numpy.uint8)
    return codes[:, ::2] | (codes[:, 1::2] << 4)


peers = {
    "bits = 8": [("NumPy", numpy_int8)],
    "bits = 8; symmetry = 'asymmetric'": [],
    "bits = 8; granularity = 'output-channel'": [],
    "bits = 4; granularity = { group = 64 }": [("NumPy, packed", numpy_groups)],
    "format = 'fp8-e4m3'": [],
    "format = 'mxfp4'": [],
    "format = 'nf4'": [],
    "format = 'f16'": [("NumPy", lambda: values.astype(numpy.float16))],
    "format = 'bf16'": [],
    "format = 'q4_0'": [],
    "format = 'q8_0'": [],
    "bits = 8; range = { percentile = 99.9 }": [("NumPy", lambda: numpy.percentile(numpy.abs(values), 99.9))],
    "bits = 4; range = 'mse'": [],
    "format = { vq = { centroids = 16 } }": [],
}
versions = [f"NumPy {numpy.__version__}"]


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
    source = [helper.make_tensor_value_info("x", types.FLOAT, [SIDE, SIDE])]
    target = [helper.make_tensor_value_info("y", types.UINT8, [SIDE, SIDE])]
    node = helper.make_node("DynamicQuantizeLinear", ["x"], ["y", "s", "z"])
    graph = helper.make_model(helper.make_graph([node], "g", source, target), opset_imports=[helper.make_opsetid("", 21)])
    graph.ir_version = 10
    session = onnxruntime.InferenceSession(graph.SerializeToString(), options, providers=["CPUExecutionProvider"])
    peers["bits = 8; symmetry = 'asymmetric'"].append(
        ("ONNX Runtime, DynamicQuantizeLinear", lambda: session.run(["y"], {"x": values}))
    )
if torch := installed("torch"):
    torch.set_num_threads(1)
    tensor = torch.from_numpy(values)
    scales, zeros = torch.full((SIDE,), 0.04), torch.zeros(SIDE, dtype=torch.int64)
    peers["bits = 8"].append(("torch, given scale", lambda: torch.quantize_per_tensor(tensor, 0.04, 0, torch.qint8)))
    peers["bits = 8; granularity = 'output-channel'"].append(
        ("torch, given scales", lambda: torch.quantize_per_channel(tensor, scales, zeros, 1, torch.qint8))
    )
    peers["format = 'fp8-e4m3'"].append(("torch, cast", lambda: tensor.to(torch.float8_e4m3fn)))
if ml_dtypes := installed("ml_dtypes"):
    peers["format = 'fp8-e4m3'"].append(("ml_dtypes, cast", lambda: values.astype(ml_dtypes.float8_e4m3fn)))
    peers["format = 'bf16'"].append(("ml_dtypes, cast", lambda: values.astype(ml_dtypes.bfloat16)))
if gguf := installed("gguf"):
    for name in ("Q4_0", "Q8_0"):
        kind = gguf.GGMLQuantizationType[name]
        peers[f"format = '{name.lower()}'"].append(("gguf", lambda kind=kind: gguf.quantize(values, kind)))
if faiss := installed("faiss", "faiss-cpu"):
    faiss.omp_set_num_threads(1)
    million = values.reshape(-1, 1)[:1_000_000]

    def clustered():
        faiss.Kmeans(1, 16, niter=25, max_points_per_centroid=10**9, seed=1).train(million)

    peers["format = { vq = { centroids = 16 } }"].append(("faiss, of 1 M values", clustered))

rows = []
for scheme, others in peers.items():
    own, times, copies = [], {name: [] for name, _ in others}, []
    for name, work in others:
        work()
    for _ in range(ROUNDS):
        made = ours(scheme)
        own.append(made["quantize"] + made["pack"])
        copies.append(made["copy"])
        for name, work in others:
            times[name].append(milliseconds(work))
    mine = statistics.median(own)
    row = [f"`{scheme}`", f"{mine:.0f}", f"{mine / statistics.median(copies):.1f}"]
    cells = [f"{name} {statistics.median(all):.0f} ({statistics.median(all) / mine:.1f})" for name, all in times.items()]
    rows.append([*row, ", ".join(cells) or "–"])
    print(scheme, row, cells, file=sys.stderr)

processor = platform.processor() or platform.machine()
with open("/proc/cpuinfo", encoding="utf-8") as lines:
    processor = next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), processor)
print(f"# Quantizing {SIDE} × {SIDE} values\n")
print(f"{processor}, one core; {', '.join(versions)}. Medians of {ROUNDS} rounds in which each tool has its turn.")
print("bitsweep's time is from f32 values to packed bytes, its range or codebook found; in parentheses how many times")
print("as long the other takes. A copy is of the f32 values to new memory.\n")
print("| scheme | bitsweep, ms | copies | others, ms |\n|---|--:|--:|---|")
for row in rows:
    print("| " + " | ".join(row) + " |")
print("\n`python3 benches/peers/quantization.py` after `cargo build --release -p bitsweep-quant --example large_tensor`.")
