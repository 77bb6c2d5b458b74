"""The SQLite file (WAL, on a local disk) behind the record: opened, brought to the current schema, written in whole transactions.

All of the record's SQL meets SQLite here; `bigquery/` is the other database that keeps the same promises.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any, Protocol

from opstore.errors import Conflict, Fenced, OpstoreUnavailable, Refused, UnknownRows
from opstore.records import utc_now
from opstore.spool import Rows

__all__ = ["FACTS", "Database", "Fence", "SqliteDatabase", "migrations", "schema_version", "storable"]

Fence = tuple[str, int]  # the lease's name, and the number under which its holder writes

_BUSY_SECONDS = 30.0
_UNKNOWN = re.compile("no such table|has no column named")  # rows of a later program's schema
# Facts of producers: the same one again is no news. Of judgements, the first one holds and the second must be told.
FACTS = frozenset({"ops_runs", "ops_checks", "ops_events", "ops_lineage"})


class Database(Protocol):
    """What the record needs of a database. Everything raises OpstoreUnavailable."""

    def write(self, rows: Rows, fence: Fence | None = None) -> int:
        """Add rows by table, all or none; returns how many were new.

        Raises Fenced when `fence` is no longer the newest of its lease, Conflict when a judgement's key is taken, Refused for rows that
        will never be taken, UnknownRows for those of a later schema.
        """
        ...

    def select(self, query: str, parameters: Sequence[Any] | Mapping[str, Any] = ()) -> list[dict[str, Any]]:
        """The rows of a query in SQLite's dialect."""
        ...

    def prune(self, before: str, leases_before: str) -> int:
        """Delete what was recorded before, but for what incidents rest on; returns how many rows went."""
        ...

    def probe(self) -> bool:
        """Whether the record is there and can be read; False where it has not been made yet. Makes and changes nothing."""
        ...


class SqliteDatabase:
    """One SQLite file. Safe for several processes at once. Everything raises OpstoreUnavailable."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._is_current = False

    def write(self, rows: Rows, fence: Fence | None = None) -> int:
        written, recorded = 0, utc_now()
        with self.connection() as connection, self._refusal(), _transaction(connection):
            if fence is not None:
                _require_newest(connection, fence)
            for table, several in rows.items():
                for columns, values in _alike(several, recorded):
                    written += connection.executemany(_insert(table, columns), values).rowcount
        return written

    def select(self, query: str, parameters: Sequence[Any] | Mapping[str, Any] = ()) -> list[dict[str, Any]]:
        with self.connection() as connection:
            connection.row_factory = sqlite3.Row
            return [dict(row) for row in connection.execute(query, parameters)]

    def prune(self, before: str, leases_before: str) -> int:
        moments = {"before": before, "leases_before": leases_before}
        script = files("opstore").joinpath("prune.sql").read_text(encoding="utf-8")
        with self.connection() as connection, _transaction(connection):
            deleted = (connection.execute(s, moments).rowcount for s in script.split(";") if s.strip())
            return sum(deleted)

    def probe(self) -> bool:
        try:
            self.path.stat()
            # Not mode=ro, which leaves the files of the WAL behind.
            with closing(sqlite3.connect(f"{self.path.absolute().as_uri()}?mode=rw", uri=True)) as connection:
                (version,) = connection.execute("PRAGMA user_version").fetchone()
                if version:
                    connection.execute("SELECT count(*) FROM ops_runs")
                return bool(version)
        except FileNotFoundError:
            return False
        except sqlite3.DatabaseError as error:
            raise OpstoreUnavailable(self.path, str(error)) from error
        except OSError as error:
            raise OpstoreUnavailable(self.path, error.strerror or str(error)) from error

    @contextmanager
    def _refusal(self) -> Iterator[None]:
        """What is wrong with the rows, told apart from what is wrong with the file."""
        try:
            yield
        except (sqlite3.DataError, sqlite3.InterfaceError, sqlite3.ProgrammingError, OverflowError) as error:
            raise Refused(self.path, str(error)) from error
        except sqlite3.OperationalError as error:
            if _UNKNOWN.search(str(error)):
                raise UnknownRows(self.path, str(error)) from error
            raise

    @contextmanager
    def connection(self) -> Iterator[sqlite3.Connection]:
        """A connection to the file at the current schema."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with closing(sqlite3.connect(self.path, timeout=_BUSY_SECONDS, isolation_level=None)) as connection:
                if not self._is_current:
                    _migrate(connection)
                    self._is_current = True
                yield connection
        except sqlite3.IntegrityError as error:
            raise Conflict(str(error)) from error
        except sqlite3.DatabaseError as error:
            raise OpstoreUnavailable(self.path, str(error)) from error
        except OSError as error:
            raise OpstoreUnavailable(self.path, error.strerror or str(error)) from error


def _alike(rows: Sequence[Mapping[str, Any]], recorded: str) -> Iterator[tuple[list[str], list[list[Any]]]]:
    """Rows by the columns that they have."""
    by_columns: dict[tuple[str, ...], list[list[Any]]] = {}
    for row in rows:
        by_columns.setdefault((*row, "recorded_at"), []).append([*map(storable, row.values()), recorded])
    for columns, values in by_columns.items():
        yield list(columns), values


def storable(value: Any) -> Any:
    """Text from outside may hold half letters, which UTF-8 cannot write."""
    return value.encode("utf-8", "replace").decode("utf-8") if isinstance(value, str) and not value.isascii() else value


def _insert(table: str, columns: Sequence[str]) -> str:
    again = " ON CONFLICT DO NOTHING" if table in FACTS else ""
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))}){again}"


def _require_newest(connection: sqlite3.Connection, fence: Fence) -> None:
    name, number = fence
    (newest,) = connection.execute("SELECT max(fencing) FROM ops_leases WHERE name = ?", (name,)).fetchone()
    if newest != number:
        raise Fenced(f"lease {name} is at number {newest}; {number} has been overtaken")


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def _migrate(connection: sqlite3.Connection) -> None:
    """Bring the schema up to date: files `<version>_<name>.sql` in order, each in a transaction, each once."""
    steps = _steps()
    (present,) = connection.execute("PRAGMA user_version").fetchone()
    if present >= _version(steps[-1]):
        return
    connection.execute("PRAGMA journal_mode = WAL")
    for step in steps:
        with _transaction(connection):
            (present,) = connection.execute("PRAGMA user_version").fetchone()
            if _version(step) > present:
                for statement in _statements(step.read_text(encoding="utf-8")):
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {_version(step)}")


def migrations() -> list[str]:
    """The scripts of the schema, in order."""
    return [step.read_text(encoding="utf-8") for step in _steps()]


def schema_version() -> int:
    """The number of the last script."""
    return _version(_steps()[-1])


def _steps() -> list[Any]:
    scripts = (path for path in files("opstore").joinpath("schema").iterdir() if path.name.endswith(".sql"))
    return sorted(scripts, key=_version)


def _version(step: Any) -> int:
    return int(step.name.partition("_")[0])


def _statements(script: str) -> Iterator[str]:
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
