"""A platform whose contracts change, and the changes that tests make to them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from conftest import Platform
from deliveries import Document, change_contract, property_of, read_rows, without_promises, write_rows
from olist.settings import Settings

REVIEWS = "order_reviews"
NPS: Document = {
    "name": "recommendation",
    "physicalName": "nps",
    "description": "How likely the customer is to recommend us, 0 to 10.",
    "logicalType": "integer",
    "physicalType": "smallint",
    "required": False,
    "logicalTypeOptions": {"minimum": 0, "maximum": 10},
}


class Evolving:
    """A platform whose contracts are its own, and a delivery to change with them."""

    def __init__(self, platform: Platform, csv: Path, contracts: Path) -> None:
        self.platform, self.csv = platform, csv
        self.contracts = without_promises(contracts.parent)

    @property
    def settings(self) -> Settings:
        settings: Settings = self.platform.settings(self.csv, contracts=self.contracts)
        return settings

    def new_version(self, table: str, how: Callable[[Document], object], version: str = "1.1.0") -> None:
        """A new version of a table's contract."""
        change_contract(self.contracts, table, lambda document: (how(document), document.update(version=version)))

    def write_nps(self) -> dict[str, int]:
        """Give every second review the new column's value; returns the values by review."""
        rows = [row | {"nps": str(n % 11) if n % 2 else ""} for n, row in enumerate(read_rows(self.csv, REVIEWS))]
        write_rows(self.csv, REVIEWS, rows)
        return {row["review_id"]: int(row["nps"]) for row in rows if row["nps"]}

    def values(self, column: str) -> dict[str, Any]:
        """What silver has of a column of the reviews, where it is known."""
        return dict(self.platform.query(f"SELECT review_id, {column} FROM silver.{REVIEWS} WHERE {column} IS NOT NULL"))

    def types(self, table: str = REVIEWS) -> dict[str, str]:
        return dict(
            self.platform.query(
                "SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute"
                f" WHERE attrelid = 'silver.{table}'::regclass AND attnum > 0 AND NOT attisdropped"
            )
        )


def with_nps(document: Document) -> None:
    properties = document["schema"][0]["properties"]
    properties.insert(properties.index(property_of(document, "has_comment")), dict(NPS))


def without(column: str) -> Callable[[Document], object]:
    def remove(document: Document) -> None:
        properties = document["schema"][0]["properties"]
        properties.remove(property_of(document, column))

    return remove
