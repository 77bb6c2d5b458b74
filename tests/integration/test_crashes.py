"""Killed at any moment, the run or its server: silver and gold stand as they were or as they were to be, and the next run completes.

One platform goes through all of these tests, from one version of the data to the other and back. After every kill its silver and gold are
compared, row for row, with what an undisturbed run of each version gave.
"""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from crashing import CrashSite, killed_during, sabotaged
from databases import embedded_platform
from deliveries import without_promises
from olist.contracts import Contract
from versions import write_versions

pytestmark = pytest.mark.slow
SEED = int(os.environ.get("OLIST_TEST_SEED", "2018"))


@pytest.fixture(scope="module")
def site(contracts: dict[str, Contract], small_folder: Path, session_folder: Path) -> Iterator[CrashSite]:
    versions = {v.number: v for v in write_versions(contracts, small_folder, session_folder / "crashes")}
    with embedded_platform() as platform:
        platform.contracts = without_promises(platform.home)
        site = CrashSite(platform, contracts, versions)
        for number in versions:
            site.learn(number)
        assert site.whole["11"] != site.whole["22"]
        yield site


def prepared(site: CrashSite, command: str) -> tuple[str, list[str | Path]]:
    """All that comes before a command is done, for the version that this returns with the command's arguments."""
    silver, gold = site.standing()
    target = site.other(gold if command == "gold" else silver)
    if command == "ingest":
        return target, ["ingest", "--source", site.versions[target].folder]
    if command == "silver":
        site.ingest(target)
    else:
        site.silver(target)
    return target, [command]


def complete(site: CrashSite, command: str, target: str) -> None:
    """The next run completes what the killed one began."""
    site.silver(target)
    if command == "gold":
        site.platform.olist_json("gold")
        assert site.standing(target) == (target, target)
    assert list((site.platform.home / "tmp").rglob("*")) == []


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
        point("silver", "olist.silver.build:measure", "after", 9),
        point("silver", "olist.silver.stage:relate", "after", 9),
        point("silver", "olist.warehouse.publish:_lock_readers_out", "after"),
        point("silver", "olist.warehouse.publish:_set_schema", "after", 7),
        point("silver", "olist.warehouse.publish:_move", "after"),
        point("silver", "olist.silver.build:publish", "after", changes=True),
        point("silver", "opstore.store:Opstore.finish", "before", changes=True),
        point("gold", "olist.terminal:Progress.advance", "after", 40),
        point("gold", "olist.warehouse.publish:_set_schema", "after", 9),
        point("gold", "olist.gold.build:publish", "after", changes=True),
    ],
)
def test_killed_at_this_point_a_run_leaves_the_old_or_the_new_state_and_the_next_completes(
    site: CrashSite, command: str, where: str, when: str, nth: int, *, changes: bool
) -> None:
    target, arguments = prepared(site, command)
    before = site.standing()
    result = sabotaged(site, where, when, nth, "run", *arguments)
    assert result.returncode == -signal.SIGKILL, result.stdout + result.stderr
    assert site.opstore.runs(limit=1)[0]["status"] == "running"
    silver, gold = site.standing(target)
    changed = {"silver": silver != before[0], "gold": gold != before[1]}
    assert changed == {"silver": False, "gold": False} | ({command: True} if changes else {})
    complete(site, command, target)


@pytest.mark.parametrize("victim", ["postmaster", "backend"])
@pytest.mark.parametrize(
    ("command", "where", "nth"),
    [
        pytest.param("silver", "olist.warehouse.publish:_move", 1, id="while silver is published"),
        pytest.param("gold", "olist.terminal:Progress.advance", 40, id="while dbt builds"),
    ],
)
def test_a_run_whose_server_is_killed_fails_with_a_clear_error(
    site: CrashSite, command: str, where: str, nth: int, victim: str
) -> None:
    target, arguments = prepared(site, command)
    before = site.standing()
    result = sabotaged(site, where, "after", nth, victim, *arguments)
    assert result.returncode in (1, 75), result.stdout + result.stderr
    assert "remedy" in result.stderr
    assert "Traceback" not in result.stderr
    assert site.opstore.runs(limit=1)[0]["status"] == "failed"
    assert site.standing(target) == before
    complete(site, command, target)


@pytest.mark.parametrize(("deadline", "status"), [(3600, "running"), (0.001, "lost")])
def test_a_killed_run_shows_as_running_until_its_deadline_and_then_as_lost(
    site: CrashSite, deadline: float, status: str
) -> None:
    target, _ = prepared(site, "ingest")
    arguments = ("run", "--source", site.versions[target].folder)
    sabotaged(site, "olist.lake.batches:Lake.accept", "before", 1, "run", *arguments, deadline=deadline)
    newest = site.platform.olist_json("status")["runs"][0]
    assert (newest["step"], newest["status"]) == ("run", status)
    assert [(step["step"], step["status"]) for step in newest["steps"]] == [("ingest", status)]


@pytest.mark.timeout(1800)
def test_killed_at_random_moments_nothing_is_lost_and_nothing_half_visible(site: CrashSite) -> None:
    chance = random.Random(SEED)
    steps = ["ingest"] * 4 + ["silver"] * 11 + ["gold"] * 7
    victims = ["postmaster"] * 4 + ["backend"] * 3 + ["run"] * 15
    for kinds in (steps, victims):
        chance.shuffle(kinds)
    standing = site.standing()
    misses = 0
    while steps:
        target = site.other(standing[0])
        delay = chance.uniform(0, site.durations[steps[-1]])
        moment = f"seed {SEED}, kill {23 - len(steps)}: {victims[-1]}, {delay:.3f} s into {steps[-1]}"
        if killed_during(site, target, steps[-1], delay, victims[-1]):
            steps.pop(), victims.pop()
        else:
            misses += 1
            assert misses < 22, f"{moment}: runs end before they are killed"
        standing = site.standing(target, moment)

    target = site.other(standing[0])
    source = site.versions[target].folder
    assert site.platform.olist_json("run", "--source", source)["status"] == "success"
    assert site.standing(target) == (target, target)
    assert site.platform.olist_json("run", "--source", source)["status"] == "no_op"
