"""`slipway train` records its runs; `slipway runs` lists, compares and exports them; MLflow reads the export."""

import json
import os
import pathlib
import shlex
import shutil
import signal
import sqlite3
import subprocess
import time

import pytest

from conftest import BINARY, ROOT, run

FLOWERS = ROOT / "examples" / "iris" / "iris.csv"
CLIENTS = ROOT / "tests" / "e2e" / "clients" / "mlflow"
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "SLIPWAY_HOME"}


def runs(project, *arguments, **options):
    return run("runs", *arguments, cwd=project, env=ENVIRONMENT, **options)


def train(project, *arguments, data=FLOWERS, **options):
    return run("train", data, "--target", "species", "--learner", "knn", *arguments, cwd=project, env=ENVIRONMENT,
               **options)


def shown(project, name="latest"):
    done = runs(project, "show", name, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture
def project(tmp_path):
    folder = tmp_path / "project"
    folder.mkdir()
    return folder


def test_a_run_is_recorded_with_all_that_is_known(project):
    done = train(project, "--param", "n_neighbors=3,5", "--test", "0.2", "--json", "--seed", "7")
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["run"] == 1
    seen = shown(project)
    assert (seen["run"], seen["status"], seen["learner"], seen["seed"]) == (1, "finished", "knn", 7)
    assert seen["parameters"] == said["model"]["parameters"] and "weights" in seen["parameters"]
    assert seen["test"] == said["model"]["metrics"]
    assert len(seen["leaderboard"]) == 2 and len(seen["leaderboard"][0]["metrics"]["accuracy"]["folds"]) == 5
    folds = seen["leaderboard"][0]["metrics"]["accuracy"]["folds"]
    assert seen["leaderboard"][0]["metrics"]["accuracy"]["mean"] == pytest.approx(sum(folds) / 5)
    assert seen["leaderboard"][0]["metrics"]["accuracy"]["mean"] == said["leaderboard"][0]["mean"]
    digest = subprocess.run(["sha256sum", FLOWERS], capture_output=True, text=True, check=True).stdout.split()[0]
    assert seen["data"] == {"path": str(FLOWERS), "sha256": digest, "bytes": FLOWERS.stat().st_size, "rows": 150,
                            "columns": 5}
    bundle = project / "species.slip"
    digest = subprocess.run(["sha256sum", bundle], capture_output=True, text=True, check=True).stdout.split()[0]
    assert seen["bundle"] == {"path": str(bundle), "sha256": digest, "bytes": bundle.stat().st_size}
    assert seen["bundle_state"] == "unchanged" and seen["preparation"]["scale"] == "standard"
    assert shlex.split(seen["command"])[:2] == ["slipway", "train"]
    assert abs(seen["finished"] - time.time()) < 60 and seen["finished"] >= seen["started"]
    text = runs(project, "show", "1").stdout
    assert "run 1: finished" in text and "n_neighbors" in text and "(unchanged)" in text
    bundle.unlink()
    assert shown(project)["bundle_state"] == "gone"
    assert (project / ".slipway" / ".gitignore").read_text() == "*\n"


def test_lists_sort_filter_and_compare(project):
    table = project / "other.csv"
    table.write_text(FLOWERS.read_text() + FLOWERS.read_text().splitlines()[1] + "\n")
    assert train(project, "--param", "n_neighbors=100").returncode == 0
    assert train(project, "--param", "n_neighbors=5").returncode == 0
    assert train(project, "--scale", "minmax", "--param", "n_neighbors=5", data=table).returncode == 0

    def numbers(*flags):
        return [one["run"] for one in json.loads(runs(project, "--json", *flags).stdout)["runs"]]

    assert numbers() == [3, 2, 1] and numbers("--limit", "1") == [3]
    assert numbers("--sort", "accuracy")[-1] == 1 and numbers("--sort", "log_loss")[-1] == 1
    assert numbers("--learner", "knn", "--target", "species") == [3, 2, 1]
    assert numbers("--learner", "svc") == [] == numbers("--target", "other")
    lines = runs(project).stdout.splitlines()
    assert lines[0].split()[:2] == ["run", "status"] and [line.split()[0] for line in lines[1:]] == ["3", "2", "1"]
    said = json.loads(runs(project, "compare", "1", "2", "--json").stdout)
    assert said["parameters"] == {"n_neighbors": ["100", "5"]} and "data" not in said and "preparation" not in said
    assert set(said) == {"runs", "parameters", "metrics"}
    said = json.loads(runs(project, "compare", "2", "3", "latest", "--json").stdout)
    assert said["runs"] == [2, 3, 3] and said["data"]["rows"] == ["150", "151", "151"] and "parameters" not in said
    assert said["preparation"] == {"scale": ["standard", "minmax", "minmax"]}
    text = runs(project, "compare", "1", "2").stdout
    assert "n_neighbors" in text and "weights" not in text
    assert "do not differ" in runs(project, "compare", "3", "3").stdout
    gone = runs(project, "delete", "2", "1")
    assert gone.returncode == 0 and numbers() == [3]
    for wrong in (("show", "2"), ("show", "x"), ("delete", "3", "17")):
        done = runs(project, *wrong)
        assert done.returncode == 1 and done.stderr.startswith("slipway: "), done
    assert numbers() == [3]


def test_the_project_is_found_upwards_and_may_be_named(project, tmp_path):
    none = runs(project)
    assert none.returncode == 1 and "no folder .slipway" in none.stderr
    assert not (project / ".slipway").exists(), "looking makes nothing"
    deep = project / "a" / "b"
    deep.mkdir(parents=True)
    assert train(project, "--no-record").returncode == 0 and not (project / ".slipway").exists()
    assert train(project).returncode == 0
    assert train(deep).returncode == 0
    assert not (deep / ".slipway").exists() and shown(deep, "2")["folder"] == str(deep)
    named = {**ENVIRONMENT, "SLIPWAY_HOME": str(tmp_path / "records")}
    done = run("train", FLOWERS, "--target", "species", "--learner", "knn", "--json", cwd=deep, env=named)
    assert json.loads(done.stdout)["run"] == 1
    assert (tmp_path / "records" / "runs.db").exists()


def test_failures_and_stops_are_told(project, tmp_path):
    assert train(project, "--scoring", "nothing").returncode == 1
    seen = shown(project)
    assert seen["status"] == "failed" and "there is no metric 'nothing'" in seen["error"]
    assert "failed" in runs(project).stdout
    wide = tmp_path / "wide.csv"
    with wide.open("w") as file:
        file.write(",".join(f"c{i}" for i in range(30)) + ",species\n")
        for row in range(4000):
            file.write(",".join(str((row * 7919 * (i + 3)) % 1009) for i in range(30)) + f",{row * 31 % 3}\n")
    grid = ["--learner", "random_forest", "--param", "n_estimators=" + ",".join(map(str, range(50, 150)))]

    def started():
        process = subprocess.Popen([BINARY, "train", wide, "--target", "species", *grid], cwd=project, env=ENVIRONMENT,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(200):
            listed = json.loads(runs(project, "--json").stdout)["runs"]
            if listed[0]["status"] == "running":
                return process, listed[0]["run"]
            time.sleep(0.05)
        raise AssertionError(process.communicate(timeout=10))

    process, number = started()
    assert runs(project, "delete", number).returncode == 1, "it is still under way"
    process.kill()
    process.communicate()
    assert shown(project, number)["status"] == "interrupted"
    process, number = started()
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=120)
    assert shown(project, number)["status"] == "stopped"


def test_trainings_at_once_are_all_recorded(project):
    processes = [subprocess.Popen([BINARY, "train", FLOWERS, "--target", "species", "--learner", "knn", "--seed", str(i), "-o",
                                   f"{i}.slip"],
                                  cwd=project, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                  text=True) for i in range(6)]
    for process in processes:
        out, errors = process.communicate(timeout=120)
        assert process.returncode == 0 and errors == "", errors
    listed = json.loads(runs(project, "--json").stdout)["runs"]
    assert sorted(one["run"] for one in listed) == [1, 2, 3, 4, 5, 6]
    assert {one["status"] for one in listed} == {"finished"}


def test_records_never_fail_a_training(project):
    (project / ".slipway").mkdir()
    database = project / ".slipway" / "runs.db"
    database.write_bytes(b"no database" * 1000)
    done = train(project)
    assert done.returncode == 0 and (project / "species.slip").exists()
    assert "not recorded" in done.stderr and "file is not a database" in done.stderr
    assert database.read_bytes() == b"no database" * 1000
    listed = runs(project)
    assert listed.returncode == 1 and str(database) in listed.stderr
    database.unlink()
    assert train(project).returncode == 0
    with sqlite3.connect(database) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    done = train(project)
    assert done.returncode == 0 and "later version of Slipway" in done.stderr
    assert "later version of Slipway" in runs(project).stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="another user has to be become")
