"""A shop that costs next to nothing: rows are cut and pasted from bytes made beforehand.

`python -m bench.shop --rows 100000 --latency 0.05 --ready FILE` serves `GET /v1/resource?offset=&limit=` on 127.0.0.1.
A million rows take no more memory than a thousand: only the id tells them apart from one another.
"""

from __future__ import annotations

import argparse
import asyncio
import json
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

PATTERNS = 1000
LAST_CHANGES = "2026-01-01T23"
"""The hour, in UTC. A window that begins in it or later is empty here, for the sake of the cursor's lag."""


def tail_of(number: int) -> bytes:
    """All fields of a row but its id: 15 in all, one nested object, a list of two items."""
    row = {
        "name": f"Product {number}, größer",
        "price": round(1.25 + number * 0.37, 2),
        "currency": "EUR",
        "sku": f"SKU-{number:06d}",
        "category": f"category-{number % 17}",
        "brand": f"brand-{number % 29}",
        "description": f"A fine thing, number {number}, with some words about it.",
        "stock": number % 250,
        "is_active": number % 3 > 0,
        "rating": round(number % 50 / 10, 1),
        "weight_grams": 100 + number,
        "discontinued_at": None if number % 4 else "2025-12-01T08:00:00Z",
        "created_at": f"2025-{number % 12 + 1:02d}-{number % 28 + 1:02d}T10:00:00Z",
        "updated_at": f"2026-01-01T{number % 24:02d}:{number % 60:02d}:00Z",
        "dimensions": {"width": number % 40, "height": number % 30, "unit": "cm"},
        "items": [
            {"line": 1, "sku": f"PART-{number % 100}", "quantity": number % 5 + 1, "price": 9.5},
            {"line": 2, "sku": f"PART-{number % 77}", "quantity": number % 3 + 1, "price": 19.25},
        ],
    }
    return b"," + json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode()[1:]


class Shop(asyncio.Protocol):
    """One connection. Requests are counted over all of them."""

    requests = 0

    def __init__(self, rows: int, latency: float, tails: list[bytes]) -> None:
        self.rows, self.latency, self.tails = rows, latency, tails
        self.rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client is there."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        """Answers every whole request in `data`, after the latency."""
        self.rest += data
        while (end := self.rest.find(b"\r\n\r\n")) >= 0:
            target = self.rest[: self.rest.find(b"\r\n")].split(b" ")[1].decode()
            self.rest = self.rest[end + 4 :]
            answer = self.answer(target)
            if self.latency:
                asyncio.get_running_loop().call_later(self.latency, self.transport.write, answer)
            else:
                self.transport.write(answer)

    def answer(self, target: str) -> bytes:
        """The bytes of one answer."""
        url = urlsplit(target)
        if url.path == "/_requests":
            body = b"%d" % Shop.requests
        else:
            Shop.requests += 1
            query = parse_qs(url.query)
            total = 0 if query.get("updated_since", [""])[0] >= LAST_CHANGES else self.rows
            offset, limit = (
                int(query.get(name, [default])[0]) for name, default in (("offset", "0"), ("limit", "100"))
            )
            numbers = range(offset, min(total, offset + limit))
            rows = b",".join([b'{"id":%d' % (number + 1) + self.tails[number % PATTERNS] for number in numbers])
            body = b'{"data":[' + rows + b'],"total":%d}' % total
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
        return head % len(body) + body


async def serve(rows: int, latency: float, ready: Path) -> None:
    """Serves until the process is ended; writes the address to `ready` first."""
    tails = [tail_of(number) for number in range(PATTERNS)]
    server = await asyncio.get_running_loop().create_server(lambda: Shop(rows, latency, tails), "127.0.0.1", 0)
    draft = ready.with_suffix(".draft")
    draft.write_text(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    draft.rename(ready)
    await server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, required=True)
    parser.add_argument("--latency", type=float, default=0.0)
    parser.add_argument("--ready", type=Path, required=True)
    arguments = parser.parse_args()
    asyncio.run(serve(arguments.rows, arguments.latency, arguments.ready))
