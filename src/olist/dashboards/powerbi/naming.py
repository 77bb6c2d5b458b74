"""Names and identities: what TMDL wants quoted, and GUIDs that are the same in every generation."""

from __future__ import annotations

import re
import uuid

__all__ = ["field", "guid", "quoted"]

_NAMESPACE = uuid.UUID("6d4f6b7e-3f0a-5d1c-9a53-0d8c1e5b7a42")


def guid(*parts: str) -> str:
    """The identity of what the parts name: the same parts, the same GUID."""
    return str(uuid.uuid5(_NAMESPACE, "/".join(parts)))


def quoted(name: str) -> str:
    """A name as TMDL writes it."""
    return name if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name) else "'" + name.replace("'", "''") + "'"


def field(table: str, column: str) -> str:
    """table.column as TMDL writes it."""
    return f"{quoted(table)}.{quoted(column)}"
