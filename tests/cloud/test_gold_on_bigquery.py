"""The dbt project builds on BigQuery what it builds on PostgreSQL: every row of every table, from the same silver."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import sqlglot
import yaml
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery as library
from sqlglot import exp
from sqlglot.optimizer.annotate_types import annotate_types
from sqlglot.optimizer.qualify import qualify
from sqlglot.schema import MappingSchema

from cloud.bigquery import ENVIRONMENT, broken_literals, emulator
from databases import owned_platform
from deliveries import succeed
from olist import pipeline
from olist.export.bigquery_tables import schema
from olist.export.tables import read, served_tables
from olist.settings import PROJECT
from olist.warehouse import embedded
from olist.warehouse.connect import connect

DBT = PROJECT / ".venv-dbt-bigquery/bin/dbt"
TINY = PROJECT / "tests/data/tiny_dbt"
# Table, column: why the stand-in, and not BigQuery, gives another value. A difference that is not here fails, and so does one that is
# here and is none any more.
DIFFERENCES: dict[tuple[str, str], str] = {}
# Data tests that only the stand-in fails, and why.
FAILING: dict[str, str] = {}

# What takes an interval, as sqlglot reads it.
ADDED = (exp.DateAdd, exp.DateSub, exp.DatetimeAdd, exp.DatetimeSub, exp.TimestampAdd, exp.TimestampSub)

Rows = Counter[tuple[Any, ...]]


@dataclass(frozen=True)
class BigQuery:
    """A BigQuery with nothing in it but what a test puts there, and dbt for it."""

    url: str
    folder: Path
    client: library.Client

    def dbt(self, *arguments: str, project: Path = PROJECT / "dbt") -> subprocess.CompletedProcess[str]:
        """Run dbt with the project's own profile, pointed at the stand-in."""
        profile = yaml.safe_load((PROJECT / "dbt/profiles.yml").read_text(encoding="utf-8"))
        profile["olist"]["outputs"]["bigquery"] |= {
            "method": "oauth-secrets",
            "token": "none is asked for",
            "api_endpoint": self.url,
            "project": "test",
        }
        (self.folder / "profiles.yml").write_text(yaml.safe_dump(profile), encoding="utf-8")
        places = ["--profiles-dir", self.folder, "--target-path", self.target, "--log-path", self.folder / "logs"]
        command = [DBT, *arguments, "--target", "bigquery", "--project-dir", project, *places]
        return subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=500, check=False)

    @property
    def target(self) -> Path:
        """Where dbt leaves its artifacts."""
        return self.folder / "target"

    def rows(self, table: str, columns: list[str]) -> Rows:
        """All rows of `dataset.table`, comparable."""
        found = self.client.list_rows(self.client.get_table(f"test.{table}"))
        return Counter(tuple(comparable(row[c]) for c in columns) for row in found)

    def load(self, dataset: str, name: str, rows: pa.Table) -> None:
        """Make a table of Arrow's rows, typed as `olist export --to bigquery` types it."""
        path = self.folder / "rows.parquet"
        pq.write_table(rows, path)
        table = f"test.{dataset}.{name}"
        self.client.create_dataset(dataset, exists_ok=True)
        self.client.create_table(library.Table(table, schema=schema(rows.schema)))
        with path.open("rb") as file:
            config = library.LoadJobConfig(source_format="PARQUET")
            self.client.load_table_from_file(file, table, job_config=config).result()


def comparable(value: Any) -> Any:
    """One spelling for what both mean: a moment without a zone, a decimal without trailing zeros, ten digits of a binary fraction."""
    if isinstance(value, datetime):
        return value.replace(tzinfo=None)
    if isinstance(value, Decimal):
        return value.normalize() + 0
    return float(f"{value:.10g}") if isinstance(value, float) else value


@pytest.fixture(scope="module")
def warehouse() -> Iterator[BigQuery]:
    if not ENVIRONMENT.is_dir() or not DBT.exists():
        pytest.skip("no stand-in for BigQuery or no dbt for it is installed: `make test-cloud` does it")
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="olist-gold-")))
        url = stack.enter_context(emulator(home, home / "buckets"))
        stack.enter_context(pytest.MonkeyPatch.context()).setenv("BIGQUERY_EMULATOR_HOST", url)
        anonymous = AnonymousCredentials()  # type: ignore[no-untyped-call]
        yield BigQuery(url, home, library.Client(project="test", credentials=anonymous))


