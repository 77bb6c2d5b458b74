"""The images as Cloud Run runs them: read-only, an ordinary user, the port that is given, an end when it is asked for."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import psutil
import pytest

from conftest import free_port
from images.conftest import Image
from servers import wait_for

MEGABYTE = 1_000_000


@contextmanager
def serving(image: Image, **environment: str) -> Iterator[tuple[subprocess.Popen[str], httpx.Client]]:
    """The image's own command on a port, and a client for it."""
    port = free_port()
    process = subprocess.Popen(
        image.command(PORT=str(port), K_SERVICE="openclaw", **environment), stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    try:
        assert str(port) in process.stderr.readline()
        transport = httpx.HTTPTransport(retries=10)
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", transport=transport, timeout=60) as client:
            yield process, client
    finally:
        process.kill()
        process.wait()


def told(image: Image, *arguments: str, timeout: float = 500) -> str:
    """What the image's entry point prints."""
    done = subprocess.run(image.command(*arguments), capture_output=True, text=True, timeout=timeout, check=False)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    return done.stdout


def test_the_agent_serves_on_a_read_only_root_and_ends_when_it_is_told_to(agent: Image) -> None:
    with serving(agent, OPENCLAW_API_TOKEN="of-the-test") as (process, client):
        assert client.get("/healthz").json() == {"status": "ok", "last_poll": None}
        assert client.post("/poll", headers={"X-OpenClaw-Token": "of-the-test"}).json()["state"] == "done"
        assert client.get("/sign-in").status_code == 200
        (server,) = psutil.Process(process.pid).children()
        server.terminate()
        assert process.wait(timeout=10) == 0


def test_the_agent_starts_and_its_time_is_told(agent: Image, capsys: pytest.CaptureFixture[str]) -> None:
    took = []
    for _ in range(4):  # the first one reads the files from the disk
        began = time.perf_counter()
        with serving(agent, OPENCLAW_OPSTORE="bigquery://demo/olist_ops") as (process, client):
            wait_for(lambda: client.get("/nothing").status_code == 404, 60)
            (server,) = psutil.Process(process.pid).children()
            used = server.cpu_times()
            took.append((time.perf_counter() - began, used.user + used.system))
    wall, processor = sorted(took[1:])[1]
    with capsys.disabled():
        sys.stdout.write(f"\nagent: answers after {wall:.2f} s, of which the processor worked {processor:.2f} s\n")


def test_the_agents_image_is_below_300_megabytes_and_carries_nothing_of_the_pipeline(
    agent: Image, capsys: pytest.CaptureFixture[str]
) -> None:
    own = sum(p.lstat().st_size for top in ("opt", "srv") for p in (agent.rootfs / top).rglob("*") if p.is_file())
    with capsys.disabled():
        sys.stdout.write(f"\nagent: {agent.size / MEGABYTE:.0f} MB, of which ours {own / MEGABYTE:.0f} MB\n")
    assert agent.size < 300 * MEGABYTE
    packages = {path.name for path in agent.rootfs.glob("opt/venv/lib/python3*/site-packages/*")}
    assert packages >= {"fastapi", "google"}
    assert (agent.rootfs / "srv/src/openclaw/service.py").exists()
    assert not list((agent.rootfs / "srv/src/olist").rglob("*.py"))
    assert not {"duckdb", "dbt", "pyarrow", "pandas", "great_expectations", "psycopg", "pytest"} & packages


def test_neither_image_has_files_that_its_user_could_change(agent: Image, jobs: Image) -> None:
    for image in (agent, jobs):
        assert image.config["User"] == "10001:10001"
        mine = [p for top in ("opt", "srv") for p in (image.rootfs / top).rglob("*") if p.lstat().st_uid != 0]
        assert mine == []


def test_the_doctor_finds_the_jobs_image_in_order(jobs: Image) -> None:
    findings = json.loads(told(jobs, "doctor", "--json"))
    assert findings
    assert "/srv/contracts" in str(findings)


def test_a_job_carries_a_delivery_to_gold_on_a_read_only_root(jobs: Image) -> None:
    """With the embedded server in /tmp, in place of Cloud SQL."""
    program = "olist source generate --scale 0.01 --seed 7 --out /tmp/small && olist run --source /tmp/small --json"
    assert jobs.config["Entrypoint"] == ["olist"]
    command = jobs.command()
    command[command.index("olist") :] = ["sh", "-c", f"{program}; code=$?; olist warehouse stop; exit $code"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=550, check=False)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    report = json.loads(done.stdout[done.stdout.index("{") : done.stdout.rindex("}") + 1])
    assert {row["layer"] for row in report["layers"]} >= {"bronze", "silver"}
    assert report["status"] == "success"
