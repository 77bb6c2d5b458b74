"""The pieces a visual is made of: fields, expressions, roles and the filter for the first so many."""

from __future__ import annotations

from typing import Any

from olist.dashboards.model import MEASURES
from olist.dashboards.powerbi.naming import guid
from olist.dashboards.powerbi.theme import HEAT
from olist.dashboards.spec import Metric

__all__ = ["column", "expression", "heat", "literal", "measure", "roles", "top"]


def literal(value: str) -> dict[str, Any]:
    """A constant, as the semantic query language writes it: true, 10D, 'text'."""
    return {"expr": {"Literal": {"Value": value}}}


def expression(table: str, name: str) -> dict[str, Any]:
    """A property that takes its value from a measure."""
    return {"expr": _field("Measure", table, name)}


def heat(metric: Metric, most: float) -> dict[str, Any]:
    """The background of a matrix's cells: from paper at 0 to the accent at `most`."""
    ends = {
        end: {"color": {"Literal": {"Value": f"'{colour}'"}}, "value": {"Literal": {"Value": f"{value}D"}}}
        for end, colour, value in zip(("min", "max"), HEAT, (0, most), strict=True)
    }
    name = metric.name["en-US"]
    rule = {"Input": _field("Measure", MEASURES, name), "FillRule": {"linearGradient2": ends}}
    return {
        "properties": {"backColor": {"solid": {"color": {"expr": {"FillRule": rule}}}}},
        "selector": {"data": [{"dataViewWildcard": {"matchingOption": 1}}], "metadata": f"{MEASURES}.{name}"},
    }


def measure(metric: Metric) -> dict[str, Any]:
    """A metric as a projection."""
    return _projection("Measure", MEASURES, metric.name["en-US"])


def column(field: tuple[str, str], *, active: bool = False) -> dict[str, Any]:
    """A column as a projection."""
    return {**_projection("Column", *field), **({"active": True} if active else {})}


def roles(**projections: list[dict[str, Any]]) -> dict[str, Any]:
    """A query's state: what fills which role; empty ones are left out."""
    return {role: {"projections": shown} for role, shown in projections.items() if shown}


def top(name: str, field: tuple[str, str], by: Metric, count: int) -> dict[str, Any]:
    """The filter that keeps the first `count` values of a column by a metric."""
    table, title = field
    within = {"Column": {"Expression": {"SourceRef": {"Source": "d"}}, "Property": title}}
    ranked = {"Measure": {"Expression": {"SourceRef": {"Source": "m"}}, "Property": by.name["en-US"]}}
    dimension = {"Name": "d", "Entity": table, "Type": 0}
    subquery = {
        "Version": 2,
        "From": [dimension, {"Name": "m", "Entity": MEASURES, "Type": 0}],
        "Select": [{**within, "Name": "field"}],
        "OrderBy": [{"Direction": 2, "Expression": ranked}],
        "Top": count,
    }
    return {
        "name": guid("top", name).replace("-", "")[:20],
        "field": _field("Column", table, title),
        "type": "TopN",
        "filter": {
            "Version": 2,
            "From": [{"Name": "subquery", "Expression": {"Subquery": {"Query": subquery}}, "Type": 2}, dimension],
            "Where": [{"Condition": {"In": {"Expressions": [within], "Table": {"SourceRef": {"Source": "subquery"}}}}}],
        },
    }


def _projection(kind: str, table: str, name: str) -> dict[str, Any]:
    return {"field": _field(kind, table, name), "queryRef": f"{table}.{name}", "nativeQueryRef": name}


def _field(kind: str, table: str, name: str) -> dict[str, Any]:
    return {kind: {"Expression": {"SourceRef": {"Entity": table}}, "Property": name}}
