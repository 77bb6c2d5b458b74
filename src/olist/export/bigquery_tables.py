"""How BigQuery takes an exported table: typed as its files are, cut by month and clustered.

A native table is loaded, and partitioned and clustered by BigQuery. An external one stays in the lake: BigQuery leaves out the folders of
months that `partition_month` excludes, and the row groups that their statistics exclude.
"""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
from google.cloud import bigquery
from google.cloud.bigquery.external_config import HivePartitioningOptions

from olist.export.layout import Layout

__all__ = ["external_config", "load_config", "schema"]

_FORMAT = bigquery.SourceFormat.PARQUET
# Digits that NUMERIC has before and after the point; BIGNUMERIC takes what has more.
_NUMERIC_INTEGERS = 29
_NUMERIC_SCALE = 9
_MOST_CLUSTERS = 4
_UNCLUSTERED = frozenset({"FLOAT64"})


def schema(arrow: pa.Schema) -> list[bigquery.SchemaField]:
    """The columns as BigQuery types them. Raises ValueError for a type that no served table has."""
    return [_field(column) for column in arrow]


def load_config(columns: Sequence[bigquery.SchemaField], layout: Layout) -> bigquery.LoadJobConfig:
    """Loading the whole of a table, in place of what is there under its name."""
    types = {column.name: column.field_type for column in columns}
    clusters = [c for c in layout.clusters if types[c] not in _UNCLUSTERED][:_MOST_CLUSTERS]
    config = bigquery.LoadJobConfig(
        source_format=_FORMAT,
        schema=columns,
        write_disposition=bigquery.WriteDisposition.WRITE_TRUNCATE,
        clustering_fields=clusters or None,
    )
    if layout.partition:
        config.time_partitioning = bigquery.TimePartitioning(bigquery.TimePartitioningType.MONTH, layout.partition)
    return config


def external_config(folder: str, uris: Sequence[str], layout: Layout) -> bigquery.ExternalConfig:
    """Reading exactly these objects below `folder`. The types are the files' own: BigQuery takes no schema for Parquet here."""
    config = bigquery.ExternalConfig(_FORMAT)
    config.source_uris = list(uris)
    config.autodetect = True
    config.decimal_target_types = ["NUMERIC", "BIGNUMERIC"]
    if layout.partition:
        hive = HivePartitioningOptions()
        hive.mode, hive.source_uri_prefix = "CUSTOM", f"{folder}/{{partition_month:DATE}}"
        config.hive_partitioning = hive
    return config


def _field(column: pa.Field) -> bigquery.SchemaField:
    kind = column.type
    if pa.types.is_decimal(kind):
        fits = kind.precision - kind.scale <= _NUMERIC_INTEGERS and kind.scale <= _NUMERIC_SCALE
        name = "NUMERIC" if fits else "BIGNUMERIC"
        return bigquery.SchemaField(column.name, name, precision=kind.precision, scale=kind.scale)
    return bigquery.SchemaField(column.name, _type(kind))


def _type(kind: pa.DataType) -> str:
    if pa.types.is_timestamp(kind):
        return "TIMESTAMP" if kind.tz else "DATETIME"
    known = {
        pa.types.is_string: "STRING",
        pa.types.is_large_string: "STRING",
        pa.types.is_integer: "INT64",
        pa.types.is_floating: "FLOAT64",
        pa.types.is_boolean: "BOOL",
        pa.types.is_date: "DATE",
    }
    for test, name in known.items():
        if test(kind):
            return name
    raise ValueError(f"no type of BigQuery is chosen for {kind}")
