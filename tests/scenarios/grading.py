"""Is what the agent said the truth? Compared alert by alert; nothing in between right and wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from openclaw.model import IncidentView

__all__ = ["faults_of", "said"]

Alert = tuple[str, str, str, str]  # root, category, severity, state


def said(views: Sequence[IncidentView]) -> list[Alert]:
    """What the alerts say of what is graded."""
    return [(view.root, view.category, view.severity, view.state) for view in views]


def faults_of(found: Sequence[Alert], truths: Sequence[Alert]) -> list[str]:
    """What is wrong with the alerts: those that are missing, and those that are too many. Nothing: they are right."""
    got, wanted = Counter(found), Counter(truths)
    missing = [f"missing {' '.join(alert)}" for alert in (wanted - got).elements()]
    return missing + [f"unexpected {' '.join(alert)}" for alert in (got - wanted).elements()]
