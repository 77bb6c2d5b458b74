"""What a page, the rows behind a figure, and their CSV consist of: questions asked, answers made ready to show."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from urllib.parse import quote

import psycopg

from olist.dashboards.numbers import full
from olist.dashboards.rows import RowFile, rows_question
from olist.dashboards.spec import Page, Spec, Visual
from olist.dashboards.web.answers import Rows, ask, questions, title_metrics
from olist.dashboards.web.health import Notice, health
from olist.dashboards.web.reading import statement
from olist.dashboards.web.selection import Selection
from olist.dashboards.web.views import shown_keys, view
from olist.dashboards.web.words import Words

__all__ = ["PER_PAGE", "Site", "csv_of", "page_of", "rows_csv", "rows_of"]

PER_PAGE = 50
_AS_OF = "last_order_at"


@dataclass(frozen=True)
class Site:
    """What every page is made from."""

    spec: Spec
    words: Words
    row_files: dict[str, RowFile]


def page_of(site: Site, connection: psycopg.Connection[Any], page_id: str, selection: Selection) -> dict[str, Any]:
    """A page with its figures. KeyError for an unknown one."""
    spec = site.spec
    page = spec.page(page_id)
    chosen = selection.within(page.filters)
    said = _totals(spec, connection, page, chosen)
    views = []
    for visual in page.visuals:
        data = said if visual.dimension is None else _data(spec, connection, visual, chosen)
        views.append(view(spec, site.words, site.row_files, chosen, visual, data, said))
    return {
        "page": page,
        "views": views,
        "selection": selection,
        "chosen": chosen,
        "choices": _choices(connection, selection),
        **_state(site, connection, selection),
    }


def csv_of(
    site: Site, connection: psycopg.Connection[Any], visual_id: str, selection: Selection
) -> tuple[list[str], list[list[Any]]]:
    """A picture's figures as head and rows, in its order, its first so many. KeyError for an unknown one."""
    spec = site.spec
    visual = spec.visuals[visual_id]
    (page,) = (page for page in spec.pages if visual in page.visuals)
    chosen = selection.within(page.filters)
    names = [*visual.metrics, *([visual.line] if visual.line else [])]
    data = _data(spec, connection, visual, chosen)
    if visual.dimension is None:
        return names, [[data[None][name] for name in names]]
    if visual.series:
        return [visual.dimension, visual.series, *names], [[*key, *data[key].values()] for key in sorted(data)]
    rows = [[key, *(data[key][name] for name in names)] for key in shown_keys(spec, visual, data)]
    return [visual.dimension, *names], rows


def rows_of(
    site: Site,
    connection: psycopg.Connection[Any],
    metric: str,
    selection: Selection,
    cut: tuple[str, str | None] | None,
    offset: int,
) -> dict[str, Any]:
    """One screen of the rows behind a metric, and how many there are. KeyError for a metric without rows or an unknown cut."""
    file, page = site.row_files[metric], _page_with(site.spec, metric)
    chosen, locale = selection.within(page.filters), selection.locale
    sql, extra = rows_question(site.spec, file, metric, chosen.filters, cut)
    parameters = {**chosen.parameters, **extra, "limit": PER_PAGE, "offset": offset}
    ((total,),) = connection.execute(f"select count(*) from ({sql}) as counted".encode(), parameters).fetchall()
    found = connection.execute(f"{sql} limit %(limit)s offset %(offset)s".encode(), parameters).fetchall()
    around = {"by": cut[0], "value": str(cut[1])} if cut else {}
    return {
        "page": page,
        "selection": selection,
        "name": site.spec.metrics[metric].name[locale],
        "meaning": site.spec.metrics[metric].description[locale],
        "cut": _cut_label(site.spec, cut, selection),
        "columns": file.columns,
        "rows": [_cells(site.spec, file, row, selection) for row in found],
        "total": total,
        "span": {
            "first": full(min(offset + 1, total), "integer", locale),
            "last": full(min(offset + PER_PAGE, total), "integer", locale),
            "total": full(total, "integer", locale),
        },
        "previous": _screen(metric, selection, around, offset - PER_PAGE) if offset else None,
        "next": _screen(metric, selection, around, offset + PER_PAGE) if offset + PER_PAGE < total else None,
        "export": f"/rows/{quote(metric)}.csv?{selection.query(**around)}",
        **_state(site, connection, selection),
    }


