"""`slipway train` on times, texts, target-encoded categories and cleaned columns, beside scikit-learn; and the container
that models go into which ONNX cannot express. Features alone: src/training/preparation/texts_test.cpp."""

import csv
import json
import random
import subprocess
import tarfile

import pytest

from conftest import DATA, run
from test_train import FLOWERS, python, train, write_table

assert python  # a fixture


@pytest.fixture
def shop(tmp_path):
    """Dates of a form of their own, texts, cities as people write them, heights in several units."""
    draw = random.Random(7)
    rows = []
    for i in range(300):
        day, month, hour = draw.randrange(1, 29), draw.randrange(1, 13), draw.randrange(24)
        words = draw.choices(["good", "great", "poor", "awful", "slow", "fast", "cheap", "dear"], k=draw.randrange(2, 7))
        height = draw.uniform(1.5, 2.0)
        said = [f"{height:.2f} m", f"{100 * height:.0f} cm", f"{100 * height:.0f}"][i % 3]
        likes = sum(word in ("good", "great", "fast", "cheap") for word in words) * 2 > len(words)
        rows.append(["" if i % 29 == 0 else f"{day:02}.{month:02}.2023 {hour:02}:15", "" if i % 31 == 0 else " ".join(words),
                     draw.choice(["Ulm", " ulm", "Bonn", "BONN "]), said,
                     "yes" if likes != (hour < 3) else "no"])
    return write_table(tmp_path / "shop.csv", rows, ["at", "said", "city", "height", "bought"])


RULES = """
rules:
  city: [trim, lower]
  height: [{unit: {to: cm, units: {cm: 1, m: 100}}}]
"""


def manifest_of(bundle):
    with tarfile.open(bundle) as tar:
        return json.load(tar.extractfile("slipway.json"))


def test_times_texts_and_rules_are_served_as_clients_send_them(shop, tmp_path, start):
    (tmp_path / "rules.yaml").write_text(RULES)
    out = tmp_path / "shop.slip"
    result = train(shop, out, "--target", "bought", "--learner", "logistic_regression", "--rules", tmp_path / "rules.yaml")
    features = result["model"]["preparation"]["features"]
    assert {"at (days)", "at (hour)", "at (weekday)", "said: good", "city=ulm", "city=bonn", "height"} <= set(features)
    assert not {"at (minute)", "at (year)"} & set(features)  # the same everywhere
    assert result["leaderboard"][0]["mean"] > 0.75
    manifest = manifest_of(out)
    assert manifest["format"] == "onnx with ai.slipway Expression, VectorizeText"
    assert manifest["preparation"]["cleaned"] == ["city", "height"]
    server = start(out)
    same = [{"at": at, "said": "great and good", "city": city, "height": height}
            for at in ("17.05.2023 10:15", "2023-05-17T10:15:00Z", "2023-05-17 12:15+02:00", 1684318500)
            for city, height in (("Ulm", "1.80 m"), (" ULM ", "180 cm"), ("ulm", 180))]
    answers = [server.post("/predict", {"instances": [row]}) for row in same]
    assert all(answer.status_code == 200 and answer.json() == answers[0].json() for answer in answers)
    lines = "\n".join(json.dumps(row) for row in same)
    (tmp_path / "same.jsonl").write_text(lines)
    shares = run("predict", out, tmp_path / "same.jsonl", "--outputs", "predict_proba").stdout.split()[1:]
    assert len(shares) == len(same) and len(set(shares)) == 1  # to the last bit
    missing = {"at": None, "said": None, "city": None, "height": None}
    assert server.post("/predict", {"instances": [missing]}).status_code == 200
    for change, words in [({"at": "2023-02-30"}, "column 'at': expected a time"), ({"at": "soon"}, "column 'at'"),
                          ({"at": "2023-05-17 10:15 Europe/Berlin"}, "of the form %d.%m.%Y %H:%M"),
                          ({"height": "6 ft"}, "units cm m")]:
        refused = server.post("/predict", {"instances": [{**same[0], **change}]})
        assert refused.status_code == 400 and words in refused.text, refused.text
    judged = json.loads(run("evaluate", out, shop, "--target", "bought", "--json").stdout)
    assert judged


