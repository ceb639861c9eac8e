"""The tables of Airflow's metadata that the page reads: the one module that imports Airflow's ORM.

Airflow calls its models internal and has them move between minor versions. The page runs within the api-server and
needs sums over years of loads, for which Airflow's REST API would have to be asked page by page. This can go once that
API gives the events of an asset, with the attempts of their tasks, within a range of time
(https://airflow.apache.org/docs/apache-airflow/stable/public-airflow-interface.html).
"""

from __future__ import annotations

from airflow.models.asset import AssetEvent, AssetModel, TaskOutletAssetReference
from airflow.models.dag import DagModel
from airflow.models.dagrun import DagRun
from airflow.models.taskinstance import TaskInstance
from airflow.models.taskinstancehistory import TaskInstanceHistory

__all__ = [
    "AssetEvent",
    "AssetModel",
    "DagModel",
    "DagRun",
    "TaskInstance",
    "TaskInstanceHistory",
    "TaskOutletAssetReference",
]
