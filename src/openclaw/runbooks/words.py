"""The words of an error's text, or of a runbook, that say what happened: neither names nor numbers, whatever their form.

`UniqueViolation`, `unique_violation` and "unique violations" are the same two words; what was written as one is kept as one too, since
`expect_column_values_to_be_unique` says more than its parts. What stands in quotes is somebody's table or column, unless it is a
sentence. What wraps every failure of a tool (frames of a traceback, the statement echoed, a summary) is left out: it tells them not apart.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Iterator

__all__ = ["words"]

_WRAPPERS = re.compile(
    r"""(?mx)
      ^.*Traceback[ ]\(most[ ]recent[ ]call[ ]last\).*$
    | ^\s*File[ ]".*$ | ^\s*[\^~\s]+$
    | ^\s*LINE[ ]\d+:.*$ | ^\[SQL:.*$                                     # the statement, as PostgreSQL and SQLAlchemy echo it
    | \bFailure[ ]in[ ](?:model|test|seed|snapshot)\b | \bDone\.[ ]PASS=.*$ | \bcompiled[ ]code[ ]at\b.*$
    | \b(?:Database|Runtime)[ ]Error[ ]in[ ](?:model|test|seed|snapshot)\b  # dbt
    | ^.*\b(?:INFO|DEBUG)\b.*$ | \bMarking[ ]task[ ]as\b.*$ | \bTask[ ]exited[ ]with[ ]return[ ]code[ ]1\b   # logs, Airflow's among them
    | (?<=:)\s*(?:null|true|false)(?=\s*[,}\]])                          # JSON
    | \bFor[ ]more[ ]information\b.*$ | \bhttps?://\S+
    """
)
_IDS = re.compile(
    r"""(?ix)
      \b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b    # UUIDs
    | \b[0-9a-f]*\d[0-9a-f]*[a-f][0-9a-f]{10,}\b                          # checksums
    | \b\d{4}-\d\d-\d\d[T\s]?[\d:.,]*(?:Z|[+-]\d\d:?\d\d)?                # times
    """
)
_QUOTED_NAME = re.compile(r"""(["'])[\w.$/:\\-]{1,120}\1""")
# Of two parts they are mostly somebody's columns.
_COMPOUND = re.compile(r"\b(?:[A-Za-z]+(?:_[A-Za-z]+){2,}|[A-Z][a-z]+(?:[A-Z][a-z]+)+)\b")
_WORD = re.compile(r"[A-Z]{2,}(?![a-z])|[A-Z]?[a-z]+|[45]\d\d\b|[0-9][0-9A-Z]{4}\b")
_STOP = frozenset(
    """a an and are as at be been being but by can could did do does for from had has have he her his how i if in into is it its of on
    or our out s she so some such t than that the their them then there these they this those to too up us was we were what when which
    while who will with would you your""".split()
)


def words(text: str) -> list[str]:
    """The words in their order, in lower case, accents folded, plural and tense taken off; then compounds, then pairs of neighbours."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    plain = _IDS.sub(" ", _WRAPPERS.sub(" ", plain.replace("`", " ")))
    single = list(_single(_QUOTED_NAME.sub(" ", plain)))
    compounds = [compound.lower() for compound in _COMPOUND.findall(plain)]
    return [*single, *compounds, *(f"{one} {other}" for one, other in itertools.pairwise(single))]


def _single(plain: str) -> Iterator[str]:
    for match in _WORD.finditer(plain):
        word = match[0].lower()
        if len(word) > 1 and word not in _STOP:
            yield _stem(word)


def _stem(word: str) -> str:
    """Without plural, -ed, -ing: crude, the same for both sides."""
    for ending, rest in (("ies", "y"), ("sses", "ss"), ("ing", ""), ("ed", ""), ("es", "e"), ("s", "")):
        if word.endswith(ending) and len(word) - len(ending) >= 3 and not word.endswith(("ss", "us", "is")):
            return word[: -len(ending)] + rest
    return word
