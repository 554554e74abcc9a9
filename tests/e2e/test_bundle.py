"""Bundles (.slip): packed from every kind of model, read by tar and openssl, signed, served."""

import hashlib
import json
import re
import shutil
import subprocess
import tarfile
import time

import pandas
import pytest

from conftest import DATA, IRIS, ROOT, run

FLOWERS = ROOT / "examples" / "iris" / "iris.csv"
ENDINGS = {".joblib", ".pkl", ".onnx", ".pmml", ".cbm", ".ubj", ".skops", ".zip"}


def pack(model, out, *flags):
    done = run("pack", model, "-o", out, *flags)
    assert done.returncode == 0, done.stderr
    return out


def refusal(server):
    """Why the server does not take the file that is there now."""
    return server.post("/v2/repository/index", {}).json()[0].get("reason", "")


def manifest(slip):
    with tarfile.open(slip) as tar:
        return json.load(tar.extractfile("slipway.json"))


@pytest.fixture
def iris_slip(tmp_path):
    return pack(IRIS, tmp_path / "iris.slip", "--data", FLOWERS, "--keys", "species")


@pytest.fixture
def keys(tmp_path):
    subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", tmp_path / "own.key"], check=True)
    subprocess.run(["openssl", "pkey", "-in", tmp_path / "own.key", "-pubout", "-out", tmp_path / "own.pub"],
                   check=True)
    return tmp_path / "own.key", tmp_path / "own.pub"


def test_a_bundle_is_a_plain_tar_whose_checksums_hashlib_agrees_with(iris_slip):
    said = manifest(iris_slip)
    assert said["slipway_bundle"] == 1 and said["name"] == "iris" and said["version"] == "1"
    with tarfile.open(iris_slip) as tar:
        names = [member.name for member in tar]
        assert names[0] == "slipway.json" and {"expected.csv", "MODEL_CARD.md"} <= set(names)
        assert set(said["files"]) == set(names) - {"slipway.json"}
        for name, entry in said["files"].items():
            content = tar.extractfile(name).read()
            assert (len(content), hashlib.sha256(content).hexdigest()) == (entry["bytes"], entry["sha256"])
        assert tar.extractfile(said["model"]).read() == IRIS.read_bytes()
    columns = {column["name"]: column for column in said["inputs"]}
    values = [float(line.split(",")[0]) for line in FLOWERS.read_text().splitlines()[1:]]
    first = columns[FLOWERS.read_text().splitlines()[0].split(",")[0]]
    assert (first["min"], first["max"], first["missing"]) == (min(values), max(values), 0)


def profile_of(slip):
    with tarfile.open(slip) as tar:
        text = tar.extractfile("profile.json").read().decode()
    return json.loads(text), text


def check_numbers(column, values):
    """Against pandas; histograms against numpy."""
    assert column["missing"] == values.isna().sum() and column["distinct"] == values.nunique()
    numbers = values.dropna()
    want = {"mean": numbers.mean(), "std": numbers.std(), "min": numbers.min(), "max": numbers.max(),
            "zeros": (numbers == 0).sum(), "infinite": 0}
    assert {key: column[key] for key in want} == pytest.approx(want, rel=1e-12)
    shares = [0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99]
    assert list(column["quantiles"].values()) == pytest.approx(list(numbers.quantile(shares)), rel=1e-12)
    edges, counts = column["histogram"]["edges"], column["histogram"]["counts"]
    assert sum(counts) == len(numbers) and (edges[0], edges[-1]) == (numbers.min(), numbers.max())


@pytest.fixture
def people(tmp_path):
    """Numbers with gaps, cities of which some are rare, names, an identifier."""
    rows = [{"id": i, "age": None if i % 7 == 0 else i % 61 + 0.5, "city": f"c{i % 3}" if i % 50 else f"rare {i}",
             "name": f"Ann Other {i}", "member": i % 4 == 0, "bought": "yes" if i % 61 > 30 else "no"}
            for i in range(400)]
    frame = pandas.DataFrame(rows)
    frame.to_csv(tmp_path / "people.csv", index=False)
    return frame, tmp_path / "people.csv"


