"""Small networks as exporters of PyTorch and Keras write them, made by onnx.helper."""

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from .data import numbers
from .nodes import model_of

ACTIVATIONS = ["Relu", "Tanh", "Sigmoid", "LeakyRelu", "Elu", "Selu", "Softplus", "Softsign", "HardSigmoid", "HardSwish"]


def weights(rows, columns, seed):
    return (np.random.RandomState(seed).normal(size=(rows, columns)) / np.sqrt(rows)).astype(np.float32)


def named(name, array):
    return numpy_helper.from_array(array, name)


def perceptron(activation, opset=15):
    """torch.nn.Linear: Gemm with transB."""
    nodes = [helper.make_node("Gemm", ["X", "w1", "b1"], ["h1"], transB=1), helper.make_node(activation, ["h1"], ["h2"]),
             helper.make_node("Gemm", ["h2", "w2", "b2"], ["h3"], transB=1), helper.make_node("Softmax", ["h3"], ["Y"], axis=1)]
    values = [named("w1", weights(4, 8, 0).T.copy()), named("b1", weights(1, 8, 1)[0]),
              named("w2", weights(8, 3, 2).T.copy()), named("b2", weights(1, 3, 3)[0])]
    return lambda: model_of(nodes, {"X": numbers(12)}, {"Y": (TensorProto.FLOAT, [None, 3])}, opset=opset, initializers=values)


def keras():
    """MatMul and Add, batch normalization, a skip connection by Concat."""
    nodes = [helper.make_node("MatMul", ["X", "w1"], ["m"]), helper.make_node("Add", ["m", "b1"], ["a"]),
             helper.make_node("BatchNormalization", ["a", "scale", "bias", "mean", "variance"], ["n"], epsilon=1e-3),
             helper.make_node("Relu", ["n"], ["r"]), helper.make_node("Concat", ["r", "X"], ["c"], axis=-1),
             helper.make_node("MatMul", ["c", "w2"], ["o"]), helper.make_node("Sigmoid", ["o"], ["Y"])]
    values = [named("w1", weights(4, 6, 0)), named("b1", weights(1, 6, 1)[0]), named("scale", weights(1, 6, 2)[0] + 1),
              named("bias", weights(1, 6, 3)[0]), named("mean", weights(1, 6, 4)[0]),
              named("variance", np.abs(weights(1, 6, 5)[0]) + 0.5), named("w2", weights(10, 1, 6))]
    return model_of(nodes, {"X": numbers(12)}, {"Y": (TensorProto.FLOAT, [None, 1])}, initializers=values)


def attention():
    """Four tokens of three numbers: shapes by Shape, Gather and Concat, as torch writes a view."""
    nodes = [helper.make_node("Shape", ["X"], ["s"]), helper.make_node("Gather", ["s", "zero"], ["n"], axis=0),
             helper.make_node("Unsqueeze", ["n", "axes"], ["n1"]), helper.make_node("Concat", ["n1", "tail"], ["t"], axis=0),
             helper.make_node("Reshape", ["X", "t"], ["v"]), helper.make_node("MatMul", ["v", "wq"], ["q"]),
             helper.make_node("MatMul", ["v", "wk"], ["k"]), helper.make_node("Transpose", ["k"], ["kt"], perm=[0, 2, 1]),
             helper.make_node("MatMul", ["q", "kt"], ["d"]), helper.make_node("Softmax", ["d"], ["p"], axis=-1),
             helper.make_node("MatMul", ["p", "v"], ["o"]),
             helper.make_node("LayerNormalization", ["o", "g", "b"], ["l"], axis=-1),
             helper.make_node("ReduceMean", ["l"], ["Y"], axes=[1], keepdims=0)]
    values = [named("zero", np.array(0, np.int64)), named("axes", np.array([0], np.int64)), named("tail", np.array([4, 3], np.int64)),
              named("wq", weights(3, 3, 0)), named("wk", weights(3, 3, 1)), named("g", weights(1, 3, 2)[0]),
              named("b", weights(1, 3, 3)[0])]
    return model_of(nodes, {"X": numbers(10, 12)}, {"Y": (TensorProto.FLOAT, [None, 3])}, opset=17, initializers=values)


def embedding():
    """A table looked up by a whole number, beside numbers."""
    nodes = [helper.make_node("Gather", ["table", "id"], ["e"], axis=0), helper.make_node("Squeeze", ["e", "axes"], ["f"]),
             helper.make_node("Concat", ["f", "X"], ["c"], axis=1), helper.make_node("Gemm", ["c", "w", "b"], ["Y"])]
    values = [named("table", weights(5, 3, 0)), named("axes", np.array([1], np.int64)), named("w", weights(5, 2, 1)),
              named("b", weights(1, 2, 2)[0])]
    ids = np.random.RandomState(0).randint(0, 5, (9, 1)).astype(np.int64)
    return model_of(nodes, {"id": ids, "X": numbers(9, 2)}, {"Y": (TensorProto.FLOAT, [None, 2])}, initializers=values)


def cases():
    for activation in ACTIVATIONS:
        yield f"mlp_{activation.lower()}", perceptron(activation), 1e-5
    yield "keras", keras, 1e-5
    yield "attention", attention, 1e-5
    yield "embedding", embedding, 1e-5
