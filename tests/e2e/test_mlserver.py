"""MLServer's own codecs and its `mlserver infer`, unmodified, against Slipway."""

import json
import pathlib
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from mlserver.codecs import NumpyCodec, NumpyRequestCodec, PandasCodec, StringCodec
from mlserver.types import (InferenceRequest, InferenceResponse, MetadataModelResponse, MetadataServerResponse,
                            RequestOutput)

ROWS = np.array([[5.1, 3.5, 1.4, 0.2], [6.7, 3.0, 5.2, 2.3]])
NAMES = ["sepal_length", "sepal_width", "petal_length", "petal_width"]


def infer(server, request):
    answer = server.post("/v2/models/iris/infer", request.model_dump())
    assert answer.status_code == 200, answer.text
    return InferenceResponse.model_validate_json(answer.text)


def test_a_numpy_input_gives_strings(iris):
    request = InferenceRequest(inputs=[NumpyCodec.encode_input(name="predict", payload=ROWS)])
    [output] = infer(iris, request).outputs
    assert StringCodec.decode_output(output) == ["setosa", "virginica"]


def test_a_numpy_request_is_decoded_by_its_own_codec(iris):
    answer = infer(iris, NumpyRequestCodec.encode_request(ROWS))
    assert NumpyRequestCodec.decode_response(answer).ravel().tolist() == ["setosa", "virginica"]


def test_a_data_frame_goes_in_and_comes_out(iris):
    frame = pd.DataFrame(ROWS, columns=NAMES)[NAMES[::-1]]
    answer = PandasCodec.decode_response(infer(iris, PandasCodec.encode_request(frame)))
    assert answer["predict"].tolist() == ["setosa", "virginica"]


def test_outputs_are_chosen_by_method(iris):
    request = NumpyRequestCodec.encode_request(ROWS)
    request.outputs = [RequestOutput(name="predict_proba"), RequestOutput(name="predict")]
    by_name = {output.name: output for output in infer(iris, request).outputs}
    probabilities = NumpyCodec.decode_output(by_name["predict_proba"])
    assert probabilities.shape == (2, 3) and probabilities.argmax(axis=1).tolist() == [0, 2]
    assert probabilities.sum(axis=1) == pytest.approx([1, 1], rel=1e-12)


def test_metadata_is_what_its_types_expect(iris):
    assert MetadataServerResponse.model_validate(iris.get("/v2").json()).name == "slipway"
    model = MetadataModelResponse.model_validate(iris.get("/v2/models/iris").json())
    assert [entry.name for entry in model.inputs] == NAMES


def test_mlserver_infer_scores_a_file(iris, tmp_path):
    requests = tmp_path / "in.jsonl"
    requests.write_text("".join(json.dumps({"inputs": [
        {"name": "x", "shape": [1, 4], "datatype": "FP64", "data": row}]}) + "\n" for row in ROWS.tolist()))
    done = subprocess.run(
        [pathlib.Path(sys.executable).with_name("mlserver"), "infer", "-u", f"127.0.0.1:{iris.port}", "-m", "iris",
         "-i", requests, "-o", tmp_path / "out.jsonl"], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    answers = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    labels = sorted(answer["outputs"][0]["data"][0] for answer in answers)
    assert labels == ["setosa", "virginica"]
