"""An update in place equals a full rebuild, row by row, and touches only what changed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from conftest import Platform
from deliveries import (
    change_contract,
    change_row,
    custom_property,
    deliver,
    read_rows,
    silver_state,
    without_promises,
    write_rows,
)
from olist.settings import Settings


def edit_sellers(csv: Path) -> None:
    change_row(csv, "sellers", 1, seller_city="rio de janeiro", seller_state="RJ")


def edit_reviews(csv: Path) -> None:
    change_row(csv, "order_reviews", 5, review_comment_message="mudou")


def edit_geolocation(csv: Path) -> None:
    write_rows(csv, "geolocation", read_rows(csv, "geolocation")[::2])


def drop_orders(csv: Path) -> None:
    """Two orders go, and what belongs to one of them; the other's children are orphans."""
    orders = read_rows(csv, "orders")
    write_rows(csv, "orders", orders[2:])
    for table in ("order_items", "order_payments", "order_reviews"):
        rows = read_rows(csv, table)
        write_rows(csv, table, [row for row in rows if row["order_id"] != orders[0]["order_id"]])


def translate(csv: Path) -> None:
    write_rows(csv, "category_translations", read_rows(csv, "category_translations")[:-1])


CHANGES: dict[str, tuple[Callable[[Path], None], set[str]]] = {
    "sellers": (edit_sellers, {"sellers", "order_items"}),
    "reviews": (edit_reviews, {"order_reviews"}),
    "geolocation": (
        edit_geolocation,
        {"geolocation", "customers", "sellers", "orders", "order_items", "order_payments", "order_reviews"},
    ),
    "orders": (drop_orders, {"orders", "order_items", "order_payments", "order_reviews"}),
    "translations": (translate, {"category_translations", "products", "order_items"}),
}


@pytest.mark.parametrize(("change", "rebuilt"), CHANGES.values(), ids=CHANGES)
def test_an_update_in_place_equals_a_full_rebuild(
    new_platform: Callable[[], Platform],
    folder: Path,
    small_folder: Path,
    small_copy: Path,
    change: Callable[[Path], None],
    rebuilt: set[str],
) -> None:
    contracts = without_promises(folder)
    for table in ("order_items", "order_payments", "order_reviews"):
        change_contract(contracts, table, custom_property("rejectTolerance", 0.05))

    def settings(platform: Platform, source: Path) -> Settings:
        return platform.settings(source, contracts=contracts)

    in_place, fresh = new_platform(), new_platform()
    deliver(settings(in_place, small_folder))
    tables = oids(in_place)
    change(small_copy)
    report = deliver(settings(in_place, small_copy))
    deliver(settings(fresh, small_copy))

    assert silver_state(in_place) == silver_state(fresh)
    assert {row.table for row in report.layers if row.rows_in} == rebuilt
    assert {table for table, oid in oids(in_place).items() if tables[table] != oid} == rebuilt | {"rejects"}


def oids(platform: Platform) -> dict[str, Any]:
    """The identity of each table: another one after a rebuild."""
    return dict(
        platform.query(
            "SELECT relname, oid FROM pg_class WHERE relnamespace = 'silver'::regnamespace AND relkind = 'r'"
        )
    )
