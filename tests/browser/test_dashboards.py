"""The four pages in a browser, over gold made of the real data where it is at hand: what a reader sees is what a query answers."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from playwright.sync_api import Browser, Page

from browsing import Watch, watched
from conftest import REAL_ZIP
from dashboard_server import dashboards
from databases import served
from olist.dashboards.numbers import compact, fill, full
from olist.dashboards.rows import load_row_files, rows_question
from olist.dashboards.spec import LOCALES, load_spec
from olist.dashboards.twins import answer

SPEC = load_spec()
ROWS = load_row_files(SPEC)
PAGES = [page.id for page in SPEC.pages]
SP_2018 = {"from": date(2018, 1, 1), "to": date(2018, 6, 30), "states": ["SP"]}
CHOSEN = "from=2018-01&to=2018-06&state=SP"


@dataclass
class Tab:
    """A tab, and what it did beside being shown."""

    page: Page
    watch: Watch


Open = Callable[..., Tab]


@pytest.fixture
def open_tab(chromium: Browser) -> Iterator[Open]:
    """Opens tabs of a width in pixels and a browser's language."""
    contexts = []

    def opened(width: int = 1280, locale: str = "pt-BR") -> Tab:
        context = chromium.new_context(viewport={"width": width, "height": 900}, locale=locale)
        contexts.append(context)
        page = context.new_page()
        return Tab(page, watched(page))

    yield opened
    for context in contexts:
        context.close()


@pytest.fixture(scope="module")
def gold(request: pytest.FixtureRequest) -> Iterator[psycopg.Connection[Any]]:
    if REAL_ZIP.is_file():
        yield request.getfixturevalue("real_gold")
        return
    with served(request.getfixturevalue("small_gold")) as connection:
        yield connection


@pytest.fixture(scope="module")
def site(gold: psycopg.Connection[Any]) -> Iterator[str]:
    info = gold.info
    with dashboards(f"{info.dsn} password={info.password}" if info.password else info.dsn) as address:
        yield address


def text(tab: Tab, selector: str) -> str:
    return (tab.page.locator(selector).text_content() or "").strip()


def csv_rows(tab: Tab, address: str) -> list[list[str]]:
    response = tab.page.request.get(address, timeout=180_000)
    assert response.status == 200
    return list(csv.reader(io.StringIO(response.body().decode("utf-8-sig"), newline="")))


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("locale", LOCALES)
def test_a_page_shows_every_picture_and_asks_nobody_else(site: str, open_tab: Open, page: str, locale: str) -> None:
    tab = open_tab()
    tab.page.goto(f"{site}/{page}?locale={locale}", wait_until="networkidle")
    pictures = tab.page.locator(".picture")
    assert pictures.count() == len(SPEC.page(page).visuals)
    for visual in SPEC.page(page).visuals:
        assert tab.page.locator(f"#{visual.id} :is(.value, table, svg, .nothing)").count() > 0, visual.id
    assert (tab.watch.complaints, tab.watch.foreign) == ([], [])


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("locale", LOCALES)
def test_cards_and_titles_say_what_the_queries_answer(
    site: str, open_tab: Open, gold: psycopg.Connection[Any], page: str, locale: Any
) -> None:
    tab = open_tab()
    tab.page.goto(f"{site}/{page}?locale={locale}")
    for visual in SPEC.page(page).visuals:
        named = re.findall(r"\{(\w+)\}", visual.title[locale])
        values = {
            name: next(iter(answer(gold, SPEC, [name]).values()))[0] for name in {*named, visual.metrics[0]} & total()
        }
        if None not in [values[name] for name in named]:
            assert text(tab, f"#{visual.id} h2") == fill(visual.title[locale], values, SPEC, locale)
        if visual.kind == "kpi":
            metric = SPEC.metrics[visual.metrics[0]]
            assert text(tab, f"#{visual.id} .value") == compact(values[metric.id], metric.format, locale)


def total() -> set[str]:
    """The metrics that cards and titles name."""
    titles = {name for visual in SPEC.visuals.values() for name in re.findall(r"\{(\w+)\}", visual.title["en-US"])}
    return titles | {visual.metrics[0] for visual in SPEC.visuals.values() if visual.kind == "kpi"}


