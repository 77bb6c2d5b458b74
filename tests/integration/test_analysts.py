"""The questions and answers of docs/analysts.md: each query runs on gold of the real data and says what the page says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest

from olist.settings import PROJECT

PAGE = PROJECT / "docs/analysts.md"
SECTION = re.compile(r"^## \d+\. (?P<question>.+?\?)$(?P<body>.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Question:
    """One section: the question, its SQL, and the table below it as text, header first."""

    text: str
    sql: str
    answer: list[list[str]]


def questions() -> Iterator[Question]:
    for section in SECTION.finditer(PAGE.read_text()):
        (sql,) = re.findall(r"^```sql\n(.*?)^```$", section["body"], re.MULTILINE | re.DOTALL)
        lines = [line.strip("| ").split(" | ") for line in section["body"].splitlines() if line.startswith("| ")]
        yield Question(section["question"], sql, lines)


QUESTIONS = list(questions())


@pytest.fixture
def gold(real_gold: psycopg.Connection[Any]) -> psycopg.Connection[Any]:
    return real_gold


def test_there_are_ten_questions_with_an_answer_each() -> None:
    assert len(QUESTIONS) == 10
    assert len({question.text for question in QUESTIONS}) == 10
    assert all(len(question.answer) >= 2 for question in QUESTIONS)


@pytest.mark.parametrize("question", QUESTIONS, ids=[q.text for q in QUESTIONS])
def test_the_page_says_what_the_query_answers(gold: psycopg.Connection[Any], question: Question) -> None:
    cursor = gold.execute(question.sql.encode())
    names = [column.name for column in cursor.description or []]
    assert [names, *([str(value) for value in row] for row in cursor.fetchall())] == question.answer


def test_the_questions_read_gold_and_nothing_below_it() -> None:
    for question in QUESTIONS:
        assert (
            set(re.findall(r"\b(\w+)\.\w+", question.sql)) & {"silver", "staging", "intermediate", "olist_meta"}
            == set()
        )
        assert "gold." in question.sql
