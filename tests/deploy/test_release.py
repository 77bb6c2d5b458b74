"""`make deploy` without Google: programs that write down how they are called stand in for its own, a server for the agent."""

from __future__ import annotations

import importlib.util
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from deploy.conftest import ROOT
from standins import Reply, StandIn, discord

OUTPUTS = {"registry": "europe-west1-docker.pkg.dev/demo/olist", "pages_url": "https://pages"}
DIGEST = "sha256:" + "0" * 64
# Answers by the first word of its kind that is among the arguments; anything else is silence and success.
PROGRAM = """#!/bin/sh
echo "$(basename "$0") $*" >> "$CALLS"
case "$(basename "$0") $*" in
  "terraform "*output*) cat "$ANSWERS/outputs" ;;
  "gcloud auth list"*) echo someone@example.com ;;
  "gcloud secrets versions list "*) cat "$ANSWERS/$4" 2>/dev/null ;;
  "gcloud artifacts docker images describe"*) echo "$DIGEST" ;;
  "gcloud auth print-identity-token"*) echo an-identity ;;
  "git "*rev-parse*) echo 0123456789ab ;;
esac
exit 0
"""


@pytest.fixture
def release() -> ModuleType:
    """The program, as a module."""
    spec = importlib.util.spec_from_file_location("release", ROOT / "deploy" / "release.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def agent() -> Iterator[StandIn]:
    with discord() as standin:
        standin.script = [Reply(202, {"poll": {"alerts_sent": 1}})]
        yield standin


@pytest.fixture
def calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, release: ModuleType, agent: StandIn) -> Path:
    """Where the stand-ins write down how they were called, everything being in place."""
    programs, answers, terraform = tmp_path / "bin", tmp_path / "answers", tmp_path / "terraform"
    for folder in (programs, answers, terraform):
        folder.mkdir()
    for name in release.PROGRAMS:
        (programs / name).write_text(PROGRAM, encoding="utf-8")
        (programs / name).chmod(0o755)
    for secret in release.SECRETS:
        (answers / secret).write_text("1\n", encoding="utf-8")
    outputs = {name: {"value": value} for name, value in (OUTPUTS | {"agent_url": agent.url}).items()}
    (answers / "outputs").write_text(json.dumps(outputs), encoding="utf-8")
    for name in ("example.tfvars", "production.tfvars"):
        shutil.copy(ROOT / "deploy" / "terraform" / "example.tfvars", terraform / name)
    monkeypatch.setattr(release, "TERRAFORM", terraform)
    monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")
    monkeypatch.setenv("ANSWERS", str(answers))
    monkeypatch.setenv("DIGEST", DIGEST)
    monkeypatch.setenv("CALLS", str(tmp_path / "calls"))
    monkeypatch.setenv(release.TOKEN, "of-the-test")
    return tmp_path / "calls"


def test_it_goes_from_the_foundation_to_the_first_alert(
    calls: Path, release: ModuleType, agent: StandIn, capsys: pytest.CaptureFixture[str]
) -> None:
    release.main()
    changing = [c for c in calls.read_text().splitlines() if c.split()[0] == "docker" or " init" in c or " apply" in c]
    assert [call.replace(str(release.TERRAFORM), "T").split(" --file")[0] for call in changing] == [
        "terraform -chdir=T init -input=false -backend-config=bucket=example-olist-terraform",
        "terraform -chdir=T apply -var-file=production.tfvars",
        "docker build",
        f"docker push {OUTPUTS['registry']}/agent:0123456789ab",
        "docker build",
        f"docker push {OUTPUTS['registry']}/jobs:0123456789ab",
        "terraform -chdir=T apply -var-file=production.tfvars",
    ]
    released = json.loads((release.TERRAFORM / "images.auto.tfvars.json").read_text())
    assert released == {"images": {n: f"{OUTPUTS['registry']}/{n}@{DIGEST}" for n in ("agent", "jobs")}}
    (event,) = agent.asked
    assert (event.path.endswith("/events"), event.body["type"]) == (True, "PIPELINE_FAILED")
    assert event.headers["X-Openclaw-Token"] == "of-the-test"
    assert "alerts_sent': 1" in capsys.readouterr().out


def test_everything_that_is_missing_is_named_at_once_and_nothing_is_begun(
    calls: Path, release: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (release.TERRAFORM / "production.tfvars").write_text('project_id = "demo"\n', encoding="utf-8")
    monkeypatch.delenv(release.TOKEN)
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(SystemExit, match="2"):
        release.main()
    told = capsys.readouterr().err
    for missing in ("terraform", "gcloud", "docker", "billing_account in production.tfvars", "state_bucket", "TF_VAR"):
        assert missing in told
    assert not calls.exists()


def test_secrets_without_a_value_stop_it_before_there_is_a_service(
    calls: Path, release: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "answers" / "warehouse-url").unlink()
    with pytest.raises(SystemExit, match="2"):
        release.main()
    told = capsys.readouterr().err
    assert "gcloud secrets versions add warehouse-url --project=example-olist" in told
    assert "discord-webhook" not in told
    assert "docker" not in calls.read_text()


def test_what_has_failed_ends_it(calls: Path, release: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "bin" / "terraform").write_text("#!/bin/sh\nexit 3\n", encoding="utf-8")
    with pytest.raises(SystemExit, match="2"):
        release.main()
    assert "docker" not in calls.read_text()
