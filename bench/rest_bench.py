"""REST benchmark: Slipway beside nginx (the ceiling), Flask + gunicorn and FastAPI + ONNX Runtime.

All servers run at once, each pinned to core 0; wrk, pinned to core 1, asks one after the other, round after
round, so that a slow moment of the machine meets all of them. A row of the table is the median of the
rounds; ratios are taken within a round.

usage: rest_bench.py SLIPWAY_BINARY [--rounds N] [--seconds S] [--json FILE] [--environment]
Needs wrk and nginx; makes its own virtual environment for the rivals.
"""

import argparse
import hashlib
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile

from servers import (HERE, ONE_ROW, ROWS_64, Server, free_port, interleaved, median_of, nginx_server, slipway_server,
                     wrk)

CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache")) / "slipway"
CONNECTIONS = 32


def make_environment():
    """The rivals' virtual environment and models, made once."""
    pins = (HERE / "requirements.txt").read_bytes() + (HERE / "rivals" / "train.py").read_bytes()
    home = CACHE / "venvs" / f"bench-{hashlib.sha256(pins).hexdigest()[:12]}"
    if not (home / "iris.onnx").exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", home], check=True)
        subprocess.run([home / "bin/pip", "install", "-q", "-r", HERE / "requirements.txt"], check=True)
        subprocess.run([home / "bin/python", HERE / "rivals/train.py", home], check=True)
    return home


def rivals(home):
    flask_port, fastapi_port = free_port(), free_port()
    return [
        Server("flask + gunicorn", [home / "bin/gunicorn", "-w1", "-b", f"127.0.0.1:{flask_port}", "--chdir",
                                    HERE / "rivals", "flask_app:app"], flask_port,
               env={"MODEL": str(home / "iris.joblib")}),
        Server("fastapi + onnxruntime", [home / "bin/uvicorn", "--app-dir", HERE / "rivals", "fastapi_app:app",
                                         "--host", "127.0.0.1", "--port", fastapi_port, "--no-access-log",
                                         "--log-level", "warning"], fastapi_port,
               env={"MODEL": str(home / "iris.onnx")}),
    ]


def cold_starts(binary, model, count=11):
    """Milliseconds from exec to the first answer, and idle RSS in MB."""
    times = []
    for _ in range(count):
        server = slipway_server(binary, model)
        times.append(server.start() * 1000)
        rss = server.rss_mb()
        server.stop()
    return statistics.median(times[1:]), rss


def footprint_mb(binary):
    """The binary and every shared library that it needs."""
    files = [pathlib.Path(binary)]
    for line in subprocess.run(["ldd", binary], capture_output=True, text=True, check=True).stdout.splitlines():
        parts = [part for part in line.split() if part.startswith("/")]
        files += [pathlib.Path(part) for part in parts]
    return files[0].stat().st_size / 1e6, sum(file.resolve().stat().st_size for file in files) / 1e6


def print_table(title, results, baseline):
    print(f"\n{title}")
    print(f"{'server':<24}{'req/s':>10}{'p50 us':>9}{'p99 us':>9}{'p99.9 us':>10}{'CPU us/req':>12}"
          f"{'rate vs nginx':>15}{'slipway is':>12}")
    for name, rounds in results.items():
        versus = statistics.median(r["rate"] / n["rate"] for r, n in zip(rounds, results[baseline]))
        factor = statistics.median(s["rate"] / r["rate"] for s, r in zip(results["slipway"], rounds))
        print(f"{name:<24}{median_of(rounds, 'rate'):>10,.0f}{median_of(rounds, 'p50_us'):>9,.0f}"
              f"{median_of(rounds, 'p99_us'):>9,.0f}{median_of(rounds, 'p999_us'):>10,.0f}"
              f"{median_of(rounds, 'cpu_us'):>12.2f}{versus:>15.2f}{factor:>11.2f}x")


def measure(servers, body_file, connections, rounds, seconds):
    return interleaved({server.name: lambda server=server: wrk(server, body_file, connections, seconds)
                        for server in servers}, rounds)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("binary")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=2)
    parser.add_argument("--json", help="write all numbers here")
    parser.add_argument("--environment", action="store_true", help="print the folder of the models and stop")
    options = parser.parse_args()
    if options.environment:
        return print(make_environment())
    for tool in ("wrk", "nginx", "taskset"):
        if shutil.which(tool) is None:
            sys.exit(f"rest_bench: {tool} is missing")
    home = make_environment()
    report = {}
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder)
        report["cold_start_ms"], report["idle_rss_mb"] = cold_starts(options.binary, home / "iris.joblib")
        report["binary_mb"], report["with_libraries_mb"] = footprint_mb(options.binary)
        for label, rows in (("1 row", ONE_ROW), ("64 rows", ROWS_64)):
            body_file = work / f"{len(rows)}.json"
            body_file.write_text(json.dumps({"features": rows}))
            slipway = slipway_server(options.binary, home / "iris.joblib")
            slipway.start()
            nginx = nginx_server(f"nginx return 200 ({len(rows)})", work, slipway.answer(rows))
            servers = [nginx, slipway, *rivals(home)]
            for server in servers[:1] + servers[2:]:
                server.start()
            expected = json.loads(servers[2].answer(rows))
            for server in servers:
                if json.loads(server.answer(rows)) != expected:
                    sys.exit(f"rest_bench: {server.name} answers otherwise than scikit-learn")
            report[label] = measure(servers, body_file, CONNECTIONS, options.rounds, options.seconds)
            print_table(f"iris, {label}, {CONNECTIONS} connections", report[label], nginx.name)
            if len(rows) == 1:
                single = measure(servers[:2], body_file, 1, options.rounds, options.seconds)
                report["1 row, one connection"] = single
                print_table("iris, 1 row, one connection", single, nginx.name)
            for server in servers:
                server.stop()
    print(f"\nexec to first answer {report['cold_start_ms']:.1f} ms; idle RSS {report['idle_rss_mb']:.1f} MB; "
          f"binary {report['binary_mb']:.1f} MB, with all libraries {report['with_libraries_mb']:.1f} MB")
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
