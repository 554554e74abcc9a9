"""Packs the node tests of the onnx package for the operators that Slipway means to compute: `make_node_tests.py FOLDER`.

node_tests.pb is a protobuf message of our own: field 1, repeated, is a case {1: name, 2: ModelProto, 3: input TensorProto
(repeated), 4: output TensorProto (repeated)}. What an operator needs when a model is read (a shape, axes, a count) the
onnx package gives as inputs; here it is a constant of the model, as in every model that a converter writes.
"""

import pathlib
import sys
import warnings

import numpy as np
from onnx import TensorProto, numpy_helper

OPERATORS = set("""
Identity Dropout Cast CastLike Clip Where Abs Acos Acosh Asin Asinh Atan Atanh Ceil Celu Cos Cosh Elu Erf Exp Floor Gelu
HardSigmoid HardSwish IsInf IsNaN LeakyRelu Log Mish Neg Not Reciprocal Relu Round Selu Shrink Sigmoid Sign Sin Sinh
Softplus Softsign Sqrt Swish Tan Tanh ThresholdedRelu Add Sub Mul Div Pow PRelu Mod Equal Less LessOrEqual Greater
GreaterOrEqual And Or Xor BitwiseAnd BitwiseOr BitwiseXor BitShift Min Max Sum Mean Shape Size Reshape Flatten Squeeze
Unsqueeze Transpose Concat Split Slice Expand Tile Constant ConstantOfShape Range Trilu Gather GatherElements GatherND
OneHot ReduceSum ReduceMean ReduceProd ReduceMin ReduceMax ReduceL1 ReduceL2 ReduceSumSquare ReduceLogSum
ReduceLogSumExp ArgMax ArgMin TopK Softmax LogSoftmax Hardmax CumSum CumProd MatMul Gemm BatchNormalization
LayerNormalization RMSNormalization MeanVarianceNormalization LpNormalization Scan If Loop Einsum StringNormalizer
TfIdfVectorizer StringConcat
ArrayFeatureExtractor Binarizer CastMap CategoryMapper DictVectorizer FeatureVectorizer Imputer LabelEncoder
LinearClassifier LinearRegressor Normalizer OneHotEncoder Scaler SVMClassifier SVMRegressor TreeEnsemble
TreeEnsembleClassifier TreeEnsembleRegressor ZipMap
""".split())

NEEDED = {  # the inputs that are constants of a model
    "Reshape": [1], "Expand": [1], "Slice": [1, 2, 3, 4], "Squeeze": [1], "Unsqueeze": [1], "TopK": [1], "Tile": [1],
    "ConstantOfShape": [0], "CumSum": [1], "CumProd": [1], "Split": [1], "OneHot": [1], "Range": [0, 1, 2], "Trilu": [1],
    "Dropout": [1, 2], "If": [0], "Loop": [0, 1],
}
BYTES_MAX = 16_000


def field(number, payload):
    return varint(number << 3 | 2) + varint(len(payload)) + payload


def varint(value):
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes(out) + bytes([value])


def operators_of(graph):
    for node in graph.node:
        yield node
        for attribute in node.attribute:
            if attribute.HasField("g"):
                yield from operators_of(attribute.g)


def needed_inputs(graph):
    names = set()
    for node in operators_of(graph):
        places = NEEDED.get(node.op_type, [1] if node.op_type.startswith("Reduce") else [])
        names.update(node.input[i] for i in places if i < len(node.input))
    return names - {""}


def is_plain(values):
    return all(isinstance(value, np.ndarray) or np.isscalar(value) or isinstance(value, np.generic) for value in values)


def pack(test):
    model = test.model
    inputs, outputs = test.data_sets[0]
    if isinstance(inputs, dict):
        inputs = list(inputs.values())
    if not is_plain(inputs) or not is_plain(outputs):
        return None  # sequences, optional values
    needed = needed_inputs(model.graph)
    kept, tensors = [], []
    for info, value in zip(list(model.graph.input), inputs):
        tensor = value if isinstance(value, TensorProto) else numpy_helper.from_array(np.asarray(value), info.name)
        if info.name in needed:
            model.graph.initializer.append(tensor)
        else:
            kept.append(info)
            tensors.append(tensor)
    del model.graph.input[:]
    model.graph.input.extend(kept)
    results = [value if isinstance(value, TensorProto) else numpy_helper.from_array(np.asarray(value), info.name)
               for info, value in zip(model.graph.output, outputs)]
    message = field(1, test.name.encode()) + field(2, model.SerializeToString())
    message += b"".join(field(3, tensor.SerializeToString()) for tensor in tensors)
    return message + b"".join(field(4, tensor.SerializeToString()) for tensor in results)


def main():
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        from onnx.backend.test.case.node import collect_testcases
        tests = sorted(collect_testcases(None), key=lambda test: test.name)
    packed, left_out = [], 0
    for test in tests:
        if not all(node.op_type in OPERATORS for node in operators_of(test.model.graph)):
            continue
        message = pack(test)
        if message is None or len(message) > BYTES_MAX:
            left_out += 1
            continue
        packed.append(field(1, message))
    path = pathlib.Path(sys.argv[1]) / "node_tests.pb"
    path.write_bytes(b"".join(packed))
    print(f"{len(packed)} node tests, {path.stat().st_size} bytes; {left_out} left out (sequences, or large)")


if __name__ == "__main__":
    main()
