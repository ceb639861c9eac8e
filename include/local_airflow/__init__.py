"""A whole Airflow on this machine, for `make up`, `make demo` and the end-to-end tests."""

from __future__ import annotations

from .api import AirflowApi, ApiError
from .instance import LocalAirflow
from .processes import Service, ServiceError
from .shop import LocalShop

__all__ = ["AirflowApi", "ApiError", "LocalAirflow", "LocalShop", "Service", "ServiceError"]
