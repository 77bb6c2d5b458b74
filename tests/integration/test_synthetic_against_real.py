"""The synthetic data set at scale 1 beside the real one: as many rows, and distributions that differ by no more than is said here.

Tolerances are some one and a half times what was measured over several seeds, so that another seed passes and a changed parameter does not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
import pytest
from numpy.typing import NDArray

from olist.contracts import Contract
from olist.source.synthetic import generate

Floats = NDArray[np.float64]

DELIVERED = "order_delivered_customer_date"
CARRIER = "order_delivered_carrier_date"
PROMISED = "order_estimated_delivery_date"
PURCHASED = "order_purchase_timestamp"

LATENESS = (
    f"""CASE WHEN {DELIVERED} IS NULL THEN 'never' WHEN {DELIVERED} > {PROMISED} THEN 'late' ELSE 'on time' END"""
)
SALES = """order_items JOIN orders USING (order_id) JOIN customers USING (customer_id) JOIN sellers USING (seller_id)
    JOIN products USING (product_id)"""


REVIEWS = "order_reviews JOIN orders USING (order_id)"


@dataclass(frozen=True)
class Pair:
    """Both data sets as tables, named by the contracts, with the source's headers."""

    real: duckdb.DuckDBPyConnection
    synthetic: duckdb.DuckDBPyConnection

    def numbers(self, query: str) -> tuple[Floats, Floats]:
        """The only column of a query, sorted, without NULLs."""
        real, synthetic = (
            np.sort(np.array([v for (v,) in c.execute(query).fetchall() if v is not None], dtype=np.float64))
            for c in (self.real, self.synthetic)
        )
        return real, synthetic

    def shares(self, query: str) -> tuple[dict[str, float], dict[str, float]]:
        """Percent of rows by the only column of a query."""
        counted = f"SELECT coalesce(k::varchar, ''), 100 * count(*) / sum(count(*)) OVER () FROM ({query}) AS t (k) GROUP BY 1"
        real, synthetic = (dict(c.execute(counted).fetchall()) for c in (self.real, self.synthetic))
        return real, synthetic

    def by(self, query: str) -> tuple[dict[str, float], dict[str, float]]:
        """The second column of a query by its first."""
        real, synthetic = (dict(c.execute(query).fetchall()) for c in (self.real, self.synthetic))
        return real, synthetic


@pytest.fixture(scope="module")
def pair(contracts: Mapping[str, Contract], real_folder: Path, session_folder: Path) -> Pair:
    generate(contracts, session_folder / "full")
    return Pair(opened(real_folder, contracts), opened(session_folder / "full", contracts))


def opened(folder: Path, contracts: Mapping[str, Contract]) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(config={"threads": 2})
    for name, contract in contracts.items():
        texts = [c.source for c in contract.source_columns if c.logical_type == "string"]
        types = ", ".join(f"'{text}': 'VARCHAR'" for text in texts)
        connection.execute(
            f"CREATE TABLE {name} AS FROM read_csv(?, header = true, quote = '\"', escape = '\"', types = {{{types}}})",
            [str(folder / contract.file_name)],
        )
    return connection


def hours(later: str, earlier: str) -> str:
    return f"SELECT epoch({later} - {earlier}) / 3600 FROM orders"


def counts(table: str, key: str) -> str:
    return f"SELECT count(*) FROM {table} GROUP BY {key}"


def test_rows_of_each_table(pair: Pair, contracts: Mapping[str, Contract]) -> None:
    for table in contracts:
        real, synthetic = pair.numbers(f"SELECT count(*) FROM {table}")
        assert synthetic[0] == pytest.approx(real[0], rel=0.01), table


