"""Ingest and silver in pieces are ingest and silver: the same result, one gate, and nothing in sight before it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import psycopg
import pytest

from conftest import Platform
from deliveries import FILES, change_row, command, deliver, read_rows, silver_state, succeed, write_rows
from olist import pieces, pipeline
from olist.contracts import Contract
from olist.errors import AuditFailed, Busy, ConfigurationError, LakeError, OlistError, SourceRefused, StageLost
from olist.lake.batches import Verdict
from olist.lake.open import open_lake
from olist.locks import file_lock
from olist.record import open_record
from olist.report import Report, Silent


def new_id() -> str:
    return datetime.now(UTC).strftime("%Y%m%dT%H%M%S%fZ") + "-0a0a"


def store(platform: Platform, folder: Path, table: str, made_by: str, day: date | None = None) -> Report:
    settings = platform.settings(folder, lock_wait=0)
    return pieces.store(settings, table, made_by=made_by, told_by="test", processing_date=day, listener=Silent())


def store_all(platform: Platform, folder: Path, made_by: str) -> None:
    for table in FILES:
        assert store(platform, folder, table, made_by).error is None


def accept(platform: Platform, made_by: str) -> Report:
    return pieces.accept(platform.settings(), made_by=made_by, listener=Silent())


def silver_piece(platform: Platform, piece: Callable[..., Report], made_by: str) -> Report:
    return piece(platform.settings(), made_by=made_by, listener=Silent())


def error_of(report: Report, kind: type[OlistError]) -> OlistError:
    assert report.status == "failed"
    assert isinstance(report.error, kind), report.error
    return report.error


@pytest.fixture
def delivered(platform: Platform, small_copy: Path) -> Platform:
    """A platform whose bronze came in pieces."""
    made_by = new_id()
    store_all(platform, small_copy, made_by)
    succeed(accept(platform, made_by))
    return platform


@pytest.fixture
def audited(delivered: Platform) -> tuple[Platform, str]:
    """Its silver staged and audited, not published; and by which id."""
    made_by = new_id()
    succeed(silver_piece(delivered, pieces.build, made_by))
    succeed(silver_piece(delivered, pieces.audit, made_by))
    return delivered, made_by


def test_pieces_make_what_the_whole_makes(
    audited: tuple[Platform, str], new_platform: Callable[[], Platform], small_copy: Path
) -> None:
    platform, made_by = audited
    assert platform.query("SELECT count(*) FROM pg_tables WHERE schemaname = 'silver'") == [(0,)]
    report = succeed(silver_piece(platform, pieces.publish, made_by))
    assert [row.table for row in report.layers] == list(FILES)
    assert all(row.rows_in == row.published + row.superseded + row.rejected for row in report.layers)

    whole = new_platform()
    deliver(whole.settings(small_copy))
    succeed(pipeline.silver(whole.settings()), "no_op")
    assert silver_state(platform) == silver_state(whole)
    succeed(pipeline.silver(platform.settings()), "no_op")


def test_a_delivery_that_waits_is_not_in_sight(platform: Platform, small_folder: Path) -> None:
    made_by = new_id()
    store_all(platform, small_folder, made_by)
    assert set(open_lake(platform.settings()).verdicts("orders").values()) == {Verdict.UNJUDGED}
    error_of(pipeline.silver(platform.settings()), LakeError)


def test_a_delivery_of_which_a_table_is_missing_is_not_accepted(platform: Platform, small_folder: Path) -> None:
    made_by = new_id()
    for table in FILES:
        if table != "sellers":
            store(platform, small_folder, table, made_by)
    assert "nothing of sellers" in error_of(accept(platform, made_by), LakeError).found
    store(platform, small_folder, "sellers", made_by)
    assert len(succeed(accept(platform, made_by)).layers) == len(FILES)


def test_a_broken_file_is_refused_alone_and_can_be_mended_within_its_delivery(
    platform: Platform, small_copy: Path, small_folder: Path
) -> None:
    made_by = new_id()
    broken = small_copy / FILES["orders"]
    broken.write_text(broken.read_text(encoding="utf-8").replace("order_status", "state", 1), encoding="utf-8")
    assert "state" in error_of(store(platform, small_copy, "orders", made_by), SourceRefused).found
    for table in FILES:
        if table != "orders":
            store(platform, small_copy, table, made_by)
    error_of(accept(platform, made_by), LakeError)
    shutil.copy(small_folder / FILES["orders"], broken)
    store(platform, small_copy, "orders", made_by)
    succeed(accept(platform, made_by))


def test_pieces_may_be_repeated(delivered: Platform, small_copy: Path) -> None:
    lake = open_lake(delivered.settings())
    (batch,) = lake.batches("orders")
    store_all(delivered, small_copy, batch.run_id)
    succeed(accept(delivered, batch.run_id))
    assert lake.batches("orders") == [batch]

    silver_id = new_id()
    for piece in (pieces.build, pieces.build, pieces.audit, pieces.audit, pieces.publish, pieces.publish):
        succeed(silver_piece(delivered, piece, silver_id))
    versions = delivered.query("SELECT run_id FROM olist_meta.publications WHERE layer = 'silver'")
    assert versions == [(silver_id,)]
    succeed(silver_piece(delivered, pieces.build, silver_id), "no_op")


def test_a_store_that_was_killed_before_its_manifest_is_made_good(platform: Platform, small_folder: Path) -> None:
    made_by, day = new_id(), date(2026, 3, 1)
    lake = open_lake(platform.settings())
    lake.store.put(f"bronze/orders/processing_date={day}/{made_by}.parquet", small_folder / FILES["orders"])
    succeed(store(platform, small_folder, "orders", made_by, day))
    (batch,) = lake.batches("orders")
    assert batch.object.key.endswith(f"{made_by}.1.parquet")


def test_the_same_files_again_are_a_no_op_with_the_code_that_was_asked_for(
    delivered: Platform, small_copy: Path
) -> None:
    made_by = new_id()
    for table in FILES:
        assert store(delivered, small_copy, table, made_by).status == "no_op"
    for _ in range(2):
        said = command(delivered, "step", "accept", "--run-id", made_by, "--no-op-code", "99")
        assert said.exit_code == 99, said.output


def test_other_bytes_need_a_delivery_of_their_own(delivered: Platform, small_copy: Path) -> None:
    (batch,) = open_lake(delivered.settings()).batches("sellers")
    change_row(small_copy, "sellers", 1, seller_city="rio de janeiro")
    error_of(store(delivered, small_copy, "sellers", batch.run_id), LakeError)


def test_a_delivery_that_another_one_overtook_is_not_accepted(delivered: Platform, small_copy: Path) -> None:
    made_by = new_id()
    change_row(small_copy, "sellers", 1, seller_city="rio de janeiro")
    store_all(delivered, small_copy, made_by)
    change_row(small_copy, "sellers", 1, seller_city="santos")
    deliver_bronze = pipeline.ingest(delivered.settings(small_copy))
    succeed(deliver_bronze)
    assert "meanwhile" in error_of(accept(delivered, made_by), LakeError).found


def test_a_file_that_was_filled_in_before_is_no_news_to_its_day(platform: Platform, small_copy: Path) -> None:
    days = (date(2026, 3, 2), date(2026, 3, 1), date(2026, 3, 1))
    reports = []
    for seller_city, day in zip(("recife", "santos", "santos"), days, strict=True):
        made_by = new_id()
        change_row(small_copy, "sellers", 1, seller_city=seller_city)
        for table in FILES:
            assert store(platform, small_copy, table, made_by, day).error is None
        reports.append(accept(platform, made_by))
    assert [(r.status, r.error) for r in reports] == [("success", None), ("success", None), ("no_op", None)]
    sellers = [row for row in reports[1].layers if row.table == "sellers"]
    assert [(row.published, row.superseded) for row in sellers] == [(0, sellers[0].rows_in)]


def test_a_delivery_that_fails_the_gate_is_quarantined_once_and_for_all(platform: Platform, small_copy: Path) -> None:
    rows = read_rows(small_copy, "order_reviews")
    write_rows(small_copy, "order_reviews", [row | {"review_score": "many"} for row in rows])
    made_by = new_id()
    store_all(platform, small_copy, made_by)
    report = accept(platform, made_by)
    error_of(report, AuditFailed)
    assert sum(row.quarantined for row in report.layers) == sum(row.rows_in for row in report.layers) > 0
    assert "quarantine" in error_of(accept(platform, made_by), LakeError).found


def test_two_stores_of_one_table_do_not_meet_and_two_tables_do(platform: Platform, small_folder: Path) -> None:
    with file_lock(platform.home / "lock-orders", 0), file_lock(platform.home / "lock", 0, shared=True):
        error_of(store(platform, small_folder, "orders", new_id()), Busy)
        succeed(store(platform, small_folder, "sellers", new_id()))
        error_of(pipeline.ingest(platform.settings(small_folder, lock_wait=0)), Busy)


def test_what_was_not_audited_is_not_published(delivered: Platform) -> None:
    made_by = new_id()
    succeed(silver_piece(delivered, pieces.build, made_by))
    assert "not audited" in error_of(silver_piece(delivered, pieces.publish, made_by), StageLost).found


def test_a_stage_that_another_run_has_built_since_is_not_published(audited: tuple[Platform, str]) -> None:
    platform, made_by = audited
    other = new_id()
    succeed(silver_piece(platform, pieces.build, other))
    assert other in error_of(silver_piece(platform, pieces.publish, made_by), StageLost).found
    error_of(silver_piece(platform, pieces.audit, made_by), StageLost)


def test_a_batch_that_was_taken_back_after_the_audit_is_not_published(audited: tuple[Platform, str]) -> None:
    platform, made_by = audited
    lake = open_lake(platform.settings())
    (batch,) = lake.batches("sellers")
    lake.withdraw("sellers", batch.run_id, "a wrong export")
    assert "withdrawn" in error_of(silver_piece(platform, pieces.publish, made_by), LakeError).found


def test_a_publish_that_was_killed_among_its_constraints_is_made_good(audited: tuple[Platform, str]) -> None:
    platform, made_by = audited
    assert platform.warehouse is not None
    with psycopg.connect(platform.warehouse, autocommit=True) as connection:
        connection.execute("ALTER TABLE silver_stage.sellers ADD PRIMARY KEY (seller_id)")
        connection.execute("ALTER TABLE silver_stage.orders ADD PRIMARY KEY (order_id)")
    succeed(silver_piece(platform, pieces.publish, made_by))


def test_validation_finds_an_object_that_was_altered(delivered: Platform) -> None:
    succeed(pieces.validate(delivered.settings(), listener=Silent()))
    lake = open_lake(delivered.settings())
    path = lake.store.local(lake.batches("orders")[0].object.key)
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    assert "sha256" in error_of(pieces.validate(delivered.settings(), listener=Silent()), LakeError).expected


def test_a_piece_is_recorded_as_part_of_the_run_that_called_it(platform: Platform, small_folder: Path) -> None:
    settings = platform.settings(small_folder, parent_run="airflow/olist_ingest/1")
    pieces.store(settings, "sellers", made_by=new_id(), told_by="test", processing_date=None, listener=Silent())
    (run,) = open_record(settings).runs(parent="airflow/olist_ingest/1")
    assert (run["step"], run["status"]) == ("ingest.sellers", "success")


@pytest.mark.parametrize("made_by", ["today", "../../elsewhere", ""])
def test_an_id_that_does_not_sort_is_refused(platform: Platform, small_folder: Path, made_by: str) -> None:
    error_of(store(platform, small_folder, "orders", made_by), ConfigurationError)


def test_an_unknown_table_is_refused(platform: Platform, small_folder: Path, contracts: dict[str, Contract]) -> None:
    error = error_of(store(platform, small_folder, "ordres", new_id()), ConfigurationError)
    assert all(table in error.expected for table in contracts)
