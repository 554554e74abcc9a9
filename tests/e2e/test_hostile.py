"""Files made to do harm: nothing in them runs, and each is one clear error, quickly and in little memory."""

import json
import resource
import subprocess
import time

import pytest

from conftest import BINARY, DATA

HOSTILE = DATA / "hostile"
EXPECTED = json.loads((HOSTILE / "expected.json").read_text())


def limited():
    resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


@pytest.mark.parametrize("command", ["inspect", "predict", "serve"])
@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_hostile_files_are_refused_and_run_nothing(name, command, tmp_path):
    extra = ["--port", "0"] if command == "serve" else []
    began = time.monotonic()
    done = subprocess.run([BINARY, command, HOSTILE / name, *extra], input="1,2,3,4\n", capture_output=True, text=True,
                          cwd=tmp_path, timeout=30, preexec_fn=limited)
    assert done.returncode in (1, 2), done.stdout + done.stderr
    assert time.monotonic() - began < 5
    assert not (tmp_path / "slipway_canary_was_run").exists()
    said = done.stdout + done.stderr
    assert said.strip() and "terminate called" not in said and "Sanitizer" not in said
    if EXPECTED[name]["expect"] == "refused":
        for refused in EXPECTED[name]["names"]:
            # Python 2's name of a module is told by its name of today.
            assert refused.replace("__builtin__.", "builtins.") in said, said
