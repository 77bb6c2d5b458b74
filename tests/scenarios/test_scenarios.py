"""The agent against faults in the real pipeline: the right alerts, and no others.

What keeps a scenario from happening is an error of its fixture, which pytest counts apart from failures. A run that has graded nothing, or
less than all, fails.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from agents import Told
from conftest import Platform
from databases import owned_platform
from olist import pipeline
from olist.warehouse import embedded
from openclaw.assembly import build_agent
from openclaw.model import IncidentView
from openclaw.recording import record
from openclaw.settings import load_settings
from scenarios.faults import SCENARIOS, Scenario, World
from scenarios.grading import faults_of, said

pytestmark = pytest.mark.slow

_graded: dict[str, bool] = {}


@pytest.fixture(scope="module")
def healthy(server: embedded.Server, small_folder: Path) -> Iterator[Platform]:
    """A platform that has published everything, and the manifest of its dbt project aside."""
    with owned_platform(server) as platform:
        report = pipeline.run(platform.settings(small_folder))
        assert report.error is None, report.error
        shutil.copytree(small_folder, platform.home / "published")
        aside = platform.home / "manifest"
        aside.mkdir()
        shutil.copy(platform.home / "dbt" / "target" / "manifest.json", aside)
        yield platform


@pytest.fixture
def world(healthy: Platform, folder: Path) -> World:
    """The healthy platform with an empty record, but for the lineage."""
    published = healthy.home / "published"
    for path in healthy.home.glob("opstore.sqlite*"):
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    world = World(healthy, published, Path(shutil.copytree(published, folder / "csv")), folder)
    record(world.record, healthy.home / "manifest")
    return world


@pytest.fixture
def alerts(request: pytest.FixtureRequest, world: World) -> list[IncidentView]:
    """What the agent has said when the scenario has happened, looking after each of its parts."""
    told = Told()
    agent = build_agent(load_settings(opstore=str(world.record.path)), lambda text: None)
    agent.channel = told
    scenario: Scenario = request.param
    for part in scenario.parts:
        part(world)
        agent.poll()
    return told.last


@pytest.mark.parametrize(
    ("scenario", "alerts"), [(s, s) for s in SCENARIOS], ids=[s.name for s in SCENARIOS], indirect=["alerts"]
)
def test_the_alerts_are_the_truth(scenario: Scenario, alerts: list[IncidentView], world: World) -> None:
    truths = [(t.root.format(folder=world.folder), t.category, t.severity, t.state) for t in scenario.truths]
    faults = faults_of(said(alerts), truths)
    _graded[scenario.name] = not faults
    assert faults == []
    for view in alerts:
        assert view.advice is not None, "three actions come with the alert"
        assert view.evidence


def test_every_scenario_was_graded(request: pytest.FixtureRequest) -> None:
    chosen = [item for item in request.session.items if item.name.startswith("test_the_alerts_are_the_truth")]
    assert len(chosen) == len(SCENARIOS) == len(_graded) > 20, f"{len(_graded)} of {len(SCENARIOS)} were graded"
