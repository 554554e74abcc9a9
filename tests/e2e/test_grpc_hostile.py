"""What a hostile gRPC client sends: each gets a clear status, memory stays bounded, others are served."""

import gzip
import struct

import grpc
import pytest

from conftest import IRIS

INFER = "/inference.GRPCInferenceService/ModelInfer"
GOOD = b"\x0a\x04iris\x2a\x0d\x0a\x01x\x12\x04FP64\x1a\x02\x01\x04\x3a\x20" + struct.pack("<4d", 5.1, 3.5, 1.4, 0.2)
LARGE = [("grpc.max_send_message_length", -1), ("grpc.max_receive_message_length", -1)]
MIB = 1 << 20


@pytest.fixture(scope="module")
def server():
    from conftest import Server
    made = Server(IRIS, "--max-body", "32MiB").wait_ready()
    yield made
    assert made.stop() == 0


@pytest.fixture
def channel(server):
    with grpc.insecure_channel(f"127.0.0.1:{server.port}", LARGE) as made:
        yield made
        assert b"setosa" in made.unary_unary(INFER)(GOOD, timeout=30), "it goes on serving"


def refused(channel, message, method=INFER, **options):
    with pytest.raises(grpc.RpcError) as error:
        channel.unary_unary(method)(message, timeout=120, **options)
    assert error.value.details()
    return error.value.code()


def resident(server):
    with open(f"/proc/{server.process.pid}/status") as status:
        fields = dict(line.split(":", 1) for line in status)
    return int(fields["VmHWM"].split()[0]) * 1024


def field(number, content):
    """A field of bytes."""
    size, varint = len(content), b""
    while size > 127:
        varint += bytes([size & 127 | 128])
        size >>= 7
    return bytes([number << 3 | 2]) + varint + bytes([size]) + content


BOMBS = {
    "inputs": field(5, b""), "outputs": field(6, b""), "raw contents": field(7, b""), "parameters": field(4, b""),
    "inputs with shapes": field(5, field(1, b"x") + field(3, b"\1" * 100)),
    "names": field(1, b""), "groups": b"\x4b", "unknown varints": b"\x48\x01",
}


@pytest.mark.parametrize("kind", BOMBS)
def test_messages_that_would_take_much_memory_if_parsed_take_little(server, channel, kind):
    """protobuf's own parser takes 2 GiB for 32 MiB of empty tensors."""
    repeated = BOMBS[kind] * (30 * MIB // len(BOMBS[kind]))
    message = GOOD + repeated
    try:
        assert b"setosa" in channel.unary_unary(INFER)(message, timeout=120)
    except grpc.RpcError as error:
        assert error.code() == grpc.StatusCode.INVALID_ARGUMENT and error.details()
    assert resident(server) < 400 * MIB


def test_a_shape_takes_no_memory_by_itself(server, channel):
    huge = field(1, b"iris") + field(5, field(1, b"x") + field(2, b"FP64") + field(3, b"\xff\xff\xff\xff\xff\xff\xff\x7f\x04"))
    for message in (huge, huge + field(7, b"12345678")):
        assert refused(channel, message) == grpc.StatusCode.INVALID_ARGUMENT
    contents = field(5, field(1, b"x") + field(2, b"FP64") + field(3, b"\xff\xff\xff\x7f\x04") + field(5, field(7, b"1" * 8 * MIB)))
    assert refused(channel, field(1, b"iris") + contents) == grpc.StatusCode.INVALID_ARGUMENT
    assert resident(server) < 400 * MIB


def test_messages_over_the_limit_are_refused(server, channel):
    assert refused(channel, b"\x4a" + b"\0" * (40 * MIB)) == grpc.StatusCode.RESOURCE_EXHAUSTED
    assert resident(server) < 400 * MIB


def test_compressed_bombs_are_refused(server):
    """A few hundred kB that decompress to 300 MB."""
    bomb = gzip.compress(b"\0" * (300 * MIB), 6)
    assert len(bomb) < MIB
    # A frame that says that it is compressed: the channel itself would compress again.
    import subprocess
    import tempfile
    with tempfile.NamedTemporaryFile() as body:
        body.write(b"\1" + struct.pack(">I", len(bomb)) + bomb)
        body.flush()
        done = subprocess.run(["curl", "-s", "-v", "--http2-prior-knowledge", "-H", "content-type: application/grpc", "-H",
                               "te: trailers", "-H", "grpc-encoding: gzip", "--data-binary", f"@{body.name}", "-o", "/dev/null",
                               server.url + INFER], capture_output=True, text=True, timeout=60)
    assert "grpc-status: 8" in done.stderr and "too large when decompressed" in done.stderr, done.stderr
    assert resident(server) < 400 * MIB


@pytest.mark.parametrize("message", [b"\x0a", b"\xff" * 20, b"\0", b"\x0a\x05iris", GOOD[:-1], GOOD + b"\x0a\x01\xff",
                                     b"\x2b" * 200, field(1, b"iris") + field(5, field(5, b"\x39"))])
def test_malformed_protobuf_has_a_clear_status(channel, message):
    assert refused(channel, message) == grpc.StatusCode.INVALID_ARGUMENT


@pytest.mark.parametrize("method", ["/inference.GRPCInferenceService/Nothing", "/inference.GRPCInferenceService/",
                                    "/nothing.Nothing/ModelInfer", "//ModelInfer",
                                    "/inference.GRPCInferenceService/ModelInfer/x",
                                    "/tensorflow.serving.SessionService/SessionRun"])
def test_unknown_methods_are_unimplemented(channel, method):
    assert refused(channel, b"", method) == grpc.StatusCode.UNIMPLEMENTED


def test_a_stream_survives_malformed_messages(channel):
    stream = channel.stream_stream("/inference.GRPCInferenceService/ModelStreamInfer")
    answers = list(stream(iter([GOOD, b"\xff", GOOD]), timeout=30))
    assert len(answers) == 3 and b"malformed" in answers[1] and b"setosa" in answers[2]


def test_a_client_that_does_not_read_its_stream_is_held_back(server, channel):
    """It writes 200 MiB of requests whose ids come back, and reads nothing."""
    message = GOOD + field(3, b"i" * MIB)
    stream = channel.stream_stream("/inference.GRPCInferenceService/ModelStreamInfer")
    answers = stream(iter([message] * 200), timeout=60)
    with grpc.insecure_channel(f"127.0.0.1:{server.port}") as other:
        for _ in range(50):
            assert b"setosa" in other.unary_unary(INFER)(GOOD, timeout=30)
    assert resident(server) < 400 * MIB
    assert sum(1 for _ in answers) == 200
