"""How to read a log: what is quoted in it is left out, and every line gets a weight by who says it and how.

An error and the last of a chain of exceptions weigh most; a warning, a chatty logger and an echoed statement weigh little. Frames of
tracebacks, colours, the SQL that an engine quotes back and the values of rows are not read at all: they would be taken for errors.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["Passage", "read"]

_LONGEST = 200_000  # characters; of a longer text the beginning and, three times as much, the end
_ERROR, _PLAIN, _INFO, _WARNING, _DEBUG, _ECHO = 1.0, 0.95, 0.62, 0.55, 0.4, 0.35
_DEEPER = 0.004  # each `Caused by` weighs a little more than the one before
_RETRIED_FACTOR = 0.88  # what is tried again may have passed by itself
_WEIGHTS = {
    "debug": _DEBUG,
    "trace": _DEBUG,
    "info": _INFO,
    "log": _INFO,
    "notice": _INFO,
    "warn": _WARNING,
    "warning": _WARNING,
    "error": _ERROR,
    "severe": _ERROR,
    "critical": _ERROR,
    "fatal": _ERROR,
    "panic": _ERROR,
    "alert": _ERROR,
    "emergency": _ERROR,
}
_WORDS = "|".join(_WEIGHTS)
_COLOUR = re.compile(r"\x1b\[[0-9;]*[A-Za-z]|\[(?:\d{1,2}(?:;\d{1,2})*)m(?=\S|\s)")
_BLANKS = re.compile(r"[^\S\n]{40,}+")
_ESCAPED_BREAK = re.compile(r"(?:\\r)?\\n(?=[\s\"'A-Z\[{(\\]|$)")
# Records of structured logs on one line, and the exceptions that Airflow 3 writes into them.
_NEXT_RECORD = re.compile(r'\},\s*(?=\{"(?:timestamp|event|level|message|time|ts)")')
_EXCEPTION_FIELDS = re.compile(r'"exc_type"\s*:\s*"(?P<kind>\w+)"\s*,\s*"exc_value"\s*:\s*"')
_SQL_BLOCK = re.compile(
    r"""^\s*==\s*SQL(?:\s\([^)]*\))?\s*==[\s\S]*?(?=^\s*(?:at\s|Caused\sby|\[\d{4}|\d\d:\d\d:\d\d)|\Z) | \[SQL:[^\[\]]*\]
    | \bSQL:\s*'/\*[\s\S]*\Z | ^-{5,}Query\sJob\sSQL[\s\S]*?(?:^-{5,}.*$\s*\Z|\Z) | ^[ \t]*LINE\s\d+:.*(?:\n[ \t]*\^+[ \t]*$)?
    | /\*\s*\{"app":(?:(?!/\*)[\s\S])*?\*/""",
    re.VERBOSE | re.MULTILINE,
)
# Values of rows, which may hold any words: they are left out, and the brackets and quotes around them stay.
_VALUES = re.compile(
    r"""(?P<before>\bFailing\srow\scontains\s\(|\bKey\s\([^()\n]{1,200}\)=\()[^\n]{0,1000}(?P<after>\))
    | (?P<rows>\bRow\sValues:\s\[)[^\n]{0,1000}(?P<end>\])
    | (?P<quoted>\b(?:value|Duplicate\sentry|String)\s')[^'\n]{1,500}(?P<quote>')
    | (?P<input>\binvalid\sinput\s(?:syntax|value)\sfor\s[^:\n]{1,80}:\s"
        | \bCOPY\s\w{1,64},\sline\s\d{1,12},\scolumn\s\w{1,64}:\s")[^"\n]{1,500}(?P<close>")""",
    re.VERBOSE,
)
_FRAME = re.compile(
    r"""^\s*(?:File\s"[^"\n]*",\sline\s\d+ | at\s[\w$.<>/]+\( | \.{3}\s\d+\smore | [~^\s|]+$ | [│╭╰❱].* | -{2,3}>\s\d+\s)""",
    re.VERBOSE,
)
_PYTHON_FRAME = re.compile(r'^\s*File\s"[^"\n]*",\sline\s\d+')
_AIRFLOW = re.compile(
    rf"^\s*\[?\d{{4}}-\d\d-\d\d[^\]{{]{{0,30}}\]\s\{{(?P<file>[\w./-]+):\d+\}}\s(?P<level>{_WORDS})\s-\s?",
    re.IGNORECASE,
)
_RELAYS = re.compile(
    r"^(?:subprocess|logging_mixin|bash|bash_operator|docker|pod_manager|pod|ssh|log|local_executor|spark_submit)\.py$"
)
_LEVEL = re.compile(
    rf"""["'](?:level|levelname|severity|log_level)["']\s*:\s*["'](?P<json>{_WORDS})["'] | \blevel=["']?(?P<logfmt>{_WORDS})\b
    | ^.{{0,60}}?\[\s*(?P<bracket>{_WORDS})\s*\] | ^(?P<klog>[EWIF])\d{{4}}\s\d\d:""",
    re.VERBOSE | re.IGNORECASE,
)
_UPPER_LEVEL = re.compile(rf"^[^A-Za-z\n]{{0,60}}(?:[\w.-]+\s)?\[?(?P<level>{_WORDS.upper()})\b\]?\s*(?:[:|\]-]|\s)")
_KLOG = {"E": _ERROR, "F": _ERROR, "W": _WARNING, "I": _INFO}
_CAUSE = re.compile(r"^\s*Caused by:", re.IGNORECASE)
_EXCEPTION = re.compile(
    r"""^[\s>|]*(?:Caused\sby:\s|Exception\sin\sthread\s"[^"]*"\s)?(?:(?:[\w$]+[.:])*[A-Z]\w*(?:Error|Exception|Failure|Fault|Denied|Refused|NotFound|Exists|
    Timeout|Interrupt|Forbidden|BadRequest|Unavailable|Exhausted|Undefined\w+|Detected|Violation|Unauthorized|TooManyRequests|InvalidToken|Duplicate\w+)
    (?:\s*\[[^\]]*\])?(?::|\(|\s*$) | (?:[A-Z]\w+\s)?(?:Database|Runtime|Compilation|Parsing|Dependency|Validation)\sError\b)""",
    re.VERBOSE,
)
_WARNED = re.compile(r"\b\w*(?:Warning|Deprecated)\b:?|\bdeprecat(?:ed|ion)\b|\[WARNING\]", re.IGNORECASE)
_RETRIED = re.compile(
    r"\bretrying\b|\bwill (?:be )?retr(?:y|ied)\b|\bRetry\(total=|\battempts? remaining\b|\bretry(?:ing)? in\b",
    re.IGNORECASE,
)
_STATEMENT = re.compile(
    r"""^\s*(?:STATEMENT:|QUERY:|(?:Running|Executing)\s(?:statement|command|query|SQL)\b|Running:
    | (?:select|with)\b.*(?:\bfrom\b|\bas\s*\(|,\s*$)
    | (?:from|(?:(?:left|right|inner|outer|cross|full)\s)*join)\s[\w.`"{}()' ]+(?:\son\b.*|\swhere\b.*|[;,(])?$
    | (?:where|and|or|on|when|having|case)\b.*(?:[=<>]|\bin\s*\(|\bis\s(?:not\s)?null\b|\bthen\b|\blike\b)
    | (?:group|order|partition)\sby\s[\w.,"` ]+$ | union(?:\sall)?\s*$
    | create\b.*\b(?:table|view)\s\S+\s*(?:as\b.*|\(.*|using\b.*)?$
    | (?:insert|merge)\sinto\s\S+\s*(?:\(|select\b|values\b|using\b|as\b|$))""",
    re.VERBOSE | re.IGNORECASE,
)


@dataclass(frozen=True)
class Passage:
    """What was said. `text` is what is left of it, `weights` one number per line of it, `starts` where the lines begin."""

    text: str
    starts: tuple[int, ...]
    weights: tuple[float, ...]

    def weight(self, position: int) -> float:
        """The weight of the line at a position."""
        return self.weights[bisect_right(self.starts, position) - 1] if self.weights else 0.0

    def lines(self, start: int, end: int) -> str:
        """The whole lines that a span touches."""
        first = self.text.rfind("\n", 0, start) + 1
        last = self.text.find("\n", end)
        return self.text[first : last if last >= 0 else len(self.text)]

    @property
    def last_error(self) -> int:
        """Where the last line begins that is an error by its level or an exception by its shape; -1 where none is."""
        return max((at for at, weight in zip(self.starts, self.weights, strict=True) if weight >= _ERROR), default=-1)

    def is_mere_information(self, position: int) -> bool:
        """Whether the line at a position says of itself that nothing is wrong."""
        return self.weight(position) in (_INFO, _DEBUG)

    @property
    def is_log(self) -> bool:
        """Whether lines say of themselves how bad they are, so that one can tell that none is an error."""
        return any(weight in (_INFO, _DEBUG, _WARNING) for weight in self.weights)


def read(text: str) -> Passage:
    """The text as it is to be understood."""
    if len(text) > _LONGEST:
        text = f"{text[: _LONGEST // 4]}\n{text[-3 * _LONGEST // 4 :]}"
    text = _ESCAPED_BREAK.sub("\n", _NEXT_RECORD.sub("},\n", _COLOUR.sub("", text))).replace('\\"', '"')
    text = _without_blanks(text)
    text = _SQL_BLOCK.sub("", _EXCEPTION_FIELDS.sub(r"\n\g<kind>: ", text))
    text = _VALUES.sub(_without_value, text)
    kept, starts, weights, at = [], [], [], 0
    for line, weight in _weighed(text):
        kept.append(line)
        starts.append(at)
        weights.append(weight)
        at += len(line) + 1
    return Passage("\n".join(kept), tuple(starts), tuple(weights))


def _without_blanks(text: str) -> str:
    """No blank lines and no long runs of blanks: they say nothing, and patterns that begin with white space would try each of them."""
    return "\n".join(_BLANKS.sub(" ", line.rstrip()) for line in text.splitlines() if line.strip())


def _without_value(found: re.Match[str]) -> str:
    return "…".join(kept for kept in found.groups() if kept)


def _weighed(text: str) -> Iterator[tuple[str, float]]:
    quoted_code = False
    before = _PLAIN
    depth = 0
    for raw in text.splitlines():
        said, weight = _without_prefix(raw)
        if _FRAME.match(said):
            quoted_code = bool(_PYTHON_FRAME.match(said))
            continue
        if quoted_code and said[:2].isspace() and said.strip():
            quoted_code = False
            continue
        quoted_code = False
        if weight is None:
            weight = before if before == _WARNING and said[:2].isspace() else _PLAIN
        before = weight
        depth += bool(_CAUSE.match(said))
        yield said, _by_words(said, weight) + _DEEPER * depth * bool(_CAUSE.match(said))


def _without_prefix(line: str) -> tuple[str, float | None]:
    """The line without what Airflow puts before it, and its weight by its level. A relayed line has the level that it says itself."""
    outer = None
    if found := _AIRFLOW.match(line):
        line = line[found.end() :]
        if not _RELAYS.match(found["file"]) or found["level"].lower() not in ("info", "warning"):
            outer = _WEIGHTS[found["level"].lower()]
    if inner := (_LEVEL.search(line[:4000]) if outer is None else None):
        word = inner["json"] or inner["logfmt"] or inner["bracket"]
        return line, _WEIGHTS[word.lower()] if word else _KLOG[inner["klog"].upper()]
    if outer is None and (upper := _UPPER_LEVEL.match(line)):
        return line, _WEIGHTS[upper["level"].lower()]
    return line, outer


def _by_words(line: str, weight: float) -> float:
    if _EXCEPTION.match(line):
        return _ERROR
    if _WARNED.search(line[:400]) and weight < _ERROR:
        return min(weight, _WARNING)
    if _STATEMENT.match(line):
        return min(weight, _ECHO)
    return weight * _RETRIED_FACTOR if _RETRIED.search(line[:2000]) else weight
