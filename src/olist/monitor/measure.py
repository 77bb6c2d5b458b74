"""What silver looks like today, and what it looked like before: metrics of its tables, kept by day in the warehouse."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from functools import cache
from importlib.resources import files

import jinja2
import psycopg

from olist.contracts import Contract
from olist.quality.templates import environment

__all__ = ["Metrics", "history", "keep", "measure"]

Metrics = Mapping[tuple[str, str], float]  # by table and metric


def measure(connection: psycopg.Connection, contracts: Iterable[Contract]) -> dict[tuple[str, str], float]:
    """Every metric of every table: `rows`, and `<column>:<what>`. What has no value (the mean of nothing) is left out."""
    measured: dict[tuple[str, str], float] = {}
    for contract in contracts:
        query = _environment().get_template("measure.sql.jinja").render(table=contract.table, columns=contract.columns)
        cursor = connection.execute(query.encode())
        values = cursor.fetchone() or ()
        for column, value in zip(cursor.description or (), values, strict=True):
            if value is not None:
                measured[contract.table, column.name] = float(value)
    return measured


def keep(connection: psycopg.Connection, day: date, metrics: Metrics) -> None:
    """Keep the metrics of a day, instead of those that were kept for it before."""
    rows = [(day, table, metric, value) for (table, metric), value in metrics.items()]
    with connection.transaction(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM olist_meta.silver_metrics WHERE day = %s", (day,))
        cursor.executemany("INSERT INTO olist_meta.silver_metrics VALUES (%s, %s, %s, %s)", rows)


def history(connection: psycopg.Connection, before: date) -> dict[tuple[str, str], dict[date, float]]:
    """The kept values of each metric by day, of the days before this one."""
    connection.execute(files("olist.monitor").joinpath("sql", "history.sql").read_bytes())
    query = "SELECT table_name, metric, day, value FROM olist_meta.silver_metrics WHERE day < %s ORDER BY day"
    kept: dict[tuple[str, str], dict[date, float]] = {}
    for table, metric, day, value in connection.execute(query, (before,)):
        kept.setdefault((table, metric), {})[day] = value
    return kept


@cache
def _environment() -> jinja2.Environment:
    return environment("olist.monitor")
