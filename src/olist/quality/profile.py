"""What DuckDB measures of delivered files: one row of metrics per file, and how the keys of two files meet. No cell is loaded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

import jinja2

from olist.contracts import Column, Contract
from olist.quality.templates import environment, in_memory

__all__ = ["Meeting", "Profile", "Relation", "faulty_cells", "meeting", "profile", "unmatched"]

_SHOWN = 60


@dataclass(frozen=True)
class Profile:
    """The metrics row of one file.

    `cells` counts, by (column, metric), the cells that are `missing`, `untyped`, `misshapen` (another pattern), `beyond_ascii`, `mangled`
    (by an encoding), `accented` or a `placeholder` for nothing; `constant` is 1 for a column with one value only.
    More can be asked of its rows, which may spill to `scratch`.
    """

    rows: int
    distinct_rows: int
    distinct_keys: int
    headers: int
    cells: Mapping[tuple[str, str], int]
    path: Path
    present: tuple[str, ...]
    scratch: Path


@dataclass(frozen=True)
class Relation:
    """A child's column, its parent's, the files that make up the two tables, and where comparing them may spill."""

    column: Column
    parent: Column
    child_paths: Sequence[Path]
    parent_paths: Sequence[Path]
    scratch: Path


@dataclass(frozen=True)
class Meeting:
    """How a child's key column meets its parent's: rows of each with a value, and those without a partner."""

    children: int
    orphans: int
    parents: int
    childless: int


def profile(contract: Contract, path: Path, scratch: Path) -> Profile:
    """Measure one Parquet file of bronze, spilling to `scratch`. A column that it lacks counts as missing."""
    asked = [(c, metric) for c in contract.source_columns for metric in _metrics(c)]
    with in_memory(scratch) as connection:
        present = tuple(
            name for name, *_ in connection.execute("DESCRIBE FROM read_parquet(?)", [str(path)]).fetchall()
        )
        context = {"columns": contract.source_columns, "key": _source_key(contract), "present": present, "path": path}
        query = _environment().get_template("profile.sql.jinja").render(context | {"asked": asked})
        (row,) = connection.execute(query).fetchall()
    rows, distinct_rows, distinct_keys, headers, *counts = row
    cells = {(c.name, metric): int(count or 0) for (c, metric), count in zip(asked, counts, strict=True)}
    return Profile(rows, distinct_rows, distinct_keys, headers, cells, path, present, scratch)


def faulty_cells(contract: Contract, found: Profile, metric: str, column: Column | None = None) -> str:
    """Some of the cells, or rows, that a metric counts: where they stand, and what stands there."""
    key = _source_key(contract)
    grouped = key if metric == "contradicting" else [c.name for c in contract.source_columns]
    context = {"columns": contract.source_columns, "present": found.present, "path": found.path, "column": column}
    rows = _rows(found.scratch, "faulty_cells.sql.jinja", context | {"metric": metric, "grouped": grouped})
    if column is None:
        return "; ".join(f"{contract.file_name} rows {_cell(numbers)}" for _, numbers in rows)
    return "; ".join(f"{contract.file_name} row {row:,}: {_cell(value)}" for row, value in rows)


def meeting(relation: Relation) -> Meeting:
    """Compare a child's key column with its parent's over their files."""
    (row,) = _rows(relation.scratch, "overlap.sql.jinja", {"relation": relation, "sample": None})
    children, orphans, parents, childless = row
    return Meeting(children, orphans, parents, childless)


def unmatched(relation: Relation, side: Literal["children", "parents"]) -> str:
    """Some of the `children` without a parent, or the `parents` without a child."""
    rows = _rows(relation.scratch, "overlap.sql.jinja", {"relation": relation, "sample": side})
    return "; ".join(f"row {row:,}: {value}" for row, value in rows)


def _metrics(column: Column) -> Iterator[str]:
    yield "missing"
    yield "constant"
    if column.logical_type != "string":
        yield "untyped"
    elif column.pattern:
        yield "misshapen"
    elif not column.values:
        yield from ("beyond_ascii", "mangled")
        if column.accented_share is not None:
            yield "accented"
        if column.placeholder_share is not None:
            yield "placeholder"


def _source_key(contract: Contract) -> list[str]:
    return [c.name for c in contract.source_columns if c.name in contract.key]


def _rows(scratch: Path, template: str, context: Mapping[str, object]) -> list[tuple[Any, ...]]:
    with in_memory(scratch) as connection:
        rows: list[tuple[Any, ...]] = connection.execute(
            _environment().get_template(template).render(context)
        ).fetchall()
    return rows


def _cell(value: object) -> str:
    text = "empty" if value is None else str(value)
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"


@cache
def _environment() -> jinja2.Environment:
    return environment("olist.quality")
