"""The agent at the terminal: what its commands print, what they refuse, what is done once a day, and what no line ever holds."""

from __future__ import annotations

import io
import json
import logging
import os
import sqlite3
import sys
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
import structlog
from pydantic import SecretStr
from typer.testing import CliRunner, Result

from agents import Told, agent_on, event, ran
from openclaw.actions import find_incidents
from openclaw.alerts import NotDelivered
from openclaw.channels import Console, Discord
from openclaw.cli import app
from openclaw.daily import Daily, daily_work, digest
from openclaw.logs import configure_logs
from openclaw.model import IncidentView
from openclaw.settings import load_settings
from openclaw.text import as_text
from opstore.store import Opstore, utc_now
from secret_shapes import SHAPES
from standins import Reply, discord, gemini


@pytest.fixture
def store(tmp_path: Path) -> Opstore:
    return Opstore(tmp_path / "opstore.sqlite")


def openclaw(store: Opstore, *arguments: str, **environment: str) -> Result:
    own = {"OPENCLAW_OPSTORE": str(store.path)} | environment
    unset = dict.fromkeys(name for name in os.environ if name.startswith("OPENCLAW_"))
    try:
        return CliRunner().invoke(app, list(arguments), env=unset | own, catch_exceptions=False)
    finally:
        structlog.reset_defaults()
        logging.getLogger().handlers.clear()  # which write to the runner's standard error


def failing(store: Opstore) -> str:
    """An open incident's id."""
    store.record_events([event("silver.orders", check="unique", run="1.silver", kind="test", category="duplicate_key")])
    assert "1 opened; 1 open" in openclaw(store, "poll").stdout
    return find_incidents(store)[0].incident_id


def test_a_pass_prints_the_incident_with_three_actions_and_what_it_did(store: Opstore) -> None:
    store.record_events([event("silver.orders", check="unique", kind="test", category="duplicate_key")])
    printed = openclaw(store, "poll").stdout
    assert "where     silver.orders" in printed
    assert "why       duplicate_key" in printed
    assert all(f"\n  {number}. " in printed for number in (1, 2, 3))
    assert openclaw(store, "poll", "--quiet").stdout.endswith("nothing new; 1 open\n")


def test_an_incident_opened_without_gemini_is_put_to_it_once_by_a_later_pass_that_has_it(store: Opstore) -> None:
    failing(store)
    with gemini() as model:
        asked = {"OPENCLAW_GEMINI_API_KEY": "k", "OPENCLAW_GEMINI_BASE_URL": model.url}
        for settings, most in (({"OPENCLAW_ADVICE_BUDGET_PER_HOUR": "0"}, 0), ({}, 1), ({}, 1)):
            assert openclaw(store, "poll", **asked, **settings).exit_code == 0
            assert sum("generateContent" in one.path for one in model.asked) == most
    assert openclaw(store, "incidents", "show", find_incidents(store)[0].incident_id).stdout.count(" advised by ") == 2


def test_a_pass_where_nothing_is_wrong_may_be_silent(store: Opstore) -> None:
    assert openclaw(store, "poll", "--quiet").stdout == ""
    assert json.loads(openclaw(store, "poll", "--json").stdout)["state"] == "done"


def test_the_incidents_of_a_run_are_shown_to_its_caller_whoever_was_told_before(store: Opstore) -> None:
    failing(store)
    assert "duplicates" in openclaw(store, "poll", "--run", "1.silver").stdout
    assert "duplicates" not in openclaw(store, "poll", "--run", "2.silver").stdout


