"""Batches: what is new, what is known, in which order they apply, and what is taken back."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from conftest import Platform
from deliveries import (
    change_contract,
    change_row,
    command,
    custom_property,
    deliver,
    lake_state,
    published,
    read_rows,
    silver_state,
    succeed,
    write_rows,
)

from olist import pipeline
from olist.errors import LakeError
from olist.lake.batches import Batch, Verdict
from olist.lake.store import FolderStore, ObjectExists
from olist.settings import PROJECT, Settings

DAY, DAY_BEFORE = date(2026, 3, 2), date(2026, 3, 1)


@pytest.fixture
def delta_contracts(folder: Path) -> Path:
    """The contracts, with reviews that come as deltas."""
    copied = Path(shutil.copytree(PROJECT / "contracts", folder / "contracts"))
    change_contract(copied, "order_reviews", custom_property("load", "delta"))
    return copied


def batches(platform: Platform, table: str) -> list[Batch]:
    return pipeline.open_lake(platform.settings()).batches(table)


def rewrite_prices(csv: Path, price: str) -> None:
    """Another version of the items, from the first row to the last."""
    write_rows(csv, "order_items", [row | {"price": price} for row in read_rows(csv, "order_items")])


def scores(platform: Platform) -> dict[str, int]:
    return dict(platform.query("SELECT review_id, review_score FROM silver.order_reviews"))


# Snapshots


def test_the_latest_snapshot_again_is_a_no_op_that_says_so(platform: Platform, small_folder: Path) -> None:
    deliver(platform.settings(small_folder))
    before, silver = lake_state(platform), silver_state(platform)

    again = succeed(pipeline.ingest(platform.settings(small_folder)), "no_op")
    assert {row.rows_in for row in again.layers} == {0}
    succeed(pipeline.silver(platform.settings()), "no_op")
    assert lake_state(platform) == before
    assert silver_state(platform) == silver

    said = command(platform, "ingest", "--source", small_folder)
    assert said.exit_code == 0
    assert "the same files as the latest batches, nothing new" in said.stdout
    assert "nothing to do" in said.stdout
    assert "silver: up to date" in command(platform, "silver").stdout


def test_a_changed_snapshot_is_a_new_batch_beside_the_old_one(platform: Platform, small_copy: Path) -> None:
    first = succeed(pipeline.ingest(platform.settings(small_copy)))
    before = lake_state(platform)
    change_row(small_copy, "sellers", 1, seller_city="rio de janeiro")

    second = succeed(pipeline.ingest(platform.settings(small_copy)))
    after = lake_state(platform)
    assert {key: after[key] for key in before} == before, "what was written stays as it was"
    assert {key.split("/")[1] for key in after.keys() - before.keys()} == {"sellers", second.run_id}
    assert [b.run_id for b in batches(platform, "sellers")] == [first.run_id, second.run_id]
    assert [b.run_id for b in batches(platform, "orders")] == [first.run_id]


def test_content_that_goes_from_a_to_b_and_back_ends_as_a(
    platform: Platform, small_folder: Path, small_copy: Path
) -> None:
    deliver(platform.settings(small_folder))
    a = silver_state(platform)
    rewrite_prices(small_copy, "5.00")
    deliver(platform.settings(small_copy))
    assert silver_state(platform) != a
    deliver(platform.settings(small_folder))
    assert silver_state(platform) == a
    assert len(batches(platform, "order_items")) == 3
    succeed(pipeline.ingest(platform.settings(small_folder)), "no_op")


def test_of_snapshots_the_latest_processing_date_stands(
    platform: Platform, small_folder: Path, small_copy: Path
) -> None:
    deliver(platform.settings(small_folder), processing_date=DAY)
    a = silver_state(platform)
    rewrite_prices(small_copy, "5.00")
    succeed(pipeline.ingest(platform.settings(small_copy), processing_date=DAY_BEFORE))
    succeed(pipeline.silver(platform.settings()), "no_op")
    assert silver_state(platform) == a
    assert [b.processing_date for b in batches(platform, "order_items")] == ["2026-03-01", "2026-03-02"]


# Deltas


def test_a_delta_adds_and_corrects(platform: Platform, small_copy: Path, delta_contracts: Path) -> None:
    settings = platform.settings(small_copy, contracts=delta_contracts)
    reviews = read_rows(small_copy, "order_reviews")
    write_rows(small_copy, "order_reviews", reviews[:-1])
    assert published(deliver(settings))["order_reviews"].published == len(reviews) - 1

    corrected = [row | {"review_score": str(6 - int(row["review_score"]))} for row in reviews[:3]]
    write_rows(small_copy, "order_reviews", [*corrected, reviews[-1]])
    counts = published(deliver(settings))["order_reviews"]
    assert (counts.rows_in, counts.published, counts.superseded) == (len(reviews) + 3, len(reviews), 3)
    assert counts.rejected == 0
    assert scores(platform) == {row["review_id"]: int(row["review_score"]) for row in [*reviews, *corrected]}


def test_the_same_delta_again_is_a_no_op_even_after_others(
    platform: Platform, small_copy: Path, delta_contracts: Path
) -> None:
    settings = platform.settings(small_copy, contracts=delta_contracts)
    first = (small_copy / "olist_order_reviews_dataset.csv").read_bytes()
    deliver(settings)
    change_row(small_copy, "order_reviews", 1, review_score="1")
    deliver(settings)
    before, silver = lake_state(platform), silver_state(platform)

    (small_copy / "olist_order_reviews_dataset.csv").write_bytes(first)
    succeed(pipeline.ingest(settings), "no_op")
    succeed(pipeline.silver(settings), "no_op")
    assert lake_state(platform) == before
    assert silver_state(platform) == silver


def test_a_delta_without_rows_changes_nothing(platform: Platform, small_copy: Path, delta_contracts: Path) -> None:
    settings = platform.settings(small_copy, contracts=delta_contracts)
    deliver(settings)
    silver = silver_state(platform)
    path = small_copy / "olist_order_reviews_dataset.csv"
    path.write_bytes(path.read_bytes().split(b"\n")[0] + b"\n")
    deliver(settings)
    assert [b.object.rows for b in batches(platform, "order_reviews")][1] == 0
    assert silver_state(platform) == silver


def test_a_delta_that_is_filled_in_later_applies_on_its_day(
    platform: Platform, small_copy: Path, delta_contracts: Path
) -> None:
    settings = platform.settings(small_copy, contracts=delta_contracts)
    reviews = read_rows(small_copy, "order_reviews")
    deliver(settings, processing_date=date(2026, 3, 1))

    def bring(day: int, *, scores: dict[int, str]) -> None:
        write_rows(small_copy, "order_reviews", [reviews[n] | {"review_score": score} for n, score in scores.items()])
        deliver(settings, processing_date=date(2026, 3, day))

    bring(3, scores={0: "3", 1: "3"})
    bring(2, scores={0: "2", 2: "2"})
    assert [scores(platform)[reviews[n]["review_id"]] for n in range(3)] == [3, 3, 2]
    assert [b.processing_date[-2:] for b in batches(platform, "order_reviews")] == ["01", "02", "03"]


def test_the_processing_date_can_be_said_on_the_command_line(platform: Platform, small_folder: Path) -> None:
    said = command(platform, "ingest", "--source", small_folder, "--processing-date", "2026-01-31")
    assert said.exit_code == 0, said.stderr
    assert {b.processing_date for b in batches(platform, "orders")} == {"2026-01-31"}
    wrong = command(platform, "ingest", "--source", small_folder, "--processing-date", "31.01.2026")
    assert wrong.exit_code == 2
    assert "31.01.2026" in wrong.stderr


# Withdrawals


def test_a_withdrawn_batch_leaves_silver(platform: Platform, small_folder: Path, small_copy: Path) -> None:
    deliver(platform.settings(small_folder))
    a = silver_state(platform)
    rewrite_prices(small_copy, "5.00")
    deliver(platform.settings(small_copy))
    latest = batches(platform, "order_items")[-1].run_id

    said = command(platform, "lake", "withdraw", "order_items", latest, "--reason", "wrong prices")
    assert said.exit_code == 0, said.stderr
    assert latest in said.stdout
    assert silver_state(platform) != a, "silver changes by its next build"
    succeed(pipeline.silver(platform.settings()))
    assert silver_state(platform) == a

    lake = pipeline.open_lake(platform.settings())
    assert lake.verdicts("order_items")[latest] is Verdict.WITHDRAWN
    assert b"wrong prices" in lake.store.read(f"withdrawals/order_items/{latest}.json")
    assert "withdrawn" in command(platform, "lake", "ls", "--table", "order_items").stdout


def test_a_withdrawn_delta_takes_its_rows_along(platform: Platform, small_copy: Path, delta_contracts: Path) -> None:
    settings = platform.settings(small_copy, contracts=delta_contracts)
    deliver(settings)
    before = silver_state(platform)
    change_row(small_copy, "order_reviews", 1, review_score="1")
    change_row(small_copy, "order_reviews", 2, review_score="1")
    deliver(settings)
    lake = pipeline.open_lake(settings)
    lake.withdraw("order_reviews", batches(platform, "order_reviews")[-1].run_id, "test")
    succeed(pipeline.silver(settings))
    assert silver_state(platform) == before
    succeed(pipeline.ingest(settings))
    assert len(batches(platform, "order_reviews")) == 3, "a withdrawn file may be delivered again"


@pytest.mark.parametrize(
    ("table", "run_id", "found"),
    [
        ("order_items", None, "it was withdrawn before"),
        ("orders", None, "no manifest of that run"),
        ("order_items", "20260131T060000000000Z-1a2b", "no manifest of that run"),
        ("nothing", None, "no manifest of that run"),
    ],
    ids=["withdrawn before", "another table's", "unknown run", "unknown table"],
)
def test_what_cannot_be_withdrawn_is_an_error(
    platform: Platform, small_folder: Path, small_copy: Path, table: str, run_id: str | None, found: str
) -> None:
    succeed(pipeline.ingest(platform.settings(small_folder)))
    rewrite_prices(small_copy, "5.00")
    second = succeed(pipeline.ingest(platform.settings(small_copy))).run_id
    pipeline.open_lake(platform.settings()).withdraw("order_items", second, "wrong prices")
    before = lake_state(platform)

    said = command(platform, "lake", "withdraw", table, run_id or second, "--reason", "x")
    assert said.exit_code == 1
    assert f"{table} {run_id or second}" in said.stderr
    assert found in said.stderr
    assert "olist lake ls" in said.stderr
    assert lake_state(platform) == before


def test_silver_without_any_batch_says_which_table_lacks_one(platform: Platform, small_folder: Path) -> None:
    ingested = succeed(pipeline.ingest(platform.settings(small_folder)))
    pipeline.open_lake(platform.settings()).withdraw("sellers", ingested.run_id, "test")
    report = pipeline.silver(platform.settings())
    assert isinstance(report.error, LakeError)
    assert report.error.what == "a table has no accepted batch"
    assert report.error.resource.endswith("bronze/sellers")
    assert "olist ingest" in report.error.remedy


# The lake proves itself


def alter_a_byte(path: Path) -> str:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    return "sha256"


def truncate(path: Path) -> str:
    path.write_bytes(path.read_bytes()[:-100])
    return "bytes"


def remove(path: Path) -> str:
    path.unlink()
    return "missing"


def lose_a_row(path: Path) -> str:
    table = pq.read_table(path)
    pq.write_table(table.slice(1), path)
    return f"expected {table.num_rows} rows, found {table.num_rows - 1} rows"


@pytest.mark.parametrize("damage", [alter_a_byte, truncate, remove, lose_a_row])
def test_verify_names_what_differs(platform: Platform, small_folder: Path, damage: Callable[[Path], str]) -> None:
    succeed(pipeline.ingest(platform.settings(small_folder)))
    sound = command(platform, "lake", "verify")
    assert (sound.exit_code, sound.stdout) == (0, "9 objects verified, 0 differences\n")

    key = batches(platform, "order_payments")[0].object.key
    path = platform.home / "lake" / key
    path.chmod(0o644)
    found = damage(path)
    said = command(platform, "lake", "verify")
    assert said.exit_code == 1
    differences = [line for line in said.stdout.splitlines() if line.startswith(key)]
    assert any(found in line for line in differences)
    assert said.stdout.endswith(f"9 objects verified, {len(differences)} differences\n")


@pytest.mark.parametrize("damage", [truncate, remove])
def test_silver_does_not_build_on_a_damaged_object(
    platform: Platform, small_folder: Path, small_copy: Path, damage: Callable[[Path], str]
) -> None:
    deliver(platform.settings(small_folder))
    before = silver_state(platform)
    rewrite_prices(small_copy, "5.00")
    succeed(pipeline.ingest(platform.settings(small_copy)))
    path = platform.home / "lake" / batches(platform, "order_items")[-1].object.key
    path.chmod(0o644)
    damage(path)
    report = pipeline.silver(platform.settings())
    assert isinstance(report.error, LakeError)
    assert path.name in report.error.resource
    assert "olist lake verify" in report.error.remedy
    assert silver_state(platform) == before


def test_objects_are_created_once_and_can_only_be_read(platform: Platform, small_folder: Path, folder: Path) -> None:
    succeed(pipeline.ingest(platform.settings(small_folder)))
    assert lake_state(platform)
    modes = {p.stat().st_mode & 0o777 for p in (platform.home / "lake").rglob("*") if p.is_file()}
    assert modes == {0o444}

    store, other = FolderStore(platform.home / "lake"), folder / "other"
    other.write_text("something else")
    before = lake_state(platform)
    for key in (batches(platform, "orders")[0].object.key, store.keys("verdicts")[0]):
        with pytest.raises(ObjectExists) as caught:
            store.put(key, other)
        assert key in caught.value.resource
        assert "nothing was written" in caught.value.remedy
    assert lake_state(platform) == before


# Incremental equals full


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
    contracts = Path(shutil.copytree(PROJECT / "contracts", folder / "contracts"))
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
