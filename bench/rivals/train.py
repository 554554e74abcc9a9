"""Trains the one model of the benchmark: logistic regression on iris, as joblib and as ONNX.

usage: train.py FOLDER
"""

import sys

import joblib
from skl2onnx import to_onnx
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

x, y = load_iris(return_X_y=True)
model = LogisticRegression(max_iter=1000).fit(x, y)
joblib.dump(model, sys.argv[1] + "/iris.joblib")
onnx = to_onnx(model, x[:1].astype("float32"), options={"zipmap": False}, target_opset=17)
with open(sys.argv[1] + "/iris.onnx", "wb") as file:
    file.write(onnx.SerializeToString())
