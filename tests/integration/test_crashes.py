"""Killed at any moment, the run or its server: silver and gold stand as they were or as they were to be, and the next run completes.

One platform goes through all of these tests, from one version of the data to the other and back. After every kill its silver and gold are
compared, row for row, with what an undisturbed run of each version gave.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest

from conftest import Platform
from databases import embedded_platform
from deliveries import succeed
from olist import pipeline
from olist.contracts import Contract
from olist.lake.verify import verify
from olist.warehouse import embedded
from olist.warehouse.publish import hold
from opstore.store import Opstore
from saboteur import backends_of_runs
from servers import wait_for
from versions import Version, write_versions

SEED = int(os.environ.get("OLIST_TEST_SEED", "2018"))
PATIENT = 120.0
TESTS = Path(__file__).parents[1]
Contents = dict[str, tuple[int, str]]


@dataclass
class Field:
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

    def ingest(self, version: str) -> None:
        report = pipeline.ingest(self.platform.settings(self.versions[version].folder))
        succeed(report, report.status)

    def silver(self, version: str) -> None:
        self.ingest(version)
        report = pipeline.silver(self.platform.settings())
        succeed(report, report.status)
        assert self.standing(version)[0] == version

    def standing(self, target: str, moment: str = "") -> tuple[str, str]:
        """The versions of silver and gold, each whole and as its record says; runs that are new since the last look were for `target`."""
        url = embedded.start(self.platform.home).url
        with psycopg.connect(url, autocommit=True) as connection, hold(connection, "silver"), hold(connection, "gold"):
            publications = connection.execute(
                "SELECT layer, run_id, details FROM olist_meta.publications ORDER BY version"
            ).fetchall()
            silver, gold = _contents(connection, "silver"), _contents(connection, "gold")
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
        lake = pipeline.open_lake(self.platform.settings())
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


def _contents(connection: psycopg.Connection, schema: str) -> Contents:
    """(rows, digest of the rows without run ids) of each table."""
    tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s", [schema]).fetchall()
    digest = "coalesce(md5(string_agg(line, '' ORDER BY line)), '')"
    lines = "SELECT (to_jsonb(t) - 'run_id')::text AS line FROM"
    return {
        table: connection.execute(f"SELECT count(*), {digest} FROM ({lines} {schema}.{table} AS t) AS x").fetchall()[0]
        for (table,) in tables
    }


@pytest.fixture(scope="module")
def crashes(contracts: dict[str, Contract], small_folder: Path, session_folder: Path) -> Iterator[Field]:
    versions = {v.number: v for v in write_versions(contracts, small_folder, session_folder / "crashes")}
    with embedded_platform() as platform:
        crashes = Field(platform, contracts, versions)
        for number, version in versions.items():
            report = platform.olist_json("run", "--source", version.folder)
            with psycopg.connect(embedded.start(platform.home).url, autocommit=True) as connection:
                crashes.whole[number] = _contents(connection, "silver"), _contents(connection, "gold")
            crashes.superseded |= {r["table"]: r["superseded"] for r in report["layers"] if r["layer"] == "silver"}
            steps = crashes.opstore.runs(parent=report["run_id"])
            crashes.durations = {step["step"]: step["seconds"] for step in steps}
            crashes.published[report["run_id"]] = number
        assert crashes.whole["11"] != crashes.whole["22"]
        yield crashes


def sabotaged(
    crashes: Field, point: str, when: str, nth: int, victim: str, *arguments: str | Path, deadline: float = 3600
) -> subprocess.CompletedProcess[str]:
    """The `olist` command with something killed at one point of it."""
    return subprocess.run(
        [sys.executable, str(TESTS / "saboteur.py"), point, when, str(nth), victim, *map(str, arguments)],
        env=crashes.platform.variables() | {"OLIST_DEADLINE": str(deadline)},
        capture_output=True,
        text=True,
        timeout=PATIENT,
        check=False,
    )


def prepared(crashes: Field, command: str) -> tuple[str, list[str | Path]]:
    """All that comes before a command is done, for the version that this returns with the command's arguments."""
    silver, gold = crashes.standing("")
    target = crashes.other(gold if command == "gold" else silver)
    if command == "ingest":
        return target, ["ingest", "--source", crashes.versions[target].folder]
    if command == "silver":
        crashes.ingest(target)
    else:
        crashes.silver(target)
    return target, [command]


def complete(crashes: Field, command: str, target: str) -> None:
    """The next run completes what the killed one began."""
    crashes.silver(target)
    if command == "gold":
        crashes.platform.olist_json("gold")
        assert crashes.standing(target) == (target, target)
    assert list((crashes.platform.home / "tmp").rglob("*")) == []


def point(command: str, where: str, when: str, nth: int = 1, *, changes: bool = False) -> object:
    """A point of a command; `changes` when its layer is the new one from there on."""
    return pytest.param(command, where, when, nth, changes, id=f"{command}: {when} {where.split(':')[1]}, call {nth}")


