"""One incident, its runbook, and advice on it as a model would give it: what the tests of advice start from."""

from __future__ import annotations

import json
from typing import Any

from openclaw.model import Evidence, IncidentView, Section

__all__ = ["SECTIONS", "VIEW", "answer", "proposed"]

VIEW = IncidentView(
    incident_id="inc-1",
    state="open",
    severity="P1",
    title="Column customer_id is missing in silver.orders",
    category="schema_drift",
    root="silver.orders",
    explanation="The source no longer delivers customer_id.",
    confidence=0.95,
    opened_at="2018-09-03T06:00:00.000Z",
    first_seen="2018-09-03T06:00:00.000Z",
    last_seen="2018-09-03T06:00:00.000Z",
    evidence=(
        Evidence("E1", 'column "customer_id" does not exist', "model.olist.fact_orders"),
        Evidence("E2", "header of orders.csv: order_id,customer", "bronze.orders"),
    ),
    affected=("model.olist.fact_orders",),
    exposures=("Sales overview",),
)
SECTIONS = (
    Section(
        "schema-drift", "A column changed upstream", "Symptom", "A build fails, because a column does not exist.", 9.0
    ),
    Section(
        "schema-drift",
        "A column changed upstream",
        "Fix",
        """1. Ask the producer whether the column was renamed. Their changelog says when.
2. Write a new version of the contract with the column's new name:

   ```bash
   olist contracts check
   ```

3. Run the pipeline again from bronze.
4. If the old table stands in the way, `DROP TABLE silver.orders_old` removes it.
""",
        8.0,
    ),
    Section(
        "schema-drift", "A column changed upstream", "How to confirm", "- Compare the header with the contract.", 7.0
    ),
)


def proposed(**changes: Any) -> dict[str, Any]:
    """One action that stands up to the runbook."""
    return {
        "title": "Ask the producer about the rename",
        "detail": "The header has customer in the place of customer_id.",
        "command": None,
        "evidence_ids": ["E2"],
        "section_id": "S2",
        "quote": "Ask the producer whether the column was renamed.",
    } | changes


def answer(*changes: dict[str, Any], actions: int = 3, **others: Any) -> str:
    """Three good actions as JSON, the first ones changed as said."""
    three = [
        proposed(),
        proposed(
            title="Version the contract", command="olist contracts check", quote="Write a new version of the contract"
        ),
        proposed(
            title="Run the pipeline again", evidence_ids=["E1", "E2"], quote="run the pipeline\n again from **bronze**"
        ),
        proposed(title="Have a coffee"),
    ][:actions]
    for action, change in zip(three, changes, strict=False):
        action.update(change)
    return json.dumps({"actions": three, "hypotheses": ["The producer renamed it with a release."]} | others)
