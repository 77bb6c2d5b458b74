"""A browser for tests: headless Chromium, with every request and every word on its console kept for judgement."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

__all__ = ["CHROMIUM", "Watched", "chromium", "open_tab"]

CHROMIUM = Path("/usr/bin/chromium")
_ARGUMENTS = ["--no-sandbox", "--headless", "--disable-gpu", "--disable-background-networking"]


@dataclass
class Watched:
    """A tab, and what it said and asked for."""

    page: Page
    console: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    from playwright.sync_api import sync_playwright

    if not CHROMIUM.exists():
        pytest.skip(f"no browser at {CHROMIUM}; Debian's package is called chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=_ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def open_tab(chromium: Browser) -> Iterator[Callable[..., Watched]]:
    """Opens tabs of a width in pixels and a browser's language."""
    contexts = []

    def opened(width: int = 1280, locale: str = "pt-BR") -> Watched:
        context = chromium.new_context(viewport={"width": width, "height": 900}, locale=locale)
        contexts.append(context)
        tab = Watched(context.new_page())
        tab.page.on("console", lambda message: tab.console.append(message.text))
        tab.page.on("pageerror", lambda error: tab.console.append(str(error)))
        tab.page.on("request", lambda request: tab.requests.append(request.url))
        return tab

    yield opened
    for context in contexts:
        context.close()
