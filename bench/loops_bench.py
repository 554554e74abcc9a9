"""How the rate grows from one event loop to two.

One Slipway with one loop on core 0, one with two loops on cores 0 and 1, asked in turn, round after round, by wrk
with a thread on each core. The client takes a good part of both cores, so that the rate cannot double: what says
whether the loops hinder each other is the CPU time of the server for each request, which must not grow.

usage: loops_bench.py SLIPWAY_BINARY [--rounds N] [--seconds S] [--json FILE]
Needs wrk; makes the virtual environment of rest_bench.py.
"""

import argparse
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile

from rest_bench import HERE, ONE_ROW, Server, free_port, make_environment

CONNECTIONS = 64


def load(server, body_file, seconds):
    before = server.cpu_seconds()
    out = subprocess.run(
        ["taskset", "-c", "0,1", "wrk", "-t2", f"-c{CONNECTIONS}", f"-d{seconds}s", "-s", HERE / "load.lua",
         f"http://127.0.0.1:{server.port}/predict"],
        env={**os.environ, "BODY": str(body_file)}, capture_output=True, text=True, check=True).stdout
    result = json.loads(out.splitlines()[-1])
    if result["errors"]:
        sys.exit(f"loops_bench: {result['errors']} failed requests")
    result["cpu_us"] = (server.cpu_seconds() - before) / result["requests"] * 1e6
    result["rate"] = result["requests"] / result["seconds"]
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("binary")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--json", help="write all numbers here")
    options = parser.parse_args()
    if shutil.which("wrk") is None:
        sys.exit("loops_bench: wrk is missing")
    model = make_environment() / "iris.joblib"
    servers = {}
    for loops, cpus in ((1, "0"), (2, "0,1")):
        port = free_port()
        servers[loops] = Server(f"{loops} loops", [options.binary, "serve", model, "--port", port, "--loops", loops,
                                                   "--loop-cpus", cpus], port)
        servers[loops].start(core="0,1")
    rounds = []
    with tempfile.TemporaryDirectory() as folder:
        body_file = pathlib.Path(folder) / "row.json"
        body_file.write_text(json.dumps(ONE_ROW))
        for _ in range(options.rounds):
            rounds.append({loops: load(server, body_file, options.seconds) for loops, server in servers.items()})
    for server in servers.values():
        server.stop()
    print(f"{'loops':<8}{'req/s':>10}{'p50 us':>9}{'p99 us':>9}{'CPU us/req':>12}")
    for loops in servers:
        print(f"{loops:<8}" + "".join(
            f"{statistics.median(one[loops][key] for one in rounds):>{width},.{digits}f}"
            for key, width, digits in (("rate", 10, 0), ("p50_us", 9, 0), ("p99_us", 9, 0), ("cpu_us", 12, 2))))
    for key, name in (("rate", "rate"), ("cpu_us", "CPU per request")):
        print(f"two loops against one, {name}: {statistics.median(one[2][key] / one[1][key] for one in rounds):.2f}")
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps(rounds, indent=1))


if __name__ == "__main__":
    main()
