"""What tests change and compare: the CSVs of a delivery row by row, contracts as documents, silver as one value."""

from __future__ import annotations

import csv
import hashlib
import os
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog
import yaml
from typer.testing import CliRunner, Result

from conftest import Platform
from olist import pipeline
from olist.cli import app
from olist.contracts import load_contracts
from olist.lake.batches import Batch
from olist.lake.open import open_lake
from olist.settings import PROJECT, Settings

Row = dict[str, str]
Document = dict[str, Any]

FILES = {table: contract.file_name for table, contract in load_contracts(PROJECT / "contracts").items()}


def read_rows(folder: Path, table: str) -> list[Row]:
    """The rows of a table's CSV."""
    with (folder / FILES[table]).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def write_rows(folder: Path, table: str, rows: Iterable[Row]) -> None:
    """Replace the rows of a table's CSV, its header being that of the first row."""
    first, *others = rows
    with (folder / FILES[table]).open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(first), lineterminator="\n")
        writer.writeheader()
        writer.writerows([first, *others])


def change_row(folder: Path, table: str, number: int, **values: str) -> Row:
    """Set values of row `number`, from 1, of a table's CSV; returns the row as it is then."""
    rows = read_rows(folder, table)
    assert values.keys() <= rows[number - 1].keys()
    rows[number - 1] |= values
    write_rows(folder, table, rows)
    return rows[number - 1]


def without_promises(folder: Path) -> Path:
    """The contracts in a folder of their own, with types, keys and domains but nothing that makes a delivery implausible."""
    copied = Path(shutil.copytree(PROJECT / "contracts", folder / "plain_contracts"))
    for table in FILES:
        change_contract(copied, table, _strip)
    return copied


def _strip(document: Document) -> None:
    schema = document["schema"][0]
    schema.pop("quality", None)
    schema["customProperties"] = [p for p in schema["customProperties"] if p["property"] != "fileTolerance"]
    for column in schema["properties"]:
        column.pop("quality", None)
        column.pop("customProperties", None)
        for relation in column.get("relationships", []):
            relation["customProperties"] = [
                p for p in relation.get("customProperties", []) if p["property"] != "parentCoverage"
            ]


def rewrite_items(folder: Path, seconds: str) -> None:
    """Another version of the items, from the first row to the last."""
    rows = read_rows(folder, "order_items")
    limits = [row["shipping_limit_date"][:-2] + seconds for row in rows]
    changed = [row | {"shipping_limit_date": limit} for row, limit in zip(rows, limits, strict=True)]
    write_rows(folder, "order_items", changed)


def change_much(folder: Path) -> None:
    """Another version of the two longest files."""
    rows = read_rows(folder, "geolocation")
    write_rows(folder, "geolocation", [row | {"geolocation_lat": row["geolocation_lat"] + "1"} for row in rows])
    rewrite_items(folder, "59")


def change_contract(folder: Path, table: str, how: Callable[[Document], object]) -> Path:
    """Edit one contract of a copied folder as a document."""
    path = folder / f"{table}.odcs.yaml"
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    how(document)
    path.write_text(yaml.safe_dump(document, allow_unicode=True, sort_keys=False), encoding="utf-8")
    return path


def property_of(document: Document, name: str) -> Document:
    """A property of the contract's only schema."""
    found: Document = next(p for p in document["schema"][0]["properties"] if p["name"] == name)
    return found


def custom_property(name: str, value: object) -> Callable[[Document], object]:
    """An edit that sets one of the schema's customProperties, `load` or `rejectTolerance`."""

    def edit(document: Document) -> None:
        next(p for p in document["schema"][0]["customProperties"] if p["property"] == name)["value"] = value

    return edit


def succeed(report: pipeline.Report, status: str = "success") -> pipeline.Report:
    """The report of a step that was to end with this status, its rows accounted for."""
    assert report.error is None, str(report.error)
    assert report.status == status
    for row in report.layers:
        assert row.rows_in == row.published + row.superseded + row.rejected + row.quarantined, row
    return report


def published(report: pipeline.Report, layer: str = "silver") -> dict[str, pipeline.LayerRow]:
    """The rows of one layer of a report, by table."""
    return {row.table: row for row in report.layers if row.layer == layer}


def deliver(settings: Settings, **arguments: Any) -> pipeline.Report:
    """Ingest and build silver; returns silver's report."""
    succeed(pipeline.ingest(settings, **arguments))
    return succeed(pipeline.silver(settings))


def command(platform: Platform, *arguments: str | Path) -> Result:
    """The `olist` command in this process: what it does but start, which takes seconds. What it does not catch is raised here."""
    ours = {name: value for name, value in platform.variables().items() if name.startswith("OLIST_")}
    unset = dict.fromkeys(name for name in os.environ if name.startswith("OLIST_"))
    try:
        return CliRunner().invoke(app, list(map(str, arguments)), env=unset | ours, catch_exceptions=False)
    finally:
        structlog.reset_defaults()  # which the command has pointed to a standard error that is closed now


@dataclass(frozen=True)
class State:
    """What a reader of silver and of the lake sees: equal states, equal contents."""

    silver: dict[str, tuple[int, str]]
    lake: dict[str, str]


def batches(platform: Platform, table: str) -> list[Batch]:
    """A table's batches, in order."""
    return open_lake(platform.settings()).batches(table)


def accepted(platform: Platform) -> dict[str, list[str]]:
    """The runs whose batches are accepted, by table."""
    lake = open_lake(platform.settings())
    return {table: [batch.run_id for batch in lake.accepted(table)] for table in FILES}


def silver_state(platform: Platform) -> dict[str, tuple[int, str]]:
    """(rows, digest of the rows) of each table of silver, whoever built it: run ids are left out."""
    tables = platform.query("SELECT tablename FROM pg_tables WHERE schemaname = 'silver' ORDER BY 1")
    digest = "coalesce(md5(string_agg(line, E'\\n' ORDER BY line)), '')"
    return {
        table: platform.query(
            f"SELECT count(*), {digest} FROM (SELECT (to_jsonb(t) - 'run_id')::text AS line FROM silver.{table} AS t) AS x"
        )[0]
        for (table,) in tables
    }


def lake_state(platform: Platform) -> dict[str, str]:
    """The digest of each object of the lake, by key; the record of what came again unchanged is left out."""
    root = platform.home / "lake"
    files = (path for path in root.rglob("*") if path.is_file() and path.relative_to(root).parts[0] != "deliveries")
    return {path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def state(platform: Platform) -> State:
    """Silver and lake together."""
    return State(silver_state(platform), lake_state(platform))
