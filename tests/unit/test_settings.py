"""Settings: their defaults, and that nothing misspelt or mistyped passes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import ValidationError

from olist.errors import ConfigurationError
from olist.settings import PROJECT, load_settings


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An environment without ours, in a folder of our own."""
    for name in [n for n in os.environ if n.startswith("OLIST_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def test_unset_everything_lies_under_one_folder_here(tmp_path: Path) -> None:
    settings = load_settings()
    assert settings.home == tmp_path / ".olist"
    places = (Path(settings.lake_url), Path(settings.opstore_url), settings.scratch)
    assert all(place.is_relative_to(settings.home) for place in places)
    assert (settings.source, settings.warehouse) == (None, None)
    assert (settings.contracts, settings.dbt_project) == (PROJECT / "contracts", PROJECT / "dbt")


def test_variables_are_read_and_typed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("OLIST_HOME", "elsewhere")
    monkeypatch.setenv("OLIST_CONTRACTS", "~/contracts")
    monkeypatch.setenv("OLIST_WAREHOUSE", "postgresql://localhost/x")
    monkeypatch.setenv("OLIST_LOCK_WAIT", "2.5")
    settings = load_settings()
    assert settings.home == tmp_path / "elsewhere", "paths are made absolute at once: a later chdir moves nothing"
    assert settings.contracts == Path.home() / "contracts"
    assert settings.warehouse == "postgresql://localhost/x"
    assert settings.lock_wait == 2.5


def test_the_command_line_goes_before_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OLIST_SOURCE", "kaggle")
    assert load_settings(source="synthetic").source == "synthetic"
    assert load_settings(source=None).source == "kaggle"


@pytest.mark.parametrize("name", ["OLIST_SOURCE", "OLIST_WAREHOUSE"])
def test_an_empty_variable_is_an_unset_one(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "")
    assert getattr(load_settings(), name.removeprefix("OLIST_").lower()) is None


@pytest.mark.parametrize(
    ("name", "remedy"),
    [("OLIST_WAREHUOSE", "did you mean OLIST_WAREHOUSE?"), ("OLIST_ZZZZZZZZZZZZZZZZ", "unset it")],
    ids=["close", "far"],
)
def test_an_unknown_variable_is_refused_with_the_nearest_known_one(
    monkeypatch: pytest.MonkeyPatch, name: str, remedy: str
) -> None:
    monkeypatch.setenv(name, "x")
    with pytest.raises(ConfigurationError) as caught:
        load_settings()
    assert caught.value.resource == name
    assert caught.value.remedy == remedy
    assert "OLIST_HOME" in caught.value.expected


@pytest.mark.parametrize("name", ["OLIST_TEST_DATA", "OLIST_DBT_HOST", "OLISTS"])
def test_a_variable_of_others_is_no_concern_of_ours(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "x")
    load_settings()


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("OLIST_LOCK_WAIT", "soon", "a valid number"),
        ("OLIST_LOCK_WAIT", "-1", "greater than or equal to 0"),
        ("OLIST_PUBLISH_WAIT", "-0.5", "greater than or equal to 0"),
        ("OLIST_DEADLINE", "0", "greater than 0"),
        ("OLIST_LAKE", "s3://bucket/prefix", "a folder, or gs://bucket/prefix"),
        ("OLIST_LAKE", "gs://Bucket", "a folder, or gs://bucket/prefix"),
        ("OLIST_LAKE", "gs://bucket//prefix", "a folder, or gs://bucket/prefix"),
    ],
)
def test_a_value_of_the_wrong_kind_is_refused_by_its_variable(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, expected: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigurationError) as caught:
        load_settings()
    assert caught.value.resource == name
    assert expected in caught.value.expected
    assert caught.value.found == repr(value)
    assert "unset it" in caught.value.remedy


@pytest.mark.parametrize("value", ["hunter2", "postgresql://me:hunter2@[::1", "host=x pass word=hunter2"])
def test_a_warehouse_that_libpq_cannot_read_is_refused_without_showing_it(
    monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("OLIST_WAREHOUSE", value)
    with pytest.raises(ConfigurationError) as caught:
        load_settings()
    assert caught.value.resource == "OLIST_WAREHOUSE"
    assert "postgresql://user:password@host:5432/database" in caught.value.expected
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("value", "url"),
    [
        ("gs://bucket", "gs://bucket"),
        ("gs://bucket/some/prefix/", "gs://bucket/some/prefix"),
        ("elsewhere", "{here}/elsewhere"),
        ("", "{here}/.olist/lake"),
    ],
)
def test_a_lake_is_a_folder_or_a_bucket(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, value: str, url: str) -> None:
    monkeypatch.setenv("OLIST_LAKE", value)
    assert load_settings().lake_url == url.format(here=tmp_path)


def test_the_embedded_default_needs_nothing_of_google() -> None:
    """The libraries for Google Cloud are an extra that may not be installed, and take their time to load."""
    script = (
        "import sys; from olist import cli, pipeline; from olist.dashboards import status;"
        "from olist.lake.open import open_lake; from olist.settings import load_settings;"
        "open_lake(load_settings()).batches('orders');"
        "print(*[m for m in sys.modules if m.startswith(('google.cloud', 'google.auth', 'google.api_core'))])"
    )
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=120)
    assert found.stdout.strip() == ""


def test_an_unknown_override_is_refused() -> None:
    with pytest.raises(ConfigurationError) as caught:
        load_settings(warehuose="x")
    assert caught.value.resource == "OLIST_WAREHUOSE"


def test_settings_do_not_change() -> None:
    settings = load_settings()
    with pytest.raises(ValidationError, match="frozen"):
        settings.home = Path("/elsewhere")
