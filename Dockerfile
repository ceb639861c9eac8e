# The Airflow that requirements.txt pins, on the Python that it was pinned for. `slim`, since what else the full image
# brings is not in the lock and would be removed below.
FROM apache/airflow:slim-3.3.2-python3.11 AS airflow
ENV UV_NO_CACHE=1 UV_COMPILE_BYTECODE=1


FROM airflow AS wheel
WORKDIR /tmp/ecom-elt
COPY --chown=airflow:0 pyproject.toml README.md LICENSE requirements-dev.txt ./
COPY --chown=airflow:0 include/ecom_source include/ecom_source
COPY --chown=airflow:0 plugins/ecom_loads plugins/ecom_loads
RUN uv build --wheel --out-dir /tmp/wheels --build-constraints requirements-dev.txt --require-hashes


FROM airflow
COPY --chown=airflow:0 requirements.txt /opt/airflow/
# Exactly the lock, nothing else: what the tests ran is what runs here.
RUN uv pip sync --require-hashes /opt/airflow/requirements.txt
COPY --from=wheel --chown=airflow:0 /tmp/wheels /opt/airflow/wheels
RUN uv pip install --no-deps /opt/airflow/wheels/*.whl && uv pip check

COPY --chown=airflow:0 dags /opt/airflow/dags
# For the demo shop alone; the package itself is installed.
COPY --chown=airflow:0 include/demo_shop /opt/airflow/include/demo_shop
ENV PYTHONPATH=/opt/airflow/include
# A named volume takes over the owner of the folder that it is mounted on.
RUN mkdir -p /opt/airflow/shop
