"""The gate before silver: every rule of a contract measured on the staged table, and the accounting of its rows.

One statement per table counts what breaks each rule. Rows are looked up only for what failed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial

import jinja2
import psycopg

from olist.contracts import Contract
from olist.errors import ContractError
from olist.quality.rules import Rule, rules
from olist.quality.suites import Asset, Measured
from opstore.store import Counts

__all__ = ["Staged", "measure", "measure_dependent"]

# A row's cells are shown up to this length.
_SHOWN = 60


@dataclass(frozen=True)
class Staged:
    """A staged table: its row accounting as the transformation claims it, and its rejected rows by (column, reason)."""

    contract: Contract
    counts: Counts
    faults: Mapping[tuple[str, str], int]


def measure(
    connection: psycopg.Connection,
    staged: Staged,
    locations: Mapping[str, str],
    rejects: str,
    details: psycopg.Connection,
) -> Asset:
    """What is expected of one staged table, measured.

    `locations` says in which schema each table of this version stands, `rejects` is the table of rejected rows; `details` is the
    connection on which rows of what failed are looked up later. The row accounting is held against the rows that are really there.
    """
    contract = staged.contract
    tables = {table: f"{schema}.{table}" for table, schema in locations.items()}
    promised = rules(contract)
    *values, rows = _measure_rules(connection, contract, promised, tables)
    before = _rows_before(connection, contract)
    measured = [
        _rule(details, contract, rule, value, int(rows), tables)
        for rule, value in zip(promised, values, strict=True)
        if value is not None
    ]
    volume = [_volume(contract, int(rows), before)] if before else []
    blamed = [m for m in (_blamed(details, staged, c, rejects) for c in _answerable(contract)) if m]
    return Asset(
        f"silver.{contract.table}",
        [*measured, *blamed, *volume, _accounting(staged.counts, int(rows)), _tolerance(details, staged, rejects)],
    )


def measure_dependent(
    connection: psycopg.Connection,
    contract: Contract,
    rebuilt: Sequence[str],
    locations: Mapping[str, str],
    details: psycopg.Connection,
) -> Asset | None:
    """Of a table that stays as it is, the rules that read a rebuilt one; None when there are none."""
    tables = {table: f"{schema}.{table}" for table, schema in locations.items()}
    promised = [rule for rule in rules(contract) if rule.tables & set(rebuilt)]
    if not promised:
        return None
    *values, rows = _measure_rules(connection, contract, promised, tables)
    return Asset(
        f"silver.{contract.table}",
        [
            _rule(details, contract, rule, value, int(rows), tables)
            for rule, value in zip(promised, values, strict=True)
            if value is not None
        ],
    )


def _measure_rules(
    connection: psycopg.Connection, contract: Contract, promised: Sequence[Rule], tables: Mapping[str, str]
) -> tuple[float, ...]:
    # The contract's queries look keys up in hashes of a hundred thousand, which must not be looked through row by row.
    connection.execute("SET work_mem = '256MB'")
    # Tables are audited side by side: workers for one would take the others' processors.
    connection.execute("SET max_parallel_workers_per_gather = 0")
    queries = {r.name: r.promise.sql(tables, contract.table) for r in promised if r.promise}
    query = _render("audit.sql.jinja", table=tables[contract.table], rules=promised, parents=tables, queries=queries)
    try:
        return connection.execute(query.encode()).fetchone() or ()
    except psycopg.ProgrammingError as error:
        raise ContractError(
            "a contract's rule cannot be asked of its table",
            resource=f"contracts/{contract.table}.odcs.yaml",
            expected="SQL of tables and columns that the contracts describe",
            found=str(error).strip(),
            remedy="correct the quality rule, or remove it with the column that it speaks of",
        ) from error


def _rule(
    connection: psycopg.Connection,
    contract: Contract,
    rule: Rule,
    value: float,
    rows: int,
    tables: Mapping[str, str],
) -> Measured:
    told = (rule.name, rule.kind, rule.severity, rule.description, rule.minimum, rule.maximum)
    if rule.kind == "statistic":
        return Measured(*told, observed=float(value), columns=rule.columns)
    failures = int(value)
    return Measured(
        *told,
        observed=failures / rows if rows else 0.0,
        failures=failures,
        rows=rows,
        sample=partial(_sample, connection, contract, rule, tables),
        columns=rule.columns,
    )


def _sample(connection: psycopg.Connection, contract: Contract, rule: Rule, tables: Mapping[str, str]) -> str:
    shown = list(dict.fromkeys([*contract.key, *rule.columns])) if rule.kind != "unique" else list(rule.columns)
    own = rule.promise.sample(tables, contract.table, shown) if rule.promise else None
    query = _render("sample.sql.jinja", table=tables[contract.table], rule=rule, shown=shown, parents=tables, query=own)
    rows = connection.execute(query.encode()).fetchall()
    return "; ".join(", ".join(f"{n}={_cell(v)}" for n, v in zip(shown, row, strict=True)) for row in rows)


def _answerable(contract: Contract) -> list[tuple[str, float]]:
    """The columns, and the key, of which the contract says how many rows they may cost; (name as in the rejects, share)."""
    columns = [(c.name, c.invalid_share) for c in contract.columns if c.invalid_share is not None]
    keys = [(", ".join(contract.key), p.maximum) for p in contract.promises if p.name == "contradicting_rows"]
    return [*columns, *((name, share) for name, share in keys if share is not None and (name, share) not in columns)]


def _blamed(
    connection: psycopg.Connection, staged: Staged, answerable: tuple[str, float], rejects: str
) -> Measured | None:
    column, share = answerable
    rows_in = staged.counts.rows_in
    failures = sum(
        count for (name, reason), count in staged.faults.items() if name == column and reason != "parent_rejected"
    )
    return Measured(
        f"valid({column})",
        "validity",
        "error",
        f"rows that {column} cost",
        None,
        share,
        failures / rows_in if rows_in else 0.0,
        failures,
        rows_in,
        partial(_rejected, connection, staged, rejects, column),
        tuple(column.split(", ")),
    )


def _rejected(connection: psycopg.Connection, staged: Staged, rejects: str, column: str | None = None) -> str:
    """Some of the rejected rows that one column, or key, is to blame for; or of all of them, each with its column."""
    query = _render("rejected.sql.jinja", rejects=rejects, column=column)
    rows = connection.execute(query.encode(), {"table": staged.contract.table, "column": column}).fetchall()
    return "; ".join(
        f"{file} row {row:,}{'' if column else f', {blamed}'}: {reason} {_cell(value)}"
        for file, row, blamed, reason, value in rows
    )


def _volume(contract: Contract, rows: int, before: int) -> Measured:
    smallest = next((p.minimum for p in contract.promises if p.metric == "rowCount" and p.minimum), None)
    return Measured(
        "row_count",
        "volume",
        "warn",
        "rows, relative to those published before",
        smallest or 0.0,
        None,
        rows / before,
    )


def _rows_before(connection: psycopg.Connection, contract: Contract) -> int:
    row = connection.execute(
        "SELECT coalesce(max(reltuples), 0)::bigint FROM pg_class WHERE oid = to_regclass(%s)",
        (f"silver.{contract.table}",),
    ).fetchone()
    return max(int(row[0]), 0) if row else 0


def _accounting(counts: Counts, rows: int) -> Measured:
    balanced = counts.balanced and counts.published == rows
    lost = 0 if balanced else max(1, abs(counts.rows_in - counts.superseded - counts.rejected - rows))
    told = f"{counts.rows_in:,} in = {rows:,} staged + {counts.superseded:,} superseded + {counts.rejected:,} rejected"
    return Measured(
        "row_accounting", "row_accounting", "error", told, None, 0.0, lost, lost, counts.rows_in, lambda: told
    )


def _tolerance(connection: psycopg.Connection, staged: Staged, rejects: str) -> Measured:
    counts, allowed = staged.counts, staged.contract.reject_tolerance
    own = [column for column, reason in staged.faults if reason != "parent_rejected"]
    blamed = own or [column for column, _ in staged.faults]
    return Measured(
        "reject_tolerance",
        "reject_tolerance",
        "error",
        "rejected rows, children of rejected rows included",
        None,
        allowed,
        counts.rejected / counts.rows_in if counts.rows_in else 0.0,
        counts.rejected,
        counts.rows_in,
        partial(_rejected, connection, staged, rejects),
        tuple(sorted({name for column in blamed for name in column.split(", ")})),
    )


def _cell(value: object) -> str:
    text = "empty" if value is None else str(value)
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"


@cache
def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.PackageLoader("olist.quality", "sql"), undefined=jinja2.StrictUndefined, autoescape=False
    )


def _render(template: str, **context: object) -> str:
    """SQL built from the contracts and our own templates, never from data."""
    return _environment().get_template(template).render(context)
