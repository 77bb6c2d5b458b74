"""The moments of an order's life after the purchase: approval, carrier, customer, and the day promised.

Distance, season and means of payment decide them; being late follows, and with it the reviews. The quantiles are the real data's, with
the differences between states and seasons taken out, which `states` and `seasons` put back.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from olist.source.synthetic.columns import labels, moments
from olist.source.synthetic.customers import Buyers
from olist.source.synthetic.draws import Draws, Flags, Floats, Ints, at
from olist.source.synthetic.orders import CANCELED, DELIVERED, Orders
from olist.source.synthetic.payments import BOLETO, Means
from olist.source.synthetic.places import Land
from olist.source.synthetic.plan import Columns, Plan
from olist.source.synthetic.sales import Sales
from olist.source.synthetic.seasons import DAY, DELIVERY_HOURS, HOUR, SEASONS, at_hours, weekday

__all__ = ["Deliveries", "deliver", "orders_table"]

# Orders at scale 1 whose approval, carrier and delivery are not known, by status; None: of all.
UNKNOWN: dict[str, tuple[int | None, int | None, int | None]] = {
    DELIVERED: (14, 2, 8),
    CANCELED: (141, 550, 619),
    "shipped": (0, 0, None),
    "created": (None, None, None),
}
UNKNOWN_ELSE = (0, None, None)

TRANSIT_HERE, PROMISE_HERE = 88, 414
"""Medians within a state, hours; between states they are the customer's state's."""

# Quantiles at LEVELS: minutes from purchase to approval, of boletos and of all else; hours from approval to carrier (a few carriers come
# first); percentages of the median from carrier to customer, and from purchase to promise, within a state and between two.
BOLETO_MINUTES = (0, 0, 0, 346, 578, 904, 1744, 2392, 4036, 5134, 7429, 11413, 15000, 20000)
MINUTES = (0, 0, 0, 8, 10, 12, 16, 37, 1291, 1472, 3632, 7601, 10000, 15000)
HANDLING = (-480, -88, -0.8, 6.7, 11.6, 22.3, 43.6, 87.2, 147, 213, 439, 836, 1284, 2387)
LOCAL_TRANSIT = (-2, 5, 15, 23, 30, 49, 102, 172, 251, 327, 562, 1536, 3630, 5400)
REMOTE_TRANSIT = (-2, 7, 25, 44, 54, 73, 100, 138, 193, 237, 375, 804, 1669, 3671)
LOCAL_PROMISE = (14, 19, 36, 53, 63, 78, 101, 120, 142, 162, 215, 320, 449, 966)
REMOTE_PROMISE = (12, 46, 64, 75, 81, 89, 100, 114, 135, 152, 200, 286, 416, 581)

NO_SUNDAY, NO_SATURDAY = 0.93, 0.7
"""How often a delivery due on such a day comes on another."""

SHORTEST_PROMISE = 2
"""Days from purchase to promise, at least."""


@dataclass(frozen=True)
class Deliveries:
    """One element for each order, seconds since 1970. What would have been is there too: `known` says which the order got to.

    `known` is for approval, carrier and customer. `promised` is a midnight.
    """

    approved: Ints
    carrier: Ints
    customer: Ints
    promised: Ints
    known: tuple[Flags, Flags, Flags]


def deliver(plan: Plan, land: Land, buyers: Buyers, orders: Orders, means: Means, sales: Sales) -> Deliveries:
    draws, n = plan.draws("deliveries"), orders.status.size
    here = land.state[buyers.place]
    local = sales.origin == here
    boleto, other = draws.curve("boleto", n, BOLETO_MINUTES), draws.curve("other", n, MINUTES)
    approved = orders.purchase + _seconds(np.where(means.by(BOLETO), boleto, other) / 60)
    handling = draws.curve("handling", n, HANDLING) * _percent([s.handling for s in SEASONS], orders)
    carrier = _collected(approved, approved + _seconds(handling))
    median = np.where(local, TRANSIT_HERE, np.array([s.transit for s in land.states])[here])
    transit = median * _either(draws, "transit", local, LOCAL_TRANSIT, REMOTE_TRANSIT) / 100
    transit *= _percent([s.transit for s in SEASONS], orders)
    median = np.where(local, PROMISE_HERE, np.array([s.promise for s in land.states])[here])
    promise = median * _either(draws, "promise", local, LOCAL_PROMISE, REMOTE_PROMISE) / 100
    promise *= _percent([s.promise for s in SEASONS], orders)
    return Deliveries(
        approved=approved,
        carrier=carrier,
        customer=_handed_over(draws, carrier, carrier + _seconds(transit)),
        promised=_promised(orders.purchase, orders.purchase + _seconds(promise)),
        known=(_known(plan, orders, 0), _known(plan, orders, 1), _known(plan, orders, 2)),
    )


def orders_table(orders: Orders, buyers: Buyers, deliveries: Deliveries) -> Columns:
    approved, carrier, customer = deliveries.known
    return {
        "order_id": orders.ids,
        "customer_id": buyers.ids,
        "order_status": labels(orders.statuses, orders.status),
        "order_purchase_timestamp": moments(orders.purchase),
        "order_approved_at": moments(deliveries.approved, approved),
        "order_delivered_carrier_date": moments(deliveries.carrier, carrier),
        "order_delivered_customer_date": moments(deliveries.customer, customer),
        "order_estimated_delivery_date": moments(deliveries.promised),
    }


def _seconds(hours: Floats) -> Ints:
    return np.rint(hours * HOUR).astype(np.int64)


def _percent(of_seasons: list[int], orders: Orders) -> Floats:
    """What a season adds to or takes from each order's median, as a factor."""
    return np.array(of_seasons)[orders.season] / 100


