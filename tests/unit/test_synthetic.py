"""The synthetic data set: the same bytes for the same arguments, what its contracts say, and every fault of the real one, counted."""

from __future__ import annotations

import csv
import re
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow.csv
import pytest

from olist.contracts import Column, Contract, Reference, load_contracts
from olist.errors import ConfigurationError, ContractError
from olist.settings import PROJECT
from olist.source.synthetic import generate
from olist.source.synthetic.draws import LEVELS, Draws, allot, at, ranked

Row = dict[str, str]
Tables = dict[str, list[Row]]
Contracts = dict[str, Contract]

SCALE = 0.05

PLAIN = load_contracts(PROJECT / "contracts")["category_translations"].columns[1]
"""A column of text without key or domain."""

GOLDEN_DRAWS = [[6865126351452519521, 5932845149231722031], [58, 491, 147, 204], [3, 2, 0, 4, 1]]
GOLDEN_CURVE = [2.344734532897792, 8.06950174904877]
"""Found on x86-64, numpy 2.4."""


def read(folder: Path, contracts: Mapping[str, Contract]) -> Tables:
    """The rows by the source's headers, as Python's csv module reads them."""
    tables = {}
    for name, contract in contracts.items():
        with (folder / contract.file_name).open(encoding="utf-8-sig", newline="") as file:
            tables[name] = list(csv.DictReader(file, strict=True))
    return tables


