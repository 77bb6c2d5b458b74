"""The operational record that the settings name."""

from __future__ import annotations

from olist.settings import Settings
from opstore.store import Opstore, open_opstore

__all__ = ["open_record"]


def open_record(settings: Settings) -> Opstore:
    """The record; its spool is under the home, wherever the record is."""
    return open_opstore(settings.opstore_url, settings.spool)
