"""The moments of an order's life after the purchase: approval, carrier, customer, and the day promised.

Distance, season and means of payment decide them; being late follows, and with it the reviews. The quantiles are the
real data's, with the differences between states and seasons taken out, which `states` and `seasons` put back.
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
from olist.source.synthetic.seasons import DAY, DELIVERY_HOURS, HOUR, SEASONS, at_hours, weekday, working_days

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

# Quantiles at LEVELS: minutes from purchase to approval, of boletos and of all else; hours from approval to carrier;
# percentages of the median from carrier to customer, and from purchase to promise, within a state and between two.
BOLETO_MINUTES = (0, 0, 0, 346, 578, 904, 1744, 2392, 4036, 5134, 7429, 11413, 15000, 20000)
MINUTES = (0, 0, 0, 8, 10, 12, 16, 37, 1291, 1472, 3632, 7601, 10000, 15000)
HANDLING = (0.2, 0.5, 2, 7, 11, 20, 40, 78, 130, 174, 360, 760, 1100, 2000)
LOCAL_TRANSIT = (2, 5, 15, 23, 29, 47, 97, 162, 235, 305, 500, 1200, 2600, 4000)
REMOTE_TRANSIT = (2, 7, 24, 41, 51, 69, 95, 131, 182, 222, 340, 680, 1300, 2600)
LOCAL_PROMISE = (14, 19, 36, 55, 66, 82, 101, 120, 141, 158, 200, 300, 420, 600)
REMOTE_PROMISE = (12, 46, 64, 76, 83, 91, 101, 114, 132, 146, 180, 250, 360, 500)

EARLY_CARRIERS, VERY_EARLY_CARRIERS, LATE_CARRIERS = 1_359, 166, 23
"""Orders at scale 1 whose carrier's clock is before the approval, even before the purchase, or after the delivery."""

CARRIERS_WORK = (0.88, 0.997)
POSTMEN_WORK = (0.7, 0.93)
"""Shares of the Saturdays and Sundays on which nothing is collected, and nothing delivered."""

FORESEEN = (0.5, 0.12)
"""Shares of orders, within a state and between two, whose promise ranks among promises as their transit does."""

SHORTEST_PROMISE = 2
"""Days from purchase to promise, at least."""


@dataclass(frozen=True)
class Deliveries:
    """One element for each order, seconds since 1970; also for what never came to be, or was not recorded.

    `known` tells, for approval, carrier and customer, which orders have the moment. `promised` is a midnight.
    """

    approved: Ints
    carrier: Ints
    customer: Ints
    promised: Ints
    known: tuple[Flags, Flags, Flags]


def deliver(plan: Plan, land: Land, buyers: Buyers, orders: Orders, means: Means, sales: Sales) -> Deliveries:
    draws, n = plan.draws("deliveries"), orders.status.size
    boleto, other = draws.curve("boleto", n, BOLETO_MINUTES), draws.curve("other", n, MINUTES)
    approved = orders.purchase + _seconds(np.where(means.by(BOLETO), boleto, other) / 60)
    handling = draws.curve("handling", n, HANDLING) * _percent([s.handling for s in SEASONS], orders)
    carrier = _collected(draws, approved, approved + _seconds(handling))
    transit, promise = _distances(draws, land, orders, land.state[buyers.place], sales.origin)
    customer = _handed_over(draws, carrier, carrier + _seconds(transit))
    known = _known(plan, orders, 0), _known(plan, orders, 1), _known(plan, orders, 2)
    candidates = np.flatnonzero(known[0] & known[1] & known[2])
    return Deliveries(
        approved=approved,
        carrier=_faulty(plan, draws, candidates, orders.purchase, approved, carrier, customer),
        customer=customer,
        promised=_promised(draws, orders, promise),
        known=known,
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


def _distances(draws: Draws, land: Land, orders: Orders, here: Ints, origin: Ints) -> tuple[Floats, Floats]:
    """Hours from carrier to customer, and from purchase to promise, by the states of the customer and the seller."""
    n, local = here.size, here == origin
    luck = draws.unit("transit", n)
    foreseen = draws.unit("foreseen", n) < np.where(local, *FORESEEN)
    hope = np.where(foreseen, luck, draws.unit("promise", n))
    transit = np.where(local, TRANSIT_HERE, np.array([s.transit for s in land.states])[here])
    promise = np.where(local, PROMISE_HERE, np.array([s.promise for s in land.states])[here])
    transit = transit * np.where(local, at(LOCAL_TRANSIT, luck), at(REMOTE_TRANSIT, luck)) / 100
    promise = promise * np.where(local, at(LOCAL_PROMISE, hope), at(REMOTE_PROMISE, hope)) / 100
    by_season = _percent([s.transit for s in SEASONS], orders), _percent([s.promise for s in SEASONS], orders)
    return transit * by_season[0], promise * by_season[1]


def _collected(draws: Draws, approved: Ints, due: Ints) -> Ints:
    """When the carrier comes: hardly at a weekend, and not before the approval."""
    day = due // DAY
    moved = working_days(draws, "collected", day, *CARRIERS_WORK)
    later = np.where(moved == day, day, day + 7 - weekday(day))
    return np.where(moved * DAY > approved, moved, later) * DAY + due % DAY


def _handed_over(draws: Draws, carrier: Ints, due: Ints) -> Ints:
    """When the customer has the parcel: seldom at a weekend, mostly in the evening, and not before the carrier."""
    day = working_days(draws, "handed over", due // DAY, *POSTMEN_WORK)
    moment = at_hours(draws, "delivery", day, DELIVERY_HOURS)
    return np.where(moment > carrier, moment, due)


def _promised(draws: Draws, orders: Orders, hours: Floats) -> Ints:
    """The midnight of the promised day: a working day, and not at once."""
    day = working_days(draws, "promised", (orders.purchase + _seconds(hours) + DAY // 2) // DAY)
    return np.maximum(day, orders.purchase // DAY + SHORTEST_PROMISE) * DAY


def _faulty(
    plan: Plan, draws: Draws, candidates: Ints, purchase: Ints, approved: Ints, carrier: Ints, customer: Ints
) -> Ints:
    """When the carrier came, as recorded: for a few of the `candidates`, at an impossible time."""
    early, very_early, late = (plan.count(n) for n in (EARLY_CARRIERS, VERY_EARLY_CARRIERS, LATE_CARRIERS))
    wait = approved - purchase
    chosen = draws.sample("faulty", candidates[wait[candidates] > DAY], early + late)
    error = HOUR + draws.below("fault", chosen.size, 2 * DAY)
    recorded = carrier.copy()
    within = approved[chosen] - wait[chosen] * draws.below("early", chosen.size, 1000) // 1000
    recorded[chosen] = np.where(np.arange(chosen.size) < very_early, purchase[chosen] - error, within - 1)
    recorded[chosen[early:]] = (customer[chosen] + error)[early:]
    return recorded


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
