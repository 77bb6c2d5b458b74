"""How each dbt test of gold is made to fail: a change of what it speaks of, undone afterwards.

A test is run as dbt compiled it. A view that it is attached to is replaced by a table of the same rows, which can be changed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

__all__ = ["CHANGES", "GoldTest", "gold_tests", "seen"]

# The statements that break what a test written by hand holds, or one that no change of a single column breaks.
CHANGES: Mapping[str, str] = {
    "agg_risk_evaluation_later_orders_are_ranked_better_than_blindly": "UPDATE gold.agg_risk_evaluation SET orders = 5000, auc = 0.5",
    "average_order_value_is_revenue_by_orders": "UPDATE gold.agg_monthly_kpis SET average_order_value = average_order_value + 1",
    "cohorts_have_everybody_of_their_month": "UPDATE gold.agg_cohorts SET cohort_customers = cohort_customers + 1",
    "delivered_orders_have_items": "UPDATE gold.fact_orders SET items = 0",
    "every_year_has_one_black_friday": "UPDATE gold.dim_date SET is_black_friday = false",
    "fact_order_items_no_known_product_is_called_unknown": "UPDATE gold.fact_order_items "
    "SET product_key = (SELECT product_key FROM gold.dim_products WHERE is_special_member)",
    "gold_reaches_the_last_day_of_silver": "DELETE FROM gold.agg_daily_revenue WHERE date = (SELECT max(date) FROM gold.agg_daily_revenue)",
    "higher_risk_levels_see_more_problems": "UPDATE gold.agg_risk_distribution "
    "SET judged_orders = 1000, problem_orders = CASE risk_level WHEN 'low' THEN 900 ELSE 1 END",
    "keys_are_the_same_in_every_build": "UPDATE gold.dim_sellers SET seller_key = md5(seller_key)",
    "monthly_figures_agree_with_daily_ones": "UPDATE gold.agg_daily_revenue SET revenue = revenue + 0.01",
    "movable_holidays_fall_on_their_weekday": "UPDATE gold.dim_date SET day_of_week = day_of_week % 7 + 1",
    "orders_agree_with_their_items": "UPDATE gold.fact_order_items SET freight_value = freight_value + 0.01",
    "orders_agree_with_their_payments": "UPDATE gold.fact_payments SET payment_value = payment_value + 0.01",
    "orders_agree_with_their_reviews": "UPDATE gold.fact_reviews SET is_bad_review = NOT is_bad_review",
    "orders_of_a_person_are_numbered_without_gap": "UPDATE gold.fact_orders SET customer_order_number = customer_order_number + 1",
    "pareto_classes_follow_revenue": "UPDATE gold.agg_seller_performance SET pareto_class = 'C' WHERE revenue_rank = 1",
    "payment_mix_versions_agree": "UPDATE gold.agg_payment_mix SET payment_value = payment_value + 0.01",
    "payments_cover_delivered_orders": "UPDATE gold.fact_orders SET payment_value = payment_value - 2",
    "people_are_counted_once": "UPDATE gold.dim_customers SET orders = 1",
    "recency_scores_follow_recency": "UPDATE gold.dim_customers SET recency_score = 6 - recency_score",
    "revenue_is_the_same_in_every_aggregation": "UPDATE gold.agg_categories SET revenue = revenue + 0.01",
    "review_patterns_name_known_concepts": "UPDATE intermediate.review_phrases SET pattern = '<nonsense>'",
    "review_turns_follow_each_other": "DELETE FROM intermediate.review_phrases WHERE turn = 1",
    "review_words_have_one_meaning": "INSERT INTO intermediate.review_lexicon SELECT 'nonsense', forms FROM intermediate.review_lexicon",
    "risk_knows_only_the_past": "INSERT INTO intermediate.int_seller_track_record (seller_id, date, prior_reviews, prior_bad_reviews) "
    "VALUES ('0a', '2018-01-31', 5, 0)",
    "segments_part_people_by_what_they_bought": "UPDATE gold.dim_customers SET segment = 'champion'",
    "seller_of_an_order_is_its_only_one": "UPDATE gold.fact_orders SET sellers = sellers + 1",
    "shares_add_up_to_one": "UPDATE gold.agg_payment_mix SET payment_value_share = payment_value_share * 2",
}

_FAR = 98765
_NONSENSE = {"date": "'1901-01-01'", "text": "'nonsense'", "boolean": "NOT {column}"}


@dataclass(frozen=True)
class GoldTest:
    """One data test as dbt ran it: `kind` is its generic test's name, `singular` for one of its own; `sql` returns what
    fails, and `too_many` is the condition on its rows that makes dbt say so.
    """

    name: str
    kind: str
    relation: str
    arguments: Mapping[str, Any]
    sql: str
    too_many: str


def gold_tests(target: Path) -> list[GoldTest]:
    """The data tests of the build whose artifacts are in dbt's `target` folder."""
    nodes = json.loads((target / "manifest.json").read_text(encoding="utf-8"))["nodes"]
    results = json.loads((target / "run_results.json").read_text(encoding="utf-8"))["results"]
    ran = {result["unique_id"]: result["compiled_code"] for result in results}
    return [_test(nodes, node, ran[key]) for key, node in sorted(nodes.items()) if node["resource_type"] == "test"]


