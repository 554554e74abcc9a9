"""How fast a large model is loaded, and in how much memory, beside joblib.load.

A forest of 500 trees, about 100 MB as joblib writes it, is trained once (kept in build/bench). Each round then starts
both, one after the other, as new processes: Python measures joblib.load alone, without its imports; of Slipway the whole
process is measured, from start to the answer for one row, and beside it the same for a forest of one small tree, whose
time is what starting costs: loading is the difference. Times are CPU time, which a busy machine disturbs least. Memory is the process's peak; of Python's its peak after importing
scikit-learn is shown apart.

usage: load_bench.py SLIPWAY_BINARY [--rounds N] [--json FILE] [--python PYTHON]
Makes the virtual environment of rest_bench.py, unless PYTHON is one with scikit-learn and joblib.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys

from rest_bench import make_environment

HERE = pathlib.Path(__file__).parent
FOLDER = HERE.parent / "build/bench"

TRAIN = """
import sys, joblib
from sklearn.datasets import make_classification
from sklearn.ensemble import RandomForestClassifier
X, y = make_classification(24000, 20, n_informative=12, n_classes=2, flip_y=0.2, random_state=0)
joblib.dump(RandomForestClassifier(500, n_jobs=-1, max_leaf_nodes=1500, random_state=0).fit(X, y), sys.argv[1])
joblib.dump(RandomForestClassifier(1, max_leaf_nodes=2, random_state=0).fit(X, y), sys.argv[3])
open(sys.argv[2], "w").write(",".join(f"x{i}" for i in range(20)) + "\\n" + ",".join(map(str, X[0])) + "\\n")
"""

LOAD = """
import resource, sys, time, joblib, sklearn.ensemble
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
start = time.process_time()
model = joblib.load(sys.argv[1])
print(time.process_time() - start, before)
"""


def measured(command):
    """CPU seconds, peak KiB and output of a process."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        sys.exit(f"{command[0]} failed with status {status}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss, output


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("slipway")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--json", type=pathlib.Path)
    parser.add_argument("--python")
    options = parser.parse_args()
    options.python = options.python or str(make_environment() / "bin/python")
    FOLDER.mkdir(parents=True, exist_ok=True)
    model, row, small = FOLDER / "forest_500.joblib", FOLDER / "forest_500.csv", FOLDER / "forest_1.joblib"
    if not small.exists():
        subprocess.run([options.python, "-c", TRAIN, str(model), str(row), str(small)], check=True)
    model.read_bytes()  # into the page cache
    rounds = []
    for _ in range(options.rounds):
        _, python_peak, output = measured([options.python, "-c", LOAD, str(model)])
        load_seconds, python_before = map(float, output.split())
        seconds, peak, _ = measured([options.slipway, "predict", str(model), str(row)])
        start_seconds, _, _ = measured([options.slipway, "predict", str(small), str(row)])
        rounds.append({"joblib_s": load_seconds, "joblib_peak_kib": python_peak, "python_before_kib": python_before,
                       "slipway_s": seconds, "slipway_start_s": start_seconds, "slipway_peak_kib": peak})
    file_kib = model.stat().st_size / 1024
    median = {name: statistics.median(one[name] for one in rounds) for name in rounds[0]}
    result = {"file_mb": file_kib / 1000, "rounds": rounds, "median": median,
              "ratio": statistics.median(one["joblib_s"] / (one["slipway_s"] - one["slipway_start_s"]) for one in rounds),
              "ratio_whole_run": statistics.median(one["joblib_s"] / one["slipway_s"] for one in rounds),
              "peak_of_file": median["slipway_peak_kib"] / file_kib}
    print(f"file                 {file_kib / 1000:8.1f} MB")
    print(f"joblib.load          {median['joblib_s'] * 1000:8.1f} ms, peak {median['joblib_peak_kib'] / 1000:.0f} MB "
          f"({median['python_before_kib'] / 1000:.0f} MB before)")
    print(f"slipway, whole run   {median['slipway_s'] * 1000:8.1f} ms, peak {median['slipway_peak_kib'] / 1000:.0f} MB")
    print(f"slipway, start       {median['slipway_start_s'] * 1000:8.1f} ms")
    print(f"joblib / slipway     {result['ratio']:8.2f} in time ({result['ratio_whole_run']:.2f} for the whole run); slipway's peak is {result['peak_of_file']:.2f} of the file")
    if options.json:
        options.json.write_text(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
