"""How long does a chart's query take from gold, and the same question asked of silver? Paired: in turn, in one run, on one server.

    python benchmarks/dashboards.py [--repeat 40]

Then how soon something is on the screen, and how soon all of the page: in headless Chromium, where the machine has it.

Reads the platform of OLIST_HOME and OLIST_WAREHOUSE, which has to be built (`olist run`). Gold is asked as the pages ask: an
aggregation where the grain allows, else the facts. Of silver the same question is asked:
each table of gold in it is replaced by dbt's own definition of that table over silver, and the answers have to be the same.
"""

from __future__ import annotations

import re
import statistics
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import psycopg
import typer
from playwright.sync_api import Browser
from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from browsing import CHROMIUM, chromium_browser
from dashboard_server import dashboards
from olist.dashboards.spec import Spec, Visual, load_spec
from olist.dashboards.status import refresh_status
from olist.dashboards.web.answers import Question, questions, title_metrics
from olist.dashboards.web.reading import reading
from olist.dashboards.web.selection import Selection
from olist.settings import load_settings
from olist.warehouse.connect import warehouse_url

LIMIT = 100.0
"""Milliseconds that a chart's query may take at the 95th percentile."""
FIRST_PAINT = """() => new Promise(done =>
    new PerformanceObserver(list => list.getEntriesByName("first-contentful-paint").forEach(paint => done(paint.startTime)))
        .observe({type: "paint", buffered: true}))"""
EVERYTHING = Selection("en-US")
_GOLD = re.compile(r'"\w+"\."gold(?:_next)?"\."(\w+)"')


def main(
    repeat: Annotated[int, typer.Option(min=20, help="Times that gold is asked; silver a twentieth of it.")] = 40,
) -> None:
    """Print milliseconds by chart, from gold and from silver, and the factor between them."""
    spec, console = load_spec(), Console(width=110)
    table = Table("chart", "asked of", "gold p50", "gold p95", "silver p50", "factor", box=None)
    slow = []
    refresh_status(load_settings())
    with reading(warehouse_url(load_settings())) as connection:
        for name, asked in charts(spec):
            gold, silver = paired(connection, asked, repeat)
            p95 = statistics.quantiles(gold, n=20)[-1]
            slow += [name] if p95 > LIMIT else []
            there = statistics.median(silver) if silver else None
            table.add_row(
                name,
                asked.source,
                f"{statistics.median(gold):.1f}",
                f"{p95:.1f}",
                "–" if there is None else f"{there:.1f}",
                "–" if there is None else f"{there / statistics.median(gold):.0f}×",
            )
    console.print(table)
    console.print(f"milliseconds; over {LIMIT:.0f} at the 95th percentile: {', '.join(slow) or 'none'}")
    console.print(
        paints(spec, repeat // 4) if CHROMIUM.exists() else "no Chromium here: when a page paints was not measured"
    )


def paints(spec: Spec, repeat: int) -> Table:
    """Milliseconds from asking for a page to its first paint and to its end, each time in a browser without a cache."""
    table = Table("page", "first paint p50", "worst", "complete p50", "worst", box=None)
    with dashboards(warehouse_url(load_settings())) as address, chromium_browser() as browser:
        for page in spec.pages:
            first, complete = zip(*(_painted(browser, f"{address}/{page.id}") for _ in range(repeat)), strict=True)
            shown = [figure for times in (first, complete) for figure in (statistics.median(times), max(times))]
            table.add_row(page.id, *(f"{figure:.0f}" for figure in shown))
    return table


def _painted(browser: Browser, address: str) -> tuple[float, float]:
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(address, wait_until="load")
        first = page.evaluate(FIRST_PAINT)
        return first, page.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd")


def charts(spec: Spec) -> Iterator[tuple[str, Question]]:
    """Every query of every picture's data, and of its title where that is not of the picture's own kind."""
    for visual in spec.visuals.values():
        for asked in _data(spec, visual):
            yield visual.id, asked
        for asked in questions(spec, title_metrics(visual), None, ()):
            yield f"{visual.id} (title)", asked


def paired(connection: psycopg.Connection[Any], asked: Question, repeat: int) -> tuple[list[float], list[float]]:
    """Milliseconds from gold and, in turn with them, from silver: none for the platform's own status, which silver lacks."""
    gold, silver = [], []
    elsewhere = over_silver(asked)
    for number in range(repeat):
        gold.append(_milliseconds(connection, asked.sql))
        if elsewhere and number % 20 == 0:
            silver.append(_milliseconds(connection, elsewhere))
    if elsewhere:
        answers = [
            sorted(map(str, connection.execute(sql.encode(), EVERYTHING.parameters))) for sql in (asked.sql, elsewhere)
        ]
        assert answers[0] == answers[1], f"{asked.source} says something else than silver"
    return gold, silver


def over_silver(asked: Question) -> str | None:
    """The same question with every table of gold replaced by its definition over silver."""
    sql = asked.sql
    if "olist_meta" in sql:
        return None
    gold = re.compile(r"\bgold\.(\w+)")
    bodies = ", ".join(f"{table}_now as {_definition(table)}" for table in sorted(set(gold.findall(sql))))
    return f"with {bodies} select * from ({gold.sub(lambda match: match[1] + '_now', sql)}) as asked"


def _definition(table: str) -> str:
    """dbt's compiled SELECT of a model, models of gold within it inlined in turn; staging and intermediate are views on silver."""
    found = sorted(load_settings().home.glob(f"dbt/target/compiled/**/{table}.sql"))
    if not found:
        raise typer.BadParameter(f"dbt compiled no {table} here: run `olist gold` first")
    return f"({_GOLD.sub(lambda match: _definition(match[1]), found[0].read_text())})"


def _data(spec: Spec, visual: Visual) -> list[Question]:
    names = [*visual.metrics, *([visual.line] if visual.line else [])]
    return questions(spec, names, visual.dimension, (), visual.series)


def _milliseconds(connection: psycopg.Connection[Any], sql: str) -> float:
    started = time.perf_counter()
    connection.execute(sql.encode(), EVERYTHING.parameters).fetchall()
    return (time.perf_counter() - started) * 1000


if __name__ == "__main__":
    typer.run(main)
