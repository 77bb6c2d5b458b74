"""Two at once: one waits or refuses, and says for whom; whoever is killed holds up nobody; whoever loses the lock publishes nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import psutil
import psycopg
import pytest

from conftest import Platform
from deliveries import batches, succeed, without_promises
from olist import pipeline
from olist.contracts import Contract
from olist.errors import AnotherRun, WarehouseUnavailable
from olist.lake.batches import Verdict
from olist.lake.open import open_lake
from olist.locks import file_lock
from olist.warehouse.connect import connect
from olist.warehouse.publish import exclusive
from openclaw.assembly import build_agent
from openclaw.settings import load_settings
from opstore.store import Opstore
from servers import wait_for
from versions import Version, seen, write_versions

TEMPORARY_FAILURE = 75  # EX_TEMPFAIL of sysexits.h
PATIENT = 120.0
# A client with the right to change the warehouse, in the middle of a statement without end.
STUCK = """
import sys
from olist.warehouse.connect import connect
from olist.warehouse.publish import exclusive
with connect(sys.argv[1], "run") as connection, exclusive(connection, 0):
    print("locked", flush=True)
    connection.execute("SELECT pg_sleep(3600)")
"""


@pytest.fixture(scope="module")
def versions(contracts: dict[str, Contract], small_folder: Path, session_folder: Path) -> tuple[Version, Version]:
    return write_versions(contracts, small_folder, session_folder / "concurrency")


@pytest.fixture
def published(platform: Platform, versions: tuple[Version, Version]) -> Platform:
    """A platform whose silver is the old version, the new one being in bronze."""
    platform.contracts = without_promises(platform.home)
    old, new = versions
    succeed(pipeline.ingest(platform.settings(old.folder)))
    succeed(pipeline.silver(platform.settings()))
    succeed(pipeline.ingest(platform.settings(new.folder)))
    return platform


@contextmanager
def connected(platform: Platform) -> Iterator[psycopg.Connection]:
    assert platform.warehouse is not None
    with connect(platform.warehouse, "test") as connection:
        yield connection


@contextmanager
def lingering_reader(platform: Platform) -> Iterator[psycopg.Connection]:
    """A session whose open transaction has read silver: a publish waits for it."""
    with connected(platform) as reader, reader.transaction():
        assert seen(reader) == {"11"}
        yield reader


@contextmanager
def command(platform: Platform, *arguments: str, lock_wait: float = PATIENT) -> Iterator[subprocess.Popen[str]]:
    """The `olist` command at work, ended with the block at the latest."""
    process = subprocess.Popen(
        [sys.executable, "-m", "olist", *arguments],
        env=platform.variables() | {"OLIST_LOCK_WAIT": str(lock_wait)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def record_of(platform: Platform) -> Opstore:
    return Opstore(platform.home / "opstore.sqlite")


def at_work(platform: Platform) -> list[int]:
    """The backends of runs that wait for readers."""
    return [
        pid
        for (pid,) in platform.query(
            "SELECT DISTINCT pid FROM pg_locks INNER JOIN pg_stat_activity USING (pid)"
            " WHERE datname = current_database() AND application_name = 'olist run' AND NOT granted"
        )
    ]


def has_open(process: subprocess.Popen[str], path: Path) -> bool:
    return str(path) in {file.path for file in psutil.Process(process.pid).open_files()}


def version_of(platform: Platform) -> set[str]:
    with connected(platform) as connection:
        return seen(connection)


def test_a_second_run_refuses_naming_the_first(published: Platform) -> None:
    with lingering_reader(published), command(published, "silver") as first:
        wait_for(lambda: bool(at_work(published)), PATIENT)
        with command(published, "silver", "--json", lock_wait=0) as second:
            output, errors = second.communicate(timeout=PATIENT)
        assert second.returncode == TEMPORARY_FAILURE
        assert "another run is at work here" in errors
        assert f"pid {first.pid} since" in errors
        assert json.loads(output)["error"]["transient"] is True
        assert first.poll() is None
    (refused,) = [run for run in record_of(published).runs() if run["run_id"] == json.loads(output)["run_id"]]
    assert (refused["step"], refused["status"]) == ("silver", "failed")
    assert "another run is at work here" in refused["message"]


def test_a_refusal_is_no_alarm_and_over_with_the_next_good_run_of_its_step(published: Platform) -> None:
    agent, incidents = build_agent(load_settings(opstore=str(record_of(published).path)), lambda text: None), []
    with file_lock(published.home / "lock", 0):
        assert isinstance(pipeline.silver(published.settings(lock_wait=0)).error, AnotherRun)
    for _ in range(2):
        agent.poll()
        query = "SELECT root, category, severity, state FROM ops_incidents_current"
        incidents += [tuple(row.values()) for row in record_of(published).query(query)]
        succeed(pipeline.silver(published.settings()), "no_op" if len(incidents) > 1 else "success")
    assert incidents == [("step:silver", "concurrency", "P2", state) for state in ("open", "resolved")]


def test_a_second_run_that_may_wait_follows_the_first(published: Platform) -> None:
    with ExitStack() as stack:
        with lingering_reader(published):
            runs = [stack.enter_context(command(published, "silver")) for _ in range(2)]
            wait_for(lambda: bool(at_work(published)), PATIENT)
            wait_for(lambda: all(has_open(run, published.home / "lock") for run in runs), PATIENT)
            assert version_of(published) == {"11"}
        outputs = [run.communicate(timeout=PATIENT) for run in runs]
    assert [run.returncode for run in runs] == [0, 0], outputs
    ends = {run["status"]: run["finished_at"] for run in record_of(published).runs(limit=2)}
    assert sorted(ends) == ["no_op", "success"]
    assert ends["no_op"] >= ends["success"]
    assert version_of(published) == {"22"}


def test_a_batch_is_not_taken_back_while_a_run_is_at_work(published: Platform) -> None:
    newest = batches(published, "sellers")[-1].run_id
    with file_lock(published.home / "lock", 0):
        refused = pipeline.withdraw(published.settings(lock_wait=0), "sellers", newest, "a wrong export")
    assert isinstance(refused.error, AnotherRun)
    assert open_lake(published.settings()).verdicts("sellers")[newest] is Verdict.ACCEPTED


def test_a_batch_is_not_taken_back_from_another_home_while_a_publish_waits(published: Platform, folder: Path) -> None:
    newest, lake = batches(published, "sellers")[-1].run_id, open_lake(published.settings())
    lake_url = published.settings().lake_url
    other = replace(published, home=folder / "other", lake=lake_url).settings(lock_wait=0)
    with ThreadPoolExecutor(1) as pool:
        with lingering_reader(published):
            report = pool.submit(pipeline.silver, published.settings())
            wait_for(lambda: bool(at_work(published)), PATIENT)
            assert isinstance(pipeline.withdraw(other, "sellers", newest, "a wrong export").error, AnotherRun)
            assert lake.verdicts("sellers")[newest] is Verdict.ACCEPTED
        succeed(report.result())
    assert version_of(published) == {"22"}
    succeed(pipeline.withdraw(other, "sellers", newest, "a wrong export"))


def test_runs_of_two_homes_on_one_warehouse_refuse_each_other(published: Platform) -> None:
    assert published.warehouse is not None
    with connect(published.warehouse, "run") as holder, exclusive(holder, 0):
        error = pipeline.silver(published.settings(lock_wait=0)).error
        assert isinstance(error, AnotherRun)
        assert error.what == "another run is changing this warehouse"
        assert f"pid {holder.info.backend_pid}, {holder.info.user}, olist run" in error.found
        assert version_of(published) == {"11"}
    succeed(pipeline.silver(published.settings(lock_wait=0)))


def test_runs_of_two_homes_on_one_warehouse_take_turns(
    published: Platform, versions: tuple[Version, Version], folder: Path
) -> None:
    other = replace(published, home=folder / "other")
    succeed(pipeline.ingest(other.settings(versions[0].folder)))
    with ThreadPoolExecutor(2) as pool:
        reports = [pool.submit(pipeline.silver, p.settings(lock_wait=PATIENT)) for p in (published, other)]
        assert {succeed(report.result()).status for report in reports} == {"success"}
    runs = [run for (run,) in published.query("SELECT run_id FROM olist_meta.publications ORDER BY version")]
    assert set(runs[1:]) == {report.result().run_id for report in reports}
    assert version_of(published) == ({"22"} if runs[-1] == reports[0].result().run_id else {"11"})


def test_a_killed_client_in_the_middle_of_a_statement_holds_up_nobody(published: Platform) -> None:
    assert published.warehouse is not None
    with subprocess.Popen(
        [sys.executable, "-c", STUCK, published.warehouse], stdout=subprocess.PIPE, text=True
    ) as stuck:
        assert stuck.stdout is not None
        assert stuck.stdout.readline() == "locked\n"
        assert isinstance(pipeline.silver(published.settings(lock_wait=0)).error, AnotherRun)
        stuck.kill()
    succeed(pipeline.silver(published.settings(lock_wait=PATIENT)))


def test_a_run_killed_while_it_waits_for_readers_holds_up_nobody(published: Platform) -> None:
    with lingering_reader(published), command(published, "silver") as first:
        wait_for(lambda: bool(at_work(published)), PATIENT)
        first.kill()
    succeed(pipeline.silver(published.settings(lock_wait=PATIENT)))
    assert version_of(published) == {"22"}


def test_a_run_that_lost_its_lock_publishes_nothing(published: Platform) -> None:
    with ThreadPoolExecutor(1) as pool:
        with lingering_reader(published):
            report = pool.submit(pipeline.silver, published.settings())
            wait_for(lambda: bool(at_work(published)), PATIENT)
            published.query(
                "SELECT pg_terminate_backend(pid) FROM pg_locks"
                " WHERE locktype = 'advisory' AND classid = 7411 AND objid = 0 AND granted"
                " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
            )
        assert isinstance(report.result().error, WarehouseUnavailable)
    assert version_of(published) == {"11"}
    succeed(pipeline.silver(published.settings()))


def test_a_publish_that_readers_hold_up_gives_up_and_names_them(published: Platform) -> None:
    published.environment["OLIST_PUBLISH_WAIT"] = "0.5"
    with lingering_reader(published) as reader:
        result = published.olist("silver")
        assert result.returncode == TEMPORARY_FAILURE
        assert "readers hold on to the published version" in result.stderr
        assert f"pid {reader.info.backend_pid}, {reader.info.user}, olist test" in result.stderr
    assert version_of(published) == {"11"}
    assert published.olist("silver").returncode == 0
    assert version_of(published) == {"22"}
