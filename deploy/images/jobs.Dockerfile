# The pipeline's jobs: `olist` with its contracts and dbt project. The step is the argument: run, silver, gold, export.
ARG BASE=python:3.11.14-slim-bookworm@sha256:65a93d69fa75478d554f4ad27c85c1e69fa184956261b4301ebaf6dbb0a3543d
# hadolint ignore=DL3006
FROM ${BASE} AS build
ENV UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_PROJECT_ENVIRONMENT=/opt/venv
WORKDIR /srv
COPY deploy/images/uv.txt ./
RUN pip install --no-cache-dir --require-hashes -r uv.txt
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
# By name, too: what asks who it runs as finds an answer.
RUN useradd --uid 10001 --user-group --no-create-home --home-dir /tmp olist
USER 10001:10001
ENTRYPOINT ["olist"]
CMD ["run"]