@pytest.mark.parametrize(
    ("query", "percent"),
    [
        pytest.param("SELECT count(DISTINCT customer_unique_id) FROM customers", 0, id="people"),
        pytest.param("SELECT count(DISTINCT review_id) FROM order_reviews", 0, id="reviews"),
        pytest.param("SELECT count(DISTINCT order_id) FROM order_reviews", 0, id="reviewed orders"),
        pytest.param("SELECT count(DISTINCT order_id) FROM order_items", 0, id="orders with items"),
        pytest.param("SELECT count(DISTINCT order_id) FROM order_payments", 0, id="orders with payments"),
        pytest.param("SELECT count(*) FROM (SELECT DISTINCT * FROM geolocation)", 0, id="distinct points"),
        pytest.param(
            "SELECT count(*) FROM geolocation WHERE geolocation_lat > 6 OR geolocation_lat < -34", 0, id="abroad"
        ),
        pytest.param("SELECT count(*) FROM order_payments WHERE payment_value = 0", 0, id="payments of 0"),
        pytest.param("SELECT count(*) FROM order_payments WHERE payment_installments = 0", 0, id="no instalment"),
        pytest.param("SELECT count(*) FROM products WHERE product_category_name IS NULL", 0, id="no category"),
        pytest.param(f"SELECT count(*) FROM orders WHERE {CARRIER} < order_approved_at", 0, id="early carriers"),
        pytest.param("SELECT count(DISTINCT product_id) FROM order_items", 0, id="products sold"),
        pytest.param("SELECT count(DISTINCT seller_id) FROM order_items", 0, id="sellers who sold"),
        pytest.param("SELECT count(DISTINCT customer_zip_code_prefix) FROM customers", 1, id="customers' prefixes"),
        pytest.param("SELECT count(DISTINCT seller_zip_code_prefix) FROM sellers", 2.5, id="sellers' prefixes"),
        pytest.param("SELECT count(DISTINCT geolocation_zip_code_prefix) FROM geolocation", 1.5, id="prefixes"),
        pytest.param("SELECT count(DISTINCT customer_city) FROM customers", 11, id="cities"),
    ],
)
def test_how_many_there_are(pair: Pair, query: str, percent: float) -> None:
    real, synthetic = pair.numbers(query)
    assert synthetic[0] == pytest.approx(real[0], rel=percent / 100, abs=0)


@pytest.mark.parametrize(
    ("query", "points"),
    [
        pytest.param("SELECT order_status FROM orders", 0.01, id="status"),
        pytest.param("SELECT customer_state FROM customers", 0.1, id="customers by state"),
        pytest.param("SELECT seller_state FROM sellers", 0.01, id="sellers by state"),
        pytest.param("SELECT geolocation_state FROM geolocation", 0.4, id="points by state"),
        pytest.param("SELECT customer_city FROM customers WHERE customer_city IN ('sao paulo', 'campinas', 'salvador')", 0.2, id="cities"),
        pytest.param(f"SELECT strftime({PURCHASED}, '%Y-%m') FROM orders", 0.06, id="month"),
        pytest.param(f"SELECT {PURCHASED} >= '2017-11-24' AND {PURCHASED} < '2017-11-25' FROM orders", 0.02, id="Black Friday"),
        pytest.param(f"SELECT dayofweek({PURCHASED}) FROM orders", 1.0, id="weekday"),
        pytest.param(f"SELECT hour({PURCHASED}) FROM orders", 0.3, id="hour"),
        pytest.param(f"SELECT dayofweek({DELIVERED}) FROM orders", 2.2, id="weekday of delivery"),
        pytest.param(counts("order_items", "order_id"), 0.01, id="items per order"),
        pytest.param(counts("order_payments", "order_id"), 0.01, id="payments per order"),
        pytest.param(counts("order_reviews", "order_id"), 0.01, id="reviews per order"),
        pytest.param(counts("customers", "customer_unique_id"), 0.01, id="orders per person"),
        pytest.param("SELECT count(DISTINCT seller_id) FROM order_items GROUP BY order_id", 0.3, id="sellers per order"),
        pytest.param("SELECT payment_type FROM order_payments", 0.05, id="payment type"),
        pytest.param("SELECT payment_installments FROM order_payments", 0.03, id="instalments"),
        pytest.param("SELECT review_score FROM order_reviews", 0.5, id="score"),
        pytest.param("SELECT review_comment_message IS NULL FROM order_reviews", 0.3, id="messages"),
        pytest.param("SELECT review_comment_title IS NULL FROM order_reviews", 0.5, id="titles"),
        pytest.param("SELECT product_category_name FROM products", 0.01, id="products by category"),
        pytest.param("SELECT product_category_name FROM order_items JOIN products USING (product_id)", 0.2, id="items by category"),
        pytest.param("SELECT product_photos_qty FROM products", 0.6, id="photos"),
        pytest.param(f"SELECT seller_state FROM {SALES}", 5.0, id="items by seller's state"),
        pytest.param(f"SELECT customer_state = seller_state FROM {SALES}", 1.3, id="items sold within a state"),
        pytest.param("SELECT (price * 100)::int % 100 FROM order_items", 2.2, id="cents of prices"),
        pytest.param(f"SELECT {LATENESS} FROM orders", 0.7, id="lateness"),
        pytest.param(f"SELECT {CARRIER} > shipping_limit_date FROM {SALES}", 1.4, id="handed over late"),
        pytest.param("SELECT geolocation_city <> strip_accents(geolocation_city) FROM geolocation", 2.6, id="accents"),
    ],
)  # fmt: skip
def test_shares(pair: Pair, query: str, points: float) -> None:
    real, synthetic = pair.shares(query)
    differences = {key: synthetic.get(key, 0) - real.get(key, 0) for key in real.keys() | synthetic.keys()}
    assert max(map(abs, differences.values())) <= points, differences