def _either(draws: Draws, name: str, local: Flags, here: tuple[int, ...], elsewhere: tuple[int, ...]) -> Floats:
    """Draws from one curve where `local`, from another where not."""
    u = draws.unit(name, local.size)
    return np.where(local, at(here, u), at(elsewhere, u))


def _collected(approved: Ints, due: Ints) -> Ints:
    """When the carrier comes: on Friday rather than Saturday, on Monday rather than Sunday."""
    day = weekday(due // DAY)
    friday = (day == 5) & (due - DAY >= approved)
    return due + DAY * np.where(friday, -1, np.where(day == 6, 1, 0))


def _handed_over(draws: Draws, carrier: Ints, due: Ints) -> Ints:
    """When the customer has the parcel: seldom at a weekend, mostly in the evening, and only by a fault before the carrier."""
    day = due // DAY
    sunday = (weekday(day) == 6) & draws.chance("sunday", due.size, NO_SUNDAY)
    saturday = (weekday(day) == 5) & draws.chance("saturday", due.size, NO_SATURDAY)
    early = (day - 1) * DAY > carrier
    day = day + np.where(sunday, 1, np.where(saturday, np.where(early, -1, 2), 0))
    moment = at_hours(draws, "delivery", day, DELIVERY_HOURS)
    return np.where(moment > carrier, moment, due)


def _promised(purchase: Ints, due: Ints) -> Ints:
    """The midnight of the promised day: a working day, and not at once."""
    day = np.maximum((due + DAY // 2) // DAY, purchase // DAY + SHORTEST_PROMISE)
    return (day + np.where(weekday(day) == 6, 1, np.where(weekday(day) == 5, 2, 0))) * DAY


def _known(plan: Plan, orders: Orders, moment: int) -> Flags:
    """Which orders got to the moment (0 approval, 1 carrier, 2 customer), and have it recorded."""
    known = np.ones(orders.status.size, dtype=np.bool_)
    for status in orders.statuses:
        members = orders.having(status)
        unknown = UNKNOWN.get(status, UNKNOWN_ELSE)[moment]
        # A canceled order that lacks the approval lacks what follows too; a delivered one merely lost it.
        turn = members[::-1] if (status, moment) == (DELIVERED, 0) else members
        known[turn if unknown is None else turn[: plan.count(unknown)]] = False
    return known
