"""The templates, and the one way from a value to a page: redacted, without invisible letters, escaped.

Jinja calls `shown` with every value that a template puts out, so that no template can forget it. A template never says `safe`.
"""

from __future__ import annotations

import jinja2
from markupsafe import Markup

from openclaw.render import plain
from openclaw.web import wording

__all__ = ["clipped", "environment", "shown", "web_address"]


def environment() -> jinja2.Environment:
    """Templates of the package's folder `templates`."""
    found = jinja2.Environment(
        loader=jinja2.PackageLoader("openclaw.web", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters |= {name: getattr(wording, name) for name in wording.__all__}
    found.filters |= {"clipped": clipped, "web_address": web_address}
    return found


def shown(value: object) -> object:
    """What a template puts out for a value. Markup is what was put out before, by this very function."""
    return plain(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def clipped(text: str, limit: int) -> str:
    """At most `limit` letters, the cut marked. Cut after redacting: half a secret is no longer known for one."""
    whole = plain(text)
    return whole if len(whole) <= limit else whole[: limit - 1].rstrip() + "…"


def web_address(url: str | None) -> str | None:
    """The address where it is one of the web's, else None: a `javascript:` link is no link."""
    return url if url and url.startswith(("https://", "http://")) else None
