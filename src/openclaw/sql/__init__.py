"""What the agent asks of the record: one file a question."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

__all__ = ["statement"]


@cache
def statement(name: str, package: str = "openclaw.sql") -> str:
    """The text of `<name>.sql`, ours or of the package that asks."""
    return files(package).joinpath(f"{name}.sql").read_text(encoding="utf-8")
