"""The soak scripts: full load while a model is replaced ten times a second, and kill -9 in a loop (shortened); all
protocols at once while the model is reloaded every second."""

import subprocess
import sys

from conftest import BINARY, ROOT

SOAK = ROOT / "tests" / "soak"


def passes(script, *arguments):
    done = subprocess.run([sys.executable, SOAK / script, *arguments, "--binary", BINARY], capture_output=True, text=True,
                          timeout=180)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_soak_script_passes():
    assert " 0 failures" in passes("replace.py", "--seconds", "8", "--pairs", "2", "--kills", "3")


def test_all_protocols_at_once_lose_no_request_while_the_model_is_reloaded():
    assert " 0 failures" in passes("mixed.py", "--seconds", "60")
