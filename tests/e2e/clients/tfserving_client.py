"""TensorFlow Serving's own Python client (tensorflow-serving-api), unmodified, against one server.

    python tfserving_client.py PORT MIXED.json LINE.json

The server has iris and the models of these two cases: a classifier of named columns, and a regression of unnamed
ones. Prints one JSON object of what came back.
"""

import json
import sys

import grpc
import numpy as np
import tensorflow as tf
from google.protobuf import wrappers_pb2  # noqa: F401: registers Int64Value
from tensorflow_serving.apis import (classification_pb2, get_model_metadata_pb2, get_model_status_pb2, inference_pb2,
                                     model_management_pb2, model_service_pb2_grpc, predict_pb2, prediction_service_pb2_grpc,
                                     regression_pb2)

ROWS = np.array([[5.1, 3.5, 1.4, 0.2], [6.7, 3.0, 5.2, 2.3]])

MIXED, LINE = (json.load(open(path)) for path in sys.argv[2:4])

MIXED["rows"] = [[float(cell["f"]) if isinstance(cell, dict) else cell for cell in row] for row in MIXED["rows"]]
channel = grpc.insecure_channel(f"127.0.0.1:{sys.argv[1]}")
prediction = prediction_service_pb2_grpc.PredictionServiceStub(channel)
models = model_service_pb2_grpc.ModelServiceStub(channel)
result = {}


def request(model="iris", tensors=None, **spec):
    made = predict_pb2.PredictRequest()
    made.model_spec.name = model
    if "version" in spec:
        made.model_spec.version.value = spec["version"]
    if "label" in spec:
        made.model_spec.version_label = spec["label"]
    made.model_spec.signature_name = spec.get("signature", "")
    for name, value in (tensors or {}).items():
        made.inputs[name].CopyFrom(value if isinstance(value, tf.make_tensor_proto(0).__class__) else tf.make_tensor_proto(value))
    made.output_filter.extend(spec.get("outputs", []))
    return made


def answers(**options):
    got = prediction.Predict(request(**options), timeout=30)
    return {name: tf.make_ndarray(tensor) for name, tensor in got.outputs.items()}, got


def plain(array):
    return [v.decode() if isinstance(v, bytes) else v for v in array.ravel().tolist()]


def error(call, *arguments):
    try:
        call(*arguments, timeout=30)
    except grpc.RpcError as failure:
        return [failure.code().name, failure.details()]
    return ["OK", ""]


got, raw = answers(tensors={"inputs": ROWS})
result["predict"] = {name: plain(value) for name, value in got.items()}
result["shapes"] = {name: list(value.shape) for name, value in got.items()}
result["dtypes"] = {name: value.dtype.name for name, value in got.items()}
result["spec"] = [raw.model_spec.name, raw.model_spec.version.value, raw.model_spec.signature_name]

result["same"] = {}
for dtype in (np.float64, np.float32, np.float16, np.int64, np.int32, np.int16, np.int8, np.uint8, np.uint16, np.uint32,
              np.uint64, tf.bfloat16.as_numpy_dtype):
    whole = np.array([[5, 3, 1, 0], [7, 3, 5, 2]]).astype(dtype)
    expected, _ = answers(tensors={"inputs": whole.astype(np.float64)}, outputs=["predict_proba"])
    contents, _ = answers(tensors={"inputs": whole}, outputs=["predict_proba"])
    typed = tf.make_tensor_proto(whole)
    typed.ClearField("tensor_content")
    values = whole.ravel()
    if dtype in (np.float16, tf.bfloat16.as_numpy_dtype):
        typed.half_val.extend(values.view(np.uint16).tolist())
    else:
        field = {np.float64: "double_val", np.float32: "float_val", np.int64: "int64_val", np.uint32: "uint32_val",
                 np.uint64: "uint64_val"}.get(dtype, "int_val")
        getattr(typed, field).extend(values.tolist())
    fields, _ = answers(tensors={"inputs": typed}, outputs=["predict_proba"])
    result["same"][np.dtype(dtype).name] = bool(
        np.array_equal(contents["predict_proba"], expected["predict_proba"]) and
        np.array_equal(fields["predict_proba"], expected["predict_proba"]))

one = tf.make_tensor_proto(1.5, dtype=tf.float32, shape=[2, 4])  # one value stands for all
filled, _ = answers(tensors={"inputs": one}, outputs=["predict_proba"])
whole, _ = answers(tensors={"inputs": np.full((2, 4), 1.5)}, outputs=["predict_proba"])
result["repeated"] = bool(np.array_equal(filled["predict_proba"], whole["predict_proba"]))
result["signature"] = sorted(answers(tensors={"inputs": ROWS}, signature="predict_proba")[0])
result["other_name"] = plain(answers(tensors={"dense_input": ROWS}, outputs=["predict"])[0]["predict"])
columns = dict(zip(MIXED["columns"], map(list, zip(*MIXED["rows"]))))
columns["sex"] = [[value] for value in columns["sex"]]  # a column may also be a matrix of one
mixed, _ = answers(model="mixed", tensors=columns)
result["mixed"] = {name: plain(value) for name, value in mixed.items()}

