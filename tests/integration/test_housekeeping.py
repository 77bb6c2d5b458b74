"""Housekeeping removes what is old and nothing that is still needed, and says what it did in numbers."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from conftest import Platform
from deliveries import command
from olist.housekeeping import sweep
from olist.lake.open import open_lake

DAY = 86_400.0


@pytest.fixture
def used(tmp_path: Path) -> Platform:
    """A platform with an accepted object, results of two runs, logs, half-written objects, and marks of what was fetched."""
    platform = Platform(tmp_path / "home", None)
    written = tmp_path / "manifest.json"
    written.write_text("{}", encoding="utf-8")
    lake = open_lake(platform.settings())
    lake.store.put("manifests/orders/old/manifest.json", written)
    old(platform.home / "lake/manifests/orders/old/manifest.json", days=4000)
    (platform.home / "exchange/an-invocation").mkdir(parents=True)
    os.utime(platform.home / "exchange/an-invocation", (0, 0))
    for path, days in FILES.items():
        old(platform.home / path, days)
    return platform


FILES = {
    "quality/results/20260101T000000000000Z-aaaa/bronze.orders.json": 200,
    "quality/results/20260102T000000000000Z-aaaa/bronze.orders.json": 199,
    "quality/results/20260101T000000000000Z-aaaa/silver.orders.json": 200,
    "airflow/logs/dag_id=olist_ingest/run_id=old/task_id=store/map_index=1/attempt=1.log": 100,
    "airflow/logs/dag_id=olist_ingest/run_id=new/task_id=store/map_index=1/attempt=1.log": 10,
    "dbt/logs/dbt.log": 300,
    "dbt/logs/dbt.log.1": 300,
    "lake/.partial/left-by-a-crash": 2,
    "lake/.partial/being-written": 0,
}


def old(path: Path, days: float) -> None:
    """A file that was last written so many days ago."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        path.write_text("twelve bytes", encoding="utf-8")
    os.utime(path, (time.time() - days * DAY,) * 2)


def left(platform: Platform) -> set[str]:
    found = {path.relative_to(platform.home).as_posix() for path in platform.home.rglob("*") if path.is_file()}
    return found & FILES.keys()


def test_what_is_old_goes_and_the_newest_result_of_an_asset_stays_however_old(used: Platform) -> None:
    swept = {s.what: (s.removed, s.freed, s.kept) for s in sweep(used.settings(), 90)}
    gone = FILES.keys() - left(used)
    assert gone == {
        "quality/results/20260101T000000000000Z-aaaa/bronze.orders.json",
        "airflow/logs/dag_id=olist_ingest/run_id=old/task_id=store/map_index=1/attempt=1.log",
        "dbt/logs/dbt.log.1",
        "lake/.partial/left-by-a-crash",
    }
    assert swept == {
        "validation results": (1, 12, 2),
        "task logs of Airflow": (1, 12, 1),
        "logs of Airflow's DAG processor": (0, 0, 0),
        "rotated logs of dbt": (1, 12, 0),
        "half-written objects of the lake": (1, 12, 1),
    }


def test_the_lake_and_the_marks_of_what_was_fetched_are_never_touched(used: Platform) -> None:
    before = open_lake(used.settings()).store.keys("manifests")
    sweep(used.settings(), 1)
    assert open_lake(used.settings()).store.keys("manifests") == before
    assert (used.home / "exchange/an-invocation").is_dir()


def test_a_second_time_there_is_nothing_to_remove_and_the_command_says_so(used: Platform) -> None:
    first = command(used, "housekeeping")
    assert "validation results: 1 removed (12 bytes), 2 kept" in first.stdout
    assert "lake: 1 removed" in first.stdout
    again = command(used, "housekeeping")
    assert [line for line in again.stdout.splitlines() if ": 0 removed (0 bytes)" not in line] == []
