"""Readers of silver and gold while new versions are published: what they may see, what they may hold up, and what follows a publish."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep

import psycopg
import pytest
from conftest import Platform
from psycopg import IsolationLevel
from versions import ALL_TABLES, JOINED, NUMBERS, Version, seen, write_version

from olist import pipeline
from olist.contracts import Contract
from olist.errors import Busy, PublishBlocked
from olist.warehouse import publish
from olist.warehouse.publish import hold

PUBLISHES = 10
Look = Callable[[psycopg.Connection], set[str]]


@pytest.fixture(scope="module")
def versions(contracts: dict[str, Contract], small_folder: Path, session_folder: Path) -> tuple[Version, Version]:
    folder = session_folder / "readers"
    folder.mkdir()
    return (
        write_version(contracts, small_folder, folder / "old", 11),
        write_version(contracts, small_folder, folder / "new", 22),
    )


@pytest.fixture
def published(platform: Platform, versions: tuple[Version, Version]) -> Platform:
    """A platform whose silver is the old version, the new one being in bronze."""
    publish_version(platform, versions[0])
    assert pipeline.ingest(platform.settings(versions[1].folder)).status == "success"
    return platform


def publish_version(platform: Platform, version: Version) -> None:
    for report in (pipeline.ingest(platform.settings(version.folder)), pipeline.silver(platform.settings())):
        assert report.status == "success", report.error


@contextmanager
def connected(platform: Platform) -> Iterator[psycopg.Connection]:
    assert platform.warehouse is not None
    with psycopg.connect(platform.warehouse, autocommit=True) as connection:
        yield connection


@contextmanager
def publishing(platform: Platform, **settings: float) -> Iterator[Future[pipeline.Report]]:
    """Silver being built and published beside the block, which ends when it has ended."""
    with ThreadPoolExecutor(1) as pool:
        yield pool.submit(pipeline.silver, platform.settings(**settings))


def one_statement(query: str, *, prepare: bool = False) -> Look:
    return lambda connection: seen(connection, query, prepare=prepare)


def table_by_table(isolation: IsolationLevel) -> Look:
    """A transaction that keeps to the protocol: the shared lock before BEGIN, then one statement per table."""

    def look(connection: psycopg.Connection) -> set[str]:
        connection.isolation_level = isolation
        with hold(connection, "silver"), connection.transaction():
            return set[str]().union(*(seen(connection, query) for query in ALL_TABLES.split(" UNION ALL ")))

    return look


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
            while not ended.is_set():
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


@pytest.mark.parametrize("looks", [STATEMENTS, TRANSACTIONS], ids=["statements", "locked transactions"])
def test_readers_see_one_whole_version_however_often_it_changes(
    published: Platform, versions: tuple[Version, Version], looks: dict[str, Look]
) -> None:
    with connected(published) as connection:
        connection.execute("CREATE SCHEMA reporting")
        connection.execute(f"CREATE VIEW reporting.everything (name, number_of_rows, numbers) AS {ALL_TABLES}")
    with readers(published, looks) as found:
        for round_ in range(PUBLISHES):
            publish_version(published, versions[round_ % 2])
    for name, observations in found.items():
        assert {frozenset(o) for o in observations} == {frozenset({"11"}), frozenset({"22"})}, name
        changes = sum(a != b for a, b in zip(observations, observations[1:], strict=False))
        assert changes == PUBLISHES - 1, f"{name}: it must have looked between any two publishes"
