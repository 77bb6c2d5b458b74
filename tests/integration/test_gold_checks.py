"""Gold's checks can fail, its rules are right, and what is written about it is true of what was built."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from conftest import Platform
from deliveries import command
from gold_mutations import CHANGES, GoldTest, gold_tests, seen
from olist import pipeline
from olist.contracts import Contract
from olist.gold.artifacts import fetch_new
from olist.gold.invoke import invoke
from olist.lake.open import open_lake
from olist.settings import PROJECT
from openclaw.assembly import build_agent
from openclaw.recording import record
from openclaw.settings import load_settings
from opstore.store import Opstore

KINDS = {
    "accepted_values",
    "at_least_one",
    "expression_is_true",
    "in_range",
    "not_null",
    "relationships",
    "row_count_equals",
    "singular",
    "sum_equals",
    "unique",
    "unique_combination",
}


@pytest.fixture(scope="module")
def built(small_gold: Platform) -> Platform:
    """The platform with gold itself, whose name dbt has written into its tests. What a test changes there it undoes."""
    return small_gold


@pytest.fixture(scope="module")
def connection(built: Platform) -> Iterator[psycopg.Connection[Any]]:
    assert built.warehouse is not None
    with psycopg.connect(built.warehouse, autocommit=True) as connection:
        yield connection


@pytest.fixture(scope="module")
def checks(built: Platform) -> list[GoldTest]:
    return gold_tests(built.home / "dbt" / "target")


@pytest.fixture(scope="module")
def manifest(built: Platform) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((built.home / "dbt/target/manifest.json").read_text(encoding="utf-8"))
    return document


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_check_fails_when_what_it_speaks_of_is_broken(
    connection: psycopg.Connection[Any], checks: list[GoldTest], kind: str
) -> None:
    of_kind = [test for test in checks if test.kind == kind]
    assert of_kind
    assert [test.name for test in of_kind if not seen(connection, test)] == []


def test_no_kind_of_check_is_left_out(checks: list[GoldTest]) -> None:
    assert {test.kind for test in checks} == KINDS
    assert {test.name for test in checks if test.kind == "singular"} <= CHANGES.keys() <= {test.name for test in checks}


def test_the_rules_with_branches_pass_their_unit_tests(built: Platform, connection: psycopg.Connection[Any]) -> None:
    arguments = ["test", "--select", "test_type:unit"]
    outcome = invoke(arguments, PROJECT / "dbt", connection, schema="gold", work=built.home / "unit")
    ran = [result for result in outcome.result.results if result.node.resource_type == "unit_test"]
    assert [result.node.name for result in ran if result.status != "pass"] == []
    assert len(ran) >= 40


def test_every_column_that_was_built_is_described_and_no_other(
    connection: psycopg.Connection[Any], manifest: dict[str, Any]
) -> None:
    query = """
        SELECT table_schema || '.' || table_name, array_agg(column_name::text) FROM information_schema.columns
        WHERE table_schema IN ('gold', 'staging', 'intermediate') GROUP BY 1
    """
    columns = {relation: set(names) for relation, names in connection.execute(query).fetchall()}
    nodes = [node for node in manifest["nodes"].values() if node["resource_type"] in ("model", "seed")]
    described = {f"{n['schema']}.{n['alias']}".replace("gold_next", "gold"): set(n["columns"]) for n in nodes}
    assert described == columns


def test_the_documentation_is_one_page_with_every_model(
    built: Platform, folder: Path, manifest: dict[str, Any]
) -> None:
    page = folder / "gold.html"
    said = command(built, "docs", "--out", page)
    assert said.exit_code == 0, said.output
    assert said.stdout.strip() == str(page)
    text = page.read_text(encoding="utf-8")
    assert [
        key for key, node in manifest["nodes"].items() if node["resource_type"] == "model" and key not in text
    ] == []
    assert 'src="http' not in text


def test_dbt_calls_stale_what_the_contracts_do(manifest: dict[str, Any], contracts: dict[str, Contract]) -> None:
    hours = {"hour": 1.0, "day": 24.0}
    limits = {s["name"]: s["freshness"]["error_after"] for s in manifest["sources"].values()}
    promised = {table: c.freshness.hours for table, c in contracts.items() if c.freshness}
    assert {table: limit["count"] * hours[limit["period"]] for table, limit in limits.items()} == promised


def test_gold_of_which_a_table_was_dropped_is_built_again(built: Platform, connection: psycopg.Connection[Any]) -> None:
    connection.execute("DROP TABLE gold.fact_orders CASCADE")
    assert pipeline.gold(built.settings()).status == "success"
    assert connection.execute("SELECT count(*) > 0 FROM gold.fact_orders").fetchall() == [(True,)]
    assert pipeline.gold(built.settings()).status == "no_op"


def test_a_source_whose_last_accepted_delivery_is_old_is_one_incident_until_another_arrives(
    built: Platform, connection: psycopg.Connection[Any], contracts: dict[str, Contract], folder: Path
) -> None:
    """By `olist gold`, which has nothing else to do, its artifacts in the lake, and what the agent makes of them."""
    store = Opstore(folder / "opstore.sqlite")
    agent = build_agent(load_settings(opstore=str(store.path)), lambda text: None, store)

    def watched() -> dict[str, str]:
        report = pipeline.gold(built.settings())
        assert (report.status, report.error) == ("no_op", None)
        for invocation in fetch_new(open_lake(built.settings()), folder / "new"):
            record(store, folder / "new" / invocation)
        query = "SELECT root, state FROM ops_incidents_current"
        agent.poll()
        return {row["root"]: row["state"] for row in store.query(query)}

    age = "UPDATE olist_meta.deliveries SET loaded_at = loaded_at + %s * interval '8 days' WHERE table_name = 'orders'"
    assert watched() == {}
    connection.execute(age, [-1])
    assert watched() == {"source.olist.olist.orders": "open"}
    connection.execute(age, [1])
    assert watched() == {"source.olist.olist.orders": "resolved"}
    passed = store.query("SELECT DISTINCT asset FROM ops_checks WHERE check_name = 'freshness' AND status = 'pass'")
    assert {row["asset"] for row in passed} == {f"source.olist.olist.{table}" for table in contracts}
