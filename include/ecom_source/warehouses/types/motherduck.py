"""MotherDuck, by its token.

https://airflow.apache.org/docs/apache-airflow-providers-duckdb/stable/connections/duckdb.html
"""

from __future__ import annotations

from dataclasses import replace

from ecom_source.warehouses.drivers import Driver
from ecom_source.warehouses.login_mapping import Login
from ecom_source.warehouses.warehouse_type import WarehouseType

LOGIN = Login(
    credentials={"database": "schema", "password": "password"},
    required=("schema", "password"),
    label="{database}",
)

MOTHERDUCK = WarehouseType(
    "motherduck",
    "MotherDuck",
    logins={
        "motherduck": (LOGIN,),
        # As in Airflow's hook, a token makes it MotherDuck; the name of a database alone does not mean a file.
        "duckdb": (replace(LOGIN, when=("password",)), replace(LOGIN, when=("schema",))),
    },
    drivers=(Driver("motherduck", ("duckdb",)),),
)
