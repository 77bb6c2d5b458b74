"""The runbooks: those that come along keep their form and name only commands that exist; those of others are read, or refused by name."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

import olist.cli
import openclaw.cli
from advice import VIEW
from openclaw.advisor.steps import own_steps
from openclaw.model import CATEGORIES
from openclaw.runbooks import HEADINGS, Runbook, RunbookError, Runbooks
from openclaw.runbooks.reading import read_runbook
from openclaw.runbooks.words import words

ROOT = Path(__file__).parents[2]
OURS = Runbooks.load(ROOT / "runbooks")
GOOD = """\
---
id: a-b
title: It fails
categories: [sql_syntax]
resources: ["gold.*"]
owner: us
---

## Symptom

Words such as `syntax error at or near`.

## Fix

1. Mend it.

   ```sql
   ## not a heading
   ```
"""


@pytest.fixture(params=OURS.runbooks, ids=lambda runbook: runbook.runbook_id)
def runbook(request: pytest.FixtureRequest) -> Runbook:
    found: Runbook = request.param
    return found


def test_every_runbook_can_be_read_and_every_category_has_one() -> None:
    assert not OURS.faults
    assert len(OURS.runbooks) >= 24
    assert {c for r in OURS.runbooks for c in r.categories} >= set(CATEGORIES) - {"none"}


def test_a_runbook_has_the_six_sections_an_owner_and_its_id_as_the_name_of_its_file(runbook: Runbook) -> None:
    assert tuple(section.heading for section in runbook.sections) == HEADINGS
    assert (ROOT / "runbooks" / f"{runbook.runbook_id}.md").exists()
    assert runbook.owner
    assert runbook.resources
    assert runbook.reviewed


def test_the_first_three_steps_of_a_fix_are_whole_actions(runbook: Runbook) -> None:
    advice = own_steps(VIEW, [section for section in runbook.sections if section.heading == "Fix"])
    assert advice.origin == "runbook"
    assert {action.runbook_id for action in advice.actions} == {runbook.runbook_id}
    assert all(20 <= len(action.title) < 200 for action in advice.actions)
    assert not any(re.match(r"(?i)(?:then|also|after that)\b", action.title) for action in advice.actions)


def test_a_runbook_named_in_another_exists(runbook: Runbook) -> None:
    known = {r.runbook_id for r in OURS.runbooks}
    text = " ".join(section.text for section in runbook.sections)
    for group in re.findall(r"\(runbooks? ([a-z, -]+?)[:)]|\brunbook ([a-z-]+)\)", text):
        assert set(filter(None, re.split(r",\s*", "".join(group)))) <= known


def test_every_command_and_make_target_in_a_runbook_exists(runbook: Runbook) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    for section in runbook.sections:
        for program, rest in re.findall(
            r"(?:^|`|\s)(olist|openclaw) ((?:[a-z]+\b[ -]?)+[^`\n|<]*)", _code(section.text)
        ):
            _require(program, rest)
        assert set(re.findall(r"\bmake ([a-z-]+)", _code(section.text))) <= targets


def _code(text: str) -> str:
    """What stands in blocks and spans of code, a line each."""
    blocks = re.findall(r"```\w*\n(.*?)```", text, re.DOTALL)
    spans = re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))
    return "\n".join(line.strip() for part in [*blocks, *spans] for line in part.splitlines())


def _require(program: str, rest: str) -> None:
    """The sub-command is there, and takes the options."""
    app = {"olist": olist.cli.app, "openclaw": openclaw.cli.app}[program]
    command = typer.main.get_command(app)
    said = rest.partition(" -- ")[0].split()
    while said and said[0] in getattr(command, "commands", {}):
        command = command.commands[said.pop(0)]  # type: ignore[attr-defined]
    is_command = not getattr(command, "commands", {}) or getattr(command, "invoke_without_command", False)
    assert is_command, f"`{program} {rest}` is no command"
    known = {name for parameter in command.params for name in parameter.opts}
    assert {word for word in said if word.startswith("--")} <= known | {"--help"}


# --- Reading ------------------------------------------------------------------------------------------------------------------------


def test_sections_are_cut_at_headings_and_not_inside_code(tmp_path: Path) -> None:
    path = tmp_path / "a-b.md"
    path.write_text(GOOD, encoding="utf-8")
    runbook = read_runbook(path)
    assert [s.section_id for s in runbook.sections] == ["a-b#Symptom", "a-b#Fix"]
    assert "## not a heading" in runbook.sections[1].text
    assert runbook.resources == ("gold.*",)


@pytest.mark.parametrize(
    ("text", "expected"),
    {
        "no front matter": ("# Title\n\n## Fix\n\nMend it.", "front matter between"),
        "front matter without an end": ("---\nid: a\n", "front matter between"),
        "broken YAML": (GOOD.replace("title: It fails", "title: [It"), "in YAML"),
        "front matter that is a list": ("---\n- a\n---\n## Fix\nx", "front matter"),
        "no title": (GOOD.replace("title: It fails\n", ""), "title: Field required"),
        "id with spaces": (GOOD.replace("id: a-b", "id: A b"), "id: "),
        "no categories": (GOOD.replace("[sql_syntax]", "[]"), "categories: "),
        "unknown category": (GOOD.replace("sql_syntax", "bad_luck"), "not bad_luck"),
        "unknown key": (GOOD.replace("owner:", "onwer:"), "onwer: "),
        "no fix": (GOOD.replace("## Fix", "## Fax"), "## Fix"),
        "empty fix": (GOOD.partition("1. Mend")[0], "## Fix"),
    }.items(),
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_what_is_wrong_with_a_runbook_is_said(tmp_path: Path, text: str, expected: tuple[str, str]) -> None:
    path = tmp_path / "bad.md"
    path.write_text(expected[0], encoding="utf-8")
    with pytest.raises(RunbookError) as failed:
        read_runbook(path)
    assert expected[1] in str(failed.value)
    assert "bad.md" in str(failed.value)


def test_one_bad_file_does_not_cost_the_others(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text(GOOD, encoding="utf-8")
    (tmp_path / "b.md").write_text(GOOD, encoding="utf-8")
    (tmp_path / "c.md").write_bytes(b"\xff\xfe")
    (tmp_path / "README.md").write_text("Ours.", encoding="utf-8")
    runbooks = Runbooks.load(tmp_path)
    assert [r.runbook_id for r in runbooks.runbooks] == ["a-b"]
    assert [Path(f.where).name for f in runbooks.faults] == ["b.md", "c.md"]
    assert {s.runbook_id for s in runbooks.search("syntax error")} == {"a-b"}


@pytest.mark.parametrize("folder", ["empty", "missing"])
def test_a_folder_without_runbooks_is_a_fault_and_finds_nothing(tmp_path: Path, folder: str) -> None:
    (tmp_path / "empty").mkdir()
    runbooks = Runbooks.load(tmp_path / folder)
    assert "OPENCLAW_RUNBOOKS" in str(runbooks.faults[0])
    assert runbooks.search("syntax error", categories=["sql_syntax"]) == ()


# --- Finding ------------------------------------------------------------------------------------------------------------------------


def first(query: str, **known: object) -> str:
    found = OURS.search(query, **known)  # type: ignore[arg-type]
    return found[0].runbook_id if found else ""


def test_every_section_of_the_runbooks_found_comes_best_first() -> None:
    found = OURS.search("deadlock detected", limit=2)
    assert [s.heading for s in found] == list(HEADINGS) * 2
    assert found[0].runbook_id == "concurrency"
    assert found[0].score == found[5].score > found[6].score > 0
    assert len({s.runbook_id for s in found}) == 2


def test_a_text_that_says_nothing_finds_by_category_alone_and_without_one_nothing() -> None:
    assert first("") == ""
    assert first("0x7f 4711 'x'") == ""
    assert first("", categories=["unit_test_failure"]) == "unit-test-failure"


def test_the_diagnosis_and_the_resource_decide_between_near_matches() -> None:
    text = "Got 3 results, configured to fail if != 0"
    for category, runbook_id in [
        ("null_violation", "null-violation"),
        ("duplicate_key", "duplicate-key"),
        ("referential_integrity", "referential-integrity"),
    ]:
        assert first(text, categories=[category]) == runbook_id
    assert first("permission denied", categories=["auth_or_permission"], resource="lake") == "auth-or-permission"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            'UniqueViolation: Duplicate keys in "shop"."ordens_diárias" at 2026-01-31T06:00:00Z, id 7d3f2c1a-1111-4222-8333-444455556666',
            ["unique", "violation", "duplicate", "key", "id", "uniqueviolation"],
        ),
        ("relações RELATION relations", ["relacoe", "relation", "relation"]),
        ("403 in 4711 ms, SQLSTATE 40P01", ["403", "ms", "sqlstate", "40p01"]),
        ('"type": "expect_column_values_to_be_unique"', ["expect_column_values_to_be_unique"]),
        ('Traceback (most recent call last):\n  File "a.py", line 1, in x\nKeyError', ["key", "error", "keyerror"]),
        ('syntax error\nLINE 1: select a, from b\n        ^', ["syntax", "error"]),
        ('INFO - Done. Returned value was: None\nERROR - killed', ["error", "kill"]),
    ],
)  # fmt: skip
def test_words_are_those_of_the_failure_and_neither_names_nor_wrappers(text: str, expected: list[str]) -> None:
    assert [word for word in words(text) if " " not in word] == expected


# --- The command --------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    monkeypatch.delenv("OPENCLAW_GEMINI_API_KEY", raising=False)
    return CliRunner()


def test_the_command_shows_the_best_and_its_fix(run: CliRunner) -> None:
    result = run.invoke(openclaw.cli.app, ["runbooks", "search", "deadlock detected", "--limit", "2"])
    assert result.exit_code == 0
    assert "concurrency" in result.output.splitlines()[0]
    assert "1. Run the failed step again" in result.output


def test_the_command_reads_a_text_from_standard_input_and_prints_json(run: CliRunner) -> None:
    result = run.invoke(openclaw.cli.app, ["runbooks", "search", "-", "--json"], input="No space left on device\n")
    assert json.loads(result.output)[0]["runbook_id"] == "disk-full"


def test_another_folder_is_a_setting(run: CliRunner, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "a-b.md").write_text(GOOD, encoding="utf-8")
    monkeypatch.setenv("OPENCLAW_RUNBOOKS", str(tmp_path))
    result = run.invoke(openclaw.cli.app, ["runbooks", "search", "syntax error"])
    assert result.output.startswith(" 1.00  a-b  It fails")
    assert run.invoke(openclaw.cli.app, ["runbooks", "search", "deadlock"]).output == "no runbook matches\n"


def test_check_names_what_is_wrong_and_fails(run: CliRunner, tmp_path: Path) -> None:
    (tmp_path / "bad.md").write_text("no front matter", encoding="utf-8")
    result = run.invoke(openclaw.cli.app, ["runbooks", "check", "--folder", str(tmp_path)])
    assert result.exit_code == 1
    assert "bad.md" in result.output
    assert run.invoke(openclaw.cli.app, ["runbooks", "check"]).exit_code == 0
