"""Where facts wait while the record cannot be reached: one file of JSON lines for each writing, whole or not there at all.

Facts have ids, so sending a file twice is harmless: it is removed only after the record has taken it in. What cannot be read or will never
be taken is set aside, and that itself is worth an event.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from opstore.records import utc_now

__all__ = ["ASIDE", "WAITING", "Rows", "Spool"]

Rows = Mapping[str, Sequence[Mapping[str, Any]]]

WAITING, ASIDE = ".jsonl", ".unreadable"


class Spool:
    """A folder of waiting facts. Several processes may add and send at once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def add(self, rows: Rows, suffix: str = WAITING) -> Path:
        """Keep rows, by table, until they can be sent, or ASIDE. Raises OSError when they cannot be kept either."""
        self.folder.mkdir(parents=True, exist_ok=True)
        name = f"{utc_now().replace(':', '')}-{os.getpid()}-{secrets.token_hex(4)}"
        path, half = self.folder / f"{name}{suffix}", self.folder / f".{name}.half"
        with half.open("w", encoding="utf-8") as file:
            for table, several in rows.items():
                file.writelines(json.dumps({"table": table, "row": dict(row)}) + "\n" for row in several)
            file.flush()
            os.fsync(file.fileno())
        half.rename(path)
        return path

    def waiting(self) -> list[Path]:
        """The files that wait, oldest first."""
        try:
            return sorted(path for path in self.folder.iterdir() if path.suffix == WAITING)
        except FileNotFoundError:
            return []

    def read(self, path: Path) -> dict[str, list[dict[str, Any]]]:
        """The rows of a file by table. Raises ValueError for what is no file of ours, FileNotFoundError when another has sent it."""
        rows: dict[str, list[dict[str, Any]]] = {}
        for line in _lines(path):
            try:
                rows.setdefault(line["table"], []).append(line["row"])
            except (KeyError, TypeError) as error:
                raise ValueError(f"not a line of the spool: {error}") from error
        return rows

    def set_aside(self, path: Path) -> Path:
        """Take a file out of the way, and keep it. Raises FileNotFoundError when another has done so, or sent it."""
        return path.rename(path.with_suffix(ASIDE))


def _lines(path: Path) -> Iterator[Any]:
    with path.open(encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)
