"""The gate before silver: every rule of every contract finds a row that breaks it, says which row, and then nothing is published.

Each check is seen to fail once, alone: the staged table is changed in one way, and exactly the check that is meant for it finds it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from conftest import Platform
from databases import owned_platform
from deliveries import change_row, deliver, lake_state, silver_state
from mutations import ALONG, CHANGES, mutation
from olist import pipeline
from olist.contracts import Column, Contract, load_contracts
from olist.errors import AuditFailed, ContractError
from olist.quality.audit import Staged, measure, measure_dependent
from olist.quality.judge import Gate
from olist.quality.rules import Rule, rules
from olist.quality.suites import Asset
from olist.settings import PROJECT
from olist.silver import stage
from olist.warehouse import embedded
from opstore.store import Check, Counts

CONTRACTS = load_contracts(PROJECT / "contracts")
RULES = [(table, rule) for table, contract in CONTRACTS.items() for rule in rules(contract)]
COLUMN_KINDS = {"unique", "not_null", "accepted_values", "range", "pattern", "relationship"}
PROMISED = [(t, r) for t, r in RULES if r.kind not in COLUMN_KINDS]
NOWHERE = "f" * 32


@pytest.fixture(scope="module")
def published(server: embedded.Server, small_folder: Path) -> Iterator[Platform]:
    """A platform with a sound silver, to stage copies of."""
    with owned_platform(server) as platform:
        deliver(platform.settings(small_folder))
        yield platform


@contextmanager
def staged(platform: Platform, table: str) -> Iterator[tuple[psycopg.Connection, Counts]]:
    """A stage with a copy of one published table, without constraints, and the row accounting that fits it."""
    assert platform.warehouse is not None
    with psycopg.connect(platform.warehouse) as connection:
        connection.execute(f"CREATE SCHEMA {stage.STAGE}")
        copied = connection.execute(f"CREATE TABLE {stage.STAGE}.{table} AS SELECT * FROM silver.{table}")
        yield connection, Counts(rows_in=copied.rowcount, published=copied.rowcount)
        connection.rollback()


def checks(
    connection: psycopg.Connection, table: str, counts: Counts, faults: dict[tuple[str, str], int] | None = None
) -> list[Check]:
    locations = {name: stage.STAGE if name == table else "silver" for name in CONTRACTS}
    staged_table = Staged(CONTRACTS[table], counts, faults or {})
    return judged(measure(connection, staged_table, locations, "silver.rejects", connection))


def judged(*assets: Asset) -> list[Check]:
    found: list[Check] = []
    with tempfile.TemporaryDirectory() as folder:
        Gate("a run", Path(folder), found.extend).judge(assets)
    return found


def failing(found: list[Check]) -> dict[str, Check]:
    return {check.check_name: check for check in found if check.status == "fail"}


def breaking_values(column: Column, rule: Rule) -> list[Any]:
    """Values that break this rule of the column, one of each kind."""
    step = 0.01 if column.physical_type == "double precision" else 1
    values: dict[str, list[Any]] = {
        "not_null": [None],
        "accepted_values": ["none of these"],
        "range": [
            *([column.minimum - step] if column.minimum is not None else []),
            *([column.maximum + step] if column.maximum is not None else []),
        ],
        "pattern": ["x"],
        "relationship": [NOWHERE],
    }
    return values[rule.kind]


def break_row(connection: psycopg.Connection, contract: Contract, column: str, value: Any) -> str:
    """Set a column of one row; returns the row's key as a check shows it."""
    table = sql.Identifier(stage.STAGE, contract.table)
    update = "UPDATE {} SET {} = %s WHERE ctid = (SELECT min(ctid) FROM {}) RETURNING {}"
    keys = sql.SQL(", ").join(map(sql.Identifier, contract.key))
    row = connection.execute(sql.SQL(update).format(table, sql.Identifier(column), table, keys), (value,)).fetchone()
    return shown(contract, row)


def shown(contract: Contract, row: tuple[Any, ...] | None) -> str:
    assert row is not None
    return ", ".join(f"{n}={'empty' if v is None else v}" for n, v in zip(contract.key, row, strict=True))


def test_a_sound_table_passes_and_every_kind_of_rule_is_in_the_contracts(published: Platform) -> None:
    assert {rule.kind for _, rule in RULES} == COLUMN_KINDS | {"business_rule", "statistic"}
    for table, contract in CONTRACTS.items():
        with staged(published, table) as (connection, counts):
            found = checks(connection, table, counts)
        assert failing(found) == {}
        names = [check.check_name for check in found]
        assert set(names) > {
            *(rule.name for rule in rules(contract)),
            "row_count",
            "row_accounting",
            "reject_tolerance",
        }
        assert len(set(names)) == len(names)


