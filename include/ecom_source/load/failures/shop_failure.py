"""What went wrong, in one sentence a person can act on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import requests

from ecom_source.api.api_connection import ApiConnection
from ecom_source.dlt_internals.column_hints import hint_line, wider
from ecom_source.errors import EcomError, PayloadError, RequestFailedError
from ecom_source.http.session import MAX_ATTEMPTS, RETRIED_STATUSES

if TYPE_CHECKING:
    from dlt.common.schema.exceptions import DataValidationError


def explain(error: BaseException, connection: ApiConnection, base_url: str) -> EcomError | None:
    """The error that a person can mend behind `error`, or None where the cause is another (such as the warehouse).

    Args:
        error: as dlt raised it, wrapped in its pipeline step.
        connection: the API Connection of the load.
        base_url: the address that was asked.
    """
    from dlt.common.schema.exceptions import DataValidationError
    from dlt.pipeline.exceptions import PipelineStepFailed

    causes = list(chain(error))
    # The shop is asked by dlt's step "extract" only. Some warehouses are reached by requests as well.
    at_shop = all(each.step == "extract" for each in causes if isinstance(each, PipelineStepFailed))
    for cause in causes:
        if isinstance(cause, EcomError):
            return cause
        if isinstance(cause, DataValidationError):
            return _against_contract(cause)
        if not at_shop:
            continue
        if isinstance(cause, requests.HTTPError) and cause.response is not None:
            return _refused(cause.response, connection)
        if isinstance(cause, json.JSONDecodeError | requests.exceptions.JSONDecodeError):
            return PayloadError(
                f"The answer of {_where(cause, base_url)} is no JSON{_kind(cause)}: {cause.msg} at character "
                f"{cause.pos}.",
                expected="a JSON body, as the API description says.",
                fix="check the host of the Connection (an HTML page usually means a wrong address or a login page), "
                "then run again.",
            )
        if isinstance(cause, requests.RequestException):
            # Redacted first: a key cut in two would not be known again.
            said = _short(connection.redactor(str(cause)))
            if isinstance(cause, ValueError | requests.TooManyRedirects):
                return RequestFailedError(
                    f"A request to {base_url} cannot be made: {said}.",
                    expected="a valid address, and a key without line breaks.",
                    fix=f"check host and password of Connection {connection.conn_id!r} and the paths in the "
                    "API description, then clear the task.",
                )
            return RequestFailedError(
                f"{base_url} gave no complete answer in {MAX_ATTEMPTS} attempts: {said}.",
                expected="a shop that can be reached from this worker.",
                fix=f"check the host of Connection {connection.conn_id!r} and the network, then clear the task.",
            )
    return None


def _against_contract(error: DataValidationError) -> PayloadError:
    # For a value of another type dlt would have added a column of that type.
    column = (error.column_name or "").partition("__v_")[0]
    where = f"{error.table_name}.{column}" if column else error.table_name
    return PayloadError(
        f"A row for {where} breaks the schema contract: {error.schema_entity} is {error.contract_mode!r}.",
        expected="rows that fit the tables and columns that are there; nothing of this read was loaded.",
        fix=f"describe the column, {_described(error, column)}, in the resource of the API description, or set its "
        "`schema_contract` to `evolve`.",
    )


def _described(error: DataValidationError, column: str) -> str:
    """The line that describes a column, for a nested table by dlt's `nested_hints`."""
    if not column:
        return "such as `columns`"
    table = error.table_schema if isinstance(error.table_schema, dict) else {}
    known = table.get("columns", {}).get(column, {}).get("data_type")
    came = str(error.column_name).partition("__v_")[2] or known
    line = hint_line({error.table_name: table}, error.table_name, column, wider(str(known or came), str(came)))
    return f"`{line}`"


def _refused(response: requests.Response, connection: ApiConnection) -> RequestFailedError:
    what = f"{response.request.method} {urlsplit(response.url).path}"
    status = response.status_code
    if status in (401, 403):
        return RequestFailedError(
            f"The shop answered {status} to {what}: it does not accept the key.",
            expected=f"a valid key in the password of Connection {connection.conn_id!r}.",
            fix="change it in Admin > Connections in the Airflow UI (or where your secrets backend keeps it), "
            "then clear the task.",
        )
    if status in RETRIED_STATUSES:
        return RequestFailedError(
            f"The shop still answered {status} to {what} after {MAX_ATTEMPTS} attempts.",
            expected="an answer of 200.",
            fix="wait until the shop is well again, then clear the task; no rows were lost, since the next run reads "
            "on from the watermark.",
        )
    return RequestFailedError(
        f"The shop answered {status} to {what}, which is not retried.",
        expected="an answer of 200.",
        fix=f"check the path and parameters in the API description and the host of Connection {connection.conn_id!r}.",
    )


def _where(error: BaseException, base_url: str) -> str:
    response = getattr(error, "response", None)
    return urlsplit(response.url).path if response is not None else base_url


def _kind(error: BaseException) -> str:
    response = getattr(error, "response", None)
    kind = response.headers.get("Content-Type") if response is not None else None
    return f" but {kind.partition(';')[0]!r}" if kind else ""


def chain(error: BaseException) -> Iterator[BaseException]:
    """`error` and what is behind it, the nearest first."""
    seen: set[int] = set()
    queue: list[BaseException | None] = [error]
    while queue:
        each = queue.pop(0)
        if each is None or id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        queue += [each.__cause__, each.__context__]


def _short(text: str) -> str:
    return text if len(text) <= 300 else text[:297] + "..."
