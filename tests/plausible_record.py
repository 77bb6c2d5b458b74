"""A month of a platform's life, written through the record's and the agent's own API: daily runs, incidents in every state, people at work.

The same record each time, but for its end, which is now: pages tell times from now.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from openclaw import actions
from openclaw.agent import Agent
from openclaw.assembly import build_agent
from openclaw.settings import Settings, load_settings
from opstore.store import Check, Counts, Edge, Event, Opstore, RunFinish, RunStart, event_id, utc_now

__all__ = ["DAYS", "write_record"]

DAYS = 30
_TABLES = (
    "customers",
    "geolocation",
    "order_items",
    "order_payments",
    "order_reviews",
    "orders",
    "products",
    "sellers",
)
_MARTS = {
    "fact_orders": ("orders", "order_items", "order_payments", "customers"),
    "fact_order_items": ("order_items", "products", "sellers"),
    "fact_payments": ("order_payments",),
    "fact_reviews": ("order_reviews", "orders"),
    "dim_customers": ("customers", "geolocation", "orders"),
    "dim_products": ("products",),
    "dim_sellers": ("sellers", "geolocation"),
}
_AGGREGATIONS = {
    "agg_daily_revenue": ("fact_orders",),
    "agg_delivery_by_state": ("fact_orders", "dim_customers"),
    "agg_customer_segments": ("dim_customers", "fact_orders"),
    "agg_seller_reputation": ("fact_reviews", "dim_sellers", "fact_order_items"),
}
_DASHBOARDS = {
    "executive": ("Executive overview", ("agg_daily_revenue", "fact_orders")),
    "customers": ("Customers", ("agg_customer_segments", "fact_reviews")),
    "operations": ("Operations", ("agg_delivery_by_state", "fact_orders")),
    "sellers_products": ("Sellers and products", ("agg_seller_reputation", "dim_products")),
}
_CHECKS = ("not_null", "unique", "foreign_key", "accepted_values", "between")


@dataclass
class _Month:
    """The platform, and the time of day."""

    store: Opstore
    agent: Agent
    clock: datetime
    broken: list[Check] = field(default_factory=list)  # until somebody mends it
    draws: random.Random = field(default_factory=lambda: random.Random(20180903))

    def run(self, *, failed: str | None = None, message: str | None = None, failing: tuple[Check, ...] = ()) -> str:
        """Source to gold; ends with a failure in the step `failed`."""
        run_id = self.clock.strftime("%Y%m%dT%H%M%S%fZ") + "-" + f"{self.draws.randrange(65536):04x}"
        self._start(run_id, "run", None)
        began, in_all = self.clock, 1_550_000 + self.draws.randrange(4000)
        for step, seconds in (("ingest", 4.0), ("silver", 11.0), ("gold", 24.0)):
            own, began_step = f"{run_id}.{step}", self.clock
            self._start(own, step, run_id)
            self.clock += timedelta(seconds=seconds * self.draws.uniform(0.8, 1.35) * (1.0 + 0.01 * self._day))
            bad = [
                c
                for c in (*failing, *self.broken)
                if c.asset.startswith({"ingest": "bronze", "silver": "silver"}.get(step, "model"))
            ]
            self.store.record_checks(own, [*bad, *(c for c in self._passed(step) if not _alike(c, bad))])
            is_bad = step == failed
            counts = Counts(in_all, in_all - 31, 0, 31) if not is_bad else Counts(in_all, 0, 0, 31, in_all - 31)
            self._finish(own, step, "failed" if is_bad else "success", counts, began_step, message if is_bad else None)
            if is_bad:
                break
        self._finish(run_id, "run", "failed" if failed else "success", Counts(in_all, in_all), began, message)
        return run_id

    def lost(self) -> None:
        """A run that is killed."""
        self._start(f"{self.clock:%Y%m%dT%H%M%S}000000Z-dead", "export", None, deadline=60)

    def fail(
        self,
        event_type: str,
        resource: str,
        message: str,
        *,
        check: str | None = None,
        run: str | None = None,
        **known: Any,
    ) -> None:
        at = utc_now()
        identity = event_id(event_type, resource, check, run, at, message)
        self.store.record_events([Event(identity, event_type, resource, message, check, run, known, at)])

    def poll(self, minutes: float = 0.0) -> None:
        self.clock += timedelta(minutes=minutes)
        self.agent.poll()

    def incident(self, root: str) -> str:
        """The newest incident of a root."""
        found = [i for i in actions.find_incidents(self.store, state="any") if i.root == root]
        return max(found, key=lambda i: i.opened_at).incident_id

    @property
    def _day(self) -> float:
        return DAYS - (datetime.now(UTC) - self.clock).total_seconds() / 86400

    def _start(self, run_id: str, step: str, parent: str | None, deadline: float = 3600) -> None:
        self.store.start(RunStart(run_id, step, None, parent, deadline, "3f9c2ab41d07", "{}"))

    def _finish(
        self, run_id: str, step: str, status: Any, counts: Counts, began: datetime, message: str | None
    ) -> None:
        seconds = (self.clock - began).total_seconds()
        self.store.finish(RunFinish(run_id, step, status, counts, round(seconds, 2), message))

    def _passed(self, step: str) -> list[Check]:
        layer = {"ingest": "bronze", "silver": "silver"}.get(step)
        if layer is None:
            return [Check(f"model.olist.{m}", "unique", "uniqueness", "error", "pass", 0) for m in _MARTS]
        checks = [(t, c) for t in _TABLES for c in _CHECKS[: 2 if layer == "bronze" else 5]]
        return [Check(f"{layer}.{t}", c, "generic", "error", "pass", 0) for t, c in checks]


def write_record(path: Path, **settings: object) -> tuple[Opstore, Settings]:
    """Write it to a new file; returns the record and the settings of its agent."""
    store, known = Opstore(path), load_settings(opstore=str(path), **settings)
    month = _Month(store, build_agent(known, lambda text: None, store), datetime.now(UTC) - timedelta(days=DAYS))
    with _time_of(month):
        store.record_lineage("dbt", _lineage())
        for day in range(DAYS):
            month.clock = month.clock.replace(hour=5, minute=0, second=0)
            _STORY.get(day, _quiet)(month)
            month.poll(2)
            month.clock += timedelta(days=1)
        month.clock = datetime.now(UTC) - timedelta(hours=3)
        _tonight(month)
        month.clock = datetime.now(UTC) - timedelta(minutes=2)
        month.poll()
    return store, known


# --- What happened --------------------------------------------------------------------------------------------------------------------


def _quiet(month: _Month) -> None:
    month.run()


def _duplicates(month: _Month) -> None:
    bad = Check(
        "silver.orders", "unique", "uniqueness", "error", "fail", 212, "212 of 99,441 rows share their order_id"
    )
    message = "silver.orders: check unique failed: 212 rows share their order_id; duplicate key value violates unique constraint"
    run = month.run(failed="silver", message=message, failing=(bad,))
    month.fail(
        "DATA_QUALITY_FAILED",
        "silver.orders",
        message,
        check="unique",
        run=f"{run}.silver",
        asset="silver.orders",
        expected="order_id is unique",
        found="212 duplicates in 99,441 rows",
        column="order_id",
        log="https://logs.example.net/olist/silver",
    )


def _duplicates_that_heal(month: _Month) -> None:
    _duplicates(month)
    month.poll(3)
    month.clock += timedelta(hours=2)
    month.run()


def _duplicates_that_ana_mends(month: _Month) -> None:
    _duplicates(month)
    month.poll(4)
    month.clock += timedelta(minutes=6)
    incident = month.incident("silver.orders")
    actions.acknowledge(month.store, incident, actor="Ana Souza", reason="looking at the export")
    month.clock += timedelta(minutes=50)
    actions.resolve(
        month.store,
        incident,
        actor="Ana Souza",
        reason="The shop sent the March file twice; withdrew the second batch.",
    )
    month.run()


def _no_connection(month: _Month) -> None:
    message = (
        'Database Error\n  connection to server at "10.20.0.4", port 5432 failed: Connection refused\n'
        "\tIs the server running on that host and accepting TCP/IP connections?"
    )
    run = month.run(failed="gold", message=message)
    for model in ("stg_olist__orders", "stg_olist__customers", "stg_olist__order_items"):
        month.fail(
            "DBT_RUN_FAILED",
            f"model.olist.{model}",
            message,
            run=f"{run}.gold",
            kind="model",
            status="error",
            step="gold",
        )
    month.poll(1)
    month.clock += timedelta(minutes=25)
    month.run()


def _lost(month: _Month) -> None:
    month.lost()
    month.poll(30)
    month.clock += timedelta(hours=3)
    run = month.clock.strftime("%Y%m%dT%H%M%S%fZ-e4b1")
    month._start(run, "export", None)
    month._finish(run, "export", "success", Counts(1_271_134, 1_271_134), month.clock - timedelta(seconds=31), None)
    month.run()


def _payments(month: _Month) -> None:
    message = "silver.order_payments: payment_type: 1,204 values are not accepted values: 'pix'"
    bad = Check("silver.order_payments", "accepted_values", "domain", "error", "fail", 1204, message)
    run = month.run(failed="silver", message=message, failing=(bad,))
    month.fail(
        "DATA_QUALITY_FAILED",
        "silver.order_payments",
        message,
        check="accepted_values",
        run=f"{run}.silver",
        asset="silver.order_payments",
        column="payment_type",
        found="pix",
        expected="credit_card, boleto, voucher, debit_card",
    )


def _payments_mended_too_early(month: _Month) -> None:
    _payments(month)
    month.poll(2)
    month.clock += timedelta(hours=1)
    incident = month.incident("silver.order_payments")
    actions.resolve(month.store, incident, actor="Rui Costa", reason="Asked the shop to map pix to voucher.")


def _payments_again(month: _Month) -> None:
    _payments(month)
    month.broken.append(Check("silver.order_payments", "accepted_values", "domain", "error", "fail", 1204))


def _renamed(month: _Month) -> None:
    message = 'column "order_approved_at" does not exist: the header has order_approval_at (renamed?)'
    run = month.run(failed="ingest", message=message)
    month.fail(
        "SCHEMA_DRIFT",
        "bronze.orders",
        message,
        run=f"{run}.ingest",
        step="ingest",
        file="olist_orders_dataset.csv",
        expected="order_approved_at",
        found="order_approval_at",
        remedy="ask the shop, or map the column in contracts/orders.odcs.yaml",
    )
    month.poll(2)
    month.clock += timedelta(minutes=9)
    actions.acknowledge(month.store, month.incident("bronze.orders"), actor="Ana Souza", reason="Asked the shop.")
    month.clock += timedelta(hours=5)
    month.run()


def _reviews(month: _Month) -> None:
    month.run()
    test = "test.olist.assert_reviews_follow_their_order.3b1f0c92aa"
    month.fail(
        "DBT_TEST_FAILED",
        test,
        "Got 17 results, configured to fail if != 0",
        check="assert_reviews_follow_their_order",
        asset="model.olist.fact_reviews",
        kind="test",
        status="fail",
        found="17 reviews older than their order",
    )
    month.poll(1)
    month.clock += timedelta(minutes=7)
    (found,) = (i for i in actions.find_incidents(month.store) if "review" in i.title)
    actions.acknowledge(month.store, found.incident_id, actor="Ana Souza", reason="Asked the shop; answer by noon.")


def _stale(month: _Month) -> None:
    month.run()
    month.fail(
        "DBT_FRESHNESS_STALE",
        "source.olist.silver.geolocation",
        "loaded 41 days ago; expected within 30 days",
        check="freshness",
        kind="source",
        status="warn",
    )
    month.poll(1)
    root = month.incident("source.olist.silver.geolocation")
    until = datetime.now(UTC) + timedelta(days=4)
    actions.mute(month.store, root, until=until, actor="Rui Costa", reason="The post office publishes it on Monday.")


def _tonight(month: _Month) -> None:
    for _ in range(12):
        _duplicates(month)
        month.poll(1)
        month.clock += timedelta(minutes=12)
    message = "task olist_export.upload exited with return code 1 after 3 attempts"
    month.fail("PIPELINE_FAILED", "airflow:olist_export.upload", message, kind="task", status="error")
    month.poll(1)


_STORY = {
    3: _duplicates_that_heal,
    7: _no_connection,
    11: _renamed,
    14: _duplicates_that_ana_mends,
    19: _lost,
    26: _payments_mended_too_early,
    27: _payments_again,
    28: _stale,
    29: _reviews,
}


def _lineage() -> Iterator[Edge]:
    for table in _TABLES:
        yield Edge(f"bronze.{table}", f"silver.{table}", "table")
        yield Edge(f"silver.{table}", f"source.olist.silver.{table}", "source")
        yield Edge(f"source.olist.silver.{table}", f"model.olist.stg_olist__{table}", "model")
    for mart, tables in _MARTS.items():
        yield from (Edge(f"model.olist.stg_olist__{t}", f"model.olist.{mart}", "model") for t in tables)
    for aggregation, marts in _AGGREGATIONS.items():
        yield from (Edge(f"model.olist.{m}", f"model.olist.{aggregation}", "model") for m in marts)
    for name, (label, parents) in _DASHBOARDS.items():
        yield from (Edge(f"model.olist.{p}", f"exposure.olist.{name}", "exposure", label) for p in parents)


def _alike(check: Check, others: list[Check]) -> bool:
    return any((check.asset, check.check_name) == (other.asset, other.check_name) for other in others)


@contextmanager
def _time_of(month: _Month) -> Iterator[None]:
    """Let the record and the agent take the month's time of day for the present."""
    original = utc_now

    def told(later: timedelta = timedelta()) -> str:
        return (month.clock + later).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"

    names = [n for n in sys.modules if n.split(".")[0] in ("opstore", "openclaw", __name__)]
    patched = [sys.modules[n] for n in names if getattr(sys.modules[n], "utc_now", None) is original]
    for module in patched:
        vars(module)["utc_now"] = told
    try:
        yield
    finally:
        for module in patched:
            vars(module)["utc_now"] = original
