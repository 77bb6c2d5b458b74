"""What Airflow adds to the same work: source to silver by two commands, by its pieces one after another, and by the two DAGs.

    .venv-airflow/bin/python airflow/benchmark.py [--rounds 3] [SOURCE]

Wall seconds on this machine, the three in turn, each on an empty platform; medians of the rounds. The DAGs store two tables at a time, the
pieces one. SOURCE is a folder of CSVs or a zip; by default synthetic rows.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from laptop import PROJECT, Laptop, free_port

BIN = PROJECT / ".venv" / "bin"
TABLES = sorted(path.name.removesuffix(".odcs.yaml") for path in (PROJECT / "contracts").glob("*.odcs.yaml"))


def commands(home: Path, source: str) -> float:
    """`olist ingest` and `olist silver`."""
    started = time.perf_counter()
    _olist(home, source, "ingest")
    _olist(home, source, "silver")
    return time.perf_counter() - started


def pieces(home: Path, source: str) -> float:
    """The pieces that the DAGs run, one process after another."""
    started = time.perf_counter()
    name = _name()
    for table in TABLES:
        _olist(home, source, "step", "store", table, "--run-id", name)
    _olist(home, source, "step", "accept", "--run-id", name)
    _olist(home, source, "step", "validate")
    made_by = _name()
    for piece in ("build", "audit", "publish"):
        _olist(home, source, "step", piece, "--run-id", made_by)
    return time.perf_counter() - started


def dags(home: Path, source: str) -> tuple[float, float]:
    """(seconds until Airflow was healthy, seconds from the trigger to the end of olist_silver)."""
    laptop = Laptop(home / "airflow", home, free_port(), {"OLIST_SOURCE": source})
    started = time.perf_counter()
    laptop.start()
    healthy = time.perf_counter() - started
    try:
        token = _call(laptop, "POST", "/auth/token", {"username": "admin", "password": laptop.password})["access_token"]
        started = time.perf_counter()
        for dag in ("olist_silver", "olist_ingest"):  # unpaused, the daily DAG begins the run that is due
            _call(laptop, "PATCH", f"/api/v2/dags/{dag}", {"is_paused": False}, token)
        while (state := _state(laptop, token)) not in ("success", "failed"):
            time.sleep(0.5)
        seconds = time.perf_counter() - started
    finally:
        laptop.stop()
    if state == "failed":
        raise RuntimeError("olist_silver failed")
    return healthy, seconds


def _state(laptop: Laptop, token: str) -> str:
    runs = _call(laptop, "GET", "/api/v2/dags/olist_silver/dagRuns", None, token)["dag_runs"]
    return runs[0]["state"] if runs else "none"


def _call(laptop: Laptop, method: str, path: str, body: dict[str, Any] | None, token: str = "") -> dict[str, Any]:
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{laptop.url}{path}", data, headers, method=method)
    with urllib.request.urlopen(request, timeout=60) as answer:
        document: dict[str, Any] = json.load(answer)
    return document


def _olist(home: Path, source: str, *arguments: str) -> None:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("OLIST_")}
    variables = inherited | {"OLIST_HOME": str(home), "OLIST_SOURCE": source, "OLIST_AGENT": "false"}
    subprocess.run([BIN / "olist", *arguments], env=variables, check=True, capture_output=True)


def _name() -> str:
    return datetime.now(UTC).strftime("%Y%m%dT%H%M%S%fZ") + "-0000"


def rounds(number: int, source: str) -> Iterator[dict[str, float]]:
    """Seconds by what was measured, round by round."""
    for _ in range(number):
        with tempfile.TemporaryDirectory(prefix="olist-benchmark-") as folder:
            Path(folder).chmod(0o755)
            homes = [Path(folder, name) for name in ("commands", "pieces", "dags")]
            try:
                by_commands, by_pieces = commands(homes[0], source), pieces(homes[1], source)
                healthy, by_dags = dags(homes[2], source)
            finally:
                for home in homes:
                    _olist(home, source, "warehouse", "stop")
        yield dict(zip((*WAYS, HEALTHY), (by_commands, by_pieces, by_dags, healthy), strict=True))


WAYS = ("`olist ingest` and `olist silver`", "their pieces, a process each", "the DAGs olist_ingest and olist_silver")
HEALTHY = "Airflow from its start until it is healthy"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="What Airflow adds to the same work.")
    parser.add_argument("source", nargs="?", default="synthetic")
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    source = given.source if given.source == "synthetic" else str(Path(given.source).absolute())
    measured = list(rounds(given.rounds, source))
    print("| source to silver | seconds | times | rounds |\n|---|---:|---:|---|")
    for what in (*WAYS, HEALTHY):
        took = [one[what] for one in measured]
        times = f"{median(one[what] / one[WAYS[0]] for one in measured):.1f}" if what in WAYS else ""
        print(f"| {what} | {median(took):.1f} | {times} | {', '.join(f'{seconds:.1f}' for seconds in took)} |")
    print(f"\nload average at the end: {os.getloadavg()[1]:.1f} on {os.cpu_count()} cores")


if __name__ == "__main__":
    main()
