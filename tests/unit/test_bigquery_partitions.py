"""What a statement of the record on BigQuery reads is the tables that it names, and no more, however long the record has been kept."""

from __future__ import annotations

from opstore.bigquery.database import _append_to
from opstore.bigquery.dialect import tables, views


def test_every_view_of_a_table_reads_its_partition_alone() -> None:
    for table, view in zip(tables().values(), views("p", "d"), strict=False):
        assert view.endswith(f"FROM `p`.`d`.ops_rows WHERE table_number = {table.number}")


def test_a_writing_reads_the_partitions_of_its_tables_and_the_lock() -> None:
    statement = _append_to([{"table_number": 7}, {"table_number": 5}, {"table_number": 7}])
    assert statement.count("table_number IN (0, 5, 7)") == 2
    assert statement.count("ops_rows") == 2, "its target, and the judgements' keys that are taken"


def test_the_number_of_a_table_is_for_good() -> None:
    numbers = {name: table.number for name, table in tables().items()}
    assert numbers == {
        "ops_runs": 1,
        "ops_checks": 2,
        "ops_events": 3,
        "ops_lineage": 4,
        "ops_effects": 5,
        "ops_incidents": 6,
        "ops_alerts": 7,
        "ops_leases": 8,
        "ops_silences": 9,
        "ops_heartbeats": 10,
    }
