"""Orders: when they are placed, what becomes of them, and which of them lack items, a review or a payment.

`place_orders` decides these for every order, before anything is sold. The table itself needs the deliveries too: see
`deliveries`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from olist.source.synthetic.columns import ids
from olist.source.synthetic.customers import Buyers
from olist.source.synthetic.draws import Draws, Flags, Ints, allot
from olist.source.synthetic.plan import Plan
from olist.source.synthetic.seasons import SEASONS, purchases

__all__ = ["CANCELED", "DELIVERED", "Orders", "place_orders"]

DELIVERED, CANCELED = "delivered", "canceled"

# Orders at scale 1 by status: all, those without items, those without a review.
STATUSES = {
    CANCELED: 625,
    "shipped": 1107,
    "unavailable": 609,
    "invoiced": 314,
    "processing": 301,
    "created": 5,
    "approved": 2,
    DELIVERED: 96_478,
}
ITEMLESS = {"unavailable": 603, CANCELED: 164, "created": 5, "invoiced": 2, "shipped": 1}
UNREVIEWED = {
    DELIVERED: 646,
    "shipped": 75,
    CANCELED: 20,
    "unavailable": 14,
    "processing": 6,
    "invoiced": 5,
    "created": 2,
}
UNPAID = {DELIVERED: 1}

TWIN_SECONDS = 7
"""The orders of one purchase are placed within so many seconds."""


@dataclass(frozen=True)
class Orders:
    """One element for each order. `status` indexes `statuses`, `season` SEASONS; `purchase`: seconds since 1970."""

    ids: pa.Array
    statuses: tuple[str, ...]
    status: Ints
    season: Ints
    purchase: Ints
    itemless: Flags
    unreviewed: Flags
    unpaid: Flags

    def having(self, status: str) -> Ints:
        """The orders of a status, ascending; none of a status that the contract does not allow."""
        if status not in self.statuses:
            return np.empty(0, dtype=np.int64)
        return np.flatnonzero(self.status == self.statuses.index(status))


def place_orders(plan: Plan, buyers: Buyers) -> Orders:
    draws = plan.draws("orders")
    n = buyers.lead.size
    purchase, season = purchases(draws, n)
    twin = buyers.lead != np.arange(n)
    purchase = purchase[buyers.lead] + np.where(twin, draws.below("twins", n, TWIN_SECONDS), 0)
    season = season[buyers.lead]
    statuses = plan.domain("orders", "order_status", STATUSES)
    status = _statuses(plan, draws, season, statuses)
    names = np.array(list(statuses))[status]
    one_purchase = np.isin(np.arange(n), buyers.lead[twin]) | twin
    return Orders(
        ids=ids(draws, "order ids", n),
        statuses=tuple(statuses),
        status=status,
        season=season,
        purchase=purchase,
        itemless=_lacking(plan, draws, "items", names, ITEMLESS, np.zeros(n, dtype=np.bool_)),
        unreviewed=_lacking(plan, draws, "reviews", names, UNREVIEWED, one_purchase),
        unpaid=_lacking(plan, draws, "payments", names, UNPAID, one_purchase),
    )


def _statuses(plan: Plan, draws: Draws, season: Ints, shares: Mapping[str, int]) -> Ints:
    """Each order's status (an index into `shares`): as many as `shares` says, most where a season delivered least."""
    order = [*(s for s in STATUSES if s in shares), *(s for s in shares if s not in STATUSES)]
    counts = np.array([plan.count(shares[s]) for s in order if s != DELIVERED])
    failing = np.array([max(s.undelivered / s.orders, 1e-9) for s in SEASONS])[season]
    # Orders placed in a season that delivered nothing come first, and canceled is the first status.
    turn = np.where(failing >= 1.0, -1.0, draws.unit("fate", season.size) / failing)
    unlucky = np.argsort(turn, kind="stable")[: int(counts.sum())]
    position = list(shares)
    status = np.full(season.size, position.index(DELIVERED), dtype=np.int64)
    fates = np.repeat([position.index(s) for s in order if s != DELIVERED], counts)
    status[unlucky] = fates[: unlucky.size]
    return status


def _lacking(
    plan: Plan, draws: Draws, what: str, names: NDArray[np.str_], base: Mapping[str, int], spared: Flags
) -> Flags:
    """Which orders lack something: at scale 1, `base` says how many of each status; those `spared` never do."""
    lacking = np.zeros(names.size, dtype=np.bool_)
    for status, k in zip(base, allot(plan.count(sum(base.values())), list(base.values())), strict=True):
        pool = np.flatnonzero((names == status) & ~spared)
        lacking[draws.sample(f"without {what} {status}", pool, int(k))] = True
    return lacking
