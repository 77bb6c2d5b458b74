"""What each item costs, and its freight; and what they add up to for each order."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from olist.source.synthetic.baskets import Baskets
from olist.source.synthetic.catalogue import Catalogue
from olist.source.synthetic.customers import Buyers
from olist.source.synthetic.draws import Draws, Floats, Ints, at, ranked
from olist.source.synthetic.orders import Orders
from olist.source.synthetic.places import Land
from olist.source.synthetic.plan import Plan
from olist.source.synthetic.sellers import Merchants

__all__ = ["Sales", "sell"]

REPRICED = 0.14
"""Share of sales at a tenth more, or less, than the product's usual price; equal within an order."""

FREE_FREIGHT = 383
LOCAL_FREIGHT = 1190
"""Median freight within a state, cents; between states it is the customer's state's."""

# Quantiles at LEVELS: freight as a percentage of its median, within a state and between states.
LOCAL = (20, 25, 37, 62, 66, 74, 100, 117, 160, 217, 424, 747, 1065, 1472)
REMOTE = (10, 15, 25, 71, 80, 86, 99, 122, 182, 250, 455, 880, 1500, 2000)


@dataclass(frozen=True)
class Sales:
    """The baskets with their prices and freights, one element for each item, cents.

    One element for each order have `value` (cents), `sellers` (how many) and `origin` (state of the first item's
    seller, an index into Land.states, -1 where there is no item).
    """

    baskets: Baskets
    price: Ints
    freight: Ints
    value: Ints
    sellers: Ints
    origin: Ints


def sell(
    plan: Plan, land: Land, buyers: Buyers, orders: Orders, catalogue: Catalogue, merchants: Merchants, baskets: Baskets
) -> Sales:
    draws, n = plan.draws("sales"), orders.status.size
    order, product = baskets.order, baskets.product
    price = _prices(catalogue.price[product], draws.unit("repriced", order.size)[baskets.first])
    to, out_of = land.state[buyers.place[order]], merchants.state[baskets.seller]
    freight = _freight(plan, draws, land, to, out_of, catalogue.bulk[product])[baskets.line]
    origin = np.full(n, -1, dtype=np.int64)
    origin[order[baskets.first]] = out_of[baskets.first]
    parties = np.unique(order * merchants.state.size + baskets.seller) // merchants.state.size
    return Sales(
        baskets=baskets,
        price=price,
        freight=freight,
        value=np.bincount(order, price + freight, n).astype(np.int64),
        sellers=np.bincount(parties, minlength=n),
        origin=origin,
    )


def _prices(usual: Ints, luck: Floats) -> Ints:
    """Cents, by each order's `luck` in [0, 1); a price that is not the usual one ends as that does."""
    tenth = usual // 1000 * 100
    return np.where(luck < REPRICED / 2, usual - tenth, np.where(luck < REPRICED, usual + tenth, usual))


def _freight(plan: Plan, draws: Draws, land: Land, to: Ints, out_of: Ints, bulk: Floats) -> Ints:
    """Cents, by the states of customer and seller and the product's rank by weight."""
    local = to == out_of
    median = np.where(local, LOCAL_FREIGHT, np.array([s.freight for s in land.states])[to])
    rank = bulk + 0.6 * draws.unit("freight", bulk.size)
    percent = np.empty(bulk.size, dtype=np.float64)
    percent[local], percent[~local] = at(LOCAL, ranked(rank[local])), at(REMOTE, ranked(rank[~local]))
    freight = np.rint(median * percent / 100).astype(np.int64)
    freight[draws.sample("free", np.arange(bulk.size), plan.count(FREE_FREIGHT))] = 0
    return freight
