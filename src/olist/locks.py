"""Locks on files: the kernel's, so one ends with its process, however that ends."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from olist.errors import AnotherRun

__all__ = ["file_lock"]


@contextmanager
def file_lock(path: Path, wait: float, *, shared: bool = False) -> Iterator[None]:
    """A lock on a file, one holder at a time unless all of them share it. Raises AnotherRun after `wait` seconds."""
    deadline = time.monotonic() + wait
    with path.open("a+", encoding="utf-8") as file:
        while True:
            try:
                fcntl.flock(file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    raise _busy(path, wait) from None
                time.sleep(0.1)
        file.truncate(0)
        file.write(f"pid {os.getpid()} since {datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC")
        file.flush()
        yield


def _busy(path: Path, wait: float) -> AnotherRun:
    return AnotherRun(
        "another run is at work here",
        resource=str(path),
        expected=f"its end within {wait:g} s",
        found=path.read_text(encoding="utf-8") or "its lock",
        remedy="wait for it to end and run again; OLIST_LOCK_WAIT sets how long to wait, OLIST_HOME another platform",
    )
