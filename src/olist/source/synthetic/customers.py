"""Who buys: people, and the customer id that Olist issues them anew with every order.

`gather` decides which orders are one person's; the tables of orders and customers are both in its order, one customer
per order.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from olist.source.synthetic.columns import ids, labels, taken
from olist.source.synthetic.draws import Ints, allot
from olist.source.synthetic.names import plain
from olist.source.synthetic.places import Land
from olist.source.synthetic.plan import Columns, Plan

__all__ = ["Buyers", "customers", "gather"]

ORDERS, PEOPLE = 99_441, 96_096

REGULARS = {3: 203, 4: 30, 5: 8, 6: 6, 7: 3, 9: 1, 17: 1}
"""People by their number of orders; most others have one, and those that are then missing two."""

TWINS, TRIPLETS = 764, 25
"""People whose two, and three, orders are one purchase in several, seconds apart: they are reviewed once."""

MOVED = 250
"""People with several orders, one of which went to another address."""


@dataclass(frozen=True)
class Buyers:
    """One element for each order: its customer id, the person, the prefix (an index into Land) and its `lead`.

    An order's lead is itself, unless it is part of a purchase in several orders; then it is the first of these.
    """

    ids: pa.Array
    person: Ints
    place: Ints
    lead: Ints


def gather(plan: Plan, land: Land) -> Buyers:
    draws = plan.draws("customers")
    orders = plan.rows(ORDERS)
    sizes = _sizes(plan, orders)
    slot = draws.shuffle("orders", orders)
    first = np.cumsum(sizes) - sizes
    person, lead = np.empty(orders, dtype=np.int64), np.empty(orders, dtype=np.int64)
    person[slot] = np.repeat(np.arange(sizes.size), sizes)
    lead[slot] = slot[_leads(plan, sizes, first)]
    home = np.repeat(np.arange(land.buyers.size), allot(sizes.size, land.buyers))
    place = home[draws.shuffle("homes", sizes.size)][person]
    moved = slot[(first + sizes - 1)[sizes > 1]][: plan.count(MOVED)]
    place[moved] = home[draws.below("moves", moved.size, home.size)]
    return Buyers(ids(draws, "customer ids", orders), person, place, lead)


def customers(plan: Plan, land: Land, buyers: Buyers) -> Columns:
    people = ids(plan.draws("customers"), "person ids", int(buyers.person.max()) + 1)
    return {
        "customer_id": buyers.ids,
        "customer_unique_id": taken(people, buyers.person),
        "customer_zip_code_prefix": labels([f"{p:05d}" for p in land.prefix], buyers.place),
        "customer_city": labels([plain(name) for name, _ in land.cities], land.city[buyers.place]),
        "customer_state": labels([s.code for s in land.states], land.state[buyers.place]),
    }


def _sizes(plan: Plan, orders: int) -> Ints:
    """How many orders each person has; those with two come first, then those with three and more, then all others."""
    further = orders - max(round(PEOPLE * plan.scale), 1)
    regulars = {size: round(people * plan.scale) for size, people in REGULARS.items()}
    pairs = further - sum((size - 1) * people for size, people in regulars.items())
    several = np.repeat([2, *regulars], [pairs, *regulars.values()])
    return np.concatenate((several, np.ones(orders - int(several.sum()), dtype=np.int64)))


def _leads(plan: Plan, sizes: Ints, first: Ints) -> Ints:
    """Each slot's lead, slots being in the order of `sizes`: the person's first one for purchases in several orders."""
    split = np.zeros(sizes.size, dtype=np.bool_)
    for size, people in ((2, TWINS), (3, TRIPLETS)):
        split[np.flatnonzero(sizes == size)[: plan.count(people)]] = True
    return np.where(np.repeat(split, sizes), np.repeat(first, sizes), np.arange(int(sizes.sum())))
