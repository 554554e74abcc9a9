"""How the rate grows from one event loop to two.

One Slipway with one loop on core 0, one with two loops on cores 0 and 1, asked in turn, round after round, by wrk
with a thread on each core. The client takes a good part of both cores, so that the rate cannot double: what says
whether the loops hinder each other is the CPU time of the server for each request, which must not grow.

usage: loops_bench.py SLIPWAY_BINARY [--rounds N] [--seconds S] [--json FILE]
Needs wrk; makes the virtual environment of rest_bench.py.
"""

import argparse
import json
import pathlib
import shutil
import statistics
import sys
import tempfile

from rest_bench import make_environment
from servers import ONE_ROW, Server, free_port, interleaved, wrk

CONNECTIONS = 64


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
                                                   "--loop-cpus", cpus], port, core="0,1")
        servers[loops].start()
    with tempfile.TemporaryDirectory() as folder:
        body_file = pathlib.Path(folder) / "row.json"
        body_file.write_text(json.dumps(ONE_ROW))
        rounds = interleaved(
            {loops: lambda server=server: wrk(server, body_file, CONNECTIONS, options.seconds, core="0,1", threads=2)
             for loops, server in servers.items()}, options.rounds)
    for server in servers.values():
        server.stop()
    print(f"{'loops':<8}{'req/s':>10}{'p50 us':>9}{'p99 us':>9}{'CPU us/req':>12}")
    for loops in servers:
        print(f"{loops:<8}" + "".join(
            f"{statistics.median(one[key] for one in rounds[loops]):>{width},.{digits}f}"
            for key, width, digits in (("rate", 10, 0), ("p50_us", 9, 0), ("p99_us", 9, 0), ("cpu_us", 12, 2))))
    for key, name in (("rate", "rate"), ("cpu_us", "CPU per request")):
        print(f"two loops against one, {name}: {statistics.median(b[key] / a[key] for a, b in zip(rounds[1], rounds[2])):.2f}")
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps(rounds, indent=1))


if __name__ == "__main__":
    main()