def test_the_profile_of_a_trained_model_is_pandas(people, tmp_path):
    frame, table = people
    done = run("train", table, "--target", "bought", "--ignore", "id,name", "--learner", "decision_tree", "-o",
               tmp_path / "people.slip")
    assert done.returncode == 0, done.stderr
    profile, text = profile_of(tmp_path / "people.slip")
    assert profile["slipway_profile"] == 1 and profile["rows"] == 400
    columns = {column["name"]: column for column in profile["columns"]}
    assert set(columns) == {"age", "city", "member"}, "what is no feature is not told"
    check_numbers(columns["age"], frame["age"])
    assert columns["age"]["top"] == []
    cities = frame["city"].value_counts()
    assert {one["value"]: one["count"] for one in columns["city"]["top"]} == cities[cities > 1].to_dict()
    assert columns["city"]["others"] == 8 and columns["city"]["distinct"] == 11
    assert "rare" not in text and "Ann" not in text
    assert {one["value"]: one["count"] for one in columns["member"]["top"]} == {"true": 100, "false": 300}
    target = profile["target"]
    assert target["name"] == "bought"
    assert {one["value"]: one["count"] for one in target["top"]} == frame["bought"].value_counts().to_dict()
    assert "profile     " in run("inspect", tmp_path / "people.slip").stdout
    again = run("train", table, "--target", "bought", "--ignore", "id,name", "--learner", "decision_tree", "-o",
                tmp_path / "again.slip", "--threads", "1")
    assert again.returncode == 0 and (tmp_path / "again.slip").read_bytes() == (tmp_path / "people.slip").read_bytes()


def test_a_packed_model_has_the_profile_of_its_data(iris_slip, tmp_path):
    profile, _ = profile_of(iris_slip)
    frame = pandas.read_csv(FLOWERS)
    assert profile["rows"] == 150 and "target" not in profile and len(profile["columns"]) == 4
    for column, name in zip(profile["columns"], frame.columns):
        check_numbers(column, frame[name])
    assert manifest(iris_slip)["profile"] == "profile.json"
    with tarfile.open(pack(IRIS, tmp_path / "bare.slip")) as tar:
        assert "profile.json" not in tar.getnames()


def test_a_bundle_is_taken_wherever_a_model_is(iris_slip, tmp_path, start):
    plain = run("predict", IRIS, FLOWERS, "--outputs", "predict_proba")
    assert run("predict", iris_slip, FLOWERS, "--outputs", "predict_proba").stdout == plain.stdout
    assert run("verify", iris_slip, FLOWERS, "--against", IRIS).returncode == 0
    assert run("convert", iris_slip, tmp_path / "iris.onnx").returncode == 0
    shown = run("inspect", iris_slip)
    assert "bundle      iris version 1" in shown.stdout and "not signed" in shown.stdout
    seen = json.loads(run("inspect", iris_slip, "--json").stdout)
    assert seen["bundle"] == manifest(iris_slip) and seen["signed"] is False
    server = start(iris_slip)
    rows = [[5.1, 3.5, 1.4, 0.2], [6.7, 3.0, 5.2, 2.3]]
    assert server.post("/predict", {"instances": rows}).json() == start(IRIS).post(
        "/predict", {"instances": rows}).json()


def test_an_unpacked_bundle_and_one_that_tar_packed_again_are_the_same(iris_slip, tmp_path):
    folder = tmp_path / "unpacked"
    folder.mkdir()
    subprocess.run(["tar", "-xf", iris_slip, "-C", folder], check=True)
    again = tmp_path / "again.slip"
    subprocess.run(["tar", "-cf", again, "-C", tmp_path, "unpacked"], check=True)
    want = run("predict", iris_slip, FLOWERS).stdout
    assert run("predict", folder, FLOWERS).stdout == want
    assert run("predict", again, FLOWERS).stdout == want


def test_a_changed_bundle_is_refused_and_the_version_before_goes_on(iris_slip, tmp_path, start):
    folder = tmp_path / "models"
    folder.mkdir()
    shutil.copy(iris_slip, folder / "iris.slip")
    server = start(folder)
    good = iris_slip.read_bytes()
    for change in (good[:-3000] + b"X" + good[-2999:], good[:-3000], b"", good[:512]):
        bad = tmp_path / "bad.slip"
        bad.write_bytes(change)
        done = run("inspect", bad)
        assert done.returncode == 1 and str(bad) in done.stderr, done
        before = refusal(server)
        shutil.move(bad, folder / "iris.slip")
        for _ in range(200):
            if refusal(server) != before:
                break
            time.sleep(0.05)
        assert "iris.slip" in refusal(server) and refusal(server) != before
        assert server.post("/predict", {"instances": [[5.1, 3.5, 1.4, 0.2]]}).status_code == 200


