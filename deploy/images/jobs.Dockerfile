# The pipeline's jobs: `olist` with its contracts and dbt project. The step is the argument: run, silver, gold, export.
ARG BASE=python:3.11-slim-bookworm
# hadolint ignore=DL3006
FROM ${BASE} AS build
ENV UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_PROJECT_ENVIRONMENT=/opt/venv
RUN pip install --no-cache-dir uv==0.13.9
WORKDIR /srv
COPY pyproject.toml uv.lock README.md LICENSE ./
RUN uv sync --frozen --no-dev --no-install-project --extra pipeline --extra agent --extra gcp
COPY src src
COPY contracts contracts
COPY dbt dbt
COPY dashboards dashboards
COPY runbooks runbooks
RUN uv sync --frozen --no-dev --extra pipeline --extra agent --extra gcp && python -m compileall -q src

# hadolint ignore=DL3006
FROM ${BASE}
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 OLIST_HOME=/tmp/olist HOME=/tmp
COPY --from=build /opt/venv /opt/venv
COPY --from=build /srv /srv
WORKDIR /srv
USER 10001:10001
ENTRYPOINT ["olist"]
CMD ["run"]
