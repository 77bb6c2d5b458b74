"""The table of order items: the baskets, their prices, and by when each item is to be handed to the carrier."""

from __future__ import annotations

import numpy as np

from olist.source.synthetic.catalogue import Catalogue
from olist.source.synthetic.columns import moments, money, taken, whole
from olist.source.synthetic.deliveries import Deliveries
from olist.source.synthetic.draws import Ints, allot, ranked
from olist.source.synthetic.orders import Orders
from olist.source.synthetic.plan import Columns, Plan
from olist.source.synthetic.sales import Sales
from olist.source.synthetic.seasons import DAY
from olist.source.synthetic.sellers import Merchants

__all__ = ["order_items"]

HANDOVER = {
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


def order_items(
    plan: Plan, orders: Orders, catalogue: Catalogue, merchants: Merchants, sales: Sales, deliveries: Deliveries
) -> Columns:
    baskets = sales.baskets
    limit = deliveries.approved[baskets.order] + _handover(plan, sales, deliveries) * DAY
    return {
        "order_id": taken(orders.ids, baskets.order),
        "order_item_id": whole(np.arange(baskets.order.size) - baskets.first + 1),
        "product_id": taken(catalogue.ids, baskets.product),
        "seller_id": taken(merchants.ids, baskets.seller),
        "shipping_limit_date": moments(limit),
        "price": money(sales.price),
        "freight_value": money(sales.freight),
    }


def _handover(plan: Plan, sales: Sales, deliveries: Deliveries) -> Ints:
    """Days from approval to each item's handover; more where it took long, since sellers know their goods."""
    baskets = sales.baskets
    handling = (deliveries.carrier - deliveries.approved)[baskets.order].astype(np.float64)
    wish = ranked(handling) * 0.5 + plan.draws("sales").unit("handover", baskets.order.size)
    days = np.repeat(list(HANDOVER), allot(wish.size, list(HANDOVER.values())))
    given = np.empty_like(days)
    given[np.argsort(wish, kind="stable")] = days
    return given[baskets.line]
