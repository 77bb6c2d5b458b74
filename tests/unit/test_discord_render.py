"""The message of an incident: what it says, and that no text in it breaks Discord's limits or does anything but be read."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openclaw.discord import render
from openclaw.model import Action, Advice, Evidence, IncidentView
from openclaw.render import code_block, length, link, markdown, plain
from secret_shapes import SHAPES

ACTION = Action(
    "Restore the column",
    "The mart reads it.",
    "dbt build --select fact_orders",
    ("E1",),
    "schema-drift",
    "Fix",
    "Add the column to the contract",
)
VIEW = IncidentView(
    incident_id="inc-4f1c",
    state="open",
    severity="P1",
    title="Column customer_id is missing in silver.orders",
    category="schema_drift",
    root="silver.orders",
    explanation="The source no longer delivers customer_id.",
    confidence=0.95,
    opened_at="2018-09-03T06:00:00.000Z",
    first_seen="2018-09-03T06:00:00.000Z",
    last_seen="2018-09-04T05:55:00.000Z",
    count=288,
    reasons=("a mart is blocked",),
    evidence=(
        Evidence("E1", 'column "customer_id" does not exist', "model.olist.fact_orders", "https://log.example.net/1"),
    ),
    affected=("model.olist.fact_orders", "model.olist.kpi_daily"),
    exposures=("Sales overview",),
    advice=Advice((ACTION, ACTION, ACTION), "gemini:gemini-3.5-flash-lite", "", ("A deployment renamed it.",)),
    incident_url="https://claw.example.net/incidents/inc-4f1c",
)


def embed(view: IncidentView) -> dict[str, Any]:
    (only,) = render(view)["embeds"]
    return dict(only)


def field(view: IncidentView, name: str) -> str:
    return next((str(f["value"]) for f in embed(view)["fields"] if f["name"].startswith(name)), "")


def unescaped(text: str) -> str:
    return text.replace("\\", "")


def test_the_message_says_what_broke_why_what_it_affects_and_what_to_do() -> None:
    shown = embed(VIEW)
    assert unescaped(shown["title"]) == "P1 open: Column customer_id is missing in silver.orders"
    assert "schema_drift" in shown["description"]
    assert "The source no longer delivers" in shown["description"]
    assert field(VIEW, "Dashboards") == "Sales overview"
    assert "fact_orders" in unescaped(field(VIEW, "Downstream"))
    assert 'E1 model.olist.fact_orders: column "customer_id"' in field(VIEW, "Evidence")
    assert [f["name"][:8] for f in shown["fields"] if f["name"].startswith("Action")] == [
        "Action 1",
        "Action 2",
        "Action 3",
    ]
    assert "dbt build" in field(VIEW, "Action 2")
    assert "Runbook schema-drift, Fix: “Add the column" in unescaped(field(VIEW, "Action 3"))
    assert field(VIEW, "Hypotheses") == "A deployment renamed it."
    assert "[Incident](https://claw.example.net/incidents/inc-4f1c)" in field(VIEW, "Links")
    assert "[Log](https://log.example.net/1)" in field(VIEW, "Links")
    assert "gemini-3.5-flash-lite" in shown["footer"]["text"]


def test_repetition_is_a_count() -> None:
    assert field(VIEW, "State") == "Seen in 288 events since <t:1535954400:f>, last <t:1536040500:f>."
    assert field(replace(VIEW, count=1), "State").startswith("Seen once")


def test_advice_that_is_not_of_gemini_says_whose_it_is_and_why() -> None:
    view = replace(VIEW, advice=Advice((ACTION, ACTION, ACTION), "runbook", "Gemini did not answer in time"))
    assert "Actions from runbook (Gemini did not answer in time)" in embed(view)["footer"]["text"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"state": "acknowledged", "acknowledged_by": "Ana"}, "Acknowledged by Ana"),
        (
            {"state": "resolved", "resolved_by": "the same check", "resolved_reason": "passed"},
            "Resolved by the same check : passed",
        ),
        ({"state": "reopened"}, "Reopened"),
    ],
)
def test_the_state_is_said_and_has_a_colour(changes: dict[str, Any], words: str) -> None:
    view = replace(VIEW, **changes)
    assert words in field(view, "State").replace("  ", " ")
    assert view.state in embed(view)["title"]
    assert (embed(view)["color"] == embed(VIEW)["color"]) == (view.state == "reopened")
    assert embed(replace(VIEW, severity="P2"))["color"] != embed(VIEW)["color"]


def test_more_names_than_fit_are_counted() -> None:
    view = replace(VIEW, affected=tuple(f"model.olist.number_{n}" for n in range(500)))
    shown = field(view, "Downstream").splitlines()
    assert shown[-1] == f"and {500 - (len(shown) - 1)} more"


@pytest.mark.parametrize("mention", ["@everyone", "@here", "<@&123456789012345678>", "<@123456789012345678>", "<#1>"])
def test_nobody_is_mentioned(mention: str) -> None:
    view = replace(VIEW, title=mention, explanation=mention, root=mention, exposures=(mention,))
    assert render(view)["allowed_mentions"] == {"parse": []}
    outside_code = re.sub(r"```.*?```", "", json.dumps(render(view), ensure_ascii=False), flags=re.DOTALL)
    assert mention not in outside_code


def test_a_fence_of_code_cannot_be_closed_from_inside() -> None:
    block = code_block("a\n```\n@everyone **bold**", 500)
    assert block.count("```") == 2
    assert block.endswith("```")


@pytest.mark.parametrize(
    "text", ["**b**", "# h", "[x](http://y)", "> q", "||s||", "`c`", "~~s~~", "<b>h</b>", "-# small", "__u__"]
)
def test_markup_and_html_are_letters(text: str) -> None:
    shown = markdown(text, 100)
    assert unescaped(shown) == text
    assert not re.search(r"(?<!\\)[*_~`|>#\[\]()<]", shown)


def test_letters_that_hide_or_reverse_are_left_out() -> None:
    assert plain("a\u202eb\x1b[31mc\u200bd\ud800") == "ab[31mcd?"


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "ftp://x",
        "https://x/ y",
        "https://x/)[a](https://y",
        "http://[",
        "https://e:p4ssword@x/",
        None,
    ],
)
def test_only_harmless_addresses_become_links(url: str | None) -> None:
    assert link("Log", url, 200) == ""


@pytest.mark.parametrize(("text", "secret"), SHAPES.values(), ids=SHAPES)
def test_no_secret_reaches_the_message(text: str, secret: str) -> None:
    action = replace(ACTION, title=text, detail=text, command=text, quote=text)
    view = replace(
        VIEW, title=text, root=text, explanation=text, reasons=(text,), evidence=(Evidence("E1", text, text, text),), affected=(text,),
        exposures=(text,), advice=Advice((action,) * 3, "runbook", text, (text,)), acknowledged_by=text, resolved_by=text,
        resolved_reason=text, state="resolved", log_url=text, incident_url=text, runbook_url=text,
    )  # fmt: skip
    assert secret not in unescaped(json.dumps(render(view), ensure_ascii=False))


WORDS = st.one_of(
    st.text(max_size=60),
    st.text("\\`*@<&\U0001f4a5", max_size=2000),
    st.integers(0, 7000).map(lambda n: "x" * n),
)
SEVERAL = st.lists(WORDS, max_size=30).map(tuple)
ACTIONS = st.builds(Action, WORDS, WORDS, WORDS, SEVERAL, WORDS, WORDS, WORDS)
VIEWS = st.builds(
    IncidentView,
    incident_id=WORDS.filter(bool),
    state=st.sampled_from(["open", "acknowledged", "resolved", "reopened"]),
    severity=st.sampled_from(["P1", "P2"]),
    title=WORDS,
    category=st.sampled_from(["unsupported_feature_or_function", "unknown"]),
    root=WORDS,
    explanation=WORDS,
    confidence=st.floats(0, 1),
    opened_at=WORDS,
    first_seen=WORDS,
    last_seen=WORDS,
    count=st.integers(1, 10**9),
    reasons=SEVERAL,
    evidence=st.lists(st.builds(Evidence, WORDS, WORDS, WORDS, WORDS), max_size=8).map(tuple),
    affected=SEVERAL,
    exposures=SEVERAL,
    advice=st.none() | st.builds(Advice, st.tuples(ACTIONS, ACTIONS, ACTIONS), WORDS, WORDS, SEVERAL),
    acknowledged_by=WORDS,
    acknowledged_at=WORDS,
    resolved_by=WORDS,
    resolved_reason=WORDS,
    resolved_at=WORDS,
    incident_url=WORDS.map("https://x/{}".format),
    log_url=WORDS.map("https://x/{}".format),
    runbook_url=WORDS,
)


@given(VIEWS)
@settings(max_examples=150, deadline=None)
def test_any_text_keeps_the_message_within_discords_limits(view: IncidentView) -> None:
    shown = embed(view)
    texts = [shown["title"], shown["description"], shown["footer"]["text"]]
    texts += [part for f in shown["fields"] for part in (f["name"], f["value"])]
    assert all(text.strip() for text in texts)
    assert length(shown["title"]) <= 256
    assert length(shown["description"]) <= 4096
    assert length(shown["footer"]["text"]) <= 2048
    assert len(shown["fields"]) <= 25
    assert all(length(f["name"]) <= 256 and length(f["value"]) <= 1024 for f in shown["fields"])
    assert sum(map(length, texts)) <= 6000
    assert json.dumps(render(view)).encode()
