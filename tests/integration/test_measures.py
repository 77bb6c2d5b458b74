"""Every measure's SQL twin on the real data: against the CSVs read anew, the aggregations, and dbt's own definitions; to the cent.

The CSVs are read by DuckDB with SQL of its own (`tests/measures/`), which shares nothing with the pipeline, dbt or the twins.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import psycopg
import pytest
import yaml

from olist.dashboards.numbers import fill
from olist.dashboards.spec import LOCALES, load_spec
from olist.dashboards.twins import answer, question
from olist.settings import PROJECT

SPEC = load_spec()
MEASURES = PROJECT / "tests/measures"
NO_CSV = {
    "growth": "compared with agg_monthly_kpis",
    "status": "not of the data: see test_platform_status",
    "cohorts": "compared with agg_cohorts",
}
CUTS = {"month": "date_trunc('month', bought_on)::date", "state": "uf"}
RATIO = Decimal("0.00000001")


@pytest.fixture
def gold(real_gold: psycopg.Connection[Any]) -> psycopg.Connection[Any]:
    return real_gold


@pytest.fixture(scope="module")
def csvs(real_folder: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute("SET VARIABLE csv = ?", [str(real_folder)])
        yield connection


def independent(csvs: duckdb.DuckDBPyConnection, twin: str, cut: str | None) -> dict[Any, dict[str, Any]]:
    """The measures of a fact as the CSVs have them, by the values of the cut."""
    text = (MEASURES / f"{twin}.sql").read_text()
    found = csvs.execute(text.replace("{cut}", CUTS[cut] if cut else "null"))
    names = [column[0] for column in found.description or []][1:]
    return {key: dict(zip(names, values, strict=True)) for key, *values in found.fetchall()}


def same(twin: Any, other: Any, *, places: int | None = None) -> bool:
    """Equal: exactly for counts, moments, words and money; a ratio to eight digits, or to those that `other` was rounded to."""
    if twin is None or other is None or not isinstance(twin, int | float | Decimal):
        return bool(twin == other)
    if places is not None:
        return abs(Decimal(twin) - Decimal(other)) <= Decimal(5).scaleb(-places - 1) + RATIO
    exact = isinstance(other, int | Decimal)
    return bool(Decimal(twin) == other) if exact else abs(Decimal(twin) - Decimal(other)) < RATIO


COMPARED = [
    (twin, cut)
    for twin, file in SPEC.twins.items()
    if (MEASURES / f"{twin}.sql").exists()
    for cut in [None, *(cut for cut in CUTS if cut in file.dimensions)]
]


@pytest.mark.parametrize(("twin", "cut"), COMPARED)
def test_a_twin_says_what_the_csvs_say(
    gold: psycopg.Connection[Any], csvs: duckdb.DuckDBPyConnection, twin: str, cut: str | None
) -> None:
    expected = independent(csvs, twin, cut)
    metrics = list(next(iter(expected.values())))
    found = answer(gold, SPEC, metrics, cut)
    assert found.keys() == expected.keys()
    different = {
        (key, metric): (value, expected[key][metric])
        for key, values in found.items()
        for metric, value in zip(metrics, values, strict=True)
        if not same(value, expected[key][metric])
    }
    assert different == {}


def test_every_metric_is_compared_with_something_independent(csvs: duckdb.DuckDBPyConnection) -> None:
    """What the CSVs do not say by themselves (the risk score is the platform's own) is compared with the aggregations below."""
    compared = {m for twin, cut in COMPARED if cut is None for m in next(iter(independent(csvs, twin, None).values()))}
    risk = {"risky_orders", "risky_share", "critical_problem_rate", "low_problem_rate"}
    rest = {m.id for m in SPEC.metrics.values() if m.twin not in NO_CSV} - compared - risk - FINDINGS.keys()
    assert rest == set()


def test_revenue_is_what_it_is_known_to_be_and_not_a_hundred_times_that(gold: psycopg.Connection[Any]) -> None:
    ((revenue, orders, average),) = answer(gold, SPEC, ["revenue", "orders", "average_order_value"]).values()
    assert (revenue, orders) == (Decimal("15735527.03"), 98_207)
    assert round(average, 2) == Decimal("160.23")


def test_churn_is_97_percent_and_not_all_because_people_are_counted_and_not_orders(
    gold: psycopg.Connection[Any],
) -> None:
    metrics = ["people_who_bought", "people_who_came_back", "one_time_share"]
    ((people, back, once),) = answer(gold, SPEC, metrics).values()
    ((orders,),) = answer(gold, SPEC, ["orders"]).values()
    assert (people, back) == (94_990, 2_888)
    assert people < orders
    assert round(once, 4) == Decimal("0.9696")


AGGREGATED = [
    (metric.id, table, column)
    for metric in SPEC.metrics.values()
    for table, column in metric.aggregations.items()
    if SPEC.aggregations[table].series is None
]


@pytest.mark.parametrize(("metric", "table", "column"), AGGREGATED)
def test_a_twin_says_what_an_aggregation_says(
    gold: psycopg.Connection[Any], metric: str, table: str, column: str
) -> None:
    aggregation = SPEC.aggregations[table]
    query = f"SELECT {aggregation.column}, {column}, scale({column}::numeric) FROM gold.{table}"
    found = answer(gold, SPEC, [metric], aggregation.dimension)
    different = {}
    for key, held, scale in gold.execute(query.encode()).fetchall():
        (value,) = found.get(key, (None,))
        rounded = isinstance(held, Decimal) and SPEC.metrics[metric].format != "money"
        rounded |= not SPEC.metrics[metric].additive and isinstance(held, Decimal)
        if not same(value or 0, held or 0, places=scale if rounded else None):
            different[key] = (value, held)
    assert different == {}


def test_the_target_is_the_year_before_and_20_percent_more(gold: psycopg.Connection[Any]) -> None:
    revenue = answer(gold, SPEC, ["revenue"], "month")
    growth = answer(gold, SPEC, ["revenue_change", "revenue_year_before", "revenue_target"], "month")
    assert growth[date(2018, 8, 1)] == (Decimal("-42810.07"), Decimal("661903.52"), Decimal("794284.224"))
    for month, (change, year_before, target) in growth.items():
        (before,) = revenue.get(month.replace(year=month.year - 1), (None,))
        assert year_before == (before or None)
        assert target == (year_before and year_before * Decimal("1.2"))
        (last,) = revenue.get((month - timedelta(days=1)).replace(day=1), (None,))
        assert change == (revenue[month][0] - last if last and month in revenue else None)


def test_what_is_compared_with_lies_outside_the_period_too(gold: psycopg.Connection[Any]) -> None:
    metrics = ["revenue_change", "revenue_growth", "revenue_year_before", "revenue_target"]
    whole = answer(gold, SPEC, metrics, "month")
    spring = {"from": date(2018, 2, 1), "to": date(2018, 4, 30)}
    assert answer(gold, SPEC, metrics, "month", spring, ["period"]) == {
        month: whole[month] for month in (date(2018, 2, 1), date(2018, 3, 1), date(2018, 4, 1))
    }


def test_a_part_of_a_month_is_compared_with_the_same_days(gold: psycopg.Connection[Any]) -> None:
    def revenue(first: date, last: date) -> Decimal:
        within = {"from": first, "to": last, "states": ["SP"]}
        ((value,),) = answer(gold, SPEC, ["revenue"], None, within, ["period", "state"]).values()
        assert isinstance(value, Decimal)
        return value

    days: dict[str, Any] = {"from": date(2018, 3, 10), "to": date(2018, 3, 20), "states": ["SP"]}
    found = answer(gold, SPEC, ["revenue_change", "revenue_year_before"], "month", days, ["period", "state"])
    now, before = revenue(days["from"], days["to"]), revenue(date(2018, 2, 10), date(2018, 2, 20))
    assert found == {date(2018, 3, 1): (now - before, revenue(date(2017, 3, 10), date(2017, 3, 20)))}


def test_retention_is_that_of_the_cohorts(gold: psycopg.Connection[Any]) -> None:
    found = answer(gold, SPEC, ["cohort_retention"], "months_since_first")
    sizes = gold.execute(b"SELECT sum(cohort_customers) FROM gold.agg_cohorts WHERE months_since_first = 0").fetchone()
    rows = gold.execute(b"SELECT months_since_first, sum(customers) FROM gold.agg_cohorts GROUP BY 1").fetchall()
    assert sizes == (94_990,)
    assert found == {month: (pytest.approx(people / Decimal(sizes[0])),) for month, people in rows}
    ((after_a_month,),) = answer(gold, SPEC, ["next_month_retention"]).values()
    assert after_a_month == found[1][0]


def test_risk_is_that_of_the_distribution(gold: psycopg.Connection[Any]) -> None:
    query = b"SELECT risk_level, sum(orders), sum(problem_orders), sum(judged_orders) FROM gold.agg_risk_distribution GROUP BY 1"
    levels = {level: counts for level, *counts in gold.execute(query).fetchall()}
    ((risky, share),) = answer(gold, SPEC, ["risky_orders", "risky_share"]).values()
    assert risky == levels["high"][0] + levels["critical"][0]
    assert share == pytest.approx(Decimal(risky) / sum(level[0] for level in levels.values()))
    rates = {level: problems / Decimal(judged) for level, (_, problems, judged) in levels.items()}
    ((critical, low),) = answer(gold, SPEC, ["critical_problem_rate", "low_problem_rate"]).values()
    assert (critical, low) == (pytest.approx(rates["critical"]), pytest.approx(rates["low"]))
    by_level = answer(gold, SPEC, ["placed_orders", "problem_rate"], "risk_level")
    assert {level: orders for level, (orders, _) in by_level.items()} == {
        level: counts[0] for level, counts in levels.items()
    }


def dbt_measures() -> Iterator[tuple[str, str, str]]:
    """(metric, table of gold, SQL) of every simple metric of dbt's semantic layer."""
    functions = {
        "sum": "sum({})",
        "average": "avg({})",
        "count_distinct": "count(distinct {})",
        "sum_boolean": "sum(({})::int)",
    }
    for path in sorted((PROJECT / "dbt/models/semantic").glob("*.yml")):
        document = yaml.safe_load(path.read_text())
        known = {
            measure["name"]: (
                model["model"][5:-2],
                functions[measure["agg"]].format(measure.get("expr", measure["name"])),
            )
            for model in document["semantic_models"]
            for measure in model.get("measures", [])
        }
        for metric in document["metrics"]:
            if metric["type"] == "simple":
                yield metric["name"], *known[metric["type_params"]["measure"]]


@pytest.mark.parametrize(("metric", "table", "expression"), list(dbt_measures()))
def test_a_twin_says_what_dbts_definition_says(
    gold: psycopg.Connection[Any], metric: str, table: str, expression: str
) -> None:
    ((expected,),) = gold.execute(f"SELECT {expression} FROM gold.{table}".encode()).fetchall()
    ((found,),) = answer(gold, SPEC, [metric]).values()
    assert found == expected


PERIOD = {
    "from": date(2018, 1, 1),
    "to": date(2018, 3, 31),
    "states": ["SP", "RJ"],
    "categories": ["toys"],
    "sellers": [],
}


@pytest.mark.parametrize("metric", ["revenue", "orders", "buyers", "on_time_rate"])
def test_a_filter_leaves_what_it_names(
    gold: psycopg.Connection[Any], csvs: duckdb.DuckDBPyConnection, metric: str
) -> None:
    independent(csvs, "orders", None)  # makes the temporary tables
    text = (MEASURES / "orders.sql").read_text().split(";")[-1].replace("{cut}", "null")
    text = text.replace(
        "group by 1", "where bought_on between '2018-01-01' and '2018-03-31' and uf in ('SP', 'RJ') group by 1"
    )
    found = csvs.execute(text)
    names = [column[0] for column in found.description or []]
    (expected,) = found.fetchall()
    ((value,),) = answer(gold, SPEC, [metric], None, PERIOD, ["period", "state", "category"]).values()
    assert same(value, dict(zip(names, expected, strict=True))[metric])


def test_what_a_twin_is_cut_by_adds_up_where_it_is_said_to(gold: psycopg.Connection[Any]) -> None:
    for twin, file in SPEC.twins.items():
        metrics = [m.id for m in SPEC.metrics.values() if m.twin == twin and m.additive]
        if twin in ("status", "growth", "pareto") or not metrics:
            continue
        (total,) = answer(gold, SPEC, metrics).values()
        for dimension in file.dimensions:
            parts = answer(gold, SPEC, metrics, dimension).values()
            sums = tuple(sum(part[n] or 0 for part in parts) for n in range(len(metrics)))
            assert sums == total, (twin, dimension)


FINDINGS = {
    "best_month": date(2017, 11, 1),
    "best_month_revenue": Decimal("1172191.68"),
    "leading_state": "São Paulo",
    "leading_state_share": 0.3736,
    "troubled_state": "Maranhão",
    "troubled_state_problem_rate": 0.2784,
    "latest_region": "Northeast",
    "latest_region_on_time_rate": 0.8728,
    "leading_category": "health_beauty",
    "leading_category_share": 0.0914,
    "troubled_category": "office_furniture",
    "troubled_category_complaint_share": 0.2342,
    "seller_problem_orders": None,
    "problem_cumulative_share": None,
}
"""What titles name, worked out from the other measures cut by month, state and category."""


def test_what_a_title_names_is_the_first_of_its_kind(gold: psycopg.Connection[Any]) -> None:
    def by(metrics: list[str], dimension: str) -> dict[Any, tuple[Any, ...]]:
        return answer(gold, SPEC, metrics, dimension)

    months, states = by(["revenue"], "month"), by(["revenue", "judged_orders", "problem_rate"], "state_name")
    regions, categories = by(["on_time_rate"], "region"), by(["sales"], "category")
    complaints = by(["product_reviews", "product_complaint_share"], "category")
    best = max(months, key=lambda m: months[m])
    leading = max(states, key=lambda s: states[s][0])
    troubled = max((s for s in states if states[s][1] >= 500), key=lambda s: states[s][2])
    latest = min(regions, key=lambda r: regions[r])
    category = max(categories, key=lambda c: categories[c])
    disliked = max((c for c in complaints if complaints[c][0] >= 1000), key=lambda c: complaints[c][1])
    expected = {
        "best_month": best,
        "best_month_revenue": months[best][0],
        "leading_state": leading,
        "leading_state_share": states[leading][0] / sum(s[0] for s in states.values()),
        "troubled_state": troubled,
        "troubled_state_problem_rate": states[troubled][2],
        "latest_region": latest,
        "latest_region_on_time_rate": regions[latest][0],
        "leading_category": category,
        "leading_category_share": categories[category][0] / sum(c[0] for c in categories.values()),
        "troubled_category": disliked,
        "troubled_category_complaint_share": complaints[disliked][1],
    }
    for metric, value in expected.items():
        ((found,),) = answer(gold, SPEC, [metric]).values()
        assert found == (pytest.approx(value) if isinstance(value, Decimal) else value), metric
        known = FINDINGS[metric]
        assert (round(float(found), 4) if isinstance(known, float) else found) == known, metric


def test_problem_sellers_are_ordered_and_their_shares_end_at_one(gold: psycopg.Connection[Any]) -> None:
    sellers = answer(gold, SPEC, ["seller_problem_orders", "problem_cumulative_share"], "seller")
    ordered = sorted(sellers.values(), reverse=True)
    shares = [share for _, share in ordered]
    assert shares == sorted(shares)
    assert shares[-1] == 1
    assert "multiple" not in sellers
    ((half, everybody),) = answer(gold, SPEC, ["sellers_of_half_the_problems", "sellers_with_problems"]).values()
    assert everybody == len(sellers)
    total = sum(count for count, _ in ordered)
    assert 2 * sum(count for count, _ in ordered[:half]) >= total > 2 * sum(count for count, _ in ordered[: half - 1])


def test_every_title_reads_as_a_sentence_on_the_real_data(gold: psycopg.Connection[Any]) -> None:
    values: dict[str, Any] = {}
    for twin in SPEC.twins:
        metrics = [m.id for m in SPEC.metrics.values() if m.twin == twin]
        if twin not in ("growth", "pareto", "status"):
            ((*found,),) = answer(gold, SPEC, metrics).values()
            values |= dict(zip(metrics, found, strict=True))
    for visual in SPEC.visuals.values():
        for locale in LOCALES:
            text = fill(visual.title[locale], values, SPEC, locale)
            assert "{" not in text
            assert "–" not in text or visual.source == "status", text
    said = fill(SPEC.visuals["revenue_by_month"].title["pt-BR"], values, SPEC, "pt-BR")
    assert said == "O melhor mês foi nov 2017, com R$ 1,2 mi"


def test_a_period_without_orders_has_no_ratio_and_no_revenue(gold: psycopg.Connection[Any]) -> None:
    empty = {"from": date(1999, 1, 1), "to": date(1999, 1, 31)}
    metrics = ["placed_orders", "revenue", "on_time_rate", "average_order_value"]
    assert answer(gold, SPEC, metrics, None, empty, ["period"]) == {None: (0, None, None, None)}


def test_values_of_filters_are_bound_and_never_written_into_sql(gold: psycopg.Connection[Any]) -> None:
    hostile = {"states": ["SP'); DROP TABLE gold.fact_orders; --"]}
    assert answer(gold, SPEC, ["placed_orders"], None, hostile, ["state"]) == {None: (0,)}
    assert "%(states)s" in question(SPEC, "orders", ["orders"], None, ["state"])
