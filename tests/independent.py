"""The truth about a folder of Olist CSVs, worked out a second time: csv and decimal, dictionaries and loops.

It shares no code with the pipeline (no contract, no SQL, no DuckDB), so that an error of the one is not an error of the other.
"""

from __future__ import annotations

import csv
import statistics
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import cache, cached_property
from pathlib import Path

__all__ = ["MOMENTS", "Order", "Truth", "city_name"]

MOMENTS = ("order_approved_at", "order_delivered_carrier_date", "order_delivered_customer_date")
"""Columns of orders that may be empty."""
NORTH, SOUTH, WEST, EAST = Decimal("5.28"), Decimal("-33.76"), Decimal(-74), Decimal("-28.8")
"""The bounds of Brazil and its islands, degrees."""

Row = dict[str, str]


@dataclass(frozen=True)
class Order:
    """What gold should say of one order. `seller` is the only seller's id, `multiple`, or `unknown` for an order without items."""

    status: str
    day: date
    person: str
    items: int
    item_value: Decimal
    freight_value: Decimal
    payment_value: Decimal
    seller: str
    delivered: date | None
    promised: date

    @property
    def order_value(self) -> Decimal:
        """Price and freight, BRL."""
        return self.item_value + self.freight_value

    @property
    def counts_as_revenue(self) -> bool:
        """Whether the order was neither canceled nor unavailable."""
        return self.status not in {"canceled", "unavailable"}

    @property
    def delay_days(self) -> int | None:
        """Days from the promised to the actual delivery, negative when early; None unless delivered on a known day."""
        if self.status != "delivered" or self.delivered is None:
            return None
        return (self.delivered - self.promised).days