def digests(folder: Path) -> dict[str, str]:
    return {path.name: sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


def scaled(base: int, scale: float = SCALE) -> int:
    """How often a fault that the real data has `base` times is to be found."""
    return max(round(base * scale), 1)


@pytest.fixture(scope="module")
def written(contracts: Contracts, session_folder: Path) -> Path:
    folder = session_folder / "synthetic"
    generate(contracts, folder, scale=SCALE, seed=5)
    return folder


@pytest.fixture(scope="module")
def tables(contracts: Contracts, written: Path) -> Tables:
    return read(written, contracts)


class TestBytes:
    def test_another_process_writes_the_same(self, written: Path, folder: Path) -> None:
        script = (
            "import sys; from pathlib import Path; from olist.contracts import load_contracts\n"
            "from olist.source.synthetic import generate\n"
            f"generate(load_contracts(Path(sys.argv[1])), Path(sys.argv[2]), scale={SCALE}, seed=5)"
        )
        command = [sys.executable, "-c", script, str(PROJECT / "contracts"), str(folder / "again")]
        subprocess.run(command, env={"PYTHONHASHSEED": "77", "PYTHONPATH": str(PROJECT / "src")}, check=True)
        assert digests(folder / "again") == digests(written)

    def test_another_seed_changes_every_file_but_the_translations(
        self, contracts: Contracts, written: Path, folder: Path
    ) -> None:
        generate(contracts, folder, scale=SCALE, seed=6)
        mine, other = digests(written), digests(folder)
        assert mine.keys() == other.keys()
        assert [name for name in mine if mine[name] == other[name]] == ["product_category_name_translation.csv"]

    def test_headers_are_the_contracts(self, contracts: Contracts, written: Path) -> None:
        for contract in contracts.values():
            with (written / contract.file_name).open(encoding="utf-8-sig", newline="") as file:
                assert tuple(next(csv.reader(file))) == contract.header
        assert {path.name for path in written.iterdir()} == {c.file_name for c in contracts.values()}

    def test_the_translations_alone_begin_with_a_byte_order_mark(self, written: Path) -> None:
        marked = [path.name for path in written.iterdir() if path.read_bytes().startswith(b"\xef\xbb\xbf")]
        assert marked == ["product_category_name_translation.csv"]

    def test_a_line_feed_ends_every_row(self, written: Path) -> None:
        for path in written.iterdir():
            outside_of_quotes = b"".join(path.read_bytes().split(b'"')[::2])
            assert outside_of_quotes.endswith(b"\n")
            assert b"\r" not in outside_of_quotes

    def test_other_readers_find_the_same_rows(self, contracts: Contracts, written: Path, tables: Tables) -> None:
        path = written / contracts["order_reviews"].file_name
        expected = [row["review_comment_message"] or None for row in tables["order_reviews"]]
        options = pyarrow.csv.ConvertOptions(strings_can_be_null=True, quoted_strings_can_be_null=False)
        parsed = pyarrow.csv.read_csv(
            path, parse_options=pyarrow.csv.ParseOptions(newlines_in_values=True), convert_options=options
        )
        assert [m or None for m in parsed["review_comment_message"].cast("string").to_pylist()] == expected
        query = "SELECT review_comment_message FROM read_csv(?, all_varchar = true, parallel = false)"
        assert [m for (m,) in duckdb.connect().execute(query, [str(path)]).fetchall()] == expected

    def test_each_table_is_announced_with_its_rows(self, contracts: Contracts, tables: Tables, folder: Path) -> None:
        announced: list[tuple[str, int]] = []
        rows = generate(
            contracts, folder / "new" / "folder", scale=SCALE, seed=5, on_table=lambda *t: announced.append(t)
        )
        assert dict(announced) == rows == {name: len(found) for name, found in tables.items()}

    def test_a_generator_that_dies_leaves_no_half_file(
        self, contracts: Contracts, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        whole = pyarrow.csv.write_csv

        def half(table: Any, file: Any, options: Any) -> None:
            whole(table.slice(0, 10), file, options)
            if table.num_rows > 100:
                raise OSError("no space left on device")

        monkeypatch.setattr(pyarrow.csv, "write_csv", half)
        with pytest.raises(OSError, match="no space"):
            generate(contracts, folder, scale=0.01)
        assert {path.name for path in folder.iterdir()} <= {"product_category_name_translation.csv"}


class TestDraws:
    def test_the_streams_are_those_of_every_other_machine(self) -> None:
        draws = Draws(7).within("here")
        found = [draws.bits("a", 2).tolist(), draws.below("b", 4, 1000).tolist(), draws.shuffle("c", 5).tolist()]
        assert found == GOLDEN_DRAWS
        assert draws.curve("d", 2, range(len(LEVELS))).tolist() == GOLDEN_CURVE

    def test_a_name_has_a_stream_of_its_own(self) -> None:
        draws = Draws(7)
        assert draws.within("x").bits("y", 3).tolist() != draws.within("y").bits("x", 3).tolist()
        assert draws.bits("x", 3).tolist() == draws.bits("x", 5).tolist()[:3]

    @pytest.mark.parametrize("weights", [[1, 2, 3], [0, 0], [0, 5, 0], [7], [3] * 10])
    @pytest.mark.parametrize("total", [0, 1, 2, 9, 1000])
    @pytest.mark.parametrize("minimum", [0, 1, 2])
    def test_shares_add_up(self, weights: list[int], total: int, minimum: int) -> None:
        shares = allot(total, weights, minimum)
        assert shares.sum() == total
        assert shares.min() >= (minimum if total >= minimum * len(weights) else 0)
        rest, weight = total - minimum * len(weights), sum(weights)
        if rest >= 0 and weight:
            exact = [minimum + rest * w / weight for w in weights]
            assert max(abs(s - e) for s, e in zip(shares, exact, strict=True)) <= 1

    def test_ranks_give_a_curve_its_distribution(self) -> None:
        values = [float(v) ** 3 for v in range(len(LEVELS))]
        drawn = np.sort(at(values, ranked(Draws(1).bell("scores", 20_000))))
        for level, value in zip(LEVELS[2:-2], values[2:-2], strict=True):
            assert drawn[int(level * 20_000)] == pytest.approx(value, rel=0.01)


class TestContracts:
    def test_keys_are_unique(self, contracts: Contracts, tables: Tables) -> None:
        for name, contract in contracts.items():
            if name == "geolocation":
                continue
            sources = [c.source or "" for key in contract.key for c in contract.columns if c.name == key]
            keys = [tuple(row[source] for source in sources) for row in tables[name]]
            assert len(set(keys)) == len(keys), name

    def test_every_foreign_key_resolves(self, contracts: Contracts, tables: Tables) -> None:
        assert_references_resolve(contracts, tables)

    def test_every_value_is_allowed_by_its_contract(self, contracts: Contracts, tables: Tables) -> None:
        faults = faults_of(contracts, tables)
        assert faults.keys() <= {("geolocation", "geolocation_lat"), ("geolocation", "geolocation_lng")}
        abroad = [row for row in tables["geolocation"] if is_abroad(contracts, row)]
        assert len(abroad) == scaled(31)

    @pytest.mark.parametrize("scale", [1e-7, 0.0001, 0.001, 0.003, 0.01, 0.02])
    def test_tiny_sets_are_consistent(self, contracts: Contracts, folder: Path, scale: float) -> None:
        rows = generate(contracts, folder, scale=scale, seed=3)
        assert min(rows.values()) >= 1
        assert rows["orders"] == rows["customers"] == max(round(99_441 * scale), 1)
        small = read(folder, contracts)
        assert_references_resolve(contracts, small)
        assert all(table == "geolocation" for table, _ in faults_of(contracts, small))

    def test_new_columns_are_invented_from_type_and_domain(self, contracts: Contracts, folder: Path) -> None:
        new = (
            added("channel", "string", values=("app", "web"), required=True),
            added("coupon", "string", pattern=r"^[A-Z]{3}-\d{2,4}x?$"),
            added("note", "string"),
            added("clicks", "integer", minimum=3, maximum=5, required=True),
            added("margin", "number", minimum=-0.5, maximum=0.5),
            added("is_gift", "boolean"),
            added("packed_at", "timestamp", time_format="yyyy-MM-dd HH:mm:ss"),
            added("invoiced_on", "date", required=True),
            added(
                "first_seller",
                "string",
                reference=Reference("sellers", "seller_id", True, None),
                required=True,
            ),
        )
        evolved = contracts | {"orders": replace(contracts["orders"], columns=contracts["orders"].columns + new)}
        generate(evolved, folder / "a", scale=0.01)
        generate(evolved, folder / "b", scale=0.01)
        assert digests(folder / "a") == digests(folder / "b")
        found = read(folder / "a", evolved)
        assert tuple(found["orders"][0]) == evolved["orders"].header
        assert_references_resolve(evolved, found)
        assert not {column for table, column in faults_of(evolved, found) if table == "orders"}
        values = {c.name: [row[c.source or ""] for row in found["orders"]] for c in new}
        assert set(values["channel"]) == {"app", "web"}
        assert set(values["clicks"]) == {"3", "4", "5"}
        assert {v for v in values["is_gift"] if v} == {"true", "false"}
        assert all(len(set(values[c.name])) > 20 for c in new if c.logical_type in {"timestamp", "date", "number"})
        assert all(("" in values[c.name]) != c.required for c in new)

    def test_the_other_columns_do_not_notice_a_new_one(self, contracts: Contracts, folder: Path) -> None:
        column = added("channel", "string", values=("app", "web"))
        evolved = contracts | {
            "sellers": replace(contracts["sellers"], columns=(column, *contracts["sellers"].columns))
        }
        generate(contracts, folder / "old", scale=0.01)
        generate(evolved, folder / "new", scale=0.01)
        old, new = read(folder / "old", contracts), read(folder / "new", evolved)
        assert [{k: v for k, v in row.items() if k != "channel"} for row in new["sellers"]] == old["sellers"]
        assert {t: r for t, r in new.items() if t != "sellers"} == {t: r for t, r in old.items() if t != "sellers"}

    def test_renamed_and_dropped_columns_are_followed(self, contracts: Contracts, folder: Path) -> None:
        columns = [c for c in contracts["products"].columns if c.name != "product_photos_qty"]
        renamed = [replace(c, source="nome, ou título") if c.name == "product_name_length" else c for c in columns]
        products = replace(contracts["products"], columns=tuple(renamed), file_name="produtos.csv")
        generate(contracts | {"products": products}, folder, scale=0.01)
        with (folder / "produtos.csv").open(newline="") as file:
            header = next(csv.reader(file))
        assert tuple(header) == products.header
        assert "nome, ou título" in header
        assert "product_photos_qty" not in header

    def test_values_that_a_contract_adds_are_used_and_those_it_drops_are_not(
        self, contracts: Contracts, folder: Path
    ) -> None:
        evolved = with_values(contracts, "order_payments", "payment_type", add=("pix",), drop=("voucher",))
        evolved = with_values(evolved, "orders", "order_status", add=("returned",), drop=("approved",))
        evolved = with_values(evolved, "customers", "customer_state", drop=("RR",))
        generate(evolved, folder, scale=0.02)
        found = read(folder, evolved)
        means = {row["payment_type"] for row in found["order_payments"]}
        statuses = {row["order_status"] for row in found["orders"]}
        assert "pix" in means
        assert "voucher" not in means
        assert "returned" in statuses
        assert "approved" not in statuses
        assert "RR" not in {row["customer_state"] for row in found["customers"]}

    def test_coordinates_follow_the_contracts_bounds(self, contracts: Contracts, folder: Path) -> None:
        columns = (
            replace(c, maximum=-20.0) if c.name == "geolocation_lat" else c for c in contracts["geolocation"].columns
        )
        narrow = contracts | {"geolocation": replace(contracts["geolocation"], columns=tuple(columns))}
        generate(narrow, folder, scale=0.01)
        north = [row for row in read(folder, narrow)["geolocation"] if is_abroad(narrow, row)]
        assert len(north) == scaled(31, 0.01)

    @pytest.mark.parametrize(
        "column",
        [
            pytest.param({"logical_type": "array"}, id="type"),
            pytest.param({"logical_type": "string", "pattern": "^(a|b)+$"}, id="pattern"),
        ],
    )
    def test_a_column_that_cannot_be_invented_is_an_error_that_names_it(
        self, contracts: Contracts, folder: Path, column: dict[str, str]
    ) -> None:
        sellers = contracts["sellers"]
        columns = (*sellers.columns, added("odd_one", **column))
        with pytest.raises(ContractError, match="odd_one"):
            generate(contracts | {"sellers": replace(sellers, columns=columns)}, folder, scale=0.001)

    def test_other_tables_are_refused(self, contracts: Contracts, folder: Path) -> None:
        with pytest.raises(ContractError, match="stores"):
            generate(contracts | {"stores": replace(contracts["sellers"], table="stores")}, folder, scale=0.001)
        with pytest.raises(ContractError, match="sellers"):
            generate({t: c for t, c in contracts.items() if t != "sellers"}, folder, scale=0.001)

    @pytest.mark.parametrize(("scale", "seed"), [(0.0, 0), (-1.0, 0), (float("nan"), 0), (float("inf"), 0), (1.0, -1)])
    def test_impossible_arguments_are_refused(
        self, contracts: Contracts, folder: Path, scale: float, seed: int
    ) -> None:
        with pytest.raises(ConfigurationError):
            generate(contracts, folder, scale=scale, seed=seed)


class TestFaults:
    """Counts at scale 1 are the real data's, from its README or by counting."""

    def test_products_without_category_size_or_weight(self, tables: Tables) -> None:
        products = tables["products"]
        nameless = [p for p in products if not p["product_category_name"]]
        assert len(nameless) == scaled(610)
        assert all(not p["product_name_lenght"] and not p["product_photos_qty"] for p in nameless)
        assert sum(not p["product_weight_g"] for p in products) == scaled(2)
        assert sum(p["product_weight_g"] == "0" for p in products) == scaled(4)

    def test_two_categories_have_no_translation(self, tables: Tables) -> None:
        translated = {row["product_category_name"] for row in tables["category_translations"]}
        named = {row["product_category_name"] for row in tables["products"]} - {""}
        assert len(tables["category_translations"]) == 71
        assert len(named - translated) == 2

    def test_exact_duplicates_in_geolocation(self, tables: Tables) -> None:
        rows = [tuple(row.values()) for row in tables["geolocation"]]
        assert len(rows) - len(set(rows)) == scaled(261_831)
        assert max(Counter(rows).values()) > 5

    def test_points_abroad_lie_on_other_continents(self, contracts: Contracts, tables: Tables) -> None:
        abroad = [row for row in tables["geolocation"] if is_abroad(contracts, row)]
        assert len(abroad) == scaled(31)
        assert all(float(row["geolocation_lat"]) > 14 or float(row["geolocation_lat"]) < -34 for row in abroad)

    def test_zip_prefixes_keep_their_zeros(self, tables: Tables) -> None:
        for table, column in (
            ("geolocation", "geolocation_zip_code_prefix"),
            ("customers", "customer_zip_code_prefix"),
            ("sellers", "seller_zip_code_prefix"),
        ):
            share = sum(row[column].startswith("0") for row in tables[table]) / len(tables[table])
            assert 0.15 < share < 0.6

    def test_some_prefixes_are_not_in_geolocation(self, tables: Tables) -> None:
        mapped = {row["geolocation_zip_code_prefix"] for row in tables["geolocation"]}
        lost = {row["customer_zip_code_prefix"] for row in tables["customers"]} - mapped
        assert 0 < len(lost) <= scaled(157)
        assert sum(row["seller_zip_code_prefix"] not in mapped for row in tables["sellers"]) == scaled(7)

    def test_cities_in_several_spellings(self, tables: Tables) -> None:
        spelled = Counter(
            row["geolocation_city"] for row in tables["geolocation"] if row["geolocation_zip_code_prefix"] < "02"
        )
        assert spelled["sao paulo"] > spelled["são paulo"] > 0
        cities = [row["geolocation_city"] for row in tables["geolocation"]]
        assert 0.05 < sum(not c.isascii() for c in cities) / len(cities) < 0.12
        slips = sum(bool(re.search(r" - [a-z]{2}$|/[a-z]{2}$|  |£", city)) for city in cities)
        assert slips >= 5

    def test_sellers_who_misspell_their_city(self, tables: Tables) -> None:
        cities = [row["seller_city"] for row in tables["sellers"]]
        assert sum("@" in c or c.isdigit() for c in cities) == scaled(2)
        odd = [c for c in cities if not c.isascii() or re.search(r"[/(,]| - |  |@|\d|^ | $", c)]
        assert len(odd) >= 2

    def test_customers_spell_their_city_one_way(self, tables: Tables) -> None:
        assert all(re.fullmatch(r"[a-z' -]+", row["customer_city"]) for row in tables["customers"])

    def test_people_with_several_customer_ids(self, tables: Tables) -> None:
        people = Counter(row["customer_unique_id"] for row in tables["customers"])
        assert len(people) == scaled(96_096)
        assert len(tables["customers"]) == scaled(99_441)
        assert sum(n == 3 for n in people.values()) == scaled(203)
        prefixes = defaultdict(set)
        for row in tables["customers"]:
            prefixes[row["customer_unique_id"]].add(row["customer_zip_code_prefix"])
        assert sum(len(p) > 1 for p in prefixes.values()) == pytest.approx(scaled(250), abs=2)

    def test_orders_by_status(self, tables: Tables) -> None:
        found = Counter(row["order_status"] for row in tables["orders"])
        base = {"shipped": 1107, "canceled": 625, "unavailable": 609, "invoiced": 314, "processing": 301}
        base |= {"created": 5, "approved": 2}
        assert {s: found[s] for s in base} == {s: scaled(n) for s, n in base.items()}

    def test_orders_without_items_reviews_and_payment(self, tables: Tables) -> None:
        orders = {row["order_id"] for row in tables["orders"]}
        without = {
            t: orders - {r["order_id"] for r in tables[t]} for t in ("order_items", "order_reviews", "order_payments")
        }
        assert {t: len(o) for t, o in without.items()} == {
            "order_items": scaled(775),
            "order_reviews": scaled(768),
            "order_payments": 1,
        }
        statuses = {row["order_id"]: row["order_status"] for row in tables["orders"]}
        assert "delivered" not in {statuses[o] for o in without["order_items"]}

    @pytest.mark.parametrize(
        ("status", "unknown"),
        [
            ("delivered", (14, 2, 8)),
            ("canceled", (141, 550, 619)),
            ("shipped", (0, 0, 1107)),
            ("unavailable", (0, 609, 609)),
            ("invoiced", (0, 314, 314)),
            ("processing", (0, 301, 301)),
            ("approved", (0, 2, 2)),
            ("created", (5, 5, 5)),
        ],
    )
    def test_moments_are_absent_by_status(self, tables: Tables, status: str, unknown: tuple[int, ...]) -> None:
        orders = [row for row in tables["orders"] if row["order_status"] == status]
        columns = "order_approved_at", "order_delivered_carrier_date", "order_delivered_customer_date"
        assert [sum(not row[c] for row in orders) for c in columns] == [scaled(n) if n else 0 for n in unknown]

    def test_carriers_whose_clocks_are_wrong(self, tables: Tables) -> None:
        assert sum(later(r, "order_approved_at", "order_delivered_carrier_date") for r in tables["orders"]) == scaled(
            1359
        )
        early = (later(r, "order_purchase_timestamp", "order_delivered_carrier_date") for r in tables["orders"])
        assert sum(early) == pytest.approx(scaled(166), abs=1)
        late = (later(r, "order_delivered_carrier_date", "order_delivered_customer_date") for r in tables["orders"])
        assert sum(late) == pytest.approx(scaled(23), abs=1)
        assert not any(later(r, "order_purchase_timestamp", "order_approved_at") for r in tables["orders"])

    def test_several_items_in_an_order(self, tables: Tables) -> None:
        positions = defaultdict(list)
        for row in tables["order_items"]:
            positions[row["order_id"]].append(int(row["order_item_id"]))
        sizes = Counter(len(p) for p in positions.values())
        assert sizes[2] == pytest.approx(scaled(7516), abs=1)
        assert max(sizes) >= 6
        assert all(sorted(p) == list(range(1, len(p) + 1)) for p in positions.values())
        sellers = defaultdict(set)
        for row in tables["order_items"]:
            sellers[row["order_id"]].add(row["seller_id"])
        assert sum(len(s) > 1 for s in sellers.values()) > scaled(1278) / 2

    def test_one_product_has_one_price_within_an_order(self, tables: Tables) -> None:
        prices = defaultdict(set)
        for row in tables["order_items"]:
            prices[row["order_id"], row["product_id"]].add(row["price"])
        assert max(map(len, prices.values())) == 1

    def test_everything_in_the_catalogue_is_sold(self, tables: Tables) -> None:
        for table, column in (("products", "product_id"), ("sellers", "seller_id")):
            assert {r[column] for r in tables["order_items"]} == {r[column] for r in tables[table]}

    def test_items_with_free_freight(self, tables: Tables) -> None:
        free = sum(Decimal(row["freight_value"]) == 0 for row in tables["order_items"])
        assert free == pytest.approx(scaled(383), abs=3)

    def test_payments_of_nothing_and_without_instalments(self, tables: Tables) -> None:
        payments = tables["order_payments"]
        undefined = [p for p in payments if p["payment_type"] == "not_defined"]
        assert len(undefined) == scaled(3)
        assert all(Decimal(p["payment_value"]) == 0 for p in undefined)
        assert sum(Decimal(p["payment_value"]) == 0 for p in payments) == scaled(3) + scaled(6)
        assert sum(p["payment_installments"] == "0" for p in payments) == scaled(2)

    def test_several_payments_for_an_order(self, tables: Tables) -> None:
        parts = Counter(row["order_id"] for row in tables["order_payments"])
        assert sum(n > 1 for n in parts.values()) == scaled(2245) + scaled(427) + scaled(288)
        assert max(parts.values()) >= 10
        vouchers = sum(row["payment_type"] == "voucher" for row in tables["order_payments"])
        assert vouchers == pytest.approx(scaled(5775), rel=0.1)

    def test_payments_add_up_to_what_was_bought_but_for_a_few(self, tables: Tables) -> None:
        value: defaultdict[str, Decimal] = defaultdict(Decimal)
        paid: defaultdict[str, Decimal] = defaultdict(Decimal)
        for row in tables["order_items"]:
            value[row["order_id"]] += Decimal(row["price"]) + Decimal(row["freight_value"])
        for row in tables["order_payments"]:
            paid[row["order_id"]] += Decimal(row["payment_value"])
        off = [paid[o] - v for o, v in value.items() if o in paid and paid[o] != v]
        assert sum(abs(d) == Decimal("0.01") for d in off) == scaled(296)
        assert sum(d > Decimal("0.01") for d in off) == scaled(280)
        assert len(off) == scaled(296) + scaled(280)

    def test_reviews_that_stand_on_several_orders(self, tables: Tables) -> None:
        reviews = defaultdict(list)
        for row in tables["order_reviews"]:
            reviews[row["review_id"]].append(row)
        sizes = Counter(len(rows) for rows in reviews.values())
        assert (sizes[2], sizes[3], max(sizes)) == (scaled(764), scaled(25), 3)
        said = ("review_score", "review_comment_message", "review_creation_date", "review_answer_timestamp")
        assert all(len({tuple(row[c] for c in said) for row in rows}) == 1 for rows in reviews.values())
        customers = {row["customer_id"]: row["customer_unique_id"] for row in tables["customers"]}
        person = {row["order_id"]: customers[row["customer_id"]] for row in tables["orders"]}
        assert all(len({person[row["order_id"]] for row in rows}) == 1 for rows in reviews.values())

    def test_orders_that_were_reviewed_several_times(self, tables: Tables) -> None:
        times = Counter(Counter(row["order_id"] for row in tables["order_reviews"]).values())
        assert (times[2], times[3]) == (scaled(543), scaled(4))

    @pytest.mark.parametrize(
        ("found", "base"),
        [
            pytest.param(lambda m: "\n" in m, 3852, id="line ends"),
            pytest.param(lambda m: "\r\n" in m, 3852, id="carriage returns"),
            pytest.param(lambda m: '"' in m, 173, id="quotes"),
            pytest.param(lambda m: "," in m, 14_435, id="commas"),
            pytest.param(lambda m: not m.isascii(), 22_534, id="accents"),
            pytest.param(lambda m: m != m.strip(), 8_119, id="blanks around"),
        ],
    )
    def test_comments_hold_what_csv_readers_stumble_over(
        self, tables: Tables, found: Callable[[str], bool], base: int
    ) -> None:
        messages = [row["review_comment_message"] for row in tables["order_reviews"]]
        assert sum(map(found, messages)) > scaled(base) / 2

    def test_comments_of_nothing_but_blanks(self, tables: Tables) -> None:
        messages = [row["review_comment_message"] for row in tables["order_reviews"]]
        assert scaled(9) <= sum(bool(m) and not m.strip() for m in messages) <= scaled(9) + 2


def added(name: str, logical_type: str, **changes: Any) -> Column:
    """A column as a newer contract may have it."""
    plain = replace(PLAIN, name=name, source=name, logical_type=logical_type, required=False)
    return replace(plain, **changes)


def with_values(
    contracts: Contracts, table: str, name: str, *, add: Iterable[str] = (), drop: Iterable[str] = ()
) -> Contracts:
    """The contracts with other values allowed in one column."""
    columns = (
        replace(c, values=(*(v for v in c.values if v not in drop), *add)) if c.name == name else c
        for c in contracts[table].columns
    )
    return contracts | {table: replace(contracts[table], columns=tuple(columns))}


def assert_references_resolve(contracts: Contracts, tables: Tables) -> None:
    for name, contract in contracts.items():
        for column, parent in contract.references:
            source = next(c.source for c in contracts[parent.table].columns if c.name == parent.column)
            known = {row[source or ""] for row in tables[parent.table]}
            orphans = {row[column.source or ""] for row in tables[name]} - known - {""}
            assert not orphans, (name, column.name)


def faults_of(contracts: Contracts, tables: Tables) -> dict[tuple[str, str], int]:
    """How many values of each column break its contract; without those that none do."""
    faults: Counter[tuple[str, str]] = Counter()
    for name, contract in contracts.items():
        for column in contract.source_columns:
            values = Counter(row[column.source or ""] for row in tables[name])
            faults[name, column.name] = sum(n for value, n in values.items() if not is_allowed(column, value))
    return {column: n for column, n in faults.items() if n}


def is_allowed(column: Column, value: str) -> bool:
    """Whether the contract's type and domain admit the value, written as the source writes it."""
    if not value:
        return not column.required
    fits = not column.pattern or re.search(column.pattern, value) is not None
    listed = not column.values or value in column.values
    return fits and listed and TYPES[column.logical_type](column, value)


def within(column: Column, value: Decimal) -> bool:
    low, high = column.minimum, column.maximum
    return (low is None or value >= Decimal(str(low))) and (high is None or value <= Decimal(str(high)))


def is_abroad(contracts: Contracts, row: Row) -> bool:
    """Whether a geolocation row lies outside of the contract's bounds."""
    return any(
        not within(c, Decimal(row[c.source or ""]))
        for c in contracts["geolocation"].columns
        if c.name in {"geolocation_lat", "geolocation_lng"}
    )


def later(row: Row, one: str, other: str) -> bool:
    """Whether one moment of an order is later than another; not where either is unknown."""
    return bool(row[one]) and bool(row[other]) and row[one] > row[other]


def is_moment(value: str, form: str) -> bool:
    return datetime.strptime(value, form).strftime(form) == value


TYPES: dict[str, Callable[[Column, str], bool]] = {
    "string": lambda column, value: True,
    "integer": lambda column, value: re.fullmatch(r"-?\d+", value) is not None and within(column, Decimal(value)),
    "number": lambda column, value: re.fullmatch(r"-?\d+\.\d+", value) is not None and within(column, Decimal(value)),
    "timestamp": lambda column, value: is_moment(value, "%Y-%m-%d %H:%M:%S"),
    "date": lambda column, value: is_moment(value, "%Y-%m-%d"),
    "boolean": lambda column, value: value in {"true", "false"},
}
"""Whether a value is written as its type is, and within its bounds."""
