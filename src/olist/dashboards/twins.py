"""The SQL twins of the measures: what a Power BI measure says, asked of PostgreSQL.

A twin is an SQL file of one fact with its metrics as columns. It is asked for some of them, by one of its dimensions or none, under
some of its filters; PostgreSQL leaves out what is not asked for. Values of filters are bound by name, never written into the text.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import psycopg
from jinja2 import Environment, StrictUndefined

from olist.dashboards.spec import Spec

__all__ = ["answer", "question"]

_JINJA = Environment(undefined=StrictUndefined, keep_trailing_newline=True)


def question(
    spec: Spec, twin: str, metrics: Sequence[str], dimension: str | None = None, filters: Collection[str] = ()
) -> str:
    """SQL that gives (dimension, *metrics): one row without a dimension, else one per value of it, NULL included.

    Filters that the twin's fact lacks do not touch it. KeyError for a dimension that the twin cannot be cut by.
    """
    file = spec.twins[twin]
    cut = None if dimension is None else file.dimensions[dimension]
    asked = {name: file.filters[name] for name in sorted(filters) if name in file.filters}
    conditions = list(asked.values())
    text = _JINJA.from_string(spec.template(twin)).render(
        dimension=cut or "null",
        condition=" and ".join(conditions) or "true",
        # What looks back beyond the period has to tell it from the other filters.
        period=asked.get("period", "true"),
        elsewhere=" and ".join(sql for name, sql in asked.items() if name != "period") or "true",
        grouping="group by 1" if cut else "",
        # Tables that only a cut or a filter reads are left out without one.
        used=set(re.findall(r"\b(\w+)\.", " ".join([cut or "", *conditions]))),
    )
    return f"select {', '.join(['dimension', *metrics])} from (\n{text}) as {twin}_twin"


def answer(
    connection: psycopg.Connection[Any],
    spec: Spec,
    metrics: Sequence[str],
    dimension: str | None = None,
    parameters: Mapping[str, Any] | None = None,
    filters: Collection[str] = (),
) -> dict[Any, tuple[Any, ...]]:
    """The values of metrics of one twin, by the dimension's values (None without one). `parameters` are those of the filters."""
    (twin,) = {spec.metrics[metric].twin for metric in metrics}
    rows = connection.execute(question(spec, twin, metrics, dimension, filters).encode(), parameters).fetchall()
    return {key: tuple(values) for key, *values in rows}
