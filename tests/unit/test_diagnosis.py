"""Why something failed, told from its words: the vocabularies of engines and tools, long logs with decoys, and one's own rules."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from _pytest.mark import ParameterSet
from hypothesis import given, settings
from hypothesis import strategies as st

from openclaw.diagnosis import RuleError, diagnose
from openclaw.diagnosis.reading import read
from openclaw.diagnosis.rules import load_rules
from openclaw.model import CATEGORIES

TEXTS = Path(__file__).parents[1] / "data" / "error_texts.yml"


def _texts() -> Iterator[ParameterSet]:
    for category, texts in yaml.safe_load(TEXTS.read_text(encoding="utf-8")).items():
        for written in texts:
            text, also = (written, []) if isinstance(written, str) else (written["text"], written["also"])
            yield pytest.param(text, {category, *also}, id=f"{category}: {' '.join(text.split())[:60]}")


@pytest.mark.parametrize(("text", "categories"), list(_texts()))
def test_an_error_is_known_by_the_words_of_its_engine(text: str, categories: set[str]) -> None:
    told = diagnose(text)
    assert told.category in categories
    if told.category != "unknown":
        assert told.confidence >= 0.5
        assert told.evidence
        assert told.evidence in read(text).text


def test_every_category_has_a_text_and_a_rule() -> None:
    written = yaml.safe_load(TEXTS.read_text(encoding="utf-8"))
    assert set(written) == set(CATEGORIES) - {"none"}
    assert {rule.category for rule in load_rules()} == set(CATEGORIES)


def test_all_rules_compile_and_explain_without_leaving_a_slot() -> None:
    nothing = re.match("", "")
    assert nothing is not None
    for rule in load_rules():
        for pattern in (*rule.match, *rule.requires, *rule.unless):
            list(pattern.finditer("nothing of the kind", pattern.literal))
        assert "{" not in rule.explanation(nothing)


def test_nearly_every_pattern_has_a_word_by_which_it_is_passed_over() -> None:
    patterns = [pattern for rule in load_rules() for pattern in rule.match]
    without = [pattern.source for pattern in patterns if not pattern.literal]
    assert len(without) < len(patterns) / 3, without


# --- The line that decides ----------------------------------------------------------------------------------------------------


def _log(text: str) -> str:
    return textwrap.dedent(text).strip()


WRAPPED = _log("""
    [2031-05-01T04:00:00.100+0000] {taskinstance.py:2613} INFO - Starting attempt 1 of 3
    [2031-05-01T04:00:01.100+0000] {warnings.py:112} WARNING - /x/y.py:3: DeprecationWarning: permission denied for table is deprecated
    [2031-05-01T04:00:02.100+0000] {subprocess.py:93} INFO - retry_timeout=30 connection_refused_events loaded
    [2031-05-01T04:00:03.100+0000] {taskinstance.py:3310} ERROR - Task failed with exception
    Traceback (most recent call last):
      File "/srv/deadlock_detected/load.py", line 12, in connect_timeout
        raise PermissionError("permission denied for table x")
    psycopg2.errors.NumericValueOutOfRange: integer out of range

    The above exception was the direct cause of the following exception:

    Traceback (most recent call last):
      File "/srv/load.py", line 40, in load
        cursor.execute(sql)
    sqlalchemy.exc.DataError: (psycopg2.errors.NumericValueOutOfRange) integer out of range
    [SQL: insert into permission_denied select "statement timeout", deadlock_detected from x]
    [2031-05-01T04:00:04.100+0000] {local_task_job_runner.py:240} INFO - Task exited with return code 1
""")
SPARK = _log("""
    31/05/01 04:00:00 WARN TaskSetManager: Lost task 0.0 in stage 3.0: TaskKilled (Connection refused)
    org.apache.spark.SparkException: Job aborted due to stage failure: Task 3 in stage 7.0 failed 4 times
    \tat org.apache.spark.scheduler.DAGScheduler.failJob(DAGScheduler.scala:2059)
    Caused by: java.util.concurrent.ExecutionException: something
    \tat java.base/java.util.concurrent.PermissionDenied.run(Thread.java:1)
    Caused by: org.apache.spark.sql.AnalysisException: [TABLE_OR_VIEW_NOT_FOUND] The table or view `raw`.`kites` cannot be found.
    \t... 12 more
""")
SNOWFLAKE = _log("""
    Database Error in model kites (models/kites.sql)
      002003 (02000): SQL compilation error:
      Object 'RAW.TIMEOUT_EVENTS' does not exist or not authorized.
      compiled code at target/run/hangar/models/kites.sql
