"""`slipway data`: what it says of tables equals what pandas says, for files that pandas and pyarrow wrote."""

import decimal
import gzip
import html.parser
import io
import json
import math
import pty
import os
import subprocess
import time
import xml.etree.ElementTree

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet
import pytest

from conftest import BINARY, IRIS, ROOT, run

FLOWERS = ROOT / "examples" / "iris" / "iris.csv"
QUANTILES = {"1%": 0.01, "5%": 0.05, "25%": 0.25, "50%": 0.5, "75%": 0.75, "95%": 0.95, "99%": 0.99}
TOLERANCE = dict(rel=1e-9, abs=1e-12)


def profile(path, *flags):
    done = run("data", path, "--json", *flags)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def refusal(path, *flags):
    done = run("data", path, *flags)
    assert done.returncode == 1 and done.stdout == "", done.stdout
    return done.stderr.strip()


def column(found, name):
    return next(one for one in found["columns"] if one["name"] == name)


def same(got, expected):
    if expected is None or (isinstance(expected, float) and not math.isfinite(expected)):
        return got is None
    return got == pytest.approx(expected, **TOLERANCE)


def sample(rows=2000):
    """Of every type, with missing values, and columns that go together."""
    random = np.random.default_rng(7)
    age = random.normal(40, 12, rows).round(3)
    city = random.choice(["London", "Paris", "Zürich, Süd", 'say "hi"'], rows, p=[0.5, 0.3, 0.15, 0.05])
    frame = pd.DataFrame({
        "age": age,
        "income": age * 1000 + random.normal(0, 9000, rows),
        "visits": random.poisson(3, rows),
        "huge": random.normal(1e5, 1, rows),
        "member": random.random(rows) < 0.3,
        "city": city,
        "born": pd.Timestamp("1980-01-01") + pd.to_timedelta(random.integers(0, 9000, rows), unit="D"),
        "seen": pd.Timestamp("2024-01-01") + pd.to_timedelta(random.integers(0, 10**7, rows), unit="s"),
        "code": [f"{number:05}" for number in random.integers(0, 500, rows)],
        "label": np.where(age + random.normal(0, 8, rows) > 40, "old", "young"),
    })
    frame.loc[random.random(rows) < 0.1, "age"] = np.nan
    frame.loc[random.random(rows) < 0.2, "city"] = None
    frame.loc[random.random(rows) < 0.1, "seen"] = pd.NaT
    return pd.concat([frame, frame.iloc[:5]], ignore_index=True)


def check_numbers(found, frame):
    for name in frame.select_dtypes("number"):
        values, got = frame[name], column(found, name)
        assert got["missing"] == values.isna().sum() and got["distinct"] == values.nunique()
        for statistic in ("mean", "std", "min", "max"):
            assert same(got[statistic], float(getattr(values, statistic)())), (name, statistic)
        for label, share in QUANTILES.items():
            assert same(got["quantiles"][label], float(values.quantile(share))), (name, label)
        counts = values.value_counts()
        assert [one["count"] for one in got["top"]] == counts.head(10).tolist()
        assert sum(got["histogram"]["counts"]) == values.count()


def check_correlations(found, frame):
    expected = frame.corr(numeric_only=True)
    assert found["correlations"]["names"] == list(expected.columns)
    for got, values in zip(found["correlations"]["values"], expected.to_numpy().tolist()):
        assert all(map(same, got, values)), (got, values)


@pytest.mark.parametrize("form", ["csv", "tsv", "semicolon", "csv.gz", "csv.zst", "jsonl", "jsonl.zst", "parquet", "feather",
                                  "arrows", "stdin"])
