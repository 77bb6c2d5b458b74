"""The `olist` command as people and scripts meet it: its help, its JSON, its exit codes, and where it writes."""

from __future__ import annotations

import fcntl
import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import structlog
import typer
from typer.core import TyperCommand, TyperGroup
from typer.testing import CliRunner

from conftest import Platform
from deliveries import FILES, command
from olist.cli import app
from olist.settings import PROJECT
from olist.warehouse import embedded

REPORT = ["run_id", "status", "source", "seconds", "layers"]
LAYER_ROW = ["layer", "table", "rows_in", "published", "superseded", "rejected", "quarantined", "seconds"]
ERROR = ["what", "resource", "expected", "found", "remedy", "transient"]
# Those that others rely on; there are more.
GOLD = {"agg_daily_revenue", "dim_customers", "dim_date", "dim_products", "dim_sellers", "fact_orders", "fact_reviews"}

ROOT = typer.main.get_command(app)


def _commands(group: Any, *path: str) -> Iterator[tuple[str, ...]]:
    for name, sub in sorted(group.commands.items()):
        yield (*path, name)
        if isinstance(sub, TyperGroup):
            yield from _commands(sub, *path, name)


COMMANDS = list(_commands(ROOT))


def _command(words: list[str]) -> tuple[Any, list[str]]:
    """The command that the words name, and the rest of them: its arguments."""
    found: Any = ROOT
    while isinstance(found, TyperGroup) and words:
        found, words = found.commands[words[0]], words[1:]
    return found, words


# Help


@pytest.mark.parametrize("path", [(), *COMMANDS], ids=lambda path: " ".join(path) or "olist")
def test_every_command_explains_itself_with_an_example_that_it_takes(path: tuple[str, ...]) -> None:
    shown = CliRunner().invoke(app, [*path, "--help"])
    assert shown.exit_code == 0
    found, _ = _command(list(path))
    assert found.help
    if isinstance(found, TyperGroup):
        assert all(name in shown.output for name in found.commands)
        return
    assert isinstance(found, TyperCommand)
    assert "Example:" in shown.output
    example = re.search(r"\$\((olist [^)]+)\)|`(olist [^`]+)`", found.epilog or "")
    assert example is not None
    named, arguments = _command(shlex.split(example[1] or example[2])[1:])
    assert named is found
    named.make_context(named.name, arguments)  # raises for what the command does not take


def test_the_commands_that_others_rely_on_are_there() -> None:
    promised = "run, ingest, silver, gold, status, source fetch, source generate, lake ls, lake verify, lake withdraw, "
    promised += "warehouse start, warehouse stop, warehouse url, warehouse psql"
    assert set(promised.split(", ")) <= {" ".join(path) for path in COMMANDS}
    with_json = {path[0] for path in COMMANDS if any("--json" in p.opts for p in _command(list(path))[0].params)}
    assert {"run", "ingest", "silver", "gold", "status"} <= with_json


# A whole run, as scripts see it


@dataclass(frozen=True)
class Ran:
    """What `olist run --json` left: its platform, its output, and the files that appeared outside of its home."""

    platform: Platform
    stdout: str
    stderr: str
    strays: set[Path]


