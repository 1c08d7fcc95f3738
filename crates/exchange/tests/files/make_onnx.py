"""Makes the ONNX files of this folder, and `onnx.json` with what onnxruntime computes of them.

    python make_onnx.py sklearn torch hand    # numpy 2.2.4, scikit-learn 1.6.1, skl2onnx 1.20.0, onnx 1.23.2,
                                              # onnxruntime 1.32.0, torch 2.15.0, onnxscript 0.7.2
    python make_onnx.py keras                 # tensorflow-cpu 2.21.0, keras 3.15.1, tf2onnx 1.17.0, onnxruntime 1.32.0

`onnx.json` has for each file: rows of features (`inputs`); what `scores` are (`probabilities`, `log-probabilities`,
`logits`, or `second` where only the last column counts); the `scores` themselves, row by row; the names of the `classes` and
the `labels` of the rows, where the file has them.
"""

import json
import os
import sys
import tempfile
import warnings
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

warnings.filterwarnings("ignore")
FOLDER = Path(__file__).parent / "onnx"
RECORDS = FOLDER / "onnx.json"
ROWS = 6
records = {}


def save(name, model):
    data = model if isinstance(model, bytes) else model.SerializeToString()
    (FOLDER / f"{name}.onnx").write_bytes(data)


def run(path, features):
    """All outputs by name, for rows of features."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    # What the file says: optimized, products with dequantized weights are computed in integers.
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    inputs = session.get_inputs()
    kinds = {"tensor(float)": np.float32, "tensor(double)": np.float64, "tensor(float16)": np.float16}

    def feed(rows):
        start, values = 0, {}
        for one in inputs:
            shape = [length if isinstance(length, int) and length > 0 else 1 for length in one.shape[1:]]
            width = int(np.prod(shape)) if len(inputs) > 1 else rows.shape[1]
            part = rows[:, start : start + width]
            start += width
            shape = shape if int(np.prod(shape)) == width else [width]
            values[one.name] = part.reshape(len(rows), *shape).astype(kinds[one.type])
        return values

    fixed = isinstance(inputs[0].shape[0], int)
    batches = [features[i : i + 1] for i in range(len(features))] if fixed else [features]
    results = [session.run(None, feed(rows)) for rows in batches]
    outputs = {}
    for position, output in enumerate(session.get_outputs()):
        parts = [result[position] for result in results]
        if isinstance(parts[0], list):  # A ZipMap: one dictionary for each row.
            rows = [row for part in parts for row in part]
            outputs[output.name] = np.array([list(row.values()) for row in rows])
        else:
            outputs[output.name] = np.concatenate(parts)
    return outputs


def record(name, features, kind, scores=None, label=None, classes=None, of=None):
    """What onnxruntime computes of `of`, or of the file itself."""
    features = np.asarray(features, dtype=np.float32)[:ROWS]
    outputs = run(of or FOLDER / f"{name}.onnx", features)
    floats = {key: value for key, value in outputs.items() if value.dtype.kind == "f"}
    matrices = [key for key, value in floats.items() if value.ndim == 2]
    if not matrices:  # An output for each class.
        matrices = ["columns"]
        outputs["columns"] = np.column_stack(list(floats.values()))
    scores = scores or matrices[-1]
    records[name] = {
        "inputs": features.astype(float).tolist(),
        "kind": kind,
        "scores": outputs[scores].astype(float).tolist(),
        "classes": classes,
        "labels": [str(value) for value in outputs[label].ravel()] if label else None,
    }


def sklearn_models():
    from sklearn.compose import ColumnTransformer
    from sklearn.datasets import load_iris
    from sklearn.linear_model import LogisticRegression, Perceptron, SGDClassifier
    from sklearn.multiclass import OneVsRestClassifier
    from sklearn.neural_network import MLPClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import MinMaxScaler, Normalizer, StandardScaler
    from sklearn.svm import LinearSVC
    from skl2onnx import convert_sklearn
    from skl2onnx.common.data_types import FloatTensorType

    x, numbers = load_iris(return_X_y=True)
    names = np.array(["setosa", "versicolor", "virginica"])[numbers]
    rows = x[::27] + 0.05
    two = numbers > 0
    three = ["0", "1", "2"]
    flowers = ["setosa", "versicolor", "virginica"]

    def make(name, model, y, classes, kind="probabilities", only=None, **options):
        only = slice(None) if only is None else only
        model.fit(x[only], y[only])
        options.setdefault("initial_types", [("X", FloatTensorType([None, 4]))])
        converted = convert_sklearn(model, **options)
        save(name, converted)
        label = converted.graph.output[0].name
        record(name, rows, kind, label=label, classes=classes)

    plain = {"zipmap": False}
    lr = lambda **options: LogisticRegression(max_iter=500, **options)
    mlp = lambda hidden, **options: MLPClassifier(hidden, max_iter=60, random_state=0, **options)
    make("sklearn_logistic_binary", make_pipeline(StandardScaler(), lr()), numbers, ["1", "2"], only=two)
    make("sklearn_logistic_binary_names", lr(), names, flowers[1:], only=two, options=plain, target_opset=15)
    make("sklearn_logistic", make_pipeline(MinMaxScaler(), lr()), names, flowers, options=plain)
    make("sklearn_logistic_zipmap", make_pipeline(StandardScaler(), lr()), names, flowers, target_opset=11)
    liblinear = lambda: lr(solver="liblinear")
    make("sklearn_logistic_ovr", liblinear(), numbers, three, target_opset=12)
    ovr = lambda: make_pipeline(StandardScaler(), OneVsRestClassifier(lr()))
    make("sklearn_one_vs_rest", ovr(), numbers, three, options=plain)
    make("sklearn_one_vs_rest_names", ovr(), names, flowers, target_opset=10)
    make("sklearn_one_vs_rest_binary", ovr(), numbers, ["1", "2"], only=two)
    make("sklearn_mlp_relu", make_pipeline(StandardScaler(), mlp((5, 4))), names, flowers, options=plain)
    make("sklearn_mlp_tanh_binary", mlp((5,), activation="tanh"), numbers, ["1", "2"], only=two, target_opset=11)
    make(
        "sklearn_mlp_logistic",
        make_pipeline(MinMaxScaler(), mlp((6,), activation="logistic")),
        numbers,
        three,
        target_opset=9,
    )
    make(
        "sklearn_mlp_relu_binary_names",
        make_pipeline(StandardScaler(), mlp((4,))),
        names,
        flowers[1:],
        only=two,
        options=plain,
    )
    make("sklearn_mlp_identity", mlp((4,), activation="identity"), numbers, three, options=plain)
    svc = lambda: LinearSVC(max_iter=5000)
    make("sklearn_svc", svc(), numbers, three, kind="logits")
    make("sklearn_svc_binary", svc(), names, flowers[1:], kind="logits", only=two)
    scaled = {LinearSVC: {"raw_scores": True}}
    make("sklearn_svc_scaled", make_pipeline(StandardScaler(), svc()), names, flowers, kind="logits", options=scaled)
    columns = [(name, FloatTensorType([None, 1])) for name in "abcd"]
    standard = lambda: make_pipeline(StandardScaler(), lr())
    make("sklearn_columns", standard(), numbers, three, initial_types=columns)
    parts = [("a", StandardScaler(), [1, 0]), ("b", MinMaxScaler(), [3]), ("c", "passthrough", [2])]
    transformed = make_pipeline(ColumnTransformer(parts), lr())
    make("sklearn_column_transformer", transformed, numbers, three, options=plain)
    some = ColumnTransformer([("a", StandardScaler(), [2, 3])], remainder="drop")
    make("sklearn_some_columns", make_pipeline(some, lr()), numbers, three, options=plain)

    from skl2onnx.common.data_types import DoubleTensorType

    double = [("X", DoubleTensorType([None, 4]))]
    scaled = lambda: make_pipeline(StandardScaler(), mlp((5,), activation="tanh"))
    make("sklearn_mlp_double", scaled(), numbers, three, options=plain, initial_types=double)
    raw = {"zipmap": False, "raw_scores": True}
    make("sklearn_logistic_scores", lr(), numbers, three, kind="logits", options=raw)
    make("sklearn_logistic_binary_scores", lr(), numbers, ["1", "2"], kind="logits", only=two, options=raw)
    listed = {"zipmap": False, "output_class_labels": True}
    make("sklearn_logistic_listed", lr(), names, flowers, options=listed)

    stochastic = lambda **options: make_pipeline(StandardScaler(), SGDClassifier(random_state=0, alpha=0.01, **options))
    make("sklearn_sgd_log_loss", stochastic(loss="log_loss"), names, flowers)
    make("sklearn_sgd_log_loss_binary", stochastic(loss="log_loss"), numbers, ["1", "2"], only=two)
    make("sklearn_sgd_hinge", stochastic(), numbers, three, kind="logits", options=plain)
    make("sklearn_sgd_hinge_binary", stochastic(), numbers, ["1", "2"], kind="logits", only=two)
    perceptron = make_pipeline(MinMaxScaler(), Perceptron(random_state=0))
    make("sklearn_perceptron_binary", perceptron, names, flowers[1:], kind="logits", only=two, options=plain)
    by_class = {"zipmap": "columns"}
    make("sklearn_logistic_by_class", standard(), names, flowers, options=by_class)
    make("sklearn_logistic_binary_by_class", standard(), numbers, ["1", "2"], only=two, options=by_class)
    make("sklearn_one_vs_rest_by_class", ovr(), names, flowers, options=by_class)
    scores = {**by_class, "raw_scores": True}
    make("sklearn_logistic_scores_by_class", lr(), numbers, three, kind="logits", options=scores)

    # What is no model of ours: probabilities of a loss that is not logistic, rows of features divided by their norm.
    def refuse(name, model, **options):
        initial = [("X", FloatTensorType([None, 4]))]
        save(f"refused_{name}", convert_sklearn(model.fit(x, numbers), initial_types=initial, **options))

    refuse("modified_huber", stochastic(loss="modified_huber"))
    make(
        "sklearn_modified_huber_scores",
        stochastic(loss="modified_huber"),
        numbers,
        three,
        kind="logits",
        options={SGDClassifier: {"zipmap": False, "raw_scores": True}},
    )
    refuse("normalizer", make_pipeline(Normalizer(), lr()))
    # The raw scores are divided by their sum.
    model = OneVsRestClassifier(svc()).fit(x, numbers)
    save("refused_sum_of_scores", convert_sklearn(model, initial_types=[("X", FloatTensorType([None, 4]))]))


def torch_models():
    import torch
    from torch import nn

    torch.manual_seed(1)

    class View(nn.Module):
        def __init__(self):
            super().__init__()
            self.hidden, self.out = nn.Linear(16, 6), nn.Linear(6, 3)

        def forward(self, x):
            x = torch.relu(self.hidden(x.view(x.size(0), -1)))
            return torch.softmax(self.out(x), dim=1)

    class Written(nn.Module):
        """A softmax and a normalization in operators, and both kinds of outputs."""

        def __init__(self):
            super().__init__()
            self.hidden, self.out = nn.Linear(5, 6), nn.Linear(6, 3)

        def forward(self, x):
            z = self.out(nn.functional.gelu(self.hidden(x)))
            e = torch.exp(z - z.amax(dim=1, keepdim=True))
            return z, e / e.sum(dim=1, keepdim=True)

    class Sigmoids(nn.Module):
        def __init__(self):
            super().__init__()
            self.out = nn.Linear(5, 3)

        def forward(self, x):
            return nn.functional.normalize(torch.sigmoid(self.out(x)), p=1.0, dim=1)

    norm = lambda size: nn.BatchNorm1d(size)
    models = {
        "relu": ((5,), "logits", nn.Sequential(nn.Linear(5, 6), nn.ReLU(), nn.Dropout(), nn.Linear(6, 3))),
        "norm": (
            (5,),
            "probabilities",
            nn.Sequential(norm(5), nn.Linear(5, 6), norm(6), nn.ReLU(), norm(6), nn.Linear(6, 4), nn.Softmax(1)),
        ),
        "image": (
            (1, 4, 4),
            "log-probabilities",
            nn.Sequential(
                nn.Flatten(),
                nn.Linear(16, 6, bias=False),
                nn.LeakyReLU(0.2),
                nn.Linear(6, 6),
                nn.ELU(),
                nn.Linear(6, 3),
                nn.LogSoftmax(dim=-1),
            ),
        ),
        "gelu": (
            (5,),
            "logits",
            nn.Sequential(nn.Linear(5, 6), nn.GELU(), nn.Linear(6, 6), nn.GELU(approximate="tanh"), nn.Linear(6, 3)),
        ),
        "hard": (
            (5,),
            "logits",
            nn.Sequential(
                nn.Linear(5, 6),
                nn.Hardswish(),
                nn.Linear(6, 6),
                nn.Hardsigmoid(),
                nn.Linear(6, 6),
                nn.ReLU6(),
                nn.Linear(6, 6),
                nn.Hardtanh(-0.5, 0.75),
                nn.Linear(6, 6),
                nn.SELU(),
                nn.Linear(6, 3),
            ),
        ),
        "sigmoid": (
            (5,),
            "probabilities",
            nn.Sequential(nn.Linear(5, 6), nn.Tanh(), nn.Linear(6, 4), nn.Sigmoid(), nn.Linear(4, 1), nn.Sigmoid()),
        ),
        "view": ((1, 4, 4), "probabilities", View()),
        "written": ((5,), "probabilities", Written()),
        "sigmoids": ((5,), "probabilities", Sigmoids()),
        "prelu": ((5,), "logits", nn.Sequential(nn.Linear(5, 6), nn.PReLU(), nn.Linear(6, 3))),
    }
    opsets = {"relu": 9, "norm": 11, "image": 12, "gelu": 13, "hard": 14, "sigmoid": 9, "view": 11, "written": 17}
    for name, (shape, kind, model) in models.items():
        for part in model.modules():
            if isinstance(part, nn.BatchNorm1d):
                nn.init.normal_(part.running_mean)
                nn.init.uniform_(part.running_var, 0.5, 2.0)
                nn.init.uniform_(part.weight, 0.5, 2.0)
                nn.init.normal_(part.bias)
        model.eval()
        x = torch.randn(ROWS, *shape)
        features = x.reshape(ROWS, -1).numpy() * 2
        names = {"input_names": ["x"]}
        path = FOLDER / f"torch_script_{name}.onnx"
        dynamic = {} if name == "image" else {"dynamic_axes": {"x": {0: "batch"}}}
        one = x[:1] if name == "image" else x
        opset = opsets.get(name, 18)
        torch.onnx.export(model, (one,), str(path), dynamo=False, opset_version=opset, **names, **dynamic)
        record(path.stem, features, kind)
        path = FOLDER / f"torch_dynamo_{name}.onnx"
        shapes = {} if name == "image" else {"dynamic_shapes": ({0: torch.export.Dim("batch")},)}
        external = name == "relu"
        options = {"opset_version": 18} if name in ("gelu", "norm") else {}
        torch.onnx.export(
            model, (one,), str(path), dynamo=True, external_data=external, verbose=False, **names, **shapes, **options
        )
        strip(path)
        record(path.stem, features, kind)
    # What is not supported: the numbers times their logistic function.
    silu = nn.Sequential(nn.Linear(5, 6), nn.SiLU(), nn.Linear(6, 3)).eval()
    path = str(FOLDER / "refused_silu.onnx")
    torch.onnx.export(silu, (torch.randn(2, 5),), path, dynamo=False, opset_version=17, **names)


def strip(path):
    """Takes the places in source files out, which are most of a file."""
    model = onnx.load(path, load_external_data=False)
    for node in model.graph.node:
        del node.metadata_props[:]
    for value in [*model.graph.value_info, *model.graph.input, *model.graph.output, *model.graph.initializer]:
        del value.metadata_props[:]
    path.write_bytes(model.SerializeToString())


def keras_models():
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    import keras
    import tensorflow as tf
    import tf2onnx

    keras.utils.set_random_seed(1)
    layer = keras.layers
    tanh_gelu = lambda x: keras.activations.gelu(x, approximate=True)
    models = {
        "image": [
            keras.Input((4, 4, 1)),
            layer.Flatten(),
            layer.Dense(8, activation="relu"),
            layer.BatchNormalization(),
            layer.Dropout(0.2),
            layer.Dense(6),
            layer.BatchNormalization(),
            layer.LeakyReLU(),
            layer.Dense(3, activation="softmax"),
        ],
        "activations": [
            keras.Input((5,)),
            layer.Dense(6, activation="elu"),
            layer.Dense(6, activation="relu6"),
            layer.Dense(6, activation="hard_sigmoid"),
            layer.Dense(6, activation="selu"),
            layer.Dense(6, activation="tanh"),
            layer.Dense(6, activation=tanh_gelu),
            layer.Dense(6, activation="hard_swish"),
            layer.Dense(3, activation="log_softmax"),
        ],
        "binary": [
            keras.Input((5,)),
            layer.Rescaling(0.5, offset=-1.0),
            layer.Dense(6, activation="sigmoid"),
            layer.Dense(1, activation="sigmoid"),
        ],
        "logits": [keras.Input((5,)), layer.Dense(6, activation="relu"), layer.Dense(4)],
    }
    kinds = {"activations": "log-probabilities", "logits": "logits"}
    opsets = {"image": 13, "activations": 15, "binary": 11, "logits": 18}
    random = np.random.default_rng(1)
    for name, layers in models.items():
        model = keras.Sequential(layers)
        for weight in model.weights:
            drawn = random.normal(size=weight.shape) * 0.6
            weight.assign(np.abs(drawn) + 0.5 if "variance" in weight.path or "gamma" in weight.path else drawn)
        spec = tf.TensorSpec(model.input_shape, tf.float32, name="input")
        function = tf.function(lambda x: model(x, training=False), input_signature=[spec])
        converted, _ = tf2onnx.convert.from_function(function, input_signature=[spec], opset=opsets[name])
        save(f"keras_{name}", converted)
        features = random.normal(size=(ROWS, int(np.prod(model.input_shape[1:]))))
        record(f"keras_{name}", features, kinds.get(name, "probabilities"))


def hand_made():
    random = np.random.default_rng(1)
    normal = lambda *shape: random.normal(size=shape).astype(np.float32)
    features = normal(ROWS, 4)
    node, tensor = helper.make_node, numpy_helper.from_array
    ML = "ai.onnx.ml"

    def make(nodes, initializers, outputs, shape=(None, 4), kind=TensorProto.FLOAT, opset=17, inputs=(), ir=8):
        values = [helper.make_tensor_value_info("x", kind, list(shape)), *inputs]
        results = [helper.make_tensor_value_info(name, t, s) for name, t, s in outputs]
        graph = helper.make_graph(nodes, "graph", values, results, initializers)
        opsets = [helper.make_opsetid("", opset), helper.make_opsetid(ML, 3 if opset > 11 else 1)]
        opsets.append(helper.make_opsetid("com.microsoft", 1))
        return helper.make_model(
            graph, producer_name="hand", producer_version="1", opset_imports=opsets, ir_version=ir
        )

    F = TensorProto.FLOAT
    y = [("y", F, None)]
    w1, b1, w2, b2 = normal(4, 5), normal(5), normal(5, 3), normal(3)
    weights = [tensor(w1, "w1"), tensor(b1, "b1"), tensor(w2, "w2"), tensor(b2, "b2")]
    gemms = [
        node("Gemm", ["x", "w1", "b1"], ["h"], name="first"),
        node("Relu", ["h"], ["r"], name="relu"),
        node("Gemm", ["r", "w2", "b2"], ["y"], name="second"),
    ]

    def case(name, model, kind="logits", **options):
        save(name, model)
        record(name, features, kind, **options)

    case("hand_gemm", make(gemms, weights, y))
    case(
        "hand_gemm_options",
        make(
            [
                node("Gemm", ["x", "w1", "c"], ["h"], alpha=0.5, beta=2.0, transB=1),
                node("Tanh", ["h"], ["r"]),
                node("Gemm", ["r", "w2"], ["y"], transB=0),
            ],
            [tensor(w1.T.copy(), "w1"), tensor(b1.reshape(1, 5), "c"), tensor(w2, "w2")],
            y,
        ),
    )
    constants = [node("Constant", [], [w.name], value=w) for w in weights]
    case("hand_constants", make(constants + gemms, [], y))
    typed = [helper.make_tensor(w.name, F, w.dims, numpy_helper.to_array(w).ravel()) for w in weights]
    case("hand_float_data", make(gemms, typed, y))

    # Weights in another file.
    (FOLDER / "hand_external.data").unlink(missing_ok=True)
    save("hand_external", make(gemms, weights, y))
    model = onnx.load(FOLDER / "hand_external.onnx")
    onnx.save(
        model,
        FOLDER / "hand_external.onnx",
        save_as_external_data=True,
        location="hand_external.data",
        size_threshold=0,
    )
    record("hand_external", features, "logits")
    for name, location in [("parent", "../onnx/hand_external.data"), ("absolute", "/etc/passwd")]:
        model = onnx.load(FOLDER / "hand_external.onnx", load_external_data=False)
        for initializer in model.graph.initializer:
            for entry in initializer.external_data:
                if entry.key == "location":
                    entry.value = location
        save(f"refused_external_{name}", model)
    model = onnx.load(FOLDER / "hand_external.onnx", load_external_data=False)
    model.graph.initializer[0].dims[0] = 1 << 40
    save("refused_external_shape", model)

    # Other types of floats.
    def cast(kind):
        halves = []
        for w in weights:
            values = numpy_helper.to_array(w)
            halves.append(helper.make_tensor(w.name + "_half", kind, w.dims, values.ravel()))
        casts = [node("Cast", [w.name + "_half"], [w.name], to=F) for w in weights]
        return make(casts + gemms, halves, y)

    case("hand_float16_cast", cast(TensorProto.FLOAT16))
    case("hand_bfloat16_cast", cast(TensorProto.BFLOAT16))
    half = [tensor(numpy_helper.to_array(w).astype(np.float16), w.name) for w in weights]
    save("hand_float16", make(gemms, half, [("y", TensorProto.FLOAT16, None)], kind=TensorProto.FLOAT16))
    single = [tensor(numpy_helper.to_array(w).astype(np.float32), w.name) for w in half]
    with tempfile.NamedTemporaryFile(suffix=".onnx") as other:
        other.write(make(gemms, single, y).SerializeToString())
        other.flush()
        record("hand_float16", features, "logits", of=other.name)
    double = [tensor(numpy_helper.to_array(w).astype(np.float64), w.name) for w in weights]
    case("hand_double", make(gemms, double, [("y", TensorProto.DOUBLE, None)], kind=TensorProto.DOUBLE))

    # Operators as version 9 has them, initializers that are inputs.
    inputs = [helper.make_tensor_value_info(w.name, F, list(w.dims)) for w in weights]
    case(
        "hand_opset_9",
        make(
            [
                node("Unsqueeze", ["x"], ["u"], axes=[1]),
                node("Squeeze", ["u"], ["s"], axes=[1]),
                node("MatMul", ["s", "w1"], ["m"]),
                node("Add", ["b1", "m"], ["h"]),
                node("Clip", ["h"], ["c"], min=-1.0, max=1.5),
                node("Dropout", ["c"], ["d", "mask"], ratio=0.5),
                node("Gemm", ["d", "w2", "b2"], ["z"]),
                node("Softmax", ["z"], ["y"], axis=1),
            ],
            weights,
            y,
            inputs=inputs,
            opset=9,
            ir=3,
        ),
        kind="probabilities",
    )
    case(
        "hand_dropout_inputs",
        make(
            [*gemms[:2], node("Dropout", ["r", "ratio", "mode"], ["d"]), node("Gemm", ["d", "w2", "b2"], ["y"])],
            [*weights, tensor(np.float32(0.5), "ratio"), tensor(np.array(False), "mode")],
            y,
        ),
    )

    # Integer weights with scales: a constant that is computed.
    scale = (np.abs(w1).max(axis=0) / 127).astype(np.float32)
    codes = np.round(w1 / scale).astype(np.int8)
    case(
        "hand_dequantized",
        make(
            [
                node("DequantizeLinear", ["codes", "scale", "zero"], ["w1"], axis=1),
                node("QuantizeLinear", ["w2", "s2", "z2"], ["q2"]),
                node("DequantizeLinear", ["q2", "s2", "z2"], ["d2"]),
                *gemms[:2],
                node("Gemm", ["r", "d2", "b2"], ["y"]),
            ],
            [
                tensor(codes, "codes"),
                tensor(scale, "scale"),
                tensor(np.zeros(5, np.int8), "zero"),
                tensor(np.float32(0.02), "s2"),
                tensor(np.uint8(128), "z2"),
                *weights[1:],
            ],
            y,
        ),
    )

    # A softmax and its logarithm in operators.
    one = tensor(np.array([1], np.int64), "one")
    shifted = [
        *gemms[:2],
        node("Gemm", ["r", "w2", "b2"], ["z"]),
        node("ReduceMax", ["z"], ["most"], axes=[1]),
        node("Sub", ["z", "most"], ["s"]),
        node("Exp", ["s"], ["e"]),
    ]
    case(
        "hand_softmax",
        make([*shifted, node("ReduceSum", ["e", "one"], ["sum"]), node("Div", ["e", "sum"], ["y"])], [*weights, one], y),
        kind="probabilities",
    )
    case(
        "hand_log_softmax",
        make(
            [
                *shifted,
                node("ReduceSum", ["e", "one"], ["sum"], keepdims=0),
                node("Log", ["sum"], ["flat"]),
                node("Unsqueeze", ["flat", "one"], ["log"]),
                node("Sub", ["s", "log"], ["y"]),
            ],
            [*weights, one],
            y,
        ),
        kind="log-probabilities",
    )

    # Activations in operators.
    numbers = {"half": 0.5, "unit": 1.0, "root": 2**-0.5, "cubic": 0.044715, "factor": (2 / np.pi) ** 0.5, "three": 3.0}
    numbers |= {"sixth": 1 / 6, "six": 6.0, "zero": 0.0, "slope": 0.1}
    scalars = [tensor(np.float32(value), key) for key, value in numbers.items()]
    written = {
        "gelu": [
            node("Mul", ["h", "root"], ["g1"]),
            node("Erf", ["g1"], ["g2"]),
            node("Add", ["unit", "g2"], ["g3"]),
            node("Mul", ["g3", "half"], ["g4"]),
            node("Mul", ["g4", "h"], ["r"]),
        ],
        "gelu_tanh": [
            node("Pow", ["h", "three"], ["g1"]),
            node("Mul", ["g1", "cubic"], ["g2"]),
            node("Add", ["h", "g2"], ["g3"]),
            node("Mul", ["g3", "factor"], ["g4"]),
            node("Tanh", ["g4"], ["g5"]),
            node("Add", ["g5", "unit"], ["g6"]),
            node("Mul", ["h", "half"], ["g7"]),
            node("Mul", ["g7", "g6"], ["r"]),
        ],
        "hard_swish": [
            node("Add", ["h", "three"], ["g1"]),
            node("Max", ["g1", "zero"], ["g2"]),
            node("Min", ["g2", "six"], ["g3"]),
            node("Mul", ["g3", "sixth"], ["g4"]),
            node("Mul", ["h", "g4"], ["r"]),
        ],
        "leaky": [node("Mul", ["h", "slope"], ["g1"]), node("Max", ["h", "g1"], ["r"])],
        "logistic": [
            node("Neg", ["h"], ["g1"]),
            node("Exp", ["g1"], ["g2"]),
            node("Add", ["g2", "unit"], ["g3"]),
            node("Reciprocal", ["g3"], ["r"]),
        ],
    }
    for name, nodes in written.items():
        case(f"hand_{name}", make([gemms[0], *nodes, gemms[2]], [*weights, *scalars], y))

    # Classes.
    scored = [*gemms[:2], node("Gemm", ["r", "w2", "b2"], ["y"]), node("ArgMax", ["y"], ["class"], axis=1, keepdims=0)]
    classes = ["red", "green", "blue"]
    encoder = node(
        "LabelEncoder", ["class"], ["label"], domain=ML, keys_int64s=[0, 1, 2], values_strings=classes, name="names"
    )
    label = ("label", TensorProto.STRING, None)
    case("hand_label_encoder", make([*scored, encoder], weights, [label, *y]), label="label", classes=classes)
    gather = node("Gather", ["list", "class"], ["label"])
    listed = tensor(np.array([7, 5, 9], np.int64), "list")
    case(
        "hand_gather_classes",
        make([*scored, gather], [*weights, listed], [*y, ("label", TensorProto.INT64, None)]),
        label="label",
        classes=["7", "5", "9"],
    )
    for transform in ["NONE", "LOGISTIC"]:
        classifier = node(
            "LinearClassifier",
            ["x"],
            ["label", "y"],
            domain=ML,
            coefficients=w1[:, 0].tolist(),
            intercepts=[0.25],
            classlabels_strings=["no", "yes"],
            post_transform=transform,
        )
        kind = "second" if transform == "NONE" else "probabilities"
        case(
            f"hand_one_row_{transform.lower()}",
            make([classifier], [], [label, *y]),
            kind=kind,
            label="label",
            classes=["no", "yes"],
        )

    # Rows in other shapes, and columns that are taken apart and put together.
    for name, shape in [("row", (None, 1, 4)), ("column", (None, 4, 1)), ("fixed", (1, 2, 2))]:
        case(f"hand_shape_{name}", make([node("Flatten", ["x"], ["f"]), *[
            node("Gemm", ["f", "w1", "b1"], ["h"]), *gemms[1:]]], weights, y, shape=shape))
    split = [
        node("Split", ["x", "parts"], ["p", "q"], axis=1),
        node("Mul", ["q", "factors"], ["scaled"]),
        node("Concat", ["p", "scaled"], ["c"], axis=1),
        node("Gemm", ["c", "w1", "b1"], ["h"]),
        node("Split", ["h", "parts2"], ["l", "m", "n"], axis=-1),
        node("Concat", ["l", "m", "n"], ["k"], axis=-1),
        node("Relu", ["k"], ["r"]),
        gemms[2],
    ]
    parts = [tensor(np.array([1, 3], np.int64), "parts"), tensor(np.array([1, 2, 2], np.int64), "parts2")]
    case("hand_split", make(split, [*weights, *parts, tensor(normal(1, 3), "factors")], y))

    unknown = [
        node("Scaler", ["x"], ["s"], domain=ML, offset=[0.5], scale=[2.0]),
        node("Sub", ["shift", "s"], ["c"]),
        node("Mul", ["c", "factor"], ["f"]),
        node("Gemm", ["f", "w1", "b1"], ["h"]),
        *gemms[1:],
    ]
    scalars = [tensor(np.float32(0.25), "shift"), tensor(normal(1, 4), "factor")]
    case("hand_unknown_width", make(unknown, [*weights, *scalars], y, shape=(None, None)))

    # Refused.
    conv = node("Conv", ["x", "k"], ["c"], name="conv1", kernel_shape=[2, 2])
    flat = [conv, node("Flatten", ["c"], ["f"]), node("Gemm", ["f", "w", "b"], ["y"])]
    kernel = [tensor(normal(1, 1, 2, 2), "k"), tensor(normal(9, 3), "w"), tensor(normal(3), "b")]
    save("refused_conv", make(flat, kernel, y, shape=(None, 1, 4, 4)))
    fused = node("FusedMatMul", ["x", "w1"], ["y"], domain="com.microsoft", name="fused")
    save("refused_domain", make([fused], weights, y))
    two = [node("Gemm", ["x", "w1"], ["y"]), node("Gemm", ["x", "v"], ["other"])]
    save("refused_two_models", make(two, [weights[0], tensor(normal(4, 5), "v")], [*y, ("other", F, None)]))
    skip = [
        gemms[0],
        node("Relu", ["h"], ["r"]),
        node("Gemm", ["r", "v"], ["s"]),
        node("Add", ["s", "h"], ["y"], name="skip"),
    ]
    save("refused_skip", make(skip, [*weights, tensor(normal(5, 5), "v")], y))
    blown = [
        node("ConstantOfShape", ["shape"], ["w"], name="blown"),
        node("MatMul", ["x", "w"], ["y"]),
    ]
    save("refused_blown", make(blown, [tensor(np.array([4, 1 << 40], np.int64), "shape")], y))


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    makers = {"sklearn": sklearn_models, "torch": torch_models, "keras": keras_models, "hand": hand_made}
    for argument in sys.argv[1:]:
        makers[argument]()
    before = json.loads(RECORDS.read_text()) if RECORDS.exists() else {}
    text = json.dumps({**before, **records}, indent=None, sort_keys=True).replace('}, "', '},\n"')
    RECORDS.write_text(text + "\n")
