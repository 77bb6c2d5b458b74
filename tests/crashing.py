"""A platform that is killed again and again, and what is known of it: how to kill a run of it, and how to see that it stands.

Its data has two versions. What a publish left behind is compared, row for row, with what an undisturbed run of that version made.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from conftest import Platform
from deliveries import succeed
from olist import pipeline
from olist.contracts import Contract
from olist.lake.open import open_lake
from olist.lake.verify import verify
from olist.warehouse import embedded
from olist.warehouse.publish import hold
from opstore.store import Opstore
from saboteur import backends_of_runs
from servers import wait_for
from versions import Version

__all__ = ["CrashSite", "contents", "killed_during", "sabotaged"]

PATIENT = 300.0
SABOTEUR = Path(__file__).with_name("saboteur.py")
Contents = dict[str, tuple[int, str]]


@dataclass
class CrashSite:
    """The platform under test, and what is known of it.

    `whole` is what an undisturbed run makes of each version: (silver, gold); `superseded` and `durations` are that run's rows by table and
    seconds by step; `published` is the version that each run was to publish.
    """

    platform: Platform
    contracts: dict[str, Contract]
    versions: dict[str, Version]
    whole: dict[str, tuple[Contents, Contents]] = field(default_factory=dict)
    superseded: dict[str, int] = field(default_factory=dict)
    durations: dict[str, float] = field(default_factory=dict)
    published: dict[str, str] = field(default_factory=dict)

    @property
    def opstore(self) -> Opstore:
        return Opstore(self.platform.home / "opstore.sqlite")

    def other(self, version: str) -> str:
        return next(number for number in self.versions if number != version)

    def learn(self, version: str) -> None:
        """Run undisturbed and keep what it made."""
        report = self.platform.olist_json("run", "--source", self.versions[version].folder)
        with psycopg.connect(embedded.start(self.platform.home).url, autocommit=True) as connection:
            self.whole[version] = contents(connection, "silver"), contents(connection, "gold")
        self.superseded = {r["table"]: r["superseded"] for r in report["layers"] if r["layer"] == "silver"}
        self.durations = {step["step"]: step["seconds"] for step in self.opstore.runs(parent=report["run_id"])}
        self.published[report["run_id"]] = version

    def ingest(self, version: str) -> None:
        report = pipeline.ingest(self.platform.settings(self.versions[version].folder))
        succeed(report, report.status)

    def silver(self, version: str) -> None:
        self.ingest(version)
        report = pipeline.silver(self.platform.settings())
        succeed(report, report.status)
        assert self.standing(version)[0] == version

    def standing(self, target: str = "", moment: str = "at rest") -> tuple[str, str]:
        """The versions of silver and gold, each whole and as its record says; runs that are new since the last look were for `target`."""
        url = embedded.start(self.platform.home).url
        with psycopg.connect(url, autocommit=True) as connection, hold(connection, "silver"), hold(connection, "gold"):
            publications = connection.execute(
                "SELECT layer, run_id, details FROM olist_meta.publications ORDER BY version"
            ).fetchall()
            silver, gold = contents(connection, "silver"), contents(connection, "gold")
        runs: dict[str, list[str]] = {"silver": [], "gold": []}
        built_from = ""
        for layer, run_id, _ in publications:
            self.published.setdefault(run_id, target)
            runs[layer].append(run_id)
            built_from = runs["silver"][-1] if layer == "gold" else built_from
        versions = self.published[runs["silver"][-1]], self.published[built_from]
        assert silver == self.whole[versions[0]][0], f"{moment}: silver is not version {versions[0]}"
        assert gold == self.whole[versions[1]][1], (
            f"{moment}: gold is not version {versions[1]}, which silver was before it"
        )
        self._assert_accounted(
            silver, set(next(d for layer, _, d in reversed(publications) if layer == "silver")["runs"])
        )
        return versions

    def _assert_accounted(self, silver: Contents, runs: set[str]) -> None:
        """Every row in the batches of `runs` is published, superseded or rejected; every step says so too; the lake is as written."""
        lake = open_lake(self.platform.settings())
        assert verify(lake, self.contracts)[1] == []
        for table in self.contracts:
            rows_in = next(b.object.rows for b in reversed(lake.batches(table)) if b.run_id in runs)
            rejected = self.platform.query(f"SELECT count(*) FROM silver.rejects WHERE table_name = '{table}'")[0][0]
            assert rows_in == silver[table][0] + self.superseded[table] + rejected, table
        for run in self.opstore.runs(limit=500):
            for step in self.opstore.runs(parent=run["run_id"]):
                if step["status"] == "success":
                    out = step["published"] + step["superseded"] + step["rejected"] + step["quarantined"]
                    assert step["rows_in"] == out, step


def contents(connection: psycopg.Connection, schema: str) -> Contents:
    """(rows, digest of the rows without run ids) of each table. The last digits of doubles depend on the order of their sum."""
    connection.execute("SET extra_float_digits = -3")
    tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s", [schema]).fetchall()
    digest = "coalesce(md5(string_agg(line, '' ORDER BY line)), '')"
    lines = "SELECT (to_jsonb(t) - 'run_id')::text AS line FROM"
    return {
        table: connection.execute(f"SELECT count(*), {digest} FROM ({lines} {schema}.{table} AS t) AS x").fetchall()[0]
        for (table,) in tables
    }


def sabotaged(
    site: CrashSite, point: str, when: str, nth: int, victim: str, *arguments: str | Path, deadline: float = 3600
) -> subprocess.CompletedProcess[str]:
    """The `olist` command with something killed at one point of it."""
    return subprocess.run(
        [sys.executable, str(SABOTEUR), point, when, str(nth), victim, *map(str, arguments)],
        env=site.platform.variables() | {"OLIST_DEADLINE": str(deadline), "OLIST_LOCK_WAIT": "0"},
        capture_output=True,
        text=True,
        timeout=PATIENT,
        check=False,
    )


def killed_during(site: CrashSite, target: str, step: str, delay: float, victim: str) -> bool:
    """Kill a run `delay` seconds into a step, its server with it where that is the victim. False when the run had ended before."""
    (last,) = site.opstore.runs(limit=1)
    source = str(site.versions[target].folder)
    run = subprocess.Popen(
        [sys.executable, "-m", "olist", "run", "--source", source],
        env=site.platform.variables(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )

    def begun() -> bool:
        (newest,) = site.opstore.runs(limit=1)
        steps = {s["step"] for s in site.opstore.runs(parent=newest["run_id"])}
        return run.poll() is not None or (newest["run_id"] != last["run_id"] and step in steps)

    with run:
        wait_for(begun, PATIENT)
        time.sleep(delay)
        server = embedded.running(site.platform.home)
        if victim != "run":
            assert server is not None
            backends = backends_of_runs(server) if victim == "backend" else []
            os.kill(backends[0] if backends else server.pid, signal.SIGKILL)
        if run.poll() is None:
            os.killpg(run.pid, signal.SIGKILL)
    return bool(site.opstore.runs(limit=1)[0]["status"] == "running")