def test_numbers_equal_pandas(tmp_path, form):
    frame = sample()
    path = tmp_path / f"rows.{form}"
    if form == "tsv":
        frame.to_csv(path, sep="\t", index=False)
    elif form == "semicolon":
        frame.to_csv(path, sep=";", decimal=",", index=False)
    elif form.startswith("jsonl"):
        text = frame.to_json(orient="records", lines=True, date_format="iso", double_precision=15)
        # pandas writes 15 digits at most: the file is the truth.
        frame[["income", "huge", "age"]] = pd.read_json(io.BytesIO(text.encode()), lines=True, precise_float=True)[["income", "huge", "age"]]
        with pa.output_stream(str(path)) as out:  # compressed as the name says
            out.write(text.encode())
    elif form == "parquet":
        frame.to_parquet(path, row_group_size=300, compression="zstd")
    elif form == "feather":
        pa.feather.write_feather(frame, str(path), compression="lz4")
    elif form == "arrows":
        table = pa.Table.from_pandas(frame)
        with pa.ipc.new_stream(str(path), table.schema) as writer:
            writer.write_table(table, max_chunksize=700)
    else:
        with pa.output_stream(str(path), compression={"gz": "gzip", "zst": "zstd"}.get(form[4:], None)) as out:
            out.write(frame.to_csv(index=False).encode())
    if form == "stdin":
        done = subprocess.run([BINARY, "data", "-", "--json"], stdin=open(path), capture_output=True, text=True, timeout=60)
        found = json.loads(done.stdout)
    else:
        found = profile(path)
    assert found["rows"] == len(frame)
    assert found["duplicate_rows"] == frame.duplicated().sum() == 5
    assert [one["name"] for one in found["columns"]] == list(frame.columns)
    assert {one["name"]: one["type"] for one in found["columns"]} == {
        "age": "number", "income": "number", "visits": "number", "huge": "number", "member": "boolean", "city": "category",
        "born": "time", "seen": "time", "code": "category", "label": "category"}
    check_numbers(found, frame)
    check_correlations(found, frame)
    for name in ("city", "code", "label"):
        counts = frame[name].value_counts()
        got = column(found, name)
        assert got["missing"] == frame[name].isna().sum() and got["distinct"] == frame[name].nunique()
        assert [one["count"] for one in got["top"]] == counts.head(10).tolist()
        assert all(counts[one["value"]] == one["count"] for one in got["top"])
    for name in ("born", "seen"):
        seconds = (frame[name] - pd.Timestamp(0)).dt.total_seconds()
        got = column(found, name)
        assert got["missing"] == seconds.isna().sum()
        assert same(got["min"], seconds.min()) and same(got["max"], seconds.max()) and same(got["mean"], seconds.mean())


def correlation_ratio(values, classes):
    known = values.notna() & classes.notna()
    values, classes = values[known], classes[known]
    means = values.groupby(classes).transform("mean")
    return math.sqrt(((means - values.mean()) ** 2).sum() / ((values - values.mean()) ** 2).sum())


def cramers_v(a, b):
    table = pd.crosstab(a, b).to_numpy()
    expected = np.outer(table.sum(1), table.sum(0)) / table.sum()
    return math.sqrt(((table - expected) ** 2 / expected).sum() / table.sum() / (min(table.shape) - 1))


def mutual_information(a, b):
    table = pd.crosstab(a, b).to_numpy() / len(pd.concat([a, b], axis=1).dropna())
    independent = np.outer(table.sum(1), table.sum(0))
    some = table > 0
    return (table[some] * np.log(table[some] / independent[some])).sum()


def test_what_goes_together_with_the_target(tmp_path):
    frame = sample()
    frame.to_csv(tmp_path / "rows.csv", index=False)
    found = profile(tmp_path / "rows.csv", "--target", "label")["target"]
    assert found["kind"] == "classes"
    assert {one["value"]: one["count"] for one in found["classes"]} == frame.label.value_counts().to_dict()
    together = {one["column"]: one for one in found["associations"]}
    assert set(together) == set(frame.columns) - {"label"}
    strengths = [one["value"] for one in found["associations"]]
    assert strengths == sorted(strengths, reverse=True)
    for name in ("age", "income", "visits", "huge"):
        assert together[name]["measure"] == "correlation_ratio"
        assert same(together[name]["value"], correlation_ratio(frame[name], frame.label)), name
    for name in ("city", "code", "member"):
        assert together[name]["measure"] == "cramers_v"
        assert same(together[name]["value"], cramers_v(frame[name], frame.label)), name
        assert same(together[name]["mutual_information"], mutual_information(frame[name], frame.label)), name
    numbers = profile(tmp_path / "rows.csv", "--target", "income")["target"]
    assert numbers["kind"] == "number"
    together = {one["column"]: one for one in numbers["associations"]}
    assert same(together["age"]["value"], frame.age.corr(frame.income))
    assert same(together["city"]["value"], correlation_ratio(frame.income, frame.city))


