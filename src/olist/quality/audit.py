"""The gate before silver: every rule of a contract, counted on the staged table, and the accounting of its rows."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import jinja2
import psycopg

from olist.contracts import Contract
from olist.quality.rules import Rule, rules
from opstore.store import Check, Counts

__all__ = ["audit"]


def audit(
    connection: psycopg.Connection,
    contract: Contract,
    counts: Counts,
    locations: Mapping[str, str],
) -> list[Check]:
    """The checks of one staged table; `locations` says in which schema each table of this version stands.

    Nothing is raised for a failed check: the caller decides. `counts` is the row accounting that the transformation claims; it is held
    against the rows that are really there.
    """
    tables = {table: f"{schema}.{table}" for table, schema in locations.items()}
    table = tables[contract.table]
    promised = rules(contract)
    # Tables are audited side by side: workers for one would take the others' processors.
    connection.execute("SET max_parallel_workers_per_gather = 0")
    query = _render("audit.sql.jinja", table=table, rules=promised, parents=tables)
    *failures, rows = connection.execute(query).fetchone() or ()
    checks = [
        _rule_check(connection, contract, rule, count, tables) for rule, count in zip(promised, failures, strict=True)
    ]
    return [*checks, _accounting(contract, counts, rows), _tolerance(contract, counts)]


def _rule_check(
    connection: psycopg.Connection, contract: Contract, rule: Rule, failures: int, tables: Mapping[str, str]
) -> Check:
    message = None
    if failures:
        shown = list(dict.fromkeys([*contract.key, *rule.columns])) if rule.kind != "unique" else list(rule.columns)
        query = _render("sample.sql.jinja", table=tables[contract.table], rule=rule, shown=shown, parents=tables)
        rows = connection.execute(query).fetchall()
        message = "; ".join(", ".join(f"{n}={v}" for n, v in zip(shown, row, strict=True)) for row in rows)
    return Check(
        f"silver.{contract.table}", rule.name, rule.kind, "error", "fail" if failures else "pass", failures, message
    )


def _accounting(contract: Contract, counts: Counts, rows: int) -> Check:
    balanced = counts.balanced and counts.published == rows
    return Check(
        f"silver.{contract.table}",
        "row_accounting",
        "row_accounting",
        "error",
        "pass" if balanced else "fail",
        0 if balanced else abs(counts.rows_in - counts.superseded - counts.rejected - rows),
        f"{counts.rows_in:,} in = {rows:,} staged + {counts.superseded:,} superseded + {counts.rejected:,} rejected",
    )


def _tolerance(contract: Contract, counts: Counts) -> Check:
    allowed = contract.reject_tolerance * counts.rows_in
    return Check(
        f"silver.{contract.table}",
        "reject_tolerance",
        "reject_tolerance",
        "error",
        "pass" if counts.rejected <= allowed else "fail",
        counts.rejected if counts.rejected > allowed else 0,
        f"{counts.rejected:,} of {counts.rows_in:,} rows rejected, tolerated are {contract.reject_tolerance:.2%}",
    )


@cache
def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.PackageLoader("olist.quality", "sql"), undefined=jinja2.StrictUndefined, autoescape=False
    )


def _render(template: str, **context: object) -> str:
    """SQL built from the contracts and our own templates, never from data."""
    return _environment().get_template(template).render(context)
