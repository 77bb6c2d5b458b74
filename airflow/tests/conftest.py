"""Airflow as `make airflow` starts it, on a platform of its own. Real rows where `../shared/data/olist` has them, else synthetic ones."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

PROJECT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(PROJECT / "airflow"), str(PROJECT / "airflow" / "plugins"), str(PROJECT / "airflow" / "dags")]

from laptop import Laptop, free_port  # noqa: E402

REAL_ZIP = Path(os.environ.get("OLIST_TEST_DATA", PROJECT.parent / "shared/data/olist/brazilian-ecommerce.zip"))
BIN = PROJECT / ".venv" / "bin"
PATIENCE = 420.0
ENDED = ("success", "failed")


@dataclass
class Installation:
    """A running Airflow, and the platform that it orchestrates; `source` is the folder of CSVs, to be changed."""

    laptop: Laptop
    source: Path

    def platform(self, program: str, *arguments: str, **variables: str) -> str:
        """Run a command of the platform; its output. It must succeed."""
        done = subprocess.run(
            [BIN / program, *arguments],
            env=self.laptop.environment() | variables,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def rows(self, query: str) -> list[dict[str, Any]]:
        """Rows of the platform's record."""
        code = "import json, sys; from opstore.store import open_opstore; print(json.dumps(open_opstore(sys.argv[1]).query(sys.argv[2])))"
        record = str(self.laptop.olist_home / "opstore.sqlite")
        done = subprocess.run([BIN / "python", "-c", code, record, query], capture_output=True, text=True, check=True)
        rows: list[dict[str, Any]] = json.loads(done.stdout)
        return rows

    def api(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Call the REST API as the user whose password `make airflow` prints."""
        token = self._call("POST", "/auth/token", {"username": "admin", "password": self.laptop.password}, None)
        return self._call(method, f"/api/v2{path}", body, token["access_token"])

    def trigger(self, dag: str, **conf: str) -> str:
        """Start a run of a DAG; its id."""
        body = {"logical_date": None, "conf": conf}
        return str(self.api("POST", f"/dags/{dag}/dagRuns", body)["dag_run_id"])

    def ended(self, dag: str, number: int = 1) -> dict[str, Any]:
        """The DAG's run of this number, oldest first, once it has ended."""

        def look() -> dict[str, Any] | None:
            runs = self.api("GET", f"/dags/{dag}/dagRuns?order_by=start_date")["dag_runs"]
            return runs[number - 1] if len(runs) >= number and runs[number - 1]["state"] in ENDED else None

        return until(look, f"run {number} of {dag}")

    def states(self, dag: str, run: str) -> dict[str, str]:
        """The states of the tasks of a run; of mapped ones by their label."""
        tasks = self.api("GET", f"/dags/{dag}/dagRuns/{run}/taskInstances?limit=50")["task_instances"]
        return {f"{t['task_id']}{t['rendered_map_index'] or ''}": t["state"] for t in tasks}

    def _call(self, method: str, path: str, body: Mapping[str, Any] | None, token: str | None) -> dict[str, Any]:
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.laptop.url}{path}", data, headers, method=method)
        with urllib.request.urlopen(request, timeout=60) as answer:
            document: dict[str, Any] = json.load(answer)
        return document


def until(look: Callable[[], Any], what: str) -> Any:
    """What `look` finds, as soon as it finds it."""
    deadline = time.monotonic() + PATIENCE
    while not (found := look()):
        assert time.monotonic() < deadline, f"waited {PATIENCE:g} s for {what}"
        time.sleep(1)
    return found


@pytest.fixture(scope="session")
def folder() -> Iterator[Path]:
    """A folder with a short path that a server's own user may enter."""
    path = Path(tempfile.mkdtemp(prefix="olist-airflow-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture(scope="session")
def source(folder: Path) -> Path:
    """The CSVs: the real ones where they are at hand."""
    target = folder / "csv"
    if REAL_ZIP.is_file():
        with zipfile.ZipFile(REAL_ZIP) as archive:
            archive.extractall(target)
    else:
        subprocess.run([BIN / "olist", "source", "generate", "--scale", "0.05", "--out", target], check=True)
    return target


@pytest.fixture(scope="session")
def installation(folder: Path, source: Path) -> Iterator[Installation]:
    """Airflow on its own PostgreSQL with LocalExecutor, every DAG paused, and nothing of it left behind."""
    home = folder / "home"
    variables = {"OLIST_SOURCE": str(source), "PLATFORM_MONITOR_SCHEDULE": "0 0 1 1 *", "OLIST_AGENT": "false"}
    (home / "dags").mkdir(parents=True)
    local = "airflow.dag_processing.bundles.local.LocalDagBundle"
    bundles = [
        {"name": "dags-folder", "classpath": local, "kwargs": {}},
        {"name": "failing", "classpath": local, "kwargs": {"path": str(home / "dags"), "refresh_interval": 5}},
    ]
    variables["AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST"] = json.dumps(bundles)
    laptop = Laptop(home / "airflow", home, free_port(), variables)
    laptop.start()
    yield Installation(laptop, source)
    laptop.stop()
    assert processes_of(home) == []


def processes_of(home: Path) -> list[str]:
    """The processes that work for an installation: its home is in their command or their environment."""
    return [line for line in _processes() if str(home) in line]


def _processes() -> Iterator[str]:
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            environment = (entry / "environ").read_bytes().replace(b"\0", b" ")
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ")
        except OSError:
            continue
        if command and int(entry.name) != os.getpid():
            yield (command + b" | " + environment).decode("utf-8", "replace")