def rows_csv(
    site: Site,
    connection: psycopg.Connection[Any],
    metric: str,
    selection: Selection,
    cut: tuple[str, str | None] | None,
) -> tuple[list[str], list[Any]]:
    """All rows behind a metric, as head and rows."""
    file = site.row_files[metric]
    chosen = selection.within(_page_with(site.spec, metric).filters)
    sql, extra = rows_question(site.spec, file, metric, chosen.filters, cut)
    rows = connection.execute(sql.encode(), {**chosen.parameters, **extra}).fetchall()
    return [column.column for column in file.columns], rows


def _totals(spec: Spec, connection: psycopg.Connection[Any], page: Page, selection: Selection) -> Rows:
    """Everything over everything: the cards, what the titles say, and as of when; one query per source."""
    cards = [metric for visual in page.visuals if visual.dimension is None for metric in visual.metrics]
    titles = [metric for visual in page.visuals for metric in title_metrics(visual)]
    return ask(connection, questions(spec, [*cards, *titles], None, selection.filters), selection)


def _data(spec: Spec, connection: psycopg.Connection[Any], visual: Visual, selection: Selection) -> Rows:
    names = [*visual.metrics, *([visual.line] if visual.line else [])]
    first, *others = questions(spec, names, visual.dimension, selection.filters, visual.series)
    data = ask(connection, [first], selection)
    if others and visual.top and visual.dimension == "seller":
        # Of three thousand sellers twenty are shown: what other facts say of the rest is not asked.
        keys = tuple(str(key) for key in shown_keys(spec, visual, data))
        selection = replace(selection, sellers=keys)
        data = {key: data[key] for key in keys}
        others = questions(spec, [name for one in others for name in one.metrics], visual.dimension, selection.filters)
    found = ask(connection, others, selection)
    given = [name for one in others for name in one.metrics]
    return {
        key: dict.fromkeys([*first.metrics, *given]) | data.get(key, {}) | found.get(key, {}) for key in data | found
    }


def _state(site: Site, connection: psycopg.Connection[Any], selection: Selection) -> dict[str, Any]:
    """The banners, and as of when the figures and the status are true."""
    locale = selection.locale
    status = health(connection, site.words, locale)
    (until,) = ask(connection, questions(site.spec, [_AS_OF], None, ()), selection)[None].values()
    notices = status.notices
    if until is None:
        notices = (Notice("info", site.words.notice("empty", locale)), *notices)
    as_of = site.words.word(
        "as_of", locale, orders=full(until, "moment", locale), status=full(status.status_at, "moment", locale)
    )
    return {"notices": notices, "as_of": as_of}


def _choices(connection: psycopg.Connection[Any], selection: Selection) -> dict[str, list[tuple[str, str]]]:
    """(value, label) of what each filter offers."""
    found: dict[str, list[tuple[str, str]]] = {name: [] for name in ("period", "state", "category", "seller")}
    for name, value, label in connection.execute(statement("choices")).fetchall():
        found[name].append((value, label.replace("_", " ")))
    found["period"] = [(value, _month(value, selection)) for value, _ in found["period"]]
    return found


def _month(value: str, selection: Selection) -> str:
    return full(date.fromisoformat(f"{value}-01"), "month", selection.locale)


def _cells(spec: Spec, file: RowFile, row: Iterable[Any], selection: Selection) -> list[str]:
    return [
        spec.label(column.values_of, value, selection.locale)
        if column.values_of and value is not None
        else full(value, column.format, selection.locale)
        for column, value in zip(file.columns, row, strict=True)
    ]


def _cut_label(spec: Spec, cut: tuple[str, str | None] | None, selection: Selection) -> str | None:
    if cut is None:
        return None
    dimension, value = cut
    name = spec.dimensions[dimension].name[selection.locale]
    if dimension == "month" and value:
        return f"{name}: {_month(value[:7], selection)}"
    return f"{name}: {spec.label(dimension, value, selection.locale) if value else '–'}"


def _page_with(spec: Spec, metric: str) -> Page:
    """The page whose pictures lead to the rows of this metric. KeyError where none does."""
    for page in spec.pages:
        if any(visual.metrics[0] == metric for visual in page.visuals):
            return page
    raise KeyError(metric)


def _screen(metric: str, selection: Selection, around: dict[str, str], offset: int) -> str:
    return f"/rows/{quote(metric)}?{selection.query(**around, offset=str(max(offset, 0)))}"
