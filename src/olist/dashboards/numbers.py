"""Numbers as their readers write them: R$ 15,4 mi in Portuguese, R$15.4M in English.

`compact` is for cards and titles, `tick` for axes, `full` for tables. None is an en dash: there is no value, which is not zero.
"""

from __future__ import annotations

import re
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from olist.dashboards.checks import PLACEHOLDER
from olist.dashboards.spec import Format, Locale, Spec

__all__ = ["compact", "fill", "full", "tick"]

NOTHING = "–"
_SCALES = {
    "pt-BR": ((10**9, " bi"), (10**6, " mi"), (10**3, " mil")),
    "en-US": ((10**9, "B"), (10**6, "M"), (10**3, "K")),
}
_CURRENCY = {"pt-BR": "R$ ", "en-US": "R$"}
_DAYS = {"pt-BR": " dias", "en-US": " days"}
_DAY = {"pt-BR": "%d/%m/%Y", "en-US": "%Y-%m-%d"}
_FLAG = {"pt-BR": ("não", "sim"), "en-US": ("no", "yes")}
_POINT = {"pt-BR": ",", "en-US": "."}
_MONTHS = {
    "pt-BR": "jan fev mar abr mai jun jul ago set out nov dez".split(),
    "en-US": "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(),
}


def compact(value: Any, kind: Format, locale: Locale) -> str:
    """At most four significant digits, in thousands, millions or billions from ten thousand on."""
    if value is None or kind not in ("money", "integer"):
        return full(value, kind, locale)
    number = Decimal(value)
    for scale, suffix in _SCALES[locale]:
        # What rounds to 1,000 of a scale is 1 of the next.
        if abs(number) >= max(Decimal(scale) - Decimal(scale) / 20000, 10_000 if scale == 1000 else 0):
            return _sign(number) + _prefix(kind, locale) + _grouped(abs(number) / scale, 1, locale) + suffix
    return _sign(number) + _prefix(kind, locale) + _grouped(abs(number), 2 if kind == "money" else 0, locale)


def full(value: Any, kind: Format, locale: Locale) -> str:
    """Every digit that means something."""
    if value is None:
        return NOTHING
    if kind == "text":
        return str(value)
    if kind == "month":
        return _month(value, locale)
    if kind in ("day", "moment"):
        return f"{value:{_DAY[locale]}{' %H:%M' if kind == 'moment' else ''}}"
    if kind == "flag":
        return _FLAG[locale][bool(value)]
    number = Decimal(str(value))
    shown = {
        "money": lambda n: _prefix("money", locale) + _grouped(n, 2, locale),
        "integer": lambda n: _grouped(n, 0, locale),
        "percent": lambda n: _grouped(n * 100, 1, locale) + "%",
        "score": lambda n: _grouped(n, 2, locale),
        "points": lambda n: _grouped(n, 0, locale),
        "days": lambda n: _grouped(n, 1, locale) + _DAYS[locale],
        "hours": lambda n: _grouped(n, 1, locale) + " h",
    }[kind](abs(number))
    return (_sign(number) if any(digit in shown for digit in "123456789") else "") + shown


def tick(value: Any, kind: Format, locale: Locale) -> str:
    """On an axis: compact, without decimals that are zero."""
    return re.sub(rf"{re.escape(_POINT[locale])}0+(?!\d)", "", compact(value, kind, locale))


def fill(template: str, values: dict[str, Any], spec: Spec, locale: Locale) -> str:
    """A title with each {metric_id} replaced by its value, compact."""

    def shown(metric_id: str) -> str:
        metric, value = spec.metrics[metric_id], values.get(metric_id)
        if metric.values_of and value is not None:
            return spec.label(metric.values_of, value, locale)
        if metric.format == "text" and value is not None:
            return str(value).replace("_", " ")
        return compact(value, metric.format, locale)

    return PLACEHOLDER.sub(lambda match: shown(match[1]), template)


def _grouped(number: Decimal, decimals: int, locale: Locale) -> str:
    rounded = number.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
    text = f"{rounded:,.{decimals}f}"
    return text if locale == "en-US" else text.translate(str.maketrans(",.", ".,"))


def _prefix(kind: Format, locale: Locale) -> str:
    return _CURRENCY[locale] if kind == "money" else ""


def _sign(number: Decimal) -> str:
    return "-" if number < 0 else ""


def _month(value: date, locale: Locale) -> str:
    return f"{_MONTHS[locale][value.month - 1]} {value.year}"
