"""What the checks of the deployment share: their tools, and a stand-in for Google's provider where it cannot be downloaded."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TERRAFORM = ROOT / "deploy" / "terraform"
CHECKS = ROOT / "deploy" / "checks"
TOOLS = ROOT / ".venv-deploy" / "bin"


def tool(name: str) -> Path:
    """A tool of `make test-deploy`'s own environment."""
    path = TOOLS / name
    if not path.exists():
        pytest.skip(f"{name} is not installed: `make test-deploy` does")
    return path


def program(name: str) -> str:
    """A program of the machine."""
    path = shutil.which(name)
    if path is None:
        pytest.skip(f"{name} is not on this machine")
    return path


def ran(*command: str | Path, cwd: Path = ROOT, **environment: str) -> subprocess.CompletedProcess[str]:
    """What a command did, its output in one."""
    return subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=500,
    )


@pytest.fixture(scope="session")
def terraform(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment in which terraform finds a provider that knows the schema of what we use."""
    program("terraform")
    python = tool("python")
    if not (CHECKS / "provider.py").exists() or ran(python, "-c", "import grpc_tools").returncode:
        pytest.skip("the tools of deploy/checks are not installed: `make test-deploy` does")
    folder = tmp_path_factory.mktemp("provider")
    used = {
        name
        for path in TERRAFORM.rglob("*.tf")
        for name in re.findall(r'^(?:resource|data) "(google_\w+)"', path.read_text(encoding="utf-8"), re.MULTILINE)
    }
    made = ran(python, CHECKS / "google_schema.py", folder / "schema.json", *sorted(used))
    assert made.returncode == 0, made.stdout
    made = ran(
        python, "-m", "grpc_tools.protoc", f"-I{CHECKS}", f"--python_out={folder}", f"--grpc_python_out={folder}", CHECKS / "provider.proto"
    )  # fmt: skip
    assert made.returncode == 0, made.stdout
    shutil.copy(CHECKS / "provider.py", folder)
    plugin = folder / "terraform-provider-google"
    plugin.write_text(f'#!/bin/sh\nexec "{python}" "{folder / "provider.py"}"\n', encoding="utf-8")
    plugin.chmod(0o755)
    settings = folder / "terraform.rc"
    settings.write_text(
        f'provider_installation {{\n  dev_overrides {{ "hashicorp/google" = "{folder}" }}\n  direct {{}}\n}}\n',
        encoding="utf-8",
    )
    return {"TF_CLI_CONFIG_FILE": str(settings), "TF_DATA_DIR": str(folder / "data"), "CHECKPOINT_DISABLE": "1"}
