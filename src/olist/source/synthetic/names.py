"""City names and the many ways in which people spell them.

The large cities' names come from `states`; those of small towns are put together here, in the manner of Brazilian ones,
and name no particular place. A spelling that a reader must cope with is one of: without accents (the rule), with them,
or a slip.
"""

from __future__ import annotations

import unicodedata

from olist.source.synthetic.draws import Draws

__all__ = ["SELLER_SLIPS", "SLIPS", "plain", "seller_slip", "slip", "town_names"]

_FIRST = (
    "santa rita|são joão|nova esperança|santo antônio|boa vista|são josé|ribeirão|campo|serra|monte|porto|santa luzia|"
    "são miguel|barra|lagoa|pedra|rio|água|cachoeira|conceição|vila|itá|cruz|bom jesus|morro|são sebastião|ponte|"
    "jaguará|salto|vargem|santa bárbara|são francisco|três|capão|ilha|alto|são bento|várzea|santa cruz|guará|mirim|"
    "estância|figueira|são gabriel|ouro|palmeira|córrego|jardim|pouso|santa maria"
).split("|")

_BEFORE = ("", "", "", "nova ", "alto ", "porto ", "estrela de ", "vale de ")

_SECOND = (
    " do sul| do norte| da serra| d'oeste| do campo| de minas| das flores| d'água| do rio| grande| verde| alegre| azul|"
    " bonito| das pedras| dos campos| do vale| paulista|-mirim|-açu|-guaçu| novo| velho| da mata| das palmeiras|"
    " do pará| do araguaia| da boa vista| do ivaí| do paraíso| das missões| do piauí| da conceição| do sertão|"
    " da barra| do jacuípe| das almas| dos índios| do tocantins| de são pedro"
).split("|")

SLIPS = 6
"""How many slips `slip` knows."""

SELLER_SLIPS = 3
"""How many more are found with sellers alone."""


def town_names(draws: Draws, n: int) -> list[str]:
    """`n` names for the towns of one state, accents included; different up to 2,000 of them."""
    order = draws.shuffle("town names", len(_FIRST) * len(_SECOND))
    picked = (divmod(int(order[k % order.size]), len(_SECOND)) for k in range(n))
    before = draws.below("before", n, len(_BEFORE))
    return [_BEFORE[b] + _FIRST[first] + _SECOND[second] for b, (first, second) in zip(before, picked, strict=True)]


def plain(name: str) -> str:
    """The name without accents, as most rows have it."""
    return "".join(c for c in unicodedata.normalize("NFD", name) if not unicodedata.combining(c))


def slip(name: str, state: str, kind: int) -> str:
    """The name as somebody in a hurry writes it; `kind` from 0 to SLIPS - 1."""
    bare = plain(name)
    return (
        f"{bare} - {state.lower()}",
        f"{bare}/{state.lower()}",
        bare.replace(" ", "") if " " in bare else f"{bare} ",
        bare.replace(" ", "  ") if " " in bare else f" {bare}",
        bare[:-2] + bare[-1],
        name.replace("ã", "a£") if "ã" in name else f"{bare}{bare[-1]}",
    )[kind]


def seller_slip(name: str, state: str, kind: int) -> str:
    """The name as some sellers' forms have it; `kind` from 0 to SELLER_SLIPS - 1."""
    bare = plain(name)
    return (f"{bare} / {bare}", f"{bare}, {state.lower()}, brasil", f"{bare} ({state.lower()})")[kind]
