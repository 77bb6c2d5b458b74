"""Who sells, from where, and how much of the catalogue is theirs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from olist.source.synthetic.columns import ids, labels
from olist.source.synthetic.draws import Draws, Ints, allot
from olist.source.synthetic.names import SELLER_SLIPS, SLIPS, plain, seller_slip, slip
from olist.source.synthetic.places import Land
from olist.source.synthetic.plan import Columns, Plan

__all__ = ["Merchants", "recruit", "sellers"]

SELLERS = 3_095
UNMAPPED = 7
"""Sellers whose prefix has no geolocation row."""

SLIPPED = 38
NOT_CITIES = ("04837155", "vendas@loja.example")
"""What stands in the city's place with as many sellers: a postal code and an address for mail."""

# Quantiles at LEVELS: products of a seller beyond the first.
PRODUCTS = (0, 0, 0, 0, 0, 1, 3, 9, 24, 43, 126, 286, 374, 398)


@dataclass(frozen=True)
class Merchants:
    """One element for each seller: id, prefix and state (indices into Land), relative number of further products."""

    ids: pa.Array
    place: Ints
    state: Ints
    reach: Ints


def recruit(plan: Plan, land: Land) -> Merchants:
    draws = plan.draws("sellers")
    n = plan.rows(SELLERS)
    state = np.repeat(np.arange(len(land.states)), allot(n, [s.sellers for s in land.states]))
    state = state[draws.shuffle("states", n)]
    # A state's sellers are as much larger than the average as its items are more than its sellers.
    strength = np.array([s.sold / max(s.sellers, 1) for s in land.states])[state]
    reach = (draws.curve("reach", n, PRODUCTS) * strength).astype(np.int64)
    return Merchants(ids(draws, "seller ids", n), _places(plan, draws, land, state), state, reach)


def sellers(plan: Plan, land: Land, merchants: Merchants) -> Columns:
    return {
        "seller_id": merchants.ids,
        "seller_zip_code_prefix": labels([f"{p:05d}" for p in land.prefix], merchants.place),
        "seller_city": pa.array(_cities(plan, land, merchants)),
        "seller_state": labels([s.code for s in land.states], merchants.state),
    }


def _places(plan: Plan, draws: Draws, land: Land, state: Ints) -> Ints:
    """A prefix of each seller's state, the more likely the more people buy there."""
    place = np.empty(state.size, dtype=np.int64)
    for k in np.unique(state):
        members, here = np.flatnonzero(state == k), np.flatnonzero(land.state == k)
        here = here[land.mapped[here]] if land.mapped[here].any() else here
        place[members] = here[draws.pick(f"places {k}", members.size, land.buyers[here] + 1)]
    lost = np.flatnonzero(~land.mapped)
    near = np.flatnonzero(np.isin(state, land.state[lost]))
    for seller in draws.sample("unmapped", near, plan.count(UNMAPPED)):
        place[seller] = lost[land.state[lost] == state[seller]][0]
    return place


def _cities(plan: Plan, land: Land, merchants: Merchants) -> list[str]:
    """Cities as the sellers wrote them: without accents, but for a few slips."""
    written = [plain(land.cities[c][0]) for c in land.city[merchants.place]]
    nowhere, slipped = plan.count(len(NOT_CITIES)), plan.count(SLIPPED)
    chosen = plan.draws("sellers").sample("slips", np.arange(len(written)), nowhere + slipped)
    for k, seller in enumerate(chosen[:nowhere]):
        written[seller] = NOT_CITIES[k % len(NOT_CITIES)]
    for k, seller in enumerate(chosen[nowhere:]):
        forms = _forms(*land.cities[land.city[merchants.place[seller]]])
        written[seller] = forms[k % len(forms)]
    return written


def _forms(name: str, state: str) -> list[str]:
    """The ways in which a seller may write a city, other than the plain one."""
    shared = [slip(name, state, kind) for kind in range(SLIPS)]
    return [*shared, name, *(seller_slip(name, state, kind) for kind in range(SELLER_SLIPS))]
