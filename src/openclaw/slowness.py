"""Models that took far longer than they usually do, judged by robust statistics of each one's own history.

Usual is the median of the last invocations, and how far they stray from it the median absolute deviation, of logarithms: durations vary by
factors. So one slow night of last week neither hides the next one nor makes an alarm of the nights after it. A model is slow when it took
far longer than usual, at least twice as long, and at least some seconds longer; in its first invocations nothing is judged. Where many are
slow at once it is not the models: that is one event, of the whole invocation.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from math import exp, log
from statistics import median

from opstore.store import Check, Event, event_id

__all__ = ["WINDOW", "Duration", "checks", "events", "judge"]

_CHECK = "duration"
LEARNING = 10  # invocations before which a model is not judged
WINDOW = 60  # the latest of them are its history
LIMIT = 4.0  # deviations from the median that count as far
_NORMAL = 1.4826  # makes the median absolute deviation comparable with a standard deviation
_STEADIEST = 1.1  # by this factor every model may vary
_TIMES, _SECONDS = 2.0, 5.0  # less than this is a trifle
_MANY = 3  # more than so many slow models have one cause, outside of them


@dataclass(frozen=True)
class Duration:
    """What dbt spent on one model, in seconds, against its history of so many `runs`; these vary by the factor `spread`."""

    node: str
    seconds: float
    usual: float
    spread: float
    runs: int

    @property
    def is_slow(self) -> bool:
        """Whether it is worth an alarm."""
        far = self.usual * max(exp(LIMIT * log(self.spread)), _TIMES)
        return self.seconds > max(far, self.usual + _SECONDS)

    def __str__(self) -> str:
        name = self.node.split(".", 2)[-1]
        return f"{name} took {self.seconds:.1f} s, {self.expected} ({self.runs} runs)"

    @property
    def expected(self) -> str:
        """What it usually takes, in words."""
        return f"usual is {self.usual:.1f} s, give or take {self.spread - 1:.0%}"


def judge(seconds: Mapping[str, float], history: Sequence[Mapping[str, float]]) -> list[Duration]:
    """Each model's duration, those left out whose history is short. `history` is the seconds by model of earlier invocations."""
    before = {node: [known[node] for known in history if node in known] for node in seconds}
    return [_against(node, seconds[node], known) for node, known in before.items() if len(known) >= LEARNING]


def checks(step: str, judged: Sequence[Duration]) -> Iterator[Check]:
    """A check of each model that was judged, and of the invocation."""
    slow = [d for d in judged if d.is_slow]
    for d in judged:
        yield Check(d.node, _CHECK, _CHECK, "warn", "fail" if d.is_slow else "pass", int(d.is_slow), str(d))
    if judged:
        yield Check(step, _CHECK, _CHECK, "warn", "fail" if len(slow) > _MANY else "pass", len(slow))


def events(run_id: str, step: str, at: str, judged: Sequence[Duration]) -> Iterator[Event]:
    """An event of each slow model, or one of all of them where they are many."""
    slow = sorted((d for d in judged if d.is_slow), key=lambda d: d.usual - d.seconds)
    if len(slow) > _MANY:
        said = f"{step}: {len(slow)} models took far longer than usual: " + "; ".join(map(str, slow[:_MANY]))
        yield _event(run_id, step, at, said, "step", slow)
    else:
        for d in slow:
            yield _event(run_id, d.node, at, f"{d.node} is slow: {d}", "model", [d])


def _event(run_id: str, resource: str, at: str, said: str, kind: str, slow: Sequence[Duration]) -> Event:
    known = {
        "kind": kind,
        "status": "warn",
        "found": f"{slow[0].seconds:.1f} s",
        "expected": slow[0].expected,
        "numbers": [asdict(d) for d in slow],
    }
    return Event(event_id("slow", run_id, resource), "DBT_MODEL_SLOW", resource, said, _CHECK, run_id, known, at)


def _against(node: str, seconds: float, known: Sequence[float]) -> Duration:
    usual = max(median(known), 0.001)
    strayed = exp(_NORMAL * median(abs(log(max(one, 0.001) / usual)) for one in known))
    return Duration(node, seconds, usual, max(strayed, _STEADIEST), len(known))
