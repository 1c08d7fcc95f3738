#!/usr/bin/env python3
"""Notebook 000's loops in NumPy and scikit-learn beside ours, run in turn on one core; prints Markdown with medians and ratios.

    cargo build --release --workspace --examples
    python3 benches/peers/loops.py > results/performance/loops.md
"""

import copy
import json
import os
import statistics
import subprocess
import sys
import time

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "RAYON_NUM_THREADS"):
    os.environ[variable] = "1"

import numpy as np
import sklearn
from sklearn import datasets
from sklearn.metrics import f1_score
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

ROUNDS = 9
VARIANTS = 1000
PROGRAM = sys.argv[1] if len(sys.argv) > 1 else "target/release/examples/notebook_loops"

data = datasets.load_wine()
train, test, labels, truth = train_test_split(data.data, data.target, test_size=0.2, random_state=42)
scaler = StandardScaler()
train, test = scaler.fit_transform(train), scaler.transform(test)
one_hot = np.eye(3)[labels]


class Network:
    def __init__(self):
        np.random.seed(42)
        self.W1 = np.random.randn(13, 100).astype(np.float32)
        self.b1 = np.random.randn(1, 100).astype(np.float32)
        self.W2 = np.random.randn(100, 3).astype(np.float32)
        self.b2 = np.random.randn(1, 3).astype(np.float32)

    def forward(self, x):
        self.z1 = np.dot(x, self.W1) + self.b1
        self.a1 = np.maximum(0, self.z1)
        self.z2 = np.dot(self.a1, self.W2) + self.b2
        exp = np.exp(self.z2)
        self.a2 = exp / np.sum(exp, axis=1, keepdims=True)
        return self.a2

    def backward(self, x, y, rate):
        m = x.shape[0]
        dz2 = self.a2 - y
        dW2 = np.dot(self.a1.T, dz2) / m
        db2 = np.sum(dz2, axis=0, keepdims=True) / m
        dz1 = np.dot(dz2, self.W2.T) * (self.z1 > 0)
        dW1 = np.dot(x.T, dz1) / m
        db1 = np.sum(dz1, axis=0, keepdims=True) / m
        self.W2 -= rate * dW2
        self.b2 -= rate * db2
        self.W1 -= rate * dW1
        self.b1 -= rate * db1


def train_network():
    network = Network()
    started = time.perf_counter()
    for _ in range(200):
        loss = 0
        for i in range(0, len(train), 10):
            x, y = train[i : i + 10], one_hot[i : i + 10]
            p = network.forward(x)
            loss += -np.mean(np.sum(np.multiply(y, np.log(p + 1e-8)), axis=1))
            network.backward(x, y, 0.1)
    return network, time.perf_counter() - started


def quantize(tensor, bits):
    qmin, qmax = -(2 ** (bits - 1)), 2 ** (bits - 1) - 1.0
    low, high = np.min(tensor), np.max(tensor)
    scale = (high - low) / (qmax - qmin)
    zero_point = qmin - low / scale
    codes = np.round(zero_point + tensor / scale).clip(qmin, qmax).astype(int)
    return scale * (codes - zero_point)


def sweep(network):
    started = time.perf_counter()
    for variant in range(VARIANTS):
        bits = (8, 6, 4, 2)[variant % 4]
        model = copy.deepcopy(network)
        largest = np.max(np.abs(model.W1), axis=0)
        factors = largest / np.max(largest)
        model.W1 /= factors
        model.b1 /= factors
        model.W2 *= factors.reshape(-1, 1)
        model.W1, model.b1 = quantize(model.W1, bits), quantize(model.b1, bits)
        model.W2, model.b2 = quantize(model.W2, bits), quantize(model.b2, bits)
        f1_score(truth, np.argmax(model.forward(test), axis=1), average="macro")
    return time.perf_counter() - started


numpy_training, numpy_sweep, ours = [], [], []
for _ in range(ROUNDS):
    network, seconds = train_network()
    numpy_training.append(seconds)
    numpy_sweep.append(sweep(network))
    ours.append(json.loads(subprocess.run([PROGRAM], check=True, capture_output=True, text=True).stdout))


def row(name, theirs, key):
    own = [run[key] for run in ours]
    ratios = [a / b for a, b in zip(theirs, own)]
    shown = f"{statistics.median(ratios):.0f} ({min(ratios):.0f} to {max(ratios):.0f})"
    print(f"| {name} | {1e3 * statistics.median(own):.3g} | {1e3 * statistics.median(theirs):,.0f} | {shown} |")


with open("/proc/cpuinfo", encoding="utf-8") as lines:
    named = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
print("# Loops of notebook 000 beside NumPy\n")
print(f"{next(iter(named), 'unknown processor')}, one core; NumPy {np.__version__}, scikit-learn {sklearn.__version__}.")
print(f"Medians of {ROUNDS} rounds in which each has its turn; in parentheses the range over the rounds.\n")
print("| loop | bitsweep, ms | NumPy, ms | ratio |\n|---|--:|--:|--:|")
row("training, all f32", numpy_training, "single")
row("training, the notebook's mixed precision", numpy_training, "mixed")
row("1,000 variants: equalize, quantize, predict, macro-F1", numpy_sweep, "variants")
print("\n`python3 benches/peers/loops.py` after `cargo build --release --workspace --examples`.")
