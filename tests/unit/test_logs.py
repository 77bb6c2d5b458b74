"""What both commands log: on Cloud Run one JSON object a line in Cloud Logging's form, and never a secret of the agent's."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog

import olist.logs
import openclaw.logs
from agents import Told, agent_on, event
from openclaw.lease import acquire, release
from opstore.logs import bind_trace
from opstore.store import Fenced, Opstore

TRACE = "105445aa7843bc8bf206b12000100000"
Configure = Callable[[str], None]
Said = Callable[[], str]
both = pytest.mark.parametrize("configure", [olist.logs.configure_logs, openclaw.logs.configure_logs])


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Said]:
    """What was written to standard error since it was last asked, on Cloud Run."""
    monkeypatch.setenv("K_SERVICE", "openclaw")
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", "demo")
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield lambda: capsys.readouterr().err
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()
    root.handlers[:], root.level = handlers, level


def entries(said: Said) -> list[dict[str, Any]]:
    return [json.loads(line) for line in said().splitlines()]


@both
def test_an_entry_has_the_names_of_cloud_logging(said: Said, configure: Configure) -> None:
    configure("debug")
    log = structlog.get_logger()
    for method in ("debug", "info", "warning", "error", "critical"):
        getattr(log, method)("a pass\nhas ended", table="orders")
    written = entries(said)
    assert [entry["severity"] for entry in written] == ["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"]
    for entry in written:
        assert (entry["message"], entry["table"]) == ("a pass\nhas ended", "orders")
        assert entry["time"].endswith("Z")
        assert not {"event", "level", "timestamp"} & set(entry)


@both
def test_what_is_below_the_level_is_not_logged(said: Said, configure: Configure) -> None:
    configure("warning")
    structlog.get_logger().info("nothing much")
    logging.getLogger("library").info("nothing much")
    assert said() == ""


@both
def test_an_exception_is_one_entry_whoever_logs_it(said: Said, configure: Configure) -> None:
    configure("info")
    try:
        raise KeyError("a rule")
    except KeyError:
        structlog.get_logger().exception("it broke")
        logging.getLogger("library").exception("it broke too")
    ours, theirs = entries(said)
    assert (ours["severity"], ours["message"]) == ("ERROR", "it broke")
    assert (theirs["severity"], theirs["message"], theirs["logger"]) == ("ERROR", "it broke too", "library")
    for entry in (ours, theirs):
        assert entry["stack_trace"].startswith("Traceback (most recent call last):\n")
        assert entry["stack_trace"].endswith("KeyError: 'a rule'")


@both
@pytest.mark.parametrize("header", [f"{TRACE}/1;o=1", TRACE, f"00-{TRACE}-00f067aa0ba902b7-01"])
def test_every_entry_of_a_request_names_its_trace(said: Said, configure: Configure, header: str) -> None:
    configure("info")
    bind_trace(header)
    structlog.get_logger().info("inside")
    logging.getLogger("library").warning("inside too")
    bind_trace(None)
    structlog.get_logger().info("outside")
    assert [entry.get("logging.googleapis.com/trace") for entry in entries(said)] == [
        f"projects/demo/traces/{TRACE}",
        f"projects/demo/traces/{TRACE}",
        None,
    ]


@pytest.mark.parametrize("header", ["", "a\nsecond line", "0" * 31, "00-xyz-1-01"])
def test_what_is_no_trace_is_left_out(said: Said, header: str) -> None:
    openclaw.logs.configure_logs("info")
    bind_trace(header)
    structlog.get_logger().info("said")
    assert "logging.googleapis.com/trace" not in entries(said)[0]


def test_secrets_of_the_agent_are_in_no_field(said: Said) -> None:
    openclaw.logs.configure_logs("info")
    secret = "postgresql://someone:hunter2hunter2@db/olist"
    try:
        raise ValueError(secret)
    except ValueError:
        structlog.get_logger().exception(secret, why=secret, also=[secret])
        logging.getLogger("library").exception("at %s", secret)
    written = entries(said)
    assert len(written) == 2
    assert "hunter2hunter2" not in str(written)


@pytest.mark.parametrize("variable", ["K_SERVICE", "CLOUD_RUN_JOB"])
def test_elsewhere_people_read_the_platforms_log(said: Said, monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    monkeypatch.delenv("K_SERVICE")
    olist.logs.configure_logs("info")
    structlog.get_logger().info("said to people")
    assert "said to people" in (written := said())
    assert not written.startswith("{")
    monkeypatch.setenv(variable, "x")
    olist.logs.configure_logs("info")
    structlog.get_logger().info("said to Cloud Logging")
    assert entries(said)[0]["severity"] == "INFO"


def test_each_pass_that_is_completed_is_one_entry_and_no_other_pass_is(said: Said, tmp_path: Path) -> None:
    openclaw.logs.configure_logs("info")
    store = Opstore(tmp_path / "opstore.sqlite")
    store.record_events([event("silver.orders", check="unique")])
    other = acquire(store, "poll", "another", 60)
    assert other is not None
    assert agent_on(store, Told()).poll().state == "busy"
    release(store, other)

    def overtake(point: str) -> None:
        if point == "detected":
            raise Fenced("another has taken over")

    assert agent_on(store, Told(), reached=overtake, lease_seconds=0).poll().state == "overtaken"
    assert "pass completed" not in said()

    done = agent_on(store, Told()).poll()
    (entry,) = (entry for entry in entries(said) if entry["message"] == "pass completed")
    assert (entry["severity"], entry["seconds"]) == ("INFO", str(done.seconds))
    assert [entry[count] for count in ("opened", "resolved", "alerts_sent")] == ["1", "0", "1"]
