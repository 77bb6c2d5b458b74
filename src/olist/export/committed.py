"""Exports that count: those with a manifest. What a crash left behind in the lake has none, and nobody reads it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from olist.errors import OlistError
from olist.export.layout import Layout
from olist.lake.batches import Lake, StoredObject
from olist.warehouse.publish import Layer

__all__ = ["FORMAT", "LAYERS", "Committed", "ExportedTable", "committed"]

LAYERS: tuple[Layer, ...] = ("silver", "gold")
FORMAT = 2  # raised when files or manifests change, so that what is unchanged is exported again


@dataclass(frozen=True)
class ExportedTable:
    """One table of an export: its rows in all, how they lie, and the objects that hold them."""

    rows: int
    layout: Layout
    objects: tuple[StoredObject, ...]


@dataclass(frozen=True)
class Committed:
    """One committed export of one layer."""

    layer: Layer
    export_id: str
    tables: Mapping[str, ExportedTable]


def committed(lake: Lake, layer: Layer, export_id: str | None = None) -> Committed | None:
    """The layer's export with this id, or its latest; None where there is none. Raises OlistError for one that is too old to be read."""
    ids = [PurePosixPath(key).stem for key in lake.store.keys(f"manifests/exports/{layer}")]
    chosen = export_id or max(ids, default=None)
    if chosen not in ids:
        return None
    key = f"manifests/exports/{layer}/{chosen}.json"
    document = json.loads(lake.store.read(key))
    if document.get("format") != FORMAT:
        raise OlistError(
            "an export is of another version of this program",
            resource=f"{lake.store.url}/{key}",
            expected=f"format {FORMAT}",
            found=str(document.get("format", 1)),
            remedy="`olist export` makes a new one",
        )
    return Committed(layer, chosen, {name: _table(described) for name, described in document["tables"].items()})


def _table(described: Mapping[str, Any]) -> ExportedTable:
    layout = described["layout"]
    return ExportedTable(
        described["rows"],
        Layout(layout["partition"], tuple(layout["key"]), tuple(layout["clusters"])),
        tuple(StoredObject(**stored) for stored in described["objects"]),
    )
