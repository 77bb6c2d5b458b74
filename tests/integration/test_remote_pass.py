"""`openclaw poll` where a service makes the pass: with Google's own client against stand-ins, and the real service behind them."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI, Request

from agents import Told, agent_on, event
from conftest import Platform, free_port
from olist import watch
from openclaw.lease import acquire, release
from openclaw.service import build_app
from openclaw.settings import load_settings
from opstore.store import Opstore
from served_pages import serving
from standins import StandIn, metadata

TOKEN = "a-token-of-the-tests"


@pytest.fixture(autouse=True)
def identity(monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    """Google's metadata server, as the only place that says who a process is."""
    for name in [n for n in os.environ if n.startswith(("OPENCLAW_", "GOOGLE_", "GCE_"))]:
        monkeypatch.delenv(name)
    with metadata() as standin:
        monkeypatch.setenv("GCE_METADATA_HOST", standin.url)
        monkeypatch.setenv("GCE_METADATA_IP", standin.url)
        yield standin


@pytest.fixture
def store(tmp_path: Path) -> Opstore:
    return Opstore(tmp_path / "opstore.sqlite")


@pytest.fixture
def told() -> Told:
    return Told(name="discord")


def service(
    store: Opstore, told: Told, callers: list[dict[str, str]] | None = None, **settings: Any
) -> AbstractContextManager[str]:
    """The agent's service at an address; `callers` gets the headers of each request."""
    app = build_app(agent_on(store, told), load_settings(**settings))
    return serving(app if callers is None else listened(app, callers))


def listened(app: FastAPI, callers: list[dict[str, str]]) -> FastAPI:
    @app.middleware("http")
    async def keep(request: Request, go_on: Any) -> Any:
        answer = await go_on(request)
        callers.append(dict(request.headers))
        return answer

    return app


@contextmanager
def after(callers: list[dict[str, str]], answers: int, do: Callable[[], object]) -> Iterator[None]:
    """Does it once so many have been answered."""

    def wait() -> None:
        until = time.monotonic() + 60
        while len(callers) < answers and time.monotonic() < until:
            time.sleep(0.05)
        do()

    waiting = threading.Thread(target=wait)
    waiting.start()
    yield
    waiting.join()


def poll(store: Opstore, url: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    own = {"OPENCLAW_OPSTORE": str(store.path), "OPENCLAW_SERVICE": url} | environment
    command = [sys.executable, "-c", "from openclaw.cli import app; app()", "poll", *arguments]
    return subprocess.run(command, env=os.environ | own, capture_output=True, text=True, timeout=60, check=False)


def audience(authorization: str) -> str:
    payload = authorization.removeprefix("Bearer ").split(".")[1]
    return str(json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))["aud"])


def test_the_service_makes_the_pass_and_the_incidents_of_the_run_are_shown_from_the_record(
    store: Opstore, told: Told
) -> None:
    store.record_events([event("silver.orders", check="unique", run="1.silver"), event("silver.sellers", run="2")])
    callers: list[dict[str, str]] = []
    with service(store, told, callers, callers_checked=True) as url:
        done = poll(store, url + "/", "--run", "1.silver", "--wait", "30s", "--quiet")
        assert (done.returncode, done.stderr) == (0, "")
        assert "where     silver.orders" in done.stdout
        assert "silver.sellers" not in done.stdout
        assert done.stdout.endswith(f"openclaw: 2 opened, 2 alerts sent and 0 edited by {url}; 2 open\n")
        assert json.loads(poll(store, url, "--json").stdout)["state"] == "done"
    assert len(told.messages) == 2
    assert [audience(headers["authorization"]) for headers in callers] == [url, url]
    assert not any("x-openclaw-token" in headers for headers in callers)


def test_a_token_of_the_agent_goes_along_where_there_is_one(store: Opstore, told: Told) -> None:
    with service(store, told, api_token=TOKEN) as url:
        assert poll(store, url, "--quiet", OPENCLAW_API_TOKEN=TOKEN).stdout == ""
        refused = poll(store, url)
        assert (refused.returncode, refused.stdout) == (1, "")
        assert f"POST {url}/poll answered 403, expected 200" in refused.stderr
        assert "roles/run.invoker" in refused.stderr.splitlines()[-1]


def test_a_pass_of_another_is_waited_for(store: Opstore, told: Told) -> None:
    store.record_events([event("silver.orders", run="1")])
    other = acquire(store, "poll", "another", 60)
    assert other is not None
    callers: list[dict[str, str]] = []
    with service(store, told, callers, callers_checked=True) as url:
        assert "another pass is at work" in poll(store, url).stdout
        with after(callers, 2, lambda: release(store, other)):
            assert "where     silver.orders" in poll(store, url, "--run", "1", "--wait", "30s").stdout
    assert len(callers) >= 3


def test_an_instance_that_is_to_end_is_asked_again(store: Opstore, told: Told) -> None:
    store.record_events([event("silver.orders", run="1")])
    agent = agent_on(store, told)
    agent.ending = True
    callers: list[dict[str, str]] = []
    with (
        serving(listened(build_app(agent, load_settings(callers_checked=True)), callers)) as url,
        after(callers, 1, lambda: setattr(agent, "ending", False)),
    ):
        assert "where     silver.orders" in poll(store, url, "--run", "1", "--wait", "30s").stdout
    assert len(callers) >= 2


def test_what_is_known_of_a_run_is_shown_though_the_service_is_away(store: Opstore, told: Told) -> None:
    store.record_events([event("silver.orders", run="1")])
    agent_on(store, told).poll()
    done = poll(store, f"http://127.0.0.1:{free_port()}", "--run", "1")
    assert done.returncode == 1
    assert "where     silver.orders" in done.stdout


def test_a_service_that_is_away_is_an_error_and_in_the_pipeline_a_line(
    store: Opstore, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    done = poll(store, url)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"error POST {url}/poll was not answered (ConnectError): see whether the service")
    monkeypatch.setenv("OPENCLAW_SERVICE", url)
    said = watch.poll(Platform(store.path.parent, None).settings(agent=True), "1", failed=False)
    assert said.startswith(f"openclaw poll failed (error POST {url}/poll was not answered")
    assert said.endswith("the pipeline is not affected")
    assert store.query("SELECT * FROM ops_heartbeats") == [], "no pass is made here instead"


def test_what_is_no_agent_is_an_error(store: Opstore, identity: StandIn) -> None:
    done = poll(store, f"http://{identity.url}")
    assert (done.returncode, "answered with what is no pass" in done.stderr) == (1, True), done.stderr


def test_a_process_without_an_identity_is_told_what_to_do(store: Opstore, told: Told) -> None:
    with service(store, told, callers_checked=True) as url:
        done = poll(store, url, GOOGLE_APPLICATION_CREDENTIALS=str(store.path.with_name("no-key.json")))
    assert (done.returncode, done.stdout) == (1, "")
    assert "no Google ID token" in done.stderr
    assert "GOOGLE_APPLICATION_CREDENTIALS" in done.stderr.splitlines()[-1]
