"""Bronze to silver's rows, in DuckDB: typed, judged, cleaned, deduplicated. Nothing is written to the warehouse here.

For each table, parents first, the templates of `sql/` build in this order:

    bronze_<t>    the rows of its batches, as they stand
    checked_<t>   typed by the contract, each row with the first fault found in it
    cleaned_<t>   the table's own SQL (`sql/<t>.sql`) over the rows without a fault
    clean_<t>     one row per key: what is published
    rejected_<t>  the rows with a fault, the reason and where they came from

Every bronze row ends in exactly one of clean, superseded (a duplicate) and rejected; `Built.counts` says how many.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

import jinja2
import pyarrow as pa

from olist.contracts import Contract
from olist.errors import ConfigurationError
from olist.lake.batches import Batch, Lake
from olist.lake.verify import sound
from olist.quality.templates import duckdb_type, environment, in_memory
from opstore.store import Counts

__all__ = ["Built", "Transformer", "table_sql"]


@dataclass(frozen=True)
class Built:
    """One table as built: its row accounting, and rejects by (column, reason)."""

    table: str
    counts: Counts
    faults: Mapping[tuple[str, str], int]

    @property
    def reasons(self) -> dict[str, int]:
        """Rejects by reason, the most frequent first."""
        totals: Counter[str] = Counter()
        for (_, reason), count in self.faults.items():
            totals[reason] += count
        return dict(totals.most_common())


class Transformer:
    """Builds tables in an in-memory DuckDB, spilling to `scratch`. Build parents first; rows are read by `rows` and `rejects`."""

    def __init__(self, lake: Lake, scratch: Path) -> None:
        self._lake = lake
        self._duckdb = in_memory(scratch)
        self._duckdb.execute("SET TimeZone = 'UTC'; SET preserve_insertion_order = false")
        self._duckdb.execute(_text("macros.sql"))

    def build(self, contract: Contract, batches: Sequence[Batch]) -> Built:
        """Build one table from its batches, in order. Raises LakeError when one of them was altered."""
        context = {
            "table": contract.table,
            "batches": [{"columns": b.columns, "path": sound(self._lake, b)} for b in batches],
            "columns": contract.source_columns,
            "references": contract.references,
            "key": contract.key,
        }
        self._run("bronze.sql.jinja", context)
        self._run("checked.sql.jinja", context)
        columns = {"columns": contract.columns, "select": table_sql(contract.table)}
        self._run("cleaned.sql.jinja", context | columns)
        self._run("clean.sql.jinja", context | {"names": [c.name for c in contract.columns]})
        self._run("rejects.sql.jinja", context)
        return self._built(contract.table)

    def rows(self, contract: Contract) -> pa.RecordBatchReader:
        """The clean rows, columns in the contract's order, typed for a bulk load."""
        columns = ", ".join(f"CAST({c.name} AS {duckdb_type(c)}) AS {c.name}" for c in contract.columns)
        return self._duckdb.cursor().sql(f"SELECT {columns} FROM clean_{contract.table}").to_arrow_reader(100_000)

    def rejects(self, tables: Sequence[str]) -> pa.Table:
        """The rejected rows of `tables`, with reason and origin."""
        union = " UNION ALL ".join(f"SELECT * EXCLUDE (_batch) FROM rejected_{table}" for table in tables)
        return self._duckdb.cursor().sql(union).to_arrow_table()

    def _built(self, table: str) -> Built:
        rows_in, published = self._count(f"bronze_{table}"), self._count(f"clean_{table}")
        rejected = f"SELECT column_name, reason, count(*) FROM rejected_{table} GROUP BY column_name, reason"
        faults = {(column, why): count for column, why, count in self._duckdb.execute(rejected).fetchall()}
        superseded = self._count(f"cleaned_{table}") - self._count(f"conflicts_{table}") - published
        return Built(table, Counts(rows_in, published, superseded, sum(faults.values())), faults)

    def _count(self, relation: str) -> int:
        (row,) = self._duckdb.execute(f"SELECT count(*) FROM {relation}").fetchall()
        return int(row[0])

    def _run(self, template: str, context: Mapping[str, object]) -> None:
        self._duckdb.execute(_environment().get_template(template).render(context))


def table_sql(table: str) -> str:
    """The table's own SQL. Raises ConfigurationError when it has none."""
    try:
        return _text(f"{table}.sql")
    except FileNotFoundError as error:
        raise ConfigurationError(
            "a table has a contract and no SQL",
            resource=f"src/olist/silver/sql/{table}.sql",
            expected="the SELECT that makes silver's rows from the valid bronze ones",
            found="no such file",
            remedy="write it; `SELECT * FROM valid_" + table + "` is the simplest",
        ) from error


def _text(name: str) -> str:
    return files("olist.silver").joinpath("sql", name).read_text(encoding="utf-8")


@cache
def _environment() -> jinja2.Environment:
    return environment("olist.silver")
