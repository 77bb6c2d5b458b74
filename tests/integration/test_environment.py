"""Disks that are full and folders that are closed: each is a clear error, and what was published stays as it was."""

from __future__ import annotations

import errno
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from conftest import Platform
from deliveries import (
    accepted,
    change_much,
    command,
    deliver,
    lake_state,
    silver_state,
    succeed,
)
from olist import pipeline
from olist.errors import LakeError
from olist.lake.open import open_lake
from olist.lake.store import FolderStore
from olist.warehouse import embedded
from opstore.store import Opstore, OpstoreUnavailable, RunFinish

FULL = ("No space left on device", "database or disk is full", "disk I/O error")


@pytest.fixture
def mount() -> Iterator[Callable[..., None]]:
    """Mounts a file system, `mount`'s options first; unmounted after the test, whatever runs there ended."""
    mounted: list[Path] = []

    def do(target: Path, *options: str) -> None:
        result = subprocess.run(["mount", *options, str(target)], capture_output=True, text=True, check=False)
        if result.returncode != 0:
            pytest.skip(f"mounting takes root: {result.stderr.strip()}")
        if "remount" not in " ".join(options):
            mounted.append(target)

    yield do
    for target in reversed(mounted):
        for home in (target, target.parent):
            embedded.stop(home)
        subprocess.run(["umount", str(target)], check=True)


def fill(folder: Path, free: int) -> Path:
    """A file that leaves `free` bytes of the disk."""
    disk = os.statvfs(folder)
    path = folder / "filler"
    path.write_bytes(bytes(max(disk.f_bavail * disk.f_frsize - free, 0)))
    return path


def unchanged(platform: Platform, lake: dict[str, str]) -> bool:
    """Whether each object that was there is there as it was."""
    now = lake_state(platform)
    return {key: now.get(key) for key in lake} == lake


# Disks


@pytest.mark.parametrize(
    ("share", "what"),
    [(0.0, "the operating system refused"), (0.5, "the operating system refused"), (1.5, "the lake has no space left")],
    ids=["for the record", "to convert", "for the lake"],
)
def test_a_full_disk_is_named_and_the_next_run_has_what_it_needs(
    platform: Platform, small_folder: Path, small_copy: Path, mount: Callable[..., None], share: float, what: str
) -> None:
    mount(platform.home, "-t", "tmpfs", "-o", "size=8m", "tmpfs")
    deliver(platform.settings(small_folder))
    silver, lake, batches = silver_state(platform), lake_state(platform), accepted(platform)
    change_much(small_copy)
    # Each of the two changed tables is written twice: converted beside the lake, then copied into it.
    size = sum(open_lake(platform.settings()).batches(t)[0].object.size for t in ("geolocation", "order_items"))
    filler = fill(platform.home, int(share * size) + 40_000 if share else 0)

    said = command(platform, "ingest", "--source", small_copy)
    assert said.exit_code == 1
    assert what in said.stderr
    assert any(words in said.stderr for words in FULL), said.stderr
    assert "free some space" in said.stderr
    assert str(platform.home) in said.stderr
    assert accepted(platform) == batches
    assert unchanged(platform, lake)
    assert silver_state(platform) == silver

    filler.unlink()
    deliver(platform.settings(small_copy))
    assert silver_state(platform) != silver
    assert unchanged(platform, lake)


@pytest.mark.parametrize(
    ("number", "what", "remedy"),
    [
        (errno.ENOSPC, "the lake has no space left", "free some space"),
        (errno.EDQUOT, "the lake has no space left", "free some space"),
        (errno.EROFS, "the lake cannot be written", "OLIST_HOME"),
        (errno.EACCES, "the lake cannot be written", "permissions"),
    ],
    ids=["full", "quota", "read-only", "closed"],
)
@pytest.mark.parametrize("call", ["fsync", "link"])
def test_an_object_that_cannot_be_written_is_named_and_leaves_nothing(
    folder: Path, monkeypatch: pytest.MonkeyPatch, call: str, number: int, what: str, remedy: str
) -> None:
    def fail(*arguments: object) -> None:
        raise OSError(number, os.strerror(number))

    source, store = folder / "source", FolderStore(folder / "lake")
    source.write_text("rows")
    monkeypatch.setattr(os, call, fail)
    with pytest.raises(LakeError) as caught:
        store.put("bronze/orders/1.parquet", source)
    assert caught.value.what == what
    assert caught.value.resource == str(folder / "lake/bronze/orders/1.parquet")
    assert caught.value.found == os.strerror(number)
    assert remedy in caught.value.remedy
    assert [path for path in store.root.rglob("*") if path.is_file()] == []


