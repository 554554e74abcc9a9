"""A strong hand-written server: FastAPI (uvloop, httptools) around ONNX Runtime."""

import os

import numpy as np
import onnxruntime
from fastapi import FastAPI
from pydantic import BaseModel

options = onnxruntime.SessionOptions()
options.intra_op_num_threads = 1
options.inter_op_num_threads = 1
session = onnxruntime.InferenceSession(os.environ["MODEL"], options, providers=["CPUExecutionProvider"])
input_name = session.get_inputs()[0].name
output_name = session.get_outputs()[0].name
app = FastAPI()


class Rows(BaseModel):
    features: list[list[float]]


@app.post("/predict")
async def predict(rows: Rows):
    values = np.array(rows.features, dtype=np.float32)
    return {"prediction": session.run([output_name], {input_name: values})[0].tolist()}
