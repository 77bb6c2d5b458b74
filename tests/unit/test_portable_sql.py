"""The lint of the dbt project's SQL finds each construct that PostgreSQL and BigQuery do not share, and nothing that looks like one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import portable_sql
import pytest
from portable_sql import BANNED, findings

from olist.settings import PROJECT

DATA = PROJECT / "tests/data"
FIXTURES = sorted((DATA / "banned_sql").glob("*.sql"))
FUNCTIONS = {"array_agg", "date_trunc", "generate_series", "now", "percentile_cont", "string_agg", "to_char"}


@pytest.mark.parametrize("banned", [b.name for b in BANNED])
def test_a_construct_is_found_in_its_fixture_and_on_its_line(banned: str) -> None:
    (fixture,) = [f for f in FIXTURES if f.stem == banned.lower().replace(" ", "_").replace("-", "_")]
    assert {(found.construct, found.line) for found in findings(fixture)} >= {(banned, 1)}


@pytest.mark.parametrize("name", sorted(FUNCTIONS - {"array_agg"}))
def test_a_function_that_one_database_knows_is_found(name: str) -> None:
    (found,) = findings(DATA / f"banned_sql/{name}.sql")
    assert found.construct == "unshared function"
    assert found.instead.startswith(f"{name}()")


def test_sql_in_the_strings_of_a_macro_call_is_looked_at() -> None:
    assert [f.construct for f in findings(DATA / "banned_sql/within_jinja.sql")] == ["cast operator"]


def test_a_macro_for_one_database_needs_its_twin() -> None:
    assert [f.construct for f in findings(DATA / "banned_sql/macro_of_one_database.sql")] == ["macro of one database"]


def test_no_fixture_passes_and_none_is_forgotten() -> None:
    assert [f.stem for f in FIXTURES if not findings(f)] == []
    assert len(FIXTURES) == len(BANNED) + len(FUNCTIONS) - 1 + 2


def test_what_only_looks_like_a_banned_construct_passes() -> None:
    assert [str(found) for found in findings(DATA / "portable.sql")] == []


def test_the_command_names_file_and_line_and_fails(folder: Path) -> None:
    (folder / "model.sql").write_text("select 1 as one\nunion all\nselect 2::int as one\n", encoding="utf-8")
    command = [sys.executable, portable_sql.__file__, str(folder)]
    run = subprocess.run(command, check=False, capture_output=True, text=True)
    assert run.returncode == 1
    assert run.stdout.startswith(f"{folder / 'model.sql'}:3: cast operator: ")


def test_the_project_is_portable() -> None:
    assert portable_sql.main([]) == 0
