"""Draws the last run of a DAG as Airflow shows it, in Debian's chromium: `screenshot.py URL PASSWORD DAG FILE`.

It runs with the platform's development tools and prints what is in the picture. No request may leave this machine.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

CHROMIUM = "/usr/bin/chromium"
# Most of the width for the graph.
_WIDE = '{"details-panel,main-panel":{"expandToSizes":{},"layout":[75,25]}}'


def draw(url: str, password: str, dag: str, target: Path) -> dict[str, list[str]]:
    """Write the picture of the graph; returns the texts of its `nodes`, and the requests that went `elsewhere`."""
    elsewhere: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1500, "height": 620})
        page.set_default_timeout(120_000)
        page.on("request", lambda r: None if r.url.startswith((url, "data:", "blob:")) else elsewhere.append(r.url))
        page.goto(url)
        page.fill("input[name=username]", "admin")
        page.fill("input[name=password]", password)
        page.click("button[type=submit]")
        page.wait_for_url(lambda now: "login" not in now)
        page.evaluate("layout => localStorage.setItem('react-resizable-panels:graph-ltr', layout)", _WIDE)
        page.goto(f"{url}/dags/{dag}")
        page.locator(f'a[href*="/dags/{dag}/runs/"]').first.click()
        page.click("button[value=graph]")
        page.wait_for_selector(".react-flow__node")
        page.wait_for_timeout(3000)  # it moves into place
        nodes = page.locator(".react-flow__node").all_inner_texts()
        target.parent.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=target)
        browser.close()
    return {"nodes": nodes, "elsewhere": elsewhere}


if __name__ == "__main__":
    url, password, dag, target = sys.argv[1:]
    print(json.dumps(draw(url, password, dag, Path(target))))
