"""The report as PBIR: pages on a grid, a header with filters, visuals whose titles say the finding."""

from __future__ import annotations

from typing import Any

from olist.dashboards.model import MEASURES
from olist.dashboards.powerbi.dax import colour_name, judged, title_name
from olist.dashboards.powerbi.theme import BASE_THEME, THEME_FILE, theme
from olist.dashboards.powerbi.visuals import column, expression, heat, literal, measure, roles, top
from olist.dashboards.spec import Filter, Grid, Page, Position, Spec, Visual

__all__ = ["report_files"]

_SCHEMAS = "https://developer.microsoft.com/json-schemas/fabric/item/report/definition"
_SLICER, _AS_OF = 140, 150
_HOT = 0.01
"""Retention from which on a cell has the full colour; of 200 people one comes back in a month."""
_TYPES = {
    "kpi": "card",
    "columns": "columnChart",
    "stacked_columns": "columnChart",
    "bars": "barChart",
    "line": "lineChart",
    "columns_and_line": "lineClusteredColumnComboChart",
    "matrix": "pivotTable",
    "table": "tableEx",
}


def report_files(spec: Spec) -> dict[str, Any]:
    """Path within the report: JSON document."""
    files: dict[str, Any] = {
        "definition/version.json": {"$schema": f"{_SCHEMAS}/versionMetadata/1.0.0/schema.json", "version": "2.0.0"},
        "definition/report.json": _report(),
        "definition/pages/pages.json": {
            "$schema": f"{_SCHEMAS}/pagesMetadata/1.0.0/schema.json",
            "pageOrder": [page.id for page in spec.pages],
            "activePageName": spec.pages[0].id,
        },
        f"StaticResources/RegisteredResources/{THEME_FILE}": theme(),
    }
    for page in spec.pages:
        folder = f"definition/pages/{page.id}"
        files[f"{folder}/page.json"] = _page(spec, page)
        for document in [*_header(spec, page), *(_visual(spec, visual) for visual in page.visuals)]:
            files[f"{folder}/visuals/{document['name']}/visual.json"] = document
    return files


def _report() -> dict[str, Any]:
    versions = {"visual": "2.4.0", "report": "3.0.0", "page": "2.0.0"}
    return {
        "$schema": f"{_SCHEMAS}/report/3.0.0/schema.json",
        "themeCollection": {
            "baseTheme": {"name": BASE_THEME, "reportVersionAtImport": versions, "type": "SharedResources"},
            "customTheme": {"name": THEME_FILE, "reportVersionAtImport": versions, "type": "RegisteredResources"},
        },
        "resourcePackages": [
            {
                "name": "RegisteredResources",
                "type": "RegisteredResources",
                "items": [{"name": THEME_FILE, "path": THEME_FILE, "type": "CustomTheme"}],
            }
        ],
        "settings": {
            "useStylableVisualContainerHeader": True,
            "exportDataMode": "AllowSummarized",
            "defaultDrillFilterOtherVisuals": True,
            "useEnhancedTooltips": True,
        },
    }


def _page(spec: Spec, page: Page) -> dict[str, Any]:
    return {
        "$schema": f"{_SCHEMAS}/page/2.0.0/schema.json",
        "name": page.id,
        "displayName": page.name[spec.default_locale],
        "displayOption": "FitToPage",
        "height": spec.grid.height,
        "width": spec.grid.width,
    }


def _header(spec: Spec, page: Page) -> list[dict[str, Any]]:
    """The page's name on the left, as of when it is true, and its filters from the right."""
    grid, taken = spec.grid, len(page.filters)
    right = grid.width - grid.margin
    left = right - taken * _SLICER - (taken - 1) * grid.gutter
    as_of = left - grid.gutter - _AS_OF
    words = as_of - grid.gutter - grid.margin
    header = [
        _document("header", (grid.margin, 8, words, grid.header - 8 - grid.gutter), 0, _words(spec, page)),
        _document("as_of", (as_of, 8, _AS_OF, grid.header - 8 - grid.gutter), 1, _as_of(spec)),
    ]
    for number, name in enumerate(page.filters):
        place = (left + number * (_SLICER + grid.gutter), 8, _SLICER, grid.header - 8 - grid.gutter)
        header.append(_document(f"filter_{name}", place, 2 + number, _slicer(spec, spec.filters[name])))
    return header


def _words(spec: Spec, page: Page) -> dict[str, Any]:
    name = {"value": page.name[spec.default_locale], "textStyle": {"fontSize": "18pt", "fontWeight": "bold"}}
    subtitle = {"value": page.subtitle[spec.default_locale], "textStyle": {"fontSize": "10pt"}}
    paragraphs = [{"textRuns": [name]}, {"textRuns": [subtitle]}]
    return {"visualType": "textbox", "objects": {"general": [{"properties": {"paragraphs": paragraphs}}]}}


