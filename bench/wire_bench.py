"""What each wire costs: HTTP/2, TLS and gRPC, beside nginx and the official C++ gRPC server; larger bodies.

All servers run at once, each pinned to core 0; the load (wrk, h2load), pinned to core 1, asks one after the
other, round after round. A row is the median of the rounds; ratios are taken within a round. "CPU ratio" is
Slipway's CPU per request over that of the table's first row.

usage: wire_bench.py SLIPWAY_BINARY GRPC_EMPTY_BINARY MODEL [--rounds N] [--seconds S] [--json FILE] [--only TEXT]
Needs wrk, h2load, nginx, openssl, curl and protoc.
"""

import json
import pathlib
import statistics
import struct
import subprocess
import sys
import tempfile

from servers import (HERE, ONE_ROW, ROWS_64, PortServer, free_port, h2load, interleaved, make_certificate, median_of,
                     nginx_server, options_of, slipway_server, wrk)

PROTO = HERE.parent / "src/protocols/proto/inference.proto"
JSON_TYPE = {"content-type": "application/json"}
GRPC_TYPE = {"content-type": "application/grpc", "te": "trailers"}
INFER_CALL = "/inference.GRPCInferenceService/ModelInfer"
INFER_PATH = "/v2/models/iris/infer"


def many_rows(count):
    return [ROWS_64[i % 64] for i in range(count)]


def grpc_frame(message):
    return struct.pack(">BI", 0, len(message)) + message


def raw_doubles(rows):
    return b"".join(struct.pack("<4d", *row) for row in rows)


def infer_message(rows):
    """A ModelInferRequest with raw contents, as tritonclient sends it."""
    contents = "".join(f"\\{byte:03o}" for byte in raw_doubles(rows))
    text = ('model_name: "iris" inputs { name: "input" datatype: "FP64" '
            f'shape: {len(rows)} shape: 4 }} raw_input_contents: "{contents}"')
    return subprocess.run(["protoc", f"-I{PROTO.parent}", PROTO.name, "--encode=inference.ModelInferRequest"],
                          input=text.encode(), capture_output=True, check=True).stdout


def infer_json(rows):
    """The same over REST, as JSON."""
    return json.dumps({"inputs": [{"name": "input", "shape": [len(rows), 4], "datatype": "FP64",
                                   "data": rows}]}).encode()


def infer_binary(rows):
    """The same over REST, by the binary tensor extension: the body, and the length of its JSON."""
    raw = raw_doubles(rows)
    head = json.dumps({"inputs": [{"name": "input", "shape": [len(rows), 4], "datatype": "FP64",
                                   "parameters": {"binary_data_size": len(raw)}}],
                       "parameters": {"binary_data_output": True}}).encode()
    return head + raw, len(head)


class Bodies:
    """Files with the requests' bodies."""

    def __init__(self, work):
        self.work = work

    def file(self, name, content):
        path = self.work / name
        path.write_bytes(content)
        return path

    def simple(self, rows):
        return self.file(f"simple-{len(rows)}.json", json.dumps({"features": rows}).encode())

    def grpc(self, rows):
        return self.file(f"infer-{len(rows)}.grpc", grpc_frame(infer_message(rows)))


def check_grpc(server, path, body_file):
    """One call, with its status: h2load does not look at trailers."""
    fields = [part for key, value in GRPC_TYPE.items() for part in ("-H", f"{key}: {value}")]
    out = subprocess.run(["curl", "-s", "--http2-prior-knowledge", *fields, "--data-binary", f"@{body_file}",
                          "-D", "-", "-o", "/dev/null", f"http://127.0.0.1:{server.port}{path}"],
                         capture_output=True, text=True, check=True).stdout
    if "grpc-status: 0" not in out:
        sys.exit(f"wire_bench: {server.name} refuses the call:\n{out}")


def print_table(title, results, columns=("rate", "cpu_us")):
    first = next(iter(results))
    print(f"\n{title}\n{'server':<34}{'req/s':>10}{'latency us':>12}{'p99 us':>9}{'CPU us/req':>12}{'CPU ratio':>11}")
    for name, rounds in results.items():
        ratio = statistics.median(r["cpu_us"] / max(1e-9, b["cpu_us"]) for r, b in zip(rounds, results[first]))
        latency = "p50_us" if "p50_us" in rounds[0] else "mean_us"
        p99 = f"{median_of(rounds, 'p99_us'):,.0f}" if "p99_us" in rounds[0] else "-"
        print(f"{name:<34}{median_of(rounds, 'rate'):>10,.0f}{median_of(rounds, latency):>12,.0f}{p99:>9}"
              f"{median_of(rounds, 'cpu_us'):>12.2f}{ratio:>11.2f}")


