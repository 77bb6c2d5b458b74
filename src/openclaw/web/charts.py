"""Where the marks of a chart stand. Templates draw it as SVG; a table with the same values is beside each for those who cannot see it.

Small enough that letters stay readable when a phone shows it at its full width.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from openclaw.web.wording import compact, duration, number

__all__ = ["Chart", "Mark", "Stack", "incidents_by_day", "run_charts"]

WIDTH, HEIGHT = 460, 190
_LEFT, _RIGHT, _TOP, _BOTTOM = 54, 8, 10, 24
_STEPS = (1, 2, 2.5, 5, 10)


@dataclass(frozen=True)
class Mark:
    """One run: where it stands, how it ended, and in words what it is."""

    x: float
    y: float
    status: str
    label: str
    run_id: str


@dataclass(frozen=True)
class Stack:
    """One day: a column of two parts, heights and tops in the picture's units."""

    x: float
    width: float
    parts: tuple[tuple[str, float, float], ...]
    label: str


@dataclass(frozen=True)
class Chart:
    """A picture `WIDTH` by `HEIGHT`. Ticks are (place, words)."""

    title: str
    marks: tuple[Mark, ...]
    rows: tuple[tuple[float, str], ...]
    columns: tuple[tuple[float, str], ...]
    stacks: tuple[Stack, ...] = ()
    width: int = WIDTH
    height: int = HEIGHT
    left: int = _LEFT
    right: int = WIDTH - _RIGHT
    bottom: int = HEIGHT - _BOTTOM


def run_charts(runs: Sequence[Mapping[str, Any]], since: str, until: str) -> list[Chart]:
    """Duration and rows of the runs of one step over time. Runs without the value have no mark."""
    return [
        _run_chart("Duration", "seconds", duration, duration, runs, since, until),
        _run_chart("Rows in", "rows_in", compact, number, runs, since, until),
    ]


def incidents_by_day(incidents: Sequence[Mapping[str, Any]], since: str, until: str) -> Chart:
    """Incidents opened on each day (UTC), P1 on top of P2."""
    first = datetime.fromisoformat(since).date()
    days = (datetime.fromisoformat(until).date() - first).days + 1
    counts = {severity: [0] * days for severity in ("P2", "P1")}
    for row in incidents:
        counts[row["severity"]][(datetime.fromisoformat(row["opened_at"]).date() - first).days] += 1
    top, rows = _scale(max(map(sum, zip(*counts.values(), strict=True))), number, least=1)
    step = (WIDTH - _LEFT - _RIGHT) / days
    stacks = []
    for day in range(days):
        low, high = counts["P2"][day], counts["P1"][day]
        parts = (("P2", _y(low, top), _height(low, top)), ("P1", _y(low + high, top), _height(high, top)))
        label = f"{first + timedelta(days=day)}: {high} P1, {low} P2"
        if low or high:
            stacks.append(Stack(round(_LEFT + day * step + step * 0.15, 1), round(step * 0.7, 1), parts, label))
    return Chart("Incidents opened by day", (), rows, _days(since, until), tuple(stacks))


def _run_chart(
    title: str,
    value: str,
    tick: Callable[[float], str],
    say: Callable[[float], str],
    runs: Sequence[Mapping[str, Any]],
    since: str,
    until: str,
) -> Chart:
    known = [run for run in runs if run[value] is not None]
    top, rows = _scale(max((run[value] for run in known), default=0), tick)
    marks = (
        Mark(
            _x(run["started_at"], since, until),
            _y(run[value], top),
            run["status"],
            f"{run['started_at'][:16].replace('T', ' ')} UTC: {say(run[value])}, {run['status']}",
            run["run_id"],
        )
        for run in known
    )
    return Chart(title, tuple(marks), rows, _days(since, until))


def _scale(most: float, say: Callable[[float], str], least: float = 0.0) -> tuple[float, tuple[tuple[float, str], ...]]:
    """A round top for the axis, and its ticks: at most four."""
    raw = max(most, 1e-9) / 3
    power = 10 ** math.floor(math.log10(raw))
    step = max(least, next(s for s in _STEPS if s * power >= raw * 0.999) * power)
    ticks = math.ceil(most / step - 1e-9) or 1
    return step * ticks, tuple((_y(step * n, step * ticks), say(step * n)) for n in range(ticks + 1))


def _days(since: str, until: str) -> tuple[tuple[float, str], ...]:
    """A tick at midnight, at most every sixth part of the time."""
    begin, end = datetime.fromisoformat(since), datetime.fromisoformat(until)
    step = timedelta(days=max(1, math.ceil((end - begin).days / 5)))
    midnight = begin.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    ticks = []
    while midnight < end:
        ticks.append((_x(midnight.isoformat(), since, until), f"{midnight:%d %b}"))
        midnight += step
    return tuple(ticks)


def _x(moment: str, since: str, until: str) -> float:
    begin, end = datetime.fromisoformat(since), datetime.fromisoformat(until)
    share = (datetime.fromisoformat(moment) - begin) / (end - begin)
    return round(_LEFT + min(max(share, 0.0), 1.0) * (WIDTH - _LEFT - _RIGHT), 1)


def _y(value: float, top: float) -> float:
    return round(HEIGHT - _BOTTOM - value / top * (HEIGHT - _TOP - _BOTTOM), 1)


def _height(value: float, top: float) -> float:
    return round(value / top * (HEIGHT - _TOP - _BOTTOM), 1)