@pytest.mark.parametrize(
    ("table", "rule"), [pytest.param(t, r, id=f"{t}-{r.name}") for t, r in RULES if r.kind in COLUMN_KINDS - {"unique"}]
)
def test_a_row_that_breaks_a_rule_fails_its_check_and_is_named(published: Platform, table: str, rule: Rule) -> None:
    contract = CONTRACTS[table]
    column = next(c for c in contract.columns if c.name == rule.columns[0])
    values = breaking_values(column, rule)
    assert values
    for value in values:
        with staged(published, table) as (connection, counts):
            key = break_row(connection, contract, column.name, value)
            failed = failing(checks(connection, table, counts))
        expected = {rule.name} | ALONG.get((table, rule.name), set())
        if rule.kind == "pattern" and column.reference is not None:
            expected |= {r.name for r in rules(contract) if r.kind == "relationship" and r.columns == rule.columns}
        assert failed.keys() == expected
        check = failed[rule.name]
        assert (check.asset, check.kind, check.failures) == (f"silver.{table}", rule.kind, 1)
        assert check.columns == (column.name,)
        assert check.message is not None
        assert key in check.message


@pytest.mark.parametrize("table", CONTRACTS)
def test_a_key_that_stands_twice_fails_and_is_named(published: Platform, table: str) -> None:
    contract = CONTRACTS[table]
    with staged(published, table) as (connection, counts):
        keys = ", ".join(contract.key)
        again = f"INSERT INTO {stage.STAGE}.{table} SELECT * FROM silver.{table} LIMIT 1 RETURNING {keys}"
        key = shown(contract, connection.execute(again).fetchone())
        longer = Counts(rows_in=counts.rows_in + 1, published=counts.published + 1)
        failed = failing(checks(connection, table, longer))
    assert failed.keys() == {f"unique({keys})"}
    (check,) = failed.values()
    assert check.failures == 2
    assert check.message is not None
    assert key in check.message


def test_every_promise_has_its_mutation() -> None:
    promised = {t: {r.promise.name for table, r in PROMISED if table == t and r.promise} for t in CONTRACTS}
    assert promised == {table: set(changes) for table, changes in CHANGES.items()}


@pytest.mark.parametrize(("table", "rule"), [pytest.param(t, r, id=f"{t}-{r.name}") for t, r in PROMISED])
def test_a_promise_that_is_broken_fails_alone(published: Platform, table: str, rule: Rule) -> None:
    assert rule.promise is not None
    with staged(published, table) as (connection, counts):
        changed = connection.execute(mutation(CONTRACTS[table], rule.promise.name, stage.STAGE).encode()).rowcount
        failed = failing(checks(connection, table, counts))
    assert changed
    assert failed.keys() == {rule.name} | ALONG.get((table, rule.promise.name), set())
    assert failed[rule.name].columns == rule.columns
    message = failed[rule.name].message or ""
    assert (f"{CONTRACTS[table].key[0]}=" in message) == (rule.kind == "business_rule"), message


@pytest.mark.parametrize("table", CONTRACTS)
def test_each_column_answers_for_the_rows_that_it_cost(published: Platform, table: str) -> None:
    answerable = [c for c in CONTRACTS[table].columns if c.invalid_share is not None]
    assert answerable
    for column in answerable:
        with staged(published, table) as (connection, counts):
            # So many rows that neither these faults nor their share are the table's.
            many = replace(counts, rows_in=counts.rows_in + 5, superseded=5)
            assert failing(checks(connection, table, many, {(column.name, "parent_rejected"): 5})) == {}
            failed = failing(checks(connection, table, many, {(column.name, "missing"): 5}))
        assert failed.keys() == {f"valid({column.name})"}
        assert failed[f"valid({column.name})"].columns == (column.name,)


@pytest.mark.parametrize("table", CONTRACTS)
def test_a_table_that_lost_half_its_rows_is_warned_of(published: Platform, table: str) -> None:
    name = f"{stage.STAGE}.{table}"
    with staged(published, table) as (connection, counts):
        half = f"DELETE FROM {name} WHERE ctid IN (SELECT ctid FROM {name} LIMIT {counts.rows_in // 2})"
        left = counts.rows_in - connection.execute(half.encode()).rowcount
        failed = failing(checks(connection, table, Counts(rows_in=left, published=left)))
    assert failed["row_count"].severity == "warn"


def test_a_rule_of_a_column_that_is_none_names_its_contract(published: Platform) -> None:
    contract = CONTRACTS["sellers"]
    rule = replace(contract.promises[-1], query="SELECT count(*) FROM ${table} WHERE colour IS NULL")
    with staged(published, "sellers") as (connection, counts):
        wrong = Staged(replace(contract, promises=(rule,)), counts, {})
        locations = {name: stage.STAGE if name == "sellers" else "silver" for name in CONTRACTS}
        with pytest.raises(ContractError, match="cannot be asked") as caught:
            measure(connection, wrong, locations, "silver.rejects", connection)
    assert "sellers.odcs.yaml" in caught.value.resource
    assert "colour" in caught.value.found


