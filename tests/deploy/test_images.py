"""The images' files: clean for hadolint, two stages, and never root."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploy.conftest import ROOT, ran, tool

FILES = sorted((ROOT / "deploy" / "images").glob("*.Dockerfile"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_hadolint_finds_nothing(path: Path) -> None:
    outcome = ran(tool("hadolint"), path)
    assert outcome.returncode == 0, outcome.stdout


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_an_image_has_two_stages_and_runs_as_an_ordinary_user(path: Path) -> None:
    last = path.read_text(encoding="utf-8").split("FROM ")[-1]
    assert path.read_text(encoding="utf-8").count("FROM ${BASE}") == 2
    assert "USER 10001:10001" in last
