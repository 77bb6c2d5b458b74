"""Ports that are busy and servers that are dead or die: each is a clear error, and what was published stays as it was."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import psycopg
import pytest

from conftest import Platform, free_port
from deliveries import accepted, change_much, silver_state, succeed
from olist import pipeline
from olist.errors import WarehouseUnavailable
from olist.silver import build, stage
from olist.warehouse import embedded, publish


def test_a_busy_port_is_named_and_leaves_the_server_as_it_is(embedded_platform: Platform) -> None:
    with socket.create_server(("127.0.0.1", 0)) as occupant:
        port = occupant.getsockname()[1]
        said = embedded_platform.olist("warehouse", "start", "--port", str(port))
    assert said.returncode == 75
    for text in (f"127.0.0.1:{port}", "another program listening", "choose another port with --port"):
        assert text in said.stderr
    assert "Traceback" not in said.stderr
    assert embedded.running(embedded_platform.home) is None


def test_a_server_that_nobody_answers_for_is_named(platform: Platform, small_folder: Path) -> None:
    port = free_port()
    platform.warehouse = f"postgresql://olist:hunter2@127.0.0.1:{port}/olist"
    succeed(pipeline.ingest(platform.settings(small_folder)))
    batches = accepted(platform)
    said = platform.olist("silver")
    assert said.returncode == 75
    for text in ("cannot be reached", f"port={port}", "refused", "see that it runs"):
        assert text in said.stderr
    assert "hunter2" not in said.stderr + said.stdout
    assert "Traceback" not in said.stderr
    assert accepted(platform) == batches


MOMENTS: dict[str, tuple[object, str, bool]] = {
    "before a table is loaded": (stage, "load", True),
    "after a table was loaded": (stage, "load", False),
    "before the audit": (build, "_audit", True),
    "before the keys": (stage, "constrain", True),
    "before the publish": (build, "publish", True),
    "in the publish": (publish, "_move", False),
}


@pytest.mark.parametrize(("module", "function", "before"), MOMENTS.values(), ids=MOMENTS)
def test_a_server_that_dies_in_the_middle_of_silver_leaves_the_old_version(
    delivered: Platform,
    server: embedded.Server,
    small_copy: Path,
    monkeypatch: pytest.MonkeyPatch,
    module: object,
    function: str,
    before: bool,
) -> None:
    silver = silver_state(delivered)
    change_much(small_copy)
    succeed(pipeline.ingest(delivered.settings(small_copy)))
    original = getattr(module, function)

    def killed(*arguments: Any, **named: Any) -> Any:
        if before:
            end_sessions(server, delivered)
        result = original(*arguments, **named)
        end_sessions(server, delivered)
        return result

    with monkeypatch.context() as patch:
        patch.setattr(module, function, killed)
        report = pipeline.silver(delivered.settings())
    assert isinstance(report.error, WarehouseUnavailable), report.error
    assert report.error.transient
    assert "run again: nothing was published by halves" in report.error.remedy
    assert silver_state(delivered) == silver
    succeed(pipeline.silver(delivered.settings()))
    assert silver_state(delivered) != silver


def end_sessions(server: embedded.Server, platform: Platform) -> None:
    """As if the server had gone: every session of the platform's database is ended."""
    assert platform.warehouse is not None
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s",
            (platform.warehouse.rsplit("/", 1)[1],),
        )
