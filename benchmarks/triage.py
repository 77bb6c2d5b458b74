"""How well does `openclaw triage` do on labelled failures of real projects? Fails below the thresholds; skips where the data is absent.

    python benchmarks/triage.py [--shared ../shared] [--verbose]

The data is not ours and lies beside the checkout: artifacts of real dbt projects with their incidents, and error texts of many tools, each
with its category and whether a retry would heal it. The scorer that comes with it runs the real command on every case; what it has no
threshold for (upper limits, healthy noise, retries) is judged here. The two runs of the scorer share the machine.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from openclaw.diagnosis import diagnose

SHARED = Path(__file__).parents[2] / "shared"
CASES = {
    "alert_count_right_pct": 98,
    "root_recall_pct": 95,
    "root_precision_pct": 95,
    "root_and_category_pct": 95,
    "root_and_category_macro_pct": 95,
    "severity_right_pct": 100,
    "affected_recall_pct": 95,
}
TEXTS = {"texts_right_pct": 92, "texts_macro_pct": 90, "red_herrings_right_pct": 90}
MESSAGES = {"texts_right_pct": 92, "texts_macro_pct": 90}
# What the scorer has no threshold for, in percent.
MOST_CONFIDENTLY_WRONG = 3.0
LEAST_RETRIES_RIGHT = 90.0


def start(
    shared: Path, cases: Path, messages: Path, least: dict[str, int], out: Path, *, verbose: bool
) -> subprocess.Popen[str]:
    """The scorer with the real command, at work."""
    command = f"{Path(sys.executable).parent / 'openclaw'} triage"
    words = [shared / "tools/score_triage.py", cases, "--messages", messages, "--json", out]
    words += [
        "--command",
        f"{command} {{case}} --format json",
        "--message-command",
        f"{command} --message - --format json",
    ]
    words += [word for name, value in least.items() for word in ("--min", f"{name}={value}")]
    words += ["--verbose"] if verbose else []
    return subprocess.Popen([sys.executable, *map(str, words)], stdout=subprocess.PIPE, text=True)


def shortcomings(figures: dict[str, Any]) -> list[str]:
    """What the scorer reports and does not judge."""
    short = []
    if figures["texts_confidently_wrong_pct"] > MOST_CONFIDENTLY_WRONG:
        short.append(
            f"{figures['texts_confidently_wrong_pct']} % confidently wrong, at most {MOST_CONFIDENTLY_WRONG} %"
        )
    if figures["texts_crashed"] or figures["crashed"]:
        short.append(f"{figures['texts_crashed'] + figures['crashed']} crashed")
    if not figures["false_alarm_cases"].startswith("0 "):
        short.append(f"false alarms: {figures['false_alarm_cases']}")
    return short


def on_texts(texts: Path) -> list[str]:
    """Healthy noise, and whether a retry heals."""
    labelled = [json.loads(line) for line in texts.read_text(encoding="utf-8").splitlines()]
    told = [(label, diagnose(label["text"])) for label in labelled]
    alarmed = [label["id"] for label, said in told if label["category"] == "none" and said.category != "none"]
    retries = [label["transient"] == said.transient for label, said in told if label["transient"] is not None]
    right = 100 * sum(retries) / len(retries)
    typer.echo(f"healthy texts taken for failures: {len(alarmed)}; retries right: {right:.1f} % of {len(retries)}")
    short = [f"healthy, and not `none`: {', '.join(alarmed)}"] if alarmed else []
    return short + ([f"retries {right:.1f} %, at least {LEAST_RETRIES_RIGHT} %"] if right < LEAST_RETRIES_RIGHT else [])


def main(
    shared: Annotated[Path, typer.Option(help="Where the labelled data and its scorer lie.")] = SHARED,
    verbose: Annotated[bool, typer.Option(help="Name every miss.")] = False,
) -> None:
    """Scores, and exits with 1 below any threshold."""
    cases, texts = shared / "data/dbt_wild", shared / "data/failure_texts.jsonl"
    absent = [str(path) for path in (cases, texts, shared / "tools/score_triage.py") if not path.exists()]
    if absent:
        typer.echo(f"skipped: {', '.join(absent)} is not here")
        return
    with tempfile.TemporaryDirectory() as folder:
        empty = Path(folder, "no cases")
        empty.mkdir()
        on_cases, on_text = Path(folder, "cases.json"), Path(folder, "texts.json")
        runs = [
            start(shared, cases, cases / "messages.jsonl", CASES | MESSAGES, on_cases, verbose=verbose),
            start(shared, empty, texts, TEXTS, on_text, verbose=verbose),
        ]
        short = [problem for run, out in zip(runs, (on_cases, on_text), strict=True) for problem in finished(run, out)]
    short += on_texts(texts)
    if short:
        typer.echo("falls short: " + "; ".join(short), err=True)
        raise typer.Exit(1)


def finished(run: subprocess.Popen[str], out: Path) -> Sequence[str]:
    """What the scorer printed, and what falls short in it."""
    printed, _ = run.communicate()
    typer.echo(printed)
    below = [line for line in printed.splitlines() if line.startswith("falls short:")]
    return [*below, *shortcomings(json.loads(out.read_text(encoding="utf-8")))]


if __name__ == "__main__":
    typer.run(main)
