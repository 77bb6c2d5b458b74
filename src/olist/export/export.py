"""What is published, exported: every served table of a layer in one consistent state, committed by a manifest.

    exports/<layer>/<table>/export=<id>/year=YYYY/month=MM/part.parquet      a table with a partition column
    exports/<layer>/<table>/export=<id>/part.parquet                         one without
    manifests/exports/<layer>/<id>.json                                      written last: an export without one does not count

Both layers' shared locks are held while reading, so no publish comes in between. A layer whose published version was exported before is
left alone: an export of unchanged data writes nothing.
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
from olist.export.tables import Served, read, served_tables
from olist.lake.batches import Lake, StoredObject
from olist.lake.verify import sha256_of
from olist.warehouse.connect import connect
from olist.warehouse.publish import Layer, Publication, hold, latest

__all__ = ["Exported", "export"]

LAYERS: tuple[Layer, ...] = ("silver", "gold")
_NO_VALUE = "__HIVE_DEFAULT_PARTITION__"
_ROW_GROUP = 100_000


@dataclass(frozen=True)
class Exported:
    """One table as exported; no objects where its layer had not changed."""

    layer: Layer
    table: str
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
            partitions = _partition_columns(lake, contracts, publication)
            exported = []
            for served in served_tables(connection, layer):
                exported.append(_export_table(lake, url, served, run_id, scratch, partitions.get(served.table)))
                on_table(served.table)
            _commit(lake, publication, run_id, exported)
            results.extend(exported)
        return results


def _partition_columns(lake: Lake, contracts: Mapping[str, Contract], publication: Publication) -> dict[str, str]:
    """By table: silver's are in the contracts, gold's in the `partition_by` meta of the dbt models that built it."""
    if publication.layer == "silver":
        return {t: c.partition_column for t, c in contracts.items() if c.partition_column}
    manifest = json.loads(lake.store.read(f"artifacts/dbt/{publication.details['invocation_id']}/manifest.json"))
    models = [n for n in manifest["nodes"].values() if n["resource_type"] == "model"]
    return {n["alias"]: n["config"]["meta"]["partition_by"] for n in models if n["config"]["meta"].get("partition_by")}


def _exported_before(lake: Lake, publication: Publication) -> bool:
    keys = lake.store.keys(f"manifests/exports/{publication.layer}")
    return bool(keys) and json.loads(lake.store.read(keys[-1]))["inputs"] == publication.inputs


def _export_table(lake: Lake, url: str, served: Served, run_id: str, scratch: Path, partition: str | None) -> Exported:
    started = perf_counter()
    table = read(url, served, partition)
    objects = []
    for folder, rows in _partitions(table, partition):
        key = f"exports/{served.layer}/{served.table}/export={run_id}/{folder}part.parquet"
        objects.append(_store(lake, key, rows, scratch))
    if (stored := sum(o.rows for o in objects)) != table.num_rows:
        raise OlistError(
            "an export would lose rows",
            resource=f"{served.layer}.{served.table}",
            expected=f"{table.num_rows:,} rows",
            found=f"{stored:,} in its partitions",
            remedy="nothing was committed; report this",
        )
    return Exported(served.layer, served.table, table.num_rows, tuple(objects), perf_counter() - started)  # type: ignore[arg-type]


def _partitions(table: pa.Table, column: str | None) -> Iterator[tuple[str, pa.Table]]:
    """(folder, rows) by month; rows without a value come under Hive's own name for that. An empty table is one empty file."""
    if column is None or table.num_rows == 0:
        yield "", table
        return
    months = pc.strftime(table.column(column), format="year=%Y/month=%m/").fill_null(
        f"year={_NO_VALUE}/month={_NO_VALUE}/"
    )
    for folder in sorted(pc.unique(months).to_pylist()):
        yield folder, table.filter(pc.equal(months, folder))


def _store(lake: Lake, key: str, rows: pa.Table, scratch: Path) -> StoredObject:
    with tempfile.TemporaryDirectory(dir=scratch, prefix="export-") as work:
        path = Path(work, "part.parquet")
        pq.write_table(rows, path, compression="zstd", row_group_size=_ROW_GROUP)
        stored = StoredObject(key, rows.num_rows, path.stat().st_size, sha256_of(path))
        lake.store.put(key, path)
    return stored


def _commit(lake: Lake, publication: Publication, run_id: str, exported: list[Exported]) -> None:
    lake.put_json(
        f"manifests/exports/{publication.layer}/{run_id}.json",
        {
            "layer": publication.layer,
            "export_id": run_id,
            "publication_run_id": publication.run_id,
            "inputs": publication.inputs,
            "tables": {e.table: {"rows": e.rows, "objects": [asdict(o) for o in e.objects]} for e in exported},
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
