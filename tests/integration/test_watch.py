"""`olist run` and the agent together: what fails is explained in the run's last lines, and what is mended says so by itself."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from conftest import Platform
from corruptions import NOWHERE, cell, header, one
from databases import owned_platform
from deliveries import change_row, command
from olist import watch
from olist.contracts import Contract
from olist.lineage import edges
from olist.warehouse import embedded
from opstore.store import Opstore


@pytest.fixture(scope="module")
def watched(server: embedded.Server) -> Iterator[Platform]:
    """A platform whose commands call the agent, as a user's do. No OPENCLAW_* variable is set."""
    with owned_platform(server) as platform:
        platform.environment["OLIST_AGENT"] = "true"
        yield platform


@pytest.fixture(scope="module")
def broken(small_folder: Path, session_folder: Path) -> Path:
    """A delivery with one item of a product that nobody knows."""
    folder = Path(shutil.copytree(small_folder, session_folder / "broken"))
    one("order_items", cell("product_id", lambda t: NOWHERE))(folder)
    return folder


def record_of(platform: Platform) -> Opstore:
    return Opstore(platform.home / "opstore.sqlite")


def test_a_failed_run_ends_with_the_incident_its_cause_its_reach_and_three_actions_and_a_mended_one_with_its_end(
    watched: Platform, broken: Path, small_folder: Path, folder: Path
) -> None:
    failed = watched.olist("run", "--source", broken)
    assert failed.returncode == 1
    lines = failed.stdout.splitlines()
    start = next(n for n, line in enumerate(lines) if line.startswith("P1 open: "))
    shown = lines[start:]
    assert any(line.startswith("  where     silver.order_items") for line in shown)
    assert any(line.startswith("  why       referential_integrity") for line in shown)
    (affects,) = (line for line in shown if line.startswith("  affects"))
    assert "Sales" in affects or "Executive" in affects, "dashboards are known before dbt has ever built"
    assert [line[:5] for line in shown if line[2:5] in ("1. ", "2. ", "3. ")] == ["  1. ", "  2. ", "  3. "]
    assert any("actions from runbook" in line for line in shown)
    assert lines[-1] == "openclaw: 1 opened; 1 open"

    status = command(watched, "status")
    assert "P1 open since" in status.stdout
    assert len(json.loads(command(watched, "status", "--json").stdout)["incidents"]) == 1

    mended = Path(shutil.copytree(small_folder, folder / "mended"))
    change_row(mended, "order_items", 1, freight_value="7.77")
    done = watched.olist("run", "--source", mended)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "P1 resolved: " in done.stdout
    assert "the same check passed: valid(product_id) of silver.order_items" in done.stdout
    assert done.stdout.splitlines()[-1] == "openclaw: 1 resolved; 0 open"

    again = watched.olist("run", "--source", mended)
    assert "openclaw" not in again.stdout, "where nothing is wrong there is nothing to say"


def test_building_silver_again_without_another_delivery_resolves_nothing(watched: Platform, broken: Path) -> None:
    assert watched.olist("ingest", "--source", broken).returncode == 0
    assert watched.olist("silver").returncode == 1
    again = watched.olist("silver")
    assert "silver: up to date" in again.stdout
    assert "1 open" in again.stdout


def test_a_file_with_another_header_is_one_incident_of_its_source(
    watched: Platform, small_folder: Path, folder: Path
) -> None:
    drifted = Path(shutil.copytree(small_folder, folder / "drifted"))
    header("sellers", lambda names: [n.replace("_city", "_town") for n in names])(drifted)
    failed = watched.olist("ingest", "--source", drifted)
    assert "where     source.sellers" in failed.stdout
    assert "why       schema_drift" in failed.stdout
    events = record_of(watched).query("SELECT type FROM ops_events WHERE resource = 'source.sellers'")
    assert [event["type"] for event in events] == ["SCHEMA_DRIFT"]


def test_an_agent_that_fails_is_a_line_and_no_harm(watched: Platform, small_folder: Path) -> None:
    watched.environment["OPENCLAW_DISCORD_WEBHOOK"] = "no address"
    try:
        done = watched.olist("ingest", "--source", small_folder)
    finally:
        del watched.environment["OPENCLAW_DISCORD_WEBHOOK"]
    assert done.returncode == 0, done.stderr
    assert "openclaw poll failed (" in done.stdout
    assert "the pipeline is not affected" in done.stdout
    assert "no address" not in done.stdout


def test_an_agent_that_is_not_installed_is_a_line_and_one_that_is_switched_off_is_none(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))
    platform = Platform(tmp_path, None)
    assert "not installed" in watch.poll(platform.settings(agent=True), "1", failed=False)
    assert watch.poll(platform.settings(agent=False), "1", failed=True) == ""


def test_a_record_that_is_away_is_a_line_and_no_harm(tmp_path: Path) -> None:
    (tmp_path / "opstore.sqlite").mkdir()
    assert "the record is away" in watch.poll(Platform(tmp_path, None).settings(agent=True), "1", failed=True)


def test_the_lineage_goes_from_the_files_to_dbts_sources(contracts: dict[str, Contract]) -> None:
    found = {(edge.parent, edge.child) for edge in edges(contracts)}
    for table in contracts:
        assert {
            (f"source.{table}", f"bronze.{table}"), (f"bronze.{table}", f"silver.{table}"),
            (f"silver.{table}", f"source.olist.olist.{table}"),
        } <= found  # fmt: skip
    assert ("silver.orders", "silver.order_items") in found


def test_every_source_of_dbt_is_the_end_of_the_contracts_lineage(
    watched: Platform, contracts: dict[str, Contract]
) -> None:
    """The two halves meet: a name that one of them spells differently would cut the lineage."""
    starts = record_of(watched).query(
        "SELECT DISTINCT parent FROM ops_lineage_current WHERE producer = 'dbt:olist' AND parent LIKE 'source.%'"
    )
    assert {row["parent"] for row in starts} == {f"source.olist.olist.{table}" for table in contracts}
