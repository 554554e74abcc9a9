"""The soak script, shortened: full load while a model is replaced ten times a second, and kill -9 in a loop."""

import subprocess
import sys

from conftest import BINARY, ROOT


def test_the_soak_script_passes():
    done = subprocess.run([sys.executable, ROOT / "tests" / "soak" / "replace.py", "--seconds", "8", "--pairs", "2", "--kills", "3",
                           "--binary", BINARY], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0 and "soak: ok" in done.stdout, done.stdout + done.stderr
    assert " 0 failures" in done.stdout
