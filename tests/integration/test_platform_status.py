"""What dashboards are told of the platform itself: true, whole, and never mixed with what was said before."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from conftest import Platform
from databases import owned_platform
from olist import pipeline
from olist.dashboards.spec import load_spec
from olist.dashboards.status import StatusRow, publish_status, status_rows
from olist.dashboards.twins import answer
from olist.record import open_record
from olist.warehouse import embedded
from opstore.store import Check

NOW = datetime(2030, 1, 1, 12)


@pytest.fixture(scope="module")
def ingested(server: embedded.Server, small_folder: Path) -> Iterator[Platform]:
    """A platform whose lake holds a first delivery."""
    with owned_platform(server) as platform:
        report = pipeline.ingest(platform.settings(small_folder))
        assert report.status == "success", report.error
        yield platform


def row(number: int, kind: str = "check") -> StatusRow:
    return StatusRow(kind, "silver", f"silver.t{number}", "keys", "fail", "error", NOW - timedelta(hours=2), NOW)  # type: ignore[arg-type]


def test_every_table_is_fresh_after_its_delivery_and_stale_when_its_promise_has_passed(ingested: Platform) -> None:
    settings = ingested.settings()
    tables = [r for r in status_rows(settings) if r.kind == "freshness"]
    assert len(tables) == 9
    assert {r.state for r in tables} <= {"fresh", "unlimited"}
    assert all(r.hours is not None and 0 <= r.hours < 1 for r in tables)
    later = [r for r in status_rows(settings, datetime.now(UTC) + timedelta(days=4000)) if r.kind == "freshness"]
    assert "fresh" not in {r.state for r in later}


def test_a_failed_check_is_reported_until_it_passes(ingested: Platform) -> None:
    settings = ingested.settings()
    opstore = open_record(settings)
    for run_id, status in (("20990101T000000000000Z-aaaa", "fail"), ("20990101T000000000000Z-bbbb", "pass")):
        opstore.record_checks(run_id, [Check("gold.fact_orders", "keys", "unique", "error", status, 3)])  # type: ignore[arg-type]
        found = [r for r in status_rows(settings) if r.kind == "check" and r.resource == "gold.fact_orders"]
        assert [(r.layer, r.name, r.state, r.severity) for r in found] == (
            [("gold", "keys", "fail", "error")] if status == "fail" else []
        )


def test_the_twins_count_what_was_published(platform: Platform) -> None:
    rows = [
        StatusRow("freshness", "bronze", "orders", "orders", "stale", "error", NOW - timedelta(hours=30), NOW),
        StatusRow("freshness", "bronze", "sellers", "sellers", "fresh", "none", NOW - timedelta(hours=1), NOW),
        row(1),
        StatusRow("incident", "gold", "gold.fact_orders", "late", "open", "P1", NOW, NOW),
    ]
    assert platform.warehouse is not None
    with psycopg.connect(platform.warehouse, autocommit=True) as connection:
        assert publish_status(connection, rows) == 4
        metrics = ["hours_since_delivery", "late_tables", "failed_checks", "open_incidents", "status_at"]
        assert answer(connection, load_spec(), metrics) == {None: (30.0, 1, 1, 1, NOW)}
        assert answer(connection, load_spec(), ["failed_checks"], "layer") == {
            "bronze": (0,),
            "silver": (1,),
            "gold": (0,),
        }
        publish_status(connection, rows[1:2])
        assert answer(connection, load_spec(), metrics) == {None: (1.0, 0, 0, 0, NOW)}


def test_two_that_publish_at_once_leave_one_of_the_two_states_whole(platform: Platform) -> None:
    assert platform.warehouse is not None
    url = platform.warehouse
    states = [[row(n) for n in range(200)], [row(n) for n in range(1000, 1300)]]
    with psycopg.connect(url, autocommit=True) as connection:
        publish_status(connection, states[0])

    def publish(state: list[StatusRow]) -> None:
        with psycopg.connect(url, autocommit=True) as connection:
            publish_status(connection, state)

    threads = [threading.Thread(target=publish, args=(state,)) for state in states * 3]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    found = Counter(resource for (resource,) in platform.query("SELECT resource FROM olist_meta.platform_status"))
    assert found in [Counter(r.resource for r in state) for state in states]
