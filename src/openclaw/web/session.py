"""Who is signed in: a cookie with a name, signed with a key that is made from the token of the settings.

The token itself is sent once, by the form. The cookie ends after twelve hours and with every change of the token, holds on every instance,
and needs no table. It is HttpOnly and SameSite=Strict; each form carries a second value that only our own pages know.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from pydantic import SecretStr

__all__ = ["COOKIE", "LIFETIME", "Session", "is_own_form", "session_cookie", "session_of"]

COOKIE = "openclaw_session"
LIFETIME = timedelta(hours=12)
_NAME = 80


@dataclass(frozen=True)
class Session:
    """A person by the name that they gave, which the record keeps beside what they do. `form_key` stands in each of their forms."""

    name: str
    form_key: str


def session_cookie(token: SecretStr, name: str, now: datetime) -> str:
    """A new session, as the cookie keeps it."""
    known = {"name": name[:_NAME], "until": (now + LIFETIME).timestamp(), "nonce": secrets.token_urlsafe(16)}
    payload = base64.urlsafe_b64encode(json.dumps(known).encode()).decode()
    return f"{payload}.{_signature(token, payload)}"


def session_of(token: SecretStr | None, cookie: str | None, now: datetime) -> Session | None:
    """The session of a cookie; None where it is not ours, or has ended."""
    payload, _, signature = (cookie or "").partition(".")
    if token is None or not hmac.compare_digest(signature.encode(), _signature(token, payload).encode()):
        return None
    known = json.loads(base64.urlsafe_b64decode(payload))
    if known["until"] <= now.timestamp():
        return None
    return Session(known["name"], _signature(token, f"form:{known['nonce']}"))


def is_own_form(session: Session, presented: str) -> bool:
    """Whether a form comes from a page that was made for this session."""
    return hmac.compare_digest(session.form_key.encode(), presented.encode())


def _signature(token: SecretStr, text: str) -> str:
    return hmac.new(_key(token.get_secret_value()), text.encode(), hashlib.sha256).hexdigest()


@lru_cache(maxsize=4)
def _key(token: str) -> bytes:
    """Slow on purpose: whoever has a cookie cannot try out tokens quickly."""
    return hashlib.scrypt(token.encode(), salt=b"openclaw web session", n=2**14, r=8, p=1)
