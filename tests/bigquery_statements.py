"""Which of the repository's SQL files BigQuery runs: every file is in one of these lists, or a test says that it was forgotten."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

from olist.settings import PROJECT
from openclaw.sql import statement
from opstore.bigquery.dialect import translated, views

__all__ = ["ASKED", "ELSEWHERE", "OWN", "RECORD", "questions", "statements"]

# Asked of the record, on SQLite as on BigQuery: by package.
ASKED = {"src/openclaw/sql": "openclaw.sql", "src/openclaw/web/sql": "openclaw.web.sql"}
# The record's own: asked and changed by `Opstore`.
RECORD = ("src/opstore/last_checks.sql", "src/opstore/prune.sql", "src/opstore/schema")
# Written for BigQuery.
OWN = ("src/opstore/bigquery", "deploy/terraform/modules/analytics")
# Run by PostgreSQL or DuckDB alone. dbt's models run on BigQuery too: they are compiled and built by tests of their own.
ELSEWHERE = ("dbt", "dashboards", "src/olist", "tests")


def questions() -> list[tuple[str, str]]:
    """(package, name) of every question that is asked of the record."""
    return [(package, p.name[:-4]) for package in ASKED.values() for p in _sql(package)]


def statements() -> dict[str, str]:
    """Every statement for BigQuery that lies in a file, translated where it is SQLite's, by where it is from."""
    own = {path: text for folder in OWN for path, text in _texts(PROJECT / folder)}
    asked = {f"{package}/{name}": translated(statement(name, package)) for package, name in questions()}
    last_checks = (PROJECT / "src/opstore/last_checks.sql").read_text(encoding="utf-8")
    made = {f"view {n}": v for n, v in enumerate(views("p", "d"))}
    return own | asked | {"last_checks": translated(last_checks)} | made


def _texts(folder: Path) -> Iterator[tuple[str, str]]:
    # Terraform puts the table's name in.
    return ((str(p), p.read_text(encoding="utf-8").replace("${log}", "p.d.ops_rows")) for p in folder.glob("*.sql"))


def _sql(package: str) -> list[Path]:
    return sorted(Path(str(p)) for p in files(package).iterdir() if p.name.endswith(".sql"))
