"""Measures silver, judges it against its history, keeps it, and puts on record what is far from usual."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

from olist.contracts import load_contracts
from olist.monitor.drift import Deviation, judge
from olist.monitor.measure import history, keep, measure
from olist.report import Listener, Report
from olist.runs import Context, perform
from olist.settings import Settings
from olist.warehouse.connect import connect, warehouse_url
from olist.warehouse.publish import hold
from opstore.store import Check, Event, event_id

__all__ = ["drift"]

STEP = "monitor.drift"
_SHOWN = 5


def drift(settings: Settings, *, today: date, listener: Listener) -> Report:
    """Judge silver as it is now, as of `today`. What is far from usual is a failed check and an event; the step itself succeeds."""

    def work(context: Context, run_id: str) -> None:
        contracts = load_contracts(settings.contracts)
        listener.begin("silver", None)
        with connect(warehouse_url(settings), "monitor") as connection, hold(connection, "silver"):
            before = history(connection, today)
            now = measure(connection, contracts.values())
            keep(connection, today, now)
        judged = [judge(t, metric, today, value, before.get((t, metric), {})) for (t, metric), value in now.items()]
        deviations = [d for d in judged if d is not None]
        checks = list(_checks(deviations))
        context.report.checks.extend(checks)
        context.opstore.record_checks(run_id, checks)
        context.opstore.record_events(_events(run_id, deviations))
        far = sum(d.is_far for d in deviations)
        learning = len(judged) - len(deviations)
        listener.note(f"{len(deviations)} metrics judged, {far} far from usual, {learning} still learning")
        context.report.status = "success"

    return perform(STEP, settings, listener, work, alone=False)


def _groups(deviations: Iterable[Deviation]) -> dict[tuple[str, str | None], list[Deviation]]:
    """By table and column: a column that drifts moves several of its metrics, and is one thing."""
    groups: dict[tuple[str, str | None], list[Deviation]] = {}
    for deviation in deviations:
        groups.setdefault((deviation.table, deviation.column), []).append(deviation)
    return groups


def _name(column: str | None) -> str:
    return f"drift({column})" if column else "volume"


def _checks(deviations: Iterable[Deviation]) -> Iterator[Check]:
    for (table, column), group in _groups(deviations).items():
        far = [d for d in group if d.is_far]
        kind = "drift" if column else "volume"
        status = "fail" if far else "pass"
        said = "; ".join(str(d) for d in far[:_SHOWN]) or None
        yield Check(f"silver.{table}", _name(column), kind, "warn", status, len(far), said)  # type: ignore[arg-type]


def _events(run_id: str, deviations: Iterable[Deviation]) -> Iterator[Event]:
    for (table, column), group in _groups(deviations).items():
        far = sorted((d for d in group if d.is_far), key=lambda d: -abs(d.distance))
        if not far:
            continue
        asset, check = f"silver.{table}", _name(column)
        numbers = [
            {"metric": d.metric, "value": d.value, "usual": d.usual, "spread": d.spread, "distance": d.distance}
            for d in far
        ]
        known = {
            "kind": "test",
            "status": "warn",
            "asset": asset,
            "column": column,
            "step": STEP,
            "found": f"{far[0].value:.6g}",
            "expected": f"{far[0].usual:.6g} ± {far[0].spread:.6g}",
            "numbers": numbers,
        }
        said = f"{asset} is not as usual: " + "; ".join(str(d) for d in far[:_SHOWN])
        kind = "DATA_DRIFT" if column else "VOLUME_ANOMALY"
        given = {name: value for name, value in known.items() if value is not None}
        yield Event(event_id("drift", run_id, asset, check), kind, asset, said, check, run_id, given)
