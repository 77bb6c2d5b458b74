"""The lake proves that it is as it was written, and silver builds on nothing else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from conftest import Platform
from deliveries import batches, command, deliver, lake_state, rewrite_items, silver_state, succeed
from olist import pipeline
from olist.errors import LakeError
from olist.lake.store import FolderStore, ObjectExists


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
    delivered: Platform, small_copy: Path, damage: Callable[[Path], str]
) -> None:
    before = silver_state(delivered)
    rewrite_items(small_copy, "59")
    succeed(pipeline.ingest(delivered.settings(small_copy)))
    path = delivered.home / "lake" / batches(delivered, "order_items")[-1].object.key
    path.chmod(0o644)
    damage(path)
    report = pipeline.silver(delivered.settings())
    assert isinstance(report.error, LakeError)
    assert path.name in report.error.resource
    assert "olist lake verify" in report.error.remedy
    assert silver_state(delivered) == before


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


def test_a_home_may_have_any_name_that_a_folder_can_have(delivered: Platform, small_folder: Path, folder: Path) -> None:
    silver = silver_state(delivered)
    awkward = Platform(folder / 'l\'été [1] *? {2} "3" %s', delivered.warehouse)
    deliver(awkward.settings(small_folder))
    assert silver_state(delivered) == silver
