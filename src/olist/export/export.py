"""What is published, exported: every served table of a layer in one consistent state, committed by a manifest.

    exports/<layer>/<table>/export=<id>/partition_month=YYYY-MM-01/part.parquet      a table with a partition column
    exports/<layer>/<table>/export=<id>/part.parquet                                 one without
    manifests/exports/<layer>/<id>.json              written last: an export without one does not count

The folders are Hive's. Their key has a name that no column has: readers would take the folder's value for the column's. Both layers' shared
locks are held while reading, so no publish comes in between. A layer whose published version was exported before is left alone: an
export of unchanged data writes nothing.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from time import perf_counter

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from olist.contracts import Contract
from olist.errors import OlistError
from olist.export.committed import FORMAT, LAYERS
from olist.export.layout import ROW_GROUP, Layout, layouts
from olist.export.tables import Served, read, served_tables
from olist.lake.batches import Lake, StoredObject
from olist.lake.verify import sha256_of
from olist.warehouse.connect import connect
from olist.warehouse.publish import Layer, Publication, hold, latest

__all__ = ["Exported", "export"]

_NO_VALUE = "__HIVE_DEFAULT_PARTITION__"


@dataclass(frozen=True)
class Exported:
    """One table as exported; no objects where its layer had not changed."""

    layer: Layer
    table: str
    layout: Layout
    rows: int
    objects: tuple[StoredObject, ...]
    seconds: float


def export(
    lake: Lake,
    url: str,
    contracts: Mapping[str, Contract],
    *,
    run_id: str,
    scratch: Path,
    on_table: Callable[[str], None] = lambda table: None,
) -> list[Exported]:
    """Export what changed since the last export, partitioned by month where the contract or the dbt model names a column for it.

    Raises OlistError when nothing is published yet, or a table's rows did not all arrive.
    """
    scratch.mkdir(parents=True, exist_ok=True)
    with connect(url, "export") as connection, hold(connection, "silver"), hold(connection, "gold"):
        results: list[Exported] = []
        for layer in LAYERS:
            publication = latest(connection, layer)
            if publication is None:
                raise _nothing_published(layer)
            if _exported_before(lake, publication):
                continue
            lies = layouts(lake, contracts, publication)
            exported = []
            for served in served_tables(connection, layer):
                exported.append(_export_table(lake, url, served, run_id, scratch, lies[served.table]))
                on_table(served.table)
            _commit(lake, publication, run_id, exported)
            results.extend(exported)
        return results


def _exported_before(lake: Lake, publication: Publication) -> bool:
    keys = lake.store.keys(f"manifests/exports/{publication.layer}")
    last = json.loads(lake.store.read(keys[-1])) if keys else {}
    return (last.get("format"), last.get("inputs")) == (FORMAT, publication.inputs)


def _export_table(lake: Lake, url: str, served: Served, run_id: str, scratch: Path, layout: Layout) -> Exported:
    started = perf_counter()
    # Sorted here and not by PostgreSQL, whose collation is another order than that of the statistics in the files.
    table = read(url, served).sort_by([(column, "ascending") for column in layout.order])
    objects = []
    for folder, rows in _partitions(table, layout.partition):
        key = f"exports/{served.layer}/{served.table}/export={run_id}/{folder}part.parquet"
        objects.append(_store(lake, key, rows, layout, scratch))
    if (stored := sum(o.rows for o in objects)) != table.num_rows:
        raise OlistError(
            "an export would lose rows",
            resource=f"{served.layer}.{served.table}",
            expected=f"{table.num_rows:,} rows",
            found=f"{stored:,} in its partitions",
            remedy="nothing was committed; report this",
        )
    return Exported(served.layer, served.table, layout, table.num_rows, tuple(objects), perf_counter() - started)  # type: ignore[arg-type]


def _partitions(table: pa.Table, column: str | None) -> Iterator[tuple[str, pa.Table]]:
    """(folder, rows) by month; rows without a value come under Hive's own name for that. An empty table is one empty file."""
    if column is None or table.num_rows == 0:
        yield "", table
        return
    months = pc.strftime(table.column(column), format="partition_month=%Y-%m-01/").fill_null(
        f"partition_month={_NO_VALUE}/"
    )
    for folder in sorted(pc.unique(months).to_pylist()):
        yield folder, table.filter(pc.equal(months, folder))


def _store(lake: Lake, key: str, rows: pa.Table, layout: Layout, scratch: Path) -> StoredObject:
    order = pq.SortingColumn.from_ordering(rows.schema, [(column, "ascending") for column in layout.order])
    with tempfile.TemporaryDirectory(dir=scratch, prefix="export-") as work:
        path = Path(work, "part.parquet")
        pq.write_table(rows, path, compression="zstd", row_group_size=ROW_GROUP, sorting_columns=order)
        stored = StoredObject(key, rows.num_rows, path.stat().st_size, sha256_of(path))
        lake.store.put(key, path)
    return stored


def _commit(lake: Lake, publication: Publication, run_id: str, exported: list[Exported]) -> None:
    lake.put_json(
        f"manifests/exports/{publication.layer}/{run_id}.json",
        {
            "format": FORMAT,
            "layer": publication.layer,
            "export_id": run_id,
            "publication_run_id": publication.run_id,
            "inputs": publication.inputs,
            "tables": {
                e.table: {"rows": e.rows, "layout": asdict(e.layout), "objects": [asdict(o) for o in e.objects]}
                for e in exported
            },
        },
    )


def _nothing_published(layer: str) -> OlistError:
    return OlistError(
        "there is nothing to export",
        resource=layer,
        expected="a published version",
        found="none",
        remedy="run `olist run` first",
    )
