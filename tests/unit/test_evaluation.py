"""The measure of retrieval: what it counts, whom it may show, and the numbers that the project promises."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from openclaw.cli import app
from openclaw.evaluation import EvaluationError, Query, ask_all, read_queries, result
from openclaw.model import Section
from openclaw.runbooks import Runbooks

ROOT = Path(__file__).parents[2]
QUERIES = read_queries(ROOT / "evals" / "runbooks.jsonl")


def query(name: str, *runbooks: str, category: str = "unknown") -> Query:
    return Query(id=name, text=name, runbooks=runbooks, category=category, provenance="captured", how="by hand")


def finds(*ids: str) -> tuple[Section, ...]:
    return tuple(Section(name, name, heading, "", 1.0) for name in ids for heading in ("Symptom", "Fix"))


def test_the_right_runbook_is_found_first_for_95_of_100_texts_on_each_half() -> None:
    asked = ask_all(QUERIES, Runbooks.load(ROOT / "runbooks").search)
    for half in ("tuning", "held out"):
        own = [a for a in asked if a.query.half == half]
        assert len(own) >= 60
        assert result(own, lambda text: "unknown").hit_at_1.share >= 0.95


def test_the_texts_name_runbooks_that_exist_and_say_where_they_are_from() -> None:
    known = {runbook.runbook_id for runbook in Runbooks.load(ROOT / "runbooks").runbooks}
    assert {r for q in QUERIES for r in q.runbooks} <= known
    assert len(QUERIES) >= 90
    assert sum(q.provenance == "captured" for q in QUERIES) >= 0.8 * len(QUERIES)


def test_ranks_are_counted_by_runbook_and_not_by_section() -> None:
    queries = [query("a", "x"), query("b", "y", "z"), query("c", "w"), query("d", "x")]
    found = {"a": finds("x", "y"), "b": finds("x", "z"), "c": finds("x", "y", "z"), "d": ()}
    asked = ask_all(queries, lambda text: found[text])
    assert [a.rank for a in asked] == [1, 2, None, None]
    measured = result(asked, lambda text: "unknown")
    assert (measured.hit_at_1.share, measured.hit_at_3.share) == (0.25, 0.5)
    assert measured.mean_reciprocal_rank.share == pytest.approx(1.5 / 4)


def test_an_unknown_category_is_not_right_and_not_confidently_wrong() -> None:
    queries = [query("a", "x", category="concurrency"), query("b", "x", category="concurrency"), query("c", "x")]
    told = {"a": "concurrency", "b": "sql_syntax", "c": "unknown"}
    measured = result(ask_all(queries, lambda text: ()), told.__getitem__)
    assert measured.category.share == pytest.approx(2 / 3)
    assert measured.confidently_wrong.share == pytest.approx(1 / 3)


def test_the_interval_is_wilsons_and_stays_within_0_and_1() -> None:
    all_right = result(
        ask_all([query(str(n), "x") for n in range(50)], lambda text: finds("x")), lambda text: "unknown"
    )
    assert all_right.hit_at_1.share == all_right.hit_at_1.high == 1.0
    assert all_right.hit_at_1.low == pytest.approx(0.9287, abs=0.0005)
    assert result([], lambda text: "unknown").hit_at_1.low == 0.0


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([], "no labelled text"),
        (["{"], "line 1"),
        ([json.dumps({"id": "a", "text": "x", "runbooks": [], "category": "unknown", "provenance": "captured", "how": "h"})], "runbooks"),
        ([json.dumps({"id": "a", "text": "x", "runbooks": ["r"], "category": "bad", "provenance": "captured", "how": "h"})], "category"),
        ([json.dumps({"id": "a", "text": "x", "runbooks": ["r"], "category": "none", "provenance": "captured", "how": "h"})] * 2, "twice"),
    ],
)  # fmt: skip
def test_labels_that_measure_nothing_are_refused(tmp_path: Path, lines: list[str], expected: str) -> None:
    path = tmp_path / "queries.jsonl"
    path.write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(EvaluationError, match=expected):
        read_queries(path)
    assert CliRunner().invoke(app, ["eval", "--queries", str(path)]).exit_code == 2


def test_the_command_fails_below_its_threshold_and_shows_no_text_of_the_half_that_is_held_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENCLAW_GEMINI_API_KEY", raising=False)
    path = tmp_path / "queries.jsonl"
    path.write_text("\n".join(query(f"no such words {n}", "x").model_dump_json() for n in range(20)), encoding="utf-8")
    outcome = CliRunner().invoke(app, ["eval", "--queries", str(path), "--min-hit-at-1", "0.5", "--misses"])
    assert outcome.exit_code == 1
    halves = {q.half: [other.id for other in read_queries(path) if other.half == q.half] for q in read_queries(path)}
    assert all(name in outcome.output for name in halves["tuning"])
    assert not any(f"{name} wants" in outcome.output for name in halves["held out"])
    numbers = json.loads(CliRunner().invoke(app, ["eval", "--json"]).output)
    assert numbers["held out"]["hit_at_1"]["share"] >= 0.95