def test_filters_change_figures_as_the_query_says(site: str, open_tab: Open, gold: psycopg.Connection[Any]) -> None:
    tab = open_tab()
    tab.page.goto(f"{site}/executive?locale=pt-BR")
    before = text(tab, "#revenue .value")
    tab.page.select_option("select[name=from]", "2018-01")
    tab.page.select_option("select[name=to]", "2018-06")
    tab.page.click(".choice summary")
    tab.page.check("input[value=SP]")
    tab.page.click("button[type=submit]")
    tab.page.wait_for_url("**state=SP**")
    for name in ("revenue", "orders", "average_order_value", "on_time_rate", "net_promoter_score"):
        ((value,),) = answer(gold, SPEC, [name], None, SP_2018, ["period", "state"]).values()
        assert text(tab, f"#{name} .value") == compact(value, SPEC.metrics[name].format, "pt-BR")
    assert text(tab, "#revenue .value") != before
    tab.page.click("nav a >> nth=3")
    assert "state=SP" in tab.page.url, "the next page keeps what was chosen"


def test_a_filter_by_seller_and_category_changes_the_sales(
    site: str, open_tab: Open, gold: psycopg.Connection[Any]
) -> None:
    (seller, category), *_ = gold.execute(
        "SELECT s.seller_id, p.category FROM gold.fact_order_items i JOIN gold.dim_sellers s USING (seller_key) "
        "JOIN gold.dim_products p USING (product_key) WHERE i.is_revenue GROUP BY 1, 2 ORDER BY count(*) DESC, 1 LIMIT 1"
    ).fetchall()
    tab = open_tab()
    tab.page.goto(f"{site}/sellers_products?locale=en-US&category={category}&seller={seller}")
    chosen = {"categories": [category], "sellers": [seller]}
    for name in ("sales", "active_sellers", "handover_on_time_rate"):
        ((value,),) = answer(gold, SPEC, [name], None, chosen, ["category", "seller"]).values()
        assert text(tab, f"#{name} .value") == compact(value, SPEC.metrics[name].format, "en-US")
    assert "category" in text(tab, "#bad_review_share .note"), "a card says which filter does not touch it"


CHARTS = [visual for visual in SPEC.visuals.values() if visual.dimension and not visual.series and not visual.line]


@pytest.mark.parametrize("chosen", ["", CHOSEN], ids=["everything", "SP 2018"])
@pytest.mark.parametrize("visual", CHARTS, ids=lambda visual: visual.id)
def test_a_charts_csv_is_the_querys_answer(
    site: str, open_tab: Open, gold: psycopg.Connection[Any], visual: Any, chosen: str
) -> None:
    (page,) = (page for page in SPEC.pages if visual in page.visuals)
    filters = [name for name in ("period", "state") if chosen and name in page.filters]
    head, *rows = csv_rows(open_tab(), f"{site}/csv/{visual.id}.csv?{chosen}")
    assert head == [visual.dimension, *visual.metrics]
    assert len(rows) > 0 or SPEC.metrics[visual.metrics[0]].twin == "status"
    for number, name in enumerate(visual.metrics, start=1):
        expected = {str(k): v for k, (v,) in answer(gold, SPEC, [name], visual.dimension, SP_2018, filters).items()}
        for row in rows:
            assert same(row[number], expected.get(row[0])), (name, row)


def same(shown: str, value: Any) -> bool:
    """Money and counts to the digit; ratios to the four digits that an aggregation keeps, means to its two."""
    if value is None:
        return shown in ("", "0")
    if isinstance(value, Decimal) and value.as_tuple().exponent != -2:
        return abs(Decimal(shown) - value) <= (Decimal("0.00006") if abs(value) <= 1 else Decimal("0.06"))
    return shown == str(value) if not isinstance(value, Decimal) else Decimal(shown) == value


