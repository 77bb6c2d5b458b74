"""A platform with gold made from the real data, to be read: built once by whoever asks first, or one that is there already.

`OLIST_TEST_SERVED` names the libpq URL of such a warehouse; without it the pipeline runs on a platform of its own.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

from databases import owned_platform
from olist import pipeline
from olist.dashboards.status import publish_status, status_rows
from olist.warehouse import embedded

__all__ = ["served"]


@contextmanager
def served(server: embedded.Server, real_zip: Path) -> Iterator[psycopg.Connection[Any]]:
    """A connection that can only read."""
    if url := os.environ.get("OLIST_TEST_SERVED"):
        with _reader(url) as connection:
            yield connection
        return
    with owned_platform(server) as platform:
        settings = platform.settings(real_zip)
        report = pipeline.run(settings)
        assert report.status == "success", report.error
        assert platform.warehouse is not None
        with psycopg.connect(platform.warehouse, autocommit=True) as connection:
            publish_status(connection, status_rows(settings))
        with _reader(platform.warehouse) as connection:
            yield connection


@contextmanager
def _reader(url: str) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET default_transaction_read_only = on; SET timezone = 'UTC'")
        yield connection