def test_an_incident_is_listed_shown_acknowledged_muted_and_resolved(store: Opstore) -> None:
    incident = failing(store)
    assert incident in openclaw(store, "incidents").stdout
    assert openclaw(store, "incidents", "ack", incident, "--by", "Ana").exit_code == 0
    assert "muted until" in openclaw(store, "incidents", "mute", incident, "--for", "4h", "--reason", "known").stdout
    assert "known" in openclaw(store, "maintenance", "list").stdout
    done = openclaw(store, "incidents", "resolve", incident, "--by", "Ana", "--reason", "sent again")
    assert done.exit_code == 0
    shown = openclaw(store, "incidents", "show", incident).stdout
    assert "resolved by Ana: sent again" in shown
    assert [line.split()[1] for line in shown.splitlines() if " by " in line and line.startswith("  20")] == [
        "opened", "advised", "acknowledged", "muted", "resolved",
    ]  # fmt: skip
    assert openclaw(store, "incidents").stdout == "no incidents that are unresolved\n"
    assert (
        json.loads(openclaw(store, "incidents", "list", "--state", "any", "--json").stdout)[0]["reason"] == "sent again"
    )


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("incidents", "show", "inc-none"), 1, "no incident"),
        (("incidents", "resolve", "inc-none", "--reason", " "), 1, "say why"),
        (("maintenance", "add", "silver.*", "--for", "soon", "--reason", "x"), 2, "30m, 4h or 2d"),
    ],
)
def test_what_cannot_be_done_is_said(store: Opstore, arguments: tuple[str, ...], code: int, words: str) -> None:
    done = openclaw(store, *arguments)
    assert (done.exit_code, words in done.stderr) == (code, True), done.stderr


def test_a_wrong_setting_and_a_record_that_is_none_are_said(store: Opstore) -> None:
    wrong = openclaw(store, "poll", OPENCLAW_DISCORD_WEBHOK="x")
    assert (wrong.exit_code, "OPENCLAW_DISCORD_WEBHOOK" in wrong.stderr) == (2, True)
    store.path.write_bytes(b"no database" * 1000)
    assert openclaw(store, "poll").exit_code == 75


def test_steps_that_are_expected_and_do_not_begin_raise_an_incident(store: Opstore, tmp_path: Path) -> None:
    expected = tmp_path / "expected.yml"
    expected.write_text("expected: [{step: run, every: 0s, grace: 0s}]", encoding="utf-8")
    openclaw(store, "poll", OPENCLAW_EXPECTED=str(expected))
    printed = openclaw(store, "poll", OPENCLAW_EXPECTED=str(expected)).stdout
    assert "P1 open: " in printed
    assert "step:run" in printed


# Once a day


def test_the_digest_says_what_happened_and_how_long_the_agent_was_silent(store: Opstore) -> None:
    assert "did not look once" in digest(store)
    incident = failing(store)
    ran(store, "2", "run", "failed")
    said = openclaw(store, "digest").stdout
    assert "1 opened, 0 resolved, 1 open" in said
    assert "Runs: 0 good, 1 failed, 0 lost." in said
    assert incident in said
    assert "The agent looked 1 times" in said


def test_daily_work_is_done_once_a_day_and_again_where_it_could_not_be_done(store: Opstore) -> None:
    done: list[str] = []

    def refused() -> str:
        done.append("refused")
        raise NotDelivered("the channel is down")

    work = (Daily("fine", 0, lambda: done.append("fine") or "did"), Daily("digest", 0, refused))  # type: ignore[func-returns-value]
    for _ in range(3):
        agent = agent_on(store, Told())
        agent.daily = work
        agent.poll()
    assert sorted(done) == ["fine", "refused", "refused", "refused"]


def test_what_is_older_than_it_is_kept_goes_with_the_first_pass_of_a_day_and_incidents_stay(store: Opstore) -> None:
    failing(store)
    aged = utc_now(-timedelta(days=500))
    with closing(sqlite3.connect(store.path)) as connection, connection:
        connection.execute("UPDATE ops_events SET recorded_at = ?", [aged])
    (prune,) = daily_work(load_settings(), store, Console(lambda text: None))
    assert prune.do() == "1 rows deleted"
    assert (len(find_incidents(store)), store.query("SELECT * FROM ops_events")) == (1, [])
    assert "0 rows older than 400 days" in openclaw(store, "prune").stdout


# Channels and logs


