"""`openclaw doctor`: what the agent would miss is found beforehand, nobody is told anything, and `olist doctor` says it too."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from google.oauth2.credentials import Credentials
from typer.testing import CliRunner

from conftest import Platform
from openclaw.cli import app
from openclaw.doctor import Finding, examine
from openclaw.settings import load_settings
from standins import Reply, StandIn, discord, gemini


@pytest.fixture(autouse=True)
def own_logs() -> Iterator[None]:
    """The command points logs to a standard error that is closed when it has ended."""
    yield
    structlog.reset_defaults()


@pytest.fixture
def webhook() -> Iterator[StandIn]:
    with discord() as service:
        yield service


def found(tmp_path: Path, **settings: Any) -> dict[str, Finding]:
    known = {"opstore": str(tmp_path / "opstore.sqlite"), "cache": tmp_path / "cache", **settings}
    return {f"{f.part}: {f.check}": f for f in examine(load_settings(**known))}


def failed(findings: dict[str, Finding]) -> dict[str, Finding]:
    return {name: finding for name, finding in findings.items() if finding.status == "failed"}


def test_the_default_is_healthy_and_nothing_is_asked_or_written(tmp_path: Path) -> None:
    findings = found(tmp_path)
    assert findings.keys() == {"record: can be read", "runbooks: can be read"}
    assert failed(findings) == {}
    assert list(tmp_path.iterdir()) == []


def test_a_webhook_is_looked_up_and_nothing_is_posted(tmp_path: Path, webhook: StandIn) -> None:
    assert failed(found(tmp_path, discord_webhook=webhook.url)) == {}
    assert [asked.method for asked in webhook.asked] == ["GET"]
    assert webhook.messages == {}


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (Reply(404, {"message": "Unknown Webhook"}), "make a webhook"),
        (Reply(401, {"message": "Invalid Webhook Token"}), "make a webhook"),
        (Reply(503, {}), "see whether"),
    ],
)
def test_a_webhook_that_takes_nothing_is_found_and_not_shown(
    tmp_path: Path, webhook: StandIn, reply: Reply, said: str
) -> None:
    webhook.script = [reply]
    (finding,) = failed(found(tmp_path, discord_webhook=webhook.url)).values()
    assert finding.part == "discord"
    assert said in finding.remedy
    assert "a-secret-of-the-webhook" not in repr(finding)


def test_gemini_is_asked_for_both_models_and_for_no_advice(tmp_path: Path) -> None:
    with gemini() as service:
        findings = found(tmp_path, gemini_api_key="a-key", gemini_base_url=service.url)
    assert failed(findings) == {}
    assert [asked.path.rpartition(":")[2] for asked in service.asked] == ["countTokens", "batchEmbedContents"]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("account", "remedy"),
    [({"gemini_api_key": "a-key"}, "OPENCLAW_GEMINI_API_KEY"), ({"vertex_project": "shop"}, "roles/aiplatform.user")],
)
def test_a_model_that_may_not_be_asked_is_found_with_what_to_grant(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, account: dict[str, str], remedy: str
) -> None:
    refusal = Reply(403, {"error": {"code": 403, "status": "PERMISSION_DENIED", "message": "no"}})
    monkeypatch.setattr("google.auth.default", lambda **known: (Credentials("a-token"), "shop"))  # type: ignore[no-untyped-call]
    with gemini() as service:
        service.script = [refusal] * 2
        findings = failed(found(tmp_path, gemini_base_url=service.url, **account))
    assert [finding.part for finding in findings.values()] == ["gemini", "gemini"]
    for finding in findings.values():
        assert "403" in finding.found
        assert remedy in finding.remedy
        assert "a-key" not in repr(finding)


def test_files_that_cannot_be_read_are_named_each(tmp_path: Path) -> None:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "ours.yml").write_text("rules: 3", encoding="utf-8")
    (tmp_path / "expected.yml").write_text("expected: [", encoding="utf-8")
    (tmp_path / "runbooks").mkdir()
    names = {name: tmp_path / name for name in ("runbooks", "rules")}
    findings = failed(found(tmp_path, expected=tmp_path / "expected.yml", **names))
    assert {finding.part for finding in findings.values()} == {"runbooks", "rules", "expected"}
    assert "ours.yml" in findings["rules: can be read"].found
    assert "expected.yml" in findings["expected: can be read"].found


def test_a_record_of_an_unknown_kind_is_found(tmp_path: Path) -> None:
    assert failed(found(tmp_path, opstore="mysql://somewhere/else")).keys() == {"record: can be read"}


@pytest.mark.parametrize(("status", "is_right"), [(405, True), (404, False), (403, False), (200, False)])
def test_a_service_that_makes_passes_is_known_without_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: int, is_right: bool
) -> None:
    monkeypatch.setattr("openclaw.remote._identity", lambda service: f"of-{service}")
    with gemini() as service:
        service.script = [Reply(status)]
        findings = found(tmp_path, service=service.url)
    assert (failed(findings) == {}) == is_right
    (asked,) = service.asked
    assert (asked.method, asked.path) == ("GET", "/poll")
    assert asked.headers["Authorization"] == f"Bearer of-{service.url}"


@pytest.mark.parametrize(("status", "is_right"), [(200, True), (302, True), (401, True), (502, False)])
def test_pages_behind_a_login_answer(tmp_path: Path, status: int, is_right: bool) -> None:
    with gemini() as service:
        service.script = [Reply(status)]
        assert (failed(found(tmp_path, public_url=service.url)) == {}) == is_right


def test_addresses_where_nobody_listens_are_found(tmp_path: Path) -> None:
    nowhere = "http://127.0.0.1:1"
    findings = failed(found(tmp_path, public_url=nowhere, discord_webhook=f"{nowhere}/api/webhooks/1/hush"))
    assert {finding.part for finding in findings.values()} == {"public_url", "discord"}


def test_the_command_prints_what_is_missing_and_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENCLAW_OPSTORE", str(tmp_path / "opstore.sqlite"))
    monkeypatch.setenv("OPENCLAW_RUNBOOKS", str(tmp_path))
    done = CliRunner().invoke(app, ["doctor"])
    assert done.exit_code == 1
    assert "failed  runbooks" in done.output
    assert "remedy" in done.output
    told = CliRunner().invoke(app, ["doctor", "--json"])
    assert [finding["part"] for finding in json.loads(told.stdout)] == ["record", "runbooks"]


def test_olist_doctor_says_it_too(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    platform = Platform(folder, None, {"OLIST_AGENT": "true"})
    monkeypatch.setenv("OPENCLAW_RUNBOOKS", str(folder / "nowhere"))
    told = platform.olist("doctor")
    assert told.returncode == 1
    assert [line for line in told.stdout.splitlines() if line.startswith("failed  agent     runbooks")]
    monkeypatch.setenv("OPENCLAW_RUNBOKS", "x")
    told = platform.olist("doctor")
    assert "did you mean OPENCLAW_RUNBOOKS" in told.stdout
