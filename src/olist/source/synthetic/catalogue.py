"""What is sold: products with category, price, size, seller, and how often each sells.

Products are made in the order of their categories, and each seller takes the next few: so a seller keeps to one or two categories.
"""

from __future__ import annotations

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

TWO_SELLERS = 0.037
"""Share of products that a second seller has too."""

# Quantiles at LEVELS, over products.
SALES = (0, 0, 0, 0, 0, 0, 0, 2, 5, 10, 32, 139, 390, 526)
"""Items sold beyond each product's first."""
NAME_LENGTH = (5, 12, 20, 29, 33, 42, 51, 57, 59, 60, 63, 64, 68, 76)
DESCRIPTION_LENGTH = (4, 41, 84, 150, 207, 339, 595, 972, 1578, 2063, 3286, 3916, 3973, 3992)
WEIGHT = (50, 50, 60, 105, 175, 300, 700, 1900, 6300, 10850, 22538, 30000, 30000, 40425)
LENGTH = (7, 12, 16, 16, 16, 18, 25, 38, 53, 65, 100, 105, 105, 105)
HEIGHT = (2, 2, 2, 3, 4, 8, 13, 21, 33, 44, 69, 102, 105, 105)
WIDTH = (6, 10, 11, 11, 11, 15, 20, 30, 40, 47, 63, 92, 105, 118)
PHOTOS = (16489, 6263, 3860, 2428, 1484, 968, 343, 192, 105, 95, 46, 35, 9, 5, 8, 0, 7, 2, 1, 1)
"""Products by their number of photos, from 1."""

CENTS = ((90, 400), (0, 330), (99, 205), (50, 25), (80, 16), (49, 14), (40, 10))
"""How prices end, with the weight of each ending."""


@dataclass(frozen=True)
class Catalogue:
    """One element for each product, in the order of categories.

    `category` indexes CATEGORIES. `price` is in cents, `bulk` the product's rank by weight, in (0, 1). `seller` and `second_seller` index
    Merchants, the latter is the same as the former for most. `sales` is the relative number of items sold beyond the first.
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
    seller = np.repeat(draws.shuffle("sellers", merchants.reach.size), allot_in_order(draws, n, merchants.reach))
    return Catalogue(
        ids=ids(draws, "product ids", n),
        category=category,
        price=_prices(draws, category),
        bulk=_bulk(draws, category),
        seller=seller,
        second_seller=_second_sellers(draws, seller),
        sales=_sales(draws, category),
    )
