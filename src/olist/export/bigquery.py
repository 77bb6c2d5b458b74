"""A committed export in BigQuery: a table of its own for each of its tables, and views that show exactly one export.

    <project>.<prefix>_<layer>.<table>__<export>              loaded; `…_external` reads the lake
    <project>.<prefix>_<layer>.<table>                        a view of one of those: what readers name

Tables come first, whole, where nobody looks; then the views are pointed to them, each by one statement. So a reader sees all of an export's
rows of a table or all of another's. What the views show is the only record of what was loaded: loading the same export again
writes nothing, and one that was killed half-way goes on. Tables that no view shows any more go after a week.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from time import perf_counter
from typing import Literal

import pyarrow.parquet as pq
from google.api_core import exceptions as api
from google.cloud import bigquery

from olist.errors import Busy, CloudRefused, OlistError
from olist.export.bigquery_tables import external_config, load_config, schema
from olist.export.committed import Committed, ExportedTable
from olist.google import credentials, explained
from olist.lake.batches import Lake

__all__ = ["EMULATOR", "MOVE", "Kind", "Loaded", "Target", "client", "grants", "load", "pointing"]

Kind = Literal["native", "external"]
EMULATOR = "BIGQUERY_EMULATOR_HOST"
_MAX_BYTES = 1 << 30  # what one query may be billed for: views are made for nothing, counting reads the files' footers
_ELSEWHERE = re.compile("different locations|in location")
MOVE = (
    "make the dataset where the bucket is: `gcloud storage buckets describe gs://BUCKET --format='value(location)'`, "
    "then `bq mk --dataset --location=…`; or set OLIST_BIGQUERY to another prefix"
)
_KEPT = timedelta(days=7)
_SHOWN = re.compile(r"FROM `[^`]*\.(?P<table>[^`.]+)`\s*$")
_OURS = re.compile(r"(?P<table>.+)__\d{8}t\d{12}z_[0-9a-f]+(_external)?")


@dataclass(frozen=True)
class Target:
    """Where exports go: the datasets `<prefix>_silver` and `<prefix>_gold` of a project, as tables of one kind."""

    project: str
    prefix: str
    kind: Kind

    def dataset(self, layer: str) -> str:
        """The full name of a layer's dataset."""
        return f"{self.project}.{self.prefix}_{layer}"

    def holding(self, table: str, export_id: str) -> str:
        """The name of the table that holds an export's rows of `table`."""
        suffix = "_external" if self.kind == "external" else ""
        return f"{table}__{export_id.lower().replace('-', '_')}{suffix}"


@dataclass(frozen=True)
class Loaded:
    """One table that BigQuery has now; `seconds` is wall time."""

    table: str
    rows: int
    seconds: float


def load(
    target: Target, lake: Lake, export: Committed, on_table: Callable[[str], None] = lambda table: None
) -> list[Loaded]:
    """Show this export to the readers of its layer; nothing where they see it already.

    Raises CloudRefused for what is missing in BigQuery, OlistError when rows did not arrive, Busy when another load came in between.
    """
    dataset = target.dataset(export.layer)
    with _explained(target, dataset):
        database = client(target.project)
        location = database.get_dataset(dataset).location
        wanted = {table: target.holding(table, export.export_id) for table in export.tables}
        if _shown(database, location, dataset) == wanted:
            _settle(database, location, dataset)
            return []
        loaded = []
        for table, exported in export.tables.items():
            loaded.append(_make(database, lake, f"{dataset}.{wanted[table]}", table, exported, target.kind))
            on_table(table)
        _point(database, location, dataset, wanted)
        _settle(database, location, dataset)
    return loaded


def client(project: str) -> bigquery.Client:
    """A client with the credentials of the environment, or of nobody where a stand-in's address is set."""
    return bigquery.Client(project=project, credentials=credentials(EMULATOR)[0])


def grants(project: str, dataset: str, member: str = "serviceAccount:ACCOUNT") -> tuple[str, str]:
    """The commands that let an account run jobs in the project, and write to the dataset."""
    role = f"GRANT `roles/bigquery.dataEditor` ON SCHEMA `{dataset}` TO '{member}'"
    return (
        f"gcloud projects add-iam-policy-binding {project} --member={member} --role=roles/bigquery.jobUser",
        f'bq query --use_legacy_sql=false "{role}"'.replace("`", r"\`"),
    )


def pointing(dataset: str, wanted: Mapping[str, str], gone: set[str]) -> list[str]:
    """The statements that make the views show `wanted` (the holding table by view), and drop those that show what is no longer exported."""
    views = [f"CREATE OR REPLACE VIEW `{dataset}.{v}` AS SELECT * FROM `{dataset}.{t}`" for v, t in wanted.items()]
    return views + [f"DROP VIEW `{dataset}.{view}`" for view in sorted(gone)]