@pytest.mark.parametrize("metric", [visual.metrics[0] for visual in SPEC.visuals.values() if visual.kind == "kpi"])
def test_a_card_leads_to_the_rows_it_was_made_from(
    site: str, open_tab: Open, gold: psycopg.Connection[Any], metric: str
) -> None:
    visual = next(v for v in SPEC.visuals.values() if v.kind == "kpi" and v.metrics[0] == metric)
    (page,) = (page for page in SPEC.pages if visual in page.visuals)
    filters = [name for name in ("period", "state") if name in page.filters]
    tab = open_tab()
    tab.page.goto(f"{site}/{page.id}?{CHOSEN}&locale=en-US")
    tab.page.click(f"#{visual.id} .rows")
    shown = int(tab.page.locator("#total").get_attribute("data-total") or "")
    sql, _ = rows_question(SPEC, ROWS[metric], metric, filters)
    found = gold.execute(sql.encode(), SP_2018).fetchall()
    assert shown == len(found)
    if counts := ROWS[metric].metrics[metric].counts:
        ((value,),) = answer(gold, SPEC, [counts], None, SP_2018, filters).values()
        assert shown == value
    columns = ROWS[metric].columns
    for cells, row in zip(tab.page.locator("tbody tr").all()[:3], found, strict=False):
        for cell, column, value in zip(cells.locator("td").all(), columns, row, strict=True):
            if not column.values_of:
                assert cell.text_content() == full(value, column.format, "en-US")
    head, *rows = csv_rows(tab, site + (tab.page.locator("a.csv").get_attribute("href") or ""))
    assert head == [column.column for column in columns]
    assert len(rows) == len(found)


def test_the_rows_of_money_add_up_to_the_figure(site: str, open_tab: Open, gold: psycopg.Connection[Any]) -> None:
    for metric, column in (("revenue", "order_value"), ("sales", "order_value")):
        head, *rows = csv_rows(open_tab(), f"{site}/rows/{metric}.csv?{CHOSEN}")
        ((value,),) = answer(gold, SPEC, [metric], None, SP_2018, ["period", "state"]).values()
        assert sum(Decimal(row[head.index(column)] or 0) for row in rows) == value


def test_a_mark_leads_to_its_own_rows(site: str, open_tab: Open, gold: psycopg.Connection[Any]) -> None:
    tab = open_tab()
    tab.page.goto(f"{site}/operations?locale=en-US")
    tab.page.locator("#on_time_by_region th a").first.click()
    assert "by=region" in tab.page.url
    region = re.search(r"value=(\w+)", tab.page.url)
    assert region is not None
    expected = answer(gold, SPEC, ["orders_of_known_delivery"], "region")[region[1]][0]
    assert tab.page.locator("#total").get_attribute("data-total") == str(expected)


@pytest.mark.parametrize("page", [*PAGES, "rows/revenue"])
@pytest.mark.parametrize("locale", LOCALES)
def test_a_phone_scrolls_in_one_direction(site: str, open_tab: Open, page: str, locale: str) -> None:
    tab = open_tab(width=375)
    tab.page.goto(f"{site}/{page}?locale={locale}&{CHOSEN}")
    assert tab.page.evaluate("document.documentElement.scrollWidth") == 375
    assert tab.page.evaluate(
        "[...document.querySelectorAll('.picture')].every(p => p.getBoundingClientRect().right <= 375)"
    )


def test_the_language_is_the_browsers_until_another_is_chosen(site: str, open_tab: Open) -> None:
    tab = open_tab(locale="en-US")
    tab.page.goto(f"{site}/")
    assert text(tab, "h1") == "Executive"
    tab.page.click(".languages a")
    assert text(tab, "h1") == "Executivo"
    assert tab.page.get_attribute("html", "lang") == "pt-BR"


def test_a_page_says_as_of_when_it_is_true(site: str, open_tab: Open, gold: psycopg.Connection[Any]) -> None:
    tab = open_tab()
    tab.page.goto(f"{site}/executive?locale=pt-BR&{CHOSEN}")
    ((until,),) = answer(gold, SPEC, ["last_order_at"]).values()
    ((status,),) = answer(gold, SPEC, ["status_at"]).values()
    assert isinstance(until, datetime)
    assert full(until, "moment", "pt-BR") in text(tab, ".as-of")
    assert full(status, "moment", "pt-BR") in text(tab, ".as-of")
    assert tab.page.locator(".notice").count() == 0


def test_filters_that_leave_nothing_say_so(site: str, open_tab: Open) -> None:
    tab = open_tab()
    tab.page.goto(f"{site}/sellers_products?seller=nobody&locale=en-US")
    assert "Nothing to show" in text(tab, "#sales_by_category .nothing")
    assert tab.watch.complaints == []
