"""Proof that the lake is as it was written: every checksum and row count is computed again and compared with its manifest."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from olist.errors import LakeError
from olist.lake.batches import Batch, Lake

__all__ = ["Difference", "sha256_of", "sound", "verify"]


@dataclass(frozen=True)
class Difference:
    """One object that is not what its manifest says."""

    key: str
    expected: str
    found: str


def verify(lake: Lake, tables: Iterable[str]) -> tuple[int, list[Difference]]:
    """(objects compared, differences). Objects that no manifest names are leftovers of a crash: harmless, and not compared."""
    batches = [batch for table in tables for batch in lake.batches(table)]
    return len(batches), [difference for batch in batches for difference in _differences(lake, batch)]


def sound(lake: Lake, batch: Batch) -> Path:
    """A local file with the batch's rows as they were written. Raises LakeError when the object is not what its manifest says."""
    for difference in _differences(lake, batch):
        raise LakeError(
            "an object of the lake is not what was written",
            resource=f"{lake.store.url}/{difference.key}",
            expected=difference.expected,
            found=difference.found,
            remedy="restore it from a copy of the lake, or withdraw its batch; `olist lake verify` lists everything that differs",
        )
    return lake.store.local(batch.object.key)


def sha256_of(path: Path) -> str:
    """SHA-256 of a file's bytes, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _differences(lake: Lake, batch: Batch) -> Iterator[Difference]:
    described = batch.object
    try:
        path = lake.store.local(described.key)
    except LakeError:
        yield Difference(described.key, "an object", "missing")
        return
    if (size := path.stat().st_size) != described.size:
        yield Difference(described.key, f"{described.size} bytes", f"{size} bytes")
    if (digest := sha256_of(path)) != described.sha256:
        yield Difference(described.key, f"sha256 {described.sha256}", f"sha256 {digest}")
    try:
        rows = pq.ParquetFile(path).metadata.num_rows
    except (pa.ArrowException, OSError) as error:
        yield Difference(described.key, f"{described.rows} rows", f"unreadable Parquet ({error})")
        return
    if rows != described.rows:
        yield Difference(described.key, f"{described.rows} rows", f"{rows} rows")
