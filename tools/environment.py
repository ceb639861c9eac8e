"""Write .env for docker-compose.yaml from .env.example, with a new random value for each that is empty.

`make env` runs it. It needs no more than Python, and leaves a .env that is there already as it is.
"""

from __future__ import annotations

import base64
import os
import secrets
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def filled(example: str) -> str:
    """The example's text with a key or password in the place of each empty value."""
    lines = [
        f"{line}{_secret(line[:-1])}" if line.endswith("=") and not line.startswith("#") else line
        for line in example.splitlines()
    ]
    return "\n".join([*lines, ""])


def _secret(name: str) -> str:
    if name == "FERNET_KEY":  # 32 bytes in URL-safe base64, its padding included
        return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
    return secrets.token_urlsafe(48)


def main(arguments: Sequence[str]) -> int:
    """The command; 1 if the file is there already. The one argument is its path, `.env` unless given."""
    file = Path(arguments[0]) if arguments else ROOT / ".env"
    text = filled((ROOT / ".env.example").read_text(encoding="utf-8"))
    try:
        with open(file, "x", opener=lambda path, flags: os.open(path, flags, 0o600), encoding="utf-8") as out:
            out.write(text)
    except FileExistsError:
        print(f"{file} is there already, and stays: its keys open what was stored with them.", file=sys.stderr)
        return 1
    print(f"Wrote {file}.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
