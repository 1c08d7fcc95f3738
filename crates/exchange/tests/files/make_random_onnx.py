"""Adds ONNX files of random graphs to this folder, with what onnxruntime computes of them; see `make_onnx.py`.

    python make_random_onnx.py    # numpy 2.2.4, onnx 1.23.2, onnxruntime 1.32.0

Each file writes layers, normalizations and activations in other operators of another version.
"""

import json
import random

import numpy as np
from make_onnx import FOLDER, RECORDS, ROWS, record, records, save
from onnx import TensorProto, helper, numpy_helper

FILES = 32


class Graph:
    def __init__(self, seed):
        self.random, self.numbers = random.Random(seed), np.random.default_rng(seed)
        self.version = self.random.choice([9, 11, 12, 13, 15, 17, 18, 20, 21])
        self.nodes, self.initializers, self.names = [], [], 0
        self.features = self.width = self.random.choice([2, 3, 4, 6])

    def name(self):
        self.names += 1
        return f"v{self.names}"

    def normal(self, *shape):
        return np.asarray(self.numbers.normal(size=shape) * 0.7, dtype=np.float32)

    def constant(self, numbers, kind=np.float32):
        name, numbers = self.name(), np.asarray(numbers, dtype=kind)
        if self.random.random() < 0.3:
            self.nodes.append(helper.make_node("Constant", [], [name], value=numpy_helper.from_array(numbers)))
        else:
            self.initializers.append(numpy_helper.from_array(numbers, name))
        return name

    def integers(self, *numbers):
        return self.constant(numbers, np.int64)

    def node(self, operator, *inputs, outputs=1, **attributes):
        names = [self.name() for _ in range(outputs)]
        self.nodes.append(helper.make_node(operator, list(inputs), names, **attributes))
        return names[0] if outputs == 1 else names

    def either(self, operator, left, right):
        return self.node(operator, *self.random.sample([left, right], 2))

    def axes(self, operator, x, axis, since=13):
        if self.version >= since:
            return self.node(operator, x, self.integers(axis))
        return self.node(operator, x, axes=[axis])

    def vector(self, positive=False):
        numbers = self.normal(*self.random.choice([(), (1,), (self.width,), (1, self.width)]))
        return self.constant(np.abs(numbers) + 0.3 if positive else numbers)

    def scale(self, x):
        """A term or a factor, on either side."""
        match self.random.randrange(5):
            case 0:
                return self.either("Add", x, self.vector())
            case 1:
                return self.node("Div", x, self.vector(positive=True))
            case 2:
                return self.either("Mul", x, self.vector())
            case 3:
                return self.node("Sub", x, self.vector())
            case _:
                return self.node("Sub", self.vector(), x)

    def normalize(self, x):
        parameters = [self.normal(self.width) for _ in range(3)] + [np.abs(self.normal(self.width)) + 0.2]
        epsilon = self.random.choice([1e-3, 1e-5])
        return self.node("BatchNormalization", x, *map(self.constant, parameters), epsilon=epsilon)

    def rearrange(self, x):
        """The same numbers in the same order, but for one case."""
        width = self.width
        cut = self.random.randrange(1, width) if width > 1 else None
        match self.random.randrange(9):
            case 0:
                return self.node("Cast", self.node("Cast", x, to=TensorProto.DOUBLE), to=TensorProto.FLOAT)
            case 1:
                shape = self.random.choice([(-1, width), (0, -1), (0, width), (0, 0)])
                return self.node("Reshape", x, self.integers(*shape))
            case 2:
                axis = self.random.choice([1, 2])
                return self.axes("Squeeze", self.axes("Unsqueeze", x, axis), axis)
            case 3:
                turned = self.node("Transpose", self.axes("Unsqueeze", x, 1), perm=[0, 2, 1])
                return self.axes("Squeeze", turned, 2)
            case 4:
                return self.node("Dropout", x)
            case 5 if cut:
                if self.version < 10:
                    part = lambda start, end: self.node("Slice", x, starts=[start], ends=[end], axes=[1])
                else:
                    part = lambda start, end: self.node("Slice", x, *map(self.integers, (start, end, -1)))
                return self.node("Concat", part(0, cut), part(cut, 2**40), axis=-1)
            case 6:
                order = self.random.sample(range(width), width)
                return self.node("Gather", x, self.integers(*order), axis=1)
            case 7 if cut:
                if self.version >= 13:
                    parts = self.node("Split", x, self.integers(cut, width - cut), outputs=2, axis=1)
                else:
                    parts = self.node("Split", x, outputs=2, axis=1, split=[cut, width - cut])
                return self.node("Concat", *parts, axis=1)
            case _:
                return self.node("Identity", x)

    def layer(self, x):
        outputs = self.random.choice([2, 3, 5])
        weight, bias = self.normal(self.width, outputs), self.normal(outputs)
        bias = self.random.choice([bias, bias.reshape(1, -1), bias[:1]])
        self.width, turned = outputs, self.random.choice([0, 1])
        if self.random.random() < 0.5:
            inputs = [x, self.constant(weight.T if turned else weight), self.constant(bias)]
            alpha, beta = self.random.choice([1.0, 0.5]), self.random.choice([1.0, 2.0])
            return self.node("Gemm", *inputs, transB=turned, alpha=alpha, beta=beta)
        return self.either("Add", self.node("MatMul", x, self.constant(weight)), self.constant(bias))

    def activate(self, x):
        node, number = self.node, self.constant
        new = self.version >= 11
        written = [
            lambda: node("Relu", x),
            lambda: node("LeakyRelu", x, alpha=0.2),
            lambda: node("Tanh", x),
            lambda: node("Sigmoid", x),
            lambda: node("Elu", x, alpha=0.5),
            lambda: node("HardSigmoid", x),
            lambda: node("Selu", x),
            lambda: node("Clip", x, number(-0.5), number(0.7)) if new else node("Clip", x, min=-0.5, max=0.7),
            lambda: node("Clip", x, number(0)) if new else node("Clip", x, min=0.0),
            lambda: node("Min", node("Relu", x), number(0.8)),
            lambda: self.either("Max", number(0), x),
            lambda: node("Mul", node("Mul", x, self.distribution(x)), number(0.5)),
            lambda: self.either("Mul", node("Mul", number(0.5), x), self.distribution(x)),
            lambda: node("Mul", x, node("HardSigmoid", x, alpha=1 / 6)),
            lambda: node("Div", number(1), node("Add", number(1), node("Exp", node("Neg", x)))),
            lambda: node("PRelu", x, number([0.3])),
            lambda: node("Abs", x),
            lambda: node("HardSwish", x) if self.version >= 14 else node("Relu", x),
            lambda: node("Gelu", x, approximate="tanh") if self.version >= 20 else node("Tanh", x),
        ]
        return self.random.choice(written)()

    def distribution(self, x):
        """Twice the distribution function of the normal distribution."""
        return self.either("Add", self.constant(1), self.node("Erf", self.node("Mul", x, self.constant(0.5**0.5))))

    def end(self, x):
        exponential = lambda x: self.node("Exp", self.node("Sub", x, self.axes("ReduceMax", x, -1, since=18)))
        divided = lambda x: self.node("Div", x, self.axes("ReduceSum", x, 1))
        ends = [
            lambda: (x, "logits"),
            lambda: (self.node("Softmax", x, axis=1), "probabilities"),
            lambda: (self.node("LogSoftmax", x, axis=1), "log-probabilities"),
            lambda: (divided(self.node("Sigmoid", x)), "probabilities"),
            lambda: (divided(exponential(x)), "probabilities"),
            lambda: (self.node("Log", divided(exponential(x))), "log-probabilities"),
            lambda: (self.node("Sub", x, self.axes("ReduceLogSumExp", x, 1, since=18)), "log-probabilities"),
        ]
        return self.random.choice(ends)()

    def some(self, x):
        for _ in range(self.random.randint(0, 2)):
            x = self.random.choice([self.scale, self.normalize, self.rearrange])(x)
        return x

    def model(self):
        x = self.some("x")
        for _ in range(self.random.randint(0, 2)):
            x = self.some(self.activate(self.some(self.layer(x))))
        x, kind = self.end(self.some(self.layer(x)))
        x = self.node("Identity", x)
        inputs = [helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, self.features])]
        outputs = [helper.make_tensor_value_info(x, TensorProto.FLOAT, None)]
        graph = helper.make_graph(self.nodes, "graph", inputs, outputs, self.initializers)
        opsets = [helper.make_opsetid("", self.version)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=8), kind


if __name__ == "__main__":
    for seed in range(FILES):
        graph = Graph(seed)
        model, kind = graph.model()
        name = f"random_{seed:02}"
        save(name, model)
        record(name, graph.normal(ROWS, graph.features), kind)
    text = json.dumps({**json.loads(RECORDS.read_text()), **records}, sort_keys=True).replace('}, "', '},\n"')
    RECORDS.write_text(text + "\n")