def test_types_of_parquet(tmp_path):
    table = pa.table({
        "small": pa.array([1, None, 3], pa.int8()), "unsigned": pa.array([1, 2, 2**32], pa.uint64()),
        "half": pa.array(np.array([0.5, 1.5, 2.5], np.float16)), "float": pa.array([0.5, None, 2.5], pa.float32()),
        "price": pa.array([decimal.Decimal("1.10"), None, decimal.Decimal("-3.25")], pa.decimal128(9, 2)),
        "day": pa.array([0, 19844, None], pa.date32()), "day64": pa.array([0, 86400000, None], pa.date64()),
        "s": pa.array([1, 2, None], pa.timestamp("s")), "ms": pa.array([1500, 2, None], pa.timestamp("ms", tz="Europe/Berlin")),
        "ns": pa.array([1_500_000_000, 2, None], pa.timestamp("ns")), "flag": pa.array([True, None, False]),
        "word": pa.array(["NA", None, ""]), "large": pa.array(["x", "y", "x"], pa.large_utf8()),
        "kind": pa.array(["a", "b", None]).dictionary_encode(), "nothing": pa.nulls(3)})
    for path in (tmp_path / "t.parquet", tmp_path / "t.feather"):
        if path.suffix == ".parquet":
            pa.parquet.write_table(table, path, version="2.6")
        else:
            pa.feather.write_feather(table, str(path))
        found = profile(path)
        types = {one["name"]: one["type"] for one in found["columns"]}
        assert {name for name, kind in types.items() if kind == "time"} == {"day", "day64", "s", "ms", "ns"}
        assert {name for name, kind in types.items() if kind == "category"} == {"word", "large", "kind"}
        assert types["flag"] == "boolean" and types["nothing"] == "number"
        assert column(found, "price")["min"] == -3.25 and column(found, "unsigned")["max"] == 2**32
        assert column(found, "day")["max"] == 19844 * 86400 and column(found, "ns")["max"] == 1.5
        assert column(found, "ms")["max"] == 1.5 and column(found, "half")["mean"] == 1.5
        assert column(found, "word")["missing"] == 1  # "NA" and "" are texts where missing has a word of its own
        assert column(found, "kind")["top"] == [{"value": "a", "count": 1}, {"value": "b", "count": 1}]


def test_nested_columns_are_refused_by_name(tmp_path):
    table = pa.table({"a": [1, 2], "tags": [["x"], []], "more": [{"y": 1}, None]})
    pa.parquet.write_table(table, tmp_path / "t.parquet")
    assert "column 'tags': expected numbers, texts" in refusal(tmp_path / "t.parquet")
    assert "got list" in refusal(tmp_path / "t.parquet")
    assert "column 'more'" in refusal(tmp_path / "t.parquet", "--type", "tags=ignore")
    assert len(profile(tmp_path / "t.parquet", "--type", "tags=ignore", "--type", "more=ignore")["columns"]) == 1