def test_who_may_not_write_still_trains_and_reads(project, tmp_path):
    assert train(project).returncode == 0
    program = tmp_path / "slipway"
    shutil.copytree(BINARY.parent, tmp_path / "bin", ignore=lambda folder, names: [
        name for name in names if name != "slipway" and not name.startswith("libslipway_")])
    program = tmp_path / "bin" / "slipway"
    for folder in (tmp_path, *tmp_path.parents):
        if folder.stat().st_uid == os.geteuid() and folder != pathlib.Path("/"):
            folder.chmod(folder.stat().st_mode | 0o055)
    nobody = {"cwd": project, "env": ENVIRONMENT, "user": 65534, "group": 65534, "capture_output": True, "text": True,
              "timeout": 60}
    listed = subprocess.run([program, "runs", "--json"], **nobody)
    assert listed.returncode == 0 and len(json.loads(listed.stdout)["runs"]) == 1, listed.stderr
    table = tmp_path / "iris.csv"
    table.write_bytes(FLOWERS.read_bytes())
    mine = tmp_path / "mine"
    mine.mkdir()
    mine.chmod(0o777)
    done = subprocess.run([program, "train", table, "--target", "species", "--learner", "knn", "-o", mine / "x.slip"],
                          **nobody)
    assert done.returncode == 0 and "not recorded" in done.stderr, done
    assert len(json.loads(runs(project, "--json").stdout)["runs"]) == 1


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """A project with a search, a failure and a run without its bundle, exported."""
    project = tmp_path_factory.mktemp("shop")
    assert train(project, "--param", "n_neighbors=3,5,9", "--test", "0.2", "-o", "first.slip").returncode == 0
    assert train(project, "--scoring", "nothing").returncode == 1
    assert train(project, "-o", "third.slip").returncode == 0
    (project / "third.slip").unlink()
    done = runs(project, "export", "--mlflow", "mlruns")
    assert done.returncode == 0 and "wrote 3 runs" in done.stdout, done
    again = runs(project, "export", "--mlflow", "mlruns", "1", "2")
    assert "wrote 0 runs" in again.stdout and "2 were there already" in again.stdout
    return project


