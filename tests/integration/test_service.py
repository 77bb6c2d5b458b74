"""The agent over HTTP: passes on request, events that are worked on at once, who may write, and a clean end."""

from __future__ import annotations

import json
import logging
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
import structlog
from fastapi.testclient import TestClient

from agents import Told, agent_on, at, event, ran
from conftest import free_port
from openclaw.agent import Agent
from openclaw.assembly import build_agent
from openclaw.logs import configure_logs
from openclaw.service import build_app
from openclaw.settings import load_settings
from opstore.store import Opstore
from secret_shapes import SHAPES
from servers import wait_for
from standins import Reply, discord

TOKEN = "a-token-of-the-tests"
PUSHED = {
    "type": "DATA_QUALITY_FAILED",
    "resource": "silver.orders",
    "check_name": "unique",
    "message": "3 orders twice",
    "occurred_at": "2020-01-01T00:00:00.000Z",
}


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def agent(tmp_path: Path, told: Told) -> Agent:
    return agent_on(Opstore(tmp_path / "opstore.sqlite"), told)


@pytest.fixture
def client(agent: Agent) -> Iterator[TestClient]:
    settings = load_settings(api_token=TOKEN)
    with TestClient(build_app(agent, settings), headers={"Authorization": f"Bearer {TOKEN}"}) as client:
        yield client


def test_a_pushed_event_is_an_alert_when_the_answer_comes(client: TestClient, told: Told) -> None:
    answer = client.post("/events", json=PUSHED)
    assert answer.status_code == 202
    assert answer.json()["poll"]["alerts_sent"] == 1
    assert [(view.root, view.count) for view in told.last] == [("silver.orders", 1)]


def test_the_same_event_pushed_again_takes_no_second_effect(client: TestClient, told: Told) -> None:
    ids = [client.post("/events", json=PUSHED).json()["event_ids"] for _ in range(3)]
    assert len({tuple(one) for one in ids}) == 1
    assert told.last[0].count == 1
    client.post("/events", json=[PUSHED | {"occurred_at": f"2020-01-01T00:0{i}:00.000Z"} for i in range(1, 4)])
    assert told.last[0].count == 4


def test_events_that_are_pushed_side_by_side_all_have_their_effect(client: TestClient, told: Told) -> None:
    def push(number: int) -> None:
        answer = client.post("/events", json=PUSHED | {"resource": f"silver.t{number}", "message": f"of t{number}"})
        assert answer.status_code == 202

    threads = [threading.Thread(target=push, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {view.root for view in told.last} == {f"silver.t{number}" for number in range(8)}
    assert len(told.messages) == 8


def test_a_pass_on_request_says_what_it_did(client: TestClient, agent: Agent) -> None:
    agent.store.record_events([event("silver.orders", check="unique")])
    assert client.post("/poll").json() | {"seconds": 0} == {
        "state": "done", "events": 1, "opened": 1, "widened": 0, "reopened": 0, "resolved": 0, "advised": 0,
        "alerts_sent": 1, "alerts_edited": 0, "alerts_failed": 0, "alerts_waiting": 0, "open_incidents": 1,
        "seconds": 0,
    }  # fmt: skip


@pytest.mark.parametrize("path", ["/poll", "/events"])
@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}, {"X-OpenClaw-Token": "wrong"}])
def test_nobody_writes_without_the_token(agent: Agent, path: str, headers: dict[str, str]) -> None:
    settings = load_settings(api_token=TOKEN)
    with TestClient(build_app(agent, settings)) as client:
        assert client.post(path, json=PUSHED, headers=headers).status_code == 403
    assert agent.store.query("SELECT * FROM ops_events") == []


def test_without_a_token_in_the_settings_nobody_writes_at_all(agent: Agent) -> None:
    with TestClient(build_app(agent, load_settings())) as client:
        answer = client.post("/events", json=PUSHED, headers={"Authorization": "Bearer "})
        assert (answer.status_code, "OPENCLAW_API_TOKEN" in answer.text) == (403, True)


@pytest.mark.parametrize("token", [None, TOKEN])
def test_whom_cloud_run_has_checked_needs_no_token_for_a_pass_or_an_event(agent: Agent, token: str | None) -> None:
    with TestClient(build_app(agent, load_settings(api_token=token, callers_checked=True))) as client:
        assert client.post("/events", json=PUSHED).status_code == 202
        signed = {"Authorization": "Bearer header.payload.SIGNATURE_REMOVED_BY_GOOGLE"}
        assert client.post("/poll", headers=signed).json()["state"] == "done"


