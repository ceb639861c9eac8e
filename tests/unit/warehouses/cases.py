"""Connections as Airflow's own providers define them, and what dlt makes of each."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from ecom_source.warehouses.types.mysql import SESSION

PASSWORD = 'p@ss/w%rd é"&=+#?'
"""A password that every form of a Connection has to escape."""
PEM = (
    rsa.generate_private_key(public_exponent=65537, key_size=2048)
    .private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.BestAvailableEncryption(b"phrase")
    )
    .decode()
)
ACCOUNT: dict[str, str] = {
    "type": "service_account",
    "project_id": "shop-project",
    "private_key_id": "0123456789abcdef",
    "private_key": PEM,
    "client_email": "loader@shop-project.iam.gserviceaccount.com",
    "token_uri": "https://oauth2.googleapis.com/token",
}
AZURE_KEY = base64.b64encode(b"a key of a storage account").decode()


@dataclass(frozen=True)
class Case:
    """One way to log in.

    Args:
        connection: the Connection's fields.
        destination: dlt's name.
        credentials: all fields of dlt's resolved credentials that are not None; its own defaults among them.
        settings: fields of the destination's resolved configuration.
        secrets: what has to be hidden.
        label: what the log says.
    """

    connection: dict[str, Any]
    destination: str
    credentials: dict[str, Any]
    label: str
    settings: dict[str, Any] = field(default_factory=dict)
    secrets: tuple[str, ...] = (PASSWORD,)


SERVER = {"host": "db.example.com", "schema": "shop", "login": "loader", "password": PASSWORD}
OF_SERVER = {"host": "db.example.com", "database": "shop", "username": "loader", "password": PASSWORD}
SNOWFLAKE = {"account": "kgiotue-wn98412", "database": "SHOP", "warehouse": "LOADING", "role": "LOADER"}
OF_SNOWFLAKE = {
    "drivername": "snowflake",
    "host": "kgiotue-wn98412",
    "database": "SHOP",
    "warehouse": "LOADING",
    "role": "LOADER",
    "username": "loader",
    "application": "dltHub_dlt",
    "session_timezone": "UTC",
    "_use_snowflake_session_token": False,
}
OF_GOOGLE = {**ACCOUNT, "auth_uri": "https://accounts.google.com/o/oauth2/auth"}
DATABRICKS = {"http_path": "/sql/1.0/warehouses/abc", "catalog": "main"}
OF_DATABRICKS = {
    "server_hostname": "dbc-1.cloud.databricks.com",
    "http_path": "/sql/1.0/warehouses/abc",
    "catalog": "main",
    "socket_timeout": 180,
    "user_agent_entry": "dltHub_dlt",
}
AWS = {"login": "AKIAEXAMPLE", "password": PASSWORD}
OF_AWS = {
    "aws_access_key_id": "AKIAEXAMPLE",
    "aws_secret_access_key": PASSWORD,
    "region_name": "eu-west-1",
    "aws_sts_token_expiration_hours": 24.0,
}
BUCKET = {"preferred_table_format": "delta", "preferred_loader_file_format": "parquet"}
OF_SAS = {"azure_sas_token_permissions": "racwdl", "azure_sas_token_expiration_hours": 24.0}
TLS = {"sslmode": "verify-full", "sslrootcert": "/etc/ssl/root.crt", "sslpassword": "of the key"}

CASES: dict[str, Case] = {
    "postgres": Case(
        {"conn_type": "postgres", **SERVER},
        "postgres",
        {"drivername": "postgresql", **OF_SERVER, "port": 5432, "connect_timeout": 15, "query": {}},
        "postgres db.example.com:5432/shop",
    ),
    "postgres, verified": Case(
        {
            "conn_type": "postgres",
            **SERVER,
            "port": 6432,
            "extra": {**TLS, "connect_timeout": 5, "cursor": "dictcursor"},
        },
        "postgres",
        {"drivername": "postgresql", **OF_SERVER, "port": 6432, "connect_timeout": 5, "query": TLS},
        "postgres db.example.com:6432/shop",
        secrets=(PASSWORD, "of the key"),
    ),
    "postgres that is Redshift": Case(
        {"conn_type": "postgres", **SERVER, "extra": {"redshift": True}},
        "redshift",
        {
            **{"drivername": "postgresql", **OF_SERVER, "port": 5439, "connect_timeout": 15},
            **{"client_encoding": "utf-8", "query": {"sslmode": "require"}},
        },
        "redshift db.example.com:5439/shop",
    ),
    "redshift": Case(
        {
            **{"conn_type": "redshift", **SERVER, "port": 5440},
            "extra": {"sslmode": "verify-ca", "timeout": 9, "staging_iam_role": "arn:aws:iam::1:role/copy"},
        },
        "redshift",
        {
            **{"drivername": "postgresql", **OF_SERVER, "port": 5440, "connect_timeout": 9},
            **{"client_encoding": "utf-8", "query": {"sslmode": "verify-ca"}},
        },
        "redshift db.example.com:5440/shop",
        {"staging_iam_role": "arn:aws:iam::1:role/copy"},
    ),
    "snowflake, password": Case(
        {"conn_type": "snowflake", "login": "loader", "password": PASSWORD, "extra": SNOWFLAKE},
        "snowflake",
        {**OF_SNOWFLAKE, "password": PASSWORD},
        "snowflake kgiotue-wn98412/SHOP",
    ),
    "snowflake, key as text": Case(
        {
            **{"conn_type": "snowflake", "login": "loader", "password": "phrase"},
            "extra": {**SNOWFLAKE, "private_key_content": PEM, "region": "eu-west-1", "proxy_password": "of the proxy"},
        },
        "snowflake",
        {
            **OF_SNOWFLAKE,
            **{"host": "kgiotue-wn98412.eu-west-1", "private_key": PEM, "private_key_passphrase": "phrase"},
            "query": {"proxy_password": "of the proxy"},
        },
        "snowflake kgiotue-wn98412.eu-west-1/SHOP",
        secrets=(PEM, "phrase", "of the proxy", PEM.splitlines()[1]),
    ),
    "snowflake, key as a file": Case(
        {
            **{"conn_type": "snowflake", "login": "loader", "password": "phrase"},
            "extra": {**SNOWFLAKE, "private_key_file": "$FOLDER/key.pem"},
        },
        "snowflake",
        {**OF_SNOWFLAKE, "private_key": PEM, "private_key_passphrase": "phrase"},
        "snowflake kgiotue-wn98412/SHOP",
        secrets=("phrase", PEM, PEM.splitlines()[1]),
    ),
    "snowflake, token, names with a prefix": Case(
        {
            **{"conn_type": "snowflake"},
            "extra": {
                **{f"extra__snowflake__{name}": value for name, value in SNOWFLAKE.items()},
                **{"authenticator": "oauth", "token": "t0k3n-of-oauth"},
            },
        },
        "snowflake",
        {
            **{name: value for name, value in OF_SNOWFLAKE.items() if name != "username"},
            **{"authenticator": "oauth", "token": "t0k3n-of-oauth"},
        },
        "snowflake kgiotue-wn98412/SHOP",
        secrets=("t0k3n-of-oauth",),
    ),
    "google, key as text": Case(
        {
            "conn_type": "google_cloud_platform",
            "extra": {"keyfile_dict": json.dumps(ACCOUNT), "project": "billed", "location": "EU"},
        },
        "bigquery",
        OF_GOOGLE,
        "bigquery billed EU",
        {"project_id": "billed", "location": "EU"},
        secrets=(PEM, PEM.splitlines()[1], json.dumps(ACCOUNT)),
    ),
    "google, key as a file": Case(
        {"conn_type": "gcpbigquery", "extra": {"key_path": "$FOLDER/account.json"}},
        "bigquery",
        OF_GOOGLE,
        "bigquery",
        {"location": "US"},
        secrets=(PEM, PEM.splitlines()[1]),
    ),
    "google, a bucket": Case(
        {"conn_type": "google_cloud_platform", "extra": {"keyfile_dict": ACCOUNT, "bucket_url": "gs://shop/lake"}},
        "filesystem",
        OF_GOOGLE,
        "filesystem gs://shop/lake",
        {"bucket_url": "gs://shop/lake", **BUCKET},
        secrets=(PEM,),
    ),
    "databricks, token": Case(
        {
            "conn_type": "databricks",
            "host": "https://dbc-1.cloud.databricks.com",
            "password": PASSWORD,
            "extra": DATABRICKS,
        },
        "databricks",
        {**OF_DATABRICKS, "access_token": PASSWORD},
        "databricks dbc-1.cloud.databricks.com/sql/1.0/warehouses/abc/main",
    ),
    "databricks, token in the extra": Case(
        {
            **{"conn_type": "databricks", "host": "dbc-1.cloud.databricks.com"},
            "extra": {**DATABRICKS, "token": "dapi-t0k3n", "session_configuration": {"ansi_mode": "true"}},
        },
        "databricks",
        {**OF_DATABRICKS, "access_token": "dapi-t0k3n", "session_configuration": {"ansi_mode": "true"}},
        "databricks dbc-1.cloud.databricks.com/sql/1.0/warehouses/abc/main",
        secrets=("dapi-t0k3n",),
    ),
    "databricks, service principal": Case(
        {
            **{"conn_type": "databricks", "host": "dbc-1.cloud.databricks.com", "login": "an-id", "password": PASSWORD},
            "extra": {**DATABRICKS, "service_principal_oauth": True},
        },
        "databricks",
        {**OF_DATABRICKS, "client_id": "an-id", "client_secret": PASSWORD},
        "databricks dbc-1.cloud.databricks.com/sql/1.0/warehouses/abc/main",
    ),
    "clickhouse": Case(
        {"conn_type": "clickhouse", "host": "ch.example.com"},
        "clickhouse",
        {
            **{"drivername": "clickhouse", "host": "ch.example.com", "port": 9000, "http_port": 8123, "secure": 0},
            **{"database": "default", "username": "default", "password": ""},
            **{"connect_timeout": 15, "send_receive_timeout": 300},
        },
        "clickhouse ch.example.com:8123/default",
        {"table_engine_type": "merge_tree", "dataset_table_separator": "___"},
        secrets=(),
    ),
    "clickhouse, encrypted": Case(
        {
            **{"conn_type": "clickhouse", **SERVER, "port": 8444},
            "extra": {
                **{"secure": True, "verify": False, "connect_timeout": 4, "send_receive_timeout": 60},
                **{"native_port": 9441, "table_engine_type": "replicated_merge_tree"},
            },
        },
        "clickhouse",
        {
            **{"drivername": "clickhouse", **OF_SERVER, "port": 9441, "http_port": 8444, "secure": 1},
            **{"connect_timeout": 4, "send_receive_timeout": 60, "query": {"verify": "false"}},
        },
        "clickhouse db.example.com:8444/shop",
        {"table_engine_type": "replicated_merge_tree"},
    ),
    "mssql": Case(
        {
            **{"conn_type": "mssql", **SERVER},
            "extra": {"Encrypt": "yes", "TrustServerCertificate": "yes", "login_timeout": 8, "tds_version": "7.4"},
        },
        "mssql",
        {
            **{"drivername": "mssql", **OF_SERVER, "port": 1433, "driver": "ODBC Driver 18 for SQL Server"},
            **{"connect_timeout": 8, "query": {"encrypt": "yes", "trustservercertificate": "yes"}},
        },
        "mssql db.example.com:1433/shop",
    ),
    "mssql, another driver": Case(
        {
            **{"conn_type": "mssql", **SERVER, "port": 1444},
            "extra": {"driver": "ODBC Driver 17 for SQL Server", "encryption": "require"},
        },
        "mssql",
        {
            **{"drivername": "mssql", **OF_SERVER, "port": 1444, "driver": "ODBC Driver 17 for SQL Server"},
            **{"connect_timeout": 30, "query": {"encrypt": "yes"}},
        },
        "mssql db.example.com:1444/shop",
    ),
    "mssql that is Synapse": Case(
        {"conn_type": "mssql", **SERVER, "extra": {"destination": "synapse"}},
        "synapse",
        {
            **{"drivername": "synapse", **OF_SERVER, "port": 1433, "connect_timeout": 30},
            "driver": "ODBC Driver 18 for SQL Server",
        },
        "synapse db.example.com:1433/shop",
        {"default_table_index_type": "heap"},
    ),
    "aws, a bucket": Case(
        {
            **{"conn_type": "aws", **AWS},
            "extra": {
                **{
                    "bucket_url": "s3://shop/lake",
                    "region_name": "eu-west-1",
                    "endpoint_url": "https://s3.example.com",
                },
                **{"aws_session_token": "t0k3n-of-sts", "verify": False, "table_format": "iceberg"},
                "config_kwargs": {"s3": {"addressing_style": "path"}},
            },
        },
        "filesystem",
        {
            **OF_AWS,
            **{"aws_session_token": "t0k3n-of-sts", "endpoint_url": "https://s3.example.com", "s3_url_style": "path"},
        },
        "filesystem s3://shop/lake",
        {
            **{"bucket_url": "s3://shop/lake", "client_kwargs": {"verify": False}},
            **{**BUCKET, "preferred_table_format": "iceberg"},
        },
        secrets=(PASSWORD, "t0k3n-of-sts"),
    ),
    "aws, keys in the extra": Case(
        {
            "conn_type": "aws",
            "extra": {
                **{"bucket_url": "s3://shop/lake", "region_name": "eu-west-1"},
                "session_kwargs": {"aws_access_key_id": "AKIAEXAMPLE", "aws_secret_access_key": PASSWORD},
            },
        },
        "filesystem",
        OF_AWS,
        "filesystem s3://shop/lake",
        {"bucket_url": "s3://shop/lake", **BUCKET},
    ),
    "athena": Case(
        {
            **{"conn_type": "athena", **AWS},
            "extra": {
                **{"s3_staging_dir": "s3://results/", "region_name": "eu-west-1", "work_group": "loading"},
                **{"bucket_url": "s3://shop/tables", "catalog": "AwsDataCatalog"},
            },
        },
        "athena",
        OF_AWS,
        "athena AwsDataCatalog s3://results",
        {
            **{"query_result_bucket": "s3://results/", "athena_work_group": "loading", "force_iceberg": True},
            "aws_data_catalog": "AwsDataCatalog",
        },
    ),
    "aws that is Athena": Case(
        {
            **{"conn_type": "aws", **AWS},
            "extra": {"s3_staging_dir": "s3://results/", "region_name": "eu-west-1", "bucket_url": "s3://shop/tables"},
        },
        "athena",
        OF_AWS,
        "athena  s3://results",
        {"query_result_bucket": "s3://results/", "aws_data_catalog": "awsdatacatalog", "force_iceberg": True},
    ),
    "wasb, SAS token": Case(
        {
            "conn_type": "wasb",
            "login": "shopaccount",
            "extra": {"sas_token": "?sv=1&sig=s%2Fg", "bucket_url": "az://lake"},
        },
        "filesystem",
        {"azure_storage_account_name": "shopaccount", "azure_storage_sas_token": "sv=1&sig=s%2Fg", **OF_SAS},
        "filesystem az://lake",
        {"bucket_url": "az://lake", **BUCKET},
        secrets=("?sv=1&sig=s%2Fg", "sv=1&sig=s%2Fg"),
    ),
    "wasb, SAS token as a URL": Case(
        {
            "conn_type": "wasb",
            "extra": {
                "sas_token": "https://shopaccount.blob.core.windows.net/?sv=1&sig=sgn",
                "bucket_url": "az://lake",
            },
        },
        "filesystem",
        {"azure_storage_account_name": "shopaccount", "azure_storage_sas_token": "sv=1&sig=sgn", **OF_SAS},
        "filesystem az://lake",
        {"bucket_url": "az://lake", **BUCKET},
        secrets=("sv=1&sig=sgn",),
    ),
    "wasb, connection string": Case(
        {
            "conn_type": "wasb",
            "extra": {
                "connection_string": "AccountName=shopaccount;SharedAccessSignature=sv=1&sig=sgn",
                "bucket_url": "az://lake",
            },
        },
        "filesystem",
        {"azure_storage_account_name": "shopaccount", "azure_storage_sas_token": "sv=1&sig=sgn", **OF_SAS},
        "filesystem az://lake",
        {"bucket_url": "az://lake", **BUCKET},
        secrets=("sv=1&sig=sgn",),
    ),
    "adls, service principal": Case(
        {
            **{"conn_type": "adls", "host": "shopaccount", "login": "client", "password": PASSWORD},
            "extra": {"tenant_id": "tenant", "bucket_url": "abfss://lake@shopaccount.dfs.core.windows.net/x"},
        },
        "filesystem",
        {
            **{"azure_storage_account_name": "shopaccount", "azure_tenant_id": "tenant", "azure_client_id": "client"},
            "azure_client_secret": PASSWORD,
        },
        "filesystem abfss://lake@shopaccount.dfs.core.windows.net/x",
        {"bucket_url": "abfss://lake@shopaccount.dfs.core.windows.net/x", **BUCKET},
    ),
    "mysql": Case(
        {
            **{"conn_type": "mysql", **SERVER},
            "extra": {"ssl_mode": "VERIFY_CA", "ssl": json.dumps({"ca": "/etc/ssl/ca.pem"}), "charset": "utf8mb4"},
        },
        "sqlalchemy",
        {
            **{"drivername": "mysql+pymysql", **OF_SERVER, "port": 3306},
            "engine_kwargs": {
                "connect_args": {
                    **{"charset": "utf8mb4", "init_command": SESSION, "password": PASSWORD.encode()},
                    "ssl": {"check_hostname": False, "verify_mode": True, "ca": "/etc/ssl/ca.pem"},
                }
            },
        },
        "mysql db.example.com:3306/shop",
    ),
    "sqlite": Case(
        {"conn_type": "sqlite", "host": "/srv/shop.db"},
        "sqlalchemy",
        {"drivername": "sqlite", "database": "/srv/shop.db"},
        "sqlite /srv/shop.db",
        secrets=(),
    ),
    "motherduck": Case(
        {"conn_type": "duckdb", "schema": "shop", "password": PASSWORD},
        "motherduck",
        {
            **{"drivername": "md", "database": "shop", "username": "motherduck", "password": PASSWORD},
            **{"read_only": False, "session_timezone": "UTC", "custom_user_agent": "dlt/1.31.0(linux)"},
            "global_config": {"custom_user_agent": "dlt/1.31.0(linux)"},
        },
        "motherduck shop",
    ),
    "a folder": Case(
        {"conn_type": "fs", "extra": {"path": "/srv/lake"}},
        "filesystem",
        {},
        "filesystem file:///srv/lake",
        {"bucket_url": "file:///srv/lake", **BUCKET},
        secrets=(),
    ),
    "a folder of plain files": Case(
        {"conn_type": "filesystem", "host": "/srv/lake", "extra": {"table_format": "parquet"}},
        "filesystem",
        {},
        "filesystem file:///srv/lake",
        {"bucket_url": "file:///srv/lake", "preferred_table_format": None, "preferred_loader_file_format": "parquet"},
        secrets=(),
    ),
    "generic, one of the others": Case(
        {
            **{"conn_type": "generic", **SERVER},
            "extra": {"destination": "dremio", "settings": {"staging_data_source": "lake"}},
        },
        "dremio",
        {"drivername": "grpc", **OF_SERVER, "port": 32010},
        "dremio db.example.com",
        {"staging_data_source": "lake"},
    ),
    "generic, one with a table of its own": Case(
        {"conn_type": "generic", **SERVER, "port": 15432, "extra": {"destination": "postgres"}},
        "postgres",
        {"drivername": "postgresql", **OF_SERVER, "port": 15432, "connect_timeout": 15, "query": {}},
        "postgres db.example.com:15432/shop",
    ),
}
LAKES: dict[str, Case] = {
    "ducklake in S3, catalog in PostgreSQL": Case(
        {
            **{"conn_type": "ducklake", "host": "db.example.com", "login": "loader", "password": PASSWORD},
            "extra": {
                **{"engine": "postgres", "pgdbname": "catalog", "dbname": "shop_lake", "storage_type": "s3"},
                **{"s3_bucket": "shop", "s3_path": "lake", "aws_access_key_id": "AKIAEXAMPLE"},
                **{"aws_secret_access_key": "s3cr3t-of-s3", "aws_region": "eu-west-1", "threads": 2},
            },
        },
        "ducklake",
        {
            "catalog": {
                **{"drivername": "postgres", "host": "db.example.com", "port": 5432, "database": "catalog"},
                **{"username": "loader", "password": PASSWORD, "query": {}},
            },
            "storage": {
                **OF_AWS,
                "aws_secret_access_key": "s3cr3t-of-s3",
            },
            "bucket_url": "s3://shop/lake",
            "global_config": {"threads": 2},
            "ducklake_name": "shop_lake",
        },
        "ducklake shop_lake",
        secrets=(PASSWORD, "s3cr3t-of-s3"),
    ),
    "ducklake in a folder": Case(
        {"conn_type": "ducklake", "host": "/srv/catalog.ducklake", "extra": {"local_data_path": "/srv/lake"}},
        "ducklake",
        {
            "catalog": {"drivername": "duckdb", "database": "/srv/catalog.ducklake", "query": {}},
            "storage": None,
            "bucket_url": "file:///srv/lake",
            "global_config": None,
            "ducklake_name": "ducklake",
        },
        "ducklake ducklake",
        secrets=(),
    ),
}
