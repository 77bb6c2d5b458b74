"""Where alerts go: to Discord when a webhook is set, and else to whoever reads the terminal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pydantic import SecretStr

from openclaw import discord
from openclaw.alerts import NotAccepted, NotDelivered
from openclaw.model import IncidentView
from openclaw.render import markdown
from openclaw.text import as_text

__all__ = ["Console", "Discord"]


@dataclass(frozen=True)
class Console:
    """Prints each incident as it stands, through `write`."""

    write: Callable[[str], None]
    name: str = "console"

    def send(self, view: IncidentView, message_id: str | None) -> str:
        """Print it; what was said before stays above."""
        self.write(as_text(view))
        return message_id or view.incident_id

    def say(self, text: str) -> None:
        """Print a text that is of no incident."""
        self.write(text)


@dataclass(frozen=True)
class Discord:
    """One message per incident, edited as it changes. What Discord refuses for good is printed through `write` as well."""

    webhook: SecretStr
    timeout: float
    write: Callable[[str], None]
    name: str = "discord"

    def send(self, view: IncidentView, message_id: str | None) -> str:
        """Post the message, or edit it. Raises NotDelivered, and NotAccepted."""
        try:
            return self._post(discord.render(view), message_id)
        except discord.DiscordRefused as error:
            self.write(as_text(view))
            raise NotAccepted(str(error)) from error
        except discord.DiscordError as error:
            raise NotDelivered(str(error)) from error

    def say(self, text: str) -> None:
        """Post a text that is of no incident. Raises NotDelivered."""
        payload = {"content": markdown(text, 1900), "allowed_mentions": {"parse": []}}
        try:
            self._post(payload, None)
        except discord.DiscordError as error:
            raise NotDelivered(str(error)) from error

    def _post(self, payload: dict[str, Any], message_id: str | None) -> str:
        return discord.send(self.webhook.get_secret_value(), payload, message_id, timeout=self.timeout).message_id
