"""Redshift, by user and password.

https://airflow.apache.org/docs/apache-airflow-providers-amazon/stable/connections/redshift.html
"""

from __future__ import annotations

from dataclasses import replace

from ecom_source.warehouses.connection_fields import Fields, number
from ecom_source.warehouses.drivers import Driver
from ecom_source.warehouses.login_mapping import Login
from ecom_source.warehouses.types.postgres import FIELDS, NO_IAM
from ecom_source.warehouses.warehouse_type import WarehouseType


def _ssl(fields: Fields) -> dict[str, str]:
    """Amazon's driver encrypts unless told otherwise; libpq would also go without."""
    return {"sslmode": fields["extra.sslmode"] or ("require" if fields.flag("extra.ssl", True) else "disable")}


LOGIN = Login(
    credentials={**FIELDS, "connect_timeout": number("extra.timeout"), "query": _ssl},
    settings={"staging_iam_role": "extra.staging_iam_role"},
    defaults={"port": 5439},
    required=("host", "schema", "login", "password"),
    refused={"extra.iam": NO_IAM},
    label="{host}:{port}/{database}",
)

REDSHIFT = WarehouseType(
    "redshift",
    "Redshift",
    logins={"redshift": (LOGIN,), "postgres": (replace(LOGIN, when=("extra.redshift",)),)},
    drivers=(Driver("redshift", ("psycopg2",)),),
    # TRUNCATE ends the transaction that it is in; DELETE does not.
    truncate_in_transaction=False,
    # https://docs.aws.amazon.com/redshift/latest/dg/r_Character_types.html
    ignores_blanks=True,
)
