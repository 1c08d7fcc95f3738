"""Holds onnxruntime to what is expected of exported ONNX files.

Versions: onnx 1.23.2, onnxruntime 1.32.0, numpy 2.2.4, ml_dtypes 0.6.0 (`.ci/python-requirements.txt`).

    cargo test --release -p bitsweep-exchange --test export
    pip install -r .ci/python-requirements.txt
    python crates/exchange/tests/files/check_onnx_out.py target/tmp/onnx_out

Each `name.onnx` has a `name.json` beside it: features, and the labels, probabilities, weights and codes that are expected.
Every file must pass onnx.checker with all shapes inferred, and is run as a user runs it; with its weights and codes as outputs,
optimized and not, for what is an output is fused with nothing; and by the reference of the standard. What must hold depends on
the arithmetic of its layers:

- "integers": the same labels, codes of all inputs the same integers, probabilities up to 1e-5.
- "floats": weights bit for bit, probabilities up to 1e-5, the same labels but for rows whose two largest logits are nearer
  than 1e-5, for sums of floats have no fixed order.
- "qdq": codes of the first layer the same integers; of those behind at most 1 in 100 differs, by one step, where a sum of
  floats lies on a tie; probabilities up to 1e-3, and labels as of floats.
"""

import collections
import json
import pathlib
import sys

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto
from onnx.reference import ReferenceEvaluator

VERSIONS = {"onnx": ("1.23.2", onnx.__version__), "onnxruntime": ("1.32.0", onnxruntime.__version__)}
PROBABILITY = {"integers": 1e-5, "floats": 1e-5, "qdq": 1e-3}
# What a run is called, its optimization in onnxruntime or None of the reference, and whether weights and codes are looked at.
LEVEL = onnxruntime.GraphOptimizationLevel
RUNS = [
    ("as used", LEVEL.ORT_ENABLE_ALL, False),
    ("optimized", LEVEL.ORT_ENABLE_ALL, True),
    ("not optimized", LEVEL.ORT_DISABLE_ALL, True),
    ("by the reference", None, True),
]
# Types whose kernels onnxruntime lacks: its DequantizeLinear has no float4e2m1.
LACKING = {TensorProto.FLOAT4E2M1}
# The domains that the reference of the standard knows.
STANDARD = {"", "ai.onnx.ml"}
NUMPY = {TensorProto.FLOAT: np.float32, TensorProto.DOUBLE: np.float64, TensorProto.STRING: object}


def inputs_of(model, expected):
    """The tensors that the graph takes; null is a missing number."""
    feeds = {}
    for value in model.graph.input:
        kind = NUMPY[value.type.tensor_type.elem_type]
        rows = expected["inputs"][value.name]
        if kind is not object:
            rows = [[np.nan if number is None else number for number in row] for row in rows]
        feeds[value.name] = np.array(rows, dtype=kind)
    return feeds


def watched(model, expected):
    """Names of tensors that are compared beside the outputs: weights by what multiplies them, and codes."""
    producers = {output: node for node in model.graph.node for output in node.output}
    weights = {}
    for product in expected["weights"]:
        node = producers.get(product)
        if node is not None and node.op_type == "MatMul":
            weights[node.input[1]] = expected["weights"][product]
    return weights, dict(expected["codes"])


def runs_of(model):
    """The runs that a file can have."""
    lacks_kernels = any(tensor.data_type in LACKING for tensor in model.graph.initializer)
    is_standard = all(opset.domain in STANDARD for opset in model.opset_import)
    return [run for run in RUNS if (is_standard if run[1] is None else not lacks_kernels)]


