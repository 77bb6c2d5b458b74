"""Draws the README's pictures into docs/images, from synthetic data: the Olist data's licence stays out of it.

    python docs/screenshots.py

Builds a platform of its own at a tenth of the real size, serves it, and photographs it with Chromium.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

PROJECT = Path(__file__).parents[1]
sys.path.insert(0, str(PROJECT / "tests"))

from browsing import chromium_browser  # noqa: E402
from dashboard_server import dashboards  # noqa: E402
from olist import pipeline  # noqa: E402
from olist.contracts import load_contracts  # noqa: E402
from olist.dashboards.status import refresh_status  # noqa: E402
from olist.settings import load_settings  # noqa: E402
from olist.source.synthetic import generate  # noqa: E402
from olist.warehouse import embedded  # noqa: E402
from olist.warehouse.connect import warehouse_url  # noqa: E402

IMAGES = PROJECT / "docs/images"
SHOTS = {
    "dashboard_executive": ("executive", 1280, "en-US"),
    "dashboard_customers": ("customers", 1280, "pt-BR"),
    "dashboard_sellers": ("sellers_products", 1280, "en-US"),
    "dashboard_phone": ("operations", 375, "en-US"),
}


def main() -> None:
    """Build, serve, photograph."""
    with tempfile.TemporaryDirectory(prefix="olist-") as folder:
        home = Path(folder)
        home.chmod(0o755)
        try:
            settings = load_settings(home=home / "home", source=str(home / "csv"))
            generate(load_contracts(settings.contracts), home / "csv", scale=0.1, seed=3)
            report = pipeline.run(settings)
            if report.error:
                raise report.error
            refresh_status(settings)
            with dashboards(warehouse_url(settings)) as address:
                photograph(address)
        finally:
            embedded.stop(home / "home")


def photograph(address: str) -> None:
    """Every picture, from the top of its page."""
    IMAGES.mkdir(exist_ok=True)
    with chromium_browser() as browser:
        for name, (page, width, locale) in SHOTS.items():
            tab = browser.new_page(viewport={"width": width, "height": 960})
            tab.goto(f"{address}/{page}?locale={locale}")
            tab.screenshot(path=IMAGES / f"{name}.png")


if __name__ == "__main__":
    main()
