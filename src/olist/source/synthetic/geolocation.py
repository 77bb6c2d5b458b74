"""The geolocation table: many observed points for each zip prefix.

Its faults are the real table's: a quarter of the rows are exact duplicates, a few dozen points lie on other continents,
and a city is spelled with accents in some rows, without in most, and wrongly in a few.
"""

from __future__ import annotations

import numpy as np

from olist.source.synthetic.columns import DEGREE, coordinates, labels
from olist.source.synthetic.draws import Draws, Flags, Floats, Ints, allot
from olist.source.synthetic.names import SLIPS, plain, slip
from olist.source.synthetic.places import Land
from olist.source.synthetic.plan import Columns, Plan

__all__ = ["geolocation"]

ROWS, DUPLICATES, ABROAD = 1_000_163, 261_831, 31
DUPLICATED = 0.1736
"""Share of the distinct rows that have a duplicate."""

# Quantiles at LEVELS: further copies of a row that has any (tenths), and a point's distance from its prefix
# (microdegrees).
COPIES = (10, 10, 10, 10, 10, 10, 10, 20, 40, 60, 130, 310, 680, 3130)
DISTANCE = (0, 4, 40, 190, 380, 970, 2_540, 5_400, 10_100, 16_000, 58_000, 120_000, 250_000, 600_000)

ACCENTED, SLIPPED = 0.157, 0.0006
"""Shares of the rows whose city is spelled with accents, and wrongly."""

FOREIGN = ((41.4, -8.4), (38.4, -6.3), (25.9, -98.1), (-34.6, -58.7), (14.6, 121.1))
"""Where the points abroad lie, degrees: Portugal, Spain, Mexico, Argentina, the Philippines."""

SPELLINGS = 2 + SLIPS


def geolocation(plan: Plan, land: Land) -> Columns:
    """The table, in the order of the prefixes' first three digits, as the real one roughly is."""
    draws = plan.draws("geolocation")
    mapped = np.flatnonzero(land.mapped)
    rows = max(plan.rows(ROWS), mapped.size)
    duplicates = min(plan.count(DUPLICATES), rows - mapped.size)
    distinct = rows - duplicates
    place = np.repeat(mapped, allot(distinct, land.surveyed[mapped], minimum=1))
    shuffled = draws.shuffle("faults", distinct)
    abroad = shuffled[: min(plan.count(ABROAD), distinct // 2)]
    copies = _copies(draws, distinct, duplicates, shuffled[abroad.size :])
    latitude, longitude = _points(plan, draws, land, place, abroad)
    spelling = land.city[place] * SPELLINGS + _spelling(draws, distinct)
    rank = land.prefix[place] // 100 << 32 | draws.below("rows", distinct, 2**32)
    order = np.argsort(rank, kind="stable")
    row = np.repeat(order, copies[order])
    return {
        "geolocation_zip_code_prefix": labels([f"{p:05d}" for p in land.prefix], place[row]),
        "geolocation_lat": coordinates(latitude[row]),
        "geolocation_lng": coordinates(longitude[row]),
        "geolocation_city": labels(_spellings(land), spelling[row]),
        "geolocation_state": labels([s.code for s in land.states], land.state[place[row]]),
    }


def _copies(draws: Draws, distinct: int, duplicates: int, candidates: Ints) -> Ints:
    """How often each distinct row occurs."""
    copied = candidates[: min(round(distinct * DUPLICATED), duplicates)]
    copies = np.ones(distinct, dtype=np.int64)
    weights = draws.curve("copies", copied.size, COPIES).astype(np.int64)
    copies[copied] += allot(duplicates, weights - 9, minimum=1)
    return copies


def _points(plan: Plan, draws: Draws, land: Land, place: Ints, abroad: Ints) -> tuple[Ints, Ints]:
    """Latitude and longitude of each row in the units of `coordinates`; in the contract's bounds unless `abroad`."""
    spot = draws.below("country", abroad.size, len(FOREIGN))
    axes = []
    for axis, (name, centres) in enumerate((("geolocation_lat", land.latitude), ("geolocation_lng", land.longitude))):
        point = centres[place] + _scatter(draws, f"point {axis}", place.size)
        column = plan.column("geolocation", name)
        if column is not None and column.minimum is not None and column.maximum is not None:
            point = np.clip(point, column.minimum, column.maximum)
        point[abroad] = np.array([f[axis] for f in FOREIGN])[spot] + _scatter(draws, f"abroad {axis}", abroad.size)
        axes.append(np.rint(point * DEGREE).astype(np.int64))
    return axes[0], axes[1]


def _scatter(draws: Draws, name: str, n: int) -> Floats:
    """Distances of points from their centre along one axis, degrees."""
    distance = draws.curve(name, n, DISTANCE) / 1_000_000
    west: Flags = draws.chance(f"{name} side", n, 0.5)
    return np.where(west, -distance, distance)


def _spelling(draws: Draws, n: int) -> Ints:
    """The column of `_spellings` for each row."""
    u = draws.unit("spelling", n)
    slips = 2 + draws.below("slip", n, SLIPS)
    return np.where(u < SLIPPED, slips, (u < SLIPPED + ACCENTED).astype(np.int64))


def _spellings(land: Land) -> list[str]:
    """SPELLINGS texts for each city: plain, accented, then its slips."""
    return [
        text
        for name, state in land.cities
        for text in (plain(name), name, *(slip(name, state, kind) for kind in range(SLIPS)))
    ]
