"""Whether today is far from what is usual, judged by robust statistics of a metric's own history.

Usual is the median; how far values stray from it is the median absolute deviation, so that neither an outlier of last month nor an alarm
that was true moves what is usual. Days of the same weekday are compared with each other once there are enough of them. A total that grows
is judged by its growth from day to day. While there is little history nothing is far from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median

__all__ = ["Deviation", "judge"]

LEARNING_DAYS = 14  # before that many values nothing is judged
WEEKDAYS = 4  # values of one weekday that make a history of their own
WINDOW_DAYS = 90
LIMIT = 6.0  # deviations from the median that count as far
_NORMAL = 1.4826  # makes the median absolute deviation comparable with a standard deviation
_LEVEL_FLOOR = 0.02  # of the median: steadier than this no level need be
_SHARE_FLOOR = 0.005  # a share that moves by half a percentage point is no news


@dataclass(frozen=True)
class Deviation:
    """A metric today against its history: `spread` is in the metric's unit, `distance` in spreads; `basis` is what it was compared with."""

    table: str
    metric: str
    value: float
    usual: float
    spread: float
    distance: float
    days: int
    basis: str

    @property
    def is_far(self) -> bool:
        """Whether it is worth an alarm."""
        return abs(self.distance) > LIMIT

    @property
    def column(self) -> str | None:
        """The column it is of; None for the table's rows."""
        return self.metric.partition(":")[0] if ":" in self.metric else None

    def __str__(self) -> str:
        return (
            f"{self.metric} is {self.value:,.6g}, usual is {self.usual:,.6g} ± {self.spread:,.6g} "
            f"({self.distance:+.1f} spreads, {self.days} {self.basis})"
        )


def judge(table: str, metric: str, today: date, value: float, history: Mapping[date, float]) -> Deviation | None:
    """The metric's deviation today; None while it is too young to be judged. `history` is its value by day, before today."""
    recent = {day: v for day, v in sorted(history.items()) if day >= today - timedelta(days=WINDOW_DAYS)}
    if metric == "rows":
        return _volume(table, today, value, recent)
    return _against(table, metric, today, value, recent, _SHARE_FLOOR if _is_share(metric) else None)


def _volume(table: str, today: date, rows: float, recent: Mapping[date, float]) -> Deviation | None:
    """Rows that came since the day before, against those that usually do. A table whose rows never changed is judged by its level."""
    days = [*recent, today]
    levels = [*recent.values(), rows]
    added = {day: after - before for day, before, after in zip(days[1:], levels, levels[1:], strict=False)}
    if not added:
        return None
    grown = added.pop(today)
    floor = max(_LEVEL_FLOOR * abs(median(added.values())), 0.001 * rows) if added else None
    return _against(table, "rows_added", today, grown, added, floor)


def _against(
    table: str, metric: str, today: date, value: float, recent: Mapping[date, float], floor: float | None
) -> Deviation | None:
    if len(recent) < LEARNING_DAYS:
        return None
    same = [v for day, v in recent.items() if day.weekday() == today.weekday()]
    values, basis = (same, f"{today:%A}s") if len(same) >= WEEKDAYS else (list(recent.values()), "days")
    usual = median(values)
    strayed = _NORMAL * median(abs(v - usual) for v in values)
    least = floor if floor is not None else _LEVEL_FLOOR * abs(usual)
    spread = max(strayed, least, 1e-9)
    return Deviation(table, metric, value, usual, spread, (value - usual) / spread, len(values), basis)


def _is_share(metric: str) -> bool:
    return ":" in metric and metric.rpartition(":")[2] not in ("mean", "p5", "p50", "p95")