@pytest.mark.parametrize(
    ("command", "where", "when", "nth", "changes"),
    [
        point("ingest", "opstore.store:Opstore.start", "after"),
        point("ingest", "olist.bronze.ingest:write_parquet", "after", 5),
        point("ingest", "olist.lake.store:_copy_synced", "after"),
        point("ingest", "olist.lake.store:os.link", "after"),
        point("ingest", "olist.lake.batches:Lake.write_batch", "after", 4),
        point("ingest", "olist.lake.batches:Lake.accept", "before"),
        point("ingest", "olist.lake.batches:Lake.accept", "after"),
        point("silver", "olist.silver.stage:load", "after", 3),
        point("silver", "olist.silver.build:audit", "after", 9),
        point("silver", "olist.silver.stage:relate", "after", 9),
        point("silver", "olist.warehouse.publish:_lock_readers_out", "after"),
        point("silver", "olist.warehouse.publish:_set_schema", "after", 7),
        point("silver", "olist.warehouse.publish:_move", "after"),
        point("silver", "olist.silver.build:publish", "after", changes=True),
        point("silver", "opstore.store:Opstore.finish", "before", changes=True),
        point("gold", "olist.report:Progress.advance", "after", 40),
        point("gold", "olist.warehouse.publish:_set_schema", "after", 9),
        point("gold", "olist.gold.build:publish", "after", changes=True),
    ],
)
def test_killed_at_this_point_a_run_leaves_the_old_or_the_new_state_and_the_next_completes(
    crashes: Field, command: str, where: str, when: str, nth: int, *, changes: bool
) -> None:
    target, arguments = prepared(crashes, command)
    before = crashes.standing("")
    result = sabotaged(crashes, where, when, nth, "run", *arguments)
    assert result.returncode == -signal.SIGKILL, result.stdout + result.stderr
    assert crashes.opstore.runs(limit=1)[0]["status"] == "running"
    silver, gold = crashes.standing(target)
    changed = {"silver": silver != before[0], "gold": gold != before[1]}
    assert changed == {"silver": False, "gold": False} | ({command: True} if changes else {})
    complete(crashes, command, target)


@pytest.mark.parametrize("victim", ["postmaster", "backend"])
@pytest.mark.parametrize(
    ("command", "where", "nth"),
    [
        pytest.param("silver", "olist.warehouse.publish:_move", 1, id="while silver is published"),
        pytest.param("gold", "olist.report:Progress.advance", 40, id="while dbt builds"),
    ],
)
def test_a_run_whose_server_is_killed_fails_with_a_clear_error(
    crashes: Field, command: str, where: str, nth: int, victim: str
) -> None:
    target, arguments = prepared(crashes, command)
    before = crashes.standing("")
    result = sabotaged(crashes, where, "after", nth, victim, *arguments)
    assert result.returncode in (1, 75), result.stdout + result.stderr
    assert "remedy" in result.stderr
    assert "Traceback" not in result.stderr
    assert crashes.opstore.runs(limit=1)[0]["status"] == "failed"
    silver, gold = crashes.standing(target)
    # A backend that outlives its postmaster may still commit; gold is not swapped before dbt has ended.
    assert silver in (before[0], target)
    assert gold == before[1]
    complete(crashes, command, target)


@pytest.mark.parametrize(("deadline", "status"), [(3600, "running"), (0.001, "lost")])
def test_a_killed_run_shows_as_running_until_its_deadline_and_then_as_lost(
    crashes: Field, deadline: float, status: str
) -> None:
    target, _ = prepared(crashes, "ingest")
    arguments = ("run", "--source", crashes.versions[target].folder)
    sabotaged(crashes, "olist.lake.batches:Lake.accept", "before", 1, "run", *arguments, deadline=deadline)
    newest = crashes.platform.olist_json("status")["runs"][0]
    assert (newest["step"], newest["status"]) == ("run", status)
    assert [(step["step"], step["status"]) for step in newest["steps"]] == [("ingest", status)]


def killed_during(crashes: Field, target: str, step: str, delay: float, victim: str) -> bool:
    """Kill a run `delay` seconds into a step, its server with it where that is the victim. False when the run had ended before."""
    (last,) = crashes.opstore.runs(limit=1)
    source = str(crashes.versions[target].folder)
    run = subprocess.Popen(
        [sys.executable, "-m", "olist", "run", "--source", source],
        env=crashes.platform.variables(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )

    def begun() -> bool:
        (newest,) = crashes.opstore.runs(limit=1)
        steps = {s["step"] for s in crashes.opstore.runs(parent=newest["run_id"])}
        return run.poll() is not None or (newest["run_id"] != last["run_id"] and step in steps)

    with run:
        wait_for(begun, PATIENT)
        time.sleep(delay)
        server = embedded.running(crashes.platform.home)
        if server is not None and victim != "run":
            backends = backends_of_runs(server) if victim == "backend" else []
            os.kill(backends[0] if backends else server.pid, signal.SIGKILL)
        if run.poll() is None:
            os.killpg(run.pid, signal.SIGKILL)
    return bool(crashes.opstore.runs(limit=1)[0]["status"] == "running")


@pytest.mark.timeout(1800)
def test_killed_at_random_moments_nothing_is_lost_and_nothing_half_visible(crashes: Field) -> None:
    chance = random.Random(SEED)
    steps = ["ingest"] * 4 + ["silver"] * 11 + ["gold"] * 7
    victims = ["postmaster"] * 4 + ["backend"] * 3 + ["run"] * 15
    for kinds in (steps, victims):
        chance.shuffle(kinds)
    standing = crashes.standing("")
    misses = 0
    while steps:
        target = crashes.other(standing[0])
        delay = chance.uniform(0, crashes.durations[steps[-1]])
        moment = f"seed {SEED}, kill {23 - len(steps)}: {victims[-1]}, {delay:.3f} s into {steps[-1]}"
        if killed_during(crashes, target, steps[-1], delay, victims[-1]):
            steps.pop(), victims.pop()
        else:
            misses += 1
            assert misses < 22, f"{moment}: runs end before they are killed"
        standing = crashes.standing(target, moment)

    target = crashes.other(standing[0])
    crashes.platform.olist_json("run", "--source", crashes.versions[target].folder)
    assert crashes.standing(target) == (target, target)
    crashes.platform.olist_json("run", "--source", crashes.versions[target].folder)
