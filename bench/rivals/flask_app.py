"""What articles on model deployment build: Flask around joblib.load and model.predict."""

import os

import joblib
import numpy as np
from flask import Flask, jsonify, request

app = Flask(__name__)
model = joblib.load(os.environ["MODEL"])


@app.post("/predict")
def predict():
    rows = np.array(request.get_json()["features"], dtype=float)
    return jsonify({"prediction": model.predict(np.atleast_2d(rows)).tolist()})