def test_a_digest_and_an_incident_reach_discord(store: Opstore) -> None:
    with discord() as service:
        channel = Discord(SecretStr(service.url), 5, lambda text: None)
        channel.say("a day @everyone")
        told = Told()
        store.record_events([event("silver.orders", check="unique")])
        agent_on(store, told).poll()
        number = channel.send(told.last[0], None)
        assert channel.send(told.last[0], number) == number
        posted = list(service.messages.values())
    assert len(posted) == 2
    assert "@everyone" not in posted[0]["content"]


def test_what_discord_refuses_is_printed_and_waits(store: Opstore) -> None:
    printed: list[str] = []
    with discord() as service:
        service.script = [Reply(400, {"message": "Invalid Form Body"})]
        agent = agent_on(store, Told())
        agent.channel = Discord(SecretStr(service.url), 5, printed.append)
        store.record_events([event("silver.orders", check="unique")])
        assert agent.poll().alerts_failed == 1
        assert "silver.orders" in printed[0]
        assert agent.poll().alerts_sent == 1


@pytest.mark.parametrize(("status", "is_counted"), [(400, True), (404, True), (503, False), (429, False)])
def test_only_what_discord_refuses_is_recorded_as_refused(store: Opstore, status: int, is_counted: bool) -> None:
    with discord() as service:
        service.script = [Reply(status, {"message": "No"})] * 50
        agent = agent_on(store, Told())
        agent.channel = Discord(SecretStr(service.url), 0.1, lambda text: None)
        store.record_events([event("silver.orders", check="unique")])
        assert agent.poll().alerts_failed == 1
    (failed,) = store.query("SELECT error FROM ops_alerts WHERE phase = 'failed'")
    assert failed["error"].startswith("refused: ") == is_counted


def test_no_secret_is_in_a_log_line_or_in_the_text_of_an_incident(
    store: Opstore, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert len(SHAPES) >= 50
    said = io.StringIO()
    monkeypatch.setattr(sys, "stderr", said)
    try:
        configure_logs("info")
        for name, (text, _) in SHAPES.items():
            structlog.get_logger().error("it failed", shape=name, why=text)
            logging.getLogger("library").error("it failed: %s", text)
            try:
                raise ValueError(text)
            except ValueError:
                structlog.get_logger().exception("it broke")
    finally:
        structlog.reset_defaults()
        logging.getLogger().handlers.clear()
    told = Told()
    store.record_events(event(f"t{n}", message=text) for n, (text, _) in enumerate(SHAPES.values()))
    agent_on(store, told).poll()
    shown = said.getvalue() + "\n".join(map(as_text, told.last))
    assert len(said.getvalue().splitlines()) >= 3 * len(SHAPES)
    assert [name for name, (_, secret) in SHAPES.items() if secret in shown] == []


@pytest.mark.parametrize("text", ["\x1b[2J\x1b[31mresolved", "a\rP1 resolved: all", "line\n\n  1. do this"])
def test_text_from_outside_moves_no_cursor_and_begins_no_line(store: Opstore, text: str) -> None:
    told = Told()
    store.record_events([event("silver.orders", message=text)])
    agent_on(store, told).poll()
    shown = as_text(told.last[0])
    assert not set(shown) & {"\x1b", "\r"}
    assert not any(line.startswith(("P1 resolved", "  1. do this")) for line in shown.splitlines())


def test_failures_that_cannot_be_judged_are_told_as_they_stand(store: Opstore, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*arguments: object) -> object:
        raise KeyError("a rule")

    monkeypatch.setattr("openclaw.assembly.investigate", broken)
    store.record_events([event("silver.orders", check="unique"), event("silver.sellers", check="unique")])
    printed = openclaw(store, "poll").stdout
    assert printed.count("P1 open: ") == 2
    assert "why could not be looked into" in printed


def test_a_pass_that_breaks_down_leaves_no_lease_behind(store: Opstore) -> None:
    class Broken(Told):
        def send(self, view: IncidentView, message_id: str | None) -> str:
            raise KeyError("a channel")

    store.record_events([event("silver.orders", check="unique")])
    with pytest.raises(KeyError):
        agent_on(store, Broken()).poll()
    assert agent_on(store, Told()).poll().alerts_sent == 1
