"""What makes a specification wrong though every field of it is well formed: names that lead nowhere, pictures that overlap."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from olist.dashboards.spec import Metric, Page, Spec, Visual

__all__ = ["PLACEHOLDER", "Fault", "faults"]

PLACEHOLDER = re.compile(r"\{([a-z_0-9]+)\}")
"""A metric's value within a title."""


@dataclass(frozen=True)
class Fault:
    """What was expected, and what stands there instead."""

    expected: str
    found: str


def faults(spec: Spec) -> Iterator[Fault]:
    """Every fault, in the order of the files."""
    for metric in spec.metrics.values():
        yield from _metric_faults(spec, metric)
    for page in spec.pages:
        yield from _page_faults(spec, page)
    ids = [visual.id for page in spec.pages for visual in page.visuals]
    yield from (Fault("ids of visuals that occur once", i) for i in sorted({i for i in ids if ids.count(i) > 1}))


def _metric_faults(spec: Spec, metric: Metric) -> Iterator[Fault]:
    if metric.twin not in spec.twins:
        yield Fault(f"a twin of twins.yml for metric {metric.id}", metric.twin)
    elif not re.search(rf"\bas {metric.id}\b", spec.template(metric.twin)):
        yield Fault(f"a column {metric.id} in twins/{metric.twin}.sql", "none")
    if metric.target and (metric.target.value is None) == (metric.target.metric is None):
        yield Fault(f"either a value or a metric as the target of {metric.id}", repr(metric.target))
    if metric.target and metric.target.metric and metric.target.metric not in spec.metrics:
        yield Fault(f"a metric as the target of {metric.id}", metric.target.metric)
    if metric.values_of and metric.values_of not in spec.dimensions:
        yield Fault(f"a dimension whose values {metric.id} has", metric.values_of)
    for table in metric.aggregations:
        if table not in spec.aggregations:
            yield Fault(f"an aggregation of dashboards.yml for {metric.id}", table)


def _page_faults(spec: Spec, page: Page) -> Iterator[Fault]:
    for name in page.filters:
        if name not in spec.filters:
            yield Fault(f"a filter of dashboards.yml on page {page.id}", name)
    taken: dict[tuple[int, int], str] = {}
    for visual in page.visuals:
        yield from _visual_faults(spec, visual)
        for column, row in visual.position.cells():
            if column > spec.grid.columns or row > spec.grid.rows:
                yield Fault(f"{visual.id} within {spec.grid.columns} × {spec.grid.rows} cells", f"cell {column}, {row}")
            elif other := taken.get((column, row)):
                yield Fault(f"cells of their own for {other} and {visual.id}", f"both on cell {column}, {row}")
            taken[column, row] = visual.id


def _visual_faults(spec: Spec, visual: Visual) -> Iterator[Fault]:
    named = {*visual.metrics, *([visual.line] if visual.line else [])}
    for text in visual.title.values():
        named |= set(PLACEHOLDER.findall(text))
    for metric in sorted(named - spec.metrics.keys()):
        yield Fault(f"a metric named by visual {visual.id}", metric)
    for dimension in (visual.dimension, visual.series):
        if dimension and dimension not in spec.dimensions:
            yield Fault(f"a dimension for visual {visual.id}", dimension)
    if visual.source not in spec.aggregations and visual.source not in spec.twins:
        yield Fault(f"an aggregation or twin as the source of visual {visual.id}", visual.source)
    if len({frozenset(PLACEHOLDER.findall(text)) for text in visual.title.values()}) > 1:
        yield Fault(f"the same figures in every language of the title of {visual.id}", str(visual.title))
