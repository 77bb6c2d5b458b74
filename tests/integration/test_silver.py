"""Silver on small data: its form is the contracts', its values are cleaned as promised, and nothing passes the audit that breaks a rule."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from conftest import Platform
from databases import owned_platform
from deliveries import Row, published, read_rows, succeed, without_promises, write_rows
from olist import pipeline
from olist.contracts import Contract
from olist.warehouse import embedded

CITIES = [
    # (as delivered, its state, as published)
    ("São Paulo - SP", "SP", "sao paulo"),
    ("sao paulo / sao paulo", "SP", "sao paulo"),
    ("SAO  PAULO", "SP", "sao paulo"),
    ("  São Paulo ", "SP", "sao paulo"),
    ("Sa\u0303o Paulo", "SP", "sao paulo"),  # the accent as a character of its own
    ("são paulo sp", "SP", "sao paulo"),
    ("sao paulo\\sp", "SP", "sao paulo"),
    ("auriflama/sp", "SP", "auriflama"),
    ("andira-pr", "PR", "andira"),
    ("andira-pr", "SP", "andira pr"),  # a suffix that is not its state may be part of the name
    ("rio de janeiro, rio de janeiro, brasil", "RJ", "rio de janeiro"),
    ("rio de janeiro", "RJ", "rio de janeiro"),
    ("arraial d'ajuda (porto seguro)", "BA", "arraial d ajuda"),
    ("santa barbara d´oeste", "SP", "santa barbara d oeste"),
    ("santa bárbara d'oeste", "SP", "santa barbara d oeste"),
    ("embu-guaçu", "SP", "embu guacu"),
    ("EMBU GUAÇU", "SP", "embu guacu"),
    ("ipaussu", "SP", "ipaussu"),
    ("pa", "PA", "pa"),
    ("4º centenario", "MS", "4 centenario"),
    ("04482255", "SP", None),
    ("vendas@creditparts.com.br", "PR", None),
    ("???", "SP", None),
    ("  ", "SP", None),
    ("maceió", "al", "maceio"),
]
PREFIX = "00017"
POINTS = [("-10.5", "-50.25"), ("-10.7", "-50.35"), ("-11.0", "-51.0"), ("-10.6", "-50.30")]
MEDIAN = (-10.65, -50.325)

Published = tuple[Platform, Path, pipeline.Report]


@pytest.fixture(scope="module")
def built(server: embedded.Server, small_folder: Path, session_folder: Path) -> Iterator[Published]:
    """Silver of a delivery with known oddities: the platform, the CSVs, the report."""
    folder = Path(shutil.copytree(small_folder, session_folder / "silver"))
    _make_odd(folder)
    with owned_platform(server) as platform:
        tolerant = without_promises(platform.home)
        succeed(pipeline.ingest(platform.settings(folder, contracts=tolerant)))
        yield platform, folder, succeed(pipeline.silver(platform.settings(contracts=tolerant)))


@pytest.fixture
def platform(built: Published) -> Platform:
    return built[0]


def _make_odd(folder: Path) -> None:
    customers = read_rows(folder, "customers")
    for row, (city, state, _) in zip(customers, CITIES, strict=False):
        row |= {"customer_city": city, "customer_state": state}
    customers[-1]["customer_zip_code_prefix"] = PREFIX
    customers[-2]["customer_zip_code_prefix"] = "00000"  # nothing is there
    write_rows(folder, "customers", customers)

    geolocation = read_rows(folder, "geolocation")
    for lat, lng in POINTS:
        spellings = ("Uma Cidade", "uma cidade", "UMA CIDADE - TO", "uma cidade")
        geolocation += [_place(PREFIX, lat, lng, city, "TO") for city in spellings]
    geolocation.append(_place(PREFIX, "48.85", "2.35", "paris", "TO"))
    geolocation.append(_place(PREFIX, "-10.9", "-50.9", "04482255", "TO"))
    write_rows(folder, "geolocation", geolocation)

    items = read_rows(folder, "order_items")
    write_rows(folder, "order_items", [*items, items[0], items[0]])

    payments = read_rows(folder, "order_payments")
    payments.append(payments[0] | {"payment_value": "0.01"})
    write_rows(folder, "order_payments", payments)

    reviews = read_rows(folder, "order_reviews")
    for row, (title, message) in zip(reviews, [(" \t", ""), ("", " Ótimo \n"), ("a", " "), ("", "")], strict=False):
        row |= {"review_comment_title": title, "review_comment_message": message}
    write_rows(folder, "order_reviews", reviews)


def _place(prefix: str, lat: str, lng: str, city: str, state: str) -> Row:
    values = {"zip_code_prefix": prefix, "lat": lat, "lng": lng, "city": city, "state": state}
    return {f"geolocation_{name}": value for name, value in values.items()}


# Form


def test_the_columns_and_their_types_are_the_contracts(platform: Platform, contracts: dict[str, Contract]) -> None:
    rows = platform.query(
        "SELECT attrelid::regclass::text, attname::text, format_type(atttypid, atttypmod), attnotnull"
        " FROM pg_attribute WHERE attrelid IN (SELECT c.oid FROM pg_class AS c"
        " WHERE relnamespace = 'silver'::regnamespace AND relkind = 'r') AND attnum > 0 AND NOT attisdropped ORDER BY 1, attnum"
    )
    found: dict[str, list[tuple[str, str, bool]]] = {}
    for table, column, kind, required in rows:
        found.setdefault(table, []).append((column, kind.removesuffix(" without time zone"), required))
    assert found.pop("silver.rejects")
    assert found == {
        f"silver.{c.table}": [(col.name, col.physical_type, col.required) for col in c.columns]
        for c in contracts.values()
    }


def test_money_is_numeric_moments_are_timestamps_and_zip_prefixes_are_text(platform: Platform) -> None:
    rows = platform.query(
        "SELECT column_name, data_type, numeric_precision, numeric_scale FROM information_schema.columns WHERE table_schema = 'silver'"
    )
    kinds = {name: (kind, precision, scale) for name, kind, precision, scale in rows}
    for name in ("price", "freight_value", "payment_value"):
        assert kinds[name] == ("numeric", 12, 2)
    for name in ("order_purchase_timestamp", "shipping_limit_date", "review_answer_timestamp"):
        assert kinds[name][0] == "timestamp without time zone"
    assert {kind for name, (kind, *_) in kinds.items() if name.endswith("zip_code_prefix")} == {"text"}


def test_primary_and_foreign_keys_stand(platform: Platform, contracts: dict[str, Contract]) -> None:
    rows = platform.query(
        "SELECT conrelid::regclass::text, pg_get_constraintdef(oid), convalidated FROM pg_constraint"
        " WHERE connamespace = 'silver'::regnamespace AND contype IN ('p', 'f')"
    )
    assert all(validated for *_, validated in rows)
    keys = {table: text for table, text, _ in rows if text.startswith("PRIMARY")}
    assert keys == {f"silver.{c.table}": f"PRIMARY KEY ({', '.join(c.key)})" for c in contracts.values()}
    assert sorted((table, text) for table, text, _ in rows if text.startswith("FOREIGN")) == [
        (f"silver.{child}", f"FOREIGN KEY ({column}) REFERENCES silver.{parent}({column})")
        for child, column, parent in [
            ("order_items", "order_id", "orders"),
            ("order_items", "product_id", "products"),
            ("order_items", "seller_id", "sellers"),
            ("order_payments", "order_id", "orders"),
            ("order_reviews", "order_id", "orders"),
            ("orders", "customer_id", "customers"),
        ]
    ]


def test_every_table_and_column_says_what_it_is(platform: Platform, contracts: dict[str, Contract]) -> None:
    rows = platform.query(
        "SELECT c.relname::text, a.attname::text, col_description(c.oid, a.attnum), obj_description(c.oid, 'pg_class')"
        " FROM pg_class AS c INNER JOIN pg_attribute AS a ON c.oid = a.attrelid AND a.attnum > 0"
        " WHERE c.relnamespace = 'silver'::regnamespace AND c.relkind = 'r'"
    )
    found = {(table, column): description for table, column, description, _ in rows if table != "rejects"}
    assert found == {(c.table, col.name): col.description for c in contracts.values() for col in c.columns}
    assert all(found.values())
    about = {table: text for table, _, _, text in rows}
    assert all(contract.grain in about[table] for table, contract in contracts.items())


# Values


def test_every_spelling_of_a_city_becomes_its_one_name(built: Published) -> None:
    platform, folder, _ = built
    cities = dict(platform.query("SELECT customer_id, customer_city FROM silver.customers"))
    ids = [row["customer_id"] for row in read_rows(folder, "customers")]
    found = [(text, state, cities[key]) for key, (text, state, _) in zip(ids, CITIES, strict=False)]
    assert found == CITIES


def test_states_are_two_capital_letters(platform: Platform) -> None:
    states = "SELECT customer_state FROM silver.customers UNION SELECT geolocation_state FROM silver.geolocation"
    assert all(state.isupper() and len(state) == 2 for (state,) in platform.query(states))


FLAGS: dict[tuple[str, str], Callable[[Row], bool]] = {
    ("orders", "is_delivered"): lambda r: r["order_status"] == "delivered",
    ("orders", "is_canceled"): lambda r: r["order_status"] == "canceled",
    ("orders", "has_delivery_date"): lambda r: r["order_delivered_customer_date"] != "",
    ("orders", "has_ordered_timestamps"): lambda r: (moments := _moments(r)) == sorted(moments),
    ("order_payments", "has_payment_type"): lambda r: r["payment_type"] != "not_defined",
    ("products", "has_category"): lambda r: r["product_category_name"] != "",
    ("products", "has_dimensions"): lambda r: all(
        r[f"product_{n}"] for n in ("weight_g", "length_cm", "height_cm", "width_cm")
    ),
    ("order_reviews", "has_comment"): lambda r: (r["review_comment_title"] + r["review_comment_message"]).strip() != "",
}


@pytest.mark.parametrize(("table", "flag"), FLAGS, ids=lambda name: name)
def test_flags_tell_the_kinds_of_unknown_apart(
    built: Published, contracts: dict[str, Contract], table: str, flag: str
) -> None:
    platform, folder, _ = built
    key = contracts[table].key
    rows = platform.query(f"SELECT {flag}, {', '.join(f'{name}::text' for name in key)} FROM silver.{table}")
    found = {tuple(values): value for value, *values in rows}
    expected = {tuple(r[name] for name in key): FLAGS[table, flag](r) for r in read_rows(folder, table)}
    assert found == {values: expected[values] for values in found}
    assert set(found.values()) == {True, False}, "the data must show both"


def _moments(row: Row) -> list[str]:
    names = ("purchase_timestamp", "approved_at", "delivered_carrier_date", "delivered_customer_date")
    return [row[f"order_{name}"] for name in names if row[f"order_{name}"]]


def test_flags_that_look_at_other_rows_do_so(built: Published) -> None:
    platform, folder, _ = built
    translated = {r["product_category_name"] for r in read_rows(folder, "category_translations")}
    products = platform.query("SELECT product_category_name, has_category_translation FROM silver.products")
    assert {has for _, has in products} == {True, False}
    assert all(has is (name in translated) for name, has in products)
    ids = Counter(r["review_id"] for r in read_rows(folder, "order_reviews"))
    reviews = platform.query("SELECT review_id, is_shared_review FROM silver.order_reviews")
    assert {shared for _, shared in reviews} == {True, False}
    assert all(shared is (ids[review] > 1) for review, shared in reviews)


def test_text_is_trimmed_and_what_was_only_blanks_is_null(built: Published) -> None:
    platform, folder, _ = built
    ids = [r["review_id"] for r in read_rows(folder, "order_reviews")[:4]]
    rows = platform.query("SELECT review_id, review_comment_title, review_comment_message FROM silver.order_reviews")
    comments = {review: (title, message) for review, title, message in rows}
    assert [comments[review] for review in ids] == [(None, None), (None, "Ótimo"), ("a", None), (None, None)]


def test_a_point_stays_once_and_its_median_enriches(built: Published) -> None:
    platform, folder, _ = built
    rows = platform.query(
        f"SELECT geolocation_lat, geolocation_lng, geolocation_city FROM silver.geolocation WHERE geolocation_zip_code_prefix = '{PREFIX}'"
    )
    assert sorted(rows) == sorted((float(lat), float(lng), "uma cidade") for lat, lng in POINTS)
    *_, nowhere, there = (r["customer_id"] for r in read_rows(folder, "customers"))
    customers = platform.query(
        "SELECT customer_id, customer_latitude, customer_longitude, has_geolocation FROM silver.customers"
    )
    by_id = {key: rest for key, *rest in customers}
    assert by_id[there] == [pytest.approx(MEDIAN[0]), pytest.approx(MEDIAN[1]), True]
    assert by_id[nowhere] == [None, None, False]


def test_rows_alike_count_once_and_rows_that_contradict_each_other_are_rejected(built: Published) -> None:
    platform, folder, report = built
    silver = published(report)
    assert (silver["order_items"].superseded, silver["order_items"].rejected) == (2, 0)
    assert (silver["order_payments"].superseded, silver["order_payments"].rejected) == (0, 2)
    order = read_rows(folder, "order_payments")[0]
    kept = "SELECT count(*) FROM silver.order_payments WHERE (order_id, payment_sequential) = ('{order_id}', {payment_sequential})"
    assert platform.query(kept.format(**order)) == [(0,)]


def test_every_reject_names_its_reason_column_value_file_and_row(built: Published) -> None:
    platform, folder, report = built
    rejects: list[tuple[Any, ...]] = platform.query(
        "SELECT table_name, reason, column_name, value, source_file, source_row FROM silver.rejects ORDER BY table_name, source_row"
    )
    places, payments = len(read_rows(folder, "geolocation")), len(read_rows(folder, "order_payments"))
    ours = [r for r in rejects if r[0] == "order_payments" or r[5] > places - 2]
    file, key = "olist_order_payments_dataset.csv", "order_id, payment_sequential"
    assert ours == [
        ("geolocation", "outside_range", "geolocation_lat", "48.85", "olist_geolocation_dataset.csv", places - 1),
        ("geolocation", "not_standardisable", "geolocation_city", None, "olist_geolocation_dataset.csv", places),
        ("order_payments", "conflicting_duplicate", key, None, file, 1),
        ("order_payments", "conflicting_duplicate", key, None, file, payments),
    ]
    assert len(rejects) == sum(row.rejected for row in published(report).values())
