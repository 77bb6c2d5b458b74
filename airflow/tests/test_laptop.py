"""`make airflow`: starts, says where it is and how to get in, and ends with Ctrl-C, leaving no process."""

from __future__ import annotations

import json
import os
import re
import select
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from conftest import BIN, PATIENCE, PROJECT, processes_of

pytestmark = pytest.mark.timeout(900)


def test_ctrl_c_ends_everything_that_make_airflow_has_started(folder: Path) -> None:
    home = folder / "of-a-user"
    home.mkdir()
    environment = os.environ | {"OLIST_HOME": str(home), "AIRFLOW_PORT": "0", "AIRFLOW_KEEP_DAYS": "30"}
    started = subprocess.Popen(
        [sys.executable, PROJECT / "airflow" / "laptop.py"],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    said: list[str] = []
    try:
        url, password = _address(started, said)
        body = json.dumps({"username": "admin", "password": password}).encode()
        asked = urllib.request.Request(f"{url}/auth/token", body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(asked, timeout=60) as answer:
            assert "access_token" in json.load(answer)
        # What a task would have started, the platform's own server, ends as well.
        subprocess.run([BIN / "olist", "warehouse", "start"], env=os.environ | {"OLIST_HOME": str(home)}, check=True)
    finally:
        os.killpg(started.pid, signal.SIGINT)
        rest, _ = started.communicate(timeout=PATIENCE)
    assert started.returncode == 0, "".join(said) + rest
    assert "stopping Airflow" in rest
    assert processes_of(home) == []
    assert (home / "airflow" / "secrets.json").stat().st_mode & 0o077 == 0


def _address(started: subprocess.Popen[str], said: list[str]) -> tuple[str, str]:
    """URL and password, as soon as they are printed."""
    assert started.stdout is not None
    deadline = time.monotonic() + PATIENCE
    while True:
        ready, _, _ = select.select([started.stdout], [], [], max(0, deadline - time.monotonic()))
        line = started.stdout.readline() if ready else ""
        said.append(line)
        assert line, f"it never said where it is: {''.join(said)}"
        if found := re.search(r"(http://127\.0\.0\.1:\d+) +user admin, password (\S+)", line):
            return found[1], found[2]
