"""A page as it is shown: every figure in words, every mark in place, every link an address. Templates add nothing but markup."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from olist.dashboards.numbers import compact, fill, full, tick
from olist.dashboards.rows import RowFile
from olist.dashboards.spec import Metric, Spec, Visual
from olist.dashboards.web import charts
from olist.dashboards.web.answers import Rows, title_metrics, untouched
from olist.dashboards.web.selection import Selection
from olist.dashboards.web.words import Words

__all__ = ["View", "shown_keys", "view"]

_IDENTIFIER, _SHORT = 32, 8
_MONTHS_SHOWN = 12
"""Months after the first purchase that the matrix has columns for."""
_HOT, _HEATS = 0.01, 6
"""Retention from which on a cell has the full colour, as in Power BI, and how many shades there are."""


@dataclass(frozen=True)
class View:
    """One picture. `body` is what its kind's template takes; None where there is nothing to show."""

    visual: Visual
    title: str
    body: dict[str, Any] | None
    export: str
    drill: str | None
    note: str | None = None
    legend: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Maker:
    """What all pictures of a page share."""

    spec: Spec
    words: Words
    row_files: dict[str, RowFile]
    selection: Selection
    extra: dict[str, str] = field(default_factory=dict)

    def metric(self, name: str) -> Metric:
        return self.spec.metrics[name]

    def name(self, metric: str) -> str:
        return self.metric(metric).name[self.selection.locale]

    def label(self, visual: Visual, key: Any) -> str:
        dimension = visual.dimension or ""
        if dimension.endswith("month"):
            return full(key, "month", self.selection.locale)
        if key is None:
            return "–"
        return self.spec.label(dimension, key, self.selection.locale)

    def drill(self, visual: Visual, key: Any = None) -> str | None:
        """The address of the rows behind the picture, or behind one of its values."""
        metric = visual.metrics[0]
        file = self.row_files.get(metric)
        if file is None:
            return None
        if key is None:
            return f"/rows/{metric}?{self.selection.query()}"
        if visual.dimension not in self.spec.twins[file.twin].dimensions:
            return None
        return f"/rows/{metric}?{self.selection.query(by=visual.dimension or '', value=str(key))}"


def view(
    spec: Spec,
    words: Words,
    row_files: dict[str, RowFile],
    selection: Selection,
    visual: Visual,
    data: Rows,
    said: Rows,
) -> View:
    """A picture from its data, and what its title says from `said` (values over everything)."""
    maker = _Maker(spec, words, row_files, selection)
    locale = selection.locale
    passed = [spec.filters[name].name[locale].lower() for name in untouched(spec, visual, selection.filters)]
    return View(
        visual,
        _title(maker, visual, said.get(None, {})),
        _BODIES[visual.kind](maker, visual, data),
        f"/csv/{quote(visual.id)}.csv?{selection.query()}",
        maker.drill(visual),
        words.word("unaffected", locale, filters=", ".join(passed)) if passed else None,
        _legend(maker, visual),
    )


def shown_keys(spec: Spec, visual: Visual, data: Rows) -> list[Any]:
    """The values of the dimension in the order and number in which they are shown."""
    dimension = spec.dimensions[visual.dimension or ""]
    if dimension.sort == "metric":
        first = visual.metrics[0]
        keys = sorted(data, key=lambda key: (-(data[key][first] or 0), str(key)))
        keys = [key for key in keys if data[key][first] is not None]
    elif dimension.labels:
        keys = sorted(data, key=list(dimension.labels).index)
    else:
        keys = sorted(data, key=lambda key: (key is None, key))
    return keys[: visual.top]


def _title(maker: _Maker, visual: Visual, values: dict[str, Any]) -> str:
    """The finding, or where there is none (no category has reviews enough) what the picture shows."""
    locale = maker.selection.locale
    if any(values.get(name) is None for name in title_metrics(visual)):
        return f"{maker.name(visual.metrics[0])} · {maker.spec.dimensions[visual.dimension or ''].name[locale]}"
    return fill(visual.title[locale], values, maker.spec, locale)


def _legend(maker: _Maker, visual: Visual) -> tuple[str, ...]:
    """The names of what is drawn, where there is more than one thing."""
    names = [*visual.metrics, *([visual.line] if visual.line else [])]
    charted = visual.kind in ("columns", "stacked_columns", "columns_and_line")
    return tuple(maker.name(name) for name in names) if charted and len(names) > 1 else ()


def _card(maker: _Maker, visual: Visual, data: Rows) -> dict[str, Any] | None:
    metric, locale = maker.metric(visual.metrics[0]), maker.selection.locale
    value = data.get(None, {}).get(metric.id)
    body = {
        "value": compact(value, metric.format, locale),
        "exact": full(value, metric.format, locale),
        "meaning": metric.description[locale],
        "target": None,
        "verdict": "",
    }
    target = metric.target.value if metric.target else None
    if target is not None and metric.better:
        word = "at_least" if metric.better == "higher" else "at_most" if target else "exactly_none"
        body["target"] = maker.words.word(word, locale, value=tick(target, metric.format, locale))
        if value is not None:
            met = float(value) >= target if metric.better == "higher" else float(value) <= target
            body["verdict"] = "good" if met else "bad"
    return body