""")
ECHOED = _log("""
    Runtime Error in model kites (models/kites.sql)
      [UNRESOLVED_COLUMN.WITH_SUGGESTION] A column with name `span` cannot be resolved.

      == SQL ==
      /* {"app": "dbt"} */
      select 'out of memory' as deadlock_detected, permission_denied from query_timeout where x = 'division by zero'
""")
STRUCTURED = (
    '[{"timestamp":"2031-05-01T04:00:00Z","level":"warning","event":"Connection refused, retrying in 3 s"},'
    '{"timestamp":"2031-05-01T04:00:09Z","level":"error","event":"Task failed with exception","error_detail":'
    '[{"exc_type":"KeyError","exc_value":"\'Variable kite_bucket does not exist\'","syntax_error":null}]}]'
)


@pytest.mark.parametrize(
    ("text", "category"),
    [
        pytest.param(WRAPPED, "type_or_parse_error", id="a chain of exceptions among decoys"),
        pytest.param(SPARK, "missing_relation", id="the last Caused by"),
        pytest.param(SNOWFLAKE, "missing_relation", id="an SQL compilation error is none of dbt's"),
        pytest.param(ECHOED, "schema_drift", id="the SQL that is quoted back is not read"),
        pytest.param(STRUCTURED, "configuration", id="an exception in the fields of a structured log"),
    ],
)
def test_the_decisive_line_of_a_log_is_found(text: str, category: str) -> None:
    assert diagnose(text).category == category


HEALTHY = [
    _log("""
        [2031-05-01T04:00:00.100+0000] {taskinstance.py:2613} INFO - Starting attempt 2 of 3
        [2031-05-01T04:00:01.100+0000] {load.py:31} WARNING - Connection refused, retrying in 5 s
        [2031-05-01T04:00:06.100+0000] {load.py:44} INFO - 1,204 rows loaded
        [2031-05-01T04:00:07.100+0000] {taskinstance.py:1206} INFO - Marking task as SUCCESS. dag_id=kites
        [2031-05-01T04:00:07.200+0000] {local_task_job_runner.py:240} INFO - Task exited with return code 0
    """),
    _log("""
        04:00:00  Running with dbt=1.9.4
        04:00:01  [WARNING]: Test 'test.hangar.unique_kites_id.1' depends on a node named 'kites' which was not found
        04:00:03  1 of 1 OK created sql view model raw.kites ....... [CREATE VIEW in 0.1s]
        04:00:03  Completed successfully
        04:00:03  Done. PASS=1 WARN=0 ERROR=0 SKIP=0 TOTAL=1
    """),
    "2031-05-01 04:00:00 INFO  loader: 12 files read\n2031-05-01 04:00:01 WARNING loader: slow disk",
]


@pytest.mark.parametrize("text", HEALTHY)
def test_a_log_that_tells_of_no_failure_is_none(text: str) -> None:
    assert diagnose(text).category == "none"


def test_success_before_a_failure_does_not_make_it_healthy() -> None:
    text = (
        HEALTHY[0] + "\n[2031-05-01T04:00:09+0000] {taskinstance.py:1512} INFO - Marking task as FAILED. dag_id=kites"
    )
    assert diagnose(text).category == "unknown"


AIRFLOW = "[2031-05-01T04:00:09+0000] {{taskinstance.py:1512}} {level} - {said}\n"
LOST = AIRFLOW.format(level="ERROR", said="psycopg.OperationalError: server closed the connection unexpectedly")


@pytest.mark.parametrize(
    "after",
    [
        "step report: completed successfully",
        "sidecar exited with code 0",
        "Job clean-up succeeded",
        AIRFLOW.format(level="INFO", said="notification sent, status=200"),
    ],
)
def test_a_success_of_something_else_does_not_make_a_failed_log_healthy(after: str) -> None:
    assert diagnose(LOST + after).category == "connectivity"


@pytest.mark.parametrize(
    "verdict",
    ["Marking task as SUCCESS. dag_id=kites", "Task exited with return code 0", "Done. PASS=3 WARN=0 ERROR=0"],
)
def test_the_verdict_of_the_task_itself_overrules_an_earlier_error(verdict: str) -> None:
    assert diagnose(LOST + AIRFLOW.format(level="INFO", said=verdict)).category == "none"


@pytest.mark.parametrize(
    "mark", ["Marking task as FAILED. dag_id=kites", "dbt build failed", "Done. PASS=3 WARN=0 ERROR=1 SKIP=0 TOTAL=4"]
)
def test_no_later_success_takes_back_that_it_is_recorded_as_failed(mark: str) -> None:
    told = diagnose(
        AIRFLOW.format(level="INFO", said=mark) + AIRFLOW.format(level="INFO", said="Marking task as SUCCESS")
    )
    assert told.category == "unknown"


def test_a_step_that_failed_among_others_that_succeeded_is_a_failure() -> None:
    assert diagnose(
        "dbt deps: completed successfully\ntask kites: FAILED\nreport: completed successfully"
    ).category == ("unknown")


def test_a_name_that_says_it_by_convention_only_is_less_sure_than_the_kind_of_a_test() -> None:
    by_kind = diagnose("Failure in test unique_kites_id (models/kites.yml)")
    by_convention = diagnose("Failure in test no_duplicate_kites (models/kites.yml)")
    assert (by_kind.category, by_convention.category) == ("duplicate_key", "duplicate_key")
    assert by_convention.confidence <= 0.75 < by_kind.confidence


@pytest.mark.parametrize(
    ("text", "category", "transient"),
    [
        ("ERROR: sails SQLSTATE: 08006", "connectivity", True),
        ("ERROR: sails SQLSTATE: 0AKDC", "unsupported_feature_or_function", False),
        ("ERROR: sails SQLSTATE: 40003", "concurrency", True),
        ("399999 (22012): sails", "runtime_error", False),
        ("399999 (22P02): sails", "type_or_parse_error", False),
        ("{'S': 'ERROR', 'C': '23503', 'M': 'sails'}", "referential_integrity", False),
        ("psycopg.errors.InvalidRecursion: sails", "sql_syntax", False),
        ("psycopg.errors.InFailedSqlTransaction: sails", "unknown", None),
        ("399999 (22000): sails", "unknown", None),
        ("Duplicate sails (23505)", "unknown", None),
    ],
)
def test_an_sqlstate_decides_where_no_words_do(text: str, category: str, transient: bool | None) -> None:
    told = diagnose(text)
    assert (told.category, told.transient) == (category, transient)
    assert told.confidence <= 0.7


def test_words_weigh_more_than_an_sqlstate() -> None:
    assert diagnose('relation "kites" does not exist, SQLSTATE: 42601').category == "missing_relation"


def test_expectations_that_came_out_true_tell_of_no_failure() -> None:
    line = "2031-05-01 04:00:00 INFO gx: expect_column_values_to_be_unique success=True unexpected_count=0\n"
    assert diagnose(line * 2).category == "none"


def test_what_cannot_be_told_is_unknown_with_the_guess_in_words() -> None:
    told = diagnose("Traceback (most recent call last):\n  File \"x.py\", line 3, in f\n    a[b]\nKeyError: 'kite'")
    assert (told.category, told.transient) == ("unknown", None)
    assert "may be" in told.explanation


@pytest.mark.parametrize("text", ["", "   \n", "hello", "\x00", "{" * 5000])
def test_text_without_an_error_is_unknown(text: str) -> None:
    assert diagnose(text).category == "unknown"


@pytest.mark.parametrize(
    ("text", "transient"),
    [
        ("deadlock detected", True),
        ("canceling statement due to statement timeout", True),
        ("429 Too Many Requests", True),
        ("Connection refused", True),
        ("java.lang.OutOfMemoryError: Java heap space", False),
        ("No space left on device", False),
        ("permission denied for table kites", False),
        ("certificate verify failed: self-signed certificate", False),
        ("Error starting terminated cluster", True),
        ('relation "kites" does not exist', False),
        ("Task exited with return code 1", None),
    ],
)
def test_it_says_whether_a_retry_would_heal(text: str, transient: bool | None) -> None:
    assert diagnose(text).transient is transient


def test_a_name_that_sounds_like_an_error_is_none() -> None:
    text = 'column "statement_timeout" does not exist\n  in relation permission_denied_log, deadlock_detected'
    assert diagnose(text).category == "schema_drift"


def test_the_kind_of_event_decides_only_where_words_do_not() -> None:
    assert diagnose("kites: 31 hours", event_type="DBT_FRESHNESS_STALE").category == "stale_source"
    assert (
        diagnose("permission denied for table kites", event_type="DBT_FRESHNESS_STALE").category == "auth_or_permission"
    )
    assert diagnose("something", event_type="PIPELINE_FAILED").category == "unknown"


def test_a_failed_expectation_is_told_from_those_that_passed() -> None:
    text = """{"results": [
        {"success": true, "expectation_config": {"type": "expect_column_values_to_not_be_null"}},
        {"success": false, "expectation_config": {"type": "expect_table_row_count_to_be_between"}}]}"""
    assert diagnose(text).category == "volume_anomaly"


def test_an_expectation_that_raised_is_explained_by_what_it_raised() -> None:
    text = """{"success": false, "expectation_config": {"type": "expect_column_values_to_not_be_null"},
        "exception_info": {"raised_exception": true, "exception_message": "Error: The column \\"wind\\" in BatchData does not exist."}}"""
    assert diagnose(text).category == "schema_drift"


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=2_000))
def test_any_text_gets_an_answer(text: str) -> None:
    told = diagnose(text)
    assert told.category in CATEGORIES
    assert 0 <= told.confidence <= 1


def test_a_text_of_megabytes_is_read_at_its_ends() -> None:
    filler = "2031-05-01 04:00:00 INFO  loader: still working on kites\n" * 40_000
    assert (
        diagnose(filler + 'psycopg.errors.UndefinedTable: relation "kites" does not exist').category
        == "missing_relation"
    )


@pytest.mark.parametrize(
    "piece",
    [
        *(
            "\n",
            " ",
            "\\n",
            "permission denied for ",
            "[SQL: ",
            '/* {"app": ',
            '{"success": false, "type": "expect_x"},',
        ),
        *(
            "Failing row contains (",
            "Key (a)=(",
            "value '",
            "[A_",
            "SQLSTATE: ",
            "12345 (",
            "file gs://a/b ",
            "expect_x failed ",
        ),
    ],
)
@pytest.mark.timeout(120)  # what is tried again at every place takes hours for a text of this size
def test_a_text_that_repeats_itself_is_read_in_the_time_of_any_other(piece: str) -> None:
    assert diagnose(piece * (200_000 // len(piece))).category in CATEGORIES


# --- Rules of one's own -------------------------------------------------------------------------------------------------------


@pytest.fixture
def rules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of OPENCLAW_RULES."""
    monkeypatch.setenv("OPENCLAW_RULES", str(tmp_path))
    return tmp_path / "own.yml"


