"""Batches: what is new, what is known, in which order they apply, and what is taken back."""

from __future__ import annotations

import shutil
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from conftest import Platform
from deliveries import (
    FILES,
    batches,
    change_contract,
    change_row,
    command,
    custom_property,
    deliver,
    lake_state,
    published,
    read_rows,
    rewrite_items,
    silver_state,
    succeed,
    write_rows,
)
from olist import pipeline
from olist.errors import AuditFailed, LakeError
from olist.lake.batches import Verdict
from olist.lake.open import open_lake
from olist.record import open_record
from olist.settings import PROJECT

DAY, DAY_BEFORE = date(2026, 3, 2), date(2026, 3, 1)


@pytest.fixture
def delta_contracts(folder: Path) -> Path:
    """The contracts, with reviews that come as deltas."""
    copied = Path(shutil.copytree(PROJECT / "contracts", folder / "contracts"))
    change_contract(copied, "order_reviews", custom_property("load", "delta"))
    return copied


def scores(platform: Platform) -> dict[str, int]:
    return dict(platform.query("SELECT review_id, review_score FROM silver.order_reviews"))


# Snapshots


def test_the_latest_snapshot_again_is_a_no_op_that_says_so(delivered: Platform, small_folder: Path) -> None:
    before, silver = lake_state(delivered), silver_state(delivered)

    again = succeed(pipeline.ingest(delivered.settings(small_folder)), "no_op")
    assert {row.rows_in for row in again.layers} == {0}
    succeed(pipeline.silver(delivered.settings()), "no_op")
    assert lake_state(delivered) == before
    assert silver_state(delivered) == silver

    said = command(delivered, "ingest", "--source", small_folder)
    assert said.exit_code == 0
    assert "the same files as the latest batches, nothing new" in said.stdout
    assert "nothing to do" in said.stdout
    assert "silver: up to date" in command(delivered, "silver").stdout


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
    delivered: Platform, small_folder: Path, small_copy: Path
) -> None:
    a = silver_state(delivered)
    rewrite_items(small_copy, "59")
    deliver(delivered.settings(small_copy))
    assert silver_state(delivered) != a
    deliver(delivered.settings(small_folder))
    assert silver_state(delivered) == a
    assert len(batches(delivered, "order_items")) == 3
    succeed(pipeline.ingest(delivered.settings(small_folder)), "no_op")


def test_of_snapshots_the_latest_processing_date_stands(
    platform: Platform, small_folder: Path, small_copy: Path
) -> None:
    deliver(platform.settings(small_folder), processing_date=DAY)
    a = silver_state(platform)
    rewrite_items(small_copy, "59")
    filled_in = succeed(pipeline.ingest(platform.settings(small_copy), processing_date=DAY_BEFORE))
    items = published(filled_in, "bronze")["order_items"]
    assert (items.published, items.superseded) == (0, items.rows_in)
    assert items.rows_in > 0
    succeed(pipeline.ingest(platform.settings(small_copy), processing_date=DAY_BEFORE), "no_op")
    succeed(pipeline.silver(platform.settings()), "no_op")
    assert silver_state(platform) == a
    assert [b.processing_date for b in batches(platform, "order_items")] == ["2026-03-01", "2026-03-02"]


def test_a_snapshot_that_is_filled_in_is_said_to_be_superseded(platform: Platform, small_copy: Path) -> None:
    succeed(pipeline.ingest(platform.settings(small_copy), processing_date=DAY))
    change_row(small_copy, "sellers", 1, seller_city="rio de janeiro")
    said = command(platform, "ingest", "--source", small_copy, "--processing-date", str(DAY_BEFORE))
    notes = [line for line in said.stdout.splitlines() if "superseded by" in line]
    assert notes == [
        f"bronze.sellers: the snapshot of {DAY_BEFORE} is superseded by that of {DAY}, silver does not show it"
    ]


def test_a_day_that_is_yet_to_come_is_refused(platform: Platform, small_folder: Path) -> None:
    tomorrow = datetime.now(UTC).date() + timedelta(days=1)
    said = command(platform, "ingest", "--source", small_folder, "--processing-date", str(tomorrow))
    assert said.exit_code == 2, said.output
    assert str(tomorrow) in said.stderr
    assert batches(platform, "orders") == []


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


