"""What a contract promises beyond types and keys, as ODCS writes it: quality rules and how old a delivery may become.

A rule of type `library` counts rows (of a file against the previous one, invalid, missing or repeated); one of type `sql` is either a
count of the rows that break it, `SELECT count(*) FROM ${table} ...`, held against a share of the table's rows (unit percent), or a
statistic between two bounds. `${table}` stands for the table itself, `${orders}` for another one. A rule that is written in any other
way is an error: a promise that nothing checks is none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from open_data_contract_standard.model import CustomProperty, DataQuality, ServiceLevelAgreementProperty

__all__ = ["Freshness", "Promise", "Severity", "custom", "freshness", "promises"]

Severity = Literal["error", "warn"]

_SEVERITY: Mapping[str | None, Severity] = {None: "error", "error": "error", "warning": "warn"}
_COUNT = re.compile(r"SELECT count\(\*\) FROM \$\{table\}(?=\s)")
_TABLE = re.compile(r"\$\{(\w+)\}")
_HOURS = {"h": 1.0, "d": 24.0}


@dataclass(frozen=True)
class Promise:
    """One quality rule. Shares are from 0 to 1; `query` is set for the type sql, `metric` for the type library."""

    name: str
    description: str
    metric: str | None
    query: str | None
    minimum: float | None
    maximum: float | None
    is_share: bool
    severity: Severity

    @property
    def tables(self) -> frozenset[str]:
        """The other tables that the query reads."""
        return frozenset(_TABLE.findall(self.query or "")) - {"table"}

    def sql(self, tables: Mapping[str, str], table: str) -> str:
        """The query with its tables named."""
        return _TABLE.sub(lambda found: tables[table if found[1] == "table" else found[1]], self.query or "")

    def sample(self, tables: Mapping[str, str], table: str, columns: Iterable[str]) -> str:
        """A query of some of the rows that break the promise."""
        chosen = f"SELECT DISTINCT {', '.join(columns)} FROM ${{table}}"
        return Promise.sql(
            Promise(self.name, "", None, _COUNT.sub(lambda _: chosen, self.query or ""), None, None, False, "error"),
            tables,
            table,
        )


@dataclass(frozen=True)
class Freshness:
    """`hours` after its last delivery a table is stale; whether the same bytes again count as one."""

    hours: float
    identical_is_delivery: bool


def promises(rules: Iterable[DataQuality] | None) -> tuple[Promise, ...]:
    """The quality rules of a table or a column. Raises ValueError for one that nothing would check."""
    return tuple(_promise(rule) for rule in rules or ())


def freshness(agreed: Iterable[ServiceLevelAgreementProperty] | None) -> Freshness | None:
    """How often a table is delivered, from the service level property `frequency`."""
    for level in agreed or ():
        if level.property != "frequency" or level.unit not in _HOURS or not isinstance(level.value, int | float):
            raise ValueError(f"service level {level.property}: expected `frequency`, a number and its unit, d or h")
        counts = custom(level.customProperties).get("identicalIsDelivery", True)
        return Freshness(float(level.value) * _HOURS[level.unit], bool(counts))
    return None


def custom(properties: Iterable[CustomProperty] | None) -> dict[str, Any]:
    """customProperties by name."""
    return {str(p.property): p.value for p in properties or ()}


def _promise(rule: DataQuality) -> Promise:
    name = rule.name or rule.metric
    if not name or rule.severity not in _SEVERITY or (rule.metric is None) == (rule.query is None):
        raise ValueError(
            f"quality rule {name}: expected a name, a metric or a query, and a severity of error or warning"
        )
    is_share = rule.unit == "percent"
    low, high = rule.mustBeBetween or (rule.mustBeGreaterOrEqualTo, rule.mustBeLessOrEqualTo)
    if low is None and high is None:
        raise ValueError(
            f"quality rule {name}: expected mustBeBetween, mustBeLessOrEqualTo or mustBeGreaterOrEqualTo; nothing enforces another"
        )
    if rule.query is not None and is_share != bool(_COUNT.match(rule.query)):
        raise ValueError(f"quality rule {name}: `SELECT count(*) FROM ${{table}}` and unit percent go together")
    if rule.metric is not None and not is_share:
        raise ValueError(f"quality rule {name}: its unit must be percent")
    scale = 100.0 if is_share else 1.0
    return Promise(
        name,
        rule.description or "",
        rule.metric,
        rule.query,
        None if low is None else float(low) / scale,
        None if high is None else float(high) / scale,
        is_share,
        _SEVERITY[rule.severity],
    )