@pytest.mark.parametrize(
    ("query", "distance"),
    [
        pytest.param(f"SELECT epoch({PURCHASED}) FROM orders", 0.018, id="purchases"),
        pytest.param(hours("order_approved_at", PURCHASED), 0.1, id="approval"),
        pytest.param(hours(CARRIER, "order_approved_at"), 0.09, id="handling"),
        pytest.param(hours(DELIVERED, CARRIER), 0.06, id="transit"),
        pytest.param(hours(DELIVERED, PURCHASED), 0.045, id="delivery"),
        pytest.param(hours(PROMISED, PURCHASED), 0.035, id="promise"),
        pytest.param(hours(DELIVERED, PROMISED), 0.03, id="delay"),
        pytest.param("SELECT price FROM order_items", 0.05, id="price"),
        pytest.param("SELECT freight_value FROM order_items", 0.065, id="freight"),
        pytest.param("SELECT payment_value FROM order_payments", 0.035, id="payment"),
        pytest.param("SELECT product_weight_g FROM products", 0.065, id="weight"),
        pytest.param("SELECT product_length_cm FROM products", 0.06, id="length"),
        pytest.param("SELECT product_height_cm FROM products", 0.075, id="height"),
        pytest.param("SELECT product_width_cm FROM products", 0.065, id="width"),
        pytest.param("SELECT product_name_lenght FROM products", 0.08, id="name"),
        pytest.param("SELECT product_description_lenght FROM products", 0.045, id="description"),
        pytest.param(counts("order_items", "product_id"), 0.03, id="items per product"),
        pytest.param(counts("order_items", "seller_id"), 0.12, id="items per seller"),
        pytest.param("SELECT count(DISTINCT product_id) FROM order_items GROUP BY seller_id", 0.08, id="products per seller"),
        pytest.param(counts("customers", "customer_zip_code_prefix"), 0.07, id="customers per prefix"),
        pytest.param(counts("geolocation", "geolocation_zip_code_prefix"), 0.06, id="points per prefix"),
        pytest.param("SELECT geolocation_lat FROM geolocation", 0.06, id="latitude"),
        pytest.param("SELECT geolocation_lng FROM geolocation", 0.07, id="longitude"),
        pytest.param("SELECT epoch(review_answer_timestamp - review_creation_date) FROM order_reviews", 0.08, id="answer"),
        pytest.param(f"SELECT epoch(review_creation_date - {PURCHASED}) FROM {REVIEWS}", 0.045, id="survey"),
        pytest.param("SELECT length(review_comment_message) FROM order_reviews", 0.14, id="message length"),
    ],
)  # fmt: skip
def test_distributions(pair: Pair, query: str, distance: float) -> None:
    """By the Kolmogorov-Smirnov distance: the largest difference between the two shares of values up to some value."""
    real, synthetic = pair.numbers(query)
    values = np.union1d(real, synthetic)
    shares = [np.searchsorted(sample, values, side="right") / sample.size for sample in (real, synthetic)]
    assert np.abs(shares[0] - shares[1]).max() <= distance


