"""What SQLSTATE says of an error whose words no rule knows: the standard's classes, and the codes of PostgreSQL, ODBC and Spark.

Engines print it as `SQLSTATE: 42703`, after a number of their own as `001003 (42000):`, as the field `'C'` of a message, or as the name of
an exception of psycopg. A class is vague and a code may be used loosely, so it decides only where nothing better is found. The codes with
which Snowflake and MySQL mark almost anything (22000, 42000, HY000, 23000) say nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from openclaw.model import Category

__all__ = ["SqlState", "sqlstates"]

_OF_CODE, _OF_CLASS = 0.7, 0.58
_MOST = 20
_FORMS = re.compile(
    r"""\bSQLSTATE(?:\scode)?[\s:=('"\[]{1,6}(?P<said>[0-9A-Z]{5})\b | \b\d{4,6}\s\((?P<numbered>[0-9A-Z]{5})\):
    | ["']C["']:\s?["'](?P<field>[0-9A-Z]{5})["'] | \('(?P<odbc>[0-9A-Z]{5})',\s | \berrors\.(?P<name>[A-Z][a-z]\w{3,60})""",
    re.VERBOSE | re.IGNORECASE,
)
_Meaning = tuple[Category, bool | None]
_CONNECTION: _Meaning = ("connectivity", True)
_CONFLICT: _Meaning = ("concurrency", True)
_RUNTIME: _Meaning = ("runtime_error", False)
_SYNTAX: _Meaning = ("sql_syntax", False)
_TYPES: _Meaning = ("type_or_parse_error", False)
_UNSUPPORTED: _Meaning = ("unsupported_feature_or_function", False)
_MISSING: _Meaning = ("missing_relation", False)
_DRIFT: _Meaning = ("schema_drift", False)
_RIGHTS: _Meaning = ("auth_or_permission", False)
# By code, or by the two signs of its class.
_MEANINGS: dict[str, _Meaning] = {
    **dict.fromkeys(("08", "08001", "08003", "08006", "08S01"), _CONNECTION),
    "0A": _UNSUPPORTED,
    "21": _RUNTIME,
    "22": _TYPES,
    **dict.fromkeys(("22012", "2201E", "2201F"), _RUNTIME),
    **dict.fromkeys(("22004", "23502"), ("null_violation", False)),
    "23503": ("referential_integrity", False),
    "23505": ("duplicate_key", False),
    **dict.fromkeys(("23514", "44000"), ("domain_violation", False)),
    "25006": _RIGHTS,
    "25P02": ("unknown", None),
    "25P03": ("resource_exhausted", True),
    "28": _RIGHTS,
    "2BP01": _RUNTIME,
    "3D000": ("configuration", False),
    "3F000": _MISSING,
    "40": _CONFLICT,
    "42501": _RIGHTS,
    **dict.fromkeys(("42601", "42602", "42622", "42701", "42702", "42712", "42803"), _SYNTAX),
    **dict.fromkeys(("42P02", "42P09", "42P10", "42P19", "42P20"), _SYNTAX),
    **dict.fromkeys(("42703", "42802", "42S22"), _DRIFT),
    **dict.fromkeys(("42P01", "42S02", "42K03"), _MISSING),
    "42883": _UNSUPPORTED,
    **dict.fromkeys(("42804", "42846"), _TYPES),
    **dict.fromkeys(("42710", "42723", "42P04", "42P05", "42P06", "42P07", "42S01"), _RUNTIME),
    "53": ("resource_exhausted", True),
    **dict.fromkeys(("53100", "53200"), ("resource_exhausted", False)),
    "54": ("resource_exhausted", False),
    **dict.fromkeys(("55006", "55P03"), _CONFLICT),
    "57": ("resource_exhausted", True),
    "57014": ("resource_exhausted", True),
    **dict.fromkeys(("57P01", "57P02", "57P03", "57P05"), _CONNECTION),
    "XX": ("runtime_error", True),
    **dict.fromkeys(("XX001", "XX002"), _RUNTIME),
}
_SAYS_NOTHING = frozenset({"22000"})
# Exceptions of psycopg and psycopg2 that no rule knows by their words, by their code.
_NAMES = {
    "CardinalityViolation": "21000",
    "ConnectionDoesNotExist": "08003",
    "DependentObjectsStillExist": "2BP01",
    "DuplicateFunction": "42723",
    "DuplicateObject": "42710",
    "DuplicateSchema": "42P06",
    "DuplicateTable": "42P07",
    "IdleInTransactionSessionTimeout": "25P03",
    "IdleSessionTimeout": "57P05",
    "InFailedSqlTransaction": "25P02",
    "InvalidName": "42602",
    "InvalidRecursion": "42P19",
    "NameTooLong": "42622",
    "NullValueNotAllowed": "22004",
    "OutOfMemory": "53200",
    "ProgramLimitExceeded": "54000",
    "QueryCanceled": "57014",
    "ReadOnlySqlTransaction": "25006",
    "StatementTooComplex": "54001",
    "TooManyArguments": "54023",
    "TooManyColumns": "54011",
    "UndefinedParameter": "42P02",
    "WithCheckOptionViolation": "44000",
    "WrongObjectType": "42809",
}


@dataclass(frozen=True)
class SqlState:
    """One code that the text names. `at` is where."""

    code: str
    category: Category
    transient: bool | None
    confidence: float
    evidence: str
    at: int

    @property
    def explanation(self) -> str:
        """What the code says, as a sentence."""
        return f"The engine reports SQLSTATE {self.code}: {self.category.replace('_', ' ')}."


def sqlstates(text: str) -> Iterator[SqlState]:
    """Those that say something, in the order of the text."""
    for found in islice(_FORMS.finditer(text), _MOST):
        code = _NAMES.get(found["name"], "") if found["name"] else (found[found.lastgroup or 0] or "").upper()
        meaning = None if code in _SAYS_NOTHING else _MEANINGS.get(code) or _MEANINGS.get(code[:2])
        if meaning:
            confidence = _OF_CODE if code in _MEANINGS else _OF_CLASS
            yield SqlState(code, *meaning, confidence, found[0].strip(), found.start())
