"""A headless Chromium for whatever serves pages, and an eye on it: what it asked other hosts for, and what it complained of."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser, ConsoleMessage, Page, Request, sync_playwright

__all__ = ["CHROMIUM", "WIDTHS", "Watch", "chromium_browser", "is_wider_than_its_window", "watched"]

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
]
WIDTHS = {"desktop": (1280, 900), "phone": (375, 812)}


@contextmanager
def chromium_browser() -> Iterator[Browser]:
    """Debian's Chromium, without a window."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS, timeout=120_000)
        yield browser
        browser.close()


@dataclass
class Watch:
    """What a page did beside being shown."""

    foreign: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)


def watched(page: Page) -> Watch:
    """Watch a page from now on: requests to any host but this one, messages of the console, errors of scripts."""
    watch = Watch()

    def asked(request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in ("data", "blob") and parts.hostname != "127.0.0.1":
            watch.foreign.append(request.url)

    def said(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            watch.complaints.append(message.text)

    page.on("request", asked)
    page.on("console", said)
    page.on("pageerror", lambda error: watch.complaints.append(str(error)))
    return watch


def is_wider_than_its_window(page: Page) -> bool:
    """Whether one has to scroll to the side to see all of the page."""
    return bool(page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))