def _as_of(spec: Spec) -> dict[str, Any]:
    return {
        "visualType": "card",
        "query": {"queryState": roles(Values=[measure(spec.metrics["last_order_at"])])},
        "objects": {"labels": [{"properties": {"fontSize": literal("10D")}}]},
        "drillFilterOtherVisuals": True,
    }


def _slicer(spec: Spec, offered: Filter) -> dict[str, Any]:
    mode = "'Between'" if offered.kind == "period" else "'Dropdown'"
    return {
        "visualType": "slicer",
        "query": {"queryState": roles(Values=[column(offered.field, active=True)])},
        "objects": {
            "data": [{"properties": {"mode": literal(mode)}}],
            "header": [{"properties": {"text": literal(f"'{offered.name[spec.default_locale]}'")}}],
        },
        "drillFilterOtherVisuals": True,
    }


def _visual(spec: Spec, visual: Visual) -> dict[str, Any]:
    shown = [measure(spec.metrics[name]) for name in visual.metrics]
    line = [measure(spec.metrics[visual.line])] if visual.line else []
    cut = [column(spec.dimensions[visual.dimension].field, active=True)] if visual.dimension else []
    series = [column(spec.dimensions[visual.series].field)] if visual.series else []
    state = {
        "kpi": lambda: roles(Values=shown),
        "matrix": lambda: roles(Rows=cut, Columns=series, Values=shown),
        "table": lambda: roles(Values=[*cut, *shown]),
    }.get(visual.kind, lambda: roles(Category=cut, Series=series, Y=shown, Y2=line))()
    title = expression(MEASURES, title_name(visual))
    content: dict[str, Any] = {
        "visualType": _TYPES[visual.kind],
        "query": {"queryState": state, **_sorted(spec, visual)},
        "objects": _formatting(spec, visual),
        "visualContainerObjects": {
            "title": [{"properties": {"show": literal("true"), "text": title}}],
            "general": [{"properties": {"altText": title}}],
        },
        "drillFilterOtherVisuals": True,
    }
    document = _document(visual.id, _pixels(spec.grid, visual.position), 10, content)
    if visual.top and visual.dimension:
        field, by = spec.dimensions[visual.dimension].field, spec.metrics[visual.metrics[0]]
        document["filterConfig"] = {"filters": [top(visual.id, field, by, visual.top)]}
    return document


def _formatting(spec: Spec, visual: Visual) -> dict[str, Any]:
    """What a kind needs beyond the theme."""
    if visual.kind == "matrix":
        bare = {"rowSubtotals": literal("false"), "columnSubtotals": literal("false")}
        return {"subTotals": [{"properties": bare}], "values": [heat(spec.metrics[visual.metrics[0]], _HOT)]}
    if visual.kind == "kpi" and visual in judged(spec):
        return {"labels": [{"properties": {"color": {"solid": {"color": expression(MEASURES, colour_name(visual))}}}}]}
    if visual.line and spec.metrics[visual.line].format == spec.metrics[visual.metrics[0]].format:
        return {"valueAxis": [{"properties": {"secShow": literal("false")}}]}  # one unit, one scale
    return {}


def _sorted(spec: Spec, visual: Visual) -> dict[str, Any]:
    """By the first metric where the dimension says so, else by the dimension's own values."""
    if visual.dimension is None:
        return {}
    dimension = spec.dimensions[visual.dimension]
    if dimension.sort == "metric":
        field, direction = measure(spec.metrics[visual.metrics[0]])["field"], "Descending"
    else:
        field, direction = column(dimension.field)["field"], "Ascending"
    return {"sortDefinition": {"sort": [{"field": field, "direction": direction}], "isDefaultSort": True}}


def _pixels(grid: Grid, position: Position) -> tuple[int, int, int, int]:
    """x, y, width and height; cells of one page line up to the pixel."""
    cell = (grid.width - 2 * grid.margin + grid.gutter) / grid.columns
    line = (grid.height - grid.header - grid.margin + grid.gutter) / grid.rows
    left, right = (grid.margin + cell * n for n in (position.column - 1, position.column - 1 + position.width))
    top_, bottom = (grid.header + line * n for n in (position.row - 1, position.row - 1 + position.height))
    x, y = round(left), round(top_)
    return x, y, round(right) - grid.gutter - x, round(bottom) - grid.gutter - y


def _document(name: str, place: tuple[int, int, int, int], layer: int, content: dict[str, Any]) -> dict[str, Any]:
    x, y, width, height = place
    order = (y * 10 + layer) * 1000 + x  # tabs go from the top left to the bottom right
    return {
        "$schema": f"{_SCHEMAS}/visualContainer/2.4.0/schema.json",
        "name": name,
        "position": {"x": x, "y": y, "z": order, "width": width, "height": height, "tabOrder": order},
        "visual": content,
    }
