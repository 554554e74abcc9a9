"""Writes MLflow folders of the onnx flavour, beside those of make.py.

Run by tools/make_container_fixtures in the environment of ../onnx: `make_onnx.py OUTPUT_FOLDER`. The answers are MLflow's own.
"""

import json
import pathlib
import shutil
import sys
import warnings

import mlflow
import mlflow.onnx
import numpy as np
import onnx
import onnxruntime
import pandas as pd
from mlflow.models import ModelSignature, infer_signature
from mlflow.types import Schema, TensorSpec
from onnx import TensorProto, helper, numpy_helper
from skl2onnx import to_onnx
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

NAMES = ["age", "income", "debt"]


def data():
    random = np.random.RandomState(0)
    x = pd.DataFrame(random.rand(60, 3).astype(np.float32), columns=NAMES)
    return x, (3 * (x.age + x.debt)).round().astype(int) % 3


def write(folder, name, model, rows, signature):
    path = folder / f"{name}_model"
    shutil.rmtree(path, ignore_errors=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        mlflow.onnx.save_model(model, str(path), signature=signature, pip_requirements=["onnx"])
        served = mlflow.pyfunc.load_model(str(path)).predict(rows)
    # MLmodel has the time and an identifier in it; nobody needs them.
    kept = [line for line in (path / "MLmodel").read_text().splitlines(True)
            if not line.startswith(("utc_time", "model_uuid", "model_id"))]
    (path / "MLmodel").write_text("".join(kept))
    for file in ("conda.yaml", "python_env.yaml", "requirements.txt", "input_example.json"):
        (path / file).unlink(missing_ok=True)
    outputs = {}
    for one in model.graph.output:
        output, rank = one.name, len(one.type.tensor_type.shape.dim)
        values = np.asarray(served[output])
        values = values.reshape(len(rows), -1) if rank == 2 else values  # of a table's answers, MLflow makes columns
        kind = {"i": "int64", "f": "float64", "U": "str", "O": "str"}[values.dtype.kind]
        outputs[output] = {"dtype": kind, "shape": list(values.shape),
                           "values": values.ravel().astype(kind if kind != "str" else object).tolist()}
    frame = rows if isinstance(rows, pd.DataFrame) else pd.DataFrame(rows)
    named = isinstance(rows, pd.DataFrame)
    case = {
        "onnxruntime": onnxruntime.__version__, "onnx": onnx.__version__, "mlflow": mlflow.__version__, "case": name, "file": path.name,
        "container": {"kind": "mlflow", "compression": None, "protocol": None}, "estimator": "onnx", "select": None,
        "columns": list(frame.columns) if named else None, "tolerance": 1e-5, "outputs": outputs, "error": None,
        "rows": frame.to_numpy().tolist(),
    }
    (folder / f"{name}.json").write_text(json.dumps(case) + "\n")


def perceptron():
    """One matrix, as torch.onnx exports it."""
    random = np.random.RandomState(1)
    weights = [("w1", (3, 5)), ("b1", (5,)), ("w2", (5, 2)), ("b2", (2,))]
    nodes = [helper.make_node("Gemm", ["x", "w1", "b1"], ["h"]), helper.make_node("Relu", ["h"], ["r"]),
             helper.make_node("Gemm", ["r", "w2", "b2"], ["o"]), helper.make_node("Softmax", ["o"], ["scores"], axis=1)]
    graph = helper.make_graph(nodes, "mlp", [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["rows", 3])],
                              [helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["rows", 2])],
                              [numpy_helper.from_array(random.normal(size=shape).astype(np.float32), name) for name, shape in weights])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)


def columns():
    """An input for each column, of one axis: what MLflow gives such a model of a table."""
    nodes = [helper.make_node("Unsqueeze", [name, "axes"], [f"{name}_column"]) for name in NAMES]
    nodes += [helper.make_node("Concat", [f"{name}_column" for name in NAMES], ["x"], axis=1),
              helper.make_node("Gemm", ["x", "w", "b"], ["score"])]
    values = [numpy_helper.from_array(np.array([1], np.int64), "axes"), numpy_helper.from_array(np.array([[1], [-2], [0.5]], np.float32), "w"),
              numpy_helper.from_array(np.array([0.25], np.float32), "b")]
    graph = helper.make_graph(nodes, "columns", [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["rows"]) for name in NAMES],
                              [helper.make_tensor_value_info("score", TensorProto.FLOAT, ["rows", 1])], values)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)


def main():
    folder = pathlib.Path(sys.argv[1]) / mlflow.__version__
    x, y = data()
    tensor = ModelSignature(inputs=Schema([TensorSpec(np.dtype(np.float32), (-1, 3), "x")]))
    write(folder, "onnx_network", perceptron(), x[:20].to_numpy(), tensor)
    scaled = make_pipeline(StandardScaler(), LogisticRegression()).fit(x, y)
    model = to_onnx(scaled, x[:1].to_numpy(), options={"zipmap": False}, target_opset=17)
    write(folder, "onnx_sklearn", model, x[:20].to_numpy(), None)
    write(folder, "onnx_columns", columns(), x[:20], infer_signature(x))


if __name__ == "__main__":
    main()
