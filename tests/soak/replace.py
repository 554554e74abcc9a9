#!/usr/bin/env python3
"""Full load while a model is replaced ten times a second: good, broken, good, ...

    tests/soak/replace.py [--seconds 60] [--pairs 7] [--kills 10] [--binary build/release/slipway]

What must hold: no request fails; each answer is of a content that was live while the request ran; memory stays
flat; and a killed server comes up with what was there. Latency: windows with replacements and quiet ones take turns; the ratio of
their 99th percentiles is printed for each pair, and the median of all (goal: at most 1.1). Needs Python and numpy
only; HTTP/2 load comes from h2load and gRPC from tritonclient, where they are installed.
"""

import argparse
import importlib.util
import json
import multiprocessing
import os
import pathlib
import re
import selectors
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "e2e"))
import made_models  # noqa: E402

BODY = json.dumps({"inputs": [{"name": "x", "shape": [1, 4], "datatype": "FP64", "data": [0.1, 0.2, 0.3, 0.4]}]})
PATH = "/v2/models/m/infer"
CONNECTIONS = 4  # of each client process
STALE_SECONDS = 5  # a content that was replaced longer ago must not answer
REPLACEMENTS_PER_SECOND = 10


class Server:
    def __init__(self, binary, folder, *arguments):
        self.process = subprocess.Popen([binary, "serve", folder, "--port", "0", "--log-level", "error", *arguments],
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        line = self.process.stdout.readline()
        found = re.search(r"listening on http://\S+:(\d+)", line)
        if not found:
            sys.exit(f"soak: the server did not start: {line}")
        self.port = int(found.group(1))

    def resident_mib(self):
        with open(f"/proc/{self.process.pid}/statm", encoding="ascii") as statm:
            return int(statm.read().split()[1]) * os.sysconf("SC_PAGESIZE") / 2**20


def http1_client(port, stop, report):
    """Asks on several connections, one request at a time on each; reports latencies and what was answered."""
    request = (f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
               f"Content-Length: {len(BODY)}\r\n\r\n{BODY}").encode()
    answer = re.compile(rb'HTTP/1\.1 200 .*?"model_version":"(\d+)".*?"data":\[(-?[\d.]+)', re.DOTALL)
    latencies, seen, failures = [], {}, []
    selector = selectors.DefaultSelector()
    began = {}

    def ask(connection):
        began[connection] = time.monotonic()
        connection.sendall(request)

    for _ in range(CONNECTIONS):
        connection = socket.create_connection(("127.0.0.1", port))
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        selector.register(connection, selectors.EVENT_READ)
        ask(connection)
    while not stop.is_set() and len(failures) < 10:
        for key, _ in selector.select(1):
            connection = key.fileobj
            data = connection.recv(65536)  # an answer is one segment
            now = time.monotonic()
            found = answer.match(data)
            if not found:
                failures.append(data[:300].decode(errors="replace"))
                selector.unregister(connection)
                if not data:
                    continue
                selector.register(connection, selectors.EVENT_READ)
            else:
                value = int(float(found.group(2)))
                begin = began[connection]
                latencies.append((begin, now - begin))
                first, last = seen.get(value, (now, begin))
                seen[value] = (min(first, now), max(last, begin))
            ask(connection)
    report.put((latencies, seen, failures))


def http2_client(port, stop, report):
    """h2load in short runs: counts failures; answers are checked by the other clients."""
    body = tempfile.NamedTemporaryFile("w", suffix=".json")
    body.write(BODY)
    body.flush()
    failures = []
    while not stop.is_set():
        done = subprocess.run(["h2load", "-c", "2", "-m", "8", "-D", "2", "-d", body.name, "-H", "content-type: application/json",
                               f"http://127.0.0.1:{port}{PATH}"], capture_output=True, text=True)
        found = re.search(r"(\d+) failed, (\d+) errored, (\d+) timeout", done.stdout)
        codes = re.search(r"(\d+) 2xx, (\d+) 3xx, (\d+) 4xx, (\d+) 5xx", done.stdout)
        if not found or any(int(count) for count in found.groups()) or any(int(count) for count in codes.groups()[1:]):
            failures.append(done.stdout[-500:] + done.stderr[-200:])
            break
    report.put(([], {}, failures))


def grpc_client(port, stop, report):
    """The official gRPC client, one call after the other; answers are checked, latencies are left to the first client,
    which takes less time of its own."""
    import grpc  # noqa: PLC0415
    from tritonclient.grpc import service_pb2  # noqa: PLC0415

    request = service_pb2.ModelInferRequest(model_name="m")
    tensor = request.inputs.add(name="x", datatype="FP64", shape=[1, 4])
    tensor.contents.fp64_contents.extend([0.1, 0.2, 0.3, 0.4])
    seen, failures = {}, []
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        call = channel.unary_unary("/inference.GRPCInferenceService/ModelInfer",
                                   request_serializer=service_pb2.ModelInferRequest.SerializeToString,
                                   response_deserializer=service_pb2.ModelInferResponse.FromString)
        while not stop.is_set() and len(failures) < 10:
            begin = time.monotonic()
            try:
                answer = call(request, timeout=10)
            except grpc.RpcError as error:
                failures.append(f"{error.code()}: {error.details()}")
                continue
            now = time.monotonic()
            value = int([*answer.outputs[0].contents.fp64_contents, *answer.outputs[0].contents.int64_contents][0])
            first, last = seen.get(value, (now, begin))
            seen[value] = (min(first, now), max(last, begin))
    report.put(([], seen, failures))


CLIENTS = {"http1": http1_client, "http2": http2_client, "grpc": grpc_client}


def is_installed(name):
    if name == "http2":
        return shutil.which("h2load") is not None
    return name != "grpc" or importlib.util.find_spec("tritonclient") is not None


def put(path, data):
    beside = path.parent / f".{path.name}.new"
    beside.write_bytes(data)
    os.replace(beside, path)


class Replacer:
    """Puts good and broken contents in turn, as one file or as versions; remembers when each good one came."""

    def __init__(self, path, versions=False):
        self.path, self.versions, self.number, self.put_times = path, versions, 0, {}
        self.replace()

    def replace(self):
        data = made_models.constant(self.number)
        if self.number % 2:
            data = data[:len(data) // 2]
        else:
            self.put_times[self.number] = time.monotonic()
        if self.versions:
            beside = self.path / f".{self.number + 1}.new"
            beside.mkdir(parents=True)
            (beside / "model.pkl").write_bytes(data)
            beside.rename(self.path / str(self.number + 1))
            shutil.rmtree(self.path / str(self.number - 19), ignore_errors=True)
        else:
            put(self.path, data)
        self.number += 1

    def run(self, seconds):
        begin = time.monotonic()
        for i in range(int(seconds * REPLACEMENTS_PER_SECOND)):
            self.replace()
            time.sleep(max(0.0, begin + (i + 1) / REPLACEMENTS_PER_SECOND - time.monotonic()))


def check_answers(seen, put_times):
    wrong = []
    for value, (first, last) in seen.items():
        if value not in put_times:
            wrong.append(f"an answer of the broken or unknown content {value}")
            continue
        if first < put_times[value]:
            wrong.append(f"content {value} answered before it was there")
        later = [put_times[other] for other in put_times if other > value]
        if later and last > min(later) + STALE_SECONDS:
            wrong.append(f"content {value} answered {last - min(later):.1f} s after it was replaced")
    return wrong


def percentile(values, share):
    values = sorted(values)
    return values[min(len(values) - 1, int(len(values) * share))] if values else float("nan")


def soak(options, folder):
    replacer = Replacer(folder / "m.pkl")
    server = Server(options.binary, folder)
    stop, report = multiprocessing.Event(), multiprocessing.Queue()
    names = [name for name in options.clients.split(",") if is_installed(name)]
    print(f"soak: clients {', '.join(names)}")
    processes = [multiprocessing.Process(target=CLIENTS[name], args=(server.port, stop, report)) for name in names]
    for process in processes:
        process.start()
    windows, memory = [], []
    sampling = threading.Event()

    def sample():
        while not sampling.wait(0.5):
            memory.append(server.resident_mib())

    sampler = threading.Thread(target=sample)
    sampler.start()
    time.sleep(1)
    length = options.seconds / (2 * options.pairs)
    for pair in range(options.pairs):
        for kind in ("quiet", "reload") if pair % 2 == 0 else ("reload", "quiet"):
            begin = time.monotonic()
            if kind == "reload":
                replacer.run(length)
            else:
                time.sleep(length)
            windows.append((pair, kind, begin, time.monotonic()))
    sampling.set()
    sampler.join()
    stop.set()
    reports = [report.get(timeout=30) for _ in processes]
    for process in processes:
        process.join()
    server.process.send_signal(signal.SIGTERM)
    exit_code = server.process.wait(40)
    latencies = sorted(one for some, _, _ in reports for one in some)
    failures = [failure for _, _, some in reports for failure in some]
    for _, seen, _ in reports:
        failures += check_answers(seen, replacer.put_times)
    ratios = []
    for pair in range(options.pairs):
        p99 = {}
        for _, kind, begin, end in (window for window in windows if window[0] == pair):
            p99[kind] = percentile([latency for at, latency in latencies if begin <= at < end], 0.99)
        ratios.append(p99["reload"] / p99["quiet"])
        print(f"soak: pair {pair}: p99 quiet {p99['quiet'] * 1e6:.0f} us, reload {p99['reload'] * 1e6:.0f} us, "
              f"ratio {ratios[-1]:.2f}", flush=True)
    third = max(1, len(memory) // 3)
    grown = max(memory[-third:]) - max(memory[:third]) if memory else 0
    print(f"soak: {len(latencies)} answers checked, {len(failures)} failures, {replacer.number} replacements, "
          f"memory {max(memory):.1f} MiB at most, grew by {grown:.1f}, exit {exit_code}")
    print(f"soak: ratio of p99, median of {options.pairs} pairs: {statistics.median(ratios):.2f}")
    for failure in failures[:5]:
        print("soak:", failure)
    return not failures and grown < 4 and exit_code == 0 and len(latencies) > 0


def ask_once(port):
    """What the model answers; -1 if it does not."""
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall((f"POST {PATH} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {len(BODY)}\r\n\r\n"
                            f"{BODY}").encode())
        data = b""
        while piece := connection.recv(65536):
            data += piece
    found = re.search(rb'"data":\[(-?[\d.]+)', data)
    return int(float(found.group(1))) if b" 200 " in data and found else -1


def kills(options, folder):
    """Kill -9 again and again while files change; each start serves a version that is whole, and soon the newest."""
    replacer = Replacer(folder / "m", versions=True)
    stop = threading.Event()

    def change():
        while not stop.is_set():
            replacer.run(0.5)

    changer = threading.Thread(target=change)
    changer.start()
    ok = True
    try:
        for _ in range(options.kills):
            newest = max(list(replacer.put_times))
            # What was whole and old enough when the server started; younger files are waited for.
            now = time.monotonic()
            least = max((number for number, at in list(replacer.put_times.items()) if at < now - 1), default=0)
            server = Server(options.binary, folder)
            value, deadline = -1, time.monotonic() + 20
            while value < newest and time.monotonic() < deadline:
                value = ask_once(server.port)
                if value < least or value not in replacer.put_times:
                    print(f"soak: after a kill {value} was served, and {least} was there")
                    ok = False
                    break
            ok = ok and value >= newest
            server.process.kill()
            server.process.wait()
    finally:
        stop.set()
        changer.join()
    print(f"soak: {options.kills} kills, each start served what was there: {ok}")
    return ok


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--pairs", type=int, default=7)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--clients", default=",".join(CLIENTS), help="which of them")
    parser.add_argument("--binary", default=os.environ.get("SLIPWAY_BIN", ROOT / "build" / "release" / "slipway"))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as first, tempfile.TemporaryDirectory() as second:
        ok = soak(options, pathlib.Path(first))
        ok = kills(options, pathlib.Path(second)) and ok
    print("soak: ok" if ok else "soak: FAILED")
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())