class Truth:
    """Facts of the nine files in `folder`, each computed when first asked for."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def rows(self, name: str) -> Iterator[Row]:
        """The file's rows, by header."""
        with (self._folder / name).open(encoding="utf-8-sig", newline="") as file:
            yield from csv.DictReader(file)

    @cached_property
    def customers(self) -> list[Row]:
        return list(self.rows("olist_customers_dataset.csv"))

    @cached_property
    def raw_orders(self) -> list[Row]:
        return list(self.rows("olist_orders_dataset.csv"))

    @cached_property
    def raw_items(self) -> list[Row]:
        return list(self.rows("olist_order_items_dataset.csv"))

    @cached_property
    def raw_payments(self) -> list[Row]:
        return list(self.rows("olist_order_payments_dataset.csv"))

    @cached_property
    def reviews(self) -> list[Row]:
        return list(self.rows("olist_order_reviews_dataset.csv"))

    @cached_property
    def sellers(self) -> set[str]:
        return {row["seller_id"] for row in self.rows("olist_sellers_dataset.csv")}

    @cached_property
    def products(self) -> set[str]:
        return {row["product_id"] for row in self.rows("olist_products_dataset.csv")}

    @cached_property
    def orders(self) -> dict[str, Order]:
        """Every order by its id."""
        prices, freights = defaultdict[str, Decimal](Decimal), defaultdict[str, Decimal](Decimal)
        items, sellers = Counter[str](), defaultdict[str, set[str]](set)
        for row in self.raw_items:
            order = row["order_id"]
            prices[order] += Decimal(row["price"])
            freights[order] += Decimal(row["freight_value"])
            items[order] += 1
            sellers[order].add(row["seller_id"])
        payments = defaultdict[str, Decimal](Decimal)
        for row in self.raw_payments:
            payments[row["order_id"]] += Decimal(row["payment_value"])
        people = {row["customer_id"]: row["customer_unique_id"] for row in self.customers}
        return {
            row["order_id"]: Order(
                status=row["order_status"],
                day=_day(row["order_purchase_timestamp"]),
                person=people[row["customer_id"]],
                items=items[row["order_id"]],
                item_value=prices[row["order_id"]],
                freight_value=freights[row["order_id"]],
                payment_value=payments[row["order_id"]],
                seller=_seller(sellers[row["order_id"]]),
                delivered=_day(arrived) if (arrived := row["order_delivered_customer_date"]) else None,
                promised=_day(row["order_estimated_delivery_date"]),
            )
            for row in self.raw_orders
        }

    @cached_property
    def daily_revenue(self) -> dict[date, tuple[int, Decimal]]:
        """(orders, revenue) of every day from the first to the last order, days without any included."""
        first, last = min(o.day for o in self.orders.values()), max(o.day for o in self.orders.values())
        days = {first + timedelta(n): (0, Decimal()) for n in range((last - first).days + 1)}
        for order in self.orders.values():
            if order.counts_as_revenue:
                orders, revenue = days[order.day]
                days[order.day] = (orders + 1, revenue + order.order_value)
        return days

    @cached_property
    def review_score(self) -> Fraction:
        """The mean score of all review rows, exactly."""
        return Fraction(sum(int(row["review_score"]) for row in self.reviews), len(self.reviews))

    @cached_property
    def missing_moments(self) -> Counter[tuple[str, str]]:
        """How many orders of each status lack each moment: {(status, column): orders}."""
        return Counter((r["order_status"], name) for r in self.raw_orders for name in MOMENTS if not r[name])

    @cached_property
    def calendar(self) -> tuple[date, date]:
        """The first day of the year of the first date in the data, and the last day of the year of the last."""
        moments = ("order_purchase_timestamp", "order_delivered_customer_date", "order_estimated_delivery_date")
        answers = ("review_creation_date", "review_answer_timestamp")
        texts = [row[name] for row in self.raw_orders for name in moments if row[name]]
        texts += [row[name] for row in self.reviews for name in answers if row[name]]
        return date(_day(min(texts)).year, 1, 1), date(_day(max(texts)).year, 12, 31)

    @cached_property
    def geolocation(self) -> Counter[tuple[str, str, str, str, str]]:
        """Every distinct geolocation row as it stands (zip prefix, latitude, longitude, city, state), with its copies."""
        with (self._folder / "olist_geolocation_dataset.csv").open(encoding="utf-8", newline="") as file:
            lines = csv.reader(file)
            next(lines)
            return Counter((z, lat, lng, city, state) for z, lat, lng, city, state in lines)

    @cached_property
    def rows_abroad(self) -> int:
        """Geolocation rows outside Brazil, copies included."""
        return sum(copies for (_, lat, lng, _, _), copies in self.geolocation.items() if not _in_brazil(lat, lng))

    @cached_property
    def places(self) -> set[tuple[str, float, float, str | None, str]]:
        """Distinct (zip prefix, latitude, longitude, standardised city, state) inside Brazil."""
        return {
            (prefix, float(lat), float(lng), city_name(city, state), state)
            for prefix, lat, lng, city, state in self.geolocation
            if _in_brazil(lat, lng)
        }

    @cached_property
    def centres(self) -> dict[str, tuple[float, float]]:
        """The median latitude and longitude of each zip prefix."""
        points = defaultdict[str, list[tuple[float, float]]](list)
        for prefix, lat, lng, _, _ in self.places:
            points[prefix].append((lat, lng))
        return {
            prefix: (statistics.median(lat for lat, _ in found), statistics.median(lng for _, lng in found))
            for prefix, found in points.items()
        }


@cache
def city_name(text: str, state: str) -> str | None:
    """The city in lower case and plain letters, without remarks, state and country; None where the text holds no name."""
    plain = "".join(c for c in unicodedata.normalize("NFD", text.lower()) if not unicodedata.combining(c))
    for mark in ("/", "\\", ",", "(", " - "):
        plain = plain.partition(mark)[0]
    words = "".join(c if c.isascii() and c.isalnum() else " " for c in plain).split()
    if len(words) > 1 and words[-1] == state.lower():
        words.pop()
    named = "@" not in text and any(c.isalpha() for c in "".join(words))
    return " ".join(words) if named else None


def _day(moment: str) -> date:
    return date.fromisoformat(moment[:10])


def _seller(sellers: set[str]) -> str:
    if not sellers:
        return "unknown"
    return next(iter(sellers)) if len(sellers) == 1 else "multiple"


def _in_brazil(lat: str, lng: str) -> bool:
    return SOUTH <= Decimal(lat) <= NORTH and WEST <= Decimal(lng) <= EAST
