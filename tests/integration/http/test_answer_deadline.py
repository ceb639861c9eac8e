"""Servers that send one byte now and then: each part of a request counts for its time limit."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event, Thread
from types import SimpleNamespace
from typing import Any

import pytest
import requests
import trustme

from ecom_source.errors import RequestFailedError
from ecom_source.http.answer_deadline import SECONDS
from ecom_source.http.session import Traffic, shop_session
from ecom_source.secrets.redactor import Redactor

Talk = Callable[[socket.socket, Event], None]
LIMIT = 0.6
BODY = b"[]" + b" " * 1000


@contextmanager
def server(talk: Talk) -> Iterator[int]:
    """A server that talks so to each who connects; its port."""
    over = Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = listening.accept()
                    Thread(target=answer, args=[connection], daemon=True).start()

        def answer(connection: socket.socket) -> None:
            with connection, suppress(OSError):
                talk(connection, over)

        Thread(target=serve, daemon=True).start()
        try:
            yield listening.getsockname()[1]
        finally:
            over.set()
            # `close` does not wake a thread that waits for a connection.
            listening.shutdown(socket.SHUT_RDWR)


def drip(connection: socket.socket, over: Event, part: bytes) -> None:
    while not over.wait(0.05):
        connection.sendall(part)


def headers(connection: socket.socket, over: Event) -> None:
    connection.recv(65536)
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    drip(connection, over, b"X-Drip: x\r\n")


def status_line(connection: socket.socket, over: Event) -> None:
    connection.recv(65536)
    connection.sendall(b"HTTP/1.1 200 O")
    drip(connection, over, b"K")


def one_header(connection: socket.socket, over: Event) -> None:
    connection.recv(65536)
    connection.sendall(b"HTTP/1.1 200 OK\r\nX-Drip: ")
    drip(connection, over, b"x")


def hundred_continue(connection: socket.socket, over: Event) -> None:
    connection.recv(65536)
    drip(connection, over, b"HTTP/1.1 100 Continue\r\n\r\n")


def silence(connection: socket.socket, over: Event) -> None:
    connection.recv(65536)
    over.wait()


def body(connection: socket.socket, over: Event) -> None:
    connection.recv(65536)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n[")
    drip(connection, over, b" ")


def chunks(connection: socket.socket, over: Event) -> None:
    connection.recv(65536)
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    # The size of a chunk, which never comes to an end.
    drip(connection, over, b"0")


def trailers(connection: socket.socket, over: Event) -> None:
    connection.recv(65536)
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n[]\r\n0\r\n")
    drip(connection, over, b"X-Drip: x\r\n")


def reads_slowly(connection: socket.socket, over: Event) -> None:
    while not over.wait(0.05):
        connection.recv(1)


def get(port: int, **options: Any) -> requests.Response:
    session = shop_session(Redactor([]), options.pop("traffic", Traffic()))
    try:
        return session.request(
            options.pop("method", "GET"), f"{options.pop('scheme', 'http')}://127.0.0.1:{port}/things", **options
        )
    finally:
        session.close()


def refused(port: int, **options: Any) -> str:
    """What such a request fails with, which it does in time and after one attempt."""
    traffic = Traffic()
    began = time.monotonic()
    with pytest.raises(RequestFailedError) as error:
        get(port, traffic=traffic, **options)
    assert LIMIT <= time.monotonic() - began < LIMIT + 2
    assert traffic.requests == 1
    return error.value.found


@pytest.fixture(autouse=True)
def limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SECONDS, str(LIMIT))


@pytest.mark.parametrize("talk", [headers, status_line, one_header, hundred_continue, silence])
def test_headers_count(talk: Talk) -> None:
    with server(talk) as port:
        assert refused(port) == f"The answer to GET /things has not ended after {LIMIT} s, with incomplete headers."


@pytest.mark.parametrize("talk", [body, chunks, trailers])
def test_a_body_counts(talk: Talk) -> None:
    with server(talk) as port:
        assert refused(port).startswith(f"The answer to GET /things has not ended after {LIMIT} s, with ")


@pytest.mark.parametrize("talk", [body, chunks])
def test_an_answer_that_is_streamed_counts_from_its_request(talk: Talk) -> None:
    with server(talk) as port:
        began = time.monotonic()
        response = get(port, stream=True)
        with pytest.raises(RequestFailedError):
            list(response.iter_content(1))
        assert time.monotonic() - began < LIMIT + 2


@pytest.mark.parametrize(
    "sent",
    [pytest.param(b"x" * 50_000_000, id="at once"), pytest.param((b"x" * 50_000 for _ in range(1000)), id="parts")],
)
def test_so_does_a_request_that_the_server_takes_its_time_to_read(sent: Any) -> None:
    with server(reads_slowly) as port:
        assert "has not ended" in refused(port, method="POST", data=sent)


def test_a_tls_handshake_that_drips_counts() -> None:
    def handshake(connection: socket.socket, over: Event) -> None:
        connection.recv(65536)
        # The head of a record of 16,384 bytes, which then come one by one.
        connection.sendall(b"\x16\x03\x03\x40\x00")
        drip(connection, over, b"\x02")

    with server(handshake) as port:
        assert "has not ended" in refused(port, scheme="https", verify=False)


def test_so_does_the_answer_of_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with server(headers) as port:
        proxies = {"http": f"http://127.0.0.1:{port}", "https": f"http://127.0.0.1:{port}"}
        assert "has not ended" in refused(1, proxies=proxies)
        assert "has not ended" in refused(1, scheme="https", proxies=proxies)


def test_so_does_what_drips_behind_tls(tmp_path: Path) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "authority.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)

    def behind(talk: Talk) -> Talk:
        def answer(connection: socket.socket, over: Event) -> None:
            with context.wrap_socket(connection, server_side=True) as wrapped:
                talk(wrapped, over)

        return answer

    for talk in (headers, body):
        with server(behind(talk)) as port:
            assert "has not ended" in refused(port, scheme="https", verify=str(tmp_path / "authority.pem"))


@pytest.mark.parametrize("end", [b"Connection: close\r\n", b""])
def test_an_answer_in_time_is_whole(end: bytes) -> None:
    """Slower than requests' own timeout would be for one byte, and more than one answer over one connection."""

    def slowly(connection: socket.socket, over: Event) -> None:
        while connection.recv(65536):
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n%b\r\n" % (len(BODY), end))
            for at in range(0, len(BODY), 400):
                over.wait(0.05)
                connection.sendall(BODY[at : at + 400])
            if end:
                return

    with server(slowly) as port:
        session = shop_session(Redactor([]), Traffic())
        for _ in range(5):
            assert session.get(f"http://127.0.0.1:{port}/things").content == BODY
        session.close()


def test_a_silent_server_is_asked_again_while_there_is_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SECONDS, "60")
    monkeypatch.setattr("ecom_source.http.session.TIMEOUT", (0.2, 0.2))
    monkeypatch.setattr("tenacity.nap.time", SimpleNamespace(sleep=lambda seconds: None))
    with server(silence) as port:
        traffic = Traffic()
        with pytest.raises(requests.exceptions.ReadTimeout):
            get(port, traffic=traffic)
        assert traffic.requests == 4
