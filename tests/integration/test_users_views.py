"""What users built on silver follows its tables, or blocks the publish and is named."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from conftest import Platform
from deliveries import deliver, property_of, read_rows, silver_state, succeed, write_rows
from evolving import REVIEWS, Evolving, with_nps, without
from olist import pipeline
from olist.errors import PublishBlocked


@pytest.fixture
def evolving(platform: Platform, small_copy: Path, folder: Path) -> Evolving:
    return Evolving(platform, small_copy, folder / "contracts")


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
