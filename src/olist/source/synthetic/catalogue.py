"""What is sold: products with category, price, size, seller, and how often each sells.

Products are made in the order of their categories, and each seller takes the next few: so a seller keeps to one or two
categories.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from olist.source.synthetic.categories import CATEGORIES
from olist.source.synthetic.columns import ids, labels, whole
from olist.source.synthetic.draws import Draws, Flags, Floats, Ints, allot, at, ranked
from olist.source.synthetic.plan import TINY, Columns, Plan
from olist.source.synthetic.sellers import Merchants

__all__ = ["Catalogue", "products", "stock"]

PRODUCTS = 32_951
UNMEASURED, UNDESCRIBED, WEIGHTLESS = 2, 1, 4
"""Products without size and weight, one of which has no category either; products of 0 g."""

TWO_SELLERS = 0.09
"""Share of products that a second seller has too; most of them sell too seldom for it to be seen."""

# Quantiles at LEVELS, over products.
SALES = (0, 0, 0, 0, 0, 0, 0, 2, 5, 10, 32, 139, 390, 526)
"""Items sold beyond each product's first."""
NAME_LENGTH = (5, 12, 20, 29, 33, 42, 51, 57, 59, 60, 63, 64, 68, 76)
DESCRIPTION_LENGTH = (4, 41, 84, 150, 207, 339, 595, 972, 1578, 2063, 3286, 3916, 3973, 3992)
WEIGHT = (50, 50, 60, 105, 175, 300, 700, 1900, 6300, 10850, 22538, 30000, 30000, 40425)
LENGTH = (7, 12, 16, 16, 16, 18, 25, 38, 53, 65, 100, 105, 105, 105)
WIDTH = (6, 10, 11, 11, 11, 15, 20, 30, 40, 47, 63, 92, 105, 118)
HEIGHT = (2, 2, 2, 3, 4, 8, 13, 21, 33, 44, 69, 102, 105, 105)
BULK = (0.02, 0.045, 0.1, 0.19, 0.28, 0.51, 1, 1.96, 3.6, 5.2, 10.3, 22, 41, 55)
"""What a product weighs, as a multiple of its category's median; only the order of the products comes of it."""
PHOTOS = (16489, 6263, 3860, 2428, 1484, 968, 343, 192, 105, 95, 46, 35, 9, 5, 8, 0, 7, 2, 1, 1)
"""Products by their number of photos, from 1."""

DEAREST = 6735.0
"""No price is above it, BRL."""

CENTS = ((90, 400), (0, 330), (99, 205), (50, 25), (80, 16), (49, 14), (40, 10))
"""How prices end, with the weight of each ending."""

ODD_CENTS = 0.1
"""Share of prices that end in any other way."""


@dataclass(frozen=True)
class Catalogue:
    """One element for each product, in the order of categories.

    `category` indexes CATEGORIES. `price` is in cents, `bulk` the product's rank by weight, in (0, 1). `seller` and
    `second_seller` index Merchants, the latter is the same as the former for most. `sales` is the relative number of
    items sold beyond the first.
    """

    ids: pa.Array
    category: Ints
    price: Ints
    bulk: Floats
    seller: Ints
    second_seller: Ints
    sales: Ints


def stock(plan: Plan, merchants: Merchants) -> Catalogue:
    draws = plan.draws("products")
    n = plan.rows(PRODUCTS)
    category = _categories(plan, n)
    price = _prices(draws, category)
    queue = draws.shuffle("sellers", merchants.reach.size)
    seller = np.repeat(queue, allot(n, merchants.reach[queue], minimum=1))
    return Catalogue(
        ids=ids(draws, "product ids", n),
        category=category,
        price=price,
        bulk=_bulk(draws, category, price),
        seller=seller,
        second_seller=_second_sellers(draws, seller),
        sales=_sales(draws, category),
    )


