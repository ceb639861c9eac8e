"""PostgreSQL and Redshift, by user and password.

https://airflow.apache.org/docs/apache-airflow-providers-postgres/stable/connections/postgres.html
https://airflow.apache.org/docs/apache-airflow-providers-amazon/stable/connections/redshift.html
"""

from __future__ import annotations

from dataclasses import replace

from ecom_source.warehouses.connection_fields import OURS, Fields, number
from ecom_source.warehouses.login_mapping import Login

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


def _redshift_ssl(fields: Fields) -> dict[str, str]:
    """Amazon's driver encrypts unless told otherwise; libpq would also go without."""
    return {"sslmode": fields["extra.sslmode"] or ("require" if fields.flag("extra.ssl", True) else "disable")}


POSTGRES = Login(
    "postgres",
    credentials={**FIELDS, "connect_timeout": number("extra.connect_timeout"), "query": libpq},
    # Other ways to prove who one is: a client certificate, a password file, or none at all.
    defaults={"port": 5432, "password": ""},
    required=("host", "schema", "login"),
    refused={"extra.iam": NO_IAM, "extra.azure_conn_id": NO_IAM},
    label="{host}:{port}/{database}",
)
REDSHIFT = Login(
    "redshift",
    credentials={**FIELDS, "connect_timeout": number("extra.timeout"), "query": _redshift_ssl},
    settings={"staging_iam_role": "extra.staging_iam_role"},
    defaults={"port": 5439},
    required=("host", "schema", "login", "password"),
    refused={"extra.iam": NO_IAM},
    label="{host}:{port}/{database}",
)
REDSHIFT_AS_POSTGRES = replace(REDSHIFT, when=("extra.redshift",))

LOGINS = {"postgres": (REDSHIFT_AS_POSTGRES, POSTGRES), "redshift": (REDSHIFT,)}
