"""What a reader has chosen: filters and language, as the address of a page says them, so that a link shows what its sender saw.

    ?from=2018-01&to=2018-06&state=SP&state=RJ&category=toys&seller=4a3c…&locale=en-US

The period is one of whole months: that is the grain of the aggregations, and of the question asked.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, get_args
from urllib.parse import urlencode

from starlette.datastructures import QueryParams

from olist.dashboards.spec import Locale

__all__ = ["BadSelection", "Selection", "selection_of"]

_MOST, _LONGEST = 200, 100
"""Values of one filter, and characters of one value, beyond which an address is not one of ours."""


class BadSelection(ValueError):
    """The address asks for something that no page offers; says what."""


@dataclass(frozen=True)
class Selection:
    """Filters by the specification's ids. Months are their first days; None is without a bound. Empty tuples choose everything."""

    locale: Locale
    first: date | None = None
    last: date | None = None
    states: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    sellers: tuple[str, ...] = ()

    @property
    def filters(self) -> frozenset[str]:
        """Ids of the filters that are set."""
        chosen = {
            "period": self.first or self.last,
            "state": self.states,
            "category": self.categories,
            "seller": self.sellers,
        }
        return frozenset(name for name, value in chosen.items() if value)

    @property
    def parameters(self) -> dict[str, Any]:
        """The named parameters of the twins: first and last day, and arrays."""
        last = self.last or date(9999, 12, 1)
        return {
            "from": self.first or date.min,
            "to": last.replace(day=monthrange(last.year, last.month)[1]),
            "states": list(self.states),
            "categories": list(self.categories),
            "sellers": list(self.sellers),
        }

    def within(self, offered: Iterable[str]) -> Selection:
        """Without the filters that a page does not offer."""
        dropped = self.filters - set(offered)
        fields = {
            "period": ("first", "last"),
            "state": ("states",),
            "category": ("categories",),
            "seller": ("sellers",),
        }
        empty = {field: None if name == "period" else () for name in dropped for field in fields[name]}
        return replace(self, **empty)  # type: ignore[arg-type]

    def query(self, **extra: str) -> str:
        """The query string that says this selection, `extra` after it."""
        months = {"from": self.first, "to": self.last}
        lists = {"state": self.states, "category": self.categories, "seller": self.sellers}
        said: dict[str, Any] = {name: f"{month:%Y-%m}" for name, month in months.items() if month}
        return urlencode(said | lists | {"locale": self.locale} | extra, doseq=True)


def selection_of(query: QueryParams, accepted: str, default: Locale) -> Selection:
    """Read an address; the language is the one it names, else the first of ours that the browser accepts, else `default`.

    Raises BadSelection for a month that is none, an unknown language, or values too many or too long to be ours.
    """
    lists = [tuple(dict.fromkeys(filter(None, query.getlist(name)))) for name in ("state", "category", "seller")]
    if any(len(values) > _MOST or any(len(v) > _LONGEST or "\0" in v for v in values) for values in lists):
        raise BadSelection(f"a filter takes up to {_MOST} values of up to {_LONGEST} characters")
    first, last = (_month(query.get(name)) for name in ("from", "to"))
    if first and last and first > last:
        first, last = last, first
    return Selection(_locale(query.get("locale"), accepted, default), first, last, *lists)


def _month(text: str | None) -> date | None:
    if not text:
        return None
    try:
        return datetime.strptime(text, "%Y-%m").date()
    except ValueError:
        raise BadSelection(f"{text[:20]!r} is no month such as 2018-01") from None


def _locale(named: str | None, accepted: str, default: Locale) -> Locale:
    locales: tuple[Locale, ...] = get_args(Locale)
    if named:
        if named not in locales:
            raise BadSelection(f"{named[:20]!r} is no language of ours: {', '.join(locales)}")
        return named  # type: ignore[return-value]
    for language in accepted.lower().split(","):
        for locale in locales:
            if language.strip().startswith(locale[:2]):
                return locale
    return default