def products(plan: Plan, catalogue: Catalogue) -> Columns:
    draws = plan.draws("products")
    n = catalogue.category.size
    described = np.array([c.name is not None for c in CATEGORIES])[catalogue.category]
    measured = _measured(plan, described)
    weight = at(WEIGHT, catalogue.bulk).astype(np.int64)
    weight = np.where(weight < 1000, weight // 5 * 5, weight // 50 * 50)
    weight[draws.sample("weightless", np.flatnonzero(measured), plan.count(WEIGHTLESS))] = 0
    return {
        "product_id": catalogue.ids,
        "product_category_name": labels([c.name for c in CATEGORIES], np.where(described, catalogue.category, -1)),
        "product_name_length": whole(draws.curve("name", n, NAME_LENGTH).astype(np.int64), described),
        "product_description_length": whole(draws.curve("text", n, DESCRIPTION_LENGTH).astype(np.int64), described),
        "product_photos_qty": whole(draws.pick("photos", n, PHOTOS) + 1, described),
        "product_weight_g": whole(weight, measured),
        "product_length_cm": whole(_side(draws, "length", catalogue, LENGTH), measured),
        "product_height_cm": whole(_side(draws, "height", catalogue, HEIGHT), measured),
        "product_width_cm": whole(_side(draws, "width", catalogue, WIDTH), measured),
    }


def _categories(plan: Plan, n: int) -> Ints:
    """Indices into CATEGORIES, ascending; each category has a product, unless the scale is tiny."""
    nameless = next(k for k, c in enumerate(CATEGORIES) if c.name is None)
    least = int(plan.scale >= TINY)
    weights = np.array([c.products - least for c in CATEGORIES])
    weights[nameless] = 0
    without = min(plan.count(CATEGORIES[nameless].products), n)
    counts = np.insert(allot(n - without, np.delete(weights, nameless), minimum=least), nameless, without)
    return np.repeat(np.arange(len(CATEGORIES)), counts)


def _prices(draws: Draws, category: Ints) -> Ints:
    """Cents. A category's products are spread evenly over its quantiles, so that a few best sellers decide little."""
    rank = ranked(category.astype(np.float64), ties=draws.shuffle("price", category.size)) * category.size
    price = np.empty(category.size, dtype=np.float64)
    for k in np.unique(category):
        members = np.flatnonzero(category == k)
        price[members] = at(_price_curve(CATEGORIES[k].prices), (rank[members] - members[0]) / members.size)
    ending = np.array([cents for cents, _ in CENTS])[draws.pick("cents", price.size, [w for _, w in CENTS])]
    ending = np.where(
        draws.chance("odd cents", price.size, ODD_CENTS), draws.below("any cents", price.size, 100), ending
    )
    cents: Ints = np.maximum(price - 0.45, 1).astype(np.int64) * 100 + ending
    return cents


def _price_curve(prices: tuple[int, ...]) -> tuple[float, ...]:
    """A category's prices at LEVELS from its five quantiles, its tails as a lognormal distribution's would go on."""
    p05, p25, p50, p75, p95 = prices
    low, high = p25 / p05, p95 / p75
    below = (p05 / low * 0.8, p05 / low, p05 / math.sqrt(low), p05, p05 + (p25 - p05) * 0.3)
    above = (p75 + (p95 - p75) * 0.55, p95, p95 * math.sqrt(high), p95 * high * math.sqrt(high), p95 * high * high)
    return tuple(min(p, DEAREST) for p in (*below, p25, p50, p75, *above, above[-1] * 1.2))


def _bulk(draws: Draws, category: Ints, price: Ints) -> Floats:
    """Ranks by weight: a category has its own weight, and what is dear for its category is heavier."""
    typical = np.array([c.weight for c in CATEGORIES], dtype=np.float64)[category]
    dearness = price / (np.array([c.prices[2] for c in CATEGORIES])[category] * 100)
    return ranked(typical * dearness * draws.curve("bulk", category.size, BULK))


def _side(draws: Draws, name: str, catalogue: Catalogue, curve: tuple[int, ...]) -> Ints:
    """One of the parcel's lengths in centimetres, longer for what is heavier."""
    rank = ranked(catalogue.bulk + 1.3 * draws.unit(name, catalogue.bulk.size))
    return at(curve, rank).astype(np.int64)


def _second_sellers(draws: Draws, seller: Ints) -> Ints:
    shared = draws.chance("shared", seller.size, TWO_SELLERS)
    return np.where(shared, seller[draws.below("second seller", seller.size, seller.size)], seller)


def _sales(draws: Draws, category: Ints) -> Ints:
    """Thousandths of items beyond the first at scale 1, category by category."""
    shape = (draws.curve("sales", category.size, SALES) * 1000).astype(np.int64)
    sales = np.zeros(category.size, dtype=np.int64)
    for k in np.unique(category):
        members = np.flatnonzero(category == k)
        further = CATEGORIES[k].items - CATEGORIES[k].products
        sales[members] = allot(further * 1000, shape[members])
    return sales


def _measured(plan: Plan, described: Flags) -> Flags:
    """Which products have a size: all but a few, some of which lack a category too."""
    measured = np.ones(described.size, dtype=np.bool_)
    lost = np.concatenate((np.flatnonzero(~described)[: plan.count(UNDESCRIBED)], np.flatnonzero(described)))
    measured[lost[: plan.count(UNMEASURED)]] = False
    return measured