def test_the_same_table_gives_the_same_bytes(shop, tmp_path):
    for name, threads in (("a", 1), ("b", 2)):
        train(shop, tmp_path / f"{name}.slip", "--target", "bought", "--encode", "target", "--cyclic-times", "--threads",
              threads)
    assert (tmp_path / "a.slip").read_bytes() == (tmp_path / "b.slip").read_bytes()


RIDGE = """
import json, sys
import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
frame = pd.read_csv(sys.argv[1], keep_default_na=False)
at = pd.to_datetime(frame["at"], format="%d.%m.%Y %H:%M")
frame["days"] = (at - at.min()).dt.total_seconds() / 86400
for name in ("month", "day", "day_of_week", "day_of_year", "hour"):
    frame[name] = getattr(at.dt, name)
parts = ["days", "month", "day", "day_of_week", "day_of_year", "hour"]
model = make_pipeline(make_column_transformer(
    (TfidfVectorizer(ngram_range=(1, 2), min_df=2), "said"), ("passthrough", parts), sparse_threshold=0), Ridge(alpha=0.5, solver="cholesky"))
print(json.dumps(model.fit(frame, frame["y"]).predict(frame).tolist()))
"""


def test_predictions_are_those_of_scikit_learns_pipeline(python, shop, tmp_path):
    rows = [row for row in csv.DictReader(shop.open(newline="")) if row["at"]]
    table = write_table(tmp_path / "marks.csv", [
        [row["at"], row["said"], len(row["said"]) % 7 + int(row["at"][:2]) / 3] for row in rows], ["at", "said", "y"])
    told = subprocess.run([python, "-c", RIDGE, table], check=True, capture_output=True, text=True).stdout
    train(table, tmp_path / "marks.slip", "--target", "y", "--task", "regression", "--learner", "ridge", "--param",
          "alpha=0.5", "--scale", "none", "--words-max", "2", "--min-term-rows", "2", "--type", "said=text")
    answers = run("predict", tmp_path / "marks.slip", table, "--keys", "y").stdout.split()[1:]
    for answer, expected in zip(answers, json.loads(told), strict=True):
        assert float(answer.split(",")[-1]) == pytest.approx(expected, rel=1e-7, abs=1e-7)


def test_timestamps_of_parquet_are_times(shop, tmp_path):
    import pyarrow as arrow
    import pyarrow.csv
    import pyarrow.parquet
    options = arrow.csv.ConvertOptions(timestamp_parsers=["%d.%m.%Y %H:%M"], column_types={"at": arrow.timestamp("s")})
    table = arrow.csv.read_csv(shop, convert_options=options)
    arrow.parquet.write_table(table, tmp_path / "shop.parquet")
    train(tmp_path / "shop.parquet", tmp_path / "shop.slip", "--target", "bought", "--ignore", "city,height", "--learner",
          "decision_tree")
    answers = [run("predict", tmp_path / "shop.slip", tmp_path / "shop.parquet", "--keys", "bought")]
    answers += [run("predict", tmp_path / "shop.slip", shop, "--keys", "bought")]
    # The CSV's form is none that the model has seen: it was trained on timestamps.
    assert answers[0].returncode == 0 and "expected a time as 2024-05-01" in answers[1].stderr
    judged = json.loads(run("evaluate", tmp_path / "shop.slip", tmp_path / "shop.parquet", "--target", "bought",
                            "--json").stdout)
    assert judged


