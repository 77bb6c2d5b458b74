"""How the pages say times, durations, numbers and names. Times come as the record writes them: UTC, ISO 8601."""

from __future__ import annotations

from datetime import datetime, timedelta

__all__ = ["ago", "between", "clock", "compact", "duration", "number", "seconds_between", "short_name"]

_UNITS = (("d", 86400), ("h", 3600), ("min", 60), ("s", 1))


def seconds_between(earlier: str, later: str) -> float:
    """Seconds from one moment to another; 0 where the clocks of two machines disagree about which was first, or one is no moment."""
    return max(0.0, _seconds(earlier, later) or 0.0)


def duration(seconds: float | None) -> str:
    """`0.4 s`, `12 s`, `3 min 20 s`, `2 h 5 min`, `3 d 4 h`; a dash for None."""
    if seconds is None:
        return "–"
    if seconds < 10:
        return f"{seconds:.1f} s".replace(".0 s", " s")
    left, parts = round(seconds), list[str]()
    for unit, size in _UNITS:
        count, left = divmod(left, size)
        if count or parts:
            parts.append(f"{count} {unit}")
        if len(parts) == 2:
            break
    return " ".join(part for part in parts if not part.startswith("0 "))


def ago(moment: str, now: str) -> str:
    """`just now`, `5 min ago`, `3 h ago`, `2 d ago`, and the date after a month; what is no moment as it was written."""
    passed = _seconds(moment, now)
    if passed is None or passed >= timedelta(days=31).total_seconds():
        return moment[:10]
    for unit, size in _UNITS[:-1]:
        if passed >= size:
            return f"{passed // size:.0f} {unit} ago"
    return "just now"


def between(earlier: str, later: str) -> str:
    """The time from one moment to another."""
    return duration(seconds_between(earlier, later))


def clock(moment: str) -> str:
    """`2026-11-26 03:12:09 UTC`."""
    return f"{moment[:10]} {moment[11:19]} UTC"


def number(value: float | None) -> str:
    """With commas at the thousands; a dash for None."""
    return "–" if value is None else f"{value:,.0f}"


def compact(value: float) -> str:
    """For the ticks of an axis: `250`, `20 k`, `1.5 M`."""
    for unit, size in (("M", 1e6), ("k", 1e3)):
        if value >= size:
            return f"{value / size:.1f} {unit}".replace(".0 ", " ")
    return number(value)


def short_name(name: str) -> str:
    """What people call a resource: of dbt's `model.olist.fact_orders` the last part, anything else as it stands."""
    parts = name.split(".")
    return parts[-1] if len(parts) > 2 and "/" not in name else name


def _seconds(earlier: str, later: str) -> float | None:
    """None where one of them is no moment: the record has what a producer wrote."""
    try:
        return (datetime.fromisoformat(later) - datetime.fromisoformat(earlier)).total_seconds()
    except (TypeError, ValueError):
        return None