def test_spoilt_files_are_refused(tmp_path):
    frame = sample(300)
    frame.to_parquet(tmp_path / "whole.parquet", compression="snappy")
    whole = (tmp_path / "whole.parquet").read_bytes()
    path = tmp_path / "spoilt.parquet"
    random = np.random.default_rng(3)
    for size in (0, 4, 12, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:size])
        assert refusal(path).startswith("slipway: ")
    for _ in range(30):  # whatever is flipped: an answer or an error, never a crash
        spoilt = bytearray(whole)
        for place in random.integers(0, len(whole), 5):
            spoilt[place] ^= 1 << random.integers(0, 8)
        path.write_bytes(spoilt)
        assert run("data", path).returncode in (0, 1)
    packed = gzip.compress(frame.to_csv(index=False).encode())
    path = tmp_path / "rows.csv.gz"
    path.write_bytes(packed[:-20])
    assert "the gzip file ends too early" in refusal(path)


def test_errors_name_line_and_column(tmp_path):
    path = tmp_path / "rows.csv"
    for text, expected in [
            ("a,b\n1,2\n3\n", "line 3: expected 2 fields as in the header, got 1: the row ends before column 'b'"),
            ("a,b\n1,2,3\n", "line 2: expected 2 fields"), ("a,a\n1,2\n", "line 1: column 'a' stands there twice"),
            ("", "the input is empty"), ("1,2\n3,4\n", "--no-header"), ("a\n\0\n", "NUL"), ('a\n"x\n', "never closed")]:
        path.write_text(text)
        assert f"slipway: {path}: " in refusal(path) and expected in refusal(path)
    path.write_bytes("a,b\n1,2\n".encode("utf-16"))
    assert "UTF-16" in refusal(path)
    path.write_bytes("a,b\ncafé,2\n".encode("latin-1"))
    assert "line 2: this is not valid UTF-8, in field 1" in refusal(path)
    path.write_text("age,b\n1,2\nx,3\n")
    assert "line 3, column 'age': expected a number, got 'x'" in refusal(path, "--type", "age=number")
    assert "there is no column 'agee' for the target (there is 'age')" in refusal(path, "--target", "agee")
    assert "cannot read" in refusal(tmp_path / "none.csv")
    assert "expected a file, got a folder" in refusal(tmp_path)


def test_a_schema_is_written_and_read(tmp_path):
    path, schema = tmp_path / "rows.csv", tmp_path / "schema.yaml"
    path.write_text("id,born,w,note\n007,01/02/2003,1.5,x\n008,13/02/2003,-,y\n")
    kinds = lambda found: {one["name"]: one["type"] for one in found["columns"]}
    assert kinds(profile(path)) == {"id": "category", "born": "category", "w": "number", "note": "category"}
    schema.write_text("columns:\n  born: {type: time, format: '%d/%m/%Y'}\n  w: {unit: kg}\n  note: ignore\n")
    found = profile(path, "--schema", schema, "--write-schema", tmp_path / "again.yaml")
    assert kinds(found) == {"id": "category", "born": "time", "w": "number"}
    assert column(found, "born")["min"] == pd.Timestamp("2003-02-01").timestamp()
    again = profile(path, "--schema", tmp_path / "again.yaml")
    assert again == found and column(again, "w")["unit"] == "kg"
    assert column(profile(path, "--missing", "x,-"), "note")["missing"] == 1
    schema.write_text("columns:\n  a: nummer\n")
    assert f"{schema}: line 2: expected the type number" in refusal(path, "--schema", schema)


def test_what_looks_wrong(tmp_path):
    random = np.random.default_rng(5)
    rows = 400
    label = random.choice(["no", "yes"], rows, p=[0.7, 0.3])
    frame = pd.DataFrame({
        "id": np.arange(rows) + 1000, "key": [f"k{number:06}" for number in random.permutation(rows)],
        "empty": np.nan, "one": 7, "nearly": np.where(np.arange(rows) == 3, "b", "a"),
        "mixed": np.where(random.random(rows) < 0.5, "12", "many"), "sparse": np.where(np.arange(rows) < 20, 1.5, np.nan),
        "names": random.choice([f"n{number}" for number in range(200)], rows), "x": random.normal(size=rows),
        "group": random.choice(["a", "b"], rows), "outcome": np.where(label == "yes", 1.0, 0.0) + random.normal(0, 0.01, rows),
        "unbounded": np.where(np.arange(rows) == 9, np.inf, 1.0 * random.integers(0, 9, rows)), "label": label})
    frame.to_csv(tmp_path / "rows.csv", index=False)
    found = {(one["column"], one["kind"]) for one in profile(tmp_path / "rows.csv", "--target", "label")["suspicions"]}
    assert found == {("id", "identifier"), ("key", "identifier"), ("empty", "all_missing"), ("one", "constant"),
                     ("nearly", "nearly_constant"), ("mixed", "mixed_types"), ("sparse", "mostly_missing"),
                     ("sparse", "constant"), ("names", "high_cardinality"), ("unbounded", "infinite"),
                     ("outcome", "leaks_target")}
    assert profile(FLOWERS, "--target", "species")["suspicions"] == []


