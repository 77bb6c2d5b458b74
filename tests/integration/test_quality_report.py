"""What the operator is shown of quality: the report, the Data Docs, and how fresh each table is."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

from conftest import Platform
from deliveries import change_row, command, deliver, succeed
from olist import pipeline
from olist.contracts import Contract
from olist.lake.open import open_lake
from olist.quality.freshness import freshness


def report(platform: Platform) -> dict[str, list[dict[str, str]]]:
    said = command(platform, "quality", "report", "--json")
    assert said.exit_code == 0, said.output
    document: dict[str, list[dict[str, str]]] = json.loads(said.stdout)
    return document


def test_the_report_lists_every_check_and_is_written_twice(delivered: Platform) -> None:
    document = report(delivered)
    checks = document["checks"]
    assert len(checks) >= 300
    assert len({(c["asset"], c["check"]) for c in checks}) == len(checks)
    kinds = Counter(c["kind"] for c in checks)
    assert kinds["not_null"] + kinds["missing_share"] <= len(checks) / 3
    assert {c["layer"] for c in checks} == {"bronze", "silver"}
    quality = delivered.home / "quality"
    assert json.loads((quality / "report.json").read_text(encoding="utf-8"))["checks"] == checks
    assert all(c["check"].split("(")[0] in (quality / "report.html").read_text(encoding="utf-8") for c in checks)
    shown = command(delivered, "quality", "report").stdout
    assert f"{len(checks):,} checks (bronze " in shown


def test_the_data_docs_are_written_by_every_run(delivered: Platform) -> None:
    docs = delivered.home / "quality" / "docs"
    pages = {path.stem for path in docs.glob("*.html")}
    assert pages == {"index", *(f"{layer}.{table}" for layer in ("bronze", "silver") for table in _tables(delivered))}
    assert "order_id exists in" not in (docs / "silver.orders.html").read_text(encoding="utf-8")
    assert "order_id has a value" in (docs / "silver.orders.html").read_text(encoding="utf-8")
    assert command(delivered, "quality", "docs").stdout.strip() == str(docs / "index.html")


def _tables(platform: Platform) -> list[str]:
    rows = platform.query("SELECT tablename FROM pg_tables WHERE schemaname = 'silver' AND tablename <> 'rejects'")
    return [name for (name,) in rows]


def test_a_run_that_judges_some_tables_leaves_the_others_in_the_report(platform: Platform, small_copy: Path) -> None:
    deliver(platform.settings(small_copy))
    before = {(c["asset"], c["check"]): c["run_id"] for c in report(platform)["checks"]}
    change_row(small_copy, "sellers", 1, seller_city="rio de janeiro")
    deliver(platform.settings(small_copy))
    after = {(c["asset"], c["check"]): c["run_id"] for c in report(platform)["checks"]}
    assert before.keys() <= after.keys()
    judged_again = {asset for (asset, check), run in after.items() if before.get((asset, check)) != run}
    assert {"bronze.sellers", "silver.sellers"} <= judged_again
    assert "silver.geolocation" not in judged_again
    succeed(pipeline.silver(platform.settings()), "no_op")
    assert {(c["asset"], c["check"]): c["run_id"] for c in report(platform)["checks"]} == after


def test_a_failed_check_shows_in_the_report_and_the_docs(platform: Platform, small_copy: Path) -> None:
    change_row(small_copy, "order_items", 3, price="-1.00")
    succeed(pipeline.ingest(platform.settings(small_copy)))
    assert pipeline.silver(platform.settings()).status == "failed"
    (failed,) = [c for c in report(platform)["checks"] if c["status"] == "fail"]
    assert (failed["asset"], failed["check"], failed["severity"]) == ("silver.order_items", "valid(price)", "error")
    assert "row 3: outside_range -1.00" in failed["message"]
    assert "not met" in (platform.home / "quality" / "docs" / "index.html").read_text(encoding="utf-8")


def test_what_a_run_found_is_over_when_what_stood_before_was_delivered_again(
    delivered: Platform, small_folder: Path, small_copy: Path
) -> None:
    before = report(delivered)["checks"]
    change_row(small_copy, "order_items", 3, price="-1.00")
    succeed(pipeline.ingest(delivered.settings(small_copy)))
    assert pipeline.silver(delivered.settings()).status == "failed"
    assert [c["check"] for c in report(delivered)["checks"] if c["status"] == "fail"] == ["valid(price)"]
    succeed(pipeline.ingest(delivered.settings(small_folder)), "no_op")
    succeed(pipeline.silver(delivered.settings()), "no_op")
    silver = [c for c in before if c["layer"] == "silver"]
    assert [c for c in report(delivered)["checks"] if c["layer"] == "silver"] == silver


def test_freshness_goes_by_the_last_accepted_delivery(
    platform: Platform, small_copy: Path, contracts: dict[str, Contract]
) -> None:
    lake = open_lake(platform.settings())
    assert {f.state for f in freshness(lake, contracts)} == {"missing"}
    deliver(platform.settings(small_copy))
    now = datetime.now(UTC)
    assert {f.state for f in freshness(lake, contracts, now)} == {"fresh"}
    assert {f.state for f in freshness(lake, contracts, now + timedelta(days=8))} == {"stale"}
    first = {f.table: f.arrived_at for f in freshness(lake, contracts)}

    # The same bytes again: a sign of life of those tables that may well not have changed.
    succeed(pipeline.ingest(platform.settings(small_copy)), "no_op")
    again = {f.table: f.arrived_at for f in freshness(lake, contracts)}
    counts = {table for table, c in contracts.items() if c.freshness and c.freshness.identical_is_delivery}
    assert counts == {"category_translations", "geolocation", "products", "sellers"}
    assert {table for table in first if again[table] != first[table]} == counts

    # What is refused is no delivery.
    change_row(small_copy, "order_items", 3, price="-1.00")
    succeed(pipeline.ingest(platform.settings(small_copy)))
    assert pipeline.silver(platform.settings()).status == "failed"
    assert {f.table: f.arrived_at for f in freshness(lake, contracts)}["order_items"] == first["order_items"]


def test_the_warehouse_knows_when_each_table_was_delivered(delivered: Platform, contracts: dict[str, Contract]) -> None:
    lake = open_lake(delivered.settings())
    recorded = dict(delivered.query("SELECT table_name, max(loaded_at) FROM olist_meta.deliveries GROUP BY table_name"))
    assert recorded == {f.table: f.arrived_at for f in freshness(lake, contracts)}


def test_status_shows_how_fresh_each_table_is(delivered: Platform) -> None:
    said = command(delivered, "status", "--json")
    tables = {row["table"]: row for row in json.loads(said.stdout)["tables"]}
    assert {row["state"] for row in tables.values()} == {"fresh"}
    assert tables["orders"]["stale_at"] > tables["orders"]["arrived_at"]
    assert "fresh" in command(delivered, "status").stdout
