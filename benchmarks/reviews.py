"""How well are reviews understood? What int_review_analysis says of the labelled reviews, against the labels.

    python benchmarks/reviews.py --half development|holdout

Reads `tests/data/review_labels.csv` (ids and labels, no text) and the classified reviews from the warehouse, so `olist run` on the real
data comes first. Only the labels of the half asked for are kept: the hold-out is the reviews whose sha256 is odd. A prediction that is
among a label's acceptable alternatives counts as the label. The 95 % intervals are the percentiles of 2,000 bootstrap samples of the
reviews, drawn with a fixed seed. Exits with 1 when an average lies below its aim.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import numpy as np
import numpy.typing as npt
import typer
from rich.console import Console
from rich.table import Table

from olist.settings import PROJECT, load_settings
from olist.warehouse.connect import connect, warehouse_url

LABELS = PROJECT / "tests/data/review_labels.csv"
AIMS = {"complaint_category": 0.80, "sentiment": 0.85}
"""What each column's macro-F1 must reach on the hold-out."""
ALTERNATIVES = {"complaint_category": "category_alternatives", "sentiment": "sentiment_alternatives"}
SAMPLES = 2_000
SEED = 20180829

Matrix = npt.NDArray[np.int64]


class Half(StrEnum):
    """The half of the labelled reviews: rules are written looking at one, and judged once on the other."""

    development = "development"
    holdout = "holdout"


@dataclass(frozen=True)
class Judged:
    """One column of one review: what it should say, and what it said (the label itself where it said an acceptable alternative)."""

    label: str
    said: str


@dataclass(frozen=True)
class Score:
    """Of one label, or their mean: between 0 and 1; `support` is how many reviews carry the label."""

    precision: float
    recall: float
    f1: float
    support: int


def half_of(review_id: str) -> Half:
    """The half that a review belongs to, by the last bit of the sha256 of its id."""
    return Half.holdout if int(hashlib.sha256(review_id.encode()).hexdigest(), 16) % 2 else Half.development


def labels_of(half: Half, path: Path) -> dict[str, dict[str, str]]:
    """The labelled reviews of one half: review id → columns of the label file."""
    with path.open(encoding="utf-8", newline="") as lines:
        return {row["review_id"]: row for row in csv.DictReader(lines) if half_of(row["review_id"]) is half}


def classified(url: str, review_ids: Sequence[str]) -> dict[str, dict[str, str]]:
    """What the warehouse says of these reviews: review id → columns. A review on several orders has the same text on each."""
    query = """
        SELECT DISTINCT review_id, complaint_category, sentiment
        FROM intermediate.int_review_analysis
        WHERE review_id = ANY(%s)
    """
    with connect(url, "review benchmark") as connection:
        rows = connection.execute(query, [list(review_ids)]).fetchall()
    return {review_id: {"complaint_category": category, "sentiment": tone} for review_id, category, tone in rows}


def judge(column: str, labelled: Iterable[dict[str, str]], said: dict[str, dict[str, str]]) -> list[Judged]:
    """Hold one column of the labels against what was said."""
    judged = []
    for row in labelled:
        answer = said[row["review_id"]][column]
        accepted = row[ALTERNATIVES[column]].split("|")
        judged.append(Judged(row[column], row[column] if answer in accepted else answer))
    return judged


def confusion(judged: Sequence[Judged], names: Sequence[str]) -> Matrix:
    """One row per review: the number of its label and the number of what was said."""
    position = {name: number for number, name in enumerate(names)}
    return np.array([(position[one.label], position[one.said]) for one in judged], dtype=np.int64)


def scores(pairs: Matrix, size: int) -> list[Score]:
    """Precision, recall and F1 of each label."""
    matrix = np.zeros((size, size), dtype=np.int64)
    np.add.at(matrix, (pairs[:, 0], pairs[:, 1]), 1)
    right, labelled, said = np.diag(matrix), matrix.sum(axis=1), matrix.sum(axis=0)
    return [
        Score(_ratio(r, s), _ratio(r, support), _ratio(2 * r, s + support), int(support))
        for r, support, s in zip(right, labelled, said, strict=True)
    ]


def macro_f1(pairs: Matrix, size: int) -> float:
    """The mean F1 of the labels that occur."""
    return float(np.mean([one.f1 for one in scores(pairs, size) if one.support]))


def interval(pairs: Matrix, size: int) -> tuple[float, float]:
    """The 95 % bootstrap interval of the macro-F1."""
    random = np.random.default_rng(SEED)
    drawn = [macro_f1(pairs[random.integers(len(pairs), size=len(pairs))], size) for _ in range(SAMPLES)]
    low, high = np.percentile(drawn, [2.5, 97.5])
    return float(low), float(high)


def main(
    half: Annotated[Half, typer.Option(help="Which labelled reviews to judge by.")],
    labels: Annotated[Path, typer.Option(help="The label file.")] = LABELS,
) -> None:
    """Print precision, recall and F1 of every label, and their averages with 95 % intervals."""
    labelled = labels_of(half, labels)
    said = classified(warehouse_url(load_settings()), list(labelled))
    missing = sorted(labelled.keys() - said.keys())
    console = Console(highlight=False)
    if missing:
        console.print(
            f"{len(missing)} labelled reviews are not in the warehouse ({missing[0]}, …): run `olist run` on the real data"
        )
        raise typer.Exit(2)
    short = False
    for column, aim in AIMS.items():
        judged = judge(column, labelled.values(), said)
        names = sorted({one.label for one in judged} | {one.said for one in judged})
        pairs = confusion(judged, names)
        reached = macro_f1(pairs, len(names))
        low, high = interval(pairs, len(names))
        console.print(_table(column, names, scores(pairs, len(names))))
        average = f"macro-F1 {reached:.3f}, 95 % interval {low:.3f} to {high:.3f}, {len(judged)} reviews; the aim is {aim:.2f}\n"
        console.print(average, soft_wrap=True)
        short = short or reached < aim
    if short:
        raise typer.Exit(1)


def _ratio(numerator: np.int64, denominator: np.int64) -> float:
    return float(numerator / denominator) if denominator else 0.0


def _table(column: str, names: Sequence[str], rows: Sequence[Score]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column(column)
    for name in ("precision", "recall", "F1", "reviews"):
        table.add_column(name, justify="right")
    for name, one in zip(names, rows, strict=True):
        table.add_row(name, f"{one.precision:.3f}", f"{one.recall:.3f}", f"{one.f1:.3f}", str(one.support))
    return table


if __name__ == "__main__":
    typer.run(main)