def evaluate(model, names, feeds, level):
    """The values of tensors: initializers, and what onnxruntime makes at a level of optimization, or the reference."""
    initializers = {
        tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in model.graph.initializer if tensor.name in names
    }
    computed = [name for name in names if name not in initializers]
    if level is None:
        values = ReferenceEvaluator(model).run(None, feeds, intermediate=True)
        return {name: values[name] for name in computed} | initializers
    shown = onnx.ModelProto()
    shown.CopyFrom(model)
    known = {output.name for output in model.graph.output}
    shown.graph.output.extend(onnx.ValueInfoProto(name=name) for name in computed if name not in known)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.graph_optimization_level = level
    session = onnxruntime.InferenceSession(
        shown.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    return dict(zip(computed, session.run(computed, feeds), strict=True)) | initializers


def compare(expected, values, weights, codes):
    """What differs, as sentences."""
    wrong = []
    arithmetic = expected["arithmetic"]
    labels = np.array([str(label) for label in values["label"]])
    differing = labels != np.array(expected["labels"])
    ties = 0
    if differing.any():
        logits = np.sort(np.array(expected["logits"])[differing], axis=1)
        near = logits[:, -1] - logits[:, -2] <= 1e-5
        ties = int(near.sum()) if arithmetic != "integers" else 0
        if ties < differing.sum():
            wrong.append(f"{differing.sum() - ties} of {len(labels)} labels differ")
    distance = np.abs(values["probabilities"].astype(np.float64) - np.array(expected["probabilities"]))
    if not distance.max() <= PROBABILITY[arithmetic]:
        wrong.append(f"probabilities differ by {distance.max()}")
    for name, bits in weights.items():
        # A weight of double is a widened float.
        found = values[name].astype(np.float32).view(np.uint32).astype(np.float64)
        if found.shape != np.shape(bits) or (found != np.array(bits)).any():
            wrong.append(f"weight {name} differs")
    flips = 0
    for name, integers in codes.items():
        found = values[name].astype(np.int64)
        differences = np.abs(found - np.array(integers))
        count = int((differences != 0).sum())
        allowed = found.size // 100 if arithmetic == "qdq" and name != "x1.codes" else 0
        if count > allowed or differences.max() > 1:
            wrong.append(f"{count} of {found.size} codes of {name} differ")
        flips += count
    return wrong, float(distance.max()), ties, flips


def flaws(model):
    """What is wrong with a file before it is run."""
    wrong = []
    try:
        onnx.checker.check_model(model, full_check=True)
    except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError) as error:
        wrong.append(f"is refused by onnx.checker: {error}")
    used = {name for node in model.graph.node for name in node.input}
    unused = [tensor.name for tensor in model.graph.initializer if tensor.name not in used]
    if unused:
        wrong.append(f"has initializers that nothing uses: {unused}")
    return wrong


def main(folder):
    for name, (pinned, found) in VERSIONS.items():
        if pinned != found:
            sys.exit(f"expected {name} {pinned}, found {found}")
    files = sorted(pathlib.Path(folder).rglob("*.onnx"))
    if not files:
        sys.exit(f"no files in {folder}: run the tests of bitsweep-exchange first")
    failed, counts = 0, {}
    for path in files:
        model = onnx.load(path)
        expected = json.loads(path.with_suffix(".json").read_text())
        count = counts.setdefault(path.parent.name, collections.Counter())
        weights, codes = watched(model, expected)
        wrong = flaws(model)
        for run, level, looks in runs_of(model):
            shown = (weights, codes) if looks else ({}, {})
            names = ["label", "probabilities", *shown[0], *shown[1]]
            try:
                values = evaluate(model, names, inputs_of(model, expected), level)
            except Exception as error:  # noqa: BLE001 - what a runtime raises has no common type
                wrong.append(f"does not run: {str(error)[:300]} ({run})")
                continue
            found, distance, ties, flips = compare(expected, values, *shown)
            wrong.extend(f"{sentence} ({run})" for sentence in found)
            count["distance"] = max(count["distance"], distance)
            count["ties"] = count["ties"] + ties
            count["flips"] = count["flips"] + flips
            count["runs"] += 1
        count["files"] += 1
        count["rows"] += len(expected["labels"])
        count["codes"] += sum(np.size(integers) for integers in codes.values())
        count["weights"] += sum(np.size(bits) for bits in weights.values())
        if wrong:
            failed += 1
            print(f"{path.parent.name}/{path.name}: {'; '.join(wrong)}")
            for note in expected["notes"]:
                print(f"    {note}")
    for kind, count in sorted(counts.items()):
        print(
            f"{kind}: {count['files']} files in {count['runs']} runs, {count['rows']} rows, {count['weights']} weights "
            f"and {count['codes']} codes; probabilities within {count['distance']:.1e}, {count['ties']} ties, "
            f"{count['flips']} codes off by one"
        )
    if failed:
        sys.exit(f"{failed} of {len(files)} files are wrong")


if __name__ == "__main__":
    main(*sys.argv[1:])
