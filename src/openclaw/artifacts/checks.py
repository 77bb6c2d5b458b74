"""What a dbt test is about, told from its kind: the name that the manifest gives, or else the one that its id begins with.

The generic tests of dbt and of the packages that most projects use are known by name. Others are custom: their name may still say it by
convention (`valid_…`, `…_in_range`, `no_duplicate…`); where it does not, what fails is a business rule.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from openclaw.artifacts.manifest import TestNode
from openclaw.model import Category

__all__ = ["Check", "category_of", "check_of", "named_check"]

# Longest first, so that `unique_combination_of_columns` is not taken for `unique`.
_GENERIC: dict[str, Category] = {
    # dbt
    "unique": "duplicate_key",
    "not_null": "null_violation",
    "relationships": "referential_integrity",
    "accepted_values": "domain_violation",
    # dbt_utils
    "unique_combination_of_columns": "duplicate_key",
    "unique_where": "duplicate_key",
    "not_null_where": "null_violation",
    "not_null_proportion": "null_violation",
    "at_least_one": "null_violation",
    "relationships_where": "referential_integrity",
    "cardinality_equality": "referential_integrity",
    "accepted_range": "domain_violation",
    "not_accepted_values": "domain_violation",
    "not_empty_string": "domain_violation",
    "recency": "stale_source",
    "equal_rowcount": "volume_anomaly",
    "fewer_rows_than": "volume_anomaly",
    "expression_is_true": "business_rule",
    "equality": "business_rule",
    "not_constant": "business_rule",
    "sequential_values": "business_rule",
    "mutually_exclusive_ranges": "business_rule",
    # dbt_expectations
    "expect_column_values_to_be_unique": "duplicate_key",
    "expect_compound_columns_to_be_unique": "duplicate_key",
    "expect_select_column_values_to_be_unique_within_record": "duplicate_key",
    "expect_column_values_to_not_be_null": "null_violation",
    "expect_row_values_to_have_recent_data": "stale_source",
    "expect_grouped_row_values_to_have_recent_data": "stale_source",
    "expect_row_values_to_have_data_for_every_n_datepart": "volume_anomaly",
    "expect_table_row_count": "volume_anomaly",
    "expect_table_aggregation_to_equal_other_table": "business_rule",
    "expect_table_column": "schema_drift",
    "expect_column_to_exist": "schema_drift",
    "expect_column_values_to_be_of_type": "schema_drift",
    "expect_column_values_to_be_in_type_list": "schema_drift",
    "expect_column_value": "domain_violation",
    "expect_column": "domain_violation",
    "expect_column_pair_values": "business_rule",
    "expect_column_pair_values_to_be_in_set": "domain_violation",
    "expect_multicolumn_sum_to_equal": "business_rule",
    # dbt_constraints
    "primary_key": "duplicate_key",
    "unique_key": "duplicate_key",
    "foreign_key": "referential_integrity",
    # elementary
    "freshness_anomalies": "stale_source",
    "event_freshness_anomalies": "stale_source",
    "volume_anomalies": "volume_anomaly",
    "dimension_anomalies": "volume_anomaly",
    "schema_changes": "schema_drift",
    "schema_changes_from_baseline": "schema_drift",
    "json_schema": "schema_drift",
}
_LONGEST_FIRST = sorted(_GENERIC, key=lambda name: -len(name))
# Words by which people name their own tests. A name that carries none of them is a business rule.
_CONVENTIONS: tuple[tuple[Category, re.Pattern[str]], ...] = (
    ("stale_source", re.compile(r"freshness|recency|(^|_)(stale|fresh)(_|$)")),
    ("volume_anomaly", re.compile(r"row_?count|(^|_)volume(_|$)|(^|_)no_rows")),
    ("duplicate_key", re.compile(r"duplicat|(^|_)(unique|primary_key)(_|$)|(^|_)dedup")),
    ("null_violation", re.compile(r"(^|_)(not_null|non_null|no_nulls?|not_missing)(_|$)")),
    ("referential_integrity", re.compile(r"relationship|foreign_key|referential|orphan")),
    (
        "domain_violation",
        re.compile(
            r"(^|_)(accepted|allowed|valid|invalid|range|between|positive|negative|non_?negative|regex|pattern|format|length|uppercase|"
            r"lowercase|not_empty|string_not_empty|in_set|min_value|max_value|greater_than|less_than)(_|$)"
        ),
    ),
)
_PACKAGES = re.compile(r"^(dbt_utils|dbt_expectations|dbt_constraints|elementary|dbt_date|dbt_external_tables)_")
_HASH = re.compile(r"^[0-9a-f]{10}$")


@dataclass(frozen=True)
class Check:
    """What a test is about. `asset` is the node whose rows it looks at, None where only its name is known."""

    name: str
    category: Category
    asset: str | None = None
    tested: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    singular: bool = False


def check_of(test_id: str, node: TestNode | None) -> Check:
    """What the test with this id is about. Without a manifest, its id alone has to say."""
    if node is not None and node.generic:
        return Check(node.generic, category_of(node.generic), node.asset, node.tested, node.columns)
    parts = test_id.split(".")
    name = ".".join(parts[2:]) or test_id
    if node is not None or not _HASH.match(parts[-1]):  # dbt adds a hash to generic tests only
        asset = node.tested[0] if node and len(node.tested) == 1 else None
        category: Category = "stale_source" if _CONVENTIONS[0][1].search(name.lower()) else "business_rule"
        return Check(name, category, asset, node.tested if node else (), singular=True)
    return named_check(".".join(parts[2:-1]))


def named_check(name: str) -> Check:
    """A generic test by its name alone: package, `source`, the test, then the table and its columns.

    For example `dbt_utils_source_unique_combination_of_columns_orders_id`.
    """
    rest = _PACKAGES.sub("", name).removeprefix("source_")
    for generic in _LONGEST_FIRST:
        if rest == generic or rest.startswith(f"{generic}_"):
            return Check(generic, _GENERIC[generic])
    return Check(name, _by_convention(rest))


def category_of(generic: str) -> Category:
    """What a generic test, or an expectation of Great Expectations, is about."""
    exact = _GENERIC.get(generic)
    if exact:
        return exact
    family = next(
        (known for known in _LONGEST_FIRST if known.startswith("expect_") and generic.startswith(known)), None
    )
    return _GENERIC[family] if family else _by_convention(generic)


def _by_convention(name: str) -> Category:
    return next((category for category, pattern in _CONVENTIONS if pattern.search(name.lower())), "business_rule")