def test_checked_callers_change_nothing_on_the_pages(agent: Agent) -> None:
    agent.store.record_events([event("silver.orders", check="unique")])
    agent.poll()
    (incident,) = agent.store.query("SELECT incident_id FROM ops_incidents_current")
    with TestClient(build_app(agent, load_settings(api_token=TOKEN, callers_checked=True))) as client:
        answer = client.post(f"/incidents/{incident['incident_id']}/resolve", data={"reason": "of nobody"})
        assert answer.status_code == 401
        assert client.post("/sign-in", data={"name": "Ana", "token": "wrong"}).status_code == 401
    assert agent.store.open_incidents() == 1


def test_a_service_of_pages_makes_no_pass_and_takes_no_event(agent: Agent) -> None:
    settings = load_settings(api_token=TOKEN, serves="pages", callers_checked=True)
    with TestClient(build_app(agent, settings), headers={"Authorization": f"Bearer {TOKEN}"}) as client:
        assert [client.post(path, json=PUSHED).status_code for path in ("/poll", "/events")] == [404, 404]
        served = ("/incidents", "/runs", "/sign-in", "/health", "/metrics")
        assert [client.get(path).status_code for path in served] == [200] * len(served)
    assert agent.store.query("SELECT * FROM ops_events") == []


def test_what_people_do_on_a_service_of_pages_is_told_by_the_next_pass_of_the_other(
    agent: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The pages have neither webhook nor Gemini, and send nothing."""
    for name in [name for name in os.environ if name.startswith("OPENCLAW_")]:
        monkeypatch.delenv(name)
    agent.store.record_events([event("silver.orders", check="unique"), event("silver.sellers", check="unique")])
    printed: list[str] = []
    settings = load_settings(opstore=str(agent.store.path), api_token=TOKEN, serves="pages")
    app = build_app(build_agent(settings, printed.append), settings)
    with discord() as channel, TestClient(app, follow_redirects=False) as people:
        watching = build_agent(load_settings(opstore=settings.opstore, discord_webhook=channel.url), printed.append)
        watching.daily = ()  # a digest is a message, too
        assert watching.poll().alerts_sent == 2
        asked = len(channel.asked)
        people.post("/sign-in", data={"name": "Ana", "token": TOKEN})
        first, second = (
            row["incident_id"] for row in agent.store.query("SELECT incident_id FROM ops_incidents_current")
        )
        changed(people, first, "acknowledge", reason="mine")
        changed(people, second, "mute", reason="known", hours="4")
        assert len(channel.asked) == asked
        assert (watching.poll().alerts_edited, channel.asked[-1].method) == (1, "PATCH")
        assert "Ana" in str(channel.asked[-1].body)
        changed(people, first, "resolve", reason="sent again")
        assert len(channel.asked) == asked + 1
        assert watching.poll().alerts_edited == 1
        assert "sent again" in str(channel.asked[-1].body)
        assert len(channel.messages) == 2
    assert printed == []


def changed(people: TestClient, incident: str, change: str, **fields: str) -> None:
    """Send the form of an incident's page."""
    key = re.search(r'name="form_key" value="(\w+)"', people.get(f"/incidents/{incident}").text)
    assert key is not None
    assert people.post(f"/incidents/{incident}/{change}", data={"form_key": key[1], **fields}).status_code == 303


def test_a_token_beside_the_header_of_a_proxy_counts(agent: Agent) -> None:
    settings = load_settings(api_token=TOKEN)
    headers = {"Authorization": "Bearer of-the-proxy", "X-OpenClaw-Token": TOKEN}
    with TestClient(build_app(agent, settings)) as client:
        assert client.post("/poll", headers=headers).status_code == 200


@pytest.mark.parametrize(
    "changes",
    [
        {"type": ""},
        {"resource": None},
        {"unknown": 1},
        {"evidence": "text"},
        {"occurred_at": "yesterday"},
        {"occurred_at": "2024-99-99T99:99:99.999Z"},
        {"occurred_at": "2023-02-29T00:00:00.000Z"},
        {"message": 7},
    ],
)
def test_what_is_no_event_is_refused_and_not_recorded(
    client: TestClient, agent: Agent, changes: dict[str, Any]
) -> None:
    assert client.post("/events", json=[PUSHED, PUSHED | changes]).status_code == 422
    assert agent.store.query("SELECT * FROM ops_events") == []


def test_what_is_to_happen_is_refused_and_what_a_fast_clock_says_is_not(client: TestClient, agent: Agent) -> None:
    refused = client.post("/events", json=PUSHED | {"occurred_at": "2099-01-01T00:00:00.000Z"})
    assert (refused.status_code, "look at the producer's clock" in refused.text) == (422, True)
    assert agent.store.query("SELECT * FROM ops_events") == []
    assert client.post("/events", json=PUSHED | {"occurred_at": at(4)}).status_code == 202
    assert client.post("/events", json=PUSHED | {"occurred_at": at(6)}).status_code == 422


@pytest.mark.parametrize("odd", [["model"], {"model": 1}, 7, None])
@pytest.mark.parametrize("name", ["kind", "status", "asset"])
def test_evidence_of_any_form_stops_no_pass(client: TestClient, told: Told, name: str, odd: object) -> None:
    assert client.post("/events", json=PUSHED | {"evidence": {name: odd}}).status_code == 202
    assert client.post("/poll").status_code == 200
    assert len(told.messages) == 1


def test_more_than_a_request_may_hold_is_refused(client: TestClient) -> None:
    assert client.post("/events", json=[PUSHED] * 10_001).status_code == 413
    assert client.post("/events", content=b" ", headers={"Content-Length": str(1 << 30)}).status_code == 413


@pytest.mark.parametrize("path", ["/health", "/healthz"])
def test_health_tells_when_the_agent_last_looked(client: TestClient, path: str) -> None:
    assert client.get(path).json() == {"status": "ok", "last_poll": None}
    client.post("/poll")
    assert client.get(path).json()["last_poll"] is not None


def test_a_record_that_cannot_be_read_is_no_health(client: TestClient, agent: Agent) -> None:
    client.post("/poll")
    agent.store.path.write_bytes(b"no database" * 1000)
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()["status"]) == (503, "unavailable")


