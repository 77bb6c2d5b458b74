"""Which query answers a picture: an aggregation of gold where its grain allows, else the facts, by the metrics' SQL twins.

An aggregation allows it when it holds every metric by the picture's dimension and can apply every filter that is set; over everything, only
what may be summed, or what the specification says how to total (a repeat rate cannot be summed from its parts). A filter that a twin's
fact lacks does not touch it, as in the star of the Power BI model. Identifiers come from the specification, values are bound.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg

from olist.dashboards.checks import PLACEHOLDER
from olist.dashboards.spec import Aggregation, Metric, Spec, Visual
from olist.dashboards.twins import question
from olist.dashboards.web.selection import Selection

__all__ = ["Question", "Rows", "ask", "questions", "title_metrics", "untouched"]

Rows = dict[Any, dict[str, Any]]
"""Values by metric, by the dimension's value: None over everything, (dimension, series) with a series."""
_APPLIES = {
    "day": "period",
    "month": "period",
    "cohort_month": "period",
    "state": "state",
    "category": "category",
    "seller": "seller",
}
"""The filter that a column of this dimension can apply."""
_CONDITIONS = {
    "period": "{} between %(from)s and %(to)s",
    "state": "{} = any(%(states)s)",
    "category": "{} = any(%(categories)s)",
    "seller": "{} = any(%(sellers)s)",
}


@dataclass(frozen=True)
class Question:
    """One query: what it reads (an aggregation or a twin), the metrics it gives after `keys` columns of keys, and its SQL."""

    source: str
    metrics: tuple[str, ...]
    keys: int
    sql: str


def questions(
    spec: Spec,
    metrics: Iterable[str],
    dimension: str | None,
    filters: Collection[str],
    series: str | None = None,
) -> list[Question]:
    """As few queries as answer the metrics: one per aggregation or twin. KeyError where a twin cannot be cut like that."""
    by_source: dict[str, list[str]] = {}
    for name in dict.fromkeys(metrics):
        by_source.setdefault(_source(spec, spec.metrics[name], dimension, filters, series), []).append(name)
    return [
        _of_aggregation(spec, source, names, dimension, filters)
        if source in spec.aggregations
        else Question(source, tuple(names), 1, question(spec, source, names, dimension, filters))
        for source, names in by_source.items()
    ]


def ask(connection: psycopg.Connection[Any], asked: Iterable[Question], selection: Selection) -> Rows:
    """The answers side by side; what one of them lacks for a key is None."""
    found: Rows = {}
    names: list[str] = []
    for one in asked:
        names += one.metrics
        for row in connection.execute(one.sql.encode(), selection.parameters).fetchall():
            key = row[0] if one.keys == 1 else tuple(row[: one.keys])
            found.setdefault(key, {}).update(zip(one.metrics, row[one.keys :], strict=True))
    return {key: {name: values.get(name) for name in names} for key, values in found.items()}


def title_metrics(visual: Visual) -> tuple[str, ...]:
    """The metrics that a picture's title names."""
    return tuple(dict.fromkeys(PLACEHOLDER.findall(next(iter(visual.title.values())))))


def untouched(spec: Spec, visual: Visual, filters: Collection[str]) -> list[str]:
    """The filters that are set and that the picture's facts do not have."""
    known = [spec.twins[spec.metrics[name].twin].filters for name in visual.metrics]
    return [name for name in spec.filters if name in filters and not all(name in filters_ for filters_ in known)]


def _source(spec: Spec, metric: Metric, dimension: str | None, filters: Collection[str], series: str | None) -> str:
    touching = set(filters) & spec.twins[metric.twin].filters.keys()
    for name in _holding(metric, dimension):
        aggregation = spec.aggregations[name]
        if aggregation.series != series and dimension is not None:
            continue
        cuts = dimension is None or dimension in aggregation.columns
        if cuts and touching <= {_APPLIES.get(column, "") for column in aggregation.columns}:
            return name
    return metric.twin


def _holding(metric: Metric, dimension: str | None) -> Mapping[str, str]:
    """The aggregations that give the metric, and the SQL that does: a column, or over everything an expression."""
    if dimension is not None:
        return metric.aggregations
    summed = {table: f"sum({column})" for table, column in metric.aggregations.items() if metric.additive}
    return metric.totals | summed


def _of_aggregation(
    spec: Spec, table: str, names: Sequence[str], dimension: str | None, filters: Collection[str]
) -> Question:
    aggregation = spec.aggregations[table]
    keys = list(_keys(aggregation, dimension))
    shown = [f"{_holding(spec.metrics[name], dimension)[table]} as {name}" for name in names]
    touching = set(filters) & {f for name in names for f in spec.twins[spec.metrics[name].twin].filters}
    conditions = [
        _CONDITIONS[_APPLIES[column]].format(sql)
        for column, sql in aggregation.columns.items()
        if _APPLIES.get(column) in touching
    ]
    where = f" where {' and '.join(conditions)}" if conditions else ""
    return Question(table, tuple(names), len(keys), f"select {', '.join([*keys, *shown])} from gold.{table}{where}")


def _keys(aggregation: Aggregation, dimension: str | None) -> Iterator[str]:
    yield "null" if dimension is None else aggregation.columns[dimension]
    if aggregation.series and dimension is not None:
        yield aggregation.series
