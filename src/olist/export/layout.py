"""How an exported table lies in its files: by which column's month it is cut, and in which order its rows stand.

Nothing of that is said by hand. Silver's columns are in the contracts (`partitioned`, `primaryKey`), gold's in the dbt models that built
it: the month in their `partition_by`, the key in the tests that prove it unique, clusters in `cluster_by`. Rows are sorted by the
partition's column, then the key, so that the statistics of a row group span little of both, and a reader who asks for a day or a key
leaves out the others.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from olist.contracts import Contract
from olist.lake.batches import Lake
from olist.warehouse.publish import Publication

__all__ = ["ROW_GROUP", "Layout", "layouts"]

# Some 0.2 to 1 MB compressed, which a range request brings in about the time that it takes to be answered at all: smaller groups would
# leave out more rows and save nothing. Against one group a file they cost up to 4 % of its size, order_items 18 %.
ROW_GROUP = 16_384


@dataclass(frozen=True)
class Layout:
    """`partition` is the column whose month is a folder, None where there is none; `key` tells rows apart.

    `clusters` are what BigQuery clusters its own copy by, the most selective use first.
    """

    partition: str | None
    key: tuple[str, ...]
    clusters: tuple[str, ...]

    @property
    def order(self) -> tuple[str, ...]:
        """The columns that rows are sorted by, ascending."""
        return (*filter(None, [self.partition]), *(c for c in self.key if c != self.partition))


def layouts(lake: Lake, contracts: Mapping[str, Contract], publication: Publication) -> dict[str, Layout]:
    """The layout of each table of a published layer."""
    if publication.layer == "silver":
        return {table: Layout(c.partition_column, c.key, c.key) for table, c in contracts.items()}
    manifest = json.loads(lake.store.read(f"artifacts/dbt/{publication.details['invocation_id']}/manifest.json"))
    keys = _proven_keys(manifest)
    models = {i: n for i, n in manifest["nodes"].items() if n["resource_type"] == "model"}
    return {n["alias"]: _of_model(n["config"], keys.get(i, ())) for i, n in models.items()}


def _of_model(config: Mapping[str, Any], key: tuple[str, ...]) -> Layout:
    clusters = config.get("cluster_by") or key
    partition = config.get("partition_by") or {}
    return Layout(partition.get("field"), key, (clusters,) if isinstance(clusters, str) else tuple(clusters))


def _proven_keys(manifest: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """By model: the first of its columns that a test proves unique, else the columns that one proves unique together."""
    keys: dict[str, list[tuple[int, tuple[str, ...]]]] = {}
    for node in manifest["nodes"].values():
        test, model = node.get("test_metadata"), node.get("attached_node")
        if test is None or model is None:
            continue
        if test["name"] == "unique":
            columns = list(manifest["nodes"][model]["columns"])
            keys.setdefault(model, []).append((columns.index(node["column_name"]), (node["column_name"],)))
        elif test["name"] == "unique_combination":
            keys.setdefault(model, []).append(
                (len(manifest["nodes"][model]["columns"]), tuple(test["kwargs"]["columns"]))
            )
    return {model: min(found)[1] for model, found in keys.items()}