@pytest.mark.parametrize(
    ("query", "percent"),
    [
        pytest.param("SELECT price FROM order_items", 20, id="price"),
        pytest.param("SELECT freight_value FROM order_items", 6, id="freight"),
        pytest.param("SELECT sum(price) FROM order_items GROUP BY order_id", 17, id="order"),
        pytest.param("SELECT payment_value FROM order_payments", 14, id="payment"),
        pytest.param(hours(DELIVERED, PURCHASED), 8, id="delivery"),
        pytest.param(hours(PROMISED, PURCHASED), 11, id="promise"),
        pytest.param("SELECT product_weight_g FROM products", 7, id="weight"),
        pytest.param("SELECT product_description_lenght FROM products", 6, id="description"),
    ],
)
def test_quantiles(pair: Pair, query: str, percent: float) -> None:
    levels = [0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99]
    real, synthetic = (np.quantile(sample, levels) for sample in pair.numbers(query))
    assert (np.abs(synthetic / real - 1) * 100).max() <= percent, (real, synthetic)


@pytest.mark.parametrize(
    ("query", "percent"),
    [
        pytest.param("SELECT sum(price) FROM order_items", 8, id="revenue"),
        pytest.param("SELECT sum(freight_value) FROM order_items", 3, id="freight"),
        pytest.param("SELECT sum(payment_value) FROM order_payments", 8, id="payments"),
        pytest.param("SELECT max(n) FROM (SELECT count(*) FROM order_items GROUP BY seller_id) AS t (n)", 65, id="largest seller"),
        pytest.param("SELECT max(n) FROM (SELECT count(*) FROM order_items GROUP BY product_id) AS t (n)", 40, id="best seller"),
    ],
)  # fmt: skip
def test_totals(pair: Pair, query: str, percent: float) -> None:
    real, synthetic = pair.numbers(query)
    assert synthetic[0] == pytest.approx(real[0], rel=percent / 100)


@pytest.mark.parametrize(
    ("query", "absolute", "percent"),
    [
        pytest.param(
            f"SELECT {LATENESS}, avg(review_score) FROM {REVIEWS} GROUP BY 1",
            0.15, 0, id="score by lateness",
        ),
        pytest.param(
            "SELECT least(n, 2), avg(review_score) FROM order_reviews JOIN (SELECT order_id, count(DISTINCT seller_id) AS n"
            " FROM order_items GROUP BY 1) USING (order_id) GROUP BY 1",
            0.2, 0, id="score by sellers",
        ),
        pytest.param(
            "SELECT review_score, avg((review_comment_message IS NOT NULL)::int) FROM order_reviews GROUP BY 1",
            0.02, 0, id="messages by score",
        ),
        pytest.param(
            f"SELECT customer_state = seller_state, median(freight_value) FROM {SALES} GROUP BY 1",
            0, 5, id="freight within and between states",
        ),
        pytest.param(
            f"SELECT customer_state, median(freight_value) FROM {SALES} GROUP BY 1 HAVING count(*) > 1000",
            0, 5, id="freight by state",
        ),
        pytest.param(
            f"SELECT customer_state, median(epoch({DELIVERED} - {PURCHASED})) FROM {SALES} GROUP BY 1 HAVING count(*) > 1000",
            0, 17, id="delivery by state",
        ),
        pytest.param(
            f"SELECT strftime({PURCHASED}, '%Y-%m'), avg(({DELIVERED} > {PROMISED})::int) FROM orders GROUP BY 1"
            " HAVING count(*) > 1000",
            0.06, 0, id="late by month",
        ),
        pytest.param(
            "SELECT payment_type, median(payment_value) FROM order_payments WHERE payment_value > 0 GROUP BY 1",
            0, 11, id="payment by type",
        ),
        pytest.param(
            "SELECT payment_installments, median(payment_value) FROM order_payments WHERE payment_type = 'credit_card'"
            " GROUP BY 1 HAVING count(*) > 2000",
            0, 25, id="payment by instalments",
        ),
        pytest.param(
            f"SELECT product_category_name, median(price) FROM {SALES} GROUP BY 1 HAVING count(*) > 4000",
            0, 40, id="price by category",
        ),
        pytest.param(
            f"SELECT payment_type = 'boleto', median(epoch(order_approved_at - {PURCHASED})) FROM orders"
            " JOIN order_payments USING (order_id) WHERE payment_type IN ('boleto', 'credit_card') GROUP BY 1",
            0, 3, id="approval by payment type",
        ),
    ],
)  # fmt: skip
def test_what_depends_on_what(pair: Pair, query: str, absolute: float, percent: float) -> None:
    real, synthetic = pair.by(query)
    assert real.keys() == synthetic.keys()
    assert synthetic == pytest.approx(real, abs=absolute, rel=percent / 100)