@pytest.fixture(scope="module")
def ran(session_folder: Path, small_folder: Path) -> Iterator[Ran]:
    """One run with nothing set, in a current folder, home folder and temporary folder of its own."""
    place = session_folder / "command"
    for name in ("user", "tmp", "work"):
        (place / name).mkdir(parents=True)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("OLIST_", "XDG_"))}
    variables = kept | {"HOME": str(place / "user"), "TMPDIR": str(place / "tmp"), "PYTHONDONTWRITEBYTECODE": "1"}
    home, before = place / "work" / ".olist", _files(place, PROJECT / "dbt", PROJECT / "contracts")
    words = [sys.executable, "-m", "olist", "run", "--json", "--source", str(small_folder)]
    result = subprocess.run(words, env=variables, cwd=place / "work", capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    after = _files(place, PROJECT / "dbt", PROJECT / "contracts")
    strays = {path for path in after - before if not path.is_relative_to(home)}
    yield Ran(Platform(home, None), result.stdout, result.stderr, strays)
    embedded.stop(home)


def _files(*folders: Path) -> set[Path]:
    return {path for folder in folders for path in folder.rglob("*")}


def test_run_ends_with_one_json_object_that_accounts_for_every_table(ran: Ran) -> None:
    document = json.loads(ran.stdout)
    assert list(document) == REPORT
    assert document["status"] == "success"
    assert document["seconds"] > 0
    layers = document["layers"]
    assert all(list(row) == LAYER_ROW for row in layers)
    tables = {
        layer: sorted(row["table"] for row in layers if row["layer"] == layer) for layer in ("bronze", "silver", "gold")
    }
    assert set(tables.pop("gold")) >= GOLD
    assert tables == {"bronze": sorted(FILES), "silver": sorted(FILES)}
    for row in layers:
        assert row["rows_in"] == sum(row[name] for name in ("published", "superseded", "rejected", "quarantined"))
    assert "done in" in ran.stderr


def test_everything_that_a_run_writes_lies_in_its_home(ran: Ran) -> None:
    assert ran.strays == set()
    assert {"lake", "postgres", "dbt", "opstore.sqlite"} <= {path.name for path in ran.platform.home.iterdir()}


def test_status_says_what_ran(ran: Ran) -> None:
    result = command(ran.platform, "status", "--json")
    document = json.loads(result.stdout)
    assert document["home"] == str(ran.platform.home)
    latest = document["runs"][0]
    assert latest["run_id"] == json.loads(ran.stdout)["run_id"]
    assert (latest["step"], latest["status"]) == ("run", "success")
    assert {step["step"]: step["status"] for step in latest["steps"]} == dict.fromkeys(
        ("ingest", "silver", "gold"), "success"
    )
    shown = command(ran.platform, "status").stdout
    assert all(re.search(rf"{step} +success", shown) for step in ("run", "ingest", "silver", "gold"))


@pytest.mark.parametrize("step", ["silver", "gold"])
def test_a_step_with_nothing_to_do_says_so(ran: Ran, step: str) -> None:
    result = command(ran.platform, step, "--json")
    assert result.exit_code == 0
    document = json.loads(result.stdout)
    assert list(document) == REPORT
    assert (document["status"], document["source"]) == ("no_op", None)
    assert all(list(row) == LAYER_ROW and row["rows_in"] == 0 for row in document["layers"])
    assert f"{step}: up to date" in result.stderr


# Failures


@pytest.fixture
def bare(folder: Path) -> Platform:
    """A platform that never ran."""
    return Platform(folder / "home", None)


def test_a_failed_run_is_one_json_object_with_its_error_and_an_exit_code(bare: Platform) -> None:
    result = command(bare, "run", "--json", "--source", "no/such/folder")
    assert result.exit_code == 1
    document = json.loads(result.stdout)
    assert list(document) == [*REPORT, "error"]
    assert document["status"] == "failed"
    assert list(document["error"]) == ERROR
    assert document["error"]["resource"] == "no/such/folder"
    for part in ("what", "expected", "found", "remedy"):
        assert document["error"][part] in result.stderr


def test_a_run_that_finds_another_at_work_says_that_it_may_be_tried_again(bare: Platform, small_folder: Path) -> None:
    bare.environment["OLIST_LOCK_WAIT"] = "0"
    bare.home.mkdir()
    with (bare.home / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        result = command(bare, "ingest", "--json", "--source", small_folder)
    assert result.exit_code == 75
    assert json.loads(result.stdout)["error"]["transient"] is True


@pytest.mark.parametrize(
    "name", ["run", "ingest", "silver", "gold", "status", "lake ls", "warehouse url", "warehouse stop"]
)
def test_an_unknown_setting_stops_every_command_before_it_does_anything(bare: Platform, name: str) -> None:
    bare.environment["OLIST_WAREHOSUE"] = "postgresql://elsewhere/production"
    result = command(bare, *name.split())
    assert result.exit_code == 2
    assert "OLIST_WAREHOSUE" in result.stderr
    assert "did you mean OLIST_WAREHOUSE?" in result.stderr
    assert not bare.home.exists()


@pytest.mark.parametrize(
    ("dataset", "options", "goes_on"),
    [
        (None, [], False),
        ("bigquery://demo/olist", [], True),
        ("bigquery://demo/olist", ["--to", "lake"], False),
        (None, ["--to", "bigquery"], True),
    ],
)
def test_an_export_goes_on_to_bigquery_where_that_is_set_or_asked_for(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, dataset: str | None, options: list[str], goes_on: bool
) -> None:
    asked: list[bool] = []

    def export(*_: object, to_bigquery: bool, listener: object) -> None:
        asked.append(to_bigquery)
        raise typer.Exit

    monkeypatch.setattr("olist.pipeline.export", export)
    settings = {"OLIST_HOME": str(tmp_path), **({"OLIST_BIGQUERY": dataset} if dataset else {})}
    try:
        assert CliRunner().invoke(app, ["export", *options], env=settings).exit_code == 0
    finally:
        structlog.reset_defaults()  # which the command has pointed to a standard error that is closed now
    assert asked == [goes_on]
