"""What a contract promises of a table's rows, as rules that can be counted: each says which rows break it, and how many may.

The rules are judged on staged tables, which carry no constraints yet, so that a breach is found here, with its rows, and not as the first
error of a constraint.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from olist.contracts import Column, Contract
from olist.promises import Promise, Severity

__all__ = ["Rule", "rules"]

# A pattern such as ^[0-9a-f]{32}$: the set, and how many.
_CHARACTERS = re.compile(r"\^\[([\w-]+)\]\{(\d+)\}\$", re.ASCII)


@dataclass(frozen=True)
class Rule:
    """`name` is unique within its table; `kind` is one of unique, not_null, accepted_values, range, pattern, relationship,
    business_rule, statistic.

    `columns` are what it speaks of. `broken` is an SQL condition on one row, None for rules over several rows. `parent` is the
    (table, column) of a relationship. `promise` is what a business rule or a statistic was made from; of a statistic the value itself is
    judged, of any other rule the share of the rows that break it: it may be `maximum`, 0–1.
    """

    name: str
    kind: str
    columns: tuple[str, ...]
    description: str
    broken: str | None = None
    parent: tuple[str, str] | None = None
    promise: Promise | None = None
    minimum: float | None = None
    maximum: float | None = 0.0
    severity: Severity = "error"

    @property
    def tables(self) -> frozenset[str]:
        """The other tables that the rule reads."""
        return self.promise.tables if self.promise else frozenset({self.parent[0]} if self.parent else ())


def rules(contract: Contract) -> list[Rule]:
    """Every rule of the contract: the key's, its columns' in their order, then those written out as SQL."""
    key = ", ".join(contract.key)
    unique = Rule(f"unique({key})", "unique", contract.key, f"one row per {key}")
    columns = [rule for column in contract.columns for rule in _column_rules(column)]
    return [unique, *columns, *(_promised(contract, p) for p in contract.promises if p.query)]


def _promised(contract: Contract, promise: Promise) -> Rule:
    kind = "business_rule" if promise.is_share else "statistic"
    spoken_of = tuple(c.name for c in contract.columns if c.name in (promise.query or ""))
    return Rule(
        f"{kind}({promise.name})",
        kind,
        spoken_of,
        promise.description,
        promise=promise,
        minimum=promise.minimum,
        maximum=promise.maximum,
        severity=promise.severity,
    )


def _column_rules(column: Column) -> Iterator[Rule]:
    name = column.name

    def rule(kind: str, description: str, broken: str) -> Rule:
        return Rule(f"{kind}({name})", kind, (name,), f"{name} {description}", broken)

    if column.required:
        yield rule("not_null", "has a value", f"{name} IS NULL")
    if column.values:
        values = ", ".join(_literal(v) for v in column.values)
        yield rule("accepted_values", f"is one of {', '.join(column.values)}", f"{name} NOT IN ({values})")
    if column.minimum is not None or column.maximum is not None:
        bounds = [(f"{name} < {column.minimum}", f"at least {column.minimum:g}")] if column.minimum is not None else []
        bounds += [(f"{name} > {column.maximum}", f"at most {column.maximum:g}")] if column.maximum is not None else []
        yield rule("range", f"is {' and '.join(b[1] for b in bounds)}", " OR ".join(b[0] for b in bounds))
    if column.pattern:
        yield rule("pattern", f"matches {column.pattern}", _unlike(name, column.pattern))
    if column.reference is not None and column.reference.enforced:
        parent = (column.reference.table, column.reference.column)
        to = ".".join(parent)
        yield Rule(f"relationship({name} in {to})", "relationship", (name,), f"{name} exists in {to}", parent=parent)


def _unlike(name: str, pattern: str) -> str:
    """Of n characters of a set, PostgreSQL finds one that is not in it five times faster than it counts n that are."""
    if counted := _CHARACTERS.fullmatch(pattern):
        return f"length({name}) <> {counted[2]} OR {name} ~ {_literal(f'[^{counted[1]}]')}"
    return f"{name} !~ {_literal(pattern)}"


def _literal(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
