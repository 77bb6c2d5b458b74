"""Who may write over HTTP: whoever presents the token of the settings. Without one in the settings, nobody may."""

from __future__ import annotations

import hmac

from openclaw.settings import Settings

__all__ = ["may_write"]


def may_write(settings: Settings, presented: str | None) -> bool:
    """Whether this is the token, compared in the same time whatever it is."""
    if settings.api_token is None or not presented:
        return False
    return hmac.compare_digest(presented.encode(), settings.api_token.get_secret_value().encode())
