"""An Airflow DAG with every alarm on; they go to the Connection `alarm_receiver`."""

from __future__ import annotations

from datetime import timedelta

import pendulum
from airflow.providers.http.notifications.http import HttpNotifier
from tests.support.apis import api, whole

from ecom_source import Alarms, elt_dag

alarmed = elt_dag(
    "alarmed",
    api(whole("customers")),
    api_conn_id="alarmed",
    dataset_name="alarmed",
    schedule=None,
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    alarms=Alarms(
        HttpNotifier,
        {
            "http_conn_id": "alarm_receiver",
            "endpoint": "alarms",
            "json": {
                "kind": "{{ alarm.kind }}",
                "title": "{{ alarm.title }}",
                "text": "{{ alarm.text }}",
                "run_id": "{{ alarm.run_id }}",
            },
        },
        failed=True,
        incomplete=True,
        late=timedelta(seconds=1),
        schema_changed=True,
        rows_fell=0.5,
    ),
)