def test_a_model_of_our_own_operators_is_none_of_onnx(project):
    """What other programs cannot load is not offered to them."""
    done = run("train", FLOWERS, "--target", "species", "--learner", "svc", "--param", "probability=true", "-o", "svc.slip",
               cwd=project, env=ENVIRONMENT)
    assert done.returncode == 0, done.stderr
    assert train(project).returncode == 0
    assert runs(project, "export", "--mlflow", "mlruns").returncode == 0
    flavors = {}
    for number in ("1", "2"):
        (model,) = (project / "mlruns").glob(f"*/{shown(project, number)['id']}/artifacts/model/MLmodel")
        flavors[number] = [name for name in ("slipway", "onnx", "python_function") if f'"{name}":' in model.read_text()]
    assert flavors == {"1": ["slipway"], "2": ["slipway", "onnx", "python_function"]}


READ = """
import json, sys
import mlflow
from mlflow import MlflowClient
mlflow.set_tracking_uri(sys.argv[1])
client = MlflowClient()
experiment = client.get_experiment_by_name(sys.argv[2])
found = mlflow.search_runs([experiment.experiment_id], order_by=["attributes.start_time"])
parents = found[found["tags.mlflow.parentRunId"].isna()] if "tags.mlflow.parentRunId" in found else found
told = []
for run_id in parents["run_id"]:
    one = client.get_run(run_id)
    children = client.search_runs([experiment.experiment_id], f"tags.mlflow.parentRunId = '{run_id}'")
    told.append({
        "info": [one.info.status, one.info.start_time, one.info.end_time, one.info.run_name],
        "params": one.data.params, "metrics": one.data.metrics, "tags": one.data.tags,
        "history": [[m.step, m.value] for m in client.get_metric_history(run_id, "fold_accuracy")],
        "artifacts": sorted(a.path for a in client.list_artifacts(run_id)),
        "model": sorted(a.path for a in client.list_artifacts(run_id, "model")),
        "datasets": [d.dataset.name + " " + d.dataset.digest for d in one.inputs.dataset_inputs],
        "children": [[c.data.params, c.data.metrics.get("accuracy")] for c in children]})
first = parents["run_id"].iloc[0]
path = client.download_artifacts(first, "model")
print(json.dumps({"runs": told, "flavors": sorted(mlflow.models.Model.load(path).flavors), "path": path}))
"""


