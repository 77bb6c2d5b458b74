"""`olist export --to bigquery`: readers see one committed export, whole, whoever loads, whenever it ends."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
import pyarrow.parquet as pq
import pytest
from google.api_core import exceptions as api
from google.cloud import bigquery as client_library
from psycopg.types.json import Jsonb

from cloud.test_exports import comparable
from conftest import Platform
from deliveries import succeed
from olist import pipeline
from olist.errors import Busy, CloudRefused, ConfigurationError
from olist.export import bigquery as loading
from olist.export.bigquery_tables import external_config, load_config, schema
from olist.export.committed import committed
from olist.export.layout import Layout
from olist.export.load import target_of
from olist.lake.open import open_lake
from olist.report import Report


class Warehouse:
    """A pair of datasets that exports of a platform are loaded into."""

    def __init__(self, platform: Platform, kind: str = "native") -> None:
        self.platform, self.prefix, self.kind = platform, f"p{secrets.token_hex(4)}", kind
        self.client = loading.client("test")
        for layer in ("silver", "gold"):
            self.client.create_dataset(f"test.{self.prefix}_{layer}")

    def settings(self, **given: Any) -> Any:
        chosen = {"bigquery": f"bigquery://test/{self.prefix}", "bigquery_tables": self.kind}
        return self.platform.settings(**(chosen | given))

    def load(self) -> Report:
        return pipeline.export(self.settings(), to_bigquery=True)

    def gold(self) -> list[loading.Loaded]:
        """Load the latest export of gold, beside the pipeline."""
        lake = open_lake(self.settings())
        export = committed(lake, "gold")
        assert export
        return loading.load(target_of(self.settings()), lake, export)

    def rows(self, table: str) -> list[tuple[Any, ...]]:
        return [
            tuple(row.values()) for row in self.client.query(f"SELECT * FROM `test.{self.prefix}_{table}`").result()
        ]

    def names(self, layer: str) -> set[str]:
        return {item.table_id for item in self.client.list_tables(f"test.{self.prefix}_{layer}")}


@pytest.fixture
def warehouse(exported: Platform, bigquery: str) -> Warehouse:
    return Warehouse(exported)


@pytest.fixture
def moving(exported: Platform) -> Iterator[Platform]:
    """The platform, whose gold may be published anew; afterwards it is as before."""
    gold = exported.query("SELECT * FROM gold.agg_regions")
    yield exported
    with psycopg.connect(str(exported.warehouse)) as connection:
        connection.execute("DELETE FROM gold.agg_regions")
        insert = f"INSERT INTO gold.agg_regions VALUES ({', '.join(['%s'] * len(gold[0]))})"
        connection.cursor().executemany(insert, gold)
        record_version(connection)
    succeed(pipeline.export(exported.settings()))


def publish_less(platform: Platform) -> None:
    """A version of gold with one region less."""
    with psycopg.connect(str(platform.warehouse)) as connection:
        connection.execute("DELETE FROM gold.agg_regions WHERE state = (SELECT min(state) FROM gold.agg_regions)")
        record_version(connection)


def record_version(connection: psycopg.Connection) -> None:
    """Say that gold was published anew."""
    connection.execute(
        "INSERT INTO olist_meta.publications (layer, run_id, inputs, details) SELECT layer, run_id, inputs || %s, details "
        "FROM olist_meta.publications WHERE layer = 'gold' ORDER BY version DESC LIMIT 1",
        (Jsonb({"again": secrets.token_hex(4)}),),
    )


def test_readers_find_the_rows_of_every_table(warehouse: Warehouse) -> None:
    report = succeed(warehouse.load())
    loaded = [row.table for row in report.layers if row.layer == "load"]
    assert len(loaded) > 25
    with psycopg.connect(str(warehouse.platform.warehouse)) as connection:
        for name in loaded:
            served = connection.execute(f"SELECT * FROM {name}").fetchall()
            assert comparable(warehouse.rows(name)) == comparable(served), name


def test_the_same_export_is_loaded_once(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    succeed(warehouse.load())
    before = warehouse.names("silver"), warehouse.names("gold")
    monkeypatch.setattr(client_library.Client, "load_table_from_uri", None)
    monkeypatch.setattr(loading, "pointing", None)
    succeed(warehouse.load(), "no_op")
    assert (warehouse.names("silver"), warehouse.names("gold")) == before


def test_a_load_that_was_killed_shows_nothing_and_goes_on(
    moving: Platform, bigquery: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    warehouse = Warehouse(moving)
    succeed(warehouse.load())
    before = comparable(warehouse.rows("gold.agg_regions"))
    publish_less(moving)

    class Killed(BaseException): ...

    def kill(*_: Any) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(loading, "_point", kill)
        with pytest.raises(Killed):
            warehouse.load()
    assert comparable(warehouse.rows("gold.agg_regions")) == before, "all is loaded, and readers see the export before"

    retired = []
    real = client_library.Client.update_table

    def update(self: Any, table: Any, fields: Any) -> Any:
        retired.append((table.table_id.partition("__")[0], table.expires is not None))
        return real(self, table, fields)

    monkeypatch.setattr(client_library.Client, "load_table_from_uri", None)  # nothing is loaded again
    monkeypatch.setattr(client_library.Client, "update_table", update)
    succeed(warehouse.load())
    after = comparable(warehouse.rows("gold.agg_regions"))
    assert len(after) == len(before) - 1
    assert set(after) < set(before)
    assert ("agg_regions", True) in retired, "the export before goes after a while"


@pytest.fixture
def expiries(monkeypatch: pytest.MonkeyPatch) -> dict[str, datetime]:
    """By table: when it goes. The stand-in forgets what it is told of that."""
    known: dict[str, datetime] = {}
    listed = client_library.Client.list_tables

    def update(self: Any, table: client_library.Table, fields: list[str]) -> None:
        assert fields == ["expires"]
        known.pop(table.table_id, None)
        if table.expires:
            known[table.table_id] = table.expires

    def items(self: Any, dataset: str) -> Iterator[Any]:
        for item in listed(self, dataset):
            if moment := known.get(item.table_id):
                item._properties["expirationTime"] = str(int(moment.timestamp() * 1000))
            yield item

    monkeypatch.setattr(client_library.Client, "update_table", update)
    monkeypatch.setattr(client_library.Client, "list_tables", items)
    return known


def test_a_load_that_was_overtaken_keeps_what_it_shows(
    moving: Platform, bigquery: str, expiries: dict[str, datetime], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another load comes between its tables and its views, and takes its tables for superseded."""
    warehouse, lake = Warehouse(moving), open_lake(moving.settings())
    first = committed(lake, "gold")
    publish_less(moving)
    succeed(pipeline.export(moving.settings()))
    assert first
    point = loading._point

    def overtaken(*arguments: Any) -> None:
        monkeypatch.setattr(loading, "_point", point)
        loading.load(target_of(warehouse.settings()), lake, first)
        point(*arguments)

    monkeypatch.setattr(loading, "_point", overtaken)
    shown = {row.table for row in warehouse.gold()}
    of_the_first = {name for name in warehouse.names("gold") if first.export_id.lower().replace("-", "_") in name}
    assert {name.partition("__")[0] for name in of_the_first} == shown
    assert expiries.keys() == of_the_first
    (lost, *_) = warehouse.names("gold") - of_the_first - shown
    expiries[lost] = next(iter(expiries.values()))
    assert warehouse.gold() == []
    assert expiries.keys() == of_the_first, "the next load mends what is shown and would go"


