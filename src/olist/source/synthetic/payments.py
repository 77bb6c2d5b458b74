"""How orders are paid: by card in instalments, by boleto, by vouchers, alone or together.

`choose` settles the means before the orders' moments are known, since a boleto takes days to be approved where a card takes minutes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from olist.source.synthetic.columns import labels, money, taken, whole
from olist.source.synthetic.draws import Draws, Flags, Floats, Ints, allot, ranked
from olist.source.synthetic.orders import CANCELED, Orders
from olist.source.synthetic.plan import Columns, Plan
from olist.source.synthetic.sales import Sales

__all__ = ["BOLETO", "Means", "choose", "order_payments"]

CARD, BOLETO, VOUCHER, DEBIT, UNDEFINED = "credit_card", "boleto", "voucher", "debit_card", "not_defined"

SINGLE = {CARD: 73_972, BOLETO: 19_784, DEBIT: 1_527, VOUCHER: 1_194, UNDEFINED: 3}
"""Orders at scale 1 that are paid in one go, by means."""

CARD_AND_VOUCHERS, VOUCHERS, TWO_CARDS = 2_245, 427, 288
"""Orders at scale 1 that are paid in several."""

PARTS = {2: 2382, 3: 301, 4: 108, 5: 52, 6: 36, 7: 28, 8: 11, 9: 9, 10: 5, 11: 8, 12: 8, 13: 3, 14: 2, 15: 2, 19: 2, 25: 4}
"""Orders by their number of payments, of those with several."""

INSTALMENTS = (25455, 12413, 10461, 7098, 5239, 3920, 1626, 4268, 644, 5328, 23, 133, 16, 15, 74, 5, 8, 27, 0, 17, 3, 1, 1, 18)
"""Card payments by their number of instalments, from 1."""

NO_INSTALMENT, EMPTY_VOUCHERS = 2, 6
CENT_OFF, SURCHARGED = 296, 280
"""Orders at scale 1 whose payments miss their value by a cent, and exceed it by some percent."""

# Quantiles at LEVELS: value of an order without items, BRL.
VALUE = (18, 18, 19, 31, 39, 68, 107, 193, 418, 720, 2059, 3319, 3736, 3782)


@dataclass(frozen=True)
class Means:
    """One element for each order. `first` and `rest` index `types`: the means of the first payment, and of the `parts` - 1 others."""

    types: tuple[str, ...]
    first: Ints
    rest: Ints
    parts: Ints

    def by(self, means: str) -> Flags:
        """Which orders are paid, at least in part, by `means`."""
        position = self.types.index(means) if means in self.types else -1
        flags: Flags = self.first == position
        return flags


def choose(plan: Plan, orders: Orders) -> Means:
    """How each order is paid. Undefined payments are left to canceled orders without items, which are worth nothing."""
    draws = plan.draws("payments")
    shares = plan.domain("order_payments", "payment_type", SINGLE)
    types, n = tuple(shares), orders.status.size
    first = np.repeat(np.arange(len(types)), allot(n, [0 if t == UNDEFINED else shares[t] for t in types]))
    means = Means(types, first[draws.shuffle("types", n)], np.zeros(n, dtype=np.int64), np.ones(n, dtype=np.int64))
    if UNDEFINED in types:
        void = orders.having(CANCELED)
        void = void[orders.itemless[void]][: plan.count(SINGLE[UNDEFINED])]
        means.first[void] = types.index(UNDEFINED)
    if CARD in types and VOUCHER in types:
        _split(plan, draws, orders, means)
    return means


def order_payments(plan: Plan, orders: Orders, sales: Sales, means: Means) -> Columns:
    """The table, order by order; the payments of an order add up to its value, but for a few."""
    draws = plan.draws("payments")
    parts = np.where(orders.unpaid, 0, means.parts)
    order = np.repeat(np.arange(parts.size), parts)
    position = np.arange(order.size) - np.repeat(np.cumsum(parts) - parts, parts) + 1
    kind = np.where(position == 1, means.first[order], means.rest[order])
    cents = _shares(draws, _due(plan, draws, orders, sales, means), order, position, parts[order])
    cents = _emptied(plan, draws, means, cents, order, position, kind)
    return {
        "order_id": taken(orders.ids, order),
        "payment_sequential": whole(position),
        "payment_type": labels(means.types, kind),
        "payment_installments": whole(_instalments(plan, draws, means, kind, cents)),
        "payment_value": money(cents),
    }


def _split(plan: Plan, draws: Draws, orders: Orders, means: Means) -> None:
    """Turn some of the card payments into several payments."""
    card, voucher = means.types.index(CARD), means.types.index(VOUCHER)
    groups = ((CARD_AND_VOUCHERS, card, voucher), (VOUCHERS, voucher, voucher), (TWO_CARDS, card, card))
    counts = [plan.count(orders_) for orders_, _, _ in groups]
    chosen = draws.sample("several", np.flatnonzero((means.first == card) & ~orders.unpaid), sum(counts))
    sizes = np.repeat(list(PARTS), allot(chosen.size, list(PARTS.values())))[draws.shuffle("parts", chosen.size)]
    bounds = np.cumsum([0, *counts])
    for (_, first, rest), start, end in zip(groups, bounds[:-1], bounds[1:], strict=True):
        members = chosen[start:end]
        means.first[members], means.rest[members] = first, rest
        means.parts[members] = 2 if rest == card else sizes[start:end]