def test_a_rule_of_ones_own_counts(rules: Path) -> None:
    rules.write_text(
        "category: configuration\nrules:\n- id: kite-licence\n  explain: The licence of {what|KiteDB} has ended.\n"
        "  match: ['KITE-77 for (?P<what>\\w+)']\n"
    )
    told = diagnose("KITE-77  for hangar")
    assert (told.category, told.rule, told.explanation) == (
        "configuration",
        "kite-licence",
        "The licence of hangar has ended.",
    )
    assert told.evidence == "KITE-77  for hangar"


def test_a_rule_of_ones_own_takes_the_place_of_ours(rules: Path) -> None:
    rules.write_text(
        "category: business_rule\nrules:\n- {id: deadlock, explain: Here that is a rule., confidence: 0.99, match: ['deadlock detected']}\n"
    )
    assert diagnose("deadlock detected").category == "business_rule"


def test_what_must_be_there_and_what_must_not_decide_with_it(rules: Path) -> None:
    rules.write_text(
        "category: configuration\nrules:\n- {id: k, explain: K., match: ['E-7'], requires: ['kitedb'], unless: ['harmless']}\n"
    )
    assert diagnose("kitedb said E-7").category == "configuration"
    assert diagnose("someone said E-7").category == "unknown"
    assert diagnose("kitedb said harmless E-7").category == "unknown"


