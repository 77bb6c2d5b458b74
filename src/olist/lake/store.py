"""Where the lake's objects lie. Objects are created once and never changed: there is no overwrite and no delete.

`FolderStore` keeps them in a folder, `GcsStore` (of `gcs.py`) in a bucket. In a folder an object appears under its key whole or not at
all: it is written beside, synced to disk and linked to its name, and the link fails where the name exists.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Protocol
from uuid import uuid4

from olist.errors import LakeError

__all__ = ["FolderStore", "ObjectExists", "Store", "exists", "missing"]


_PARTIAL = ".partial"


class ObjectExists(LakeError):
    """The key is taken. Objects are never replaced."""


class Store(Protocol):
    """What the lake needs of a place for objects. Keys are relative, with `/`."""

    @property
    def url(self) -> str:
        """Where the store is, for people."""
        ...

    def put(self, key: str, source: Path) -> None:
        """Store the file `source` under `key`. Raises ObjectExists when the key is taken, LakeError when it cannot be written."""
        ...

    def read(self, key: str) -> bytes:
        """The object's bytes. Raises LakeError when there is none."""
        ...

    def keys(self, prefix: str) -> list[str]:
        """Every key below `prefix`, sorted."""
        ...

    def local(self, key: str) -> Path:
        """A local file with the object's content, to be read only. Raises LakeError when there is none."""
        ...


class FolderStore:
    """A store in a folder of a local file system."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @property
    def url(self) -> str:
        return str(self.root)

    def put(self, key: str, source: Path) -> None:
        target = self.root / key
        partial = self.root / _PARTIAL / uuid4().hex
        try:
            partial.parent.mkdir(parents=True, exist_ok=True)
            target.parent.mkdir(parents=True, exist_ok=True)
            _copy_synced(source, partial)
            os.link(partial, target)
            _sync_folder(target.parent)
        except FileExistsError as error:
            raise exists(f"{self.url}/{key}") from error
        except OSError as error:
            raise _unwritable(target, error) from error
        finally:
            with suppress(OSError):  # where nothing can be removed, the first error says why
                partial.unlink(missing_ok=True)

    def partial(self) -> Iterator[Path]:
        """The files that are being written, and those that a crash has left so; no manifest can name them."""
        return (self.root / _PARTIAL).glob("*")

    def read(self, key: str) -> bytes:
        return self.local(key).read_bytes()

    def keys(self, prefix: str) -> list[str]:
        folder = self.root / prefix
        found = (path for path in folder.rglob("*") if path.is_file())
        return sorted(path.relative_to(self.root).as_posix() for path in found)

    def local(self, key: str) -> Path:
        path = self.root / key
        if not path.is_file():
            raise missing(f"{self.url}/{key}")
        return path


def _copy_synced(source: Path, target: Path) -> None:
    with source.open("rb") as reader, target.open("xb") as writer:
        while chunk := reader.read(8 << 20):
            writer.write(chunk)
        writer.flush()
        os.fsync(writer.fileno())
    target.chmod(0o444)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def exists(resource: str) -> ObjectExists:
    """The error of a key that is taken."""
    return ObjectExists(
        "an object of the lake would be overwritten",
        resource=resource,
        expected="a new key",
        found="an object under this key",
        remedy="nothing was written; run the step again, which uses a new run id",
    )


def missing(resource: str) -> LakeError:
    """The error of a key that has no object."""
    return LakeError(
        "an object of the lake is missing",
        resource=resource,
        expected="the object that a manifest names",
        found="nothing",
        remedy="restore it from a copy of the lake; `olist lake verify` lists everything that differs",
    )


def _unwritable(path: Path, error: OSError) -> LakeError:
    full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    return LakeError(
        "the lake has no space left" if full else "the lake cannot be written",
        resource=str(path),
        expected="free space and a folder this user may write",
        found=error.strerror or str(error),
        remedy="free some space and run again"
        if full
        else "correct the folder's permissions, or set OLIST_HOME to another",
    )
