"""The agent's command, called where it is installed: `record` after dbt, `poll` at the end of a command, `doctor` before anything.

The pipeline does not depend on it. Whatever goes wrong with the agent is a line for the person at the terminal; what the pipeline itself
had to say is in the record already.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from olist.gold.invoke import parse
from olist.record import open_record
from olist.settings import Settings
from opstore.store import OpstoreUnavailable

__all__ = ["doctor", "poll", "record"]

_PATIENCE = 120.0


def record(settings: Settings, artifacts: Path, run_id: str) -> str:
    """Have dbt's artifacts recorded as part of a run; returns what is to be said of it, nothing when all went well."""
    return _called(settings, ["record", str(artifacts), "--parent", run_id, "--quiet"]) if settings.agent else ""


def poll(settings: Settings, run_id: str, *, failed: bool) -> str:
    """Have the agent look at the record; returns what it says, of this run above all; nothing when nothing is wrong."""
    if not settings.agent:
        return ""
    if failed:
        try:
            _record_lineage(settings)
        except OpstoreUnavailable as error:
            return f"openclaw cannot look at this run, the record is away ({error}): what failed waits in its spool"
    return _called(settings, ["poll", "--run", run_id, "--wait", "30s", "--quiet"])


def doctor(settings: Settings) -> list[dict[str, str]] | str:
    """What `openclaw doctor` finds of the agent's own settings, as its JSON has it; or why it found nothing."""
    done = _run(settings, ["doctor", "--json"])
    if isinstance(done, str):
        return done
    try:
        findings: list[dict[str, str]] = json.loads(done.stdout)
        return findings
    except ValueError:
        return done.stderr.strip() or "openclaw doctor said nothing"


def _record_lineage(settings: Settings) -> None:
    """Before dbt has run for the first time nobody knows what depends on silver: its manifest tells."""
    known = open_record(settings).query("SELECT 1 FROM ops_lineage WHERE producer LIKE 'dbt:%' LIMIT 1")
    target = settings.home / "dbt" / "target"
    if not known and ((target / "manifest.json").exists() or parse(settings.dbt_project, target.parent)):
        _called(settings, ["record", str(target), "--quiet"])


def _called(settings: Settings, arguments: Sequence[str]) -> str:
    done = _run(settings, arguments)
    if isinstance(done, str):
        return done
    if done.returncode != 0:
        why = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        return f"{done.stdout}openclaw {arguments[0]} failed ({why}): the pipeline is not affected".strip()
    return done.stdout.strip()


def _run(settings: Settings, arguments: Sequence[str]) -> subprocess.CompletedProcess[str] | str:
    """The command, ended; or why it could not be used."""
    beside = Path(sys.executable).with_name("openclaw")
    command = str(beside) if beside.exists() else shutil.which("openclaw")
    if command is None:
        return "openclaw is not installed: what failed is in the record alone, see `olist status`"
    environment = os.environ | {"OPENCLAW_OPSTORE": settings.opstore_url}
    try:
        return subprocess.run(
            [command, *arguments], env=environment, capture_output=True, text=True, timeout=_PATIENCE, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"openclaw {arguments[0]} could not be used ({type(error).__name__}): the pipeline is not affected"
