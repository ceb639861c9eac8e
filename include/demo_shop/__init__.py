"""A small e-commerce REST API to load from: deterministic rows, changes, bad habits and faults on request."""

from __future__ import annotations

from .access import WAYS, Access
from .client import ShopAdmin
from .faults import KINDS, Fault
from .habits import Habits
from .log import RequestRecord
from .seed import SIZES
from .shop import DemoShop
from .store import Change

__all__ = [
    "KINDS",
    "SIZES",
    "WAYS",
    "Access",
    "Change",
    "DemoShop",
    "Fault",
    "Habits",
    "RequestRecord",
    "ShopAdmin",
]
