"""gRPC with the official Python client: the transport against the echo server of its own tests, and what `serve` offers."""

import re
import signal
import subprocess
import time

import grpc
import pytest

from conftest import BINARY, IRIS

ECHO = BINARY.parent / "src" / "transport" / "transport_echo_server"


@pytest.fixture(scope="module")
def channel():
    if not ECHO.is_file():
        pytest.skip(f"{ECHO} is not built")
    server = subprocess.Popen([ECHO], stdout=subprocess.PIPE, text=True)
    port = re.search(r":(\d+)$", server.stdout.readline().strip())[1]
    options = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
    with grpc.insecure_channel(f"127.0.0.1:{port}", options) as made:
        yield made
    server.terminate()
    assert server.wait(20) == 0


def test_unary_calls_echo_messages_of_all_sizes(channel):
    echo = channel.unary_unary("/echo.Echo/Unary")
    for size in [0, 1, 1000, 16 * 1024, 70_000, 5_000_000]:
        message = bytes(i % 251 for i in range(min(size, 1000))) * (max(size, 1000) // 1000 if size else 0)
        assert echo(message, timeout=30) == message


def test_metadata_comes_back(channel):
    answer, call = channel.unary_unary("/echo.Echo/Unary").with_call(b"x", metadata=[("x-ask", "value")], timeout=10)
    assert answer == b"x" and dict(call.trailing_metadata())["x-answer"] == "value"


@pytest.mark.parametrize("compression", [grpc.Compression.Gzip, grpc.Compression.Deflate])
def test_compressed_messages(channel, compression):
    message = b"z" * 100_000
    assert channel.unary_unary("/echo.Echo/Unary")(message, compression=compression, timeout=10) == message


def test_errors_have_their_code_and_message(channel):
    text = "50% of the größe\nis missing"
    with pytest.raises(grpc.RpcError) as error:
        channel.unary_unary("/echo.Echo/Fail")(text.encode(), timeout=10)
    assert error.value.code() == grpc.StatusCode.FAILED_PRECONDITION and error.value.details() == text
    with pytest.raises(grpc.RpcError) as error:
        channel.unary_unary("/echo.Echo/Other")(b"", timeout=10)
    assert error.value.code() == grpc.StatusCode.UNIMPLEMENTED


def test_deadlines_and_cancellation_reach_the_handler(channel):
    wait, cancelled = channel.unary_unary("/echo.Echo/Wait"), channel.unary_unary("/echo.Echo/Cancelled")
    before = int(cancelled(b"", timeout=10))
    with pytest.raises(grpc.RpcError) as error:
        wait(b"", timeout=0.3)
    assert error.value.code() == grpc.StatusCode.DEADLINE_EXCEEDED
    call = wait.future(b"", timeout=60)
    time.sleep(0.3)
    call.cancel()
    deadline = time.monotonic() + 20
    while int(cancelled(b"", timeout=10)) < before + 2:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_streams_in_both_directions(channel):
    stream = channel.stream_stream("/echo.Echo/Stream")
    messages = [bytes([i % 256]) * (i * 37) for i in range(300)]
    call = stream(iter(messages), timeout=30)
    assert list(call) == messages
    assert dict(call.trailing_metadata())["echoed"] == "all"
    large = [b"L" * 1_000_000] * 20
    assert list(stream(iter(large), timeout=60)) == large


def test_a_stream_that_is_cancelled_leaves_the_channel_usable(channel):
    def endless():
        while True:
            yield b"x" * 10_000

    call = channel.stream_stream("/echo.Echo/Stream")(endless())
    for _ in range(100):
        next(call)
    call.cancel()
    assert channel.unary_unary("/echo.Echo/Unary")(b"on", timeout=10) == b"on"


def test_many_calls_at_once(channel):
    echo = channel.unary_unary("/echo.Echo/Unary")
    calls = [echo.future(str(i).encode(), timeout=30) for i in range(2000)]
    assert [call.result() for call in calls] == [str(i).encode() for i in range(2000)]


SERVING, NOT_SERVING = b"\x08\x01", b"\x08\x02"  # HealthCheckResponse {status: 1 or 2}


def test_health_is_told_and_watched_until_the_drain(start):
    server = start(IRIS, "--drain-delay", "1s")
    with grpc.insecure_channel(f"127.0.0.1:{server.port}") as made:
        check = made.unary_unary("/grpc.health.v1.Health/Check")
        assert check(b"", timeout=10) == SERVING
        with pytest.raises(grpc.RpcError) as error:
            check(b"\x0a\x05other", timeout=10)
        assert error.value.code() == grpc.StatusCode.NOT_FOUND
        watch = made.unary_stream("/grpc.health.v1.Health/Watch")(b"", timeout=30)
        assert next(watch) == SERVING
        server.process.send_signal(signal.SIGTERM)
        assert next(watch) == NOT_SERVING
        watch.cancel()
    assert server.stop() == 0