@pytest.fixture(scope="module")
def expected(server: embedded.Server, small_folder: Path, warehouse: BigQuery) -> dict[str, pa.Table]:
    """Gold's tables as PostgreSQL has them; the silver that they come from is in `warehouse`."""
    with owned_platform(server) as platform:
        succeed(pipeline.run(platform.settings(small_folder)))
        assert platform.warehouse is not None
        with connect(platform.warehouse, "test") as connection:
            for served in served_tables(connection, "silver"):
                warehouse.load("olist_silver", served.table, read(platform.warehouse, served))
            return {s.table: read(platform.warehouse, s) for s in served_tables(connection, "gold")}


@pytest.fixture(scope="module")
def results(warehouse: BigQuery, expected: dict[str, pa.Table]) -> dict[str, str]:
    """By seed, model and data test: what became of it on BigQuery."""
    run = warehouse.dbt("build", "--exclude-resource-type", "unit_test")
    assert (warehouse.target / "run_results.json").exists(), run.stdout + run.stderr
    document = json.loads((warehouse.target / "run_results.json").read_text(encoding="utf-8"))
    return {result["unique_id"]: result["status"] for result in document["results"]}


def test_every_table_has_the_rows_that_postgresql_has(
    warehouse: BigQuery, expected: dict[str, pa.Table], results: dict[str, str]
) -> None:
    different: dict[tuple[str, str], tuple[Any, Any]] = {}
    for name, table in expected.items():
        ours = Counter(tuple(comparable(v) for v in row.values()) for row in table.to_pylist())
        theirs = warehouse.rows(f"olist_dbt_gold.{name}", table.column_names)
        assert ours.total() == theirs.total() == table.num_rows > 0, name
        different |= {(name, column): found for column, found in differing(table.column_names, ours, theirs).items()}
    assert len(expected) > 20
    assert different.keys() == DIFFERENCES.keys(), different


def differing(columns: list[str], ours: Rows, theirs: Rows) -> dict[str, tuple[Any, Any]]:
    """By column: a value of ours and of the row of theirs that is most like it, over the rows that have no equal."""
    found: dict[str, tuple[Any, Any]] = {}
    rest = theirs - ours
    for row in ours - theirs:
        twin = max(rest, key=lambda other: sum(a == b for a, b in zip(row, other, strict=True)))
        found |= {c: (a, b) for c, a, b in zip(columns, row, twin, strict=True) if a != b}
    return found


def test_every_data_test_passes_there(results: dict[str, str]) -> None:
    tests = {name: status for name, status in results.items() if name.startswith("test.")}
    assert len(tests) > 350
    assert {name for name, status in tests.items() if status not in ("pass", "warn")} == FAILING.keys()


def test_tables_are_partitioned_and_clustered_as_their_models_say(warehouse: BigQuery, results: dict[str, str]) -> None:
    """The stand-in keeps neither: looked at are the statements that it was sent, by BigQuery's grammar."""
    manifest = json.loads((warehouse.target / "manifest.json").read_text(encoding="utf-8"))
    models = [n for n in manifest["nodes"].values() if n["config"].get("partition_by")]
    assert {m["name"] for m in models} >= {"fact_orders", "fact_order_items", "fact_payments", "agg_daily_revenue"}
    for model in models:
        field = model["config"]["partition_by"]["field"]
        path = warehouse.target / "run" / "olist" / model["original_file_path"]
        create = sqlglot.parse_one(path.read_text(encoding="utf-8"), read="bigquery").find(exp.Create)
        assert create is not None
        text = create.args["properties"].sql("bigquery").lower()
        assert re.search(rf"partition by date_trunc\({field}, month\)", text), text
        clustered = re.search(r"cluster by ([\w, ]+)", text)
        assert (clustered[1].strip().split(", ") if clustered else None) == model["config"].get("cluster_by"), text


def test_every_statement_is_bigquerys_grammar_and_outer_joins_have_an_equality(
    warehouse: BigQuery, results: dict[str, str]
) -> None:
    statements = list((warehouse.target / "run").rglob("*.sql"))
    assert len(statements) > 400
    for path in statements:
        assert broken_literals(path.read_text(encoding="utf-8")) == [], path
        for tree in filter(None, sqlglot.parse(path.read_text(encoding="utf-8"), read="bigquery")):
            assert inner_withs(tree) == [], path
            outer = [join for join in tree.find_all(exp.Join) if join.side]
            assert [
                j.sql() for j in outer if not j.args["on"].find(exp.EQ) or not tables_of(j) > {j.alias_or_name}
            ] == [], path