def test_two_loads_of_one_export_at_once_show_it_once(warehouse: Warehouse) -> None:
    with ThreadPoolExecutor(2) as pool:
        loads = [pool.submit(warehouse.gold) for _ in range(2)]
    assert max(len(load.result()) for load in loads) > 15
    assert warehouse.gold() == []
    assert len(warehouse.rows("gold.dim_date")) == warehouse.platform.query("SELECT count(*) FROM gold.dim_date")[0][0]


def test_a_load_of_another_export_in_between_is_noticed_and_mended_by_the_next(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = loading.pointing

    def overtaken(dataset: str, wanted: Mapping[str, str], gone: set[str]) -> list[str]:
        other = "dim_date__20990101t000000000000z_0000"
        return [
            *real(dataset, wanted, gone),
            f"CREATE TABLE `{dataset}.{other}` AS SELECT 1 AS a",
            *real(dataset, {"dim_date": other}, set()),
        ]

    with monkeypatch.context() as patch:
        patch.setattr(loading, "pointing", overtaken)
        with pytest.raises(Busy, match="at the same time"):
            warehouse.gold()
    warehouse.gold()
    assert len(warehouse.rows("gold.dim_date")) > 1


def test_no_query_may_be_billed_for_more_than_its_cap(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    caps: list[int | None] = []
    send = client_library.Client.query

    def query(self: Any, text: str, job_config: client_library.QueryJobConfig, **named: Any) -> Any:
        caps.append(job_config.maximum_bytes_billed)
        return send(self, text, job_config=job_config, **named)

    monkeypatch.setattr(client_library.Client, "query", query)
    warehouse.gold()
    assert set(caps) == {1 << 30}


def test_an_earlier_export_is_shown_again_by_its_id(moving: Platform, bigquery: str) -> None:
    warehouse = Warehouse(moving)
    succeed(warehouse.load())
    first = committed(open_lake(moving.settings()), "gold")
    rows = comparable(warehouse.rows("gold.agg_regions"))
    publish_less(moving)
    succeed(warehouse.load())
    assert first
    succeed(pipeline.load(warehouse.settings(), first.export_id))
    assert comparable(warehouse.rows("gold.agg_regions")) == rows


def test_a_table_that_is_exported_no_longer_is_shown_no_longer(warehouse: Warehouse) -> None:
    succeed(warehouse.load())
    views = {name for name in warehouse.names("gold") if "__" not in name}
    dataset = f"test.{warehouse.prefix}_gold"
    holding = next(name for name in warehouse.names("gold") if name.startswith("dim_date__"))
    earlier = holding.replace("dim_date", "dropped")
    for statement in (
        f"CREATE TABLE `{dataset}.{earlier}` AS SELECT 1 AS a",
        f"CREATE VIEW `{dataset}.dropped` AS SELECT * FROM `{dataset}.{earlier}`",
        f"CREATE VIEW `{dataset}.of_an_analyst` AS SELECT * FROM `{dataset}.dim_date`",
    ):
        warehouse.client.query(statement).result()
    succeed(warehouse.load())
    assert {name for name in warehouse.names("gold") if "__" not in name} == views | {"of_an_analyst"}


def test_external_tables_name_exactly_the_objects_of_one_export(
    exported: Platform, bigquery: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The stand-in has no external tables: what their definitions name is read into tables of that name instead."""
    warehouse, lake = Warehouse(exported, "external"), open_lake(exported.settings())
    defined: dict[str, Any] = {}

    def create(self: Any, table: client_library.Table) -> None:
        definition = table.external_data_configuration.to_api_repr()
        defined[table.table_id.partition("__")[0]] = definition
        uris = definition["sourceUris"]
        columns = schema(pq.read_schema(lake.store.local(uris[0].removeprefix(f"{lake.store.url}/"))))
        config = client_library.LoadJobConfig(source_format="PARQUET", schema=columns)
        self.load_table_from_uri(uris, table, job_config=config).result()

    monkeypatch.setattr(client_library.Client, "create_table", create)
    succeed(warehouse.load())
    succeed(warehouse.load(), "no_op")
    assert len(warehouse.rows("gold.fact_orders")) == exported.query("SELECT count(*) FROM gold.fact_orders")[0][0]
    assert all(name.endswith("_external") for name in warehouse.names("gold") if "__" in name)
    export = committed(lake, "gold")
    assert export
    folder = f"{exported.lake}/exports/gold/fact_orders/export={export.export_id}"
    assert defined["fact_orders"]["hivePartitioningOptions"] == {
        "mode": "CUSTOM",
        "sourceUriPrefix": f"{folder}/{{partition_month:DATE}}",
    }
    assert defined["fact_orders"]["sourceUris"] == [
        f"{exported.lake}/{o.key}" for o in export.tables["fact_orders"].objects
    ]
    assert "hivePartitioningOptions" not in defined["dim_sellers"]


def test_an_export_that_was_not_committed_is_not_loaded(warehouse: Warehouse) -> None:
    report = pipeline.load(warehouse.settings(), "20990101T000000000000Z-0000")
    assert report.error is not None
    assert "20990101T000000000000Z-0000" in report.error.expected
    assert warehouse.names("gold") == set()


@pytest.mark.parametrize(
    ("code", "message", "expected", "remedy"),
    [
        (404, "Not found: Dataset test:x", "a dataset", "bq mk --dataset"),
        (403, "Access Denied: User does not have bigquery.jobs.create", "permission", "roles/bigquery.jobUser"),
        (
            400,
            "Cannot read and write in different locations: source: EU, destination: US",
            "a dataset in the location of the lake's bucket",
            "gcloud storage buckets describe",
        ),
    ],
)
def test_a_refusal_says_what_to_do(
    warehouse: Warehouse, code: int, message: str, expected: str, remedy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise api.from_http_status(code, message)  # type: ignore[no-untyped-call]

    monkeypatch.setattr(client_library.Client, "load_table_from_uri", refuse)
    report = warehouse.load()
    assert isinstance(report.error, CloudRefused)
    assert expected in report.error.expected
    assert remedy in report.error.remedy


@pytest.mark.parametrize(
    ("lake", "target", "resource"),
    [("gs://bucket", None, "OLIST_BIGQUERY"), ("/a/folder", "bigquery://test/olist", "OLIST_LAKE")],
)
def test_settings_that_cannot_work_are_told_before_anything_is_asked(
    tmp_path: Path, lake: str, target: str | None, resource: str
) -> None:
    report = pipeline.load(Platform(tmp_path, None, lake=lake).settings(bigquery=target), "any")
    assert isinstance(report.error, ConfigurationError)
    assert report.error.resource == resource


def test_tables_are_partitioned_by_month_and_clustered_by_what_can_be() -> None:
    columns = [
        client_library.SchemaField(name, kind)
        for name, kind in (("at", "DATETIME"), ("lat", "FLOAT64"), ("a", "STRING"), ("b", "INT64"))
    ]
    config = load_config(columns, Layout("at", ("a",), ("a", "lat", "b"))).to_api_repr()["load"]
    assert config["timePartitioning"] == {"type": "MONTH", "field": "at"}
    assert config["clustering"] == {"fields": ["a", "b"]}
    assert config["writeDisposition"] == "WRITE_TRUNCATE"
    plain = load_config(columns, Layout(None, ("lat",), ("lat",))).to_api_repr()["load"]
    assert not {"timePartitioning", "clustering"} & {key for key, value in plain.items() if value}
    assert (
        "hivePartitioningOptions"
        not in external_config("gs://b/f", ["gs://b/f/part.parquet"], Layout(None, ("a",), ())).to_api_repr()
    )
