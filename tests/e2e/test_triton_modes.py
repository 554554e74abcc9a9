"""How tritonserver follows a repository: --model-control-mode, --load-model."""

import shutil
import time

import pytest

from conftest import IRIS, run
from triton_client import Client


def test_the_control_modes_of_tritonserver(start, tmp_path):
    for name in ("iris", "rose"):
        (tmp_path / name / "1").mkdir(parents=True)
        shutil.copy(IRIS, tmp_path / name / "1" / "model.joblib")

    def client_of(*flags):
        return Client("grpc", start(tmp_path, "--admin-token", "s3cret", *flags).port)

    explicit = client_of("--model-control-mode=explicit", "--load-model=rose")
    assert explicit.is_model_ready("rose") and not explicit.is_model_ready("iris") and explicit.is_server_ready()
    explicit.admin("load_model", "iris")
    explicit.admin("unload_model", "rose")
    assert explicit.is_model_ready("iris") and not explicit.is_model_ready("rose")
    assert client_of("--model-control-mode=explicit", "--load-model=*").is_model_ready("iris")
    for mode in ("none", "poll"):
        other = client_of(f"--model-control-mode={mode}", "--repository-poll-secs=1")
        assert other.is_model_ready("iris")
        other.fails("503", "explicit model load / unload is not allowed", "load_model", "iris", admin=True)
        other.fails("503", "explicit model load / unload is not allowed", "unload_model", "iris", admin=True)
        name = "late" + mode
        (tmp_path / name / "1").mkdir(parents=True)
        shutil.copy(IRIS, tmp_path / name / "1" / "model.joblib")
        for _ in range(60 if mode == "poll" else 20):
            if other.is_model_ready(name):
                break
            time.sleep(0.1)
        assert other.is_model_ready(name) == (mode == "poll")


@pytest.mark.parametrize("flags, text", [
    (["--load-model=iris"], "--load-model requires --model-control-mode"),
    (["--model-control-mode=none", "--load-model=iris"], "--load-model needs --model-control-mode explicit"),
    (["--model-control-mode=explicit", "--load-model=oak"], 'the repository holds no model "oak"'),
    (["--model-control-mode=explicit", "--load-model=*", "--load-model=a"], "no other name goes with it"),
    (["--model-control-mode=poll", "--watch=off"], "excludes"), (["--model-control-mode=some"], "some")])
def test_control_modes_that_cannot_be(flags, text):
    made = run("serve", IRIS, "--port", "0", *flags)
    assert made.returncode != 0 and text in made.stdout + made.stderr, made.stdout + made.stderr
