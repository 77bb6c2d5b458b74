"""Numbers as their readers write them."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest

from olist.dashboards.numbers import compact, fill, full
from olist.dashboards.spec import Format, load_spec

COMPACT: list[tuple[Any, Format, str, str]] = [
    (Decimal("15735527.03"), "money", "R$ 15,7 mi", "R$15.7M"),
    (Decimal("15435527.03"), "money", "R$ 15,4 mi", "R$15.4M"),
    (Decimal("160.23"), "money", "R$ 160,23", "R$160.23"),
    (Decimal("9999.99"), "money", "R$ 9.999,99", "R$9,999.99"),
    (Decimal(-15735527), "money", "-R$ 15,7 mi", "-R$15.7M"),
    (Decimal(1250000000), "money", "R$ 1,3 bi", "R$1.3B"),
    (Decimal(0), "money", "R$ 0,00", "R$0.00"),
    (98207, "integer", "98,2 mil", "98.2K"),
    (6534, "integer", "6.534", "6,534"),
    (999_949, "integer", "999,9 mil", "999.9K"),
    (999_950, "integer", "1,0 mi", "1.0M"),
    (999_950_000, "integer", "1,0 bi", "1.0B"),
    (Decimal("0.93226"), "percent", "93,2%", "93.2%"),
    (Decimal("-0.0004"), "percent", "0,0%", "0.0%"),
    (Decimal("4.0864"), "score", "4,09", "4.09"),
    (Decimal("34.84"), "points", "35", "35"),
    (Decimal("-12.5"), "points", "-13", "-13"),
    (Decimal("12.4968"), "days", "12,5 dias", "12.5 days"),
    (Decimal("30.25"), "hours", "30,3 h", "30.3 h"),
    (date(2017, 11, 1), "month", "nov 2017", "Nov 2017"),
    (datetime(2018, 10, 17, 17, 30, 18), "moment", "17/10/2018 17:30", "2018-10-17 17:30"),
    ("São Paulo", "text", "São Paulo", "São Paulo"),
    (None, "money", "–", "–"),
]


@pytest.mark.parametrize(("value", "kind", "portuguese", "english"), COMPACT)
def test_a_card_shows_few_digits_in_the_readers_way(value: Any, kind: Format, portuguese: str, english: str) -> None:
    assert compact(value, kind, "pt-BR") == portuguese
    assert compact(value, kind, "en-US") == english


def test_a_table_shows_every_cent() -> None:
    assert full(Decimal("15735527.03"), "money", "pt-BR") == "R$ 15.735.527,03"
    assert full(Decimal("15735527.03"), "money", "en-US") == "R$15,735,527.03"
    assert full(98207, "integer", "pt-BR") == "98.207"


def test_a_point_is_never_read_as_a_thousands_separator() -> None:
    assert full(Decimal("1.234"), "score", "pt-BR") == "1,23"
    assert full("1234.50", "money", "pt-BR") == "R$ 1.234,50"


def test_a_title_says_its_figures_and_names_in_the_readers_language() -> None:
    spec = load_spec()
    title = spec.visuals["on_time_by_region"].title
    values = {"latest_region": "Northeast", "latest_region_on_time_rate": Decimal("0.8728")}
    assert fill(title["pt-BR"], values, spec, "pt-BR") == "A região menos pontual entrega 87,3% no prazo: Nordeste"
    assert fill(title["en-US"], values, spec, "en-US").endswith("delivers 87.3% on time: Northeast")


def test_a_title_without_data_says_so() -> None:
    spec = load_spec()
    assert fill("{best_month}: {revenue}", {}, spec, "en-US") == "–: –"
