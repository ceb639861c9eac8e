"""The shop, or the way to it, fails at a known request."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from requests.adapters import HTTPAdapter
from tests.faults.book import Book
from tests.faults.cells import PAGES
from tests.faults.scene import OFFSETS, Scene
from tests.support.loads import connection_json

from ecom_source.http.session import MAX_WAIT
from local_airflow.environment import HOST

BACKOFF = [2.0, 4.0, 8.0]
TOO_MANY_AT_ONCE = 503


def times(number: int) -> str:
    """Such as `3 retries`."""
    return f"{number} {'retry' if number == 1 else 'retries'}"


def fails_and_passes(
    scene: Scene, book: Book, names: dict[int | None, str], kind: str, variant: str = "", **fault: Any
) -> None:
    """For ever at each page; the runs after that have the fault a few times at all of their pages, and outlive it.

    Args:
        names: of the rows, by how often the fault comes; None for ever.
    """
    waits = [float(MAX_WAIT)] * 3 if "retry_after" in fault else BACKOFF
    for stage in PAGES:
        scene.shop.fail(kind, params={"offset": OFFSETS[stage]}, times=None, **fault)
        seen = scene.run()
        # What began in company of others, and was refused for it, is asked once more alone: not one of the retries.
        alone = 1 if fault.get("status") == TOO_MANY_AT_ONCE and seen.retries[OFFSETS[stage]] > 3 else 0
        assert (seen.retries[OFFSETS[stage]], scene.clock.slept) == (3 + alone, waits)
        book.note(names[None], stage, scene.kind, seen.end, variant=variant)
        scene.shop.clear_faults()
    for number in sorted(number for number in names if number):
        for offset in OFFSETS.values():
            scene.shop.fail(kind, params={"offset": offset}, times=number, **fault)
        seen = scene.next_run()
        wanted = sorted(waits[:number] * 3)
        # The first refusal of what is asked in company is followed by a request alone, which waits its turn instead.
        less = 2 if fault.get("status") == TOO_MANY_AT_ONCE else 0
        assert len(wanted) - less <= len(scene.clock.slept) <= len(wanted)
        assert set(scene.clock.slept) <= set(wanted)
        for stage, offset in OFFSETS.items():
            book.note(names[number], stage, scene.kind, seen.end, how=times(seen.retries[offset]), variant=variant)
        scene.change()


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_retried_status(scene: Scene, book: Book, status: int) -> None:
    row = "429, 500, 502, 503 or 504"
    names = {None: f"{row}, for ever", 1: f"{row}, once", 3: f"{row}, three times"}
    fails_and_passes(scene, book, names, "status", str(status), status=status)


@pytest.mark.parametrize(
    ("row", "kind", "fault"),
    [
        ("`Retry-After` of an hour", "status", {"status": 429, "retry_after": 3600}),
        ("connection reset", "drop", {}),
        ("stalled beyond the timeout", "stall", {}),
        ("body cut", "cut", {}),
    ],
)
def test_no_answer_or_none_for_an_hour(scene: Scene, book: Book, row: str, kind: str, fault: dict[str, Any]) -> None:
    fails_and_passes(scene, book, {None: f"{row}, for ever", 1: f"{row}, once"}, kind, **fault)


def test_malformed_json(scene: Scene, book: Book) -> None:
    for stage, offset in OFFSETS.items():
        scene.shop.fail("malformed", params={"offset": offset})
        seen = scene.run()
        assert "is no JSON" in seen.text
        assert scene.clock.slept == []
        book.note("malformed JSON", stage, scene.kind, seen.end)
    scene.next_run()


@pytest.mark.parametrize("stage", ["connect", *PAGES])
def test_connection_refused(scene: Scene, book: Book, stage: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for back in (False, True):
        with monkeypatch.context() as patch:
            if stage == "connect":
                scene.shop.stop()
            else:
                before_request(f"offset={OFFSETS[stage]}", scene.shop.stop, patch)
            scene.clock.asleep = lambda number, back=back: back and number == 1 and scene.shop.start()  # type: ignore[misc]
            seen = scene.run()
        scene.clock.asleep = lambda number: None
        if back:
            assert seen.report is not None
            assert set(seen.report.traffic.troubles) == {"ConnectionError"}
            assert BACKOFF[0] in scene.clock.slept
            book.note("connection refused, and back", stage, scene.kind, seen.end, how="retried")
            scene.assert_equal()
            scene.assert_nothing_left()
        else:
            assert "gave no complete answer: connection refused, after 4 attempts" in seen.text
            book.note("connection refused, for ever", stage, scene.kind, seen.end)
            scene.shop.start()


def before_request(part: str, action: Any, patch: pytest.MonkeyPatch) -> None:
    """Does something once, before the request whose URL has this part is sent."""
    send, done = HTTPAdapter.send, threading.Event()

    def sending(self: HTTPAdapter, request: Any, *args: Any, **kwargs: Any) -> Any:
        if part in request.url and not done.is_set():
            done.set()
            action()
        return send(self, request, *args, **kwargs)

    patch.setattr(HTTPAdapter, "send", sending)


@pytest.mark.parametrize("row", ["connection reset, for ever", "stalled beyond the timeout, for ever"])
def test_nobody_talks(scene: Scene, book: Book, row: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with {"connection reset, for ever": closing, "stalled beyond the timeout, for ever": full}[row]() as port:
        with monkeypatch.context() as patch:
            patch.setenv("AIRFLOW_CONN_ECOM_API", connection_json(f"http://{HOST}:{port}"))
            seen = scene.run()
        assert scene.clock.slept == BACKOFF
        book.note(row, "connect", scene.kind, seen.end)
    scene.next_run()


@contextmanager
def closing() -> Iterator[int]:
    """A server that closes each connection with a reset."""
    with socket.create_server((HOST, 0)) as server:

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                connection.close()

        thread = threading.Thread(target=serve)
        thread.start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)
        thread.join()


@contextmanager
def full() -> Iterator[int]:
    """A server whose queue of connections is full: none is accepted, none is refused."""
    with socket.create_server((HOST, 0), backlog=0) as server:
        waiting = [socket.socket() for _ in range(4)]
        for client in waiting:
            client.setblocking(False)
            client.connect_ex(server.getsockname())
        yield server.getsockname()[1]
        for client in waiting:
            client.close()
