"""Contracts evolve: a column comes, changes its type or goes, a table goes, and silver follows."""

from __future__ import annotations

from pathlib import Path

import pytest

from conftest import Platform
from deliveries import (
    Document,
    command,
    custom_property,
    deliver,
    lake_state,
    property_of,
    published,
    read_rows,
    silver_state,
    succeed,
    write_rows,
)
from evolving import REVIEWS, Evolving, with_nps, without
from olist import pipeline
from olist.errors import AuditFailed, SourceRefused
from olist.lake.batches import Verdict
from olist.lake.open import open_lake


@pytest.fixture
def evolving(platform: Platform, small_copy: Path, folder: Path) -> Evolving:
    return Evolving(platform, small_copy, folder / "contracts")


def with_required_nps(document: Document) -> None:
    with_nps(document)
    property_of(document, "recommendation")["required"] = True


def with_nps_and_some_tolerance(document: Document) -> None:
    with_nps(document)
    custom_property("rejectTolerance", 0.01)(document)


# A new column


def test_a_new_column_is_refused_by_the_old_contract(evolving: Evolving) -> None:
    evolving.write_nps()
    report = pipeline.ingest(evolving.settings)
    assert isinstance(report.error, SourceRefused)
    assert report.error.resource == "olist_order_reviews_dataset.csv, line 1"
    assert report.error.found == "unexpected 'nps'"
    assert "new version of contracts/order_reviews.odcs.yaml" in report.error.remedy


def test_a_snapshot_with_a_new_column_is_accepted_by_a_new_version(evolving: Evolving) -> None:
    deliver(evolving.settings)
    assert "recommendation" not in evolving.types()

    evolving.new_version(REVIEWS, with_nps)
    report = succeed(pipeline.silver(evolving.settings))
    assert {row.table for row in report.layers if row.rows_in} == {REVIEWS}
    assert evolving.types()["recommendation"] == "smallint"
    assert evolving.values("recommendation") == {}, "the older batch reads it as NULL"

    succeed(pipeline.ingest(evolving.settings), "no_op")
    expected = evolving.write_nps()
    deliver(evolving.settings)
    assert evolving.values("recommendation") == expected
    batches = open_lake(evolving.settings).batches(REVIEWS)
    assert [b.contract_version for b in batches] == ["1.0.0", "1.1.0"]
    assert ["nps" in b.columns for b in batches] == [False, True]


def test_older_deltas_read_a_new_column_as_null(evolving: Evolving) -> None:
    evolving.new_version(REVIEWS, custom_property("load", "delta"), "1.0.1")
    reviews = read_rows(evolving.csv, REVIEWS)
    write_rows(evolving.csv, REVIEWS, reviews[:-5])
    deliver(evolving.settings)

    evolving.new_version(REVIEWS, with_nps)
    write_rows(evolving.csv, REVIEWS, reviews[-10:])
    expected = evolving.write_nps()
    report = deliver(evolving.settings)
    assert len(expected) == 5
    assert evolving.values("recommendation") == expected
    counts = published(report)[REVIEWS]
    assert (counts.rows_in, counts.published, counts.superseded) == (len(reviews) + 5, len(reviews), 5)


def test_a_value_outside_the_new_columns_range_is_rejected(evolving: Evolving) -> None:
    evolving.new_version(REVIEWS, with_nps_and_some_tolerance)
    rows = [row | {"nps": "7"} for row in read_rows(evolving.csv, REVIEWS)]
    rows[3]["nps"] = "11"
    write_rows(evolving.csv, REVIEWS, rows)
    assert published(deliver(evolving.settings))[REVIEWS].rejected == 1
    rejects = evolving.platform.query(
        f"SELECT reason, column_name, value FROM silver.rejects WHERE table_name = '{REVIEWS}'"
    )
    assert rejects == [("outside_range", "recommendation", "11")]


