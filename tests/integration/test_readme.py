"""The README's commands work in the order in which they stand, and its output is what the first of them prints."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from conftest import free_port
from olist.settings import PROJECT
from olist.warehouse import embedded

README = (PROJECT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```console\n(.*?)```", README, re.DOTALL)
# The agent's commands have tests of their own: what they print depends on what failed.
COMMANDS = [line.removeprefix("$ ") for block in BLOCKS for line in block.splitlines() if line.startswith("$ olist ")]


@pytest.fixture
def checkout(folder: Path, real_zip: Path) -> Iterator[Path]:
    """A folder as a user's: the zip under data/, nothing else."""
    (folder / "data").mkdir()
    (folder / "data" / "brazilian-ecommerce.zip").symlink_to(real_zip)
    yield folder
    embedded.stop(folder / ".olist")


def test_every_command_of_the_readme_works_and_the_first_prints_what_it_shows(checkout: Path) -> None:
    assert COMMANDS[0] == "olist run"
    printed = [_succeeds(command, checkout) for command in COMMANDS]
    shown = BLOCKS[0].splitlines()[1:]
    assert [_without_seconds(line) for line in printed[0].splitlines()[: len(shown)]] == [
        _without_seconds(line) for line in shown
    ]
    url = next(out for command, out in zip(COMMANDS, printed, strict=True) if command == "olist warehouse url")
    assert url.startswith("postgresql://")


def _succeeds(command: str, cwd: Path) -> str:
    program, *arguments = shlex.split(command.replace("5433", str(free_port())))
    assert program == "olist"
    result = subprocess.run(
        [sys.executable, "-m", "olist", *arguments], cwd=cwd, capture_output=True, text=True, timeout=300, check=False
    )
    assert result.returncode == 0, f"{command}\n{result.stdout}{result.stderr}"
    return result.stdout


def _without_seconds(line: str) -> str:
    """Nor the width that they give to their own column's head, where a machine is slow."""
    return re.sub(r" +sec$", " sec", re.sub(r" +\d+\.\d\d$", "", line.rstrip()))
