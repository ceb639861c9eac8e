"""The plugin as Airflow imports it in each of its processes."""

from __future__ import annotations

from tests.support import PROJECT
from tests.support.airflow_process import run_python

SEEN = """
import sys
from ecom_loads.plugin import LoadsPlugin
print([view["destination"] for view in LoadsPlugin.external_views], LoadsPlugin.fastapi_apps[0]["url_prefix"])
print([name for name in ("ecom_loads.app", "ecom_loads.views", "dlt", "plotly") if name in sys.modules])
"""


def test_it_is_light() -> None:
    env = {"PYTHONPATH": f"{PROJECT / 'plugins'}"}
    assert run_python(SEEN, env).splitlines()[-2:] == ["['nav', 'dag'] /ecom-loads", "[]"]