def test_a_required_column_that_older_batches_lack_is_not_published(evolving: Evolving) -> None:
    deliver(evolving.settings)
    before, lake = silver_state(evolving.platform), lake_state(evolving.platform)
    evolving.new_version(REVIEWS, with_required_nps)
    report = pipeline.silver(evolving.settings)
    assert isinstance(report.error, AuditFailed)
    assert "missing" in report.error.found
    assert "contract" in report.error.remedy
    assert silver_state(evolving.platform) == before
    assert lake_state(evolving.platform) == lake, "the contract is at fault, not a delivery: none is quarantined"
    verdicts = open_lake(evolving.settings).verdicts(REVIEWS)
    assert set(verdicts.values()) == {Verdict.ACCEPTED}


# A column that changes or goes


def test_a_column_of_another_type_migrates(evolving: Evolving) -> None:
    deliver(evolving.settings)
    before = evolving.values("review_score")
    evolving.new_version(
        REVIEWS,
        lambda d: property_of(d, "review_score").update(logicalType="number", physicalType="numeric(3,1)"),
    )
    report = succeed(pipeline.silver(evolving.settings))
    assert {row.table for row in report.layers if row.rows_in} == {REVIEWS}
    assert evolving.types()["review_score"] == "numeric(3,1)"
    assert evolving.values("review_score") == before


def test_a_column_that_the_contract_drops_leaves_silver_and_stays_in_the_lake(evolving: Evolving) -> None:
    deliver(evolving.settings)
    evolving.new_version("sellers", without("seller_latitude"), "2.0.0")
    evolving.new_version("products", without("product_photos_qty"), "2.0.0")
    # The table's own SQL makes a column more than the contract names: it is not published.
    report = succeed(pipeline.silver(evolving.settings))
    assert "product_photos_qty" not in evolving.types("products")
    assert "seller_latitude" not in evolving.types("sellers")
    assert {row.table for row in report.layers if row.rows_in} == {"products", "sellers", "order_items"}
    assert "product_photos_qty" in open_lake(evolving.settings).batches("products")[0].columns

    succeed(pipeline.ingest(evolving.settings), "no_op")


# A table that goes and comes back


def test_a_table_without_contract_leaves_silver_and_comes_back_with_it(evolving: Evolving) -> None:
    deliver(evolving.settings)
    before = silver_state(evolving.platform)
    contract = evolving.contracts / "order_reviews.odcs.yaml"
    text = contract.read_text(encoding="utf-8")

    contract.unlink()
    report = succeed(pipeline.silver(evolving.settings))
    assert REVIEWS not in published(report)
    left = silver_state(evolving.platform)
    assert left == {table: rows for table, rows in before.items() if table != REVIEWS}
    succeed(pipeline.silver(evolving.settings), "no_op")

    contract.write_text(text, encoding="utf-8")
    succeed(pipeline.silver(evolving.settings))
    assert silver_state(evolving.platform) == before


def test_the_rejects_of_a_table_go_with_it(evolving: Evolving) -> None:
    evolving.new_version(REVIEWS, custom_property("rejectTolerance", 0.01))
    rows = read_rows(evolving.csv, REVIEWS)
    rows[0]["review_score"] = "six"
    write_rows(evolving.csv, REVIEWS, rows)
    deliver(evolving.settings)
    count = "SELECT table_name, count(*) FROM silver.rejects GROUP BY table_name"
    rejected = dict(evolving.platform.query(count))
    assert rejected[REVIEWS] == 1
    (evolving.contracts / "order_reviews.odcs.yaml").unlink()
    succeed(pipeline.silver(evolving.settings))
    assert dict(evolving.platform.query(count)) == {table: n for table, n in rejected.items() if table != REVIEWS}


def test_the_command_line_takes_contracts_from_the_environment(evolving: Evolving) -> None:
    evolving.new_version(REVIEWS, with_nps)
    evolving.write_nps()
    assert command(evolving.platform, "ingest", "--source", evolving.csv).exit_code == 1
    evolving.platform.environment["OLIST_CONTRACTS"] = str(evolving.contracts)
    assert command(evolving.platform, "ingest", "--source", evolving.csv).exit_code == 0
