# The agent: what `openclaw` needs and nothing of the pipeline. Build from the repository's root; CI passes BASE by digest.
ARG BASE=python:3.11-slim-bookworm
# hadolint ignore=DL3006
FROM ${BASE} AS build
ENV UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_PROJECT_ENVIRONMENT=/opt/venv
RUN pip install --no-cache-dir uv==0.13.9
WORKDIR /srv
COPY pyproject.toml uv.lock README.md LICENSE ./
RUN uv sync --frozen --no-dev --no-install-project --extra agent --extra gcp
COPY src/opstore src/opstore
COPY src/openclaw src/openclaw
COPY runbooks runbooks
RUN mkdir -p src/olist && uv sync --frozen --no-dev --extra agent --extra gcp && python -m compileall -q src

# hadolint ignore=DL3006
FROM ${BASE}
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 XDG_CACHE_HOME=/tmp/cache OLIST_HOME=/tmp/olist
COPY --from=build /opt/venv /opt/venv
COPY --from=build /srv /srv
WORKDIR /srv
USER 10001:10001
EXPOSE 8080
CMD ["openclaw", "serve", "--host", "0.0.0.0"]
