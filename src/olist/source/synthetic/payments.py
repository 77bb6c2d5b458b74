"""How orders are paid: by card in instalments, by boleto, by vouchers, alone or together.

`choose` settles the means before the orders' moments are known, since a boleto takes days to be approved where a card
takes minutes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from olist.source.synthetic.columns import labels, money, taken, whole
from olist.source.synthetic.draws import Draws, Flags, Ints, allot, ranked
from olist.source.synthetic.orders import CANCELED, Orders
from olist.source.synthetic.plan import Columns, Plan
from olist.source.synthetic.sales import Sales

__all__ = ["BOLETO", "Means", "choose", "order_payments"]

CARD, BOLETO, VOUCHER, DEBIT, UNDEFINED = "credit_card", "boleto", "voucher", "debit_card", "not_defined"

TYPES = {CARD: 76_932, BOLETO: 19_784, DEBIT: 1_527, VOUCHER: 1_194, UNDEFINED: 3}
"""Orders at scale 1 by means."""

SMALL = {BOLETO: 0.3, DEBIT: 0.35, VOUCHER: 0.75}
"""How often an order that is not paid by card is made sure to be worth less than one that is."""

CARD_AND_VOUCHERS, VOUCHERS, TWO_CARDS = 2_245, 427, 288
"""Orders at scale 1 that are paid in several payments; they are taken from those by card."""

PARTS = {2: 2094, 3: 301, 4: 108, 5: 52, 6: 36, 7: 28, 8: 11, 9: 9, 10: 5, 11: 8, 12: 8, 13: 3, 14: 2, 15: 2, 20: 5}
"""Orders by their number of payments, of those with vouchers among several; others with several have two."""

_INSTALMENTS = "25455 12413 10461 7098 5239 3920 1626 4268 644 5328 23 133 16 15 74 5 8 27 0 17 3 1 1 18"
INSTALMENTS = tuple(map(int, _INSTALMENTS.split()))
"""Card payments by their number of instalments, from 1."""

NO_INSTALMENT, EMPTY_VOUCHERS = 2, 6
CENT_OFF, SURCHARGED = 296, 280
"""Orders at scale 1 whose payments miss their value by a cent, and exceed it by some percent."""

# Quantiles at LEVELS: value of an order without items, BRL.
VALUE = (18, 18, 19, 31, 39, 68, 107, 193, 418, 720, 2059, 3319, 3736, 3782)


@dataclass(frozen=True)
class Means:
    """One element for each order: the means (index into `types`) of its first payment and of its `parts` - 1 others."""

    types: tuple[str, ...]
    first: Ints
    rest: Ints
    parts: Ints

    def by(self, means: str) -> Flags:
        """Which orders' first payment is by `means`; none, where the contract does not allow these."""
        position = self.types.index(means) if means in self.types else -1
        flags: Flags = self.first == position
        return flags


def choose(plan: Plan, orders: Orders, sales: Sales) -> Means:
    """How each order is paid. Undefined payments are left to canceled orders without items, which are worth nothing."""
    draws = plan.draws("payments")
    shares = plan.domain("order_payments", "payment_type", TYPES)
    types, n = tuple(shares), orders.status.size
    first = np.repeat(np.arange(len(types)), allot(n, [0 if t == UNDEFINED else shares[t] for t in types]))
    first = first[draws.shuffle("types", n)]
    if CARD in types:
        first = _thrifty(draws, types, first, sales.value)
    if UNDEFINED in types:
        canceled = orders.having(CANCELED)
        first[canceled[orders.itemless[canceled]][: plan.count(TYPES[UNDEFINED])]] = types.index(UNDEFINED)
    return _split(plan, draws, orders, types, first)


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


def _thrifty(draws: Draws, types: tuple[str, ...], first: Ints, value: Ints) -> Ints:
    """The same means, some exchanged between orders, so that what is not paid by card tends to be worth less."""
    first, card = first.copy(), types.index(CARD)
    for means in (t for t in types if t in SMALL):
        members = np.flatnonzero(first == types.index(means))
        partners = draws.sample(f"partners {means}", np.flatnonzero(first == card), members.size)
        members = members[: partners.size]
        swap = draws.chance(f"small {means}", members.size, SMALL[means]) & (value[members] > value[partners])
        first[members[swap]], first[partners[swap]] = card, types.index(means)
    return first


