"""Every setting of the agent, typed, read once from OPENCLAW_* environment variables.

Unset, the agent reads the record of the platform on this machine, takes its advice from the runbooks and prints its alerts: nothing
leaves the machine. An unknown OPENCLAW_* variable is an error, and no error and no `repr` shows a secret.
"""

from __future__ import annotations

import difflib
import os
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from openclaw.redact import redact

__all__ = ["PREFIX", "Settings", "SettingsError", "load_settings"]

PREFIX = "OPENCLAW_"
# Variables of the test-suite share the prefix and are not settings of the agent.
FOREIGN_PREFIXES = ("OPENCLAW_TEST_",)
_PROJECT = Path(__file__).resolve().parents[2]


class SettingsError(Exception):
    """A setting is unknown or has a value that it cannot have; says which, what was expected and what to do."""

    def __init__(self, what: str, *, variable: str, expected: str, found: str, remedy: str) -> None:
        self.variable = variable
        super().__init__(
            f"{what}\n  where     {variable}\n  expected  {expected}\n  found     {found}\n  remedy    {remedy}"
        )


def _platforms_opstore() -> str:
    """The record that `olist` keeps on this machine."""
    return str(Path(os.environ.get("OLIST_HOME") or ".olist").expanduser().absolute() / "opstore.sqlite")


def _users_cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache") / "openclaw"


class Settings(BaseSettings):
    """Immutable settings. Paths are absolute; durations are seconds, unless their name says otherwise."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, frozen=True, extra="forbid", env_ignore_empty=True, hide_input_in_errors=True
    )

    opstore: str = Field(default_factory=_platforms_opstore, description="The record: a SQLite file, or its URL.")
    runbooks: Path = Field(_PROJECT / "runbooks", description="Folder of the runbooks.")
    cache: Path = Field(default_factory=_users_cache, description="Folder for what can be computed again.")
    rules: Path | None = Field(None, description="Folder of your own diagnosis rules, beside those that come along.")
    expected: Path | None = Field(None, description="YAML of the steps that must begin every so often.")

    discord_webhook: SecretStr | None = Field(None, description="Where alerts go; unset: printed and kept.")
    discord_timeout: float = Field(10.0, gt=0, le=120, description="How long one alert may take, retries included.")

    gemini_api_key: SecretStr | None = Field(None, description="Key of the Gemini API; unset: see vertex_project.")
    vertex_project: str | None = Field(None, description="Google Cloud project whose Vertex AI serves Gemini.")
    vertex_location: str = Field("global", description="Location of Vertex AI.")
    gemini_base_url: str | None = Field(None, description="Another address of the Gemini API, such as a gateway.")
    # The stable Flash-Lite of https://ai.google.dev/gemini-api/docs/models, as of September 2026.
    gemini_model: str = Field("gemini-3.5-flash-lite", min_length=1, description="The model that advises.")
    gemini_embedding_model: str = Field(
        "gemini-embedding-2", min_length=1, description="The model that finds runbooks."
    )
    gemini_timeout: float = Field(10.0, gt=0, le=120, description="How long advice may take, retries included.")
    advice_budget_per_hour: int = Field(30, ge=0, description="Calls of Gemini an hour; 0 never calls it.")

    public_url: str | None = Field(None, description="Address of the agent's web pages, for links in alerts.")
    api_token: SecretStr | None = Field(None, description="What a write over HTTP must present; unset: none may write.")
    callers_checked: bool = Field(
        False, description="Whether every caller was let in by Cloud Run's IAM: passes and events then need no token."
    )
    serves: Literal["all", "pages"] = Field("all", description="What is served; pages: neither passes nor events.")
    service: str | None = Field(None, description="Address of the service that `openclaw poll` asks for the pass.")
    retention_days: int = Field(
        400, ge=1, description="How long runs, checks and events are kept; incidents are for good."
    )
    digest_hour: int = Field(7, ge=0, le=23, description="Hour (UTC) from which on the daily digest is sent.")
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "warning", description="From which level on to log."
    )

    @field_validator("runbooks", "cache", "rules", "expected")
    @classmethod
    def _absolute(cls, value: Path | None) -> Path | None:
        return value and value.expanduser().absolute()

    @field_validator("opstore")
    @classmethod
    def _absolute_unless_a_url(cls, value: str) -> str:
        return value if "://" in value else str(Path(value).expanduser().absolute())

    @field_validator("discord_webhook")
    @classmethod
    def _webhook_is_a_url(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            _require_web_address(value.get_secret_value())
        return value

    @field_validator("gemini_base_url", "public_url", "service")
    @classmethod
    def _without_a_slash_at_the_end(cls, value: str | None) -> str | None:
        if value is None:
            return None
        _require_web_address(value)
        return value.rstrip("/")

    @property
    def has_gemini(self) -> bool:
        """Whether there is anybody to ask for advice."""
        return self.gemini_api_key is not None or self.vertex_project is not None


def load_settings(**overrides: object) -> Settings:
    """Settings from the environment, `overrides` (from the command line) before it.

    Raises SettingsError naming the variable, for an unknown one or a value that it cannot have.
    """
    _refuse_unknown({PREFIX + name.upper() for name in Settings.model_fields})
    try:
        return Settings(**{name: value for name, value in overrides.items() if value is not None})  # type: ignore[arg-type]
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        name = str(first["loc"][0])
        raise SettingsError(
            "a setting has a value that it cannot have",
            variable=PREFIX + name.upper(),
            expected=first["msg"].removeprefix("Value error, "),
            found="a secret, not shown" if _is_secret(name) else redact(repr(first["input"])),
            remedy="correct the variable, or unset it for the default",
        ) from None


def _refuse_unknown(known: set[str]) -> None:
    unknown = sorted(
        name
        for name in os.environ
        if name.startswith(PREFIX) and not name.startswith(FOREIGN_PREFIXES) and name not in known
    )
    if not unknown:
        return
    close = difflib.get_close_matches(unknown[0], known, n=1)
    raise SettingsError(
        "an unknown setting is in the environment",
        variable=unknown[0],
        expected="one of " + ", ".join(sorted(known)),
        found=unknown[0],
        remedy=f"did you mean {close[0]}?" if close else "unset it",
    )


def _require_web_address(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("an address that begins with https:// or http://")


def _is_secret(name: str) -> bool:
    return "SecretStr" in str(Settings.model_fields[name].annotation) if name in Settings.model_fields else True
