"""Readers of silver and gold while new versions are published: what they may see, what they may hold up, and what follows a publish."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from itertools import pairwise
from pathlib import Path

import psycopg
import pytest
from psycopg import IsolationLevel

from conftest import Platform
from deliveries import without_promises
from olist import pipeline
from olist.contracts import Contract
from olist.warehouse import publish
from olist.warehouse.publish import hold
from servers import wait_for
from versions import ALL_TABLES, JOINED, NUMBERS, Version, seen, write_versions

PUBLISHES = 10
PATIENT = 60.0
# One statement over tables of gold: an item's freight is its version's number, in the facts and in what is summed from them.
GOLD = """
SELECT 'fact_orders', count(*), array_agg(DISTINCT trunc(freight_value / items)::text) FILTER (WHERE items > 0)
FROM gold.fact_orders
UNION ALL
SELECT 'agg_daily_revenue', count(*), ARRAY[trunc((sum(revenue) - max(sold.item_value)) / max(sold.items))::text]
FROM gold.agg_daily_revenue
CROSS JOIN (
    SELECT sum(item_value) AS item_value, sum(items) AS items
    FROM gold.fact_orders
    WHERE order_status NOT IN ('canceled', 'unavailable')
) AS sold
"""
Look = Callable[[psycopg.Connection], set[str]]


@pytest.fixture(scope="module")
def versions(contracts: dict[str, Contract], small_folder: Path, session_folder: Path) -> tuple[Version, Version]:
    return write_versions(contracts, small_folder, session_folder / "readers")


@pytest.fixture
def published(platform: Platform, versions: tuple[Version, Version]) -> Platform:
    """A platform whose silver is the old version, the new one being in bronze."""
    platform.contracts = without_promises(platform.home)
    publish_version(platform, versions[0])
    assert pipeline.ingest(platform.settings(versions[1].folder)).status == "success"
    return platform


def publish_version(platform: Platform, version: Version) -> None:
    for report in (
        pipeline.ingest(platform.settings(version.folder)),
        pipeline.silver(platform.settings(publish_wait=PATIENT)),
    ):
        assert report.status == "success", report.error


@contextmanager
def connected(platform: Platform) -> Iterator[psycopg.Connection]:
    assert platform.warehouse is not None
    with psycopg.connect(platform.warehouse, autocommit=True) as connection:
        yield connection


@contextmanager
def publishing(platform: Platform) -> Iterator[Future[pipeline.Report]]:
    """Silver being built and published beside the block, which ends when it has ended."""
    with ThreadPoolExecutor(1) as pool:
        yield pool.submit(pipeline.silver, platform.settings())


def waits(platform: Platform, longer_than: str = "0") -> bool:
    """Whether the publish waits for a lock."""
    return bool(
        platform.query(
            "SELECT 1 FROM pg_locks INNER JOIN pg_stat_activity USING (pid) WHERE datname = current_database()"
            f" AND application_name = 'olist run' AND NOT granted AND waitstart < clock_timestamp() - '{longer_than}'::interval"
        )
    )


def one_statement(query: str, *, prepare: bool = False) -> Look:
    return lambda connection: seen(connection, query, prepare=prepare)


def table_by_table(isolation: IsolationLevel) -> Look:
    """A transaction that keeps to the protocol: the shared lock before BEGIN, then one statement per table."""

    def look(connection: psycopg.Connection) -> set[str]:
        connection.isolation_level = isolation
        with hold(connection, "silver"), connection.transaction():
            return set[str]().union(*(seen(connection, query) for query in ALL_TABLES.split(" UNION ALL ")))

    return look


def locked_gold(connection: psycopg.Connection) -> set[str]:
    """The same over gold."""
    connection.isolation_level = IsolationLevel.REPEATABLE_READ
    with hold(connection, "gold"), connection.transaction():
        return set[str]().union(*(seen(connection, query) for query in GOLD.split("UNION ALL")))


STATEMENTS: dict[str, Look] = {
    "every table": one_statement(ALL_TABLES),
    "a join": one_statement(JOINED),
    "a prepared join": one_statement(JOINED, prepare=True),
    "a view": one_statement("SELECT * FROM reporting.everything"),
}
TRANSACTIONS: dict[str, Look] = {
    "read committed": table_by_table(IsolationLevel.READ_COMMITTED),
    "repeatable read": table_by_table(IsolationLevel.REPEATABLE_READ),
}


@contextmanager
def readers(platform: Platform, looks: dict[str, Look]) -> Iterator[dict[str, list[set[str]]]]:
    """A thread for each look, which looks again and again while the block lasts; what each has seen, errors included."""
    ended, found = threading.Event(), {name: list[set[str]]() for name in looks}

    def work(name: str) -> None:
        with connected(platform) as connection:
            while not ended.wait(0.02):
                try:
                    found[name].append(looks[name](connection))
                except psycopg.Error as error:
                    found[name].append({f"{type(error).__name__}: {error}"})

    threads = [threading.Thread(target=work, args=(name,)) for name in looks]
    for thread in threads:
        thread.start()
    try:
        yield found
    finally:
        ended.set()
        for thread in threads:
            thread.join()


def assert_sound(name: str, observations: list[set[str]]) -> None:
    """Every observation was of one version, and both versions were seen."""
    assert {frozenset(o) for o in observations} == {frozenset({"11"}), frozenset({"22"})}, name


@pytest.mark.parametrize("looks", [STATEMENTS, TRANSACTIONS], ids=["statements", "locked transactions"])
def test_readers_see_one_whole_version_however_often_it_changes(
    published: Platform, versions: tuple[Version, Version], looks: dict[str, Look]
) -> None:
    with connected(published) as connection:
        connection.execute("CREATE SCHEMA reporting")
        connection.execute(f"CREATE VIEW reporting.everything (name, number_of_rows, numbers) AS {ALL_TABLES}")
    with readers(published, looks) as found:
        for turn in range(PUBLISHES):
            publish_version(published, versions[turn % 2])
    for name, observations in found.items():
        assert_sound(name, observations)
        changes = sum(a != b for a, b in pairwise(observations))
        assert changes == PUBLISHES - 1, f"{name}: it must have looked between any two publishes"


def test_readers_of_gold_see_one_whole_version(published: Platform, versions: tuple[Version, Version]) -> None:
    published.olist_json("gold")
    with readers(published, {"statements": one_statement(GOLD), "transactions": locked_gold}) as found:
        published.olist_json("run", "--source", versions[1].folder)
        with connected(published) as connection:
            assert seen(connection, GOLD) == {"22"}
    for name, observations in found.items():
        assert_sound(name, observations)


def test_the_observers_of_these_tests_notice_a_bad_publish(published: Platform) -> None:
    with connected(published) as connection:
        connection.execute("UPDATE silver.orders SET order_estimated_delivery_date = '2018-12-22'")
        assert all(look(connection) == {"11", "22"} for look in TRANSACTIONS.values())
        assert seen(connection, ALL_TABLES) == seen(connection, JOINED) == {"11", "22"}
        connection.execute("TRUNCATE silver.rejects")
        assert seen(connection, ALL_TABLES) == {"11", "22", "empty rejects"}
        connection.execute("DROP TABLE silver.order_items")
        with pytest.raises(psycopg.errors.UndefinedTable):
            seen(connection, JOINED)


def test_a_transaction_that_has_read_one_table_keeps_its_version_for_all(published: Platform) -> None:
    with ExitStack() as stack, connected(published) as reader:
        with reader.transaction():
            reader.execute("SELECT count(*) FROM silver.orders")
            report = stack.enter_context(publishing(published))
            wait_for(lambda: waits(published), PATIENT)
            assert seen(reader) == {"11"}
            assert not report.done()
        assert report.result().status == "success"
        assert seen(reader) == {"22"}


def test_without_all_locks_taken_first_such_a_transaction_ends_in_a_deadlock(
    published: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Why the publish takes all locks at once, and for moments only."""
    monkeypatch.setattr(publish, "_lock_readers_out", lambda *_: None)
    with ExitStack() as stack, connected(published) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM silver.orders")
        report = stack.enter_context(publishing(published))
        wait_for(
            lambda: waits(published, longer_than="1.5 seconds"), PATIENT
        )  # after its own look for a deadlock, at 1 s
        with pytest.raises(psycopg.errors.DeadlockDetected):
            seen(reader)
        reader.execute("ROLLBACK")
        assert report.result().status == "success"


def test_the_shared_lock_keeps_the_version_for_a_repeatable_read_that_reads_late(published: Platform) -> None:
    with ExitStack() as stack, connected(published) as reader:
        reader.isolation_level = IsolationLevel.REPEATABLE_READ
        with hold(reader, "silver"), reader.transaction():
            reader.execute("SELECT 1")
            report = stack.enter_context(publishing(published))
            wait_for(lambda: waits(published), PATIENT)
            assert seen(reader) == {"11"}
            assert not report.done()
        assert report.result().status == "success"
        assert seen(reader) == {"22"}


def test_without_the_lock_a_repeatable_read_from_before_a_publish_finds_its_tables_empty(published: Platform) -> None:
    """The limit that docs/reading.md names; should PostgreSQL lift it one day, the lock is needless."""
    with connected(published) as reader:
        reader.isolation_level = IsolationLevel.REPEATABLE_READ
        with reader.transaction():
            reader.execute("SELECT 1")
            assert pipeline.silver(published.settings()).status == "success"
            assert seen(reader) == {f"empty {table}" for table in NUMBERS}
