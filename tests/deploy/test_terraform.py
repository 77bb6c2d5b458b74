"""The infrastructure: formatted, valid against the provider's schema, keeping its promises on mocks, and without open findings."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
import yaml

from deploy.conftest import ROOT, TERRAFORM, program, ran, tool

ACCEPTED = ROOT / "deploy" / "checks" / "accepted.yml"
MODULES = sorted(path for path in (TERRAFORM / "modules").iterdir() if path.is_dir())


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, terraform: dict[str, str]) -> Path:
    """A copy in which the modules are installed; they are folders, so that nothing is downloaded."""
    folder = tmp_path_factory.mktemp("terraform") / "terraform"
    shutil.copytree(TERRAFORM, folder, ignore=shutil.ignore_patterns(".terraform*"))
    outcome = ran("terraform", "get", "-no-color", cwd=folder, **terraform)
    assert outcome.returncode == 0, outcome.stdout
    return folder


def test_the_files_are_formatted() -> None:
    outcome = ran(program("terraform"), "fmt", "-check", "-recursive", "-no-color", TERRAFORM)
    assert outcome.returncode == 0, outcome.stdout


def test_names_types_references_and_required_arguments_are_the_providers(
    project: Path, terraform: dict[str, str]
) -> None:
    outcome = ran("terraform", "validate", "-no-color", cwd=project, **terraform)
    assert outcome.returncode == 0, outcome.stdout


def test_validation_would_notice_a_wrong_argument(project: Path, tmp_path: Path, terraform: dict[str, str]) -> None:
    wrong = tmp_path / "wrong"
    shutil.copytree(project / "modules" / "lake", wrong)
    main = wrong / "main.tf"
    main.write_text(main.read_text(encoding="utf-8").replace("force_destroy", "force_destruction"), encoding="utf-8")
    outcome = ran("terraform", "validate", "-no-color", cwd=wrong, **terraform)
    assert outcome.returncode != 0
    assert "force_destruction" in outcome.stdout


def test_the_deployment_keeps_its_promises_on_mocks(project: Path, terraform: dict[str, str]) -> None:
    outcome = ran("terraform", "test", "-no-color", cwd=project, **terraform)
    assert outcome.returncode == 0, outcome.stdout
    assert re.search(r"[1-9]\d* passed, 0 failed", outcome.stdout), outcome.stdout


def test_every_finding_of_checkov_is_mended_or_accepted_with_a_reason() -> None:
    outcome = ran(
        tool("checkov"), "--directory", TERRAFORM, "--framework", "terraform", "--skip-download", "--quiet", "--compact",
        "--output", "json", "--soft-fail",
    )  # fmt: skip
    report = json.loads(outcome.stdout[outcome.stdout.index("{") :])
    found = {
        (f["check_id"], f["resource"].removeprefix("module.")): f["check_name"]
        for f in report["results"]["failed_checks"]
    }
    accepted = yaml.safe_load(ACCEPTED.read_text(encoding="utf-8"))
    assert report["summary"]["passed"] >= 50
    assert {
        f"{check} {resource}: {name}" for (check, resource), name in found.items() if check not in accepted
    } == set()
    assert set(accepted) <= {check for check, _ in found}, "an acceptance that nothing needs any more"
    assert all(len(reason.split()) >= 5 for reason in accepted.values())


@pytest.mark.parametrize("folder", [TERRAFORM, *MODULES], ids=lambda folder: folder.name)
def test_variables_and_outputs_are_described_and_modules_small(folder: Path) -> None:
    for name, kind in (("variables.tf", "variable"), ("outputs.tf", "output")):
        text = (folder / name).read_text(encoding="utf-8") if (folder / name).exists() else ""
        for block in re.split(rf"(?m)^(?={kind} )", text)[1:]:
            assert re.search(r'^  description = "\S.{8,}"', block, re.MULTILINE), block.splitlines()[0]
    assert len((folder / "main.tf").read_text(encoding="utf-8").splitlines()) <= 270


def test_the_example_names_every_variable_that_has_no_default() -> None:
    text = (TERRAFORM / "variables.tf").read_text(encoding="utf-8")
    blocks = re.findall(r'^variable "(\w+)" \{\n(.*?)^\}', text, re.MULTILINE | re.DOTALL)
    needed = {name for name, body in blocks if "default" not in body and "sensitive" not in body}
    example = (TERRAFORM / "example.tfvars").read_text(encoding="utf-8")
    assert needed <= set(re.findall(r"^(\w+)\s*=", example, re.MULTILINE))
    assert not re.search(r"(?i)token\s*=\s*\"", example)
