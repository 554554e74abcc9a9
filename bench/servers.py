"""What the benchmarks share: servers pinned to a core, load from another core, nginx as the ceiling.

CPU per request comes from /proc, since the client saturates first.
"""

import argparse
import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
TICKS = os.sysconf("SC_CLK_TCK")
ONE_ROW = [[5.1, 3.5, 1.4, 0.2]]
ROWS_64 = [[5.1 + i / 100, 3.5 - i / 100, 1.4 + i / 20, 0.2 + i / 40] for i in range(64)]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """A running server with what is needed to ask it."""

    def __init__(self, name, command, port, path="/predict", env=None, core="0"):
        self.name, self.port, self.path, self.command = name, port, path, [str(c) for c in command]
        self.env = {**os.environ, **(env or {})}
        self.core = core
        self.process = None

    def start(self):
        """Seconds from exec to the first answer."""
        began = time.perf_counter()
        self.process = subprocess.Popen(["taskset", "-c", self.core, *self.command], env=self.env,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while True:
            try:
                self.first_answer()
                return time.perf_counter() - began
            except OSError:
                if time.perf_counter() - began > 60 or self.process.poll() is not None:
                    raise RuntimeError(f"{self.name} does not answer")
                time.sleep(0.0005)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=30)

    def first_answer(self):
        self.answer(ONE_ROW)

    def answer(self, rows):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        connection.request("POST", self.path, json.dumps({"features": rows}),
                           {"Content-Type": "application/json"})
        response = connection.getresponse()
        body = response.read()
        connection.close()
        if response.status != 200:
            raise OSError(f"{self.name}: {response.status} {body[:200]!r}")
        return body

    def pids(self):
        children = {}
        for entry in filter(str.isdigit, os.listdir("/proc")):
            try:
                parent = pathlib.Path(f"/proc/{entry}/stat").read_text().rsplit(")", 1)[1].split()[1]
            except OSError:
                continue
            children.setdefault(int(parent), []).append(int(entry))
        found, queue = [], [self.process.pid]
        while queue:
            pid = queue.pop()
            found.append(pid)
            queue += children.get(pid, [])
        return found

    def cpu_seconds(self):
        total = 0
        for pid in self.pids():
            fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
            total += int(fields[11]) + int(fields[12])
        return total / TICKS

    def rss_mb(self):
        total = 0
        for pid in self.pids():
            total += int(pathlib.Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE")
        return total / 1e6


class PortServer(Server):
    """A server that has started once its port takes connections."""

    def first_answer(self):
        socket.create_connection(("127.0.0.1", self.port), timeout=5).close()


def wrk(server, body_file, connections, seconds, tls=False, path=None, headers=None, core="1",
        threads=1):
    """HTTP/1.1 by wrk: rate, latency percentiles, CPU microseconds of the server per request."""
    before = server.cpu_seconds()
    scheme = "https" if tls else "http"
    headers = {"Content-Type": "application/json", **(headers or {})}
    out = subprocess.run(
        ["taskset", "-c", core, "wrk", f"-t{threads}", f"-c{connections}", f"-d{seconds}s", "-s",
         HERE / "load.lua", f"{scheme}://127.0.0.1:{server.port}{path or server.path}"],
        env={**os.environ, "BODY": str(body_file), "HEADERS": "\n".join(f"{k}:{v}" for k, v in headers.items())},
        capture_output=True, text=True, check=True).stdout
    result = json.loads(out.splitlines()[-1])
    result["cpu_us"] = (server.cpu_seconds() - before) / max(1, result["requests"]) * 1e6
    result["rate"] = result["requests"] / result["seconds"]
    if result["errors"]:
        raise RuntimeError(f"{server.name}: {result['errors']} failed requests")
    return result


def h2load(server, body_file, connections, streams, seconds, tls=False, path=None, headers=None, core="1"):
    """HTTP/2 by h2load: rate, mean latency, CPU microseconds of the server per request."""
    before = server.cpu_seconds()
    scheme = "https" if tls else "http"
    fields = [part for key, value in (headers or {}).items() for part in ("-H", f"{key}: {value}")]
    out = subprocess.run(
        ["taskset", "-c", core, "h2load", "-t1", f"-c{connections}", f"-m{streams}", f"-D{seconds}", "-d", body_file,
         *fields, f"{scheme}://127.0.0.1:{server.port}{path or server.path}"],
        capture_output=True, text=True, check=True).stdout
    done, failed, errored, timed_out = map(int, re.search(
        r"(\d+) succeeded, (\d+) failed, (\d+) errored, (\d+) timeout", out).groups())
    if failed or errored or timed_out or done == 0:
        raise RuntimeError(f"{server.name}: {failed} failed, {errored} errored, {timed_out} timed out\n{out}")
    mean = re.search(r"time for request:\s+\S+\s+\S+\s+([\d.]+)(us|ms|s)\b", out)
    return {"requests": done, "rate": done / seconds,
            "cpu_us": (server.cpu_seconds() - before) / done * 1e6,
            "mean_us": float(mean[1]) * {"us": 1, "ms": 1e3, "s": 1e6}[mean[2]]}


def make_certificate(folder):
    """A self-signed certificate for 127.0.0.1; ECDSA P-256, as the intermediate profile prefers."""
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                    "-keyout", key, "-out", certificate, "-days", "2", "-nodes", "-subj", "/CN=localhost",
                    "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"], check=True, capture_output=True)
    return certificate, key


def nginx_server(name, work, answer, listen="", settings=""):
    """nginx that returns one fixed answer: what a core can do at all. `listen`: "http2", "ssl" or both."""
    port = free_port()
    home = work / f"nginx-{port}"  # nginx's configuration takes no spaces in paths
    home.mkdir()
    text = answer.decode().replace("'", "")
    (home / "nginx.conf").write_text(
        f"daemon off; worker_processes 1; pid {home}/pid; error_log {home}/error.log;\n"
        "worker_rlimit_nofile 8192; events { worker_connections 4096; }\n"
        f"http {{ access_log off; keepalive_requests 100000000; default_type application/json;\n"
        f"client_body_temp_path {home}/b; proxy_temp_path {home}/p; fastcgi_temp_path {home}/f;\n"
        f"uwsgi_temp_path {home}/u; scgi_temp_path {home}/s; {settings}\n"
        f" server {{ listen 127.0.0.1:{port} {listen}; location / {{ return 200 '{text}'; }} }} }}\n")
    kind = PortServer if listen else Server
    return kind(name, ["nginx", "-p", home, "-c", home / "nginx.conf"], port)


def slipway_server(binary, model, *arguments):
    port = free_port()
    return Server("slipway", [binary, "serve", model, "--port", port, "--loops", 1, *arguments], port)


def median_of(rounds, key):
    return statistics.median(result[key] for result in rounds)


def interleaved(loads, rounds):
    """Runs each of {name: callable} once a round, so that a slow moment of the machine meets all of them."""
    results = {name: [] for name in loads}
    for _ in range(rounds):
        for name, run in loads.items():
            results[name].append(run())
    return results


def options_of(description, positional, tools, only, further=()):
    """The options of a benchmark that asks in rounds; ends the program if a tool is missing."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in positional:
        parser.add_argument(name)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=2)
    parser.add_argument("--json", help="write all numbers here")
    parser.add_argument("--only", default="", help=only)
    for name, text in further:
        parser.add_argument(name, help=text)
    options = parser.parse_args()
    for tool in tools:
        if shutil.which(tool) is None:
            sys.exit(f"{pathlib.Path(sys.argv[0]).stem}: {tool} is missing")
    return options
