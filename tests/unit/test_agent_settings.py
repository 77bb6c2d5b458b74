"""The agent's settings: unset, nothing leaves the machine; misspelt, nothing starts; and no secret is ever shown."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from pydantic import ValidationError

from openclaw.settings import PREFIX, Settings, SettingsError, load_settings

SECRETS = ["discord_webhook", "gemini_api_key", "api_token"]


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An environment without ours, in a folder of our own."""
    for name in [n for n in os.environ if n.startswith((PREFIX, "OLIST_"))]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def test_unset_nothing_leaves_the_machine(tmp_path: Path) -> None:
    settings = load_settings()
    assert settings.opstore == str(tmp_path / ".olist" / "opstore.sqlite")
    assert not settings.has_gemini
    assert [getattr(settings, name) for name in SECRETS] == [None] * 3
    assert (settings.callers_checked, settings.serves, settings.service) == (False, "all", None)


def test_the_record_is_the_platforms_unless_said_otherwise(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("OLIST_HOME", "elsewhere")
    assert load_settings().opstore == str(tmp_path / "elsewhere" / "opstore.sqlite")
    monkeypatch.setenv("OPENCLAW_OPSTORE", "bigquery://project/olist_ops")
    assert load_settings().opstore == "bigquery://project/olist_ops"
    assert load_settings(opstore="here.sqlite").opstore == str(tmp_path / "here.sqlite")


@pytest.mark.parametrize("name", ["rules", "public_url", "service", "vertex_project", *SECRETS])
def test_an_empty_variable_is_an_unset_one(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(PREFIX + name.upper(), "")
    assert getattr(load_settings(), name) is None


@pytest.mark.parametrize(
    ("name", "remedy"),
    [("OPENCLAW_DISCORD_WEBHOK", "did you mean OPENCLAW_DISCORD_WEBHOOK?"), ("OPENCLAW_ZZZZZZZZZZZZ", "unset it")],
    ids=["close", "far"],
)
def test_an_unknown_variable_is_refused_by_name_and_without_its_value(
    monkeypatch: pytest.MonkeyPatch, name: str, remedy: str
) -> None:
    monkeypatch.setenv(name, "a-secret-value")
    with pytest.raises(SettingsError, match=name) as caught:
        load_settings()
    assert remedy in str(caught.value)
    assert "a-secret-value" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("discord_webhook", "not-an-address-a-secret"),
        ("discord_webhook", "ftp://x/a-secret"),
        ("public_url", "claw.example.net"),
        ("gemini_base_url", "https://"),
        ("gemini_timeout", "0"),
        ("gemini_timeout", "soon"),
        ("advice_budget_per_hour", "-1"),
        ("log_level", "loud"),
        ("callers_checked", "by whom"),
        ("serves", "events"),
        ("service", "openclaw.example.net"),
    ],
)
def test_a_value_that_cannot_be_is_refused_by_name(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(PREFIX + name.upper(), value)
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert caught.value.variable == PREFIX + name.upper()
    assert "a-secret" not in str(caught.value)


def test_settings_show_no_secret_and_cannot_be_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in SECRETS:
        monkeypatch.setenv(PREFIX + name.upper(), "https://x.example.net/a-secret")
    settings: Settings = load_settings()
    assert "a-secret" not in f"{settings!r} {settings} {settings.model_dump_json()}"
    assert settings.has_gemini
    with pytest.raises(ValidationError):
        settings.gemini_model = "another"
