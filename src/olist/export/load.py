"""Exports to BigQuery as the settings say: which export, where to, as what kind of tables; all of it checked before BigQuery is asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from olist.errors import ConfigurationError, OlistError, extra_missing
from olist.export.committed import LAYERS, Committed, committed
from olist.lake.batches import Lake
from olist.lake.open import open_lake
from olist.settings import Settings

if TYPE_CHECKING:
    from olist.export.bigquery import Loaded, Target

__all__ = ["LoadedLayer", "load_exports", "target_of"]


@dataclass(frozen=True)
class LoadedLayer:
    """What a layer's dataset shows now; no tables where it showed that already."""

    dataset: str
    export: Committed
    tables: tuple[Loaded, ...]


def load_exports(settings: Settings, export_id: str | None, on_table: Callable[[str], None]) -> Iterator[LoadedLayer]:
    """Load the latest export of each layer, or the layers of the one with this id.

    Raises ConfigurationError for settings that do not name a lake in a bucket and a place in BigQuery, OlistError for an export that is not
    committed, and what `bigquery.load` raises.
    """
    target, lake = target_of(settings), open_lake(settings)
    from olist.export.bigquery import load

    for export in _chosen(lake, export_id):
        tables = load(target, lake, export, on_table)
        yield LoadedLayer(target.dataset(export.layer), export, tuple(tables))


def target_of(settings: Settings) -> Target:
    """The place in BigQuery that the settings name. Raises ConfigurationError when they name none, or BigQuery cannot read the lake."""
    if settings.bigquery_target is None:
        raise _unset(
            "OLIST_BIGQUERY", "bigquery://project/prefix", "unset", "set it; docs/bigquery.md says what it needs"
        )
    if not settings.lake_url.startswith("gs://"):
        remedy = "BigQuery reads buckets only: set OLIST_LAKE to gs://bucket/prefix"
        raise _unset("OLIST_LAKE", "a lake in a bucket", settings.lake_url, remedy)
    try:  # Google's libraries are an extra, and take their time to load
        from olist.export.bigquery import Target
    except ImportError as error:
        raise extra_missing("OLIST_BIGQUERY", error) from error
    return Target(*settings.bigquery_target, settings.bigquery_tables)


def _chosen(lake: Lake, export_id: str | None) -> list[Committed]:
    found = [export for layer in LAYERS if (export := committed(lake, layer, export_id))]
    if not found:
        raise OlistError(
            "there is no such export to load",
            resource=f"{lake.store.url}/manifests/exports",
            expected=f"a manifest of {export_id}" if export_id else "a committed export",
            found="none: an export counts once its manifest is written",
            remedy="`olist export` makes one; the names under manifests/exports are those that can be loaded",
        )
    return found


def _unset(resource: str, expected: str, found: str, remedy: str) -> ConfigurationError:
    what = "exports cannot be loaded into BigQuery"
    return ConfigurationError(what, resource=resource, expected=expected, found=found, remedy=remedy)
