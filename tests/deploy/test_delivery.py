"""Workflows, bills of materials and costs: valid, pinned, without keys, and true to what is deployed."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.conftest import ROOT, TERRAFORM, ran, tool
from olist.settings import Settings as PlatformSettings
from openclaw.settings import Settings as AgentSettings

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
UV = ROOT / ".tools" / "bin" / "uv"


def workflow(path: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return loaded


def test_workflows_keep_to_githubs_schema() -> None:
    assert len(WORKFLOWS) == 2
    outcome = ran(tool("check-jsonschema"), "--builtin-schema", "vendor.github-workflows", *WORKFLOWS)
    assert outcome.returncode == 0, outcome.stdout
    outcome = ran(
        tool("check-jsonschema"), "--builtin-schema", "vendor.dependabot", ROOT / ".github" / "dependabot.yml"
    )
    assert outcome.returncode == 0, outcome.stdout


def test_zizmor_finds_nothing_unsafe_in_the_workflows() -> None:
    outcome = ran(tool("zizmor"), "--offline", "--no-progress", ROOT / ".github")
    assert outcome.returncode == 0, outcome.stdout


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_actions_are_pinned_by_commit_and_nobody_has_more_than_it_needs(path: Path) -> None:
    used = re.findall(r"uses: (.*)", path.read_text(encoding="utf-8"))
    assert used
    assert [one for one in used if not re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v[\d.]+", one)] == []
    told = workflow(path)
    granted = [told["permissions"], *(job.get("permissions", {}) for job in told["jobs"].values())]
    allowed = {("contents", "read"), ("id-token", "write")}
    assert {right for rights in granted for right in rights.items()} <= allowed
    assert not re.search(r"credentials_json|service_account_key|private_key", path.read_text(encoding="utf-8"))


def test_a_release_plans_and_then_waits_for_somebody_before_it_applies() -> None:
    jobs = workflow(ROOT / ".github" / "workflows" / "release.yml")["jobs"]
    assert (jobs["image"]["if"], jobs["plan"]["needs"]) == ("github.ref == 'refs/heads/main'", "image")
    assert (jobs["apply"]["needs"], jobs["apply"]["environment"]) == ("plan", "production")
    assert "environment" not in jobs["image"] | jobs["plan"]


def test_what_was_reviewed_is_what_is_applied_and_by_an_account_of_its_own() -> None:
    jobs = workflow(ROOT / ".github" / "workflows" / "release.yml")["jobs"]
    runs = {name: " ".join(step.get("run", "") for step in job["steps"]) for name, job in jobs.items()}
    assert "terraform plan" in runs["plan"]
    assert "-out=release.tfplan" in runs["plan"]
    assert "terraform apply -input=false release.tfplan" in runs["apply"]
    accounts = {
        name: [step["with"]["service_account"] for step in job["steps"] if "service_account" in step.get("with", {})]
        for name, job in jobs.items()
    }
    planner, deployer = ["${{ vars.GCP_PLANNER }}"], ["${{ vars.GCP_DEPLOYER }}"]
    assert accounts == {"image": planner, "plan": planner, "apply": deployer}


def test_nothing_secret_is_given_to_terraform_or_to_a_workflow() -> None:
    """So that neither the state nor the plan that is kept holds any."""
    texts = [path.read_text(encoding="utf-8") for path in (*WORKFLOWS, *TERRAFORM.rglob("*.tf"))]
    assert [
        found for text in texts for found in re.findall(r"secrets\.\w+|sensitive +=|secret_data|password +=", text)
    ] == []


def test_nobody_is_let_in_without_an_identity() -> None:
    texts = {path: path.read_text(encoding="utf-8") for path in TERRAFORM.rglob("*.tf")}
    members = [text for path, text in texts.items() if path != TERRAFORM / "variables.tf"]
    assert not re.search(r"allUsers|allAuthenticatedUsers|invoker_iam_disabled", "".join(members))


def test_one_commit_can_be_released_twice() -> None:
    """The registry's tags are immutable."""
    text = (ROOT / ".github" / "workflows" / "release.yml").read_text(encoding="utf-8")
    assert re.findall(r"\$IMAGE:(\S+)\"", text) == ["$GITHUB_SHA-$GITHUB_RUN_ID-$GITHUB_RUN_ATTEMPT"]