def _bars(maker: _Maker, visual: Visual, data: Rows) -> dict[str, Any] | None:
    keys = shown_keys(maker.spec, visual, data)
    metric, locale = maker.metric(visual.metrics[0]), maker.selection.locale
    values = {key: data[key][metric.id] for key in keys}
    most = max((float(value) for value in values.values() if value is not None), default=0)
    return _unless_empty(
        keys,
        bars=[
            {
                "label": maker.label(visual, key),
                "width": round(100 * float(values[key] or 0) / most, 2) if most else 0,
                "value": compact(values[key], metric.format, locale),
                "drill": maker.drill(visual, key),
            }
            for key in keys
        ],
    )


def _chart(maker: _Maker, visual: Visual, data: Rows) -> dict[str, Any] | None:
    keys = shown_keys(maker.spec, visual, data)
    first = maker.metric(visual.metrics[0])
    series = [[_number(data[key][name]) for key in keys] for name in visual.metrics]
    extra = [_number(data[key][visual.line]) for key in keys] if visual.line else []
    lined = maker.metric(visual.line) if visual.line else first
    one_scale = lined.format == first.format
    stacks = [sum(value or 0 for value in values) for values in zip(*series, strict=True)]
    lone = visual.kind == "line"
    scale = charts.axis(series[0] if lone else [*stacks, *(extra if one_scale else [])], from_zero=not lone)
    other = scale if one_scale else charts.axis(extra)
    drawn = charts.line(series[0] if lone else extra, other)
    return _unless_empty(
        [value for values in series for value in values if value],
        height=charts.HEIGHT,
        left=_ticks(maker, scale, first),
        right=[] if one_scale else _ticks(maker, other, lined),
        bars=[] if lone else list(_marks(maker, visual, data, keys, charts.columns(series, scale))),
        segments=drawn.segments,
        dots=[
            (x, y, _said(maker, visual, data, keys[i], lined.id), maker.drill(visual, keys[i]))
            for i, x, y in drawn.dots
        ],
        labels=list(_labels(maker, visual, keys)),
        caption=_ranked(maker, visual, keys)
        and maker.words.word(
            "rank",
            maker.selection.locale,
            dimension=maker.spec.dimensions[visual.dimension or ""].name[maker.selection.locale],
        ),
    )


def _marks(maker: _Maker, visual: Visual, data: Rows, keys: list[Any], bars: Iterable[charts.Bar]) -> Iterator[Any]:
    for bar in bars:
        key, metric = keys[bar.index], visual.metrics[bar.series]
        yield bar, _said(maker, visual, data, key, metric), maker.drill(visual, key) if bar.series == 0 else None


def _labels(maker: _Maker, visual: Visual, keys: list[Any]) -> Iterator[charts.Label]:
    ranked = _ranked(maker, visual, keys)
    yield from charts.labels(len(keys), lambda i: str(i + 1) if ranked else maker.label(visual, keys[i]))


def _ranked(maker: _Maker, visual: Visual, keys: list[Any]) -> bool:
    """Whether categories stand in order and are named by their rank: identifiers say nothing under a column."""
    return any(len(str(key)) == _IDENTIFIER for key in keys)


def _ticks(maker: _Maker, scale: charts.Axis, metric: Metric) -> list[tuple[float, str]]:
    return [(y, tick(round(value, 6), metric.format, maker.selection.locale)) for y, value in scale.ticks]


def _said(maker: _Maker, visual: Visual, data: Rows, key: Any, metric: str) -> str:
    value = full(data[key][metric], maker.metric(metric).format, maker.selection.locale)
    return f"{maker.label(visual, key)} · {maker.name(metric)}: {value}"


def _table(maker: _Maker, visual: Visual, data: Rows) -> dict[str, Any] | None:
    keys = [key for key in shown_keys(maker.spec, visual, data) if any(v for v in data[key].values())]
    locale = maker.selection.locale
    return _unless_empty(
        keys,
        head=[
            maker.spec.dimensions[visual.dimension or ""].name[locale],
            *(maker.name(name) for name in visual.metrics),
        ],
        rows=[
            {
                "label": maker.label(visual, key),
                "short": _shortened(maker.label(visual, key)),
                "drill": maker.drill(visual, key),
                "cells": [full(data[key][name], maker.metric(name).format, locale) for name in visual.metrics],
            }
            for key in keys
        ],
    )


def _matrix(maker: _Maker, visual: Visual, data: Rows) -> dict[str, Any] | None:
    metric, locale = maker.metric(visual.metrics[0]), maker.selection.locale
    rows = sorted({row for row, _ in data})
    columns = sorted({column for _, column in data if column <= _MONTHS_SHOWN})
    values = {key: found[metric.id] for key, found in data.items()}
    return _unless_empty(
        rows,
        corner=maker.spec.dimensions[visual.dimension or ""].name[locale],
        across=maker.spec.dimensions[visual.series or ""].name[locale],
        columns=columns,
        rows=[
            (
                maker.label(visual, row),
                [
                    (full(values[row, c], metric.format, locale), _heat(values[row, c]))
                    if (row, c) in values
                    else ("", 0)
                    for c in columns
                ],
            )
            for row in rows
        ],
    )


def _heat(value: Any) -> int:
    return min(_HEATS, round(float(value) / _HOT * _HEATS))


def _shortened(text: str) -> str:
    return text[:_SHORT] + "…" if len(text) == _IDENTIFIER else text


def _number(value: Any) -> float | None:
    return None if value is None else float(value)


def _unless_empty(shown: Iterable[Any], **body: Any) -> dict[str, Any] | None:
    return body if any(True for _ in shown) else None


_BODIES = {
    "kpi": _card,
    "bars": _bars,
    "columns": _chart,
    "stacked_columns": _chart,
    "columns_and_line": _chart,
    "line": _chart,
    "table": _table,
    "matrix": _matrix,
}
