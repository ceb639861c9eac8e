"""`python -m bench`: all measurements, one after another."""

from __future__ import annotations

from bench import fleet, parse

if __name__ == "__main__":
    parse.main()
    fleet.main()