def test_workflows_run_targets_that_the_makefile_has() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    check = (ROOT / ".github" / "workflows" / "check.yml").read_text(encoding="utf-8")
    suites = workflow(ROOT / ".github" / "workflows" / "check.yml")["jobs"]["test"]["strategy"]["matrix"]["suite"]
    targets = {*re.findall(r"run: make ([\w-]+)", check), *suites}
    assert targets >= {"lint", "test", "test-deploy", "sbom"}
    assert [target for target in targets if not re.search(rf"^{target}:", makefile, re.MULTILINE)] == []


def test_a_bill_of_materials_names_what_is_in_the_image_and_nothing_else(tmp_path: Path) -> None:
    if not UV.exists():
        pytest.skip("uv is not in .tools: `make` puts it there")
    extras = re.search(r"--extra agent[^\n]* --output-file build/sbom/agent", (ROOT / "Makefile").read_text())
    assert extras is not None
    wanted = extras[0].split(" --output-file")[0].split()
    outcome = ran(
        UV, "export", "--quiet", "--frozen", "--no-dev", "--format", "cyclonedx1.5", *wanted, "--output-file",
        tmp_path / "agent.cdx.json",
    )  # fmt: skip
    assert outcome.returncode == 0, outcome.stdout
    assert f"uv sync --frozen --no-dev {' '.join(wanted)} " in (ROOT / "deploy/images/agent.Dockerfile").read_text()
    bill = json.loads((tmp_path / "agent.cdx.json").read_text(encoding="utf-8"))
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.5")
    named = {component["name"] for component in bill["components"]}
    assert named >= {"fastapi", "google-genai", "google-cloud-bigquery"}
    assert not named & {"duckdb", "dbt-core", "pandas", "pytest"}
    assert all(c["purl"].startswith("pkg:pypi/") and "@" in c["purl"] for c in bill["components"])


def test_the_docs_costs_are_what_the_command_prints() -> None:
    printed = subprocess.run([sys.executable, "deploy/costs.py"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert printed.stdout.count("|") > 20
    assert printed.stdout in (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8")


def test_what_terraform_sets_are_settings_that_exist() -> None:
    known = {f"OLIST_{name.upper()}" for name in PlatformSettings.model_fields}
    known |= {f"OPENCLAW_{name.upper()}" for name in AgentSettings.model_fields}
    text = "".join(path.read_text(encoding="utf-8") for path in TERRAFORM.rglob("*.tf"))
    used = set(re.findall(r'(?:name += "|= "|^ +)((?:OLIST|OPENCLAW)_[A-Z_]+)(?:"| +=)', text, re.MULTILINE))
    assert len(used) >= 9
    assert used - known == set()


def test_airflow_in_production_has_the_record_that_terraform_makes() -> None:
    folder = ROOT / "deploy" / "airflow"
    values = yaml.safe_load((folder / "values.yaml").read_text(encoding="utf-8"))
    given = {one["name"]: one["value"] for one in values["env"]}
    assert given["OLIST_OPSTORE"] == "bigquery://PROJECT/olist_ops"
    assert "--extra gcp" in (folder / "README.md").read_text(encoding="utf-8")


def test_what_the_jobs_run_are_commands_that_exist() -> None:
    text = (TERRAFORM / "modules" / "jobs" / "main.tf").read_text(encoding="utf-8")
    commands = [json.loads(found) for found in re.findall(r'^ +\w+ += (\["[^\]]*\])$', text, re.MULTILINE)]
    assert len(commands) == 4
    for command in commands:
        outcome = ran(Path(sys.executable).parent / "olist", *command, "--help")
        assert outcome.returncode == 0, outcome.stdout
        named = [option for option in command if option.startswith("--")]
        assert all(option in outcome.stdout for option in named)


def test_the_images_have_the_uv_that_the_makefile_names() -> None:
    version = re.search(r"UV_VERSION := (\S+)", (ROOT / "Makefile").read_text(encoding="utf-8"))
    pinned = (ROOT / "deploy" / "images" / "uv.txt").read_text(encoding="utf-8")
    assert version is not None
    assert pinned.startswith(f"uv=={version[1]} ")
    assert len(re.findall(r"--hash=sha256:[0-9a-f]{64}", pinned)) == 2


@pytest.mark.parametrize("name", ["agent", "jobs"])
def test_an_image_begins_from_one_that_is_named_by_its_digest(name: str) -> None:
    text = (ROOT / "deploy" / "images" / f"{name}.Dockerfile").read_text(encoding="utf-8")
    assert re.search(r"^ARG BASE=python:3\.11\.\d+-slim-bookworm@sha256:[0-9a-f]{64}$", text, re.MULTILINE)
