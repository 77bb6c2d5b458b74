"""From the source's files to dbt's sources: the part of the lineage that the contracts tell. What dbt makes of it, its manifest tells."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from olist.contracts import Contract
from opstore.store import Edge

__all__ = ["edges"]

# As dbt calls its sources: source.<project>.<source>.<table>, of dbt/dbt_project.yml and dbt/models/staging/sources.yml.
_DBT_SOURCE = "source.olist.olist."


def edges(contracts: Mapping[str, Contract]) -> Iterator[Edge]:
    """File, bronze, silver and dbt source of each table, and the tables whose rows its own must find."""
    for table, contract in contracts.items():
        yield Edge(f"source.{table}", f"bronze.{table}", "bronze")
        yield Edge(f"bronze.{table}", f"silver.{table}", "silver")
        yield Edge(f"silver.{table}", f"{_DBT_SOURCE}{table}", "source", f"silver.{table}")
        for column in contract.source_columns:
            if column.reference is not None and column.reference.enforced:
                yield Edge(f"silver.{column.reference.table}", f"silver.{table}", "silver")
