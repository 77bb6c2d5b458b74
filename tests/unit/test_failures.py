"""What a failure of the pipeline becomes in the record: the right event, of the right asset, with its evidence, once."""

from __future__ import annotations

import pytest

from olist.errors import HeaderRefused, SourceRefused
from olist.failures import of_checks, of_error
from opstore.store import Check


def failed(
    asset: str, name: str, kind: str, message: str = "", severity: str = "error", columns: tuple[str, ...] = ()
) -> Check:
    return Check(asset, name, kind, severity, "fail", 3, message, columns)  # type: ignore[arg-type]


def test_a_failed_check_is_an_event_with_its_rows_and_what_closes_it() -> None:
    said = "3 rows; orders.csv row 8: outside_domain x"
    check = failed("silver.orders", "valid(order_status)", "validity", said, columns=("order_status",))
    (event,) = of_checks("1.silver", "silver", [check])
    assert (event.type, event.resource, event.check_name, event.run_id) == (
        "DATA_QUALITY_FAILED", "silver.orders", "valid(order_status)", "1.silver",
    )  # fmt: skip
    assert "orders.csv row 8: outside_domain" in event.message
    assert event.evidence == {
        "kind": "test", "status": "fail", "asset": "silver.orders", "category": "domain_violation",
        "columns": ["order_status"], "count": 3, "step": "silver", "after": "ingest",
    }  # fmt: skip


def test_the_columns_of_an_event_are_those_that_the_check_speaks_of_and_never_its_name() -> None:
    promised = "business_rule(paid_in_proportion)"
    check = failed(
        "silver.order_payments", promised, "business_rule", columns=("payment_value", "payment_installments")
    )
    assert of_checks("1", "silver", [check])[0].evidence["columns"] == ["payment_value", "payment_installments"]
    nameless = failed("silver.order_payments", promised, "business_rule")
    assert "columns" not in of_checks("1", "silver", [nameless])[0].evidence


def test_what_passed_and_what_was_skipped_are_no_events() -> None:
    fine = [Check("silver.orders", s, "range", "error", s, 0) for s in ("pass", "skipped")]  # type: ignore[arg-type]
    assert of_checks("1", "silver", fine) == []


def test_the_same_check_of_the_same_run_is_the_same_event() -> None:
    checks = [failed("silver.orders", "unique(order_id)", "unique")]
    first, again, other = (of_checks(run, "silver", checks)[0].event_id for run in ("1", "1", "2"))
    assert first == again != other


def test_a_warning_says_so_and_closes_by_its_check_alone() -> None:
    (event,) = of_checks("1", "silver", [failed("silver.orders", "row_count", "volume", severity="warn")])
    assert (event.type, event.evidence["status"]) == ("VOLUME_ANOMALY", "warn")


@pytest.mark.parametrize(
    ("reason", "category"),
    [
        ("orphan ffff", "referential_integrity"),
        ("missing empty", "null_violation"),
        ("not_a_number abc", "type_or_parse_error"),
        ("outside_range -1", "domain_violation"),
        ("conflicting_duplicate {}", "duplicate_key"),
        ("wrong_pattern x; items.csv row 9: missing empty", "domain_violation"),
    ],
)
def test_the_reason_of_the_rejected_rows_is_the_category(reason: str, category: str) -> None:
    check = failed("silver.order_items", "valid(price)", "validity", f"1 of 9 rows; items.csv row 8: {reason}")
    assert of_checks("1", "silver", [check])[0].evidence["category"] == category
    said = f"2 of 9 rows; items.csv row 8, order_id, order_item_id: {reason}; items.csv row 1,009, price: orphan ffff"
    tolerance = failed("silver.order_items", "reject_tolerance", "reject_tolerance", said)
    assert of_checks("1", "silver", [tolerance])[0].evidence["category"] == category


def test_the_tolerance_of_a_table_is_no_second_failure_of_rows_that_another_check_names() -> None:
    tolerance = failed("silver.orders", "reject_tolerance", "reject_tolerance")
    other = failed("silver.orders", "valid(order_id)", "validity", "x: missing")
    assert [e.check_name for e in of_checks("1", "silver", [tolerance, other])] == ["valid(order_id)"]
    assert [e.check_name for e in of_checks("1", "silver", [tolerance])] == ["reject_tolerance"]


def test_a_table_that_several_miss_rows_of_is_the_one_that_is_short() -> None:
    name = "overlap(order_id in orders.order_id)"
    missing = [failed(f"bronze.{t}", name, "overlap") for t in ("order_items", "order_payments")]
    childless = failed("bronze.orders", "coverage(customers.customer_id by customer_id)", "coverage")
    events = of_checks("1", "ingest", [*missing, childless])
    assert [(e.type, e.resource, e.evidence["category"]) for e in events] == 2 * [
        ("VOLUME_ANOMALY", "bronze.orders", "volume_anomaly")
    ]
    (alone,) = of_checks("1", "ingest", missing[:1])
    assert (alone.resource, alone.evidence["category"]) == ("bronze.order_items", "referential_integrity")


def test_an_encoding_lost_in_two_columns_of_a_file_is_one_event() -> None:
    columns = [failed("bronze.order_reviews", f"decoded({c})", "encoding") for c in ("title", "message")]
    assert len(of_checks("1", "ingest", [*columns, failed("bronze.orders", "decoded(x)", "encoding")])) == 2


def refusal(kind: type[SourceRefused] = SourceRefused) -> SourceRefused:
    return kind("it was refused", resource="orders.csv, line 1", expected="a", found="b", remedy="mend it")


def test_each_refused_file_is_an_event_of_its_source_beside_that_of_the_step() -> None:
    error = refusal()
    error.refusals = {"orders": refusal(HeaderRefused), "sellers": refusal()}
    orders, sellers, step = of_error("1.ingest", "ingest", error)
    assert [(e.type, e.resource) for e in (orders, sellers, step)] == [
        ("SCHEMA_DRIFT", "source.orders"), ("DATA_QUALITY_FAILED", "source.sellers"), ("PIPELINE_FAILED", "step:ingest"),
    ]  # fmt: skip
    assert orders.message == "it was refused: b"
    assert orders.evidence["file"] == "orders.csv, line 1"
    assert (orders.evidence["remedy"], orders.evidence["step"]) == ("mend it", "ingest")


def test_an_error_that_nobody_foresaw_is_an_event_in_its_own_words() -> None:
    (event,) = of_error("1.gold", "gold", ZeroDivisionError("division by zero"))
    assert (event.message, event.evidence["step"]) == ("ZeroDivisionError: division by zero", "gold")