def test_target_means_tell_classes_of_many_categories_apart(tmp_path):
    draw = random.Random(3)
    rows = []
    for _ in range(2000):
        street = draw.randrange(200)
        rows.append([f"street {street}", round(draw.random(), 3), "yes" if draw.random() < (0.9 if street % 3 else 0.1) else "no"])
    table = write_table(tmp_path / "streets.csv", rows, ["street", "x", "sold"])
    flags = ("--target", "sold", "--learner", "logistic_regression", "--type", "street=category")
    means = train(table, tmp_path / "means.slip", *flags, "--encode", "target")
    assert means["model"]["preparation"]["features"] == ["x", "street (mean of the target)"]
    assert means["leaderboard"][0]["mean"] > 0.85
    assert manifest_of(tmp_path / "means.slip")["format"] == "onnx"  # plain
    # Without cross-fitting a category of one row would tell its own target: noise must not look like knowledge.
    noise = write_table(tmp_path / "noise.csv", [[f"key {i}", i % 7, "yes" if draw.random() < 0.5 else "no"]
                                                 for i in range(600)], ["key", "x", "sold"])
    result = train(noise, tmp_path / "noise.slip", "--target", "sold", "--learner", "logistic_regression", "--type",
                   "key=category", "--encode", "target", "--test", "0.3")
    assert abs(result["leaderboard"][0]["mean"] - 0.5) < 0.1


def test_what_is_wrong_with_rules_is_named_before_anything_is_learnt(shop, tmp_path):
    for yaml, words in [("rules: {city: [shout]}", "line 1, column 16: expected the rule trim"),
                        ("rules: {height: [number]}", "column 'height', the rule at line 1, column 18: expected a number, got"),
                        ("rules: {town: [trim]}", "town"), ("rules: {bought: [trim]}", "'bought'")]:
        (tmp_path / "rules.yaml").write_text(yaml)
        done = run("train", shop, "--target", "bought", "--rules", tmp_path / "rules.yaml", "-o", tmp_path / "x.slip")
        assert done.returncode == 1 and words in done.stderr, done.stderr
        assert not (tmp_path / "x.slip").exists()


def test_probabilities_of_vector_machines_are_written_and_served(tmp_path, start):
    out = tmp_path / "svc.slip"
    train(FLOWERS, out, "--target", "species", "--learner", "svc", "--param", "probability=true")
    assert manifest_of(out)["format"] == "onnx with ai.slipway SvmProbability"
    assert "onnx with ai.slipway SvmProbability" in run("inspect", out).stdout
    flower = {"sepal_length": 5.1, "sepal_width": 3.5, "petal_length": 1.4, "petal_width": 0.2}
    assert start(out).post("/predict", {"instances": [flower]}).json()["prediction"] == ["setosa"]
    (tmp_path / "flower.jsonl").write_text(json.dumps(flower))
    shares = run("predict", out, tmp_path / "flower.jsonl", "--outputs", "predict_proba").stdout.split()[1].split(",")
    assert sum(map(float, shares)) == pytest.approx(1, abs=1e-9) and max(map(float, shares)) > 0.9
    refused = run("convert", out, tmp_path / "svc.onnx")
    assert refused.returncode == 2


@pytest.mark.parametrize("case", ["svc_probability", "knn_imputer_uniform", "text_tfidf_plain", "quantile_normal"])
def test_a_container_answers_as_the_model_that_it_was_written_from(case, tmp_path):
    folder = DATA / "1.9.1"
    model = next(path for path in folder.glob(f"{case}.*") if path.suffix in (".pkl", ".joblib", ".skops"))
    plain = run("convert", model, tmp_path / "plain.onnx")
    assert plain.returncode == 2 and not (tmp_path / "plain.onnx").exists()
    done = run("convert", model, tmp_path / "own.onnx", "--to", "slipway", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["agrees"] and told["rows"] > 0
    assert "ai.slipway" in run("inspect", tmp_path / "own.onnx").stdout
    import onnx
    nodes = onnx.load(tmp_path / "own.onnx").graph.node  # any tool reads it
    assert any(node.domain == "ai.slipway" for node in nodes)


