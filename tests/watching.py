"""A browser's tab under observation."""

from __future__ import annotations

from dataclasses import dataclass, field

from playwright.sync_api import Page

__all__ = ["Watched"]


@dataclass
class Watched:
    """A tab, and what it said and asked for."""

    page: Page
    console: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
