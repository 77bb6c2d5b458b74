"""Where DuckDB puts what its memory cannot hold: below the platform's own folder, never into the current one."""

from __future__ import annotations

from pathlib import Path

import pytest

from olist.quality.templates import in_memory
from olist.settings import PROJECT


def test_what_memory_cannot_hold_goes_to_the_scratch_folder_and_leaves_with_the_connection(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scratch, current = tmp_path / "home" / "tmp", tmp_path / "current"
    current.mkdir()
    monkeypatch.chdir(current)
    with in_memory(scratch) as connection, in_memory(scratch) as other:
        connection.execute("SET memory_limit = '40MB'; SET threads = 1")
        connection.execute("CREATE TABLE wide AS SELECT repeat('x', 200) || range AS cell FROM range(500000)")
        spilled = sum(path.stat().st_size for path in scratch.iterdir())
        other.close()
        assert connection.execute("SELECT count(DISTINCT cell) FROM wide").fetchall() == [(500_000,)]
    assert spilled > 0
    assert list(scratch.iterdir()) == []
    assert list(current.iterdir()) == []


def test_the_pipeline_opens_no_duckdb_that_could_spill_elsewhere() -> None:
    opened = [path.name for path in (PROJECT / "src").rglob("*.py") if "duckdb.connect(" in path.read_text()]
    assert opened == ["templates.py"]