def tables(servers, bodies, seconds):
    """Every table: {title: {name of row: one run}}."""
    slipway, tls, grpc = servers["slipway"], servers["slipway tls"], servers["grpc"]
    one = bodies.simple(ONE_ROW)
    call, empty = bodies.grpc(ONE_ROW), bodies.file("empty.grpc", grpc_frame(b""))
    for server, path, body in ((slipway, INFER_CALL, call), (grpc, "/bench.Nothing/Call", empty)):
        check_grpc(server, path, body)

    def over_http1(server, connections, secure=False):
        return lambda: wrk(server, one, connections, seconds, tls=secure)

    def over_http2(server, connections, streams, secure=False):
        return lambda: h2load(server, one, connections, streams, seconds, tls=secure, path="/predict",
                              headers=JSON_TYPE)

    def grpc_pair(connections, streams):
        return {
            "gRPC C++ callback API, empty call": lambda: h2load(
                grpc, empty, connections, streams, seconds, path="/bench.Nothing/Call", headers=GRPC_TYPE),
            "slipway, KServe v2 ModelInfer": lambda: h2load(
                slipway, call, connections, streams, seconds, path=INFER_CALL, headers=GRPC_TYPE),
        }

    found = {
        "HTTP/2, JSON, 1 row, 32 connections": {
            "nginx http2 return 200": over_http2(servers["nginx h2"], 32, 1), "slipway": over_http2(slipway, 32, 1)},
        "HTTP/2, JSON, 1 row, 4 connections x 32 streams": {
            "nginx http2 return 200": over_http2(servers["nginx h2"], 4, 32), "slipway": over_http2(slipway, 4, 32)},
        "HTTP/1.1 over TLS 1.3, JSON, 1 row, 32 connections": {
            "nginx ssl return 200": over_http1(servers["nginx tls"], 32, True),
            "slipway": over_http1(tls, 32, True)},
        "HTTP/2 over TLS 1.3, JSON, 1 row, 32 connections": {
            "nginx ssl http2 return 200": over_http2(servers["nginx tls h2"], 32, 1, True),
            "slipway": over_http2(tls, 32, 1, True)},
        "gRPC, 1 row, 32 connections": grpc_pair(32, 1),
        "gRPC, 1 row, 4 connections x 32 streams": grpc_pair(4, 32),
        "HTTP/1.1, JSON, 1 row, 1,000 connections": {
            "nginx return 200": over_http1(servers["nginx"], 1000), "slipway": over_http1(slipway, 1000)},
        "gRPC, 1 row, 1,000 connections": grpc_pair(1000, 1),
    }
    for count in (64, 4096):
        rows = many_rows(count)
        plain = bodies.file(f"infer-{count}.json", infer_json(rows))
        content, head = infer_binary(rows)
        binary = bodies.file(f"infer-{count}.bin", content)
        message = bodies.grpc(rows)
        check_grpc(slipway, INFER_CALL, message)
        found[f"KServe v2, {count:,} rows, 8 connections"] = {
            "slipway, JSON": lambda plain=plain: wrk(slipway, plain, 8, seconds, path=INFER_PATH),
            "slipway, binary tensors": lambda binary=binary, head=head: wrk(
                slipway, binary, 8, seconds, path=INFER_PATH,
                headers={"Content-Type": "application/octet-stream", "Inference-Header-Content-Length": head}),
            "slipway, gRPC": lambda message=message: h2load(
                slipway, message, 8, 1, seconds, path=INFER_CALL, headers=GRPC_TYPE),
        }
    return found


def start_servers(options, work):
    certificate, key = make_certificate(work)
    slipway = slipway_server(options.binary, options.model)
    slipway.start()
    answer = slipway.answer(ONE_ROW)
    secure = f"ssl_certificate {certificate}; ssl_certificate_key {key}; ssl_protocols TLSv1.3;"
    port = free_port()
    servers = {
        "slipway": slipway,
        "nginx": nginx_server("nginx", work, answer),
        "nginx h2": nginx_server("nginx h2", work, answer, "http2"),
        "nginx tls": nginx_server("nginx tls", work, answer, "ssl", secure),
        "nginx tls h2": nginx_server("nginx tls h2", work, answer, "ssl http2", secure),
        "grpc": PortServer("gRPC C++", [options.grpc_empty, port], port),
    }
    port = free_port()
    servers["slipway tls"] = PortServer(
        "slipway tls", [options.binary, "serve", options.model, "--port", port, "--loops", 1,
                        "--tls-cert", certificate, "--tls-key", key], port)
    for name, server in servers.items():
        if name != "slipway":
            server.start()
    return servers


def main():
    options = options_of(__doc__, ("binary", "grpc_empty", "model"),
                         ("wrk", "h2load", "nginx", "taskset", "openssl", "curl", "protoc"), "tables whose title holds this")
    report = {}
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder)
        servers = start_servers(options, work)
        try:
            for title, loads in tables(servers, Bodies(work), options.seconds).items():
                if options.only in title:
                    report[title] = interleaved(loads, options.rounds)
                    print_table(title, report[title])
        finally:
            for server in servers.values():
                server.stop()
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