def test_openssl_verifies_our_signature_and_we_its(iris_slip, keys, tmp_path):
    private, public = keys
    done = run("sign", iris_slip, "--key", private)
    assert done.returncode == 0, done.stderr
    with tarfile.open(iris_slip) as tar:
        tar.extractall(tmp_path / "open", filter="data")
    checked = subprocess.run(
        ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", public, "-rawin", "-in",
         tmp_path / "open" / "slipway.json", "-sigfile", tmp_path / "open" / "slipway.sig"],
        capture_output=True, text=True, check=True)
    assert "Successfully" in checked.stdout
    subprocess.run(["openssl", "pkeyutl", "-sign", "-inkey", private, "-rawin", "-in",
                    tmp_path / "open" / "slipway.json", "-out", tmp_path / "open" / "slipway.sig"], check=True)
    assert run("inspect", tmp_path / "open", "--require-signature", public).returncode == 0


def test_serve_takes_only_what_a_required_key_signed(iris_slip, keys, tmp_path, start):
    private, public = keys
    models = tmp_path / "models"
    models.mkdir()
    shutil.copy(iris_slip, models / "unsigned.slip")
    shutil.copy(IRIS, models / "plain.joblib")
    made = run("sign", "--new-key", tmp_path / "other", pack(IRIS, models / "foreign.slip", "--name", "foreign"))
    assert made.returncode == 0 and (tmp_path / "other.key").stat().st_mode & 0o077 == 0
    assert run("sign", "--new-key", tmp_path / "other").returncode == 1, "a key is never overwritten"
    assert run("sign", "--key", private, pack(IRIS, models / "own.slip", "--name", "own")).returncode == 0
    server = start(models, "--require-signature", public)
    states = {entry["name"]: entry for entry in server.post("/v2/repository/index", {}).json()}
    assert states["own"]["state"] == "READY"
    assert "has none" in states["iris"]["reason"]
    assert "none of the required keys" in states["foreign"]["reason"]
    assert "only a .slip" in states["plain"]["reason"]
    assert run("serve", models, "--require-signature", private).returncode == 1
    assert run("inspect", models / "foreign.slip", "--require-signature", public).returncode == 1
    both = ("--require-signature", public, "--require-signature", tmp_path / "other.pub")
    assert run("inspect", models / "foreign.slip", *both).returncode == 0


def test_the_name_and_version_of_the_manifest_are_served(tmp_path, start):
    pack(IRIS, tmp_path / "file.slip", "--name", "flowers", "--model-version", "7")
    server = start(tmp_path / "file.slip")
    assert server.get("/v2/models/flowers/versions/7").status_code == 200


def test_every_fixture_can_be_packed_and_its_bundle_served(tmp_path, start):
    """What can be served can be packed, and answers as before wherever it is loaded."""
    groups = {}
    for path in sorted(DATA.parent.rglob("*")):
        if path.suffix in ENDINGS and path.is_file():
            groups.setdefault(path.parent, []).append(path)
    packed = 0
    for number, (folder, models) in enumerate(sorted(groups.items())):
        out = tmp_path / str(number)
        out.mkdir()
        done = run("pack", *models, "-o", out, "--json")
        packed += len(done.stdout.splitlines())
        for line in re.findall(r"^slipway: .*", done.stderr, re.M):
            # What the readers refuse is tested elsewhere.
            assert "no rows with answers" in line or run_fails(line, models), line
    assert packed > 1500
    # Loading holds each of them to its sample answers.
    folder = max(groups, key=lambda one: len(groups[one]))
    server = start(tmp_path / str(sorted(groups).index(folder)))
    index = server.post("/v2/repository/index", {}).json()
    assert len(index) > 100
    assert [entry for entry in index if entry["state"] != "READY"] == []


def run_fails(line, models):
    """A model that `slipway serve` would not take either."""
    return any(str(model) in line and run("inspect", model).returncode != 0 for model in models) or \
        "nothing proves it" in line or "holds several models" in line or \
        "in an archive" in line  # definitions that a bundle cannot hold as they are


@pytest.mark.parametrize(("flags", "said"), [
    (("--details", "missing.json"), "missing.json"),
    (("--name", "a/b"), "name"),
    (("--data", "README.md"), "README.md"),
    (("--model-version", "x" * 100), "version"),
])
def test_what_is_wrong_is_said(tmp_path, flags, said):
    done = run("pack", IRIS, "-o", tmp_path / "out.slip", *flags, cwd=ROOT)
    assert done.returncode == 1 and said in done.stderr
    assert not (tmp_path / "out.slip").exists()


def test_details_and_card_are_kept(tmp_path):
    details = tmp_path / "details.json"
    details.write_text('{"metrics": {"accuracy": 0.97}, "parameters": {"C": 1.0}}')
    slip = pack(IRIS, tmp_path / "iris.slip", "--details", details)
    assert manifest(slip)["metrics"] == {"accuracy": 0.97}
    with tarfile.open(slip) as tar:
        assert "accuracy" in tar.extractfile("MODEL_CARD.md").read().decode()
    assert "metrics" in run("inspect", slip).stdout
