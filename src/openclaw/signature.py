"""What an error says, without what differs from one node to the next: its own name and file, positions, ids, the SQL that it quotes."""

from __future__ import annotations

import re

from openclaw.model import Category, Failure

__all__ = ["host", "names", "signature"]

_LONGEST = 2_000  # characters of a message that are looked at; what follows is quoted SQL or a stack
_HEADING = re.compile(
    r"\A\s*(?:[A-Z]\w+ ){1,3}in (?:\w+ ){1,2}\S+ \([^)\n]*\)\s*"
)  # Database Error in model orders (models/orders.sql)
_TAIL = re.compile(
    r"""(?:^\s*==\s*SQL(?:\s\([^)]*\))?\s*== | ^\s*compiled\s(?:code|sql)\sat\b | ^\s*>?\s*(?:in|called\sby)\s(?:macro|model|test)\b
    | ^\s*LINE\s\d+: | \bSQL:\s*'/\* | \[SQL:\s | ^\s*\(?Job\sID: | ^\s*-{5}Query\sJob\sSQL | ;?\s*line\s\d+\spos\s\d+;).*""",
    re.VERBOSE | re.IGNORECASE | re.DOTALL | re.MULTILINE,
)
_VARYING = re.compile(
    r"""[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12} | \b[0-9a-f]{16,}\b | \d{4}-\d\d-\d\d[T\s][\d:.,+Z]+
    | (?<![\w.])\d+(?:[.:,]\d+)*(?!\w)""",
    re.VERBOSE | re.IGNORECASE,
)
_QUOTED = re.compile(r"'[^'\n]{1,200}'|\"[^\"\n]{1,200}\"|`[^`\n]{1,200}`")
# How engines write the thing that they miss: quoted, with its schema, or after the word for it.
_NAMED = re.compile(
    r"""['"`](?P<quoted>[^'"`\n]{1,300})['"`] | (?P<dotted>[\w$-]+(?:[.:][\w$-]+)+)
    | \b(?:relation|table|view|object|name)\s+(?P<bare>[\w$]+)""",
    re.VERBOSE | re.IGNORECASE,
)
# How errors name the host that they did not reach: quoted, in an address, after the words for it, or with a port.
_HOST = re.compile(
    r"""\b(?:server\ at|server\ on|host(?:\ ?name)?|endpoint(?:\ url)?)[\s:=]*['"](?:\w+://)?(?P<quoted>[\w.-]+)
    | ://(?:[^\s/@]*@)?(?P<address>[\w.-]+)
    | \b(?:connect(?:ing|ion)?\ to|reach|resolve\ host|lookup|server\ on|host)[\s:]+(?P<told>[\w-]+(?:\.[\w-]+)+)
    | (?<![\w./])(?P<port>(?![\w.-]*\.(?:py|sql|java|scala|go|rs|yml):)[a-z][\w-]*(?:\.[\w-]+)*|\d+(?:\.\d+){3}):\d{2,5}\b(?![:.]\d)""",
    re.VERBOSE | re.IGNORECASE,
)
# Of these the thing that is named differs from node to node while the cause is the same: one role without a right, one full warehouse.
_BLIND: frozenset[Category] = frozenset({"auth_or_permission", "resource_exhausted", "concurrency"})


def signature(failure: Failure, category: Category, *, blind: bool = False) -> str:
    """The words that two errors of one cause share. `blind` leaves out what they name, too."""
    words = _HEADING.sub("", failure.message[:_LONGEST])
    words = _TAIL.sub("", words) or words
    own = failure.resource.rsplit(".", 1)[-1]
    if own and category != "missing_relation":
        words = re.sub(rf"(?<!\w){re.escape(own)}(?!\w)", "~", words)
    if blind or category in _BLIND:
        words = _QUOTED.sub("?", words)
    return " ".join(_VARYING.sub("#", words).lower().split())


def host(message: str) -> str | None:
    """The host that an error names first, in lower case."""
    found = _HOST.search(message[:_LONGEST])
    return found[found.lastgroup].lower() if found and found.lastgroup else None


def names(words: str) -> frozenset[str]:
    """The tables that a text names, without their schema, in lower case."""
    found = (match["quoted"] or match["dotted"] or match["bare"] for match in _NAMED.finditer(words))
    return frozenset(re.split(r"[.:]", name.lower())[-1].strip("\"'` ") for name in found)
