"""When people buy: seasons of growth, Black Friday, weekdays, hours.

Source: measured on the real data set (Kaggle olistbr/brazilian-ecommerce) in November 2026.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from olist.source.synthetic.draws import Draws, Ints, allot

__all__ = ["DAY", "DELIVERY_HOURS", "HOUR", "SEASONS", "Season", "at_hours", "purchases", "weekday"]

DAY, HOUR = 86_400, 3_600
"""Seconds."""


@dataclass(frozen=True)
class Season:
    """Days that are alike, both ends included: mostly a month; where trade changed within one, a part of it.

    `orders` and `undelivered` are counts at scale 1. The others are percentages of the whole time's median: `handling` from approval to
    carrier, `transit` from carrier to customer, `promise` from purchase to the promised day.
    """

    first: str
    last: str
    orders: int
    undelivered: int
    handling: int
    transit: int
    promise: int


SEASONS = (
)

WEEKDAYS = (16196, 15963, 15552, 14761, 14122, 10887, 11960)
"""Orders by day of the week, from Monday."""

# Orders, and deliveries to customers, by hour of the day.
_BUYING = "239 117 51 27 21 19 50 123 297 479 618 658 600 652 657 645 668 615 577 598 619 622 582 412"
_DELIVERY = "289 152 65 26 19 20 27 40 78 120 180 258 365 456 565 674 790 878 964 948 916 763 614 444"
BUYING_HOURS, DELIVERY_HOURS = (tuple(map(int, hours.split())) for hours in (_BUYING, _DELIVERY))


def purchases(draws: Draws, n: int) -> tuple[Ints, Ints]:
    """When each of `n` orders is placed (seconds since 1970), and in which season, in no particular order."""
    sizes = allot(n, [s.orders for s in SEASONS])
    days = [_days(draws, season, int(size)) for season, size in zip(SEASONS, sizes, strict=True)]
    shuffled = draws.shuffle("purchases", n)
    day = np.concatenate(days)[shuffled]
    return at_hours(draws, "purchase", day, BUYING_HOURS), np.repeat(np.arange(len(SEASONS)), sizes)[shuffled]


def at_hours(draws: Draws, name: str, day: Ints, hours: tuple[int, ...]) -> Ints:
    """A moment of each day (days since 1970), by the weights of its `hours`, in seconds since 1970."""
    hour = draws.pick(f"{name} hour", day.size, hours)
    return day * DAY + hour * HOUR + draws.below(f"{name} second", day.size, HOUR)


def weekday(day: Ints) -> Ints:
    """0 for Monday to 6 for Sunday, from days since 1970 (which began on a Thursday)."""
    return (day + 3) % 7


def _days(draws: Draws, season: Season, n: int) -> Ints:
    """`n` days of the season (since 1970), ascending: by weekday, and no two weeks quite the same."""
    first, last = (int(np.datetime64(d, "D").astype(np.int64)) for d in (season.first, season.last))
    days = np.arange(first, last + 1)
    mood = 850 + draws.below(f"mood {season.first}", days.size, 301)
    return np.repeat(days, allot(n, np.array(WEEKDAYS)[weekday(days)] * mood))
