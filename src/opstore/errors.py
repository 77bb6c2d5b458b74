"""What can go wrong with the record.

OpstoreError
├── OpstoreUnavailable    it cannot be opened, read or written
│   ├── UnknownStore      its address is of a kind that is not supported
│   ├── Refused           it can be reached, and will never take this writing
│   └── UnknownRows       it will take this writing once this program is as new as the one that made it
├── Fenced                another holder has taken the lease: who wrote this has been overtaken
└── Conflict              somebody else has written the same key: read again, then decide again
"""

from __future__ import annotations

from pathlib import Path

__all__ = ["Conflict", "Fenced", "OpstoreError", "OpstoreUnavailable", "Refused", "UnknownRows", "UnknownStore"]


class OpstoreError(Exception):
    """Every error of the record."""


class OpstoreUnavailable(OpstoreError):
    """The record cannot be opened, read or written; `filename` says where it is."""

    def __init__(self, path: Path | str, reason: str) -> None:
        self.filename = str(path)
        super().__init__(reason)


class UnknownStore(OpstoreUnavailable):
    """The record's address is of a kind that is not supported."""


class Refused(OpstoreUnavailable):
    """The record can be reached and will never take this writing: sending it again is of no use. Nothing was written."""


class UnknownRows(OpstoreUnavailable):
    """Rows of a table or column that this program does not know: those of a later one, which will know it. Nothing was written."""


class Fenced(OpstoreError):
    """A later holder has taken the lease; nothing was written."""


class Conflict(OpstoreError):
    """A row with this key is there already; nothing was written."""
