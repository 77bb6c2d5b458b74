"""The country: every zip prefix, the city and state that it lies in, where that is, and how many people buy there.

Geography does not grow: above scale 1 there are as many prefixes as in the real data, each with more customers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from olist.source.synthetic.draws import Draws, Flags, Floats, Ints, allot, at, ranked
from olist.source.synthetic.names import town_names
from olist.source.synthetic.plan import Plan
from olist.source.synthetic.states import CITIES, STATES, City, State

__all__ = ["Land", "settle"]

UNMAPPED = 157
"""Prefixes that have customers and no geolocation row."""

NEW_TOWN = 0.55
"""How often the next prefix begins another town, outside the large cities."""

NO_BUYER = {"city": 0.07, "town": 0.24}
"""Share of prefixes in which nobody buys."""

# Quantiles at LEVELS, over prefixes: customers, and distinct geolocation rows.
BUYERS = (1, 1, 1, 1, 1, 2, 4, 8, 15, 21, 41, 80, 123, 142)
SURVEYED = (1, 1, 1, 1, 3, 10, 29, 67, 124, 180, 353, 667, 979, 1146)

CITY_RADIUS, TOWN_RADIUS = 0.05, 0.02
"""Standard deviations in degrees of prefixes around their city's and town's centre."""


@dataclass(frozen=True)
class Land:
    """The country, one element for each zip prefix, in the prefixes' order within each state.

    `state` indexes `states`, `city` indexes `cities`. `latitude` and `longitude` are degrees. `buyers` is the relative
    number of customers, `surveyed` of geolocation rows, which a prefix that is not `mapped` lacks.
    """

    states: tuple[State, ...]
    cities: tuple[tuple[str, str], ...]
    prefix: Ints
    state: Ints
    city: Ints
    latitude: Floats
    longitude: Floats
    buyers: Ints
    surveyed: Ints
    mapped: Flags


@dataclass(frozen=True)
class _Area:
    """One state's part of the land; `city` counts from 0 within it."""

    names: tuple[str, ...]
    prefix: Ints
    city: Ints
    latitude: Floats
    longitude: Floats
    buyers: Ints
    surveyed: Ints


def settle(plan: Plan) -> Land:
    """The country at this scale, with the states that the contract of customers allows."""
    codes = plan.domain("customers", "customer_state", {s.code: s.customers for s in STATES})
    states = tuple(s for s in STATES if s.code in codes)
    areas = [_area(plan, state) for state in states]
    first_city = np.cumsum([0, *(len(a.names) for a in areas)])
    buyers = np.concatenate([a.buyers for a in areas])
    state = np.repeat(np.arange(len(areas)), [a.prefix.size for a in areas])
    return Land(
        states=states,
        cities=tuple((name, s.code) for s, a in zip(states, areas, strict=True) for name in a.names),
        prefix=np.concatenate([a.prefix for a in areas]),
        state=state,
        city=np.concatenate([a.city + first for a, first in zip(areas, first_city[:-1], strict=True)]),
        latitude=np.concatenate([a.latitude for a in areas]),
        longitude=np.concatenate([a.longitude for a in areas]),
        buyers=buyers,
        surveyed=np.concatenate([a.surveyed for a in areas]),
        mapped=_mapped(plan, state, buyers),
    )


def _area(plan: Plan, state: State) -> _Area:
    draws, share = plan.draws(f"places/{state.code}"), min(plan.scale, 1.0)
    prefix = _prefixes(draws, state, share)
    large = tuple(c for c in CITIES if c.state == state.code)
    city = _cities(draws, large, share, prefix.size)
    towns = max(int(city[-1]) + 1 - len(large), 0)
    latitude, longitude = _positions(draws, state, large, city, towns)
    buyers = _buyers(draws, state, large, city)
    return _Area(
        (*(c.name for c in large), *town_names(draws, towns)),
        prefix,
        city,
        latitude,
        longitude,
        buyers,
        _surveyed(draws, state, buyers),
    )


def _prefixes(draws: Draws, state: State, share: float) -> Ints:
    """Different zip prefixes from the state's ranges, ascending; never none."""
    picked = [
        draws.sample(f"prefixes {first}", np.arange(first, last + 1), max(round(used * share), 1))
        for first, last, used in state.ranges
    ]
    return np.sort(np.concatenate(picked))


def _cities(draws: Draws, large: tuple[City, ...], share: float, prefixes: int) -> Ints:
    """The city of each prefix: the large ones in their order, with one prefix at least while they last, then towns."""
    sizes = np.array([max(round(c.prefixes * share), 1) for c in large])
    named = np.repeat(np.arange(len(large)), sizes)[:prefixes]
    fresh = draws.chance("towns", prefixes - named.size, NEW_TOWN)
    fresh[:1] = True
    return np.concatenate((named, len(large) - 1 + np.cumsum(fresh)))


def _positions(draws: Draws, state: State, large: tuple[City, ...], city: Ints, towns: int) -> tuple[Floats, Floats]:
    """Latitude and longitude of each prefix, degrees."""
    radius = np.where(city < len(large), CITY_RADIUS, TOWN_RADIUS)
    axes = []
    for axis in (0, 1):
        around = state.centre[axis] + draws.bell(f"town {axis}", towns) * (state.spread[axis] * 0.8)
        centres = np.concatenate(([c.centre[axis] for c in large], around))
        axes.append(centres[city] + draws.bell(f"prefix {axis}", city.size) * radius)
    return axes[0], axes[1]


def _buyers(draws: Draws, state: State, large: tuple[City, ...], city: Ints) -> Ints:
    """Thousandths of customers at scale 1: each large city has its own number, the towns share the state's rest."""
    in_city = city < len(large)
    nobody = draws.unit("nobody", city.size) < np.where(in_city, NO_BUYER["city"], NO_BUYER["town"])
    weight = np.where(nobody, 0, draws.curve("buyers", city.size, BUYERS) * 1000).astype(np.int64)
    groups = [(city == k, c.customers) for k, c in enumerate(large)]
    groups.append((~in_city, state.customers - sum(c.customers for c in large)))
    buyers = np.zeros(city.size, dtype=np.int64)
    for members, customers in groups:
        buyers[members] = allot(customers * 1000, weight[members])
    return buyers


def _surveyed(draws: Draws, state: State, buyers: Ints) -> Ints:
    """Hundredths of geolocation rows at scale 1, more where more people buy."""
    rank = ranked(ranked(buyers.astype(np.float64)) + 0.7 * draws.unit("surveyed", buyers.size))
    return allot(state.surveyed * 100, (at(SURVEYED, rank) * 100).astype(np.int64), minimum=1)


def _mapped(plan: Plan, state: Ints, buyers: Ints) -> Flags:
    """Which prefixes geolocation knows: all but some of those with few customers."""
    bought = np.flatnonzero(buyers)
    quiet = bought[np.argsort(buyers[bought], kind="stable")[: bought.size * 2 // 3]]
    queue = plan.draws("places").sample("unmapped", quiet, quiet.size)
    # The first is one of the largest state, where there are sellers at any scale: some of them are to be without, too.
    queue = queue[np.argsort(state[queue] != np.bincount(state).argmax(), kind="stable")]
    queue[1:] = plan.draws("places").sample("others", queue[1:], queue.size)
    mapped = np.ones(buyers.size, dtype=np.bool_)
    mapped[queue[: min(plan.count(UNMAPPED), UNMAPPED)]] = False
    return mapped
