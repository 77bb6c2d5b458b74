"""Faults of value: each rejects its row with the reason and the origin, and the row's children with it, as far as is tolerated."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from itertools import count
from pathlib import Path

import pytest

from conftest import Platform
from deliveries import (
    FILES,
    change_contract,
    change_row,
    command,
    custom_property,
    deliver,
    published,
    read_rows,
    silver_state,
    succeed,
    without_promises,
    write_rows,
)
from olist import pipeline
from olist.errors import AuditFailed
from olist.lake.batches import Verdict
from olist.lake.open import open_lake
from opstore.store import Opstore

NOBODY = "f" * 32

# (table, column, value) → reason; parents first
FAULTS = {
    ("category_translations", "product_category_name_english", ""): "missing",
    ("geolocation", "geolocation_lat", "48.8566"): "outside_range",
    ("geolocation", "geolocation_lng", "nan"): "outside_range",
    ("geolocation", "geolocation_zip_code_prefix", "01O37"): "wrong_pattern",
    ("geolocation", "geolocation_city", "12345"): "not_standardisable",
    ("customers", "customer_zip_code_prefix", "1409"): "wrong_pattern",
    ("customers", "customer_state", "XX"): "outside_domain",
    ("products", "product_weight_g", "3.7"): "not_an_integer",
    ("orders", "order_purchase_timestamp", "2018-02-30 10:00:00"): "not_a_timestamp",
    ("orders", "order_approved_at", "2018-02-03"): "not_a_timestamp",
    ("orders", "order_delivered_carrier_date", "03/02/2018 10:00:00"): "not_a_timestamp",
    ("orders", "order_delivered_customer_date", "2018-02-03T10:00:00"): "not_a_timestamp",
    ("orders", "order_estimated_delivery_date", " "): "missing",
    ("orders", "order_status", "teleported"): "outside_domain",
    ("orders", "order_id", "not-an-id"): "wrong_pattern",
    ("orders", "customer_id", NOBODY): "orphan",
    ("order_items", "price", "58.999"): "not_a_number",
    ("order_items", "freight_value", "13,29"): "not_a_number",
    ("order_items", "price", "-0.01"): "outside_range",
    ("order_items", "price", "1e3"): "not_a_number",
    ("order_items", "price", "99999999999.99"): "not_a_number",
    ("order_items", "order_item_id", "0"): "outside_range",
    ("order_items", "seller_id", NOBODY): "orphan",
    ("order_payments", "payment_installments", "3.7"): "not_an_integer",
    ("order_payments", "payment_sequential", "99999999999"): "not_an_integer",
    ("order_payments", "payment_value", "NaN"): "not_a_number",
    ("order_payments", "payment_type", "barter"): "outside_domain",
    ("order_payments", "order_id", NOBODY): "orphan",
    ("order_reviews", "review_score", "6"): "outside_range",
    ("order_reviews", "review_score", "five"): "not_an_integer",
}

Key = tuple[str, int]
Faults = dict[Key, tuple[str, str, str | None]]


@pytest.fixture
def tolerant(folder: Path) -> Path:
    """The contracts, with a tolerance for many rejects."""
    contracts = without_promises(folder)
    for table in FILES:
        change_contract(contracts, table, custom_property("rejectTolerance", 0.2))
    return contracts


def rejects(platform: Platform) -> Faults:
    """(reason, column, value) of each rejected row, by table and row of the file."""
    rows = platform.query("SELECT table_name, source_row, reason, column_name, value FROM silver.rejects")
    assert len({row[:2] for row in rows}) == len(rows), "a row is rejected once, for its first fault"
    return {(table, number): (reason, column, value) for table, number, reason, column, value in rows}


def children(csv: Path, rejected: Faults) -> Faults:
    """`rejected`, and the rows that lost their parent by it: worked out from the files alone."""
    result = dict(rejected)
    for parent, child, key in (
        ("customers", "orders", "customer_id"),
        ("orders", "order_items", "order_id"),
        ("products", "order_items", "product_id"),
        ("orders", "order_payments", "order_id"),
        ("orders", "order_reviews", "order_id"),
    ):
        delivered = [row[key] for row in read_rows(csv, parent)]
        known = set(delivered)
        lost = {delivered[number - 1] for table, number in result if table == parent}
        for number, row in enumerate(read_rows(csv, child), start=1):
            if row[key] in lost or row[key] not in known:
                reason = "parent_rejected" if row[key] in lost else "orphan"
                result.setdefault((child, number), (reason, key, row[key]))
    return result


def test_each_fault_of_value_rejects_its_row_with_reason_and_origin(
    platform: Platform, small_copy: Path, tolerant: Path
) -> None:
    settings = platform.settings(small_copy, contracts=tolerant)
    deliver(settings)
    before = rejects(platform)
    expected: Faults = {}
    raw = {}
    for (table, column, value), reason in FAULTS.items():
        taken = children(small_copy, expected | before)
        number = next(n for n in count(1) if (table, n) not in taken)
        raw[table, number] = change_row(small_copy, table, number, **{column: value})
        shown = None if reason == "not_standardisable" else value.strip() or None
        expected[table, number] = (reason, column, shown)

    ingested = succeed(pipeline.ingest(settings)).run_id
    report = succeed(pipeline.silver(settings))
    found = rejects(platform)
    assert {key: found.get(key) for key in expected} == expected
    assert found == children(small_copy, expected | before)
    assert "parent_rejected" in {reason for reason, _, _ in found.values()}
    counts = Counter(table for table, _ in found)
    assert {table: row.rejected for table, row in published(report).items()} == {t: counts[t] for t in FILES}

    origin = "SELECT table_name, source_row, source_file, run_id, source_values FROM silver.rejects"
    for table, number, file, run_id, values in platform.query(origin):
        assert (file, run_id) == (FILES[table], ingested)
        if (table, number) in raw:
            assert json.loads(values) == raw[table, number], "the row as it stood"


def test_the_children_of_rejected_orders_are_rejected_with_them(
    platform: Platform, small_copy: Path, tolerant: Path
) -> None:
    orders, items = read_rows(small_copy, "orders"), read_rows(small_copy, "order_items")
    lost = items[0]["order_id"]
    number = next(n for n, row in enumerate(orders, start=1) if row["order_id"] == lost)
    change_row(small_copy, "orders", number, order_purchase_timestamp="never")
    deliver(platform.settings(small_copy, contracts=tolerant))
    tables = ("orders", "order_items", "order_payments", "order_reviews")
    for table in tables:
        assert platform.query(f"SELECT count(*) FROM silver.{table} WHERE order_id = '{lost}'") == [(0,)]
        rows = [row for row in read_rows(small_copy, table) if row["order_id"] == lost]
        reason = "not_a_timestamp" if table == "orders" else "parent_rejected"
        counted = f"SELECT count(*) FROM silver.rejects WHERE table_name = '{table}' AND reason = '{reason}'"
        assert platform.query(counted) == [(len(rows),)]
        assert rows or table in ("order_payments", "order_reviews")


def test_rows_alike_count_once_and_rows_that_contradict_each_other_are_all_rejected(
    platform: Platform, small_copy: Path, tolerant: Path
) -> None:
    orders = read_rows(small_copy, "orders")
    size = len(orders)
    first, second, third = orders[0], orders[1], orders[2]
    other = "canceled" if second["order_status"] != "canceled" else "shipped"
    spelt = {"order_status": f" {third['order_status'].upper()} "}
    # One copy; one copy and one that differs; one that differs in spelling alone.
    write_rows(
        small_copy, "orders", [*orders, first, second, second | {"order_status": other}, third | spelt, orders[3]]
    )
    report = deliver(platform.settings(small_copy, contracts=tolerant))
    counts = published(report)["orders"]
    assert (counts.rows_in, counts.published, counts.superseded, counts.rejected) == (size + 5, size - 1, 3, 3)
    found = {key: fault for key, fault in rejects(platform).items() if key[0] == "orders"}
    conflict = ("conflicting_duplicate", "order_id", None)
    assert found == {("orders", row): conflict for row in (2, size + 2, size + 3)}
    orphans = "SELECT count(*) FROM silver.rejects WHERE reason = 'parent_rejected' AND value = '{}'"
    assert platform.query(orphans.format(second["order_id"]))[0][0] > 0
    assert platform.query(orphans.format(first["order_id"])) == [(0,)]


def test_more_faults_than_tolerated_quarantine_the_delivery_and_a_mended_one_succeeds(
    delivered: Platform, small_folder: Path, small_copy: Path
) -> None:
    before = silver_state(delivered)
    size, sellers = len(read_rows(small_copy, "orders")), len(read_rows(small_copy, "sellers"))
    for number in (1, 2, 3):
        change_row(small_copy, "orders", number, order_purchase_timestamp="soon")
    change_row(small_copy, "sellers", 1, seller_city="curitiba", seller_state="PR")

    bad = succeed(pipeline.ingest(delivered.settings(small_copy))).run_id
    said = command(delivered, "silver", "--json")
    assert said.exit_code == 1
    document = json.loads(said.stdout)
    assert document["error"]["resource"].split(", ")[0] == "silver.orders"
    for text in ("reject_tolerance", "3 not_a_timestamp", "parent_rejected", "quarantined", "silver stands as it was"):
        assert text in said.stderr
    file = FILES["orders"]
    for number in (1, 2, 3):
        assert f"{file} row {number}, order_purchase_timestamp: not_a_timestamp soon" in " ".join(said.stderr.split())
    store = Opstore(delivered.home / "opstore.sqlite")
    (event,) = store.query("SELECT * FROM ops_events WHERE resource = 'silver.orders'")
    known = json.loads(event["evidence"])
    assert (known["category"], known["columns"]) == ("type_or_parse_error", ["order_purchase_timestamp"])
    assert event["check_name"] == "reject_tolerance"
    accounted = {row["table"]: row for row in document["layers"]}
    assert {table: row["quarantined"] for table, row in accounted.items()} == {"sellers": sellers, "orders": size}
    assert all(row["rows_in"] == row["quarantined"] for row in accounted.values())
    assert silver_state(delivered) == before

    lake = open_lake(delivered.settings())
    assert lake.verdicts("orders")[bad] is lake.verdicts("sellers")[bad] is Verdict.QUARANTINED
    assert "quarantined" in command(delivered, "lake", "ls", "--table", "orders").stdout
    succeed(pipeline.silver(delivered.settings()), "no_op")

    mended = shutil.copy(small_folder / FILES["orders"], small_copy)
    deliver(delivered.settings(Path(mended).parent))
    after = silver_state(delivered)
    assert {table for table in after if after[table] != before[table]} == {"sellers"}
    assert "quarantined" in command(delivered, "lake", "ls", "--table", "orders").stdout, "it stays for the record"


def test_an_audit_that_fails_is_raised_as_such(platform: Platform, small_copy: Path) -> None:
    change_row(small_copy, "category_translations", 1, product_category_name_english="")
    succeed(pipeline.ingest(platform.settings(small_copy)))
    report = pipeline.silver(platform.settings())
    assert isinstance(report.error, AuditFailed)
    assert "silver.category_translations: reject_tolerance: 1 of 71 rows" in report.error.found
    told = f"{FILES['category_translations']} row 1, product_category_name_english: missing"
    assert told in report.error.found
    assert "rejected of category_translations: 1 missing" in report.error.found
    assert [check for check in report.checks if check.status == "fail"]
    assert platform.query("SELECT count(*) FROM pg_tables WHERE schemaname = 'silver'") == [(0,)]


def test_case_and_blanks_around_coded_values_are_no_fault(delivered: Platform, small_copy: Path) -> None:
    before = silver_state(delivered)

    def spell(table: str, *columns: str) -> None:
        rows = read_rows(small_copy, table)
        write_rows(small_copy, table, [row | {c: f" {row[c].swapcase()}\t" for c in columns} for row in rows])

    spell("orders", "order_status")
    spell("order_payments", "payment_type")
    spell("customers", "customer_city", "customer_state")
    spell("sellers", "seller_city", "seller_state")
    spell("order_items", "price", "order_item_id")
    report = deliver(delivered.settings(small_copy))
    assert sum(row.rejected for row in report.layers) == 0
    after = silver_state(delivered)
    assert {table for table in after if after[table] != before[table]} == set()
