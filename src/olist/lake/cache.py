"""Objects of a bucket on this machine, each under its name and generation: what is there is never stale, only no longer needed."""

from __future__ import annotations

import base64
import os
import time
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import google_crc32c

__all__ = ["ObjectCache", "crc32c_of"]

_UNUSED_SECONDS = 7 * 24 * 3600.0


class ObjectCache:
    """A folder that may be deleted at any time. What was not used for a week is dropped when it is opened."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._forget(time.time() - _UNUSED_SECONDS)

    def find(self, name: str, generation: int, crc32c: str) -> Path | None:
        """The object's file, if it is there and as GCS has it."""
        path = self._path(name, generation)
        try:
            if crc32c_of(path.read_bytes()) != crc32c:
                return None
            os.utime(path)
        except OSError:
            return None
        return path

    def keep(self, name: str, generation: int, fill: Callable[[Path], object]) -> Path:
        """Have `fill` write the object beside its place, then move it there: a reader never sees half of one."""
        path = self._path(name, generation)
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(f".{uuid4().hex}")
        try:
            fill(partial)
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)
        return path

    def _path(self, name: str, generation: int) -> Path:
        return self._folder / f"{name}@{generation}"

    def _forget(self, before: float) -> None:
        for path in self._folder.rglob("*"):
            if path.is_file() and path.stat().st_mtime < before:
                path.unlink(missing_ok=True)


def crc32c_of(content: bytes) -> str:
    """CRC32C as GCS writes it: big-endian, in base64."""
    return base64.b64encode(google_crc32c.value(content).to_bytes(4, "big")).decode()
