"""Contracts evolve: a column comes, changes its type or goes, a table goes, and silver follows."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest
from conftest import Platform
from deliveries import (
    Document,
    change_contract,
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

from olist import pipeline
from olist.errors import AuditFailed, PublishBlocked, SourceRefused
from olist.lake.batches import Verdict
from olist.settings import PROJECT, Settings

REVIEWS = "order_reviews"
NPS: Document = {
    "name": "recommendation",
    "physicalName": "nps",
    "description": "How likely the customer is to recommend us, 0 to 10.",
    "logicalType": "integer",
    "physicalType": "smallint",
    "required": False,
    "logicalTypeOptions": {"minimum": 0, "maximum": 10},
}


class Evolving:
    """A platform whose contracts are its own, and a delivery to change with them."""

    def __init__(self, platform: Platform, csv: Path, contracts: Path) -> None:
        self.platform, self.csv, self.contracts = platform, csv, contracts

    @property
    def settings(self) -> Settings:
        settings: Settings = self.platform.settings(self.csv, contracts=self.contracts)
        return settings

    def new_version(self, table: str, how: Callable[[Document], object], version: str = "1.1.0") -> None:
        """A new version of a table's contract."""
        change_contract(self.contracts, table, lambda document: (how(document), document.update(version=version)))

    def write_nps(self) -> dict[str, int]:
        """Give every second review the new column's value; returns the values by review."""
        rows = [row | {"nps": str(n % 11) if n % 2 else ""} for n, row in enumerate(read_rows(self.csv, REVIEWS))]
        write_rows(self.csv, REVIEWS, rows)
        return {row["review_id"]: int(row["nps"]) for row in rows if row["nps"]}

    def values(self, column: str) -> dict[str, Any]:
        """What silver has of a column of the reviews, where it is known."""
        return dict(self.platform.query(f"SELECT review_id, {column} FROM silver.{REVIEWS} WHERE {column} IS NOT NULL"))

    def types(self, table: str = REVIEWS) -> dict[str, str]:
        return dict(
            self.platform.query(
                "SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute"
                f" WHERE attrelid = 'silver.{table}'::regclass AND attnum > 0 AND NOT attisdropped"
            )
        )


@pytest.fixture
def evolving(platform: Platform, small_copy: Path, folder: Path) -> Evolving:
    contracts = Path(shutil.copytree(PROJECT / "contracts", folder / "contracts"))
    return Evolving(platform, small_copy, contracts)


def with_nps(document: Document) -> None:
    properties = document["schema"][0]["properties"]
    properties.insert(properties.index(property_of(document, "has_comment")), dict(NPS))


def with_required_nps(document: Document) -> None:
    with_nps(document)
    property_of(document, "recommendation")["required"] = True


def with_nps_and_some_tolerance(document: Document) -> None:
    with_nps(document)
    custom_property("rejectTolerance", 0.01)(document)


def without(column: str) -> Callable[[Document], object]:
    def remove(document: Document) -> None:
        properties = document["schema"][0]["properties"]
        properties.remove(property_of(document, column))

    return remove


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
    batches = pipeline.open_lake(evolving.settings).batches(REVIEWS)
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
    verdicts = pipeline.open_lake(evolving.settings).verdicts(REVIEWS)
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
    assert "product_photos_qty" in pipeline.open_lake(evolving.settings).batches("products")[0].columns

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


# What users built on the tables


def build(platform: Platform, statement: str) -> None:
    assert platform.warehouse is not None
    with psycopg.connect(platform.warehouse, autocommit=True) as connection:
        connection.execute("CREATE SCHEMA IF NOT EXISTS analyst")
        connection.execute(statement.encode())