def test_a_table_that_stays_is_held_against_what_was_rebuilt(published: Platform) -> None:
    locations = {name: stage.STAGE if name == "orders" else "silver" for name in CONTRACTS}
    with staged(published, "orders") as (connection, _):
        connection.execute(f"UPDATE {stage.STAGE}.orders SET order_purchase_timestamp = '2030-01-01'".encode())
        asset = measure_dependent(connection, CONTRACTS["order_items"], ["orders"], locations, connection)
        assert measure_dependent(connection, CONTRACTS["products"], ["orders"], locations, connection) is None
        assert asset is not None
        failed = failing(judged(asset))
    assert failed.keys() == {"business_rule(shipped_after_purchase)"}
    assert len(asset.measured) < len(rules(CONTRACTS["order_items"]))


@pytest.mark.parametrize("table", CONTRACTS)
@pytest.mark.parametrize(
    ("lost", "unaccounted"), [(1, 0), (0, 1)], ids=["lost from the stage", "missing in the counts"]
)
def test_a_row_that_is_not_accounted_for_fails(published: Platform, table: str, lost: int, unaccounted: int) -> None:
    target = f"{stage.STAGE}.{table}"
    with staged(published, table) as (connection, counts):
        connection.execute(f"DELETE FROM {target} WHERE ctid IN (SELECT ctid FROM {target} LIMIT {lost})")
        claimed = replace(counts, rows_in=counts.rows_in + unaccounted)
        failed = failing(checks(connection, table, claimed))
    assert failed.keys() == {"row_accounting"}
    assert failed["row_accounting"].failures == 1


@pytest.mark.parametrize("table", CONTRACTS)
def test_rejects_are_tolerated_up_to_the_contracts_share_and_no_further(published: Platform, table: str) -> None:
    tolerance = CONTRACTS[table].reject_tolerance
    with staged(published, table) as (connection, counts):
        # So many rows that the tolerance is a whole number of them; the ones that are not staged were duplicates.
        rows_in = counts.published * 1_000
        allowed = round(rows_in * tolerance)
        for rejected, expected in ((allowed, set()), (allowed + 1, {"reject_tolerance"})):
            superseded = rows_in - counts.published - rejected
            claimed = Counts(rows_in=rows_in, published=counts.published, superseded=superseded, rejected=rejected)
            failed = failing(checks(connection, table, claimed))
            assert failed.keys() == expected
    assert failed["reject_tolerance"].failures == allowed + 1


CORRUPTIONS = {
    "unique(seller_id)": "INSERT INTO silver_stage.sellers SELECT * FROM silver_stage.sellers LIMIT 1",
    "row_accounting": "DELETE FROM silver_stage.sellers",
    "not_null(seller_state)": "UPDATE silver_stage.sellers SET seller_state = NULL",
    "relationship(seller_id in sellers.seller_id)": f"UPDATE silver_stage.order_items SET seller_id = '{NOWHERE}'",
}


@pytest.mark.parametrize("check", CORRUPTIONS)
def test_an_audit_that_fails_publishes_nothing_and_quarantines_the_delivery(
    platform: Platform, small_copy: Path, monkeypatch: pytest.MonkeyPatch, check: str
) -> None:
    deliver(platform.settings(small_copy))
    silver, lake = silver_state(platform), lake_state(platform)
    versions = platform.query("SELECT * FROM olist_meta.publications")

    def loaded_then_corrupted(bulk: Any, connection: psycopg.Connection, *arguments: Any) -> None:
        load_rejects(bulk, connection, *arguments)
        connection.execute(CORRUPTIONS[check].encode())

    load_rejects = stage.load_rejects
    monkeypatch.setattr(stage, "load_rejects", loaded_then_corrupted)
    change_row(small_copy, "sellers", 1, seller_city="another city")
    second = pipeline.ingest(platform.settings(small_copy))
    report = pipeline.silver(platform.settings())

    assert report.status == "failed"
    assert isinstance(report.error, AuditFailed)
    assert check in report.error.found
    assert check in {c.check_name for c in report.checks if c.status == "fail"}
    assert silver_state(platform) == silver
    assert platform.query("SELECT * FROM olist_meta.publications") == versions
    new = lake_state(platform).keys() - lake.keys()
    assert f"verdicts/{second.run_id}/quarantined.json" in new
    assert {row.table for row in report.layers if row.quarantined} == {"sellers"}

    monkeypatch.undo()
    assert pipeline.silver(platform.settings()).status == "no_op", "silver is what the accepted deliveries give"