def test_a_full_disk_under_the_embedded_server_keeps_what_was_published(
    embedded_platform: Platform, small_folder: Path, small_copy: Path, mount: Callable[..., None]
) -> None:
    platform = embedded_platform
    (platform.home / "postgres").mkdir()
    mount(platform.home / "postgres", "-t", "tmpfs", "-o", "size=160m", "tmpfs")
    deliver(platform.settings(small_folder))
    silver = silver_state(platform)
    change_much(small_copy)
    succeed(pipeline.ingest(platform.settings(small_copy)))
    filler = fill(platform.home / "postgres", 300_000)

    said = command(platform, "silver")
    assert said.exit_code == 75, said.stderr
    assert "the warehouse has no space left" in said.stderr
    assert "free some space there" in said.stderr
    assert silver_state(platform) == silver
    filler.unlink()
    succeed(pipeline.silver(platform.settings()))
    assert silver_state(platform) != silver


def test_an_embedded_server_that_finds_no_space_starts_when_there_is_some(
    embedded_platform: Platform, small_folder: Path, mount: Callable[..., None]
) -> None:
    platform = embedded_platform
    mount(platform.home, "-t", "tmpfs", "-o", "size=20m,mode=755", "tmpfs")
    succeed(pipeline.ingest(platform.settings(small_folder)))
    said = command(platform, "silver")
    assert said.exit_code == 75
    assert "PostgreSQL could not make its data directory" in said.stderr
    assert "the disk is full: free some space" in said.stderr
    mount(platform.home, "-o", "remount,size=160m")
    succeed(pipeline.silver(platform.settings()))


@pytest.mark.parametrize("source", ["a good one", "a missing one"])
def test_a_record_that_cannot_be_written_does_not_hide_what_failed(
    platform: Platform, small_folder: Path, monkeypatch: pytest.MonkeyPatch, source: str
) -> None:
    def fail(self: Opstore, run: RunFinish) -> None:
        raise OpstoreUnavailable(self.path, "disk I/O error")

    monkeypatch.setattr(Opstore, "finish", fail)
    report = pipeline.ingest(platform.settings(small_folder if source == "a good one" else small_folder / "none"))
    assert report.status == "failed"
    assert report.error is not None
    if source == "a good one":
        assert report.error.resource == str(platform.home / "opstore.sqlite")
        assert report.error.found == "disk I/O error"
    else:
        assert report.error.what == "the source does not exist"


# Folders


def test_a_lake_that_cannot_be_written_is_named(
    delivered: Platform, small_folder: Path, small_copy: Path, mount: Callable[..., None]
) -> None:
    silver, lake = silver_state(delivered), lake_state(delivered)
    change_much(small_copy)
    folder = delivered.home / "lake"
    mount(folder, "--bind", str(folder))
    mount(folder, "-o", "remount,bind,ro")
    said = command(delivered, "ingest", "--source", small_copy)
    assert said.exit_code == 1
    for text in ("the lake cannot be written", str(folder), "Read-only file system", "OLIST_HOME"):
        assert text in said.stderr
    assert silver_state(delivered) == silver
    assert lake_state(delivered) == lake
    mount(folder, "-o", "remount,bind,rw")
    succeed(pipeline.ingest(delivered.settings(small_folder)), "no_op")


@pytest.mark.parametrize("arguments", [("ingest",), ("silver",), ("gold",), ("status",)], ids=lambda a: a[0])
@pytest.mark.parametrize("kind", ["under a file", "read-only"])
def test_a_home_that_cannot_be_written_is_named(
    platform: Platform, mount: Callable[..., None], kind: str, arguments: tuple[str, ...]
) -> None:
    if kind == "under a file":
        (platform.home / "file").touch()
        platform.home = platform.home / "file" / "home"
    else:
        mount(platform.home, "-t", "tmpfs", "-o", "size=1m,ro", "tmpfs")
    said = command(platform, *arguments)
    assert said.exit_code == 1
    for text in ("the operating system refused", str(platform.home), "folders that this user may write", "OLIST_HOME"):
        assert text in said.stderr
