"""Isolation: does a slow model at full load disturb a fast one?

One Slipway with its event loop on core 0 and its inference thread on core 1. A fast model (iris, on the loop) is
asked from core 0 all the time, at a third of what the core can do; a slow one (nearest neighbours, in the pool) in
every second window only, from core 1, by more clients than the pool can serve. Quiet and loaded windows alternate; the p99 of
each loaded one is divided by that of the quiet one before it. The goal: a median ratio below 1.2. Where other
programs run on the same cores, `chrt -r 5 python3 isolation_bench.py ...` keeps them out.

usage: isolation_bench.py SLIPWAY_BINARY [--pairs N] [--seconds S] [--clients N] [--rows N] [--neighbours N]
                          [--json FILE] [-- SERVE_ARGUMENT...]
Needs wrk; makes the virtual environment of rest_bench.py.
"""

import argparse
import json
import os
import pathlib
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

from rest_bench import make_environment
from servers import HERE, ONE_ROW, TICKS, Server, free_port

TRAIN = """
import sys, joblib, numpy
from sklearn.neighbors import KNeighborsClassifier
rows = numpy.random.default_rng(0).normal(size=(int(sys.argv[2]), 20))
joblib.dump(KNeighborsClassifier(algorithm="brute").fit(rows, rows[:, 0] > 0), sys.argv[1])
"""
FAST_CONNECTIONS = 16


def wrk(core, connections, seconds, script, body_file, url):
    return subprocess.Popen(
        ["taskset", "-c", str(core), "wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-s", HERE / script, url],
        env={**os.environ, "BODY": str(body_file)}, stdout=subprocess.PIPE, text=True)


def result_of(process):
    out, _ = process.communicate(timeout=600)
    result = json.loads(out.splitlines()[-1])
    if result["errors"]:
        sys.exit(f"isolation_bench: {result['errors']} failed requests")
    result["rate"] = result["requests"] / result["seconds"]
    return result


def pool_seconds(pid):
    """CPU time of the inference threads (taskset becomes the program, so the pid is the program's)."""
    total = 0
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        if (task / "comm").read_text().startswith("infer-"):
            fields = (task / "stat").read_text().rsplit(")", 1)[1].split()
            total += int(fields[11]) + int(fields[12])
    return total / TICKS


def measure(server, bodies, clients, pairs, seconds):
    base = f"http://127.0.0.1:{server.port}/models"

    def fast():
        return wrk(0, FAST_CONNECTIONS, seconds, "paced_load.lua", bodies["iris"], f"{base}/iris/predict")

    rounds = []
    for _ in range(pairs):
        quiet = result_of(fast())
        slow = wrk(1, clients, seconds + 2, "load.lua", bodies["slow"], f"{base}/slow/predict")
        time.sleep(0.5)
        before = pool_seconds(server.process.pid)
        loaded = result_of(fast())
        busy = (pool_seconds(server.process.pid) - before) / seconds
        rounds.append({"quiet": quiet, "loaded": loaded, "slow": result_of(slow), "pool_cpus": busy,
                       "p99_ratio": loaded["p99_us"] / quiet["p99_us"], "rate_ratio": loaded["rate"] / quiet["rate"]})
    return rounds


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("binary")
    parser.add_argument("--pairs", type=int, default=7)
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--clients", type=int, default=4, help="connections that ask the slow model")
    parser.add_argument("--rows", type=int, default=1, help="rows in each request for the slow model")
    parser.add_argument("--neighbours", type=int, default=200_000, help="size of the slow model: what a row costs")
    parser.add_argument("--json", help="write all numbers here")
    parser.add_argument("serve", nargs="*", help="further arguments of slipway serve, after --")
    options = parser.parse_args()
    if shutil.which("wrk") is None:
        sys.exit("isolation_bench: wrk is missing")
    home = make_environment()
    slow_model = home / f"slow-{options.neighbours}.joblib"
    if not slow_model.exists():
        subprocess.run([home / "bin/python", "-c", TRAIN, slow_model, str(options.neighbours)], check=True)
    random.seed(1)
    with tempfile.TemporaryDirectory() as folder:
        bodies = {"iris": pathlib.Path(folder) / "iris.json", "slow": pathlib.Path(folder) / "slow.json"}
        bodies["iris"].write_text(json.dumps(ONE_ROW))
        bodies["slow"].write_text(json.dumps([[random.gauss(0, 1) for _ in range(20)] for _ in range(options.rows)]))
        port = free_port()
        served = pathlib.Path(folder) / "slow.joblib"
        served.symlink_to(slow_model)
        server = Server("slipway", [options.binary, "serve", home / "iris.joblib", served, "--port", port,
                                    "--loop-cpus", 0, "--pool-cpus", 1, *options.serve], port, "/models/iris/predict",
                        core="0,1")
        server.start()
        try:
            rounds = measure(server, bodies, options.clients, options.pairs, options.seconds)
        finally:
            server.stop()
    print(f"{'':<8}{'quiet p50':>10}{'p99 us':>8}{'loaded p50':>12}{'p99 us':>8}{'p99 ratio':>11}{'rate ratio':>12}"
          f"{'slow req/s':>12}{'pool CPUs':>11}")
    for i, one in enumerate(rounds):
        print(f"pair {i + 1:<3}{one['quiet']['p50_us']:>10}{one['quiet']['p99_us']:>8}{one['loaded']['p50_us']:>12}"
              f"{one['loaded']['p99_us']:>8}{one['p99_ratio']:>11.2f}{one['rate_ratio']:>12.2f}"
              f"{one['slow']['rate']:>12.1f}{one['pool_cpus']:>11.2f}")
    print(f"median  p99 loaded / quiet: {statistics.median(r['p99_ratio'] for r in rounds):.2f}   "
          f"rate: {statistics.median(r['rate_ratio'] for r in rounds):.2f}")
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps(rounds, indent=1))


if __name__ == "__main__":
    main()