def check_export(said, project):
    first, failed, third = said["runs"]
    record = shown(project, "1")
    assert first["info"][0] == "FINISHED" and first["info"][3] == "species-1"
    assert first["info"][1] == round(record["started"] * 1000) and first["info"][2] == round(record["finished"] * 1000)
    assert record["parameters"].items() <= first["params"].items()
    assert first["params"]["learner"] == "knn" and first["params"]["prep.scale"] == "standard"
    best = record["leaderboard"][0]["metrics"]
    assert first["metrics"]["accuracy"] == best["accuracy"]["mean"]
    assert first["metrics"]["accuracy_std"] == best["accuracy"]["deviation"]
    assert first["metrics"]["test_accuracy"] == record["test"]["accuracy"]
    assert sorted(first["history"]) == [[i, value] for i, value in enumerate(best["accuracy"]["folds"])]
    assert first["artifacts"] == ["MODEL_CARD.md", "first.slip", "model"]
    assert first["model"] == ["model/MLmodel", "model/model.onnx"]
    assert first["datasets"] == [f"iris.csv {record['data']['sha256'][:32]}"]
    assert sorted(int(params["n_neighbors"]) for params, _ in first["children"]) == [3, 5, 9]
    assert {accuracy for _, accuracy in first["children"]} == {
        one["metrics"]["accuracy"]["mean"] for one in record["leaderboard"]}
    history = json.loads(first["tags"]["mlflow.log-model.history"])
    assert history[0]["artifact_path"] == "model" and "onnx" in history[0]["flavors"]
    assert failed["info"][0] == "FAILED" and "there is no metric" in failed["tags"]["slipway.error"]
    assert third["artifacts"] == [] and third["tags"]["slipway.bundle.state"] == "gone" and third["children"] == []
    assert said["flavors"] == ["onnx", "python_function", "slipway"]


def read_by_mlflow(python, uri, project, cwd):
    done = subprocess.run([python, "-c", READ, uri, project.name], capture_output=True, text=True, timeout=300, cwd=cwd)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


def python_of(name, requirements):
    made = subprocess.run([ROOT / "tools" / "venv", name, CLIENTS / requirements], capture_output=True, text=True,
                          timeout=1200)
    assert made.returncode == 0, made.stderr[-3000:]
    return pathlib.Path(made.stdout.strip()) / "bin" / "python"


def test_mlflow_reads_the_export(exported, tmp_path):
    said = read_by_mlflow(python_of("mlflow", "requirements.txt"), f"file:{exported}/mlruns", exported, tmp_path)
    check_export(said, exported)
    told = run("predict", said["path"], FLOWERS)
    assert told.returncode == 0 and told.stdout == run("predict", exported / "first.slip", FLOWERS).stdout, told


def test_a_later_mlflow_brings_the_export_into_its_database(exported, tmp_path):
    """MLflow from 3.13 on takes tracking directories only when it is told to, and has a command that migrates them."""
    python = python_of("mlflow-newest", "newest_requirements.txt")
    database = f"sqlite:///{tmp_path}/mlflow.db"
    done = subprocess.run([python.with_name("mlflow"), "migrate-filestore", "--source", exported / "mlruns", "--target",
                           database], capture_output=True, text=True, timeout=300, cwd=tmp_path)
    assert done.returncode == 0, done.stderr[-3000:]
    check_export(read_by_mlflow(python, database, exported, tmp_path), exported)
