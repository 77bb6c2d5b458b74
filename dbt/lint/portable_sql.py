"""Lint: SQL of the dbt project that PostgreSQL would run and BigQuery refuse, or read otherwise.

    python dbt/lint/portable_sql.py [FILE_OR_FOLDER …]

Reads models, tests and macros as they are written. A macro named `default__…` or `postgres__…` may say what it likes, if a
`bigquery__…` of that name says it in the other language. Prints `file:line: construct: what to write instead`, and exits with 1 when
there is any. That a function exists on both does not prove that a statement runs: only running it does.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

__all__ = ["BANNED", "Finding", "findings"]

PROJECT = Path(__file__).parents[1]
FOLDERS = ("models", "tests", "macros")


@dataclass(frozen=True)
class Banned:
    """A construct, by the pattern that finds it in lower-case SQL whose literals are empty, and what to write instead."""

    name: str
    pattern: str
    instead: str


@dataclass(frozen=True)
class Finding:
    """A banned construct at a line, from 1, of a file."""

    path: Path
    line: int
    construct: str
    instead: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.construct}: {self.instead}"


_POSTGRES_TYPES = r"text|varchar|char|character varying|double precision|real|jsonb?|uuid|bytea|timestamptz|timestamp"

BANNED = (
    Banned("cast operator", r"::", "cast(x as type), or a macro of macros/types.sql"),
    Banned(
        "PostgreSQL type", rf"\bas\s+(?:{_POSTGRES_TYPES})\s*[()]", "dbt.type_string(), type_float(), type_timestamp()"
    ),
    Banned(
        "digits in a cast", r"\bas\s+(?:numeric|decimal)\s*\(", "decimal(), or money(): BigQuery casts to numeric alone"
    ),
    Banned("array subscript", r"[\w)]\s*\[", "row_number() and a filter: [1] is BigQuery's [offset(0)]"),
    Banned("distinct on", r"\bdistinct\s+on\b", "row_number() and a filter"),
    Banned("filter clause", r"\bfilter\s*\(", "count_if(), or an aggregate of a case"),
    Banned("ilike", r"\bilike\b", "lower(x) like"),
    Banned("similar to", r"\bsimilar\s+to\b", "matches()"),
    Banned("regex operator", r"~", "matches()"),
    Banned("interval literal", r"\binterval\s+'", "add_days(), or dbt.dateadd()"),
    Banned("percent operator", r"%", "mod(a, b)"),
    Banned("power operator", r"\^", "power(a, b)"),
    Banned("json operator", r"->", "columns: JSON is read differently by each"),
    Banned("double-quoted identifier", r'"', "a plain name: BigQuery reads a string"),
    Banned("escape string", r"\be'", "a plain literal"),
    Banned("current moment", r"\b(?:current_(?:date|time|timestamp)|local(?:time|timestamp))\b", "the data's last day"),
    Banned("bare union", r"\b(?:union|except|intersect)\b(?!\s+(?:all|distinct)\b)", "union all, or union distinct"),
    Banned("values as a relation", r"\bvalues\s*\(", "a seed, or select … union all"),
    Banned("column alias list", r"\bas\s+(?!numeric\b|decimal\b)\w+\s*\(", "aliases in the select list"),
    Banned("lateral", r"\blateral\b", "a join, or parts_of()"),
    Banned("natural join", r"\bnatural\s+(?:\w+\s+)?join\b", "join … on"),
    Banned("fetch first", r"\bfetch\s+(?:first|next)\b", "limit"),
    Banned(
        "row comparison",
        r"(?<!\w)\([\w.\s]+,[\w.,\s]+\)\s*(?:=|<>|(?:not\s+)?in\b)",
        "a join, or one condition per column",
    ),
    Banned("any or all of an array", r"[=<>]\s*(?:any|all|some)\s*\(", "in (…)"),
    Banned(
        "part of a date", r"\bextract\s*\(\s*(?!(?:year|quarter|month|day|hour|minute|second)\b)\w+", "macros/dates.sql"
    ),
    Banned("schema-qualified function", r"\b[a-z_]\w*\.[a-z_]\w*\s*\(", "the plain function"),
)

# Functions that both know and mean alike; of any other, a macro says what each is to run.
SHARED_FUNCTIONS = frozenset(
    """
    abs acos asin atan avg cast ceil chr coalesce concat cos count dense_rank exp extract first_value floor greatest
    lag last_value lead least left length ln lower lpad ltrim max min mod ntile nullif percent_rank power rank replace
    right round row_number rpad rtrim sign sin sqrt starts_with strpos substr sum tan translate trim upper
    """.split()
)
# What may stand before a parenthesis and is no function.
_KEYWORDS = frozenset(
    """
    all and any as between by case decimal distinct else end except exists filter from group having in intersect into
    is join lateral like limit not numeric on or over partition recursive select some then union using values when
    where with within
    """.split()
)

_JINJA = re.compile(r"\{#.*?#\}|\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_JINJA_STRING = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'", re.DOTALL)
_SILENT = re.compile(r"--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'", re.DOTALL)
_MACRO = re.compile(r"\{%-?\s*macro\s+(default|postgres|bigquery)__(\w+).*?\{%-?\s*endmacro\s*-?%\}", re.DOTALL)
_CALL = re.compile(r"(?<![.\w])([a-z_]\w*)\s*\(")


def findings(path: Path) -> list[Finding]:
    """The banned constructs of one file, in order."""
    text = path.read_text(encoding="utf-8")
    alone = list(_without_twin(text))
    sql = _sql(_MACRO.sub(lambda m: _blank(m[0]), text))
    found = [*alone, *_constructs(sql), *_functions(sql)]
    return [Finding(path, text.count("\n", 0, at) + 1, name, instead) for at, name, instead in sorted(found)]


def _constructs(sql: str) -> Iterator[tuple[int, str, str]]:
    for banned in BANNED:
        for match in re.finditer(banned.pattern, sql):
            yield match.start(), banned.name, banned.instead


def _functions(sql: str) -> Iterator[tuple[int, str, str]]:
    for match in _CALL.finditer(sql):
        before = sql[: match.start()].split()[-1:]
        if match[1] not in SHARED_FUNCTIONS | _KEYWORDS and before != ["as"]:
            yield match.start(), "unshared function", f"{match[1]}() in a macro with a BigQuery version, or none of it"


def _without_twin(text: str) -> Iterator[tuple[int, str, str]]:
    written = {(match[1], match[2]) for match in _MACRO.finditer(text)}
    for match in _MACRO.finditer(text):
        if match[1] != "bigquery" and ("bigquery", match[2]) not in written:
            yield match.start(), "macro of one database", f"a bigquery__{match[2]} beside it"


def _sql(text: str) -> str:
    """The SQL alone, in lower case, each character where it was: what Jinja holds in strings counts, comments and literals do not."""
    rendered = _JINJA.sub(lambda m: _strings_of(m[0]), text)
    return _SILENT.sub(lambda m: "'" + _blank(m[0][1:-1]) + "'" if m[0][0] == "'" else _blank(m[0]), rendered).lower()


def _strings_of(jinja: str) -> str:
    if jinja.startswith("{#"):
        return _blank(jinja)
    kept, end = "", 0
    for string in _JINJA_STRING.finditer(jinja):
        inner = re.sub("[\"']", " ", _SILENT.sub(lambda m: _blank(m[0]), string[0][1:-1]))
        kept += _blank(jinja[end : string.start()]) + f";{inner};"
        end = string.end()
    return kept + _blank(jinja[end:])


def _blank(text: str) -> str:
    return re.sub(r"[^\n]", " ", text)


def main(given: Iterable[str]) -> int:
    """Lint files and folders, those of the project when none is given."""
    places = [Path(one) for one in given] or [PROJECT / folder for folder in FOLDERS]
    paths = [path for place in places for path in (sorted(place.rglob("*.sql")) if place.is_dir() else [place])]
    found = [finding for path in paths for finding in findings(path)]
    sys.stdout.writelines(f"{finding}\n" for finding in found)
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
