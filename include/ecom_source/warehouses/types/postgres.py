"""PostgreSQL, by user and password, client certificate or password file.

https://airflow.apache.org/docs/apache-airflow-providers-postgres/stable/connections/postgres.html
"""

from __future__ import annotations

from ecom_source.warehouses.connection_fields import OURS, Fields, number
from ecom_source.warehouses.drivers import Driver
from ecom_source.warehouses.file_format import Tuning
from ecom_source.warehouses.login_mapping import Login
from ecom_source.warehouses.warehouse_type import WarehouseType

HOOKS_OWN = (
    *("iam", "redshift", "redshift-serverless", "cluster-identifier", "workgroup-name", "aws_conn_id", "azure_conn_id"),
    *("cursor", "sqlalchemy_scheme", "sqlalchemy_query", "staging_iam_role"),
)
"""Extras that Airflow's hook keeps to itself; it passes all others to libpq, and so do we."""

FIELDS = {"host": "host", "port": "port", "database": "schema", "username": "login", "password": "password"}
NO_IAM = "a password, since tokens by IAM are fetched by Airflow's hook alone"


def libpq(fields: Fields) -> dict[str, str]:
    """The extras that are libpq's own parameters: sslmode, sslcert, sslrootcert, application_name, options, ..."""
    own = {name: value for name, value in fields.extra.items() if name not in (*HOOKS_OWN, *OURS, "connect_timeout")}
    return {name: str(value) for name, value in own.items() if value not in (None, "") and "extra__" not in name}


LOGIN = Login(
    credentials={**FIELDS, "connect_timeout": number("extra.connect_timeout"), "query": libpq},
    # Other ways to prove who one is: a client certificate, a password file, or none at all.
    defaults={"port": 5432, "password": ""},
    required=("host", "schema", "login"),
    refused={"extra.iam": NO_IAM, "extra.azure_conn_id": NO_IAM},
    label="{host}:{port}/{database}",
)

POSTGRES = WarehouseType(
    "postgres",
    "PostgreSQL",
    logins={"postgres": (LOGIN,)},
    drivers=(Driver("postgres", ("psycopg2",)),),
    tested="loaded",
    # Through ADBC, if its driver is there. A JSON column would become `json` instead of `jsonb`.
    tuning=Tuning(file_format="parquet", changes_json=True, keeps_nul=False),
)
