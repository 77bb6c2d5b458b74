"""Failures of one cause become one group, of two causes two, whatever their order; and the impact of each says how bad it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openclaw.causes import diagnosis_of
from openclaw.correlate import correlate
from openclaw.lineage import Lineage, Node
from openclaw.model import Failure, Finding
from openclaw.severity import Impact, grade, is_published
from openclaw.triage import investigate

MISSING = 'relation "raw.kites" does not exist'
EDGES = [
    ("source.h.raw.kites", "model.h.stg_kites"),
    ("source.h.raw.pilots", "model.h.stg_pilots"),
    ("model.h.stg_kites", "model.h.fct_flights"),
    ("model.h.stg_pilots", "model.h.fct_flights"),
    ("model.h.fct_flights", "exposure.h.board"),
]
LINEAGE = Lineage.of(EDGES, [Node("exposure.h.board", kind="exposure", name="board", label="Flight board")])


def model(name: str, message: str, **known: Any) -> Failure:
    """A model that was not built."""
    return Failure(f"run:{name}", "DBT_RUN_FAILED", f"model.h.{name}", "model", "error", message, **known)


def check(
    asset: str, name: str, category: str, columns: Sequence[str] = (), count: int = 3, status: Any = "fail"
) -> Failure:
    """A check that came out false."""
    resource = f"test.h.{name}_{asset}_{'_'.join(columns)}"
    known = {"category": category, "columns": tuple(columns), "count": count}
    return Failure(
        f"run:{resource}",
        "DBT_TEST_FAILED",
        resource,
        "test",
        status,
        "",
        asset=f"model.h.{asset}",
        check=name,
        context=known,
    )


def stale(table: str, source: str = "raw") -> Failure:
    """A source that is late."""
    resource = f"source.h.{source}.{table}"
    known = {"category": "stale_source"}
    return Failure(
        f"fresh:{resource}", "DBT_FRESHNESS_STALE", resource, "source", "stale", "last loaded 3 days ago", context=known
    )


def roots(*failures: Failure, lineage: Lineage = LINEAGE) -> list[str]:
    """The root of each group."""
    return [group.root.resource for group in correlate(failures, lineage, diagnosis_of)]


def found(*failures: Failure, skipped: Sequence[str] = ()) -> tuple[Finding, ...]:
    """What the agent would say."""
    return investigate(failures, LINEAGE, skipped)


# --- One cause ----------------------------------------------------------------------------------------------------------------


def test_one_missing_table_on_many_models_is_one_cause() -> None:
    assert roots(model("a", MISSING), model("b", f"Database Error in model b (models/b.sql)\n  {MISSING}")) == [
        "model.h.a"
    ]


def test_two_missing_tables_are_two() -> None:
    assert len(roots(model("a", MISSING), model("b", MISSING.replace("kites", "pilots")))) == 2


def test_what_breaks_below_a_broken_model_follows_from_it() -> None:
    assert roots(
        model("fct_flights", 'relation "stg_kites" does not exist'), model("stg_kites", 'column "span" does not exist')
    ) == ["model.h.stg_kites"]


def test_a_model_that_names_a_table_without_a_reference_follows_from_the_one_that_makes_it() -> None:
    assert roots(
        model("odd", 'relation "dw.base" does not exist'), model("base", "division by zero"), lineage=Lineage()
    ) == ["model.h.base"]


def test_an_outage_is_one_whatever_it_hits() -> None:
    assert len(roots(*(model(name, "could not connect to server: Connection refused") for name in "abc"))) == 1


REFUSED = 'connection to server at "{}" (10.0.0.1), port 5432 failed: Connection refused'


@pytest.mark.parametrize(
    "words",
    [
        REFUSED,
        'could not translate host name "{}" to address: Name or service not known',
        "HTTPSConnectionPool(host='{}', port=443): Max retries exceeded with url: /v1",
        "Can't connect to MySQL server on '{}:3306' (111)",
        "dial tcp: lookup {}.internal: no such host",
        "psycopg2.OperationalError: connect to {}.internal timed out: Connection timed out",
        "failed to connect to all addresses; {}:8443: Connection refused",
        "Failed to connect to https://reader@{}/api: Connection refused",
    ],
)
def test_outages_of_two_hosts_are_two_and_of_one_host_one_whatever_runs(words: str) -> None:
    a, b, c = (
        model(name, words.format(host), run_id=run)
        for name, host, run in (("a", "db-one", "1"), ("b", "db-two", "1"), ("c", "db-one", "2"))
    )
    assert roots(a, b, c) == ["model.h.a", "model.h.b"]


def test_an_outage_that_only_some_name_the_host_of_is_one_within_what_ran_together() -> None:
    told = [
        ("a", "server closed the connection unexpectedly", "x"),
        ("b", 'connection to server at "db-one" failed: Connection refused', "x"),
        ("c", 'connection to server at "db-one" failed: Connection refused', "x"),
        ("d", "server closed the connection unexpectedly", "y"),
    ]
    a, b, c, d = (model(name, words, context={"family": family}) for name, words, family in told)
    assert roots(a, b, c, d) == ["model.h.a", "model.h.d"]
    other = model("e", 'connection to server at "db-two" failed: Connection refused', context={"family": "x"})
    assert roots(a, b, c, other) == ["model.h.a", "model.h.b", "model.h.e"], "whose outage it was is not told"


def test_an_outage_without_a_host_is_one_within_what_ran_together() -> None:
    told = [("a", "1", "x"), ("b", "2", "x"), ("c", "3", "y")]
    a, b, c = (model(n, "Connection reset by peer", run_id=run, context={"family": f}) for n, run, f in told)
    assert roots(a, b, c) == ["model.h.a", "model.h.c"]
    assert len(roots(*(replace(failure, context={}) for failure in (a, b, c)))) == 3


@pytest.mark.parametrize(
    "words",
    [
        "",
        "  \n",
        "division by zero",
        "Duplicate row detected during DML action",
        'syntax error at or near "from"',
        'null value in column "id" violates not-null constraint',
        'invalid input syntax for type integer: "x"',
        "it went wrong",
        "This model has an enforced contract that failed.",
        "deadlock detected",
        "The source and target schemas on this incremental model are out of sync!",
        "Compilation Error: expected token 'end of print statement', got 'x'",
    ],
)
def test_two_nodes_that_say_the_same_of_themselves_are_two(words: str) -> None:
    assert len(roots(model("a", words), model("b", words))) == 2


@pytest.mark.parametrize(
    "words", ["'cents_to_money' is undefined", 'column "quarter" does not exist', "permission denied for schema raw"]
)
def test_two_nodes_that_lack_the_same_are_one(words: str) -> None:
    assert len(roots(model("a", words), model("b", words))) == 1


def test_one_node_that_fails_twice_for_one_reason_is_one() -> None:
    first = model("a", "division by zero")
    assert len(roots(first, replace(first, failure_id="later", message=""))) == 2, "without words nobody knows"
    assert len(roots(first, replace(first, failure_id="later", message="division by zero in row 2"))) == 1


def test_nulls_that_are_passed_on_are_one_cause() -> None:
    above, below = (check(asset, "not_null", "null_violation", ["span"]) for asset in ("stg_kites", "fct_flights"))
    assert roots(below, above) == [above.resource]


def test_two_keys_doubled_on_one_table_are_one_load_twice() -> None:
    assert (
        len(
            roots(
                check("kites", "unique", "duplicate_key", ["id"]),
                check("kites", "unique", "duplicate_key", ["name"], 4),
            )
        )
        == 1
    )


def test_two_defects_of_one_table_are_two() -> None:
    assert (
        len(
            roots(
                check("kites", "unique", "duplicate_key", ["id"]),
                check("kites", "accepted_values", "domain_violation", ["state"]),
            )
        )
        == 2
    )


def test_the_same_check_on_unrelated_tables_is_two() -> None:
    assert (
        len(
            roots(
                check("stg_kites", "unique", "duplicate_key", ["id"]),
                check("stg_pilots", "unique", "duplicate_key", ["id"], 9),
            )
        )
        == 2
    )


def test_stale_sources_are_one_for_each_group_loaded_together() -> None:
    assert len(roots(stale("kites"), stale("pilots"), stale("rates", source="bank"))) == 2


def test_a_task_fails_with_what_failed_inside_it() -> None:
    inner = replace(model("stg_kites", MISSING), run_id="r1")
    task = Failure("t", "PIPELINE_FAILED", "airflow:dbt.build", "task", "error", "Bash command failed", run_id="r1")
    assert roots(task, inner) == ["model.h.stg_kites"]


def test_a_task_alone_is_its_own_root() -> None:
    task = Failure("t", "PIPELINE_FAILED", "airflow:dbt.build", "task", "error", "Bash command failed", run_id="r1")
    assert roots(task) == ["airflow:dbt.build"]


FAILURES = st.lists(
    st.sampled_from(
        [
            model("stg_kites", MISSING),
            model("fct_flights", 'relation "stg_kites" does not exist'),
            model("stg_pilots", "Connection refused"),
            check("stg_kites", "unique", "duplicate_key", ["id"]),
            check("fct_flights", "not_null", "null_violation", ["span"]),
            check("stg_kites", "not_null", "null_violation", ["span"], status="warn"),
            stale("kites"),
            stale("pilots"),
            Failure("", "DBT_RUN_FAILED", "", "model", "error", ""),
        ]
    ),
    unique_by=lambda failure: failure.failure_id,
)


@settings(max_examples=100, deadline=None)
@given(failures=FAILURES, data=st.data())
def test_the_order_of_failures_changes_nothing_and_none_is_lost(failures: list[Failure], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(failures))
    groups = correlate(shuffled, LINEAGE, diagnosis_of)
    assert groups == correlate(failures, LINEAGE, diagnosis_of)
    assert sorted(f.failure_id for group in groups for f in group.failures) == sorted(f.failure_id for f in failures)


def test_a_lineage_with_a_loop_and_loose_ends_is_walked() -> None:
    loop = Lineage.of([("a", "b"), ("b", "c"), ("c", "a"), ("c", "nowhere"), ("", "a"), ("a", "a")])
    assert loop.ancestors("a") == {"b", "c"}
    assert loop.blast_radius(["a"]) == ("b", "c", "nowhere")


# --- Impact -------------------------------------------------------------------------------------------------------------------


def test_a_broken_model_reaches_the_dashboard_and_what_was_skipped() -> None:
    (finding,) = found(model("stg_kites", MISSING), skipped=["model.h.fct_flights"])
    assert finding.affected == ("model.h.fct_flights", "exposure.h.board")
    assert finding.exposures == ("Flight board",)
    assert finding.severity == "P1"
    assert finding.reasons == ("a run failed: stg_kites was not built", "1 node downstream skipped", "reaches 1 dashboard: Flight board",
                               "reaches published data: fct_flights")  # fmt: skip


def test_a_failing_check_below_is_affected_though_it_is_an_incident_of_its_own() -> None:
    below = check("fct_flights", "accepted_values", "domain_violation", ["state"])
    finding = next(f for f in found(model("stg_kites", "division by zero"), below) if f.root == "model.h.stg_kites")
    assert below.resource in finding.affected


def test_a_check_of_the_same_column_is_affected_and_one_of_another_is_not() -> None:
    key = check("stg_kites", "unique", "duplicate_key", ["id", "day"])
    same, other = (check("stg_kites", "accepted_values", "domain_violation", [column]) for column in ("id", "state"))
    finding = next(f for f in found(key, same, other) if f.root == key.resource)
    assert same.resource in finding.affected
    assert other.resource not in finding.affected


def test_only_warnings_are_p2_even_where_they_reach_a_dashboard() -> None:
    (finding,) = found(check("stg_kites", "unique", "duplicate_key", ["id"], status="warn"))
    assert finding.severity == "P2"
    assert finding.reasons[0] == "only warnings: its owner set it not to block"


def test_a_failed_check_of_what_nobody_reads_is_p2() -> None:
    assert grade(Impact([check("lonely", "unique", "duplicate_key")], [], [], []), Lineage())[0] == "P2"


def test_what_was_skipped_waits_for_whoever_blocks_it() -> None:
    warning, error = (
        check("stg_pilots", "unique", "duplicate_key", status="warn"),
        model("stg_kites", "division by zero"),
    )
    by_root = {finding.root: finding for finding in found(warning, error, skipped=["model.h.unknown_to_the_manifest"])}
    assert "model.h.unknown_to_the_manifest" in by_root[error.resource].affected
    assert "model.h.unknown_to_the_manifest" not in by_root[warning.resource].affected


@pytest.mark.parametrize(
    ("node", "published"),
    [
        (Node("model.h.fct_flights", "model", "fct_flights"), True),
        (Node("model.h.x", "model", "x", path="models/marts/x.sql"), True),
        (Node("gold.flights", name="gold.flights"), True),
        (Node("model.h.x", "model", "x", published=True), True),
        (Node("model.h.stg_x", "model", "stg_x", path="models/staging/stg_x.sql"), False),
        (Node("test.h.fct_x", "test", "fct_x", path="models/marts/x.yml"), False),
        (Node("model.h.factory", "model", "factory"), False),
    ],
)
def test_what_people_read_is_known_by_its_place_or_its_owners_word(node: Node, published: bool) -> None:
    assert is_published(node) is published


# --- Findings -----------------------------------------------------------------------------------------------------------------


def test_the_fingerprint_outlives_the_run() -> None:
    first, second = (found(replace(model("stg_kites", MISSING), failure_id=run, run_id=run))[0] for run in ("r1", "r2"))
    assert first.fingerprint == second.fingerprint
    assert first.fingerprint != found(model("stg_kites", "Connection refused"))[0].fingerprint


def test_a_check_that_could_not_be_carried_out_is_explained_by_its_error() -> None:
    failure = replace(
        check("stg_kites", "unique", "duplicate_key"), status="error", message='column "id" does not exist', context={}
    )
    (finding,) = found(failure)
    assert finding.diagnosis.category == "schema_drift"
    assert finding.title == "stg_kites: the check unique could not be carried out – a column is not as expected"


def test_a_failure_without_words_is_unknown_and_none_of_a_failure_is_not_said() -> None:
    assert found(model("stg_kites", ""))[0].diagnosis.category == "unknown"
    assert found(model("stg_kites", "Completed successfully"))[0].diagnosis.category == "unknown"