def test_a_users_views_survive_a_new_column(evolving: Evolving) -> None:
    deliver(evolving.settings)
    good = "SELECT review_id FROM analyst.everything WHERE review_score > 3"
    for statement in (
        f"CREATE VIEW analyst.everything AS SELECT * FROM silver.{REVIEWS}",
        'CREATE SCHEMA "The Board"',
        f'CREATE VIEW "The Board"."Good" WITH (security_invoker = true) AS {good}',
        'GRANT SELECT ON "The Board"."Good" TO PUBLIC',
    ):
        build(evolving.platform, statement)
    before = evolving.platform.query('SELECT review_id FROM "The Board"."Good" ORDER BY 1')
    assert before

    evolving.new_version(REVIEWS, with_nps)
    succeed(pipeline.silver(evolving.settings))
    assert evolving.platform.query('SELECT review_id FROM "The Board"."Good" ORDER BY 1') == before
    granted = """SELECT has_table_privilege('public', '"The Board"."Good"', 'SELECT')"""
    assert evolving.platform.query(granted) == [(True,)]
    options = "SELECT reloptions FROM pg_class WHERE relname = 'Good'"
    assert evolving.platform.query(options) == [(["security_invoker=true"],)]

    rows = [row | {"review_score": "1", "nps": ""} for row in read_rows(evolving.csv, REVIEWS)]
    write_rows(evolving.csv, REVIEWS, rows)
    deliver(evolving.settings)
    assert evolving.platform.query('SELECT * FROM "The Board"."Good"') == [], "it reads the new table"


def retype(evolving: Evolving) -> None:
    evolving.new_version(
        REVIEWS,
        lambda d: property_of(d, "review_score").update(logicalType="number", physicalType="numeric(3,1)"),
    )


def drop(evolving: Evolving) -> None:
    evolving.new_version(REVIEWS, without("review_answer_timestamp"))


def retire(evolving: Evolving) -> None:
    (evolving.contracts / "order_reviews.odcs.yaml").unlink()


def any_change(evolving: Evolving) -> None:
    evolving.new_version(REVIEWS, with_nps)


BLOCKED: dict[str, tuple[str, str, Callable[[Evolving], None]]] = {
    "view on a retyped column": ("VIEW", f"SELECT review_score FROM silver.{REVIEWS}", retype),
    "view that computes with a retyped column": (
        "VIEW",
        f"SELECT 1 << review_score AS x FROM silver.{REVIEWS}",
        retype,
    ),
    "view on a dropped column": ("VIEW", f"SELECT review_answer_timestamp FROM silver.{REVIEWS}", drop),
    "view on a dropped table": ("VIEW", f"SELECT count(*) FROM silver.{REVIEWS}", retire),
    "materialized view": ("MATERIALIZED VIEW", f"SELECT review_id FROM silver.{REVIEWS}", any_change),
}


@pytest.mark.parametrize(("kind", "query", "change"), BLOCKED.values(), ids=BLOCKED)
def test_what_cannot_follow_blocks_the_publish_and_is_named(
    evolving: Evolving, kind: str, query: str, change: Callable[[Evolving], None]
) -> None:
    deliver(evolving.settings)
    before = silver_state(evolving.platform)
    build(evolving.platform, f"CREATE {kind} analyst.report AS {query}")
    rows = evolving.platform.query("SELECT * FROM analyst.report ORDER BY 1")
    change(evolving)

    report = pipeline.silver(evolving.settings)
    assert isinstance(report.error, PublishBlocked), report.error
    assert "analyst.report" in report.error.found
    assert "the old version stands" in report.error.remedy
    assert silver_state(evolving.platform) == before
    assert evolving.platform.query("SELECT * FROM analyst.report ORDER BY 1") == rows

    build(evolving.platform, f"DROP {kind} analyst.report")
    succeed(pipeline.silver(evolving.settings))


def test_the_command_line_takes_contracts_from_the_environment(evolving: Evolving) -> None:
    evolving.new_version(REVIEWS, with_nps)
    evolving.write_nps()
    assert command(evolving.platform, "ingest", "--source", evolving.csv).exit_code == 1
    evolving.platform.environment["OLIST_CONTRACTS"] = str(evolving.contracts)
    assert command(evolving.platform, "ingest", "--source", evolving.csv).exit_code == 0