def _split(plan: Plan, draws: Draws, orders: Orders, types: tuple[str, ...], first: Ints) -> Means:
    """The means of all payments, some of the orders by card being paid in several."""
    rest, parts = first.copy(), np.ones(first.size, dtype=np.int64)
    if CARD in types and VOUCHER in types:
        card, voucher = types.index(CARD), types.index(VOUCHER)
        groups = ((CARD_AND_VOUCHERS, card, voucher), (VOUCHERS, voucher, voucher), (TWO_CARDS, card, card))
        sizes = [plan.count(base) for base, _, _ in groups]
        several = draws.sample("several", np.flatnonzero((first == card) & ~orders.unpaid), sum(sizes))
        for members, (_, one, others) in zip(np.split(several, np.cumsum(sizes)[:-1]), groups, strict=True):
            first[members], rest[members], parts[members] = one, others, 2
        vouchers = several[: sizes[0] + sizes[1]]
        counts = np.repeat(list(PARTS), allot(vouchers.size, list(PARTS.values())))
        parts[draws.sample("parts", vouchers, vouchers.size)] = counts
    return Means(types, first, rest, parts)


def _due(plan: Plan, draws: Draws, orders: Orders, sales: Sales, means: Means) -> Ints:
    """What is paid for each order, cents: its value, a cent more, or a surcharge."""
    n = orders.status.size
    due = np.where(orders.itemless, np.rint(draws.curve("value", n, VALUE) * 100).astype(np.int64), sales.value)
    cent_off, surcharged = plan.count(CENT_OFF), plan.count(SURCHARGED)
    odd = draws.sample("odd", np.flatnonzero(~orders.itemless), cent_off + surcharged)
    due[odd[:cent_off]] += 1
    due[odd[cent_off:]] += due[odd[cent_off:]] * (20 + draws.below("surcharge", odd[cent_off:].size, 100)) // 1000
    due[means.by(UNDEFINED)] = 0
    return due


def _shares(draws: Draws, due: Ints, order: Ints, position: Ints, parts: Ints) -> Ints:
    """Each payment's cents: what is due for its order, cut at random; none is 0 unless all is."""
    least = np.where(due[order] >= parts, 1, 0)
    reached = np.cumsum(1 + draws.below("shares", order.size, 1000))
    start = np.flatnonzero(position == 1)
    before = np.repeat(np.concatenate(([0], reached))[start], parts[start])
    whole_order = np.repeat(reached[start + parts[start] - 1], parts[start]) - before
    paid = (due[order] - least * parts) * (reached - before) // whole_order
    cents: Ints = np.where(position == 1, paid, np.diff(paid, prepend=0)) + least
    return cents


def _emptied(plan: Plan, draws: Draws, means: Means, cents: Ints, order: Ints, position: Ints, kind: Ints) -> Ints:
    """The same payments with a few vouchers of 0, whose amount is paid by the payment before."""
    voucher = means.types.index(VOUCHER) if VOUCHER in means.types else -1
    last = np.flatnonzero((kind == voucher) & (position == means.parts[order]) & (position > 1))
    empty = draws.sample("empty", last, plan.count(EMPTY_VOUCHERS))
    cents[empty - 1] += cents[empty]
    cents[empty] = 0
    return cents


def _instalments(plan: Plan, draws: Draws, means: Means, kind: Ints, cents: Ints) -> Ints:
    """1, but for cards: there the more, the larger the payment."""
    instalments = np.ones(kind.size, dtype=np.int64)
    cards = np.flatnonzero(kind == (means.types.index(CARD) if CARD in means.types else -1))
    wish = ranked(cents[cards].astype(np.float64)) + 1.4 * draws.unit("instalments", cards.size)
    counts = allot(cards.size, INSTALMENTS)
    instalments[cards[np.argsort(wish, kind="stable")]] = np.repeat(np.arange(len(INSTALMENTS)) + 1, counts)
    instalments[draws.sample("none", cards, plan.count(NO_INSTALMENT))] = 0
    return instalments
