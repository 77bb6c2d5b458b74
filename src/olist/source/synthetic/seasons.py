"""When people buy: seasons of growth, Black Friday, weekdays, hours.

Source: measured on the real data set (Kaggle olistbr/brazilian-ecommerce) in November 2026.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from olist.source.synthetic.draws import Draws, Ints, allot

__all__ = ["DAY", "DELIVERY_HOURS", "HOUR", "SEASONS", "Season", "at_hours", "purchases", "weekday", "working_days"]

DAY, HOUR = 86_400, 3_600
"""Seconds."""


@dataclass(frozen=True)
class Season:
    """Days that are alike, both ends included: mostly a month; where trade changed within one, a part of it.

    `orders` and `undelivered` are counts at scale 1. The others are percentages of the whole time's median: `handling`
    from approval to carrier, `transit` from carrier to customer, `promise` from purchase to the promised day.
    """

    first: str
    last: str
    orders: int
    undelivered: int
    handling: int
    transit: int
    promise: int


SEASONS = (
    Season("2016-09-04", "2016-09-15", 4, 3, 1766, 24, 99),
    Season("2016-10-02", "2016-10-10", 323, 58, 488, 71, 225),
    Season("2016-10-22", "2016-10-22", 1, 1, 180, 71, 136),
    Season("2016-12-23", "2016-12-23", 1, 0, 180, 33, 136),
    Season("2017-01-05", "2017-01-31", 800, 50, 99, 102, 165),
    Season("2017-02-01", "2017-02-28", 1780, 127, 103, 107, 130),
    Season("2017-03-01", "2017-03-31", 2682, 136, 100, 102, 101),
    Season("2017-04-01", "2017-04-30", 2404, 101, 108, 120, 113),
    Season("2017-05-01", "2017-05-31", 3700, 154, 87, 93, 100),
    Season("2017-06-01", "2017-06-30", 3245, 110, 103, 103, 101),
    Season("2017-07-01", "2017-07-31", 4026, 154, 106, 95, 98),
    Season("2017-08-01", "2017-08-31", 4331, 138, 103, 91, 98),
    Season("2017-09-01", "2017-09-30", 4285, 135, 110, 98, 94),
    Season("2017-10-01", "2017-10-31", 4631, 153, 108, 95, 96),
    Season("2017-11-01", "2017-11-23", 4105, 173, 126, 109, 92),
    Season("2017-11-24", "2017-11-24", 1176, 29, 199, 138, 99),
    Season("2017-11-25", "2017-11-28", 1673, 37, 131, 142, 94),
    Season("2017-11-29", "2017-11-30", 590, 16, 155, 140, 107),
    Season("2017-12-01", "2017-12-31", 5673, 160, 119, 136, 117),
    Season("2018-01-01", "2018-01-31", 7269, 200, 116, 115, 110),
    Season("2018-02-01", "2018-02-28", 6728, 173, 119, 144, 102),
    Season("2018-03-01", "2018-03-31", 7211, 208, 114, 140, 90),
    Season("2018-04-01", "2018-04-30", 6939, 141, 76, 97, 101),
    Season("2018-05-01", "2018-05-31", 6873, 124, 71, 96, 94),
    Season("2018-06-01", "2018-06-30", 6167, 68, 64, 80, 117),
    Season("2018-07-01", "2018-07-31", 6292, 133, 60, 71, 82),
    Season("2018-08-01", "2018-08-16", 4652, 117, 73, 75, 61),
    Season("2018-08-17", "2018-08-22", 1345, 25, 59, 67, 61),
    Season("2018-08-23", "2018-08-29", 510, 14, 53, 44, 53),
    Season("2018-08-30", "2018-10-17", 25, 25, 50, 100, 15),
)

WEEKDAYS = (16196, 15963, 15552, 14761, 14122, 10887, 11960)
"""Orders by day of the week, from Monday."""

SATURDAY = 5
FROM_SATURDAY, FROM_SUNDAY = (2, 3, -3, -2, -1), (1, 2, 3, -3, -2)
"""Days to the nearest Monday, Tuesday, …, Friday."""

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


def working_days(draws: Draws, name: str, day: Ints, saturdays: float = 1.0, sundays: float = 1.0) -> Ints:
    """The days (since 1970), those of a weekend moved to a weekday near it, as many to one as to another.

    `saturdays` and `sundays` are the shares of these that are moved.
    """
    week, u = weekday(day), draws.unit(name, day.size)
    kind = draws.below(f"{name} shift", day.size, len(FROM_SATURDAY))
    saturday, sunday = (week == SATURDAY) & (u < saturdays), (week == SATURDAY + 1) & (u < sundays)
    return day + np.where(saturday, np.array(FROM_SATURDAY)[kind], np.where(sunday, np.array(FROM_SUNDAY)[kind], 0))


def _days(draws: Draws, season: Season, n: int) -> Ints:
    """`n` days of the season (since 1970), ascending: by weekday, and no two weeks quite the same."""
    first, last = (int(np.datetime64(d, "D").astype(np.int64)) for d in (season.first, season.last))
    days = np.arange(first, last + 1)
    mood = 850 + draws.below(f"mood {season.first}", days.size, 301)
    return np.repeat(days, allot(n, np.array(WEEKDAYS)[weekday(days)] * mood))
