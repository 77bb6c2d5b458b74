"""The record on BigQuery keeps the promises of the record on SQLite: every question has the same answer, whoever writes at once."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import sqlglot
from google.cloud import bigquery as client_library

from bigquery_statements import questions
from olist.record import open_record
from olist.settings import load_settings
from openclaw.lease import acquire, release, renewed
from openclaw.sql import statement
from opstore.bigquery.dialect import tables
from opstore.database import schema_version
from opstore.store import (
    Check,
    Conflict,
    Counts,
    Edge,
    Event,
    Fenced,
    Opstore,
    OpstoreUnavailable,
    RunFinish,
    RunStart,
    open_opstore,
)

# Which of the optional parameters are given changes what a question means, and which types BigQuery infers.
OPTIONAL = ("severity", "category", "text", "status", "step")
QUESTIONS = [(*question, given) for question in questions() for given in ("all", "needed")]
EARLY = "2000-01-01T00:00:00.000Z"
LATE = "2999-01-01T00:00:00.000Z"
WANTED: list[dict[str, Any]] = [
    {
        "incident_id": "i1",
        "step": "silver",
        "after": None,
        "starts": "silver",
        "asset": "silver.orders",
        "check": "unique",
        "since": EARLY,
    },
    {"incident_id": "i2", "step": "gold", "starts": "gold", "asset": "gold.x", "check": "y", "since": LATE},
    {"incident_id": "i3", "step": "silver", "after": "ingest", "asset": "a", "check": "y", "since": EARLY},
    {"incident_id": "i4", "step": "silver", "after": "gold", "asset": "a", "check": "y", "since": EARLY},
    {"incident_id": "i5", "step": "x", "starts": "x", "asset": "silver.orders", "check": "dropped", "since": EARLY},
    {"incident_id": "i6", "step": "x", "starts": "x", "asset": "silver.gone", "check": "unique", "since": EARLY},
]
ANSWERS: dict[str, Any] = {
    "since": EARLY,
    "resolved_since": EARLY,
    "now": "2026-02-01T00:00:00.000Z",
    "today": "2026-01-03",
    "state": "any",
    "severity": "P1",
    "category": "c",
    "text": "SILVER",
    "status": "success",
    "step": "silver",
    "offset": 0,
    "run_id": "r1",
    "until": LATE,
    "most": 100,
    "limit": 100,
    "channel": "discord",
    "alert_id": "a1",
    "incident_id": "i1",
    "fingerprint": "f1",
    "name": "poll",
    "prefix": "lost:",
    "runs": json.dumps(["r1.silver", "r1", "unknown"]),
    "families": json.dumps(["r1"]),
    "wanted": json.dumps([{**w, "run_id": "r1.silver"} for w in WANTED]),
}


_LISTS = dict.fromkeys(("reasons", "diagnosis", "closes_on", "affected", "exposures", "evidence"), "[]")
_OPENED = {
    "incident_id": "i1",
    "sequence": 1,
    "change": "opened",
    "state": "open",
    "fingerprint": "f1",
    "event_type": "PIPELINE_FAILED",
    "severity": "P1",
    "title": "t",
    "category": "c",
    "root": "silver.orders",
    "actor": "agent",
    "occurred_at": "2026-01-01T00:00:00.000Z",
    **_LISTS,
}
_ALERT = {
    "alert_id": "a1",
    "version": 1,
    "phase": "recorded",
    "attempt": 1,
    "incident_id": "i1",
    "channel": "discord",
    "incident_sequence": 1,
    "event_count": 1,
}
_SILENCE = {"silence_id": "s1", "sequence": 1, "kind": "mute", "pattern": "*", "actor": "me", "reason": "x"}
_EFFECT = {"event_id": "e1", "incident_id": "i1", "signature": "s", "occurred_at": "2026-01-01T00:00:00.000Z"}
_HEARTBEAT = {"name": "poll", "holder": "me", "started_at": EARLY, "summary": "{}"}
JUDGEMENTS: list[tuple[str, dict[str, Any]]] = [
    ("ops_incidents", _OPENED),
    ("ops_effects", _EFFECT),
    ("ops_incidents", _OPENED | {"sequence": 2, "change": "resolved", "state": "resolved"}),
    ("ops_alerts", _ALERT),
    ("ops_alerts", _ALERT | {"phase": "sent"}),
    ("ops_silences", _SILENCE | {"starts_at": EARLY, "ends_at": LATE}),
    ("ops_incidents", _OPENED | {"incident_id": "i2"}),
    ("ops_effects", _EFFECT | {"event_id": "e2", "incident_id": "i2"}),
    ("ops_effects", _EFFECT | {"event_id": "e3", "incident_id": "i2"}),
    (
        "ops_incidents",
        _OPENED | {"incident_id": "i2", "sequence": 2, "change": "advised", "advice": '{"asked": 2, "seconds": 1.5}'},
    ),
    ("ops_heartbeats", _HEARTBEAT | {"finished_at": EARLY}),
    ("ops_incidents", _OPENED | {"incident_id": "i3", "state": "resolved"}),
    ("ops_heartbeats", _HEARTBEAT | {"name": "digest:2026-01-03", "finished_at": EARLY}),
]
CURRENT = [
    "ops_runs_current",
    "ops_incidents_current",
    "ops_alerts_current",
    "ops_silences_current",
    "ops_lineage_current",
]


@pytest.fixture
def on_bigquery(bigquery: str, tmp_path: Path) -> Opstore:
    """A record in a new dataset."""
    dataset = f"ops_{secrets.token_hex(4)}"
    client(bigquery).create_dataset(dataset)
    return open_opstore(f"bigquery://test/{dataset}", tmp_path / "spool")


def client(url: str) -> client_library.Client:
    from google.auth.credentials import AnonymousCredentials

    return client_library.Client(project="test", credentials=AnonymousCredentials())  # type: ignore[no-untyped-call]


def filled(store: Opstore) -> Opstore:
    """A record with something of everything."""
    store.start(RunStart("r1", "run", None, None, 3600, "abc", "{}"))
    store.start(RunStart("r1.ingest", "ingest", None, "r1", 3600, None, "{}"))
    store.finish(RunFinish("r1.ingest", "ingest", "success", None, 1.25, None, "[]"))
    store.start(RunStart("r1.silver", "silver", None, "r1", 3600, None, "{}"))
    store.start(RunStart("r0", "gold", None, None, -5, None, "{}"))
    store.finish(RunFinish("r1.silver", "silver", "success", Counts(10, 8, 1, 1, 0), 1.25, None, '[{"t": "orders"}]'))
    store.finish(RunFinish("dbt:1", "dbt", "success", Counts(1, 1, 0, 0, 0), 1.25, None, '[{"node": "n"}]'))
    passed = Check("silver.orders", "unique", "unique", "error", "pass", 0)
    failed = Check("silver.orders", "n", "x", "warn", "fail", 3, "três")
    store.record_checks("r1.silver", [passed, failed], "2026-01-02T03:04:05.678Z")
    for number in (1, 2, 3, 4):
        at = f"2026-01-0{number}T00:00:00.000Z"
        store.record_events(
            [
                Event(
                    f"e{number}",
                    "PIPELINE_FAILED",
                    "silver.orders",
                    'it\'s "broken"',
                    run_id="r1.silver",
                    occurred_at=at,
                )
            ]
        )
    store.record_lineage("dbt:olist", [Edge("silver.gone", "gold.fact_orders", "model")])
    time.sleep(0.01)  # the next graph is a later one
    store.record_lineage("dbt:olist", [Edge("silver.orders", "gold.fact_orders", "model")])
    lease = acquire(store, "poll", "me", 60)
    assert lease
    mine = {"fencing": lease.fencing}
    for name, row in JUDGEMENTS:
        store.append({name: [row | mine if "fencing" in tables()[name].columns else row]}, lease.fence)
    release(store, lease)
    again = acquire(store, "poll", "another", 60)
    assert again
    later = _HEARTBEAT | {"finished_at": "2000-01-01T00:05:00.000Z", "fencing": again.fencing}
    store.append({"ops_heartbeats": [later]}, again.fence)
    return store


@pytest.fixture(scope="module")
def both(bigquery: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[Opstore, Opstore]:
    """The same record on BigQuery and on SQLite."""
    folder = tmp_path_factory.mktemp("both")
    client(bigquery).create_dataset("ops_both")
    store = open_opstore("bigquery://test/ops_both", folder / "spool")
    return filled(store), filled(Opstore(folder / "opstore.sqlite"))


def comparable(rows: list[dict[str, Any]]) -> list[str]:
    """Rows without what the clock of a writing decides, and without the order that no question asks for."""
    # The runs of `filled` begin and end now.
    rows = [{**row, "occurred_at": None} if "deadline_at" in row else row for row in rows]
    clocks = {
        "recorded_at",
        "expires_at",
        "deadline_at",
        "started_at",
        "finished_at",
        "sent_at",
        "first_sent_at",
        "alerted_at",
        "at",
    }
    return sorted(json.dumps({k: v for k, v in row.items() if k not in clocks}, sort_keys=True) for row in rows)


@pytest.mark.parametrize(("package", "question", "given"), QUESTIONS)
def test_every_question_of_the_agent_has_the_same_answer(
    both: tuple[Opstore, Opstore], package: str, question: str, given: str
) -> None:
    text = statement(question, package)
    named = {p.name for p in sqlglot.parse_one(text, read="sqlite").find_all(sqlglot.exp.Placeholder)}
    parameters = {name: None if given == "needed" and name in OPTIONAL else ANSWERS[name] for name in named}
    on_bigquery, on_sqlite = (comparable(store.query(text, parameters)) for store in both)
    assert on_bigquery == on_sqlite
    assert on_sqlite or given == "needed", "an empty answer shows nothing: give `filled` something of it"


@pytest.mark.parametrize(
    "view",
    [
        *tables(),
        "ops_runs_current",
        "ops_incidents_current",
        "ops_alerts_current",
        "ops_silences_current",
        "ops_lineage_current",
    ],
)
def test_every_table_and_view_holds_the_same_rows(both: tuple[Opstore, Opstore], view: str) -> None:
    on_bigquery, on_sqlite = (store.query(f"SELECT * FROM {view}") for store in both)
    assert comparable(on_bigquery) == comparable(on_sqlite)
    assert on_sqlite or view == "ops_gemini_calls"


def test_the_platforms_own_questions_have_the_same_answers(both: tuple[Opstore, Opstore]) -> None:
    on_bigquery, on_sqlite = both
    asked: list[Callable[[Opstore], list[dict[str, Any]]]] = [
        lambda s: s.runs(),
        lambda s: s.runs(parent="r1"),
        lambda s: s.checks("r1"),
        lambda s: s.incidents(),
        lambda s: s.last_checks("silver", None),
        lambda s: s.last_checks("silver", "unique"),
    ]
    for ask in asked:
        assert comparable(ask(on_bigquery)) == comparable(ask(on_sqlite))
    assert on_bigquery.open_incidents() == on_sqlite.open_incidents() == 1


def test_a_moment_comes_back_as_it_was_given(both: tuple[Opstore, Opstore]) -> None:
    (row,) = both[0].query("SELECT occurred_at FROM ops_checks WHERE check_name = ?", ["n"])
    assert row == {"occurred_at": "2026-01-02T03:04:05.678Z"}


def test_a_probe_makes_and_sends_nothing(on_bigquery: Opstore, bigquery: str) -> None:
    on_bigquery.spool.add({"ops_events": []})
    assert not on_bigquery.probe()
    dataset = str(on_bigquery.path).rpartition("/")[2]
    assert list(client(bigquery).list_tables(dataset)) == []
    on_bigquery.query("SELECT 1 AS one FROM ops_runs")
    waiting = on_bigquery.spool.add({"ops_events": []})
    assert on_bigquery.probe()
    assert on_bigquery.spool.waiting() == [waiting]


def test_a_probe_of_a_dataset_that_is_missing_says_so(bigquery: str, tmp_path: Path) -> None:
    with pytest.raises(OpstoreUnavailable, match="ops_missing"):
        open_opstore("bigquery://test/ops_missing", tmp_path / "spool").probe()


@pytest.mark.parametrize(("migration", "is_remade"), [("99", False), ("1", True), (str(schema_version()), True)])
def test_views_are_remade_for_a_later_schema_and_never_taken_back_to_an_earlier(
    on_bigquery: Opstore, bigquery: str, migration: str, is_remade: bool
) -> None:
    on_bigquery.query("SELECT 1 AS one FROM ops_runs")
    dataset = str(on_bigquery.path).rpartition("/")[2]
    log = client(bigquery).get_table(f"{dataset}.ops_rows")
    log.labels = {"migration": migration, "schema": "another"}
    client(bigquery).update_table(log, ["labels"])
    client(bigquery).query(f"DROP VIEW {dataset}.ops_silences_current").result()
    open_opstore(str(on_bigquery.path).replace(":/", "://"), on_bigquery.spool.folder).query(
        "SELECT 1 AS n FROM ops_runs"
    )
    made = {table.table_id for table in client(bigquery).list_tables(dataset)}
    assert ("ops_silences_current" in made) == is_remade


def test_recording_a_fact_twice_records_it_once(on_bigquery: Opstore) -> None:
    event = Event("e1", "PIPELINE_FAILED", "x", "y")
    on_bigquery.record_events([event, event])
    on_bigquery.record_events([event])
    assert [r["event_id"] for r in on_bigquery.query("SELECT event_id FROM ops_events")] == ["e1"]


def effect(event_id: str) -> dict[str, Any]:
    return {"event_id": event_id, "incident_id": "i", "signature": "s", "occurred_at": EARLY, "fencing": 1}


def test_a_judgement_is_written_whole_or_not_at_all(on_bigquery: Opstore) -> None:
    on_bigquery.append({"ops_effects": [effect("e1")]})
    with pytest.raises(Conflict):
        on_bigquery.append({"ops_effects": [effect("e2"), effect("e1")]})
    with pytest.raises(Conflict):
        on_bigquery.append({"ops_effects": [effect("e3"), effect("e3")]})
    assert [r["event_id"] for r in on_bigquery.query("SELECT event_id FROM ops_effects")] == ["e1"]


def test_who_was_overtaken_writes_nothing(on_bigquery: Opstore) -> None:
    first = acquire(on_bigquery, "poll", "first", 0.0)
    second = acquire(on_bigquery, "poll", "second", 60)
    assert first
    assert second
    assert second.fencing == first.fencing + 1
    with pytest.raises(Fenced, match="overtaken"):
        on_bigquery.append({"ops_effects": [effect("e1")]}, first.fence)
    assert on_bigquery.query("SELECT * FROM ops_effects") == []
    assert acquire(on_bigquery, "poll", "third", 60) is None
    release(on_bigquery, renewed(on_bigquery, second))
    assert acquire(on_bigquery, "poll", "third", 60) is not None


def test_of_eight_pollers_at_once_one_has_the_lease_and_an_event_has_one_effect(on_bigquery: Opstore) -> None:
    on_bigquery.query("SELECT 1 AS one FROM ops_runs")  # the dataset's views are made

    def poll(number: int) -> tuple[bool, bool]:
        try:
            on_bigquery.append({"ops_effects": [effect("contested") | {"incident_id": f"i{number}"}]})
        except Conflict:
            won = False
        else:
            won = True
        return acquire(on_bigquery, "poll", f"poller{number}", 60) is not None, won

    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(poll, range(8)))
    assert [sum(kind) for kind in zip(*results, strict=True)] == [1, 1]
    assert len(on_bigquery.query("SELECT * FROM ops_effects")) == 1


def test_retention_keeps_what_incidents_rest_on(both: tuple[Opstore, Opstore], bigquery: str, tmp_path: Path) -> None:
    client(bigquery).create_dataset("ops_pruned")
    on_bigquery = filled(open_opstore("bigquery://test/ops_pruned", tmp_path / "spool"))
    on_sqlite = filled(Opstore(tmp_path / "opstore.sqlite"))
    assert on_bigquery.prune(-1) == on_sqlite.prune(-1)
    for name in tables():
        kept = [comparable(store.query(f"SELECT * FROM {name}")) for store in (on_bigquery, on_sqlite)]
        assert kept[0] == kept[1], name


def test_facts_wait_in_the_spool_while_bigquery_cannot_be_reached(
    bigquery: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = open_record(load_settings(home=tmp_path, opstore="bigquery://test/ops_nowhere"))
    store.record_events([Event("e1", "PIPELINE_FAILED", "x", "y")])
    assert len(store.spool.waiting()) == 1, "the dataset does not exist"
    with pytest.raises(OpstoreUnavailable):
        store.query("SELECT * FROM ops_events")
    client(bigquery).create_dataset("ops_nowhere")
    assert [r["event_id"] for r in store.query("SELECT event_id FROM ops_events")] == ["e1"]
    assert store.spool.waiting() == []
