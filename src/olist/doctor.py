"""What a configuration needs, checked before anything runs: every place reachable, every permission there, disk, clocks, versions.

Nothing is changed: a folder is written to and the file removed again, a server is asked, a bucket's permissions are tested. Each check that
fails says what is missing and how to grant it.
"""

from __future__ import annotations

import os
import platform
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from importlib.metadata import version
from pathlib import Path
from typing import Literal

from olist import watch
from olist.contracts import load_contracts
from olist.errors import OlistError
from olist.export.committed import LAYERS
from olist.export.load import target_of
from olist.gold.announce import reach
from olist.lake.open import open_store
from olist.record import open_record
from olist.settings import Settings
from olist.source.locate import DATASET, reach_kaggle
from olist.warehouse import embedded
from olist.warehouse.connect import connect
from opstore.store import OpstoreUnavailable

__all__ = ["Finding", "examine"]

_FREE_BYTES = 2 << 30  # the real data, its bronze, silver, gold and a build beside them
_CLOCK_SECONDS = 60.0
_BUCKET_NEEDS = ("storage.objects.create", "storage.objects.get", "storage.objects.list")


@dataclass(frozen=True)
class Finding:
    """How one check came out. `remedy` is what to do where it failed."""

    part: str
    check: str
    status: Literal["ok", "failed", "unknown"]
    found: str
    remedy: str = ""


def examine(settings: Settings) -> list[Finding]:
    """Every check of this configuration, the failed ones among them; raises nothing for what it finds."""
    parts: tuple[tuple[str, Callable[[Settings], Iterator[Finding]]], ...] = (
        ("versions", _versions),
        ("project", _project),
        ("home", _home),
        ("source", _source),
        ("warehouse", _warehouse),
        ("lake", _lake),
        ("record", _record),
        ("bigquery", _bigquery),
        ("airflow", _airflow),
        ("agent", _agent),
    )
    return [finding for part, check in parts for finding in _guarded(part, check(settings))]


def _guarded(part: str, findings: Iterator[Finding]) -> Iterator[Finding]:
    try:
        yield from findings
    except OlistError as error:
        yield Finding(part, f"{error.resource} can be used", "failed", f"{error.what}: {error.found}", error.remedy)
    except (OSError, OpstoreUnavailable) as error:
        remedy = "correct the permissions or the setting; on BigQuery, see docs/bigquery.md"
        yield Finding(part, f"{getattr(error, 'filename', part)} can be used", "failed", str(error), remedy)


def _versions(settings: Settings) -> Iterator[Finding]:
    packages = ("olist-platform", "duckdb", "dbt-core", "pyarrow", "psycopg")
    found = ", ".join([f"Python {platform.python_version()}", *(f"{name} {version(name)}" for name in packages)])
    yield Finding("versions", "installed", "ok", found)


def _project(settings: Settings) -> Iterator[Finding]:
    contracts = load_contracts(settings.contracts)
    yield Finding("project", "contracts can be read", "ok", f"{len(contracts)} in {settings.contracts}")
    project = settings.dbt_project / "dbt_project.yml"
    there = project.is_file()
    remedy = "" if there else "set OLIST_DBT_PROJECT to the folder of the dbt project"
    yield Finding("project", "the dbt project is there", "ok" if there else "failed", str(project), remedy)


def _home(settings: Settings) -> Iterator[Finding]:
    folder = _nearest(settings.home)
    with tempfile.NamedTemporaryFile(dir=folder):
        yield Finding("home", "can be written", "ok", str(settings.home))
    yield _space("home", folder)


def _source(settings: Settings) -> Iterator[Finding]:
    """What is to be ingested, where that is set."""
    if settings.source == "kaggle":
        reach_kaggle()
        yield Finding("source", "Kaggle can be reached", "ok", DATASET)
    elif settings.source and settings.source != "synthetic":
        there = Path(settings.source).expanduser().exists()
        remedy = "" if there else "correct OLIST_SOURCE"
        yield Finding("source", "the source is there", "ok" if there else "failed", settings.source, remedy)


def _warehouse(settings: Settings) -> Iterator[Finding]:
    if settings.warehouse is None:
        running = embedded.running(settings.home)
        if running is None:
            yield Finding("warehouse", "the embedded server can be started", "ok", embedded.psql_path())
            return
    url = settings.warehouse or embedded.start(settings.home).url
    with connect(url, "doctor") as connection:
        info = connection.info
        number = info.server_version // 10000
        yield Finding("warehouse", "answers", "ok", f"PostgreSQL {number} at {info.host}, database {info.dbname}")
        query = "SELECT has_database_privilege(current_database(), 'CREATE'), extract(epoch FROM clock_timestamp())"
        ((may_create, clock),) = connection.execute(query).fetchall()
        grant = f'as its owner: GRANT CREATE ON DATABASE "{info.dbname}" TO "{info.user}"'
        status: Literal["ok", "failed"] = "ok" if may_create else "failed"
        yield Finding("warehouse", "its user may create schemas", status, info.user, "" if may_create else grant)
        yield _clock("warehouse", float(clock))