result["errors"] = {
    "no_model": error(prediction.Predict, request(model="rose", tensors={"inputs": ROWS})),
    "no_version": error(prediction.Predict, request(version=9, tensors={"inputs": ROWS})),
    "no_label": error(prediction.Predict, request(label="stable", tensors={"inputs": ROWS})),
    "no_name": error(prediction.Predict, request(model="", tensors={"inputs": ROWS})),
    "no_spec": error(prediction.Predict, predict_pb2.PredictRequest()),
    "no_signature": error(prediction.Predict, request(signature="other", tensors={"inputs": ROWS})),
    "no_inputs": error(prediction.Predict, request()),
    "missing_column": error(prediction.Predict, request(model="mixed", tensors={"age": [1.0]})),
    "extra_column": error(prediction.Predict, request(model="mixed", tensors={**columns, "z": [1.0]})),
    "wrong_shape": error(prediction.Predict, request(tensors={"inputs": ROWS[:, :3]})),
    "wrong_rank": error(prediction.Predict, request(tensors={"inputs": ROWS[0]})),
    "wrong_dtype": error(prediction.Predict, request(tensors={"inputs": [["a", "b", "c", "d"]]})),
    "no_output": error(prediction.Predict, request(tensors={"inputs": ROWS}, outputs=["other"])),
}

examples = classification_pb2.ClassificationRequest()
examples.model_spec.name = "iris"
for row in ROWS:
    made = examples.input.example_list.examples.add()
    made.features.feature["inputs"].float_list.value.extend(row)
got = prediction.Classify(examples, timeout=30).result
result["classify"] = [[[c.label, c.score] for c in one.classes] for one in got.classifications]
named = classification_pb2.ClassificationRequest()
named.model_spec.name = "mixed"
context = named.input.example_list_with_context.context.features.feature
context["sex"].bytes_list.value.append(b"X")  # each example says otherwise
context["pclass"].int64_list.value.append(MIXED["rows"][0][0])
for row in MIXED["rows"]:
    made = named.input.example_list_with_context.examples.add().features.feature
    for name, value in zip(MIXED["columns"], row):
        if name == "pclass" and value == MIXED["rows"][0][0]:
            continue
        if isinstance(value, str):
            made[name].bytes_list.value.append(value.encode())
        elif isinstance(value, int):
            made[name].int64_list.value.append(value)
        else:
            made[name].float_list.value.append(value)
got = prediction.Classify(named, timeout=30).result
result["context"] = [max(one.classes, key=lambda c: c.score).label for one in got.classifications]
values = regression_pb2.RegressionRequest()
values.model_spec.name = "line"
for row in LINE["rows"]:
    values.input.example_list.examples.add().features.feature["inputs"].float_list.value.extend(row)
result["regress"] = [one.value for one in prediction.Regress(values, timeout=30).result.regressions]
examples.model_spec.name = "line"
result["errors"]["no_classifier"] = error(prediction.Classify, examples)
values.model_spec.name = "iris"
result["errors"]["no_regressor"] = error(prediction.Regress, values)
values.ClearField("input")
values.model_spec.name = "line"
result["errors"]["no_examples"] = error(prediction.Regress, values)

multi = inference_pb2.MultiInferenceRequest()
for signature, method in (("predict", "classify"), ("predict_proba", "classify")):
    task = multi.tasks.add()
    task.model_spec.name, task.model_spec.signature_name = "iris", signature
    task.method_name = "tensorflow/serving/" + method
examples.model_spec.name = "iris"
multi.input.CopyFrom(examples.input)
got = prediction.MultiInference(multi, timeout=30)
result["multi"] = [[r.model_spec.signature_name, len(r.classification_result.classifications[0].classes)] for r in got.results]
multi.tasks[1].model_spec.signature_name = "predict"
result["errors"]["duplicate"] = error(prediction.MultiInference, multi)

metadata = get_model_metadata_pb2.GetModelMetadataRequest()
metadata.model_spec.name = "iris"
result["errors"]["no_field"] = error(prediction.GetModelMetadata, metadata)
metadata.metadata_field.append("signature_def")
got = prediction.GetModelMetadata(metadata, timeout=30)
signatures = get_model_metadata_pb2.SignatureDefMap()
assert got.metadata["signature_def"].Unpack(signatures)
default = signatures.signature_def["serving_default"]
result["metadata"] = {
    "version": got.model_spec.version.value, "signatures": sorted(signatures.signature_def),
    "inputs": {n: [t.dtype, [d.size for d in t.tensor_shape.dim]] for n, t in default.inputs.items()},
    "outputs": {n: [t.dtype, [d.size for d in t.tensor_shape.dim]] for n, t in default.outputs.items()},
    "method": default.method_name}

status = get_model_status_pb2.GetModelStatusRequest()
status.model_spec.name = "iris"
got = models.GetModelStatus(status, timeout=30).model_version_status
result["status"] = [[s.version, s.state, s.status.error_code] for s in got]
status.model_spec.name = "rose"
result["errors"]["no_status"] = error(models.GetModelStatus, status)
result["errors"]["reload"] = error(models.HandleReloadConfigRequest, model_management_pb2.ReloadConfigRequest())

print(json.dumps(result))