RULE = "- {id: k, explain: K., match: ['x']"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("rules: [", "is not YAML"),
        ("- 1", "expected `category` and a list of `rules`"),
        ("category: weather\nrules:\n" + RULE + "}", "rule k: category 'weather' is none of"),
        ("category: none\ncolour: red\nrules: []", "'colour' is none of"),
        ("category: none\nrules:\n- {explain: K.}", "rule number 1: expected a mapping with an `id`"),
        ("category: none\nrules:\n- {id: k, match: ['x']}", "rule k: expected `explain`"),
        ("category: none\nrules:\n- {id: k, explain: K.}", "rule k: expected `match`"),
        ("category: none\nrules:\n- {id: k, explain: K., match: x}", "rule k: `match` is a list of patterns"),
        ("category: none\nrules:\n- {id: k, explain: K., match: ['(']}", "rule k: '(' is no regular expression"),
        (
            "category: none\nrules:\n" + RULE + ", confidence: 2}",
            "rule k: confidence is a number above 0, up to 1; found 2",
        ),
        (
            "category: none\nrules:\n" + RULE + ", transient: maybe}",
            "rule k: transient is true, false or null; found 'maybe'",
        ),
        ("category: none\nrules:\n" + RULE + ", matches: []}", "rule k: 'matches' is none of"),
        ("category: none\nrules:\n" + RULE + "}\n" + RULE + "}", "rule k: there is another rule with this id"),
    ],
)
def test_a_bad_rule_is_refused_by_file_rule_and_reason(rules: Path, text: str, problem: str) -> None:
    rules.write_text(text)
    with pytest.raises(RuleError) as refused:
        diagnose("x")
    assert str(refused.value).startswith(f"{rules}: ")
    assert problem in str(refused.value)


def test_a_folder_that_is_not_there_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("OPENCLAW_RULES", str(tmp_path / "nowhere"))
    with pytest.raises(RuleError, match="there is no such folder"):
        diagnose("x")