def test_intervals_are_whole_numbers(warehouse: BigQuery, results: dict[str, str]) -> None:
    """BigQuery takes nothing but INT64 there; the stand-in takes a fraction, too."""
    tables = MappingSchema(dialect="bigquery")
    for dataset in ("olist_silver", "olist_dbt_staging", "olist_dbt_intermediate", "olist_dbt_gold_next"):
        for item in warehouse.client.list_tables(f"test.{dataset}"):
            columns = {field.name: field.field_type for field in warehouse.client.get_table(item.reference).schema}
            tables.add_table(exp.to_table(f"test.{dataset}.{item.table_id}", dialect="bigquery"), columns)
    kinds = Counter(kind for path in (warehouse.target / "compiled").rglob("*.sql") for kind in intervals(path, tables))
    assert kinds.total() > 2
    assert set(kinds) == {"INT64"}


def intervals(path: Path, tables: MappingSchema) -> list[str]:
    """The types of what a statement adds to moments, where it is no literal."""
    tree = sqlglot.parse_one(path.read_text(encoding="utf-8"), read="bigquery")
    if not tree.find(*ADDED):
        return []
    typed = annotate_types(qualify(tree, schema=tables, dialect="bigquery"), schema=tables, dialect="bigquery")
    given = (added.expression for added in typed.find_all(*ADDED))
    return [number.type.sql("bigquery") for number in given if not isinstance(number, exp.Literal) and number.type]


def test_a_line_break_is_found_between_single_quotes_only() -> None:
    assert broken_literals("select '[\\n]', '[\n]' -- '\n") == ["'[\n]'"]
    assert broken_literals("select '''\n''', r'''\n'''") == []


def test_a_with_inside_a_recursive_one_is_found() -> None:
    inner = "with recursive b as (with c as (select 1 as n) select n from c) select n from b"
    assert inner_withs(sqlglot.parse_one(inner, read="bigquery"))
    assert not inner_withs(sqlglot.parse_one(inner.replace(" recursive", ""), read="bigquery"))


def inner_withs(tree: exp.Expr) -> list[exp.With]:
    """WITH inside WITH RECURSIVE, which BigQuery refuses ("WITH is not allowed inside WITH RECURSIVE")."""
    recursive = [outer for outer in tree.find_all(exp.With) if outer.args.get("recursive")]
    return [inner for outer in recursive for inner in outer.find_all(exp.With) if inner is not outer]


def tables_of(join: exp.Join) -> set[str]:
    """The tables that the equalities of a join compare; BigQuery wants one between both sides of an outer join."""
    return {c.table for equality in join.args["on"].find_all(exp.EQ) for c in equality.find_all(exp.Column)}


@pytest.fixture
def tiny(folder: Path) -> Path:
    """Two models and a test, with the macros that publish ours."""
    project = Path(shutil.copytree(TINY, folder / "tiny"))
    (project / "macros").mkdir()
    for name in ("publish_on_bigquery", "generate_schema_name"):
        shutil.copy(PROJECT / f"dbt/macros/{name}.sql", project / "macros")
    return project


def test_only_a_whole_and_green_build_is_published(warehouse: BigQuery, tiny: Path) -> None:
    def build(version: int, *arguments: str) -> tuple[bool, Rows, Rows]:
        run = warehouse.dbt("build", "--vars", json.dumps({"version": version}), *arguments, project=tiny)
        orders, items = (
            warehouse.rows(f"olist_dbt_gold.{table}", ["version"]) for table in ("tiny_orders", "tiny_items")
        )
        return run.returncode == 0, orders, items

    def of(version: int) -> Rows:
        return Counter({(version,): 1})

    assert build(1) == (True, of(1), of(1)), "copied: there were no tables"
    assert build(2) == (True, of(2), of(2)), "in one transaction"
    assert build(-3) == (False, of(2), of(2)), "a test failed"
    assert build(4, "--select", "tiny_orders") == (True, of(2), of(2)), "a part of the project"
    log = (warehouse.folder / "logs/dbt.log").read_text(encoding="utf-8")
    for dataset in ("olist_dbt_gold", "olist_dbt_gold_next"):
        # With their digits, which the stand-in forgets.
        assert f"data_type from `test`.`{dataset}`.INFORMATION_SCHEMA.COLUMNS" in log
