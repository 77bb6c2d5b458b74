"""Which products each order contains.

Most orders have one item; of those with more, two thirds repeat one product, some add others of the same seller, the
rest anything. People buy from sellers of their own state more often than chance would have it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from olist.source.synthetic.catalogue import Catalogue
from olist.source.synthetic.customers import Buyers
from olist.source.synthetic.draws import Draws, Flags, Ints, allot
from olist.source.synthetic.orders import Orders
from olist.source.synthetic.places import Land
from olist.source.synthetic.plan import Plan
from olist.source.synthetic.sellers import Merchants

__all__ = ["Baskets", "fill"]

SIZES = {1: 88863, 2: 7516, 3: 1322, 4: 505, 5: 204, 6: 198, 7: 22, 8: 8, 9: 3, 10: 8, 11: 4, 12: 5, 15: 5, 20: 3}
"""Orders by their number of items."""

SAME_PRODUCT, SAME_SELLER, ANYTHING = 68, 21, 11
"""What orders of several items contain, percent."""

REPEATED = 0.6
"""How often the third and later items of a mixed order repeat the second."""


@dataclass(frozen=True)
class Baskets:
    """One element for each item, in the order of the orders: indices of order, product and seller.

    `first` is the order's first item, `line` the one that first brought this product into the order.
    """

    order: Ints
    first: Ints
    line: Ints
    product: Ints
    seller: Ints


def fill(plan: Plan, land: Land, buyers: Buyers, orders: Orders, catalogue: Catalogue, merchants: Merchants) -> Baskets:
    draws = plan.draws("baskets")
    filled = np.flatnonzero(~orders.itemless)
    sizes = np.repeat(list(SIZES), allot(filled.size, list(SIZES.values())))[draws.shuffle("sizes", filled.size)]
    order = np.repeat(filled, sizes)
    first = np.repeat(np.cumsum(sizes) - sizes, sizes)
    line, free, beside = _lines(draws, first)
    # Every product is sold once at least: the source knows no other.
    chosen = np.repeat(np.arange(catalogue.sales.size), allot(int(free.sum()), catalogue.sales, minimum=1))
    chosen = chosen[draws.shuffle("products", chosen.size)]
    customer, seller = land.state[buyers.place[order[free]]], merchants.state[catalogue.seller[chosen]]
    product = np.zeros(order.size, dtype=np.int64)
    product[free] = chosen[_nearer(plan, draws, land, customer, seller)]
    product[beside] = _neighbours(catalogue, product[first[beside]])
    product = product[line]
    return Baskets(order, first, line, product, _sellers(catalogue, product)[line])


def _lines(draws: Draws, first: Ints) -> tuple[Ints, Flags, Flags]:
    """Each item's line, and which lines are of any product, which of another product of the first one's seller."""
    item = np.arange(first.size)
    kind = draws.pick("kinds", first.size, (SAME_PRODUCT, SAME_SELLER, ANYTHING))[first]
    repeats = (item > first + 1) & draws.chance("repeats", first.size, REPEATED)
    line = np.where(kind == 0, first, np.where(repeats, first + 1, item))
    free = (item == first) | ((kind == 2) & (line == item))
    return line, free, (line == item) & ~free


def _nearer(plan: Plan, draws: Draws, land: Land, customer: Ints, seller: Ints) -> Ints:
    """A permutation of the lines' products that gives each state as many local lines as `State.local` says.

    `customer` and `seller` are the states of each line and of the product that chance gave it. Two lines of which only
    one has its customer in the state, and only the other its seller, exchange their products.
    """
    position = np.arange(customer.size)
    for k, state in enumerate(land.states):
        local = round(state.local * plan.scale) - int(((customer == k) & (seller[position] == k)).sum())
        abroad = np.flatnonzero((customer == k) & (seller[position] != k) & (seller[position] != customer))
        astray = np.flatnonzero((customer != k) & (seller[position] == k) & (seller[position] != customer))
        swaps = max(min(local, abroad.size, astray.size), 0)
        one, other = draws.sample(f"{k} one", abroad, swaps), draws.sample(f"{k} other", astray, swaps)
        position[one], position[other] = position[other], position[one]
    return position


def _neighbours(catalogue: Catalogue, product: Ints) -> Ints:
    """Another product of the same seller, or the same one where the seller has no other."""
    after = np.minimum(product + 1, catalogue.seller.size - 1)
    before = np.maximum(product - 1, 0)
    fits_after = (catalogue.seller[after] == catalogue.seller[product]) & (after != product)
    fits_before = catalogue.seller[before] == catalogue.seller[product]
    return np.where(fits_after, after, np.where(fits_before, before, product))


def _sellers(catalogue: Catalogue, product: Ints) -> Ints:
    """The product's seller, the second one for every other of its sales: so no first seller is left without any."""
    order = np.argsort(product, kind="stable")
    start = np.flatnonzero(np.diff(product[order], prepend=-1))
    turn = np.empty_like(product)
    turn[order] = np.arange(product.size) - np.repeat(start, np.diff(start, append=product.size))
    return np.where(turn % 2 == 1, catalogue.second_seller[product], catalogue.seller[product])
