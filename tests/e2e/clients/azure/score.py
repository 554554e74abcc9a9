"""What people write for Azure ML's inference server and a model of scikit-learn."""

import json
import os

import joblib
import numpy


def init():
    global model
    model = joblib.load(os.environ["MODEL_FILE"])


def run(raw_data):
    body = json.loads(raw_data)
    rows = body.get("data", body.get("input_data"))
    if isinstance(rows, dict):
        rows = rows["data"]
    return model.predict(numpy.array(rows)).tolist()