def test_the_numbers_follow_what_happens(client: TestClient, agent: Agent) -> None:
    ran(agent.store, "1", "run", "failed")
    client.post("/events", json=PUSHED)
    text = client.get("/metrics").text
    assert 'openclaw_open_incidents{severity="P1"} 1' in text
    assert 'openclaw_runs_24h{status="failed"} 1' in text
    assert "openclaw_events_waiting 0" in text
    assert re.search(r"^openclaw_last_poll_timestamp_seconds \d", text, re.MULTILINE)
    for line in text.splitlines():
        assert re.fullmatch(r'# (HELP|TYPE) \w+ .+|\w+(\{\w+="\w+"\})? -?[\d.e+]+', line), line


def test_what_a_request_logs_names_its_trace_and_what_follows_does_not(
    agent: Agent, client: TestClient, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    trace = "105445aa7843bc8bf206b12000100000"
    monkeypatch.setenv("K_SERVICE", "openclaw")
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", "demo")
    agent.store.path.write_bytes(b"no database" * 100)
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    try:
        configure_logs("info")
        for header in ({"X-Cloud-Trace-Context": f"{trace}/1;o=1"}, {"traceparent": f"00-{trace}-00f067aa0ba902b7-01"}):
            assert client.get("/healthz", headers=header).status_code == 503
        assert client.get("/healthz").status_code == 503
    finally:
        structlog.reset_defaults()
        root.handlers[:], root.level = handlers, level
    told = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    traces = [e.get("logging.googleapis.com/trace") for e in told if e["message"] == "the record cannot be used"]
    assert traces == [f"projects/demo/traces/{trace}", f"projects/demo/traces/{trace}", None]


@pytest.mark.parametrize("path", ["/docs", "/openapi.json"])
def test_nothing_is_described_to_strangers(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 404


def test_no_secret_of_an_event_is_in_an_alert_or_an_answer(client: TestClient, told: Told) -> None:
    assert len(SHAPES) >= 50
    several = [PUSHED | {"resource": f"t{n}", "message": text} for n, (text, _) in enumerate(SHAPES.values())]
    answer = client.post("/events", json=several)
    assert answer.json()["poll"]["events"] == len(SHAPES)
    said = str(told.last) + answer.text + client.get("/metrics").text
    assert [name for name, (_, secret) in SHAPES.items() if secret in said] == []


def test_the_command_serves_where_it_is_told_and_ends_well_when_asked_to(tmp_path: Path) -> None:
    with serving(tmp_path) as (process, client):
        assert client.get("/healthz").json()["status"] == "ok"
        assert client.post("/events", json=PUSHED).json()["poll"]["opened"] == 1
        process.send_signal(signal.SIGTERM)
        stdout, stderr = process.communicate(timeout=60)
    assert (process.returncode, "Traceback" in stderr) == (0, False), stderr
    assert "silver.orders" in stdout


def test_a_pass_at_work_is_completed_before_the_service_ends(tmp_path: Path) -> None:
    with discord() as channel, serving(tmp_path, OPENCLAW_DISCORD_WEBHOOK=channel.url) as (process, client):
        channel.script = [Reply(200, {"id": "1"}, after=1.0)]
        with ThreadPoolExecutor(1) as pool:
            pushed = pool.submit(client.post, "/events", json=PUSHED)
            wait_for(lambda: bool(channel.asked), 60)
            process.send_signal(signal.SIGTERM)
            assert pushed.result().json()["poll"]["alerts_sent"] == 1
        process.communicate(timeout=60)
    assert process.returncode == 0


def test_a_service_that_is_told_to_end_gives_back_the_lease_of_a_pass_that_it_does_not_complete(tmp_path: Path) -> None:
    with discord() as channel, serving(tmp_path, OPENCLAW_DISCORD_WEBHOOK=channel.url) as (process, client):
        channel.script = [Reply(200, {"id": str(number)}, after=1.5) for number in range(10)]
        several = [PUSHED | {"resource": f"silver.t{number}", "message": f"of t{number}"} for number in range(10)]
        with ThreadPoolExecutor(2) as pool:
            at_work = pool.submit(client.post, "/events", json=several)
            wait_for(lambda: bool(channel.asked), 60)
            waiting = pool.submit(client.post, "/events", json=PUSHED)
            store = Opstore(tmp_path / "opstore.sqlite")
            wait_for(lambda: len(store.query("SELECT event_id FROM ops_events")) == 11, 60)
            process.send_signal(signal.SIGTERM)
            _, stderr = process.communicate(timeout=10)
            for answer in (at_work.result(), waiting.result()):
                assert (answer.status_code, answer.json()["status"]) == (503, "ending")
    assert (process.returncode, "Traceback" in stderr, "Cancel" in stderr) == (0, False, False), stderr
    assert len(channel.asked) == 1
    told = Told(name="discord")
    done = agent_on(store, told).poll()
    assert (done.state, done.alerts_sent) == ("done", 10)


def test_a_pass_that_hangs_does_not_keep_the_service_longer_than_cloud_run_waits(tmp_path: Path) -> None:
    patient = {"OPENCLAW_DISCORD_TIMEOUT": "120"}
    with discord() as channel, serving(tmp_path, OPENCLAW_DISCORD_WEBHOOK=channel.url, **patient) as (process, client):
        channel.script = [Reply(200, {"id": "1"}, after=100.0)]
        with ThreadPoolExecutor(1) as pool:
            pushed = pool.submit(client.post, "/events", json=PUSHED)
            wait_for(lambda: bool(channel.asked), 60)
            process.send_signal(signal.SIGTERM)
            _, stderr = process.communicate(timeout=10)
            with suppress(httpx.HTTPError):
                assert pushed.result().status_code == 500
    assert process.returncode == 0
    assert "Cancel 1 running task" in stderr


@contextmanager
def serving(folder: Path, **settings: str) -> Iterator[tuple[subprocess.Popen[str], httpx.Client]]:
    """The command as a process of its own, once it listens, and a client that may write."""
    own = {"OPENCLAW_OPSTORE": str(folder / "opstore.sqlite"), "OPENCLAW_API_TOKEN": TOKEN, **settings}
    program = "from openclaw.cli import app; app()"
    process = subprocess.Popen(
        [sys.executable, "-c", program, "serve", "--port", str(free_port())],
        env=os.environ | own, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stderr is not None
    try:
        url = process.stderr.readline().split()[-1]
        bearer = {"Authorization": f"Bearer {TOKEN}"}
        transport = httpx.HTTPTransport(retries=10)
        with httpx.Client(base_url=url, headers=bearer, transport=transport, timeout=60) as client:
            yield process, client
    finally:
        process.kill()
