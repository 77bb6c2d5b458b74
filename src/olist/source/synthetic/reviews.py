"""What customers said: the score follows from the delivery, the comment from the score.

A purchase in several orders is reviewed once, and that review stands on each of them; a few orders were reviewed more
than once.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from olist.source.synthetic.columns import ids, labels, moments, taken, whole
from olist.source.synthetic.comments import MOODS, messages, titles
from olist.source.synthetic.customers import Buyers
from olist.source.synthetic.deliveries import Deliveries
from olist.source.synthetic.draws import Draws, Ints
from olist.source.synthetic.orders import Orders
from olist.source.synthetic.plan import Columns, Plan
from olist.source.synthetic.sales import Sales
from olist.source.synthetic.seasons import DAY

__all__ = ["order_reviews"]

TWICE, THRICE = 543, 4
"""Orders at scale 1 with two reviews, and with three."""

SCORES = {
    "on time": (62, 25, 79, 205, 629),
    "up to 3 days late": (138, 53, 145, 233, 431),
    "up to 6 days late": (484, 84, 118, 110, 204),
    "later": (687, 97, 90, 51, 75),
    "never": (697, 74, 81, 59, 89),
    "on time, in parts": (353, 117, 133, 103, 294),
}
"""Scores from 1 to 5 by the delivery, per mille; an order of several sellers comes in parts."""

MESSAGE_SHARES = (0.765, 0.681, 0.435, 0.312, 0.359)
TITLE_SHARES = (0.53, 0.50, 0.345, 0.31, 0.385)
"""How often a review has a message, and a title, by score; titles only since the survey asked for one."""

TITLES_SINCE = int(np.datetime64("2018-04-25", "D").astype(np.int64))
"""Days since 1970."""

UNASKED_TITLE = 0.0005
BLANKS = 9
"""Messages at scale 1 that are nothing but blanks."""

MOOD_OF_SCORE = (0, 0, 1, 2, 2)
POOL = 15_000
"""Different messages, and titles, of each mood at most."""

# Quantiles at LEVELS: days from delivery to survey for what came in time; from promise to survey for the rest; minutes
# to the answer.
AFTER_DELIVERY = (-20, -7, 0, 1, 1, 1, 1, 1, 1, 1, 5, 20, 52, 107)
AFTER_PROMISE = (-30, -10, 1, 1, 2, 2, 2, 3, 4, 5, 6, 8, 12, 15)
TO_ANSWER = (128, 197, 544, 891, 1142, 1447, 2412, 4469, 6993, 10039, 31768, 215620, 525598, 746927)


def order_reviews(plan: Plan, buyers: Buyers, orders: Orders, sales: Sales, deliveries: Deliveries) -> Columns:
    """The table, in no particular order."""
    draws = plan.draws("reviews")
    order, source = _rows(plan, draws, buyers, orders)
    score = _scores(draws, sales, deliveries, order)
    created, answered = _moments(draws, orders, deliveries, order)
    row = draws.shuffle("rows", order.size)
    shown = source[row]
    pool = min(POOL, order.size)
    return {
        "review_id": taken(ids(draws, "review ids", order.size), shown),
        "order_id": taken(orders.ids, order[row]),
        "review_score": whole(score[shown]),
        "review_comment_title": labels(titles(draws, pool), _titles(draws, pool, score, created)[shown]),
        "review_comment_message": labels(messages(draws, pool), _messages(plan, draws, pool, score)[shown]),
        "review_creation_date": moments(created[shown]),
        "review_answer_timestamp": moments(answered[shown]),
    }


def _rows(plan: Plan, draws: Draws, buyers: Buyers, orders: Orders) -> tuple[Ints, Ints]:
    """The order of each row, and the row whose review it shows: itself, or its lead's."""
    reviewed = np.flatnonzero(~orders.unreviewed)
    lead = buyers.lead[reviewed]
    row_of = np.zeros(buyers.lead.size, dtype=np.int64)
    row_of[reviewed] = np.arange(reviewed.size)
    alone = reviewed[np.bincount(lead, minlength=row_of.size)[lead] == 1]
    again = draws.sample("again", alone, plan.count(TWICE) + plan.count(THRICE))
    order = np.concatenate((reviewed, again, again[: plan.count(THRICE)]))
    return order, np.concatenate((row_of[lead], np.arange(reviewed.size, order.size)))


def _scores(draws: Draws, sales: Sales, deliveries: Deliveries, order: Ints) -> Ints:
    """Stars from 1 to 5."""
    cases = list(SCORES)
    days_late = -((deliveries.promised[order] - deliveries.customer[order]) // DAY)
    case = np.searchsorted((1, 4, 7), days_late, side="right")
    case = np.where((sales.sellers[order] > 1) & (case == 0), cases.index("on time, in parts"), case)
    case = np.where(deliveries.known[2][order], case, cases.index("never"))
    edges = np.cumsum(list(SCORES.values()), axis=1)[case]
    score: Ints = 1 + (draws.below("score", order.size, 1000)[:, None] >= edges).sum(axis=1)
    return score


def _moments(draws: Draws, orders: Orders, deliveries: Deliveries, order: Ints) -> tuple[Ints, Ints]:
    """When the survey was sent (a midnight), and when it was answered; seconds since 1970."""
    came = deliveries.customer[order] // DAY
    promised = deliveries.promised[order] // DAY
    reminded = promised + _days(draws, "reminder", order.size, AFTER_PROMISE)
    asked = came + _days(draws, "survey", order.size, AFTER_DELIVERY)
    late = deliveries.customer[order] > deliveries.promised[order]
    day = np.where(late, np.minimum(came + 1, reminded), asked)
    day = np.where(deliveries.known[2][order], day, reminded)
    created = np.maximum(day, orders.purchase[order] // DAY + 1) * DAY
    minutes = draws.curve("answer", order.size, TO_ANSWER)
    return created, created + np.rint(minutes * 60).astype(np.int64)


def _days(draws: Draws, name: str, n: int, curve: Sequence[float]) -> Ints:
    return np.rint(draws.curve(name, n, curve)).astype(np.int64)


def _titles(draws: Draws, pool: int, score: Ints, created: Ints) -> Ints:
    """Positions in `titles`, -1 for none."""
    share = np.where(created >= TITLES_SINCE * DAY, np.array(TITLE_SHARES)[score - 1], UNASKED_TITLE)
    position = np.array(MOOD_OF_SCORE)[score - 1] * pool + draws.below("title", score.size, pool)
    return np.where(draws.unit("titled", score.size) < share, position, -1)


def _messages(plan: Plan, draws: Draws, pool: int, score: Ints) -> Ints:
    """Positions in `messages`, -1 for none."""
    position = np.array(MOOD_OF_SCORE)[score - 1] * pool + draws.below("message", score.size, pool)
    position = np.where(draws.unit("commented", score.size) < np.array(MESSAGE_SHARES)[score - 1], position, -1)
    position[draws.sample("blank", np.flatnonzero(position >= 0), plan.count(BLANKS))] = MOODS * pool
    return position
