"""Exports: every served table in one consistent state, typed, partitioned by month, committed by a manifest."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest

from conftest import Platform
from databases import copied
from olist import pipeline
from olist.settings import PROJECT
from olist.warehouse import embedded
from olist.warehouse.connect import connect


def _exports(platform: Platform, layer: str) -> list[dict[str, Any]]:
    folder = platform.home / "lake" / "manifests" / "exports" / layer
    return [json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))]


def _tables(platform: Platform) -> list[tuple[str, str]]:
    rows = platform.query(
        "SELECT schemaname, tablename FROM pg_tables WHERE schemaname IN ('silver', 'gold') ORDER BY 1, 2"
    )
    return [(schema, table) for schema, table in rows if table != "rejects"]


@pytest.fixture
def built(server: embedded.Server, small_gold: Platform) -> Iterator[Platform]:
    """A platform with gold."""
    with copied(server, small_gold) as platform:
        yield platform


def test_an_export_holds_every_row_and_only_what_changed_is_exported_again(built: Platform) -> None:
    platform = built
    report = pipeline.export(platform.settings())
    assert report.error is None
    assert report.status == "success"

    lake = platform.home / "lake"
    tables = {
        (m["layer"], t): d
        for layer in ("silver", "gold")
        for m in _exports(platform, layer)
        for t, d in m["tables"].items()
    }
    assert sorted(tables) == _tables(platform)
    reader = duckdb.connect()
    assert platform.warehouse is not None
    with connect(platform.warehouse, "test") as connection:
        for (layer, table), described in tables.items():
            files = [str(lake / o["key"]) for o in described["objects"]]
            exported = reader.read_parquet(files, hive_partitioning=False).fetchall()
            served = connection.execute(f"SELECT * FROM {layer}.{table}").fetchall()
            assert sorted(map(repr, exported)) == sorted(map(repr, served)), f"{layer}.{table}"
            assert described["rows"] == len(served)

    _rows_lie_in_their_month(platform)

    again = pipeline.export(platform.settings())
    assert (again.status, again.layers) == ("no_op", [])

    changed = platform.settings(dbt_project=_project_with_a_change(platform.home))
    assert pipeline.gold(changed).status == "success"
    assert {row.table.split(".")[0] for row in pipeline.export(changed).layers} == {"gold"}
    assert [len(_exports(platform, layer)) for layer in ("silver", "gold")] == [1, 2]


def test_there_is_nothing_to_export_before_the_first_run(platform: Platform) -> None:
    report = pipeline.export(platform.settings())
    assert report.error is not None
    assert "olist run" in report.error.remedy


def _rows_lie_in_their_month(platform: Platform) -> None:
    (manifest,) = _exports(platform, "silver")
    objects = manifest["tables"]["orders"]["objects"]
    assert len(objects) > 10
    for described in objects:
        table = pq.read_table(platform.home / "lake" / described["key"], partitioning=None)
        months = {f"partition_month={v:%Y-%m}-01" for v in table.column("order_purchase_timestamp").to_pylist()}
        assert months == {described["key"].split("/")[-2]}


def _project_with_a_change(home: Path) -> Path:
    project = Path(shutil.copytree(PROJECT / "dbt", home / "project"))
    (project / "macros" / "one_more.sql").write_text("{% macro one_more() %}{% endmacro %}\n", encoding="utf-8")
    return project
