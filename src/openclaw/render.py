"""Text from outside, made fit to be shown: redacted, without invisible letters, escaped for Discord, and never longer than its place.

Log text may hold Markdown, HTML, mentions or code fences, by accident or on purpose. Shown, it is letters and nothing else.
"""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import urlsplit

from openclaw.redact import REDACTED, redact

__all__ = ["clip", "code_block", "length", "link", "markdown", "plain"]

_MARKUP = re.compile(r"([\\*_~`|>#\[\]()<\-:])")
_ELLIPSIS = "…"
_FENCE = "```"
_SPARE = "\u02cb"  # looks like the backtick, and closes no fence
_JOINER = "\u200b"  # between @ and a name: no mention
_KEPT = "\n\t"
_URL_LETTERS = re.compile(r"[A-Za-z0-9\-._~:/?#@!$&*+,;=%\[\]]+")


def length(text: str) -> int:
    """As Discord may count at most: in units of UTF-16."""
    return len(text) + sum(letter > "\uffff" for letter in text)


def plain(text: str) -> str:
    """Redacted text without control, formatting or half letters (terminal colours, reversed direction, lone surrogates)."""
    whole = text.encode("utf-8", "replace").decode("utf-8")
    visible = "".join(x for x in whole if x in _KEPT or unicodedata.category(x) not in {"Cc", "Cf", "Cn", "Co"})
    return redact(visible).strip()


def markdown(text: str, limit: int) -> str:
    """Text as letters: what would format, link or mention is escaped. At most `limit` long; a cut is marked."""
    return clip(_MARKUP.sub(r"\\\1", plain(text)).replace("@", "@" + _JOINER), limit)


def code_block(text: str, limit: int) -> str:
    """Text in a fence of code that it cannot close; empty for an empty text. At most `limit` long."""
    inside = clip(plain(text).replace("`", _SPARE), limit - 2 * len(_FENCE) - 2)
    return f"{_FENCE}\n{inside}\n{_FENCE}" if inside else ""


def link(label: str, url: str | None, limit: int) -> str:
    """A Markdown link; empty where the address is none of the web's, holds a secret or is too long: half an address leads nowhere."""
    if url is None or _scheme(url) not in {"http", "https"} or not _URL_LETTERS.fullmatch(url):
        return ""
    shown = f"[{label}]({url})"
    return shown if REDACTED not in redact(url) and length(shown) <= limit else ""


def _scheme(url: str) -> str:
    """The scheme of an address; empty for what is none."""
    try:
        return urlsplit(url).scheme
    except ValueError:
        return ""


def clip(text: str, limit: int) -> str:
    """At most `limit` units of UTF-16, the cut marked and never inside an escape."""
    if length(text) <= limit:
        return text
    if limit < 1:
        return ""
    kept = text[: limit - 1]
    while length(kept) > limit - 1:
        kept = kept[:-1]
    backslashes = len(kept) - len(kept.rstrip("\\"))
    return kept[: len(kept) - backslashes % 2].rstrip() + _ELLIPSIS
