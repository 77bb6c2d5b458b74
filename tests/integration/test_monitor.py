"""Drift of silver is put on record with its numbers, as checks that close what they opened."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import psycopg
import pytest

from conftest import Platform
from deliveries import command, deliver, read_rows, succeed, write_rows
from olist.monitor.run import drift
from olist.record import open_record
from olist.report import Report, Silent
from openclaw.assembly import build_agent
from openclaw.settings import load_settings

DAY = date(2026, 3, 2)


def on(platform: Platform, day: date) -> Report:
    return succeed(drift(platform.settings(), today=day, listener=Silent()))


@pytest.fixture
def observed(platform: Platform, small_copy: Path) -> Platform:
    """A platform that was measured once, and whose history says that it always looked so."""
    deliver(platform.settings(small_copy))
    on(platform, DAY)
    assert platform.warehouse is not None
    with psycopg.connect(platform.warehouse, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO olist_meta.silver_metrics SELECT m.day - n, table_name, metric, value "
            "FROM olist_meta.silver_metrics AS m, generate_series(1, 30) AS n"
        )
    return platform


def events(platform: Platform) -> list[dict[str, object]]:
    return open_record(platform.settings()).query(
        "SELECT * FROM ops_events WHERE type IN ('DATA_DRIFT', 'VOLUME_ANOMALY') ORDER BY resource, check_name"
    )


def test_the_first_day_learns_and_a_day_as_any_other_says_nothing(observed: Platform) -> None:
    report = on(observed, DAY + timedelta(days=1))
    assert report.checks
    assert {check.status for check in report.checks} == {"pass"}
    assert events(observed) == []
    # Measured again, the day is measured anew and not twice.
    on(observed, DAY + timedelta(days=1))
    assert "0 far from usual" in command(observed, "monitor", "drift", "--day", "2026-03-04").stdout


def test_what_is_far_from_usual_is_an_event_with_the_numbers_until_it_is_usual_again(
    observed: Platform, small_copy: Path
) -> None:
    rows = read_rows(small_copy, "products")
    heavier = [row | {"product_weight_g": str(3 * int(row["product_weight_g"] or 0))} for row in rows]
    write_rows(small_copy, "products", heavier)
    reviews = read_rows(small_copy, "order_reviews")
    write_rows(small_copy, "order_reviews", reviews[: len(reviews) * 92 // 100])
    deliver(observed.settings(small_copy))
    on(observed, DAY + timedelta(days=1))
    found = {(e["type"], e["resource"], e["check_name"]): e for e in events(observed)}
    weight = found["DATA_DRIFT", "silver.products", "drift(product_weight_g)"]
    (_, volume) = next(item for item in found.items() if item[0][:2] == ("VOLUME_ANOMALY", "silver.order_reviews"))
    evidence = json.loads(str(weight["evidence"]))
    mean = next(n for n in evidence["numbers"] if n["metric"] == "product_weight_g:mean")
    assert mean["value"] == pytest.approx(3 * mean["usual"], rel=0.05)
    assert "rows_added is -" in str(volume["message"])
    failed = {(c["asset"], c["check_name"]) for c in _last_checks(observed) if c["status"] == "fail"}
    assert ("silver.products", "drift(product_weight_g)") in failed


def test_an_incident_of_drift_closes_itself_when_the_next_day_is_as_usual(observed: Platform, small_copy: Path) -> None:
    record = open_record(observed.settings())
    agent = build_agent(load_settings(opstore=str(record.path)), lambda text: None, record)
    before = read_rows(small_copy, "products")
    heavier = [row | {"product_weight_g": str(3 * int(row["product_weight_g"] or 0))} for row in before]

    def next_day(number: int) -> tuple[int, dict[str, str]]:
        on(observed, DAY + timedelta(days=number))
        opened = agent.poll().opened
        return opened, {row["title"]: row["state"] for row in record.query("SELECT * FROM ops_incidents_current")}

    write_rows(small_copy, "products", heavier)
    deliver(observed.settings(small_copy))
    drifted = "products: not as it usually is"
    assert next_day(1) == (1, {drifted: "open"})
    assert next_day(2) == (0, {drifted: "open"})
    write_rows(small_copy, "products", before)
    deliver(observed.settings(small_copy))
    assert next_day(3) == (0, {drifted: "resolved"})


def _last_checks(platform: Platform) -> list[dict[str, object]]:
    store = open_record(platform.settings())
    run = store.query(
        "SELECT run_id FROM ops_runs_current WHERE step = 'monitor.drift' ORDER BY started_at DESC LIMIT 1"
    )
    return store.checks(run[0]["run_id"])
