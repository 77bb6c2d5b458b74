"""What each order contains: which products, from whom, at what price and freight.

Most orders have one item; of those with more, two thirds repeat one product, some add others of the same seller, the rest anything.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from olist.source.synthetic.catalogue import Catalogue
from olist.source.synthetic.columns import moments, money, taken, whole
from olist.source.synthetic.customers import Buyers
from olist.source.synthetic.draws import Draws, Floats, Ints, allot, at, ranked
from olist.source.synthetic.orders import Orders
from olist.source.synthetic.places import Land
from olist.source.synthetic.plan import Columns, Plan
from olist.source.synthetic.seasons import DAY
from olist.source.synthetic.sellers import Merchants

__all__ = ["Sales", "order_items", "sell"]

SIZES = {
    1: 88863,
    2: 7516,
    3: 1322,
    4: 505,
    5: 204,
    6: 198,
    7: 22,
    8: 8,
    9: 3,
    10: 8,
    11: 4,
    12: 5,
    13: 1,
    14: 2,
    15: 2,
} | {
    20: 2,
    21: 1,
}
"""Orders by their number of items."""

SAME_PRODUCT, SAME_SELLER, ANYTHING = 67, 20, 13
"""What orders of several items contain, percent."""

REPEATED = 0.6
"""How often the third and later items of a mixed order repeat the second."""

REPRICED = 0.2
"""Share of sales at a tenth more, or less, than the product's usual price; equal within an order."""

FREE_FREIGHT = 383
LOCAL_FREIGHT = 1190
"""Median freight within a state, cents; between states it is the customer's state's."""

# Quantiles at LEVELS: freight as a percentage of its median, within a state and between states.
LOCAL = (20, 25, 37, 62, 66, 74, 100, 117, 160, 217, 424, 747, 1065, 1472)
REMOTE = (10, 15, 24, 71, 80, 86, 100, 124, 186, 259, 491, 955, 1660, 2100)

HANDOVER_DAYS = {
    2: 45,
    3: 22,
    4: 167,
    5: 98,
    6: 388,
    7: 86,
    8: 40,
    9: 23,
    10: 20,
    11: 12,
    12: 12,
    13: 8,
    14: 9,
    16: 7,
    19: 5,
    28: 3,
}
"""Days that a seller is given to hand over, with their weights."""


@dataclass(frozen=True)
class Sales:
    """One element for each item, in the order of the orders: indices of order, product and seller, position from 1, cents.

    `line` is the item that first brought this product into the order. `value` (cents) and `origin` (state of the first item's seller, an
    index into Land.states, -1 where there is no item) have one element for each order.
    """

    order: Ints
    position: Ints
    line: Ints
    product: Ints
    seller: Ints
    price: Ints
    freight: Ints
    value: Ints
    origin: Ints


def sell(plan: Plan, land: Land, buyers: Buyers, orders: Orders, catalogue: Catalogue, merchants: Merchants) -> Sales:
    draws = plan.draws("order items")
    filled = np.flatnonzero(~orders.itemless)
    sizes = np.repeat(list(SIZES), allot(filled.size, list(SIZES.values())))[draws.shuffle("sizes", filled.size)]
    order = np.repeat(filled, sizes)
    first = np.repeat(np.cumsum(sizes) - sizes, sizes)
    line, product = _products(draws, catalogue, order, first)
    second = draws.chance("second seller", order.size, 0.5)
    seller = np.where(second, catalogue.second_seller[product], catalogue.seller[product])[line]
    price = _prices(catalogue.price[product], draws.unit("repriced", order.size)[first])
    freight = _freight(plan, land, land.state[buyers.place[order]], merchants.state[seller], catalogue.bulk[product])[
        line
    ]
    value = np.bincount(order, price + freight, orders.status.size).astype(np.int64)
    origin = np.full(orders.status.size, -1, dtype=np.int64)
    origin[filled] = merchants.state[seller[np.unique(first)]]
    return Sales(order, np.arange(order.size) - first + 1, line, product, seller, price, freight, value, origin)


def order_items(
    plan: Plan, orders: Orders, catalogue: Catalogue, merchants: Merchants, sales: Sales, approved: Ints
) -> Columns:
    """The table. `approved` is each order's approval in seconds since 1970, from which a seller's time runs."""
    days = plan.draws("order items").pick("handover", sales.order.size, list(HANDOVER_DAYS.values()))
    limit = approved[sales.order] + (np.array(list(HANDOVER_DAYS))[days] * DAY)[sales.line]
    return {
        "order_id": taken(orders.ids, sales.order),
        "order_item_id": whole(sales.position),
        "product_id": taken(catalogue.ids, sales.product),
        "seller_id": taken(merchants.ids, sales.seller),
        "shipping_limit_date": moments(limit),
        "price": money(sales.price),
        "freight_value": money(sales.freight),
    }


def _products(draws: Draws, catalogue: Catalogue, order: Ints, first: Ints) -> tuple[Ints, Ints]:
    """Each item's line (the item whose product it repeats, maybe itself) and its product. `first` is its order's first item."""
    item = np.arange(order.size)
    kind = draws.pick("kinds", order.size, (SAME_PRODUCT, SAME_SELLER, ANYTHING))[first]
    repeats = (item > first + 1) & draws.chance("repeats", order.size, REPEATED)
    line = np.where(kind == 0, first, np.where(repeats, first + 1, item))
    free = (item == first) | ((kind == 2) & (line == item))
    # Every product is sold once at least: the source knows no other.
    chosen = np.repeat(np.arange(catalogue.sales.size), allot(int(free.sum()), catalogue.sales, minimum=1))
    product = np.zeros(order.size, dtype=np.int64)
    product[free] = chosen[draws.shuffle("products", chosen.size)]
    beside = (line == item) & ~free
    product[beside] = _neighbour(catalogue, product[first[beside]])
    return line, product[line]


def _neighbour(catalogue: Catalogue, product: Ints) -> Ints:
    """Another product of the same seller, or the same one where the seller has no other."""
    after = np.minimum(product + 1, catalogue.seller.size - 1)
    before = np.maximum(product - 1, 0)
    fits_after = (catalogue.seller[after] == catalogue.seller[product]) & (after != product)
    fits_before = catalogue.seller[before] == catalogue.seller[product]
    return np.where(fits_after, after, np.where(fits_before, before, product))


def _prices(usual: Ints, u: Floats) -> Ints:
    """Cents, with `u` in [0, 1) for the order's luck; where the price is another than usual, it ends as the usual one does."""
    tenth = usual // 1000 * 100
    return np.where(u < REPRICED / 2, usual - tenth, np.where(u < REPRICED, usual + tenth, usual))


def _freight(plan: Plan, land: Land, customer: Ints, seller: Ints, bulk: Floats) -> Ints:
    """Cents, by the states of customer and seller and the product's rank by weight."""
    draws = plan.draws("freight")
    local = customer == seller
    median = np.where(local, LOCAL_FREIGHT, np.array([s.freight for s in land.states])[customer])
    rank = bulk + 1.2 * draws.unit("noise", bulk.size)
    percent = np.empty(bulk.size, dtype=np.float64)
    percent[local], percent[~local] = at(LOCAL, ranked(rank[local])), at(REMOTE, ranked(rank[~local]))
    freight = np.rint(median * percent / 100).astype(np.int64)
    freight[draws.sample("free", np.arange(bulk.size), plan.count(FREE_FREIGHT))] = 0
    return freight
