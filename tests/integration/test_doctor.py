"""`olist doctor`: what is missing is found before anything runs, and the command that mends it is shown."""

from __future__ import annotations

import json
from pathlib import Path

import psycopg
import pytest

from conftest import Platform
from olist import doctor
from olist.doctor import examine


def failed(findings: list[doctor.Finding]) -> dict[str, str]:
    return {f.part: f.remedy for f in findings if f.status == "failed"}


def test_the_embedded_default_is_healthy_and_nothing_is_started_or_written(folder: Path) -> None:
    platform = Platform(folder, None)
    result = platform.olist("doctor", "--json")
    assert result.returncode == 0, result.stdout + result.stderr
    findings = json.loads(result.stdout)
    assert {f["part"] for f in findings} == {"versions", "project", "home", "warehouse", "lake", "record"}
    assert {f["status"] for f in findings} == {"ok"}
    assert list(folder.iterdir()) == []


def test_a_user_who_may_not_create_schemas_is_told_the_grant(platform: Platform) -> None:
    assert failed(examine(platform.settings())) == {}
    assert platform.warehouse is not None
    with psycopg.connect(platform.warehouse, autocommit=True) as connection:
        name = connection.info.dbname
        connection.execute(f'REVOKE CREATE ON DATABASE "{name}" FROM "{name}"')
    remedies = failed(examine(platform.settings()))
    assert remedies == {"warehouse": f'as its owner: GRANT CREATE ON DATABASE "{name}" TO "{name}"'}


def test_what_cannot_be_reached_is_named_and_fails_the_command(folder: Path) -> None:
    platform = Platform(folder, "postgresql://nobody@127.0.0.1:1/nothing", contracts=folder / "nowhere")
    result = platform.olist("doctor")
    assert result.returncode == 1
    lines = [line for line in result.stdout.splitlines() if line.startswith("failed")]
    assert [line.split()[1] for line in lines] == ["project", "warehouse"]


def test_a_full_disk_and_a_wrong_clock_are_found(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "_FREE_BYTES", 1 << 60)
    monkeypatch.setattr(doctor, "_CLOCK_SECONDS", -1.0)
    remedies = failed(examine(platform.settings()))
    assert set(remedies) == {"home", "lake", "warehouse"}
    assert "clock" in remedies["warehouse"]


def test_a_source_and_an_airflow_that_are_not_there_are_found(platform: Platform, folder: Path) -> None:
    source, airflow = str(folder / "nowhere"), "http://user:hush@127.0.0.1:1"
    findings = examine(platform.settings(source=source, airflow=airflow))
    assert failed(findings).keys() == {"source", "airflow"}
    assert "hush" not in repr(findings)
    assert failed(examine(platform.settings(source=str(folder)))) == {}
