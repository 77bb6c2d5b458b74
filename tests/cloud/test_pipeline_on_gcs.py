"""The whole pipeline with its lake in a bucket: the same rows as from a folder, whoever is killed and on whatever machine it goes on."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from conftest import Platform
from crashing import Contents, CrashSite, contents, sabotaged
from databases import embedded_platform, owned_platform
from deliveries import succeed, without_promises
from olist import pipeline
from olist.contracts import Contract
from olist.lake.gcs import GcsStore
from olist.lake.open import open_lake
from olist.warehouse import embedded
from versions import write_versions


@pytest.fixture(scope="module")
def published(server: embedded.Server, gcs: str, small_folder: Path) -> Iterator[Platform]:
    """A platform whose lake is in a bucket, after its first run."""
    with owned_platform(server) as platform:
        platform.lake = f"gs://{new_bucket('published')}/some/prefix"
        succeed(pipeline.run(platform.settings(small_folder)))
        yield platform


@pytest.fixture(scope="module")
def site(contracts: dict[str, Contract], gcs: str, small_folder: Path, session_folder: Path) -> Iterator[CrashSite]:
    versions = {v.number: v for v in write_versions(contracts, small_folder, session_folder / "gcs-crashes")}
    with embedded_platform() as platform:
        platform.lake = f"gs://{new_bucket('crashes')}"
        platform.contracts = without_promises(platform.home)
        site = CrashSite(platform, contracts, versions)
        for number in versions:
            site.learn(number)
        yield site


def new_bucket(name: str) -> str:
    GcsStore(name, "", Path("unused")).client.create_bucket(name)
    return name


def rows_of(platform: Platform) -> tuple[Contents, Contents]:
    assert platform.warehouse is not None
    with psycopg.connect(platform.warehouse, autocommit=True) as connection:
        return contents(connection, "silver"), contents(connection, "gold")


def test_a_bucket_gives_the_rows_that_a_folder_gives(
    published: Platform, server: embedded.Server, small_folder: Path
) -> None:
    with owned_platform(server) as beside:
        succeed(pipeline.run(beside.settings(small_folder)))
        assert rows_of(published) == rows_of(beside)
    assert not (published.home / "lake").exists()
    assert published.olist_json("run", "--source", small_folder)["status"] == "no_op"
    verified = published.olist("lake", "verify")
    assert verified.stdout == "9 objects verified, 0 differences\n", verified.stderr


def test_another_machine_goes_on_from_the_bucket(published: Platform, folder: Path, small_folder: Path) -> None:
    other = Platform(folder, published.warehouse, lake=published.lake)
    succeed(pipeline.run(other.settings(small_folder)), "no_op")
    before = rows_of(published)
    with psycopg.connect(str(published.warehouse), autocommit=True) as connection:
        connection.execute("DROP SCHEMA silver, gold, olist_meta CASCADE")
    succeed(pipeline.silver(other.settings()))
    succeed(pipeline.gold(other.settings()))
    assert rows_of(published) == before, "the bucket alone is enough to make the warehouse again"


def test_an_object_that_was_altered_in_the_bucket_is_not_published(
    published: Platform, folder: Path, server: embedded.Server, small_folder: Path
) -> None:
    with owned_platform(server) as platform:
        platform.lake = f"gs://{new_bucket('altered')}"
        succeed(pipeline.ingest(platform.settings(small_folder)))
        lake = open_lake(platform.settings())
        key = lake.batches("sellers")[0].object.key
        GcsStore("altered", "", folder).client.bucket("altered").blob(key).upload_from_string(
            b"PAR1 is not what it was"
        )
        report = pipeline.silver(platform.settings())
        assert report.error is not None
        assert f"gs://altered/{key}" in report.error.resource
        verified = platform.olist("lake", "verify")
        assert key in verified.stdout
        assert verified.returncode == 1


def test_two_machines_that_bring_the_same_files_at_once_make_one_version(
    server: embedded.Server, gcs: str, small_folder: Path, published: Platform, folder: Path
) -> None:
    with owned_platform(server) as platform:
        platform.lake = f"gs://{new_bucket('twins')}"
        twin = Platform(folder, platform.warehouse, lake=platform.lake)
        with ThreadPoolExecutor(2) as pool:
            both = list(pool.map(lambda p: p.olist("ingest", "--source", small_folder), (platform, twin)))
        assert [r.returncode for r in both] == [0, 0], [r.stderr for r in both]
        succeed(pipeline.silver(platform.settings()))
        assert rows_of(platform)[0] == rows_of(published)[0]


@pytest.mark.parametrize(
    ("command", "point", "when", "nth"),
    [
        ("ingest", "olist.lake.upload:_post", "before", 1),
        ("ingest", "olist.lake.upload:_post", "after", 1),
        ("ingest", "olist.lake.gcs:GcsStore.put", "before", 19),
        ("ingest", "olist.lake.gcs:GcsStore.put", "after", 19),
        ("silver", "olist.lake.cache:ObjectCache.find", "before", 30),
    ],
)
def test_killed_at_any_moment_the_next_run_completes(
    site: CrashSite, command: str, point: str, when: str, nth: int
) -> None:
    silver, _ = site.standing()
    target = site.other(silver)
    if command == "silver":
        site.ingest(target)
        shutil.rmtree(site.platform.home / "cache")
    arguments: list[str | Path] = ["--source", site.versions[target].folder] if command == "ingest" else []
    killed = sabotaged(site, point, when, nth, "run", command, *arguments)
    assert killed.returncode == -9, killed.stdout + killed.stderr
    assert site.standing(target, f"{when} {point}")[0] == silver
    site.silver(target)