def test_a_withdrawn_batch_leaves_silver(delivered: Platform, small_copy: Path) -> None:
    a = silver_state(delivered)
    rewrite_items(small_copy, "59")
    deliver(delivered.settings(small_copy))
    latest = batches(delivered, "order_items")[-1].run_id

    said = command(delivered, "lake", "withdraw", "order_items", latest, "--reason", "wrong prices")
    assert said.exit_code == 0, said.stderr
    assert latest in said.stdout
    (run,) = open_record(delivered.settings()).runs(limit=1)
    assert (run["step"], run["status"]) == ("withdraw", "success")
    assert silver_state(delivered) != a, "silver changes by its next build"
    succeed(pipeline.silver(delivered.settings()))
    assert silver_state(delivered) == a

    lake = open_lake(delivered.settings())
    assert lake.verdicts("order_items")[latest] is Verdict.WITHDRAWN
    assert b"wrong prices" in lake.store.read(f"withdrawals/order_items/{latest}.json")
    assert "withdrawn" in command(delivered, "lake", "ls", "--table", "order_items").stdout


def test_an_older_file_that_is_the_right_one_is_accepted_after_what_its_refusal_says(
    delivered: Platform, small_folder: Path, small_copy: Path
) -> None:
    before = silver_state(delivered)
    rewrite_items(small_copy, "59")
    deliver(delivered.settings(small_copy))
    shutil.copy(small_folder / FILES["order_items"], small_copy)
    change_row(small_copy, "sellers", 1, seller_city="curitiba", seller_state="PR")

    refused = pipeline.ingest(delivered.settings(small_copy)).error
    assert isinstance(refused, AuditFailed)
    assert refused.what.startswith("1 of the checks of the delivered files failed")
    mistake = open_lake(delivered.settings()).accepted("order_items")[-1].run_id
    assert f"`olist lake withdraw order_items {mistake} --reason …` first" in refused.remedy

    command(delivered, "lake", "withdraw", "order_items", mistake, "--reason", "the older one was right")
    deliver(delivered.settings(small_copy))
    after = silver_state(delivered)
    assert {table for table in after if after[table] != before[table]} == {"sellers"}


def test_a_withdrawn_delta_takes_its_rows_along(platform: Platform, small_copy: Path, delta_contracts: Path) -> None:
    settings = platform.settings(small_copy, contracts=delta_contracts)
    deliver(settings)
    before = silver_state(platform)
    change_row(small_copy, "order_reviews", 1, review_score="1")
    change_row(small_copy, "order_reviews", 2, review_score="1")
    deliver(settings)
    lake = open_lake(settings)
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
    rewrite_items(small_copy, "59")
    second = succeed(pipeline.ingest(platform.settings(small_copy))).run_id
    open_lake(platform.settings()).withdraw("order_items", second, "wrong prices")
    before = lake_state(platform)

    said = command(platform, "lake", "withdraw", table, run_id or second, "--reason", "x")
    assert said.exit_code == 1
    assert f"{table} {run_id or second}" in said.stderr
    assert found in said.stderr
    assert "olist lake ls" in said.stderr
    assert lake_state(platform) == before


def test_a_batch_is_not_taken_back_without_a_reason(platform: Platform, small_folder: Path) -> None:
    ingested = succeed(pipeline.ingest(platform.settings(small_folder))).run_id
    said = command(platform, "lake", "withdraw", "sellers", ingested, "--reason", " ")
    assert said.exit_code == 2
    assert "a blank reason" in said.stderr
    assert open_lake(platform.settings()).verdicts("sellers")[ingested] is Verdict.ACCEPTED


def test_silver_without_any_batch_says_which_table_lacks_one(platform: Platform, small_folder: Path) -> None:
    ingested = succeed(pipeline.ingest(platform.settings(small_folder)))
    open_lake(platform.settings()).withdraw("sellers", ingested.run_id, "test")
    report = pipeline.silver(platform.settings())
    assert isinstance(report.error, LakeError)
    assert report.error.what == "a table has no accepted batch"
    assert report.error.resource.endswith("bronze/sellers")
    assert "olist ingest" in report.error.remedy
