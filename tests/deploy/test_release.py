"""`make deploy` without Google: programs that write down how they are called stand in for its own, a server for the agent."""

from __future__ import annotations

import importlib.util
import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from deploy.conftest import ROOT
from standins import Reply, StandIn, discord

# What the agent says of a pass, as `openclaw.agent.Poll` has it.
DONE = {"state": "done", "alerts_sent": 1, "alerts_failed": 0, "alerts_waiting": 0}
OUTPUTS = {"registry": "europe-west1-docker.pkg.dev/demo/olist", "pages_url": "https://pages"}
DIGEST = "sha256:" + "0" * 64
RELEASED = {name: f"{OUTPUTS['registry']}/{name}@{DIGEST}" for name in ("agent", "jobs")}
# Answers by the first word of its kind that is among the arguments; anything else is silence and success. The state has outputs once
# there was an apply, which keeps what it took for the images that run.
PROGRAM = """#!/bin/sh
echo "$(basename "$0") $*" >> "$CALLS"
case "$(basename "$0") $*" in
  "terraform "*output*) "$PYTHON" "$STATE" output ;;
  "terraform "*apply*) "$PYTHON" "$STATE" apply ;;
  "gcloud auth list"*) echo someone@example.com ;;
  "gcloud secrets versions list "*) cat "$ANSWERS/$4" 2>/dev/null ;;
  "gcloud artifacts docker images describe"*) echo "$DIGEST" ;;
  "gcloud auth print-identity-token"*) echo an-identity ;;
  "git "*rev-parse*) echo 0123456789ab ;;
esac
exit 0
"""
STATE = """
import json, os, pathlib, sys
state, answers = pathlib.Path(os.environ["STATE"] + ".json"), pathlib.Path(os.environ["ANSWERS"])
given = pathlib.Path(os.environ["TERRAFORM"], "images.auto.tfvars.json")
if sys.argv[1] == "output":
    print(state.read_text() if state.exists() else "{}")
else:
    images = json.loads(given.read_text())["images"] if given.exists() else {}
    state.write_text(json.dumps(json.loads((answers / "outputs").read_text()) | {"images": {"value": images}}))
    with open(os.environ["CALLS"], "a") as calls:
        calls.write(f"applied {json.dumps(images)}\\n")
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
        standin.script = [Reply(202, {"poll": DONE})]
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
    (tmp_path / "state").write_text(STATE, encoding="utf-8")
    monkeypatch.setenv("STATE", str(tmp_path / "state"))
    monkeypatch.setenv("TERRAFORM", str(terraform))
    monkeypatch.setenv("PYTHON", sys.executable)
    return tmp_path / "calls"


def test_it_goes_from_the_foundation_to_the_first_alert(
    calls: Path, release: ModuleType, agent: StandIn, capsys: pytest.CaptureFixture[str]
) -> None:
    release.main()
    changing = [
        call
        for call in calls.read_text().splitlines()
        if call.split()[0] in {"docker", "applied"} or {"init", "apply", "identity"} & set(call.split())
    ]
    assert [call.replace(str(release.TERRAFORM), "T").split(" --file")[0] for call in changing] == [
        "terraform -chdir=T init -input=false -backend-config=bucket=example-olist-terraform",
        "terraform -chdir=T apply -var-file=production.tfvars",
        "applied {}",
        "gcloud beta services identity create --service=iap.googleapis.com --project=example-olist",
        "docker build --platform linux/amd64",
        f"docker push {OUTPUTS['registry']}/agent:0123456789ab",
        "docker build --platform linux/amd64",
        f"docker push {OUTPUTS['registry']}/jobs:0123456789ab",
        "terraform -chdir=T apply -var-file=production.tfvars",
        f"applied {json.dumps(RELEASED)}",
    ]
    (event,) = agent.asked
    assert (event.path.endswith("/events"), event.body["type"]) == (True, "PIPELINE_FAILED")
    assert event.body["event_id"] == "first-deployment"
    assert "X-Openclaw-Token" not in event.headers
    assert "alerts_sent': 1" in capsys.readouterr().out


@pytest.mark.parametrize("left_behind", [None, {"agent": "an-older-one"}])
def test_another_checkout_begins_from_the_images_that_run(
    calls: Path, release: ModuleType, agent: StandIn, left_behind: dict[str, str] | None
) -> None:
    """Neither without any, which takes the platform away, nor with those of its own last release, which bring an old one back."""
    agent.script = [Reply(202, {"poll": DONE})] * 2
    release.main()
    calls.unlink()
    own = release.TERRAFORM / "images.auto.tfvars.json"
    own.unlink()
    if left_behind:
        own.write_text(json.dumps({"images": left_behind}), encoding="utf-8")
    release.main()
    applied = [call for call in calls.read_text().splitlines() if call.startswith("applied ")]
    assert applied == [f"applied {json.dumps(RELEASED)}"] * 2


def test_a_state_that_cannot_be_read_changes_nothing(calls: Path, release: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "state").write_text("raise SystemExit(1)", encoding="utf-8")
    with pytest.raises(SystemExit, match="2"):
        release.main()
    assert " apply " not in calls.read_text()


def test_images_among_the_variables_are_refused(
    calls: Path, release: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    with (release.TERRAFORM / "production.tfvars").open("a", encoding="utf-8") as variables:
        variables.write('images = {\n  agent = "of-last-year"\n}\n')
    with pytest.raises(SystemExit, match="2"):
        release.main()
    assert "take them out" in capsys.readouterr().err
    assert "terraform" not in (calls.read_text() if calls.exists() else "")


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (Reply(202, {"poll": DONE | {"state": "busy"}}), "state busy"),
        (Reply(202, {"poll": DONE | {"alerts_sent": 0, "alerts_failed": 1}}), "1 alerts failed"),
        (Reply(202, {"poll": DONE | {"alerts_sent": 0, "alerts_waiting": 1}}), "1 wait"),
        (Reply(403, {"detail": "not you"}), "403"),
    ],
)
def test_a_first_event_that_no_whole_pass_has_worked_on_is_not_taken_for_one(
    calls: Path,
    release: ModuleType,
    agent: StandIn,
    capsys: pytest.CaptureFixture[str],
    answer: Reply,
    said: str,
) -> None:
    agent.script = [answer]
    with pytest.raises(SystemExit, match="2"):
        release.main()
    assert said in capsys.readouterr().err


def test_everything_that_is_missing_is_named_at_once_and_nothing_is_begun(
    calls: Path, release: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (release.TERRAFORM / "production.tfvars").write_text('project_id = "demo"\n', encoding="utf-8")
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(SystemExit, match="2"):
        release.main()
    told = capsys.readouterr().err
    for missing in ("terraform", "gcloud", "docker", "billing_account in production.tfvars", "state_bucket"):
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
