"""Two deliveries that can be told apart in every row of every table, and what a reader makes of them.

Every row of a version carries its mark in one column of each table, the rejects included, so that one look at any rows of silver tells
which version they are of. No delivery looks like that: a platform that is to take it has its `contracts` from `without_promises`.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import psycopg

from olist.contracts import Contract

# The marked column of each source file, and its value in the version of a number.
_MARKS = {
    "category_translations": ("product_category_name_english", "version {}"),
    "customers": ("customer_city", "version {}"),
    "geolocation": ("geolocation_city", "version {}"),
    "order_items": ("freight_value", "{}.00"),
    "order_payments": ("payment_value", "{}.00"),
    "order_reviews": ("review_comment_title", "version {}"),
    "orders": ("order_estimated_delivery_date", "2018-12-{} 00:00:00"),
    "products": ("product_weight_g", "{}"),
    "sellers": ("seller_city", "version {}"),
}

# The version's number of each row of each table of silver, as text.
NUMBERS = {
    "category_translations": "right(product_category_name_english, 2)",
    "customers": "right(customer_city, 2)",
    "geolocation": "right(geolocation_city, 2)",
    "order_items": "trunc(freight_value)::text",
    "order_payments": "trunc(payment_value)::text",
    "order_reviews": "right(review_comment_title, 2)",
    "orders": "to_char(order_estimated_delivery_date, 'DD')",
    "products": "product_weight_g::text",
    "sellers": "right(seller_city, 2)",
    "rejects": "right(source_values::json ->> 'geolocation_city', 2)",
}

# One statement over every table of silver: its rows, and the numbers of their versions.
ALL_TABLES = " UNION ALL ".join(
    f"SELECT '{table}', count(*), array_agg(DISTINCT {number}) FROM silver.{table}" for table, number in NUMBERS.items()
)

# One statement that joins tables: a version that is mixed shows as two numbers, or as rows that find no partner.
JOINED = f"""
SELECT 'joined', count(*), array_agg(DISTINCT number)
FROM silver.order_items
INNER JOIN silver.orders USING (order_id)
INNER JOIN silver.customers USING (customer_id)
INNER JOIN silver.products USING (product_id)
INNER JOIN silver.sellers USING (seller_id)
CROSS JOIN unnest(ARRAY[{", ".join(NUMBERS[t] for t in ("order_items", "orders", "customers", "products", "sellers"))}]) AS number
"""


@dataclass(frozen=True)
class Version:
    """A delivery whose rows all carry `number`, two digits."""

    number: str
    folder: Path


def write_versions(contracts: Mapping[str, Contract], source: Path, folder: Path) -> tuple[Version, Version]:
    """The CSVs of `source` as versions 11 and 22, below `folder`."""
    return _write_version(contracts, source, folder / "old", 11), _write_version(contracts, source, folder / "new", 22)


def seen(connection: psycopg.Connection, query: str = ALL_TABLES, *, prepare: bool | None = None) -> set[str]:
    """The versions in the answer of one statement, `empty <table>` for a table without rows. One that is sound has one element."""
    found: set[str] = set()
    for table, rows, numbers in connection.execute(query, prepare=prepare):
        found |= set(numbers) if rows else {f"empty {table}"}
    return found


def _write_version(contracts: Mapping[str, Contract], source: Path, target: Path, number: int) -> Version:
    target.mkdir(parents=True)
    for table, (column, mark) in _MARKS.items():
        name = contracts[table].file_name
        with (source / name).open(encoding="utf-8-sig", newline="") as file:
            header, *rows = csv.reader(file)
        position = header.index(column)
        with (target / name).open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(header)
            writer.writerows([*row[:position], mark.format(number), *row[position + 1 :]] for row in rows)
    return Version(str(number), target)