def _make(database: bigquery.Client, lake: Lake, name: str, table: str, exported: ExportedTable, kind: Kind) -> Loaded:
    """The table that holds an export's rows; one that is there is whole, for a load job is carried out whole or not at all."""
    started = perf_counter()
    known = _found(database, name)
    if known is None:
        (_read_in if kind == "native" else _refer)(database, lake, name, exported)
    elif known.expires:
        known.expires = None
        database.update_table(known, ["expires"])
    rows = _count(database, name, kind)
    if rows != exported.rows:
        raise OlistError(
            "BigQuery does not have the rows that were exported",
            resource=name,
            expected=f"{exported.rows:,} rows",
            found=f"{rows:,}",
            remedy="readers still see the export before; drop this table and run again",
        )
    return Loaded(table, rows, perf_counter() - started)


def _found(database: bigquery.Client, name: str) -> bigquery.Table | None:
    try:
        return database.get_table(name)
    except api.NotFound:
        return None


def _read_in(database: bigquery.Client, lake: Lake, name: str, exported: ExportedTable) -> None:
    arrow = pq.read_schema(lake.store.local(exported.objects[0].key))
    config = load_config(schema(arrow), exported.layout)
    database.load_table_from_uri(_uris(lake, exported), name, job_config=config).result()


def _refer(database: bigquery.Client, lake: Lake, name: str, exported: ExportedTable) -> None:
    folder = "/".join(exported.objects[0].key.split("/")[:4])  # exports/<layer>/<table>/export=<id>
    external = bigquery.Table(name)
    external.external_data_configuration = external_config(
        f"{lake.store.url}/{folder}", _uris(lake, exported), exported.layout
    )
    database.create_table(external)


def _count(database: bigquery.Client, name: str, kind: Kind) -> int:
    if kind == "native":
        return int(database.get_table(name).num_rows)
    (counted,) = _query(database, None, f"SELECT COUNT(*) AS n FROM `{name}`")
    return int(counted["n"])


def _uris(lake: Lake, exported: ExportedTable) -> list[str]:
    return [f"{lake.store.url}/{o.key}" for o in exported.objects]


def _shown(database: bigquery.Client, location: str, dataset: str) -> dict[str, str]:
    """What our views show: the holding table by view. Views of others are left out."""
    views = _query(database, location, f"SELECT table_name, view_definition FROM `{dataset}`.INFORMATION_SCHEMA.VIEWS")
    shown = {v["table_name"]: m["table"] for v in views if (m := _SHOWN.search(v["view_definition"]))}
    return {view: table for view, table in shown.items() if (ours := _OURS.fullmatch(table)) and ours["table"] == view}


def _point(database: bigquery.Client, location: str, dataset: str, wanted: Mapping[str, str]) -> None:
    gone = _shown(database, location, dataset).keys() - wanted.keys()
    _query(database, location, ";\n".join(pointing(dataset, wanted, gone)))
    if (shown := _shown(database, location, dataset)) != wanted:
        raise Busy(
            "another export was loaded at the same time",
            resource=dataset,
            expected="views of one export",
            found=", ".join(sorted({*shown.values()} - {*wanted.values()})) or "views that are gone",
            remedy="run again: the views then show one export",
        )


def _settle(database: bigquery.Client, location: str, dataset: str) -> None:
    """What is shown stays, even if another load took it for superseded before. The other tables of exports go after a week: queries that
    are under way, and whoever wants to go back, still find them."""
    shown = set(_shown(database, location, dataset).values())
    for item in database.list_tables(dataset):
        if _OURS.fullmatch(item.table_id) and (item.table_id in shown) == (item.expires is not None):
            table = bigquery.Table(item.reference)
            table.expires = None if item.expires else datetime.now(UTC) + _KEPT
            database.update_table(table, ["expires"])


def _query(database: bigquery.Client, location: str | None, text: str) -> list[bigquery.Row]:
    config = bigquery.QueryJobConfig(maximum_bytes_billed=_MAX_BYTES)
    return list(database.query(text, job_config=config, location=location).result())


@contextmanager
def _explained(target: Target, dataset: str) -> Iterator[None]:
    with explained(dataset, " and ".join(f"`{grant}`" for grant in grants(target.project, dataset))):
        try:
            yield
        except api.NotFound as error:
            raise _refused(
                dataset,
                error,
                "a dataset, and a lake whose objects are all there",
                f"`bq mk --dataset --location=LOCATION_OF_THE_BUCKET {dataset.replace('.', ':')}`",
            ) from error
        except api.BadRequest as error:
            if not _ELSEWHERE.search(str(error)):
                raise
            raise _refused(
                dataset,
                error,
                "a dataset in the location of the lake's bucket",
                MOVE,
            ) from error


def _refused(resource: str, error: Exception, expected: str, remedy: str) -> CloudRefused:
    found = str(error).strip().splitlines()[0]
    return CloudRefused("BigQuery refused", resource=resource, expected=expected, found=found, remedy=remedy)
