"""Fit the weights of the order risk score and write them to seeds/order_risk_coefficients.csv.

    PGHOST=… PGDATABASE=… python dbt/analyses/fit_order_risk.py [--cutoff 2018-03-01]

Needs a built project: it reads the very features the score is computed from (`intermediate.int_order_risk_features`), so that fitting
and scoring cannot differ. A logistic regression with a little L2 on standardised factors, by Newton's method; the same data give the
same file. Fitted to the orders promised before the cut-off, whose lateness was known on that day; they are chosen by the promise, not by
the outcome. Nothing placed on or after the cut-off is read. How well the score ranks those later orders is in `gold.agg_risk_evaluation`.

Change the cut-off here and in `risk_cutoff_date` of dbt_project.yml together.
"""

from __future__ import annotations

import argparse
import csv
import sys
from datetime import date
from pathlib import Path

import numpy as np
import psycopg

SEED = Path(__file__).parents[1] / "seeds" / "order_risk_coefficients.csv"
FACTORS = (
    "promised_days",
    "log_distance",
    "km_per_promised_day",
    "further_items",
    "several_sellers",
    "log_freight",
    "seller_bad_share",
    "product_bad_share",
    "state_late_share",
    "order_surge",
)
# Pulls weights towards 0 as much as ten orders one standard deviation out would: enough to settle factors that go together.
PENALTY = 10.0


def read_orders(cutoff: date) -> tuple[np.ndarray, np.ndarray]:
    """Factors (orders x factors, NaN where unknown) and outcomes (1 had a problem, 0 had none) of the orders to fit."""
    # One fixed order of the rows: sums of floating-point numbers depend on it.
    query = f"""
        select {", ".join("features." + f for f in FACTORS)}, outcomes.had_problem
        from intermediate.int_order_risk_features as features
        inner join intermediate.int_order_outcomes as outcomes on features.order_id = outcomes.order_id
        inner join staging.stg_olist__orders as orders on features.order_id = orders.order_id
        where outcomes.had_problem is not null and orders.estimated_delivery_date < %s
        order by features.order_id
    """
    with psycopg.connect() as connection:
        rows = np.array(connection.execute(query.encode(), [cutoff]).fetchall(), dtype=float)
    return rows[:, :-1], rows[:, -1]


def fit(factors: np.ndarray, outcomes: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """Weight and mean of each factor, and the intercept: the log-odds of an average order."""
    means = np.nanmean(factors, axis=0)
    spreads = np.nanstd(factors, axis=0)
    standardised = np.nan_to_num((factors - means) / spreads)  # the unknown counts as average, as it does in the score
    design = np.column_stack([np.ones(len(factors)), standardised])
    penalty = np.diag([0.0] + [PENALTY] * len(FACTORS))
    weights = np.zeros(design.shape[1])
    for _ in range(50):
        chances = 1 / (1 + np.exp(-design @ weights))
        slope = design.T @ (outcomes - chances) - penalty @ weights
        curvature = (design * (chances * (1 - chances))[:, None]).T @ design + penalty
        step = np.linalg.solve(curvature, slope)
        weights += step
        if np.abs(step).max() < 1e-10:
            break
    return weights[1:] / spreads, means, float(weights[0])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--cutoff", type=date.fromisoformat, default=date(2018, 3, 1))
    cutoff = parser.parse_args().cutoff
    factors, outcomes = read_orders(cutoff)
    weights, means, intercept = fit(factors, outcomes)
    with SEED.open("w", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(["factor", "coefficient", "mean_value"])
        rows.writerow(["intercept", f"{intercept:.6f}", ""])
        rows.writerows([name, f"{w:.6f}", f"{m:.6f}"] for name, w, m in zip(FACTORS, weights, means, strict=True))
    sys.stdout.write(
        f"{len(outcomes):,} orders promised before {cutoff}, {outcomes.mean():.1%} of them with a problem: wrote {SEED}\n"
    )


if __name__ == "__main__":
    main()
