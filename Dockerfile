# Airflow with the DAGs and the plugin. docker-compose.yaml starts all processes from this image.
# By digest, so that a build today and one next year begin with the same bytes; docs/operations/deploy.md says how to
# look for a newer one.
ARG PYTHON_IMAGE=python:3.13-slim@sha256:7c61056e61ac89e852de05f3dc6fa51a6dd2181797bceed46aa725dd7cb2cd3b
FROM ${PYTHON_IMAGE}

WORKDIR /opt/store-uptime
# `--build-arg KUBERNETES=yes` adds what KubernetesExecutor needs.
ARG KUBERNETES=""
COPY requirements-uv.txt requirements.txt requirements-kubernetes.txt ./
RUN pip install --no-cache-dir --require-hashes -r requirements-uv.txt \
    && uv pip install --system --no-cache --compile-bytecode --require-hashes -r requirements.txt \
        ${KUBERNETES:+-r requirements-kubernetes.txt}

COPY commands commands
COPY config config
COPY dags dags
COPY include include
COPY plugins plugins
COPY sql sql
COPY data/sample data/sample

# All state is in one folder, which the containers of one machine share; a volume gets its owner. Airflow's home is
# created here, because it would belong to root if a file were mounted into it.
ENV PYTHONPATH=/opt/store-uptime/include STORE_UPTIME_HOME=/var/lib/store-uptime HOME=/var/lib/store-uptime
RUN useradd --system --uid 999 --user-group --no-create-home store-uptime \
    && install --directory --owner=store-uptime --group=store-uptime /var/lib/store-uptime /var/lib/store-uptime/airflow
USER store-uptime

ENTRYPOINT ["python", "-m", "commands.container"]
