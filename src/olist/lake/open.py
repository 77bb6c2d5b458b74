"""The lake that the settings name: a folder, or a prefix of a bucket."""

from __future__ import annotations

from pathlib import Path

from olist.errors import extra_missing
from olist.lake.batches import Lake
from olist.lake.store import FolderStore, Store
from olist.settings import Settings

__all__ = ["open_lake", "open_store"]


def open_lake(settings: Settings) -> Lake:
    """The lake of the settings."""
    return Lake(open_store(settings))


def open_store(settings: Settings) -> Store:
    """Where its objects lie."""
    _, separator, rest = settings.lake_url.partition("://")
    if not separator:
        return FolderStore(Path(settings.lake_url))
    try:  # Google's libraries are an extra, and take their time to load
        from olist.lake.gcs import GcsStore
    except ImportError as error:
        raise extra_missing("OLIST_LAKE", error) from error
    bucket, _, prefix = rest.partition("/")
    return GcsStore(bucket, prefix, settings.home / "cache")
