"""Arrow over HTTP, written and read by pyarrow, pandas and polars."""

import io
import json
import os
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from pyarrow import ipc

from conftest import DATA, Server

STREAM = "application/vnd.apache.arrow.stream"
FILE = "application/vnd.apache.arrow.file"
NAMES = ["sepal_length", "sepal_width", "petal_length", "petal_width"]
ROWS = [[5.1, 3.5, 1.4, 0.2], [6.7, 3.0, 5.2, 2.3], [5.9, 3.0, 4.2, 1.5]]


def stream(table, options=None, new=ipc.new_stream):
    sink = io.BytesIO()
    with new(sink, table.schema, options=options) as writer:
        writer.write_table(table)
    return sink.getvalue()


def ask(server, body, path="/predict", kind=STREAM, accept=STREAM):
    return server.post(path, body, headers={"Content-Type": kind, "Accept": accept})


def table_of(answer):
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"] == STREAM
    table = ipc.open_stream(answer.content).read_all()
    table.validate(full=True)
    return table


def columns(kind=None):
    return pa.table({name: pa.array([row[i] for row in ROWS], kind) for i, name in enumerate(NAMES)})


@pytest.mark.parametrize("path", ["/predict?proba=1", "/models/iris/predict?proba=1"])
def test_a_table_gives_the_answers_of_json(iris, path):
    want = iris.post(path, {"features": ROWS}).json()
    got = table_of(ask(iris, stream(columns()), path))
    assert got.column_names == ["prediction"] + [f"probability_{x}" for x in ("setosa", "versicolor", "virginica")]
    assert got["prediction"].to_pylist() == want["prediction"]
    assert np.array_equal(np.column_stack(got.columns[1:]), want["probabilities"])


@pytest.mark.parametrize("codec", ["lz4", "zstd"])
def test_compressed_streams_and_files_are_read(iris, codec):
    options = ipc.IpcWriteOptions(compression=codec)
    want = table_of(ask(iris, stream(columns())))
    assert table_of(ask(iris, stream(columns(), options))) == want
    assert table_of(ask(iris, stream(columns(), options, ipc.new_file), kind=FILE)) == want


def test_pandas_and_polars_frames_are_read(iris):
    frame = pd.DataFrame(ROWS, columns=NAMES)
    frame["id"] = ["a", "b", "c"]  # no column of the model's
    want = table_of(ask(iris, stream(columns())))
    assert table_of(ask(iris, stream(pa.Table.from_pandas(frame)))) == want
    for write in (pl.DataFrame.write_ipc, pl.DataFrame.write_ipc_stream):
        sink = io.BytesIO()
        write(pl.from_pandas(frame), sink)
        assert table_of(ask(iris, sink.getvalue())) == want


def test_arrow_csv_and_json_mix(iris):
    by_csv = ask(iris, stream(columns()), accept="text/csv")
    assert by_csv.text.splitlines() == ["prediction", "setosa", "virginica", "versicolor"]
    assert ask(iris, stream(columns()), accept="*/*").json() == {"prediction": ["setosa", "virginica", "versicolor"]}
    answer = iris.post("/predict", {"features": ROWS}, headers={"Accept": STREAM})
    assert table_of(answer)["prediction"].to_pylist() == ["setosa", "virginica", "versicolor"]


def test_many_batches_and_many_rows(iris):
    values = np.random.default_rng(0).uniform(0, 8, (100_000, 4))
    table = pa.table({name: values[:, i] for i, name in enumerate(NAMES)})
    sink = io.BytesIO()
    with ipc.new_stream(sink, table.schema) as writer:
        for batch in table.to_batches(max_chunksize=777):
            writer.write_batch(batch)
    got = table_of(ask(iris, sink.getvalue()))
    sample = values[::1000].tolist()
    assert got["prediction"].to_pylist()[::1000] == iris.post("/predict", {"features": sample}).json()["prediction"]