class Links(html.parser.HTMLParser):
    """What a page would fetch or run."""

    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attributes):
        self.found += [tag] * (tag in ("script", "link", "iframe", "img"))
        self.found += [name for name, value in attributes if name in ("src", "href") or name.startswith("on")]


def test_the_page_needs_nothing_else(tmp_path):
    frame = sample()
    frame["<script>alert(1)</script>"] = "<img src=x onerror=alert(1)>"
    frame.to_csv(tmp_path / "rows.csv", index=False)
    done = run("data", tmp_path / "rows.csv", "--target", "label", "--html", tmp_path / "page.html")
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "page.html").read_text()
    links = Links()
    links.feed(page)
    assert links.found == []
    root = xml.etree.ElementTree.fromstring(page.removeprefix("<!DOCTYPE html>"))
    texts = "".join(root.itertext())
    for word in ("income", "Zürich", "Correlations", "correlation_ratio", "<script>alert(1)</script>"):
        assert word in texts
    assert page.count("<svg") >= len(frame.columns)


def test_the_table_fits_the_terminal(tmp_path):
    frame = sample()
    frame["a name that is much longer than any that one would want to see"] = "\x1b[31mred " * 9
    frame.to_csv(tmp_path / "rows.csv", index=False)
    for width in (70, 130):
        parent, child = pty.openpty()
        subprocess.run(["stty", "cols", str(width)], stdin=child, check=True)
        process = subprocess.Popen([BINARY, "data", "rows.csv", "--target", "label"], stdout=child, cwd=tmp_path)
        text = b""
        os.close(child)
        while True:
            try:
                block = os.read(parent, 65536)
            except OSError:
                break
            if not block:
                break
            text += block
        assert process.wait(60) == 0
        os.close(parent)
        lines = text.decode().splitlines()
        assert max(map(len, lines)) <= width and "\x1b" not in text.decode()
        assert any(line.startswith("income") and "number" in line for line in lines)


def test_predict_takes_the_same_files(tmp_path):
    flowers = pd.read_csv(FLOWERS)
    expected = run("predict", IRIS, FLOWERS).stdout
    assert len(expected.splitlines()) == len(flowers) + 1
    flowers.to_csv(tmp_path / "f.csv.gz", index=False)
    with pa.output_stream(str(tmp_path / "f.jsonl.zst")) as out:
        out.write(flowers.to_json(orient="records", lines=True).encode())
    flowers.to_parquet(tmp_path / "f.parquet")
    pa.feather.write_feather(flowers, str(tmp_path / "f.feather"))
    for name in ("f.csv.gz", "f.jsonl.zst", "f.parquet", "f.feather"):
        done = run("predict", IRIS, tmp_path / name)
        assert (done.stdout, done.returncode) == (expected, 0), (name, done.stderr)
    done = subprocess.run([BINARY, "predict", IRIS], stdin=open(tmp_path / "f.csv.gz"), capture_output=True, text=True, timeout=60)
    assert done.stdout == expected
    spoilt = (tmp_path / "f.csv.gz").read_bytes()[:-9]
    (tmp_path / "f.csv.gz").write_bytes(spoilt)
    done = run("predict", IRIS, tmp_path / "f.csv.gz")
    assert done.returncode == 1 and "the gzip file ends too early" in done.stderr
