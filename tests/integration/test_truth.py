"""Gold and silver of the real data, held row for row and to the cent against a second computation over the CSV files.

The whole pipeline runs once on the embedded platform and once on a PostgreSQL given by URL, over TCP, as an owner who is no superuser.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from conftest import Platform
from databases import embedded_platform
from deliveries import succeed
from independent import MOMENTS, Truth, city_name
from olist import pipeline

BRL = Decimal


@pytest.fixture(scope="module")
def truth(real_folder: Path) -> Truth:
    return Truth(real_folder)


@pytest.fixture(scope="module", params=["embedded", "url"])
def built(request: pytest.FixtureRequest, real_zip: Path) -> Iterator[tuple[Platform, pipeline.Report]]:
    """A platform on which the real data went from zip to gold, and the report of that run."""
    if request.param == "url":
        yield request.getfixturevalue("real_run")
        return
    with embedded_platform() as platform:
        yield platform, succeed(pipeline.run(platform.settings(real_zip)))


@pytest.fixture
def platform(built: tuple[Platform, pipeline.Report]) -> Platform:
    return built[0]


def one(platform: Platform, query: str) -> Any:
    ((value,),) = platform.query(query)
    return value


def differences(expected: Mapping[Any, Any], found: Mapping[Any, Any]) -> dict[Any, tuple[Any, Any]]:
    """The first few keys under which the two differ: (expected, found)."""
    keys = (key for key in {**expected, **found} if expected.get(key) != found.get(key))
    return {key: (expected.get(key), found.get(key)) for key, _ in zip(keys, range(5), strict=False)}


def test_the_second_computation_agrees_with_what_is_known_of_the_data(truth: Truth) -> None:
    orders = list(truth.orders.values())
    assert Counter(o.status for o in orders) == {
        "delivered": 96_478,
        "shipped": 1_107,
        "canceled": 625,
        "unavailable": 609,
        "invoiced": 314,
        "processing": 301,
        "created": 5,
        "approved": 2,
    }
    assert sum(o.item_value for o in orders) == BRL("13591643.70")
    assert sum(o.freight_value for o in orders) == BRL("2251909.54")
    assert sum(o.payment_value for o in orders) == BRL("16008872.12")
    assert sum(o.items == 0 for o in orders) == 775
    assert sum(o.seller == "multiple" for o in orders) == 1_278
    assert len({o.person for o in orders}) == 96_096
    assert truth.geolocation.total() - len(truth.geolocation) == 261_831


def test_the_warehouse_by_url_is_worked_on_by_its_owner_who_is_no_superuser(platform: Platform) -> None:
    owners = platform.query("SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname IN ('silver', 'gold')")
    assert owners == platform.query("SELECT current_user")
    over_tcp = "SELECT rolsuper, inet_client_addr() IS NOT NULL FROM pg_roles WHERE rolname = current_user"
    assert platform.query(over_tcp) == [(platform.warehouse is None, platform.warehouse is not None)]


def test_every_order_has_its_values_payments_items_seller_and_delivery(platform: Platform, truth: Truth) -> None:
    rows = platform.query(
        "SELECT order_id, order_status, order_date, customer_unique_id, items, item_value, freight_value, order_value,"
        " payment_value, seller_id, is_delivered, is_on_time, delivery_delay_days"
        " FROM gold.fact_orders LEFT JOIN gold.dim_sellers USING (seller_key) LEFT JOIN gold.dim_customers USING (customer_key)"
    )
    found = {order_id: rest for order_id, *rest in rows}
    expected = {
        order_id: [
            *(o.status, o.day, o.person, o.items, o.item_value, o.freight_value, o.order_value, o.payment_value),
            *(o.seller, o.status == "delivered", None if o.delay_days is None else o.delay_days <= 0, o.delay_days),
        ]
        for order_id, o in truth.orders.items()
    }
    assert len(rows) == len(found) == 99_441
    assert differences(expected, found) == {}


def test_orders_by_status_and_their_value_add_up(platform: Platform, truth: Truth) -> None:
    expected: dict[str, tuple[int, Decimal, Decimal]] = {}
    for order in truth.orders.values():
        count, value, paid = expected.get(order.status, (0, BRL(), BRL()))
        expected[order.status] = (count + 1, value + order.order_value, paid + order.payment_value)
    rows = platform.query(
        "SELECT order_status, count(*), sum(order_value), sum(payment_value) FROM gold.fact_orders GROUP BY order_status"
    )
    assert {status: tuple(rest) for status, *rest in rows} == expected


def test_revenue_is_right_on_every_day_and_in_total(platform: Platform, truth: Truth) -> None:
    rows = platform.query("SELECT date, orders, revenue FROM gold.agg_daily_revenue")
    assert differences(truth.daily_revenue, {day: (orders, revenue) for day, orders, revenue in rows}) == {}
    assert len(rows) == len(truth.daily_revenue)
    total = sum((o.order_value for o in truth.orders.values() if o.counts_as_revenue), BRL())
    assert one(platform, "SELECT sum(revenue) FROM gold.agg_daily_revenue") == total
    assert one(platform, "SELECT sum(order_value) FROM gold.fact_orders WHERE is_revenue") == total


def test_every_review_is_there_and_their_mean_score_is_exact(platform: Platform, truth: Truth) -> None:
    rows = platform.query("SELECT review_id, order_id, review_score FROM gold.fact_reviews")
    assert Counter(rows) == Counter((r["review_id"], r["order_id"], int(r["review_score"])) for r in truth.reviews)
    assert Fraction(sum(score for _, _, score in rows), len(rows)) == truth.review_score


def test_gold_has_the_rows_that_the_files_give(platform: Platform, truth: Truth) -> None:
    first, last = truth.calendar
    expected = {
        "fact_orders": len(truth.orders),
        "fact_order_items": len(truth.raw_items),
        "fact_payments": len(truth.raw_payments),
        "fact_reviews": len(truth.reviews),
        "dim_customers": len({o.person for o in truth.orders.values()}),
        "dim_sellers": len(truth.sellers) + 2,  # unknown, multiple
        "dim_products": len(truth.products) + 1,  # unknown
        "dim_date": (last - first) // timedelta(days=1) + 1,
        "agg_daily_revenue": len(truth.daily_revenue),
    }
    counts = _row_counts(platform, "gold")
    assert {table: counts[table] for table in expected} == expected
    assert {table for table in counts if table not in expected and not table.startswith("agg_")} == set()
    people = {row["customer_unique_id"] for row in truth.customers}
    assert {person for (person,) in platform.query("SELECT customer_unique_id FROM gold.dim_customers")} == people


def test_silver_has_the_rows_that_the_files_give(platform: Platform, truth: Truth) -> None:
    assert _row_counts(platform, "silver") == {
        "customers": len(truth.customers),
        "sellers": len(truth.sellers),
        "geolocation": len(truth.places),
        "products": len(truth.products),
        "category_translations": sum(1 for _ in truth.rows("product_category_name_translation.csv")),
        "orders": len(truth.raw_orders),
        "order_items": len(truth.raw_items),
        "order_payments": len(truth.raw_payments),
        "order_reviews": len(truth.reviews),
        "rejects": truth.rows_abroad,
    }


def test_every_row_of_the_files_is_accounted_for(built: tuple[Platform, pipeline.Report], truth: Truth) -> None:
    _, report = built
    silver = {row.table: row for row in report.layers if row.layer == "silver"}
    assert all(r.rows_in == r.published + r.superseded + r.rejected + r.quarantined for r in silver.values())
    geolocation = silver.pop("geolocation")
    assert (geolocation.rows_in, geolocation.rejected) == (truth.geolocation.total(), truth.rows_abroad)
    assert geolocation.superseded == truth.geolocation.total() - truth.rows_abroad - len(truth.places)
    exact = truth.geolocation.total() - len(truth.geolocation)
    assert geolocation.superseded > exact == 261_831, "beyond exact duplicates, spellings of one city fall together"
    assert {t: r.rows_in - r.published for t, r in silver.items()} == dict.fromkeys(silver, 0)


def test_every_place_is_there_once_under_one_spelling_of_its_city(platform: Platform, truth: Truth) -> None:
    rows = platform.query(
        "SELECT geolocation_zip_code_prefix, geolocation_lat, geolocation_lng, geolocation_city, geolocation_state"
        " FROM silver.geolocation"
    )
    assert len(rows) == len(truth.places)
    assert list(truth.places.symmetric_difference(rows))[:5] == []


@pytest.mark.parametrize(("table", "prefix"), [("customers", "customer"), ("sellers", "seller")])
def test_who_buys_and_sells_has_a_standard_city_and_the_median_point_of_the_zip_prefix(
    platform: Platform, truth: Truth, table: str, prefix: str
) -> None:
    columns = ("zip_code_prefix", "city", "state", "latitude", "longitude")
    names = ", ".join(f"{prefix}_{name}" for name in ("id", *columns))
    rows = {key: rest for key, *rest in platform.query(f"SELECT {names}, has_geolocation FROM silver.{table}")}
    files = {r[f"{prefix}_id"]: r for r in truth.rows(f"olist_{table}_dataset.csv")}
    expected, found = {}, {}
    for key, row in files.items():
        zip_code, city, state = (row[f"{prefix}_{name}"] for name in columns[:3])
        centre = truth.centres.get(zip_code)
        expected[key] = (zip_code, city_name(city, state), state, centre is not None, True)
        lat, lng = rows[key][3:5]
        near = (lat, lng) == (None, None) if centre is None else (lat, lng) == pytest.approx(centre, abs=1e-9)
        found[key] = (*rows[key][:3], rows[key][5], near)
    assert len(rows) == len(files)
    assert differences(expected, found) == {}


def test_every_amount_in_silver_is_the_one_in_the_file(platform: Platform, truth: Truth) -> None:
    items = {
        (r["order_id"], int(r["order_item_id"])): (BRL(r["price"]), BRL(r["freight_value"])) for r in truth.raw_items
    }
    rows = platform.query("SELECT order_id, order_item_id, price, freight_value FROM silver.order_items")
    assert differences(items, {(order, n): (price, freight) for order, n, price, freight in rows}) == {}
    paid = {(r["order_id"], int(r["payment_sequential"])): BRL(r["payment_value"]) for r in truth.raw_payments}
    rows = platform.query("SELECT order_id, payment_sequential, payment_value FROM silver.order_payments")
    assert differences(paid, {(order, n): value for order, n, value in rows}) == {}


def test_a_moment_is_null_exactly_where_the_file_has_none(platform: Platform, truth: Truth) -> None:
    found = {
        (status, name): count
        for name in MOMENTS
        for status, count in platform.query(
            f"SELECT order_status, count(*) FROM silver.orders WHERE {name} IS NULL GROUP BY order_status"
        )
    }
    assert found == truth.missing_moments
    undated = truth.missing_moments["delivered", "order_delivered_customer_date"]
    assert undated == 8
    query = "SELECT count(*) FROM silver.orders WHERE is_delivered AND NOT has_delivery_date"
    assert one(platform, query) == undated


def _row_counts(platform: Platform, schema: str) -> dict[str, int]:
    tables = platform.query(f"SELECT tablename FROM pg_tables WHERE schemaname = '{schema}'")
    return {name: one(platform, f"SELECT count(*) FROM {schema}.{name}") for (name,) in tables}