def test_texts_and_categories(start):
    case = json.loads((DATA / "1.7.2" / "adult_one_hot_boosting.json").read_text())
    server = start(DATA / "1.7.2" / case["file"])
    frame = {name: [row[i] for row in case["rows"]] for i, name in enumerate(case["columns"])}
    kinds = {name: pa.array(values).type for name, values in frame.items()}
    assert pa.utf8() in kinds.values() and pa.float64() in kinds.values()
    want = server.post("/predict", {"features": [dict(zip(frame, row)) for row in case["rows"]]})
    assert want.status_code == 200
    packed = {name: pa.array(values).dictionary_encode() for name, values in frame.items()}
    for table in (pa.table(frame), pa.table(packed)):
        assert ask(server, stream(table), accept="*/*").json() == want.json()


@pytest.mark.parametrize("body, said", [
    (b"", "not a valid Arrow stream"),
    (b"features", "not a valid Arrow stream"),
    (stream(columns())[:-200], "not a valid Arrow stream"),
    (stream(columns().drop_columns(["petal_width"])), "column 'petal_width' is missing"),
    (stream(columns().cast(pa.schema([(name, pa.utf8()) for name in NAMES]))),
     "column 'sepal_length': expected numbers, got utf8"),
    (stream(columns().slice(0, 0)), "the request has no rows"),
])
def test_bad_tables_are_refused(iris, body, said):
    answer = ask(iris, body)
    assert answer.status_code == 400, answer.text
    assert said in answer.json()["error"]
    assert iris.post("/predict", {"features": ROWS[0]}).status_code == 200


def test_rows_that_take_no_bytes_are_bounded(iris):
    nulls = pa.table({name: pa.nulls(100_000_000) for name in NAMES})
    answer = ask(iris, stream(nulls))
    assert answer.status_code == 429
    assert "cells" in answer.json()["error"]


def test_without_the_plug_in_it_says_what_is_missing(tmp_path, monkeypatch):
    from conftest import IRIS

    monkeypatch.setenv("SLIPWAY_PLUGIN_DIR", str(tmp_path))
    server = Server(IRIS).wait_ready()
    assert table_of(ask(server, stream(columns()))).num_rows == 3  # a plain stream does not need it
    answer = ask(server, stream(columns(), ipc.IpcWriteOptions(compression="zstd")))
    assert answer.status_code == 501
    assert f"{tmp_path}/libslipway_arrow.so" in answer.json()["error"]
    assert server.post("/predict", {"features": ROWS[0]}).status_code == 200
    assert server.stop() == 0


def test_opening_the_plug_in_keeps_nobody_waiting(tmp_path, monkeypatch):
    """Whoever opens this "library" waits until somebody writes to it: one loop must go on answering meanwhile."""
    from conftest import IRIS

    library = tmp_path / "libslipway_arrow.so"
    os.mkfifo(library)
    monkeypatch.setenv("SLIPWAY_PLUGIN_DIR", str(tmp_path))
    server = Server(IRIS, "--loops", "1").wait_ready()
    packed = stream(columns(), ipc.IpcWriteOptions(compression="zstd"))
    with ThreadPoolExecutor(4) as pool:
        waiting = [pool.submit(ask, server, packed) for _ in range(4)]
        for _ in range(20):
            assert server.post("/predict", {"features": ROWS[0]}).status_code == 200
            assert table_of(ask(server, stream(columns()))).num_rows == 3
            time.sleep(0.01)
        assert not any(each.done() for each in waiting)
        library.write_bytes(b"no library")
        for each in waiting:
            assert each.result().status_code == 501
            assert "Arrow's plug-in cannot be opened" in each.result().json()["error"]
    assert ask(server, packed).status_code == 501  # it is tried once
    assert server.stop() == 0


def test_first_requests_for_the_plug_in_are_all_answered(start):
    from conftest import IRIS

    packed = stream(columns(), ipc.IpcWriteOptions(compression="zstd"))
    server = start(IRIS)
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: ask(server, packed), range(64)))
    want = table_of(ask(server, stream(columns())))
    assert all(table_of(answer) == want for answer in answers)
