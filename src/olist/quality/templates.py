"""The DuckDB and the SQL that the layers share: how a cell is trimmed and typed as its contract says, and where templates are found."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import duckdb
import jinja2

from olist.contracts import Column

__all__ = ["duckdb_type", "environment", "in_memory", "shared_sql"]

# From ODCS (Java) to strptime.
_TIME_FORMAT = {"yyyy": "%Y", "MM": "%m", "dd": "%d", "HH": "%H", "mm": "%M", "ss": "%S"}
_DUCKDB_TYPE = {"text": "VARCHAR", "double precision": "DOUBLE"}
_SHARED = ("macros.sql", "typed.sql.jinja")


def environment(package: str) -> jinja2.Environment:
    """Templates of the package's folder `sql` and of ours, with the filters that they share."""
    found = jinja2.Environment(
        loader=jinja2.ChoiceLoader(
            [jinja2.PackageLoader(package, "sql"), jinja2.PackageLoader("olist.quality", "sql")]
        ),
        undefined=jinja2.StrictUndefined,
        autoescape=False,
    )
    found.filters |= {"strptime": _strptime, "duckdb_type": duckdb_type, "scale": _scale, "file": _file}
    return found


def in_memory(scratch: Path) -> duckdb.DuckDBPyConnection:
    """A DuckDB with the macros that the templates use. What its memory cannot hold goes below `scratch`: the current folder may not be
    writable, and is nobody's to fill."""
    scratch.mkdir(parents=True, exist_ok=True)
    connection = duckdb.connect(config={"temp_directory": str(scratch)})
    connection.execute(files("olist.quality").joinpath("sql", "macros.sql").read_text(encoding="utf-8"))
    return connection


def shared_sql() -> Iterator[bytes]:
    """What silver's rows depend on besides its own templates."""
    return (files("olist.quality").joinpath("sql", name).read_bytes() for name in _SHARED)


def duckdb_type(column: Column) -> str:
    """The column's type in DuckDB."""
    return _DUCKDB_TYPE.get(column.physical_type, column.physical_type.upper())


def _strptime(time_format: str) -> str:
    for java, python in _TIME_FORMAT.items():
        time_format = time_format.replace(java, python)
    return time_format


def _scale(column: Column) -> int:
    """Decimals of a numeric(p,s)."""
    return int(column.physical_type.rstrip(")").split(",")[1])


def _file(path: Path) -> str:
    """The path as SQL text that DuckDB takes for one file, not for a pattern."""
    return "'" + re.sub(r"([*?\[])", r"[\1]", str(path)).replace("'", "''") + "'"
