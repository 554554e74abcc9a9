"""Stopping and dying: with clients that go on asking, and beside other processes."""

import http.client
import json
import signal
import threading
import time

from conftest import IRIS, Server

BODY = json.dumps({"features": [5.1, 3.5, 1.4, 0.2]})


class Client(threading.Thread):
    """Asks on a kept connection, opens another when told `Connection: close`, until nobody listens any more."""

    def __init__(self, port):
        super().__init__(daemon=True)
        self.port, self.answered, self.reopened, self.failures = port, 0, 0, []

    def run(self):
        connection = None
        while not self.failures:
            try:
                if connection is None:
                    connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
                    connection.connect()
            except ConnectionRefusedError:
                return  # stopped: no balancer sends anything here now
            except OSError as error:
                self.failures.append(f"connect: {error!r}")
                return
            try:
                connection.request("POST", "/predict", BODY)
                answer = connection.getresponse()
                body = answer.read()
                if answer.status != 200 or b"setosa" not in body:
                    self.failures.append(f"{answer.status} {body!r}")
                self.answered += 1
                if answer.getheader("Connection") == "close":
                    connection.close()
                    connection = None
                    self.reopened += 1
            except (OSError, http.client.HTTPException) as error:
                self.failures.append(f"after {self.reopened} times closed: {error!r}")


def test_traffic_that_goes_on_until_the_end_fails_nowhere():
    server = Server(IRIS, "--drain-delay", "1s").wait_ready()
    clients = [Client(server.port) for _ in range(6)]
    for client in clients:
        client.start()
    time.sleep(0.5)
    server.process.send_signal(signal.SIGTERM)
    time.sleep(0.3)
    assert server.get("/v2/health/ready").status_code == 503
    before = sum(client.answered for client in clients)
    time.sleep(0.3)
    assert sum(client.answered for client in clients) > before  # requests are taken during the delay
    assert server.stop() == 0
    for client in clients:
        client.join(20)
    assert [client.failures for client in clients] == [[]] * 6
    assert all(client.answered > 20 for client in clients)
    assert sum(client.reopened for client in clients) > 0


def test_killing_one_server_in_the_middle_of_a_request_leaves_others_alone():
    killed, other = Server(IRIS).wait_ready(), Server(IRIS).wait_ready()
    connection = http.client.HTTPConnection("127.0.0.1", killed.port, timeout=10)
    connection.putrequest("POST", "/predict")
    connection.putheader("Content-Length", "1000")
    connection.endheaders(b'{"features":')
    killed.process.kill()
    assert killed.process.wait(10) == -signal.SIGKILL
    assert other.post("/predict", BODY).json()["prediction"] == ["setosa"]
    again = Server(IRIS, "--port", killed.port).wait_ready()  # the port is free at once
    assert again.port == killed.port and again.post("/predict", BODY).status_code == 200
    assert again.stop() == 0 and other.stop() == 0


def test_signals_of_log_rotation_end_nothing():
    server = Server(IRIS).wait_ready()
    for number in (signal.SIGHUP, signal.SIGUSR1):
        server.process.send_signal(number)
        assert server.post("/predict", json.loads(BODY)).json() == {"prediction": ["setosa"]}
    assert server.stop() == 0
