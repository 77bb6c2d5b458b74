"""The record by itself: what looking at it leaves alone, and what becomes of writings that it cannot take."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from google.api_core import exceptions as api

from opstore.bigquery.database import BigQueryDatabase
from opstore.store import Event, Opstore, OpstoreUnavailable, utc_now


@pytest.fixture
def store(tmp_path: Path) -> Opstore:
    return Opstore(tmp_path / "record" / "opstore.sqlite")


def test_a_probe_makes_no_record(store: Opstore) -> None:
    assert not store.probe()
    assert not store.path.parent.exists()


def test_a_probe_sends_nothing_and_migrates_nothing(store: Opstore) -> None:
    store.spool.add({"ops_events": []})
    sqlite3.connect(store.path).close()
    assert not store.probe()
    assert store.path.stat().st_size == 0, "an empty file is no record yet"
    store.query("SELECT 1 FROM ops_runs")
    waiting = store.spool.add({"ops_events": []})
    before = set(store.path.parent.iterdir())
    assert store.probe()
    assert store.spool.waiting() == [waiting]
    assert set(store.path.parent.iterdir()) == before


def test_a_probe_raises_for_what_is_no_record(store: Opstore) -> None:
    store.path.parent.mkdir()
    store.path.write_bytes(b"nothing of ours" * 100)
    with pytest.raises(OpstoreUnavailable):
        store.probe()


# What the record will never take must not keep back what it takes.


def test_a_writing_that_is_never_taken_lets_what_is_behind_it_pass_and_is_told(store: Opstore) -> None:
    never = store.spool.add({"ops_runs": [{"rows_in": 1 << 70}]})
    store.record_events([event("behind")])
    told, behind = store.query("SELECT * FROM ops_events ORDER BY event_id <> ?", ["behind"])[::-1]
    assert behind["event_id"] == "behind"
    assert json.loads(told["evidence"])["file"] == str(never.with_suffix(".unreadable"))
    assert store.spool.waiting() == []


@pytest.mark.parametrize("name", ["ops_of_later", "ops_events.of_later"])
def test_what_a_later_program_has_left_waits_for_its_schema_and_lets_what_is_behind_it_pass(
    store: Opstore, name: str
) -> None:
    table, _, column = name.partition(".")
    row = {
        "event_id": "later",
        "type": "T",
        "resource": "x",
        "message": "y",
        "evidence": "{}",
        "occurred_at": utc_now(),
    }
    later = store.spool.add({table: [row | ({column: 1} if column else {})]})
    store.record_events([event("behind")])
    assert [row["event_id"] for row in store.query("SELECT event_id FROM ops_events")] == ["behind"]
    assert [*store.spool.folder.iterdir()] == [later]
    with closing(sqlite3.connect(store.path)) as connection, connection:
        connection.execute(
            "ALTER TABLE ops_events ADD COLUMN of_later INTEGER"
            if column
            else f"CREATE TABLE {table} AS SELECT * FROM ops_events WHERE false"
        )
    assert store.query(f"SELECT message FROM {table} WHERE event_id = 'later'") == [{"message": "y"}]
    assert store.spool.waiting() == []


def test_a_file_that_another_process_has_set_aside_meanwhile_is_its_to_tell_of(
    store: Opstore, monkeypatch: pytest.MonkeyPatch
) -> None:
    never = store.spool.add({"ops_runs": [{"rows_in": 1 << 70}]})
    read = store.spool.read

    def while_another_sets_aside(path: Path) -> Any:
        rows = read(path)
        path.rename(path.with_suffix(".unreadable"))
        return rows

    monkeypatch.setattr(store.spool, "read", while_another_sets_aside)
    store.record_events([event("behind")])
    assert [row["event_id"] for row in store.query("SELECT event_id FROM ops_events")] == ["behind"]
    assert [*store.spool.folder.iterdir()] == [never.with_suffix(".unreadable")]


def test_a_fact_that_is_never_taken_is_set_aside_at_once(store: Opstore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store.spool, "set_aside", None)  # it never waits, where another process would send it
    store.record_events([Event("e", "PIPELINE_FAILED", "x", "y", run_id=1 << 70)])  # type: ignore[arg-type]
    (told,) = store.query("SELECT * FROM ops_events")
    assert Path(told["resource"]).is_file()


def event(name: str) -> Event:
    return Event(name, "PIPELINE_FAILED", "x", "y")


Answer = Callable[[list[Any]], None]


def on_bigquery(folder: Path, answer: Answer) -> Opstore:
    """A record in a BigQuery that takes what `answer`, given the rows of a writing, raises nothing for."""
    database = BigQueryDatabase("p", "d")
    sent: list[Any] = []

    def query(client: object, statement: str, parameters: dict[str, Any], most: int | None) -> tuple[Any, Any]:
        rows = json.loads(parameters["rows"])
        answer(rows)
        sent.append(rows)
        return SimpleNamespace(num_dml_affected_rows=len(rows)), []

    database.__dict__ |= {"_client": None, "_query": query, "sent": sent}
    return Opstore(folder / "record", database, folder / "spool")


def sent(store: Opstore) -> list[str]:
    rows = [row for writing in store._database.sent for row in writing]  # type: ignore[attr-defined]
    return [json.loads(row["document"])["message"] for row in rows if row["table_name"] != "lock"]


def refusal(code: int, reason: str) -> api.GoogleAPICallError:
    return api.from_http_status(code, "No.", errors=[{"reason": reason}])  # type: ignore[no-any-return, no-untyped-call]


@pytest.mark.parametrize(("code", "reason"), [(400, "invalid"), (400, "invalidQuery"), (413, "uploadTooLarge")])
def test_what_bigquery_never_takes_is_set_aside(tmp_path: Path, code: int, reason: str) -> None:
    def answer(rows: list[Any]) -> None:
        if any("of no use" in row["document"] for row in rows):
            raise refusal(code, reason)

    store = on_bigquery(tmp_path, answer)
    store.record_events([Event("bad", "PIPELINE_FAILED", "x", "of no use")])
    store.record_events([event("good")])
    told, good = sent(store)
    assert "cannot be read or taken" in told
    assert good == "y"
    assert store.spool.waiting() == []


def test_rows_of_a_table_that_a_later_program_has_wait_before_bigquery_too(tmp_path: Path) -> None:
    store = on_bigquery(tmp_path, lambda rows: None)
    later = store.spool.add({"ops_of_later": [{"a": 1}]})
    store.record_events([event("behind")])
    assert (sent(store), store.spool.waiting()) == (["y"], [later])


@pytest.mark.parametrize(
    ("code", "reason"), [(400, "jobRateLimitExceeded"), (400, "tableUnavailable"), (403, "quotaExceeded"), (503, "x")]
)
def test_what_passes_at_bigquery_is_waited_for(tmp_path: Path, code: int, reason: str) -> None:
    def answer(rows: list[Any]) -> None:
        raise refusal(code, reason)

    store = on_bigquery(tmp_path, answer)
    store.record_events([event("e1")])
    assert len(store.spool.waiting()) == 1


def test_a_statement_that_bigquery_refuses_without_rows_too_is_an_outage(tmp_path: Path) -> None:
    def answer(rows: list[Any]) -> None:
        raise refusal(400, "invalidQuery")

    store = on_bigquery(tmp_path, answer)
    store.record_events([event("e1")])
    assert len(store.spool.waiting()) == 1, "the fault is the statement's, and the fact is kept"


def test_facts_that_one_request_has_no_room_for_are_sent_in_parts_and_a_judgement_is_not(tmp_path: Path) -> None:
    def answer(rows: list[Any]) -> None:
        assert len(rows) < 4 or rows[1]["table_name"] == "ops_effects"

    store = on_bigquery(tmp_path, answer)
    store.record_events([Event(str(n), "PIPELINE_FAILED", "x", "y" * 2_000_000) for n in range(5)])
    assert [len(message) for message in sent(store)] == [2_000_000] * 5
    effects = [{"event_id": str(n), "incident_id": "i", "signature": "s" * 2_000_000} for n in range(5)]
    assert store.append({"ops_effects": effects}) == 5
