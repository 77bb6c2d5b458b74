"""The warehouse's statements, each in a file of its own under `statements/`."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

__all__ = ["statement"]


@cache
def statement(name: str) -> str:
    """The text of `statements/<name>.sql`."""
    return files("olist.warehouse").joinpath("statements", f"{name}.sql").read_text(encoding="utf-8")