def _lake(settings: Settings) -> Iterator[Finding]:
    if settings.lake_url.startswith("gs://"):
        yield from _bucket(settings)
        return
    folder = _nearest(Path(settings.lake_url))
    with tempfile.NamedTemporaryFile(dir=folder):
        yield Finding("lake", "can be written", "ok", settings.lake_url)
    yield _space("lake", folder)


def _bucket(settings: Settings) -> Iterator[Finding]:
    from olist.doctor_gcs import bucket_answer

    store = open_store(settings)
    batches = len(store.keys("manifests"))
    yield Finding("lake", "can be listed", "ok", f"{batches} manifests in {store.url}")
    allowed, date, account = bucket_answer(store, _BUCKET_NEEDS)
    if allowed is None:
        yield Finding("lake", "permissions", "unknown", "this server does not tell (a stand-in)")
    else:
        for need in _BUCKET_NEEDS:
            role = "objectCreator" if need.endswith("create") else "objectViewer"
            bucket = settings.lake_url.removeprefix("gs://").partition("/")[0]
            grant = f"gcloud storage buckets add-iam-policy-binding gs://{bucket} --member={account} --role=roles/storage.{role}"
            granted = need in allowed
            yield Finding("lake", need, "ok" if granted else "failed", account, "" if granted else grant)
    if date:
        yield _clock("lake", parsedate_to_datetime(date).timestamp())


def _bigquery(settings: Settings) -> Iterator[Finding]:
    """Where exports are loaded, if anywhere."""
    if settings.bigquery is None:
        return
    target = target_of(settings)
    from olist.doctor_bigquery import dataset_findings, location_finding
    from olist.doctor_gcs import bucket_location

    for layer in LAYERS:
        findings = list(dataset_findings("bigquery", target.project, target.dataset(layer)))
        yield from findings
        if any(f.check == "the dataset is there" and f.status == "ok" for f in findings):
            bucket = bucket_location(open_store(settings))
            yield location_finding("bigquery", target.project, target.dataset(layer), bucket)


def _airflow(settings: Settings) -> Iterator[Finding]:
    """Who is told of a new gold, if anybody."""
    if settings.airflow is not None:
        yield Finding(
            "airflow", "takes the login and knows the asset", "ok", reach(settings.airflow.get_secret_value())
        )


def _agent(settings: Settings) -> Iterator[Finding]:
    """What the agent finds of its own settings, where it is called."""
    if not settings.agent:
        return
    found = watch.doctor(settings)
    if isinstance(found, str):
        remedy = "correct what is named, install the extra `agent`, or set OLIST_AGENT=false"
        yield Finding("agent", "can be called", "failed", found, remedy)
        return
    yield from (Finding(**one | {"part": "agent", "check": f"{one['part']}: {one['check']}"}) for one in found)  # type: ignore[arg-type]


def _record(settings: Settings) -> Iterator[Finding]:
    record = open_record(settings)
    waiting = len(record.spool.waiting())  # before anything could send it
    if settings.opstore_url.startswith("bigquery://"):
        from olist.doctor_bigquery import dataset_findings

        project, dataset = settings.opstore_url.removeprefix("bigquery://").split("/")
        yield from dataset_findings("record", project, f"{project}.{dataset}")
    made = record.probe()
    yield Finding("record", "can be read", "ok", f"{settings.opstore_url}{'' if made else ', not made yet'}")
    remedy = "it is sent at the next use, once the record can be reached" if waiting else ""
    yield Finding("record", "nothing waits to be sent", "failed" if waiting else "ok", f"{waiting} files", remedy)


def _space(part: str, folder: Path) -> Finding:
    free = shutil.disk_usage(folder).free
    enough = free >= _FREE_BYTES
    remedy = "" if enough else f"free {_FREE_BYTES >> 30} GiB, or set OLIST_HOME to another disk"
    return Finding(part, "disk", "ok" if enough else "failed", f"{free / (1 << 30):,.1f} GiB free at {folder}", remedy)


def _clock(part: str, theirs: float) -> Finding:
    """Run ids and deadlines come from this machine's clock: a wrong one reorders batches."""
    apart = abs(time.time() - theirs)
    right = apart < _CLOCK_SECONDS
    found = f"{apart:.0f} s apart at {datetime.now(UTC):%H:%M:%S} UTC"
    return Finding(part, "clock", "ok" if right else "failed", found, "" if right else "set this machine's clock right")


def _nearest(folder: Path) -> Path:
    """The folder, or what it would be made in."""
    return next(p for p in (folder, *folder.parents) if p.exists() and os.access(p, os.X_OK))
