"""Serving clients that are slow, silent or odd: others are answered meanwhile."""

import contextlib
import json
import socket
import time

import numpy as np
import psutil
import pytest

import zoo as package

httpx = pytest.importorskip("httpx")
pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")
pytest.importorskip("starlette")
pytest.importorskip("uvicorn")

from served import Served, contract, handmade, npy  # noqa: E402

PIXELS = np.random.default_rng(0).integers(0, 256, (5, 4, 4, 1), "uint8")


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A folder with an ONNX file made by hand."""
    place = tmp_path_factory.mktemp("served")
    handmade(place / "pixels.onnx", contract(), "pixels")
    return place


@pytest.fixture(scope="module")
def patient(home):
    """A server in this process that waits for no client longer than a second."""
    options = package.ServeOptions(header_timeout=0.6, timeout=1.2, max_connections=12)
    with package.serve(home / "pixels.onnx", port=0, block=False, options=options) as server:
        yield server


def _connect(server) -> socket.socket:
    port = int(server.url.rpartition(":")[2])
    return socket.create_connection(("127.0.0.1", port), timeout=20)


def _all(connection: socket.socket) -> bytes:
    """Everything until the other end closes."""
    received = b""
    try:
        while part := connection.recv(65536):
            received += part
    except ConnectionError:
        pass
    connection.close()
    return received


def _status(answer: bytes) -> int:
    head, _, body = answer.partition(b"\r\n\r\n")
    assert "error" in json.loads(body)
    return int(head.split()[1])


def _ask(server) -> int:
    return httpx.post(
        f"{server.url}/v1/models/pixels:predict", **npy(PIXELS), timeout=10
    ).status_code


def test_slow_clients_keep_nobody_from_being_served(patient):
    slow = [_connect(patient) for _ in range(50)]
    for each in slow[::2]:
        each.sendall(b"POST /v1/models/pixels:predict HTTP/1.1\r\nHost: localhost\r\n")
    assert [_ask(patient) for _ in range(5)] == [200] * 5
    ended = [_all(each) for each in slow]
    assert {_status(each) for each in ended if each} <= {408}
    assert sum(not each for each in ended) >= 38  # closed for those that came after them


@pytest.mark.slow
def test_ten_thousand_slow_clients(home):
    """Memory stays bounded, and others are served meanwhile."""
    resource = pytest.importorskip("resource")
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    count = min(10_000, hard - 500)
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    served, slow = Served("pixels.onnx", "--timeout", "10", cwd=home), []
    memory = psutil.Process(served.process.pid).memory_info
    try:
        small = memory().rss
        head = b"POST /v1/models/pixels:predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999\r\n"
        kind = b"Content-Type: application/json\r\n\r\n" + b" " * 9000
        for number in range(count):
            slow.append(socket.create_connection(("127.0.0.1", served.port), timeout=30))
            with contextlib.suppress(OSError):
                slow[-1].sendall((b"", head, head + kind)[number % 3])
            if number % 1000 == 999:
                with httpx.Client(base_url=served.url, timeout=30) as client:
                    answer = client.post("/v1/models/pixels:predict", **npy(PIXELS))
                assert answer.status_code == 200
        assert memory().rss - small < 200 * 2**20
        assert served.predict("pixels", **npy(PIXELS)).status_code == 200
    finally:
        for each in slow:
            each.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
        code = served.stop()
    assert code == 0 and served.errors == []


def test_a_body_that_does_not_come(patient):
    connection = _connect(patient)
    head = b"POST /v1/models/pixels:predict HTTP/1.1\r\nHost: localhost\r\n"
    connection.sendall(head + b"Content-Type: application/json\r\nContent-Length: 99\r\n\r\n{")
    assert _status(_all(connection)) == 408


def test_a_body_that_was_refused_is_not_received_for_ever(patient):
    connection = _connect(patient)
    head = b"POST /v1/models/none:predict HTTP/1.1\r\nHost: localhost\r\n"
    connection.sendall(head + b"Content-Length: 999999999\r\n\r\n")
    start = time.monotonic()
    assert b" 404 " in _all(connection)
    assert time.monotonic() - start < 8


def test_a_client_that_says_nothing_after_an_answer(patient):
    connection = _connect(patient)
    connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert b" 200 " in connection.recv(65536)
    connection.sendall(b"\r\n")  # no request begins
    start = time.monotonic()
    _all(connection)
    assert time.monotonic() - start < 8


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"nothing like HTTP\r\n\r\n", 400),
        (b"GET /\xff HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nX: " + b"x" * 40_000, 431),
        (b"GET /" + b"x" * 40_000, 431),
    ],
)
def test_odd_heads_are_refused(patient, sent, status):
    connection = _connect(patient)
    connection.sendall(sent)
    assert _status(_all(connection)) == status
    assert _ask(patient) == 200


def test_pipelined_requests_are_answered(patient):
    connection = _connect(patient)
    connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n" * 3)
    received = b""
    while received.count(b" 200 ") < 3:
        received += connection.recv(65536)
    connection.close()
