"""The shop's first rows and its random new ones, the same for the same seed on every machine.

A stored row is a dict whose times (`TIME_FIELDS`) are microseconds; `show` makes it what the API answers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from random import Random
from typing import Any

from .times import to_micros

Row = dict[str, Any]
Sizes = Mapping[str, int]

SIZES: Sizes = {"resource": 2540, "products": 300, "customers": 400, "orders": 1200, "reviews": 600}
TIME_FIELDS = ("discontinued_at", "created_at", "updated_at")

FIRST = to_micros(datetime(2024, 1, 1, tzinfo=UTC))
LAST = to_micros(datetime(2026, 6, 30, 23, 59, 59, tzinfo=UTC))
_SECOND = 1_000_000
_DAY = 86_400 * _SECOND

_ADJECTIVES = (
    "Quiet",
    "Bright",
    "Folding",
    "Woollen",
    "Copper",
    "Oak",
    "Linen",
    "Travel",
    "Garden",
    "Winter",
)
_THINGS = ("Lamp", "Kettle", "Chair", "Blanket", "Notebook", "Backpack", "Mug", "Clock", "Scarf", "Basket")
_BRANDS = ("Halden", "Café Nord", "Brückner", "Osaka Works", "Miro & Co", "Plain")
_CATEGORIES = ("home", "kitchen", "office", "outdoor", "clothing")
_CURRENCIES = ("EUR", "EUR", "EUR", "USD", "GBP")
_FIRST_NAMES = ("Ada", "Bram", "Chloé", "Deniz", "Elif", "Finn", "Grażyna", "Hugo", "Inés", "Jonas")
_LAST_NAMES = (
    "Berg",
    "Costa",
    "Dupont",
    "Eriksen",
    "Fischer",
    "García",
    "Horvat",
    "Ivanova",
    "Jansen",
    "Kaya",
)
_PLACES = (("Gent", "BE"), ("Porto", "PT"), ("Łódź", "PL"), ("Turku", "FI"), ("Graz", "AT"), ("Lyon", "FR"))
_STATUSES = ("pending", "paid", "shipped", "delivered", "cancelled")


def _maybe(rng: Random, share_of_nulls: float, value: Any) -> Any:
    return None if rng.random() < share_of_nulls else value


def _price(rng: Random) -> float:
    return rng.randint(199, 49_999) / 100


def _name(rng: Random) -> str:
    return f"{rng.choice(_ADJECTIVES)} {rng.choice(_THINGS)}"


def _resource(rng: Random, key: int, sizes: Sizes) -> Row:
    name = _name(rng)
    return {
        "id": key,
        "name": name,
        "price": _price(rng),
        "currency": rng.choice(_CURRENCIES),
        "sku": f"R-{key:06d}",
        "category": rng.choice(_CATEGORIES),
        "brand": rng.choice(_BRANDS),
        "description": _maybe(rng, 0.3, f"{name}, made to last."),
        "stock": rng.randint(0, 500),
        "is_active": rng.random() < 0.9,
        "rating": _maybe(rng, 0.25, rng.randint(10, 50) / 10),
        "weight_grams": _maybe(rng, 0.2, rng.randint(20, 9_000)),
        "discontinued_at": _maybe(rng, 0.9, FIRST + rng.randint(0, 900) * _DAY),
    }


def _product(rng: Random, key: int, sizes: Sizes) -> Row:
    return {
        "id": key,
        "title": _name(rng),
        "sku": f"P-{key:05d}",
        "price": _price(rng),
        "currency": rng.choice(_CURRENCIES),
        "category": rng.choice(_CATEGORIES),
        "stock": rng.randint(0, 500),
        "dimensions": {"width_mm": rng.randint(20, 900), "height_mm": rng.randint(20, 900)},
    }


def _customer(rng: Random, key: int, sizes: Sizes) -> Row:
    first, last = rng.choice(_FIRST_NAMES), rng.choice(_LAST_NAMES)
    return {
        "id": key,
        "email": f"customer{key}@example.com",
        "first_name": first,
        "last_name": last,
        "phone": _maybe(rng, 0.4, f"+32 470 {rng.randint(0, 999_999):06d}"),
        "country": rng.choice(_PLACES)[1],
        "accepts_marketing": rng.random() < 0.5,
    }


def _order(rng: Random, key: int, sizes: Sizes) -> Row:
    city, country = rng.choice(_PLACES)
    items: list[Row] = []
    for _ in range(rng.randint(1, 4)):
        product = rng.randint(1, max(1, sizes["products"]))
        items.append(
            {
                "sku": f"P-{product:05d}",
                "product_id": product,
                "quantity": rng.randint(1, 5),
                "unit_price": _price(rng),
            }
        )
    return {
        "id": key,
        "customer_id": rng.randint(1, max(1, sizes["customers"])),
        "status": rng.choice(_STATUSES),
        "currency": rng.choice(_CURRENCIES),
        "total": round(sum(item["quantity"] * item["unit_price"] for item in items), 2),
        "shipping_address": {
            "street": f"{rng.choice(_LAST_NAMES)} Street {rng.randint(1, 200)}",
            "postcode": f"{rng.randint(1000, 9999)}",
            "city": city,
            "country": country,
        },
        "line_items": items,
        "note": _maybe(rng, 0.7, "Leave it with the neighbours"),
    }


def _review(rng: Random, key: int, sizes: Sizes) -> Row:
    return {
        "id": key,
        "product_id": rng.randint(1, max(1, sizes["products"])),
        "stars": rng.randint(1, 5),
        "text": _maybe(rng, 0.3, f"{rng.choice(_ADJECTIVES)}, would buy again"),
    }


_MAKERS: dict[str, Callable[[Random, int, Sizes], Row]] = {
    "resource": _resource,
    "products": _product,
    "customers": _customer,
    "orders": _order,
    "reviews": _review,
}

CHANGEABLE: dict[str, tuple[str, ...]] = {
    "resource": ("price", "stock", "description", "rating", "is_active"),
    "products": ("price", "stock"),
    "customers": ("phone", "country", "accepts_marketing"),
    "orders": ("status", "note", "shipping_address"),
    "reviews": ("stars", "text"),
}


def new_row(name: str, key: int, sizes: Sizes, rng: Random, now: int) -> Row:
    """A random row of a resource, created and changed at ``now`` (microseconds)."""
    return _MAKERS[name](rng, key, sizes) | {"created_at": now, "updated_at": now}


def first_rows(name: str, sizes: Sizes, seed: int) -> list[Row]:
    """The rows a new shop starts with, ids from 1. The list is the caller's, the rows are shared."""
    return list(_first_rows(name, tuple(sorted(sizes.items())), seed))


@lru_cache(maxsize=32)
def _first_rows(name: str, sizes: tuple[tuple[str, int], ...], seed: int) -> tuple[Row, ...]:
    counts = dict(sizes)
    rng = Random(f"{seed}:{name}")  # noqa: S311 (made-up rows, not secrets)
    seconds = (LAST - FIRST) // _SECOND
    # A shop's imports and price runs change many rows in one instant: there paging by time goes wrong.
    runs = [FIRST + rng.randint(0, seconds) * _SECOND for _ in range(counts[name] // 25 + 1)]
    rows = []
    for key in range(1, counts[name] + 1):
        updated = rng.choice(runs) if rng.random() < 0.3 else FIRST + rng.randint(0, seconds) * _SECOND
        row = new_row(name, key, counts, rng, updated)
        row["created_at"] = updated - rng.randint(0, 300 * 86_400) * _SECOND
        rows.append(row)
    return tuple(rows)
