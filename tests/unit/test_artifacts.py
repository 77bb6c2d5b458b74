"""What dbt leaves behind is read whatever its version, adapter or condition: nothing crashes, and nothing unreadable passes for green."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openclaw.artifacts import Artifacts, read_artifacts
from openclaw.model import Failure
from openclaw.triage import triage

# What JSON can say and a file, a float or a database cannot.
AWKWARD = st.sampled_from([float("nan"), float("inf"), 10**400, "1e999", "nan", "\ud800", "\x00", "9" * 400])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | AWKWARD,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
WORDS = st.sampled_from(["error", "fail", "Warn", "-1", "SELECT 7", "skipped", "pass", "runtime error", ""])
ROWS = st.lists(
    st.fixed_dictionaries(
        {},
        optional={
            "unique_id": st.sampled_from(
                ["", "\ud800", "model.h.kites", "test.h.unique_kites_id.0123456789", "source.h.raw.kites"]
            )
            | JSON,
            "status": WORDS | JSON,
            "message": st.text(max_size=40) | JSON,
            "failures": AWKWARD | JSON,
            "node": st.fixed_dictionaries({}, optional={"unique_id": JSON, "name": JSON}) | JSON,
            "error": JSON,
            "max_loaded_at": st.sampled_from(["0001-01-01T00:00:00Z", "2999-01-01T00:00:00Z", "soon"]) | JSON,
            "max_loaded_at_time_ago_in_s": JSON,
            "criteria": JSON,
        },
    )
    | JSON,
    max_size=5,
)


def read(folder: Path, **artifacts: Any) -> Artifacts:
    """The artifacts, written as JSON, or as they are where they are text."""
    for name, content in artifacts.items():
        text = content if isinstance(content, str) else json.dumps(content)
        (folder / f"{name}.json").write_text(text, encoding="utf-8")
    return read_artifacts(folder)


def results(*rows: dict[str, Any], **metadata: str) -> dict[str, Any]:
    """A run_results.json."""
    return {"metadata": {"invocation_id": "i1", "dbt_version": "1.9.0", **metadata}, "results": list(rows)}


def one(found: Artifacts) -> Failure:
    """The only failure."""
    (failure,) = found.failures
    return failure


# --- run_results.json ---------------------------------------------------------------------------------------------------------


def test_green_results_give_nothing(tmp_path: Path) -> None:
    rows = [
        {"unique_id": f"model.h.m{i}", "status": word}
        for i, word in enumerate(["success", "pass", "Pass", "no-op", "reused"])
    ]
    found = read(tmp_path, run_results=results(*rows))
    assert (found.failures, found.errors, found.total) == ((), (), 5)


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("error", "error"),
        ("runtime error", "error"),
        ("partial success", "error"),
        ("fail", "fail"),
        ("warn", "warn"),
        ("Warn", "warn"),
        (" Error ", "error"),
    ],
)
def test_the_words_of_all_versions_are_known(tmp_path: Path, word: str, status: str) -> None:
    assert one(read(tmp_path, run_results=results({"unique_id": "test.h.t", "status": word}))).status == status


def test_a_status_that_nobody_knows_is_named_and_not_green(tmp_path: Path) -> None:
    found = read(tmp_path, run_results=results({"unique_id": "model.h.kites", "status": "wobbly"}))
    assert found.failures == ()
    assert found.errors == ("model.h.kites has the status 'wobbly', which no version of dbt is known to write.",)


def test_a_failed_test_without_a_message_has_its_count(tmp_path: Path) -> None:
    row = {"unique_id": "test.h.not_null_kites_span.0123456789", "status": "fail", "message": None, "failures": 1}
    failure = one(read(tmp_path, run_results=results(row)))
    assert (failure.message, failure.context["count"], failure.context["category"]) == ("", 1, "null_violation")


@pytest.mark.parametrize(
    ("row", "status"),
    [
        ({"status": "SELECT 1254575", "error": None}, None),
        ({"status": "-1", "error": None}, None),
        ({"status": 0.0, "error": None, "fail": None}, None),
        ({"status": None, "error": "column x does not exist"}, "error"),
        ({"status": "ERROR", "error": "boom", "skip": False}, "error"),
        ({"status": 3, "error": None, "fail": True}, "fail"),
        ({"status": 3, "error": None, "fail": None, "warn": True}, "warn"),
        ({"status": None, "error": None, "skip": True}, None),
    ],
)
def test_results_from_before_0_19_speak_by_error_and_flags(
    tmp_path: Path, row: dict[str, Any], status: str | None
) -> None:
    found = read(tmp_path, run_results={"results": [{"node": {"unique_id": "test.h.kites", "name": "kites"}, **row}]})
    assert [failure.status for failure in found.failures] == ([status] if status else [])


def test_results_without_an_id_are_kept_apart(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        run_results=results({"status": "error", "message": "a"}, {"status": "error", "message": "b", "unique_id": ""}),
    )
    assert [failure.message for failure in found.failures] == ["a", "b"]


def test_a_node_that_was_tried_twice_counts_once_as_it_ended(tmp_path: Path) -> None:
    rows = [{"unique_id": "model.h.kites", "status": "error", "message": text} for text in ("first", "last")]
    assert one(read(tmp_path, run_results=results(*rows))).message == "last"


@pytest.mark.parametrize(("first", "last", "status"), [("error", "success", []), ("success", "error", ["error"])])
def test_a_node_that_was_tried_twice_is_as_the_last_try_left_it(
    tmp_path: Path, first: str, last: str, status: list[str]
) -> None:
    tries = [{"unique_id": "model.h.kites", "status": word} for word in (first, last)]
    assert [failure.status for failure in read(tmp_path, run_results=results(*tries)).failures] == status


def test_a_try_that_failed_is_not_undone_by_being_skipped(tmp_path: Path) -> None:
    tries = [{"unique_id": "model.h.kites", "status": word} for word in ("error", "skipped")]
    assert one(read(tmp_path, run_results=results(*tries))).status == "error"


def test_a_source_that_was_asked_twice_is_as_the_last_answer_has_it(tmp_path: Path) -> None:
    answers = fresh(status="error")["results"] + fresh(status="pass")["results"]
    assert read(tmp_path, sources={"results": answers}).failures == ()


def test_skipped_nodes_are_no_failures(tmp_path: Path) -> None:
    found = read(tmp_path, run_results=results({"unique_id": "model.h.a", "status": "skipped"}))
    assert (found.failures, found.skipped) == ((), ("model.h.a",))


def test_how_dbt_was_called_is_known(tmp_path: Path) -> None:
    document = results(generated_at="2031-05-01T04:00:00Z") | {"args": {"which": "build"}}
    found = read(tmp_path, run_results=document, manifest={"metadata": {"adapter_type": "duckdb"}})
    assert found.invocation == {
        "version": "1.9.0", "command": "build", "invocation_id": "i1", "generated_at": "2031-05-01T04:00:00Z", "adapter": "duckdb",
    }  # fmt: skip


# --- What a test is about -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("unique_id", "category"),
    [
        ("test.h.unique_kites_id.0123456789", "duplicate_key"),
        ("test.h.dbt_utils_source_unique_combination_of_columns_raw_kites_id.0123456789", "duplicate_key"),
        ("test.h.source_not_null_raw_kites_span.0123456789", "null_violation"),
        ("test.h.relationships_kites_pilot__id__ref_pilots_.0123456789", "referential_integrity"),
        ("test.h.accepted_values_kites_state__up__down.0123456789", "domain_violation"),
        ("test.h.dbt_expectations_expect_table_row_count_to_be_between_kites_1.0123456789", "volume_anomaly"),
        ("test.h.dbt_utils_recency_kites_day.0123456789", "stale_source"),
        ("test.h.elementary_schema_changes_kites_.0123456789", "schema_drift"),
        ("test.h.valid_span_kites_span.0123456789", "domain_violation"),
        ("test.h.tail_matches_wind_kites.0123456789", "business_rule"),
        ("test.h.assert_unique_names", "business_rule"),
    ],
)
def test_an_id_alone_says_what_a_test_is_about(tmp_path: Path, unique_id: str, category: str) -> None:
    row = {"unique_id": unique_id, "status": "fail", "failures": 2}
    assert one(read(tmp_path, run_results=results(row))).context["category"] == category


def test_the_manifest_says_it_better(tmp_path: Path) -> None:
    test = {
        "resource_type": "test",
        "test_metadata": {"name": "relationships", "kwargs": {"model": "{{ get_where_subquery(ref('kites')) }}"}},
        "column_name": "pilot_id",
        "depends_on": {"nodes": ["model.h.pilots", "model.h.kites"]},
    }
    row = {"unique_id": "test.h.odd_name.0123456789", "status": "fail", "failures": 2}
    failure = one(read(tmp_path, run_results=results(row), manifest={"nodes": {"test.h.odd_name.0123456789": test}}))
    assert (failure.asset, failure.check, failure.columns) == ("model.h.kites", "relationships", ("pilot_id",))
    assert failure.context["category"] == "referential_integrity"


def test_an_id_that_begins_like_another_is_not_taken_for_it(tmp_path: Path) -> None:
    nodes = {
        "model.h.kites": {"name": "kites", "original_file_path": "models/kites.sql"},
        "model.h.kites_daily": {"name": "kites_daily", "original_file_path": "models/kites_daily.sql"},
    }
    row = {"unique_id": "model.h.kites", "status": "error", "message": "x"}
    assert (
        one(read(tmp_path, run_results=results(row), manifest={"nodes": nodes})).context["file"] == "models/kites.sql"
    )


def test_an_id_that_the_manifest_does_not_know_is_read_all_the_same(tmp_path: Path) -> None:
    found = read(
        tmp_path, run_results=results({"unique_id": "model.other.kites", "status": "error"}), manifest={"nodes": {}}
    )
    assert one(found).resource == "model.other.kites"


# --- sources.json -------------------------------------------------------------------------------------------------------------


def fresh(**row: Any) -> dict[str, Any]:
    """A sources.json with one source."""
    return {"metadata": {"invocation_id": "f1"}, "results": [{"unique_id": "source.h.raw.kites", **row}]}


@pytest.mark.parametrize(
    ("row", "status", "message"),
    [
        (
            {"status": "warn", "max_loaded_at": "2031-05-01T04:00:00Z", "max_loaded_at_time_ago_in_s": 90_000.0},
            "warn",
            "last loaded 25 hours ago",
        ),
        (
            {"status": "error", "max_loaded_at": "2031-05-01T04:00:00Z", "max_loaded_at_time_ago_in_s": 400_000.0},
            "stale",
            "last loaded 5 days ago",
        ),
        (
            {"status": "error", "max_loaded_at": "0001-01-01T00:00:00+00:00", "max_loaded_at_time_ago_in_s": 6.4e10},
            "stale",
            "no row at all",
        ),
        (
            {"status": "warn", "max_loaded_at": "2999-01-01T00:00:00Z", "max_loaded_at_time_ago_in_s": -3.0e10},
            "warn",
            "last loaded -",
        ),
        ({"status": "runtime error", "error": "permission denied for table kites"}, "error", "permission denied"),
        ({"status": "error", "error": "permission denied for table kites"}, "error", "permission denied"),
        ({"status": "error"}, "stale", ""),
        ({"state": "Error"}, "stale", ""),
    ],
)
def test_stale_is_told_from_a_look_that_failed(tmp_path: Path, row: dict[str, Any], status: str, message: str) -> None:
    failure = one(read(tmp_path, sources=fresh(**row)))
    assert failure.status == status
    assert failure.message.startswith(message)
    assert (failure.context.get("category") == "stale_source") == (status != "error")


def test_fresh_sources_give_nothing_and_odd_words_are_named(tmp_path: Path) -> None:
    assert read(tmp_path, sources=fresh(status="Pass")).failures == ()
    assert "'dusty'" in read(tmp_path, sources=fresh(status="dusty")).errors[0]


# --- Files that cannot be read ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "is empty"),
        ('{"results": [', "is not JSON"),
        ('<<<<<<< HEAD\n{"results": []}\n=======\n{}\n>>>>>>> main\n', "conflict markers"),
        ("[]", "holds a JSON list"),
        ("{}", "has no `results`"),
        ("[" * 100_000, "nested too deeply"),
    ],
)
def test_what_cannot_be_read_is_named(tmp_path: Path, text: str, problem: str) -> None:
    found = read(tmp_path, run_results=text)
    assert found.failures == ()
    assert problem in found.errors[0]
    assert found.errors[0].startswith("run_results.json")


@pytest.mark.parametrize("artifact", ["run_results", "sources"])
@pytest.mark.parametrize(
    ("found", "problems"),
    [
        (None, ["are null, and neither a list nor an object"]),
        ("x", ['are "x", and neither a list nor an object']),
        (7, ["are 7, and neither"]),
        ([None, "x", 3], ["result 1 is null", 'result 2 is "x"', "result 3 is 3"]),
        ({"source.h.raw.kites": None}, ["result source.h.raw.kites is null, and no object"]),
        ([], []),
        ({}, []),
    ],
)
def test_results_that_are_none_are_named(tmp_path: Path, artifact: str, found: object, problems: list[str]) -> None:
    errors = read(tmp_path, **{artifact: {"results": found}}).errors
    assert len(errors) == len(problems)
    for error, problem in zip(errors, problems, strict=True):
        assert error.startswith(f"{artifact}.json")
        assert problem in error


@pytest.mark.parametrize("failures", ["NaN", "Infinity", "9" * 400, '"1e999"'])
def test_a_count_that_is_no_number_is_as_if_it_were_absent(tmp_path: Path, failures: str) -> None:
    row = f'{{"unique_id": "test.h.unique_kites.0123456789", "status": "fail", "failures": {failures}}}'
    assert "count" not in one(read(tmp_path, run_results=f'{{"results": [{row}]}}')).context


def test_half_of_an_escaped_letter_can_be_written_again(tmp_path: Path) -> None:
    found = read(tmp_path, run_results='{"results": [{"unique_id": "model.h.\\ud800", "status": "error"}]}')
    assert one(found).resource == "model.h.?"


def test_bytes_that_are_no_text_are_named(tmp_path: Path) -> None:
    (tmp_path / "run_results.json").write_bytes(b'{"results": "\xff"}')
    assert "is not UTF-8" in read_artifacts(tmp_path).errors[0]


def test_one_unreadable_artifact_does_not_hide_the_other(tmp_path: Path) -> None:
    found = read(tmp_path, run_results="{", sources=fresh(status="error"))
    assert one(found).kind == "source"
    assert len(found.errors) == 1


def test_a_folder_without_artifacts_is_not_green(tmp_path: Path) -> None:
    assert "has no run_results.json" in read_artifacts(tmp_path).errors[0]
    assert "is not there" in read_artifacts(tmp_path / "nowhere").errors[0]


def test_a_project_is_read_in_its_target_and_a_file_by_its_name(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.mkdir()
    read(target, run_results=results({"unique_id": "model.h.kites", "status": "error"}))
    assert one(read_artifacts(tmp_path)) == one(read_artifacts(target / "run_results.json"))


def test_many_results_are_read(tmp_path: Path) -> None:
    rows = [{"unique_id": f"model.h.m{i}", "status": "error" if i % 2 else "success"} for i in range(1_816)]
    found = read(tmp_path, run_results=results(*rows))
    assert (found.total, len(found.failures)) == (1_816, 908)


@settings(max_examples=150, deadline=None)
@given(rows=ROWS, manifest=JSON)
def test_any_json_is_read(tmp_path_factory: pytest.TempPathFactory, rows: list[Any], manifest: Any) -> None:
    folder = tmp_path_factory.mktemp("any")
    found = read(
        folder,
        run_results={"results": rows},
        sources={"results": rows},
        manifest={"nodes": {"model.h.kites": manifest}, "parent_map": manifest},
    )
    for failure in found.failures:
        f"{failure.resource}{failure.message}".encode()
    triage(folder)
