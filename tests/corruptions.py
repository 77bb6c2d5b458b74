"""What can happen to a delivery between its source and us: each function damages the CSVs of a folder in one way."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from deliveries import FILES, Row, read_rows, write_rows

Damage = Callable[[Path], None]

OCEAN = {"geolocation_lat": "-27.5", "geolocation_lng": "-20.1"}
_TIME = "%Y-%m-%d %H:%M:%S"


@dataclass(frozen=True)
class Corruption:
    """A damage, the layer that must stop it, and what the error must say. `late` is one that only a second delivery can show."""

    name: str
    damage: Damage
    layer: str
    said: tuple[str, ...]
    late: bool = False


def every(table: str, change: Callable[[Row], Row], *, step: int = 1) -> Damage:
    """Change every row of a table, or every `step`-th."""

    def damage(folder: Path) -> None:
        rows = read_rows(folder, table)
        write_rows(folder, table, [change(dict(r)) if n % step == 0 else r for n, r in enumerate(rows)])

    return damage


def one(table: str, change: Callable[[Row], Row], number: int = 8) -> Damage:
    """Change one row."""

    def damage(folder: Path) -> None:
        rows = read_rows(folder, table)
        rows[number - 1] = change(dict(rows[number - 1]))
        write_rows(folder, table, rows)

    return damage


def cell(column: str, how: Callable[[str], str]) -> Callable[[Row], Row]:
    return lambda row: row | {column: how(row[column])}


def shifted(days: int, *columns: str) -> Callable[[Row], Row]:
    """The row with these moments, where it has them, so many days later."""

    def change(row: Row) -> Row:
        moved = {c: datetime.strptime(row[c], _TIME) + timedelta(days=days) for c in columns if row[c]}
        return row | {c: moment.strftime(_TIME) for c, moment in moved.items()}

    return change


def rows_of(table: str, how: Callable[[list[Row]], list[Row]]) -> Damage:
    def damage(folder: Path) -> None:
        write_rows(folder, table, how(read_rows(folder, table)))

    return damage


def header(table: str, how: Callable[[list[str]], list[str]]) -> Damage:
    """Rewrite the header and leave the rows below it as they are."""

    def damage(folder: Path) -> None:
        path = folder / FILES[table]
        first, rest = path.read_text(encoding="utf-8-sig").split("\n", 1)
        names = next(csv.reader(io.StringIO(first)))
        path.write_text(",".join(how(names)) + "\n" + rest, encoding="utf-8")

    return damage


def swapped(one_name: str, other: str) -> Callable[[list[str]], list[str]]:
    names = {one_name: other, other: one_name}
    return lambda header: [names.get(name, name) for name in header]


def exchanged(column: str, other: str) -> Callable[[Row], Row]:
    return lambda row: row | {column: row[other], other: row[column]}


def content(table: str, how: Callable[[bytes], bytes]) -> Damage:
    def damage(folder: Path) -> None:
        path = folder / FILES[table]
        path.write_bytes(how(path.read_bytes()))

    return damage


def together(*damages: Damage) -> Damage:
    def damage(folder: Path) -> None:
        for part in damages:
            part(folder)

    return damage


def mojibake(data: bytes) -> bytes:
    return data.decode("utf-8").encode("utf-8").decode("latin-1").encode("utf-8")


def moved_down(*columns: str) -> Callable[[list[Row]], list[Row]]:
    """Each of these values one row further down, the last one first."""

    def how(rows: list[Row]) -> list[Row]:
        above = [rows[-1], *rows[:-1]]
        return [row | {c: other[c] for c in columns} for row, other in zip(rows, above, strict=True)]

    return how


def copied(column: str, other: str) -> Callable[[Row], Row]:
    return lambda row: row | {column: row[other]}


def at_midnight(*columns: str) -> Callable[[Row], Row]:
    return lambda row: row | {c: row[c] and f"{row[c][:10]} 00:00:00" for c in columns}


def scaled(factor: float, *columns: str) -> Callable[[Row], Row]:
    return lambda row: row | {c: row[c] and f"{float(row[c]) * factor:.2f}" for c in columns}


def day_for_month(text: str) -> str:
    """The day where the month should be, where that is a date too."""
    return f"{text[:4]}-{text[8:10]}-{text[5:7]}{text[10:]}" if text and int(text[8:10]) <= 12 else text


def header_inside(data: bytes) -> bytes:
    """The file twice in one, as `cat` does it, but for the rows that came already."""
    first, middle = data.split(b"\n", 1)[0], data.index(b"\n", len(data) // 2) + 1
    return data[:middle] + first + b"\n" + data[middle:]


def in_place_of(table: str, other: str) -> Damage:
    def damage(folder: Path) -> None:
        (folder / FILES[table]).write_bytes((folder / FILES[other]).read_bytes())

    return damage


def ascii_only(data: bytes) -> bytes:
    return data.decode("utf-8").encode("ascii", "replace")


def cp850(data: bytes) -> bytes:
    return data.decode("cp850").encode("utf-8")


def halved(rows: list[Row]) -> list[Row]:
    return rows[::2]


def first_half(rows: list[Row]) -> list[Row]:
    return rows[: len(rows) // 2]


def doubled(rows: list[Row]) -> list[Row]:
    return rows + rows


def without_column(name: str) -> Callable[[list[Row]], list[Row]]:
    return lambda rows: [{k: v for k, v in row.items() if k != name} for row in rows]


def with_column(name: str) -> Callable[[list[Row]], list[Row]]:
    return lambda rows: [row | {name: "x"} for row in rows]


def key_again(column: str, value: str) -> Callable[[list[Row]], list[Row]]:
    """The first row once more, with one other value."""
    return lambda rows: [*rows, rows[0] | {column: value}]


def brazilian_date(text: str) -> str:
    return re.sub(r"^(\d+)-(\d+)-(\d+)(.*)$", r"\3/\2/\1\4", text)


def cents(text: str) -> str:
    return f"{float(text) * 100:.2f}"


ORDER_TIMES = (
    "order_purchase_timestamp",
    "order_approved_at",
    "order_delivered_carrier_date",
    "order_delivered_customer_date",
    "order_estimated_delivery_date",
)


def _bronze(name: str, damage: Damage, *said: str, late: bool = False) -> Corruption:
    return Corruption(name, damage, "bronze", said, late)


def _silver(name: str, damage: Damage, *said: str) -> Corruption:
    return Corruption(name, damage, "silver", said)


NOWHERE = "f" * 32

FILE_AND_COLUMNS = [
    # The file as such
    _bronze("dropped column", rows_of("orders", without_column("order_status")), "missing order_status"),
    _bronze("renamed column", header("sellers", lambda h: [n.replace("_city", "_town") for n in h]), "seller_town"),
    _bronze("added column", rows_of("products", with_column("colour")), "unexpected 'colour'"),
    _bronze("duplicated header", header("customers", lambda h: [*h[:-1], h[0]]), "customer_id 2 times"),
    _bronze("cut inside a row", content("order_items", lambda data: data[: len(data) // 2]), "order_items"),
    _bronze(
        "cut between rows",
        content("order_items", lambda data: data[: data.rindex(b"\n", 0, len(data) // 2) + 1]),
        "coverage",
        "order_items",
    ),
    _bronze("empty file", content("sellers", lambda data: b""), "sellers"),
    _bronze("header alone", content("sellers", lambda data: data.split(b"\n")[0] + b"\n"), "no rows"),
    _bronze("Latin-1", content("order_reviews", lambda data: data.decode().encode("latin-1", "replace")), "UTF-8"),
    _bronze("mojibake", content("order_reviews", mojibake), "decoded(review_comment_message)", "Ã"),
    _bronze("mojibake of cities", content("geolocation", mojibake), "decoded(geolocation_city)", "Ã"),
    _bronze("mojibake of CP850", content("order_reviews", cp850), "decoded(review_comment_message)"),
    _bronze("accents lost", content("geolocation", ascii_only), "accented(geolocation_city)"),
    # Columns
    _bronze(
        "retyped: a date as in Brazil",
        every("orders", cell("order_approved_at", brazilian_date)),
        "typed(order_approved_at)",
        "row 1:",
    ),
    _bronze(
        "retyped: an epoch",
        every("order_reviews", cell("review_creation_date", lambda t: "1514764800")),
        "typed(review_creation_date)",
    ),
    _bronze(
        "decimal comma", every("order_items", cell("price", lambda t: t.replace(".", ","))), "typed(price)", "row 1:"
    ),
    _bronze("a currency sign", every("order_payments", cell("payment_value", "R$ {}".format)), "typed(payment_value)"),
    _bronze("a count as a decimal", every("order_reviews", cell("review_score", "{}.0".format)), "typed(review_score)"),
    _bronze(
        "zip prefixes without leading zeros",
        every("customers", cell("customer_zip_code_prefix", lambda t: t.lstrip("0"))),
        "shaped(customer_zip_code_prefix)",
    ),
    _bronze("ids in upper case", every("orders", cell("order_id", str.upper)), "shaped(order_id)", "overlap"),
    _bronze("ids as UUIDs", every("products", cell("product_id", lambda t: f"{t[:8]}-{t[8:]}")), "shaped(product_id)"),
    _bronze("a column emptied", every("customers", cell("customer_state", lambda t: "")), "present(customer_state)"),
    _bronze("blanks for a column", every("order_items", cell("seller_id", lambda t: "   ")), "present(seller_id)"),
    _bronze(
        "an optional column emptied",
        every("orders", cell("order_delivered_customer_date", lambda t: "")),
        "present(order_delivered_customer_date)",
    ),
    _bronze(
        "a constant column", every("customers", cell("customer_city", lambda t: "sao paulo")), "varies(customer_city)"
    ),
    _bronze(
        "labels exchanged: orders' ids",
        header("orders", swapped("order_id", "customer_id")),
        "overlap(customer_id in customers.customer_id)",
        "row 1:",
    ),
    _bronze(
        "labels exchanged: persons",
        header("customers", swapped("customer_id", "customer_unique_id")),
        "overlap(customer_id in customers.customer_id)",
    ),
    _bronze(
        "labels exchanged: items' ids",
        header("order_items", swapped("product_id", "seller_id")),
        "overlap(product_id in products.product_id)",
    ),
    _bronze(
        "labels exchanged: languages",
        header("category_translations", lambda h: h[::-1]),
        "overlap(product_category_name",
    ),
    # Rows
    _bronze("half the orders", rows_of("orders", halved), "overlap(order_id in orders.order_id)", "row 2"),
    _bronze("half the customers", rows_of("customers", halved), "overlap(customer_id in customers.customer_id)"),
    _bronze("half the items", rows_of("order_items", first_half), "coverage(orders.order_id by order_id)"),
    _bronze("half the payments", rows_of("order_payments", halved), "coverage(orders.order_id by order_id)"),
    _bronze("half the reviews", rows_of("order_reviews", halved), "coverage(orders.order_id by order_id)"),
    _bronze("half the products", rows_of("products", halved), "overlap(product_id in products.product_id)"),
    _bronze("half the geolocation", rows_of("geolocation", halved), "not_shrunk", late=True),
    _bronze("doubled orders", rows_of("orders", doubled), "repeated_rows", "olist_orders_dataset.csv rows 1, "),
    _bronze("doubled geolocation", rows_of("geolocation", doubled), "repeated_rows"),
    _bronze(
        "a key that stands twice",
        rows_of("orders", key_again("order_status", "canceled")),
        "contradicting_rows",
        "rows 1, ",
    ),
]

VALUES = [
    _silver(
        "a key that is missing",
        one("order_items", cell("product_id", lambda t: "")),
        "valid(product_id)",
        "row 8: missing",
    ),
    _silver("a key of blanks", one("orders", cell("order_id", lambda t: "  ")), "valid(order_id)", "row 8: missing"),
    _silver(
        "a broken relation",
        one("order_items", cell("product_id", lambda t: NOWHERE)),
        "valid(product_id)",
        "row 8: orphan",
        NOWHERE,
    ),
    _silver(
        "a code outside its domain",
        one("orders", cell("order_status", lambda t: "returned")),
        "valid(order_status)",
        "row 8: outside_domain",
        "returned",
    ),
    _silver(
        "a state that is none", one("customers", cell("customer_state", lambda t: "XX")), "valid(customer_state)", "XX"
    ),
    _silver(
        "a negative price", one("order_items", cell("price", "-{}".format)), "valid(price)", "row 8: outside_range"
    ),
    _silver(
        "a payment that is no number",
        one("order_payments", cell("payment_value", lambda t: "abc")),
        "valid(payment_value)",
        "not_a_number",
        "abc",
    ),
    _silver(
        "scores from 0 to 10",
        every("order_reviews", cell("review_score", lambda t: str(2 * int(t)))),
        "valid(review_score)",
        "outside_range",
    ),
    _silver(
        "points in the ocean",
        every("geolocation", lambda row: row | OCEAN, step=500),
        "valid(geolocation_lng)",
        "outside_range",
    ),
    _silver(
        "points in the ocean, within bounds",
        every("geolocation", lambda row: row | {"geolocation_lat": "-33.0", "geolocation_lng": "-29.5"}, step=50),
        "near_its_state",
    ),
    _silver(
        "latitude and longitude exchanged",
        header("geolocation", swapped("geolocation_lat", "geolocation_lng")),
        "outside_range",
    ),
    _silver(
        "city and state exchanged", every("sellers", exchanged("seller_city", "seller_state")), "valid(seller_state)"
    ),
    _silver(
        "delivered before it was bought",
        one("orders", lambda r: r | {"order_delivered_customer_date": "2016-01-01 00:00:00"}),
        "delivered_after_purchase",
        "order_id=",
    ),
    _silver(
        "approved before it was bought",
        one("orders", lambda r: r | {"order_approved_at": "2016-01-01 00:00:00"}),
        "approved_after_purchase",
    ),
    _silver(
        "moments exchanged",
        header("orders", swapped("order_delivered_carrier_date", "order_delivered_customer_date")),
        "timestamps_in_order",
    ),
    _silver(
        "purchase and promise exchanged",
        header("orders", swapped("order_purchase_timestamp", "order_estimated_delivery_date")),
        "promised_after_purchase",
    ),
    _silver(
        "price and freight exchanged", header("order_items", swapped("price", "freight_value")), "freight_below_price"
    ),
    _silver("prices in cents", every("order_items", cell("price", cents)), "paid_what_was_sold", "order_id="),
    _silver("payments in cents", every("order_payments", cell("payment_value", cents)), "paid_what_was_sold"),
    _silver(
        "all money in cents",
        together(
            every("order_items", cell("price", cents)),
            every("order_items", cell("freight_value", cents)),
            every("order_payments", cell("payment_value", cents)),
        ),
        "typical_price",
    ),
    _silver("orders of the future", every("orders", shifted(3650, *ORDER_TIMES)), "nothing_in_the_future"),
    _silver("orders a year late", every("orders", shifted(365, *ORDER_TIMES)), "surveyed_after_purchase"),
    _silver("orders of the last century", every("orders", shifted(-36500, *ORDER_TIMES)), "purchased_this_century"),
    _bronze(
        "instalments and positions exchanged",
        every("order_payments", exchanged("payment_sequential", "payment_installments")),
        "contradicting_rows",
    ),
    _bronze(
        "title and comment exchanged",
        header("order_reviews", swapped("review_comment_title", "review_comment_message")),
        "present(review_comment_message)",
    ),
    _silver(
        "survey and answer exchanged",
        header("order_reviews", swapped("review_creation_date", "review_answer_timestamp")),
        "answered_after_survey",
    ),
    _silver(
        "one state for another",
        every("customers", cell("customer_state", lambda t: "RJ" if t == "SP" else t)),
        "state_of_its_zip",
    ),
    _silver(
        "weights in kilograms",
        every("products", cell("product_weight_g", lambda t: t and str(int(t) // 1000))),
        "typical_weight",
    ),
    _silver(
        "length and height exchanged",
        header("products", swapped("product_length_cm", "product_height_cm")),
        "longer_than_high",
    ),
    _silver(
        "name and description exchanged",
        header("products", swapped("product_name_lenght", "product_description_lenght")),
        "described_at_length",
    ),
    _silver(
        "everything delivered",
        every("orders", cell("order_status", lambda t: "delivered" if t != "canceled" else t)),
        "delivered_with",
    ),
]

# What passes every check of a single column: it is the columns, rows and tables that no longer belong together.
PLAUSIBLE = [
    _bronze("a header inside", content("geolocation", header_inside), "one_header", "rows "),
    _bronze("another delimiter", content("sellers", lambda data: data.replace(b",", b";")), "sellers"),
    _bronze("a footer", content("order_payments", lambda data: data + b"(103886 rows)\n"), "order_payments"),
    _bronze("UTF-16", content("customers", lambda data: data.decode().encode("utf-16")), "customers"),
    _bronze(
        "the file of another table",
        in_place_of("sellers", "products"),
        "missing seller_id",
    ),
    _bronze(
        "NULL written out",
        every("order_reviews", cell("review_comment_title", lambda t: t or "NULL")),
        "told(review_comment_title)",
        "row 1: NULL",
    ),
    _bronze(
        "nan written out",
        every("products", cell("product_category_name", lambda t: t or "nan"), step=1),
        "told(product_category_name)",
    ),
    _bronze("ids cut short", every("order_items", cell("order_id", lambda t: t[:16])), "shaped(order_id)"),
    _bronze("ids reversed", every("order_items", cell("order_id", lambda t: t[::-1])), "overlap(order_id"),
    _bronze("dates alone", every("orders", cell("order_purchase_timestamp", lambda t: t[:10])), "typed"),
    _bronze(
        "dates of ISO 8601", every("order_items", cell("shipping_limit_date", lambda t: t.replace(" ", "T"))), "typed"
    ),
    _bronze("states in full", every("sellers", cell("seller_zip_code_prefix", "{}-000".format)), "shaped"),
    _bronze(
        "accents lost in most comments",
        every(
            "order_reviews",
            cell("review_comment_message", lambda t: t if len(t) > 120 else t.encode("ascii", "ignore").decode()),
        ),
        "accented(review_comment_message)",
    ),
    _bronze("reviews of the first days", rows_of("order_reviews", lambda rows: rows[: len(rows) * 4 // 5]), "coverage"),
    _silver("purchases at midnight", every("orders", at_midnight("order_purchase_timestamp")), "moments_have_a_time"),
    _silver(
        "answers at midnight", every("order_reviews", at_midnight("review_answer_timestamp")), "answered_at_a_time"
    ),
    _silver("limits at midnight", every("order_items", at_midnight("shipping_limit_date")), "limited_to_a_time"),
    _silver(
        "day and month exchanged",
        every("order_items", cell("shipping_limit_date", day_for_month)),
        "shipped_before_promise",
    ),
    _silver(
        "promised for the day of purchase",
        every("orders", copied("order_estimated_delivery_date", "order_purchase_timestamp")),
        "promised_for_a_day",
    ),
    _silver(
        "delivered when handed over",
        every("orders", copied("order_delivered_customer_date", "order_delivered_carrier_date")),
        "moments_differ",
    ),
    _silver(
        "a decimal point lost in one cell",
        one("order_items", cell("price", lambda t: f"{float(t) * 100:.2f}")),
        "paid_in_proportion",
        "order_id=",
    ),
    _silver("a fantastic price", one("order_items", cell("price", lambda t: "9999999.99")), "valid(price)", "row 8:"),
    _silver(
        "money in another currency",
        together(
            every("order_items", scaled(1 / 5.2, "price", "freight_value")),
            every("order_payments", scaled(1 / 5.2, "payment_value")),
        ),
        "typical_",
    ),
    _silver(
        "prices without cents",
        every("order_items", cell("price", lambda t: f"{int(float(t))}.00")),
        "paid_what_was_sold",
    ),
    _silver(
        "some prices and freights exchanged",
        every("order_items", exchanged("price", "freight_value"), step=10),
        "freight_below_price",
    ),
    _silver("sellers a row further down", rows_of("order_items", moved_down("seller_id")), "sellers_per_product"),
    _silver("products a row further down", rows_of("order_items", moved_down("product_id")), "sellers_per_product"),
    _silver("weights a row further down", rows_of("products", moved_down("product_weight_g")), "weight_follows_size"),
    _silver("customers a row further down", rows_of("orders", moved_down("customer_id")), "farther_takes_longer"),
    _silver("scores a row further down", rows_of("order_reviews", moved_down("review_score")), "late_is_worse"),
    _silver("cities a row further down", rows_of("customers", moved_down("customer_city")), "city_of_its_zip"),
    _silver("zips a row further down", rows_of("sellers", moved_down("seller_zip_code_prefix")), "_of_its_zip"),
    _silver(
        "scores upside down", every("order_reviews", cell("review_score", lambda t: str(6 - int(t)))), "typical_score"
    ),
    _silver(
        "comments cut", every("order_reviews", cell("review_comment_message", lambda t: t[:40])), "longest_comment"
    ),
    _bronze(
        "reviews named by their order", every("order_reviews", copied("review_id", "order_id")), "contradicting_rows"
    ),
    _silver(
        "persons named by their order",
        every("customers", copied("customer_unique_id", "customer_id")),
        "a_person_is_no_order",
    ),
    _silver(
        "weight and description exchanged",
        header("products", swapped("product_weight_g", "product_description_lenght")),
        "weight_follows_size",
    ),
    _silver(
        "lengths in millimetres",
        every("products", cell("product_length_cm", lambda t: t and f"{t}0")),
        "typical_length",
    ),
    _silver(
        "cubes",
        every(
            "products",
            lambda row: row | dict.fromkeys(("product_height_cm", "product_width_cm"), row["product_length_cm"]),
        ),
        "sides_differ",
    ),
    _bronze(
        "coordinates without decimals",
        every("geolocation", lambda row: row | {c: f"{float(row[c]):.1f}" for c in OCEAN}),
        "repeated_rows",
    ),
    _silver(
        "coordinates a row further down",
        rows_of("geolocation", moved_down("geolocation_lat", "geolocation_lng")),
        "near_its_zip",
    ),
    _silver(
        "the north for the south",
        every("geolocation", cell("geolocation_lat", lambda t: str(-float(t)))),
        "outside_range",
    ),
    _silver(
        "one language for both",
        every("category_translations", copied("product_category_name_english", "product_category_name")),
        "two_languages",
    ),
    _silver(
        "a few payments missing",
        rows_of("order_payments", lambda rows: [r for n, r in enumerate(rows) if n % 40]),
        "paid",
    ),
]

CORRUPTIONS = [*FILE_AND_COLUMNS, *VALUES, *PLAUSIBLE]