def _test(nodes: Mapping[str, Any], node: Mapping[str, Any], compiled: str) -> GoldTest:
    metadata = node.get("test_metadata") or {"name": "singular", "kwargs": {}}
    model = nodes.get(node.get("attached_node") or "", {})
    relation = f"{model['schema']}.{model['alias']}" if model else ""
    served = [text.replace("gold_next", "gold") for text in (relation, compiled)]
    too_many = node["config"]["warn_if" if node["config"]["severity"].lower() == "warn" else "error_if"]
    return GoldTest(node["name"], metadata["name"], served[0], metadata["kwargs"], served[1], too_many)


def seen(connection: psycopg.Connection[Any], test: GoldTest) -> bool:
    """Whether the test fails after some change of what it speaks of, having passed before it."""
    assert not _fails(connection, test), f"{test.name} fails on sound data"
    return any(_fails(connection, test, change) for change in _changes(connection, test))


def _fails(connection: psycopg.Connection[Any], test: GoldTest, change: str | None = None) -> bool:
    with connection.transaction(force_rollback=True):
        if change:
            _make_changeable(connection, test.relation)
            connection.execute(change.encode())
        row = connection.execute(
            f"SELECT (SELECT count(*) FROM ({test.sql}\n) AS found) {test.too_many}".encode()
        ).fetchone()
        return row == (True,)


def _make_changeable(connection: psycopg.Connection[Any], relation: str) -> None:
    found = connection.execute("SELECT relkind FROM pg_class WHERE oid = to_regclass(%s)", [relation]).fetchone()
    if found == ("v",):
        name = relation.split(".")[1]
        connection.execute(f"ALTER VIEW {relation} RENAME TO {name}_as_it_was".encode())
        connection.execute(f"CREATE TABLE {relation} AS SELECT * FROM {relation}_as_it_was".encode())


def _changes(connection: psycopg.Connection[Any], test: GoldTest) -> Iterator[str]:
    """Statements, each of which should make the test fail; for an expression, some of them."""
    relation, column = test.relation, str(test.arguments.get("column_name"))
    match test.kind:
        case _ if test.name in CHANGES:
            yield CHANGES[test.name]
        case "unique" | "unique_combination" | "row_count_equals":
            yield f"INSERT INTO {relation} SELECT * FROM {relation}"
        case "not_null":
            yield f"UPDATE {relation} SET {column} = NULL"
        case "accepted_values" | "relationships":
            yield f"UPDATE {relation} SET {column} = {_nonsense(_columns(connection, relation)[column], column)}"
        case "in_range":
            yield from (f"UPDATE {relation} SET {column} = {far}" for far in _beyond(connection, test, column))
        case "sum_equals" if "expression" not in test.arguments:
            yield f"UPDATE {relation} SET {column} = coalesce({column}, 0) + 1"
        case _:
            yield from _any_change(connection, test)


def _beyond(connection: psycopg.Connection[Any], test: GoldTest, column: str) -> Iterator[str]:
    dated = _columns(connection, test.relation)[column] == "date"
    if "minimum" in test.arguments:
        yield "'1901-01-01'" if dated else str(-_FAR)
    if "maximum" in test.arguments:
        yield "'2901-01-01'" if dated else str(_FAR)


def _any_change(connection: psycopg.Connection[Any], test: GoldTest) -> Iterator[str]:
    """Each column that the test's arguments name, changed in each way that its type allows."""
    told = " ".join(str(argument) for argument in test.arguments.values())
    for column, kind in _columns(connection, test.relation).items():
        if re.search(rf"\b{column}\b", told):
            values = ["NULL", _nonsense(kind, column)] + ([] if kind in _NONSENSE else [str(-_FAR)])
            yield from (f"UPDATE {test.relation} SET {column} = {value}" for value in values)
    yield f"INSERT INTO {test.relation} SELECT * FROM {test.relation}"


def _nonsense(kind: str, column: str) -> str:
    return _NONSENSE.get(kind, str(_FAR)).format(column=column)


def _columns(connection: psycopg.Connection[Any], relation: str) -> dict[str, str]:
    query = """
        SELECT attname, format_type(atttypid, NULL) FROM pg_attribute
        WHERE attrelid = to_regclass(%s) AND attnum > 0 AND NOT attisdropped
    """
    kinds = dict(connection.execute(query, [relation]).fetchall())
    return {name: "text" if kind == "character varying" else kind for name, kind in kinds.items()}
