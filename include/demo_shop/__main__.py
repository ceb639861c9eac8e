"""Run the shop as a process: ``python -m demo_shop --port 8000 --api-key-env DEMO_SHOP_KEY``."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from .seed import SIZES
from .shop import DemoShop


def parse(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line; exits with 2 when it is wrong."""
    parser = argparse.ArgumentParser(prog="python -m demo_shop", description="A demo shop with a REST API.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (0.0.0.0 in a container)")
    parser.add_argument("--port", type=int, default=0, help="port to listen on, 0 for a free one")
    parser.add_argument("--api-key-env", metavar="NAME", help="environment variable with the key; no key without")
    parser.add_argument("--state", type=Path, metavar="FILE", help="keep the rows in this file")
    parser.add_argument("--admin", action="store_true", help="open /_admin to who has the key")
    parser.add_argument("--tick-every", type=float, metavar="SECONDS", help="apply one random change this often")
    parser.add_argument("--no-deletes", action="store_true", help="random changes delete no rows")
    parser.add_argument("--ready-file", type=Path, metavar="FILE", help="write the URL here once it is served")
    parser.add_argument("--seed", type=int, default=1, help="seed of the rows and of the random changes")
    parser.add_argument(
        "--size", action="append", type=_size, default=[], metavar="NAME=ROWS", help="number of first rows"
    )
    args = parser.parse_args(argv)
    if args.api_key_env and not os.environ.get(args.api_key_env):
        parser.error(f"--api-key-env: found no value in {args.api_key_env}, expected the shop's key")
    if args.tick_every is not None and args.tick_every <= 0:
        parser.error(f"--tick-every: found {args.tick_every}, expected more than 0 seconds")
    return args


def _size(text: str) -> tuple[str, int]:
    name, _, rows = text.partition("=")
    if name not in SIZES or not rows.isdigit():
        raise argparse.ArgumentTypeError(f"found {text!r}, expected NAME=ROWS with a name out of {', '.join(SIZES)}")
    return name, int(rows)


def main(argv: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT; the exit code."""
    args = parse(argv)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    shop = DemoShop(
        os.environ[args.api_key_env] if args.api_key_env else None,
        seed=args.seed,
        sizes=dict(args.size),
        host=args.host,
        port=args.port,
        state_file=args.state,
        admin=args.admin,
    )
    with shop:
        print(f"demo shop at {shop.url}", flush=True)
        if args.ready_file is not None:
            _write(args.ready_file, shop.url)
        while not stop.wait(args.tick_every):
            shop.tick(1, deletes=not args.no_deletes)
    return 0


def _write(path: Path, text: str) -> None:
    """Whoever waits for the file must not read a part of it."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    draft.write_text(f"{text}\n", encoding="utf-8")
    draft.replace(path)


if __name__ == "__main__":
    sys.exit(main())
