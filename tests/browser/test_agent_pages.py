"""The agent's pages in a real browser: on a desk and on a phone, in light and dark, with and without scripts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, Page, expect

from browsing import WIDTHS, is_wider_than_its_window, watched
from openclaw.settings import load_settings
from opstore.store import Opstore
from plausible_record import write_record
from served_pages import app_of, serving

TOKEN = "a-token-of-the-tests"
pytestmark = pytest.mark.timeout(900)


@dataclass(frozen=True)
class Served:
    address: str
    store: Opstore

    def incident(self, root: str, state: str) -> str:
        """The address of an incident."""
        query = "SELECT incident_id FROM ops_incidents_current WHERE root = ? AND state = ? ORDER BY opened_at DESC"
        return f"{self.address}/incidents/{self.store.query(query, [root, state])[0]['incident_id']}"

    @property
    def paths(self) -> list[str]:
        """One of each page, and each state of an incident."""
        found = self.store.query("SELECT incident_id FROM ops_incidents_current GROUP BY state")
        (run,) = self.store.query("SELECT max(run_id) AS run_id FROM ops_runs WHERE step = 'run'")
        lists = [
            "incidents",
            "incidents?state=any",
            "runs",
            "runs?step=silver",
            "service-levels",
            "runbooks",
            "sign-in",
        ]
        ones = [
            f"runs/{run['run_id']}",
            "runbooks/duplicate-key",
            *(f"incidents/{row['incident_id']}" for row in found),
        ]
        return [f"{self.address}/{path}" for path in lists + ones]


@pytest.fixture(scope="module")
def served(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A plausible record, served."""
    store, settings = write_record(tmp_path_factory.mktemp("record") / "opstore.sqlite", api_token=TOKEN)
    with serving(app_of(store, settings)) as address:
        yield Served(address, store)


@pytest.fixture(scope="module")
def empty(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A record in which nothing is, served."""
    store = Opstore(tmp_path_factory.mktemp("empty") / "opstore.sqlite")
    with serving(app_of(store, load_settings(api_token=TOKEN))) as address:
        yield Served(address, store)


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    with chromium.new_context(viewport={"width": 375, "height": 812}) as context:
        yield context.new_page()


def sign_in(page: Page, address: str) -> None:
    page.goto(address)
    page.get_by_role("link", name="Sign in to acknowledge, mute or resolve").click()
    page.get_by_label("Your name").fill("Ana Souza")
    page.get_by_label("Token").fill(TOKEN)
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(address)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_fits_asks_no_other_host_and_complains_of_nothing(
    chromium: Browser, served: Served, width: str, scheme: str
) -> None:
    wide, high = WIDTHS[width]
    colours = {"light": "light", "dark": "dark"}[scheme]
    with chromium.new_context(viewport={"width": wide, "height": high}, color_scheme=colours) as context:  # type: ignore[arg-type]
        page = context.new_page()
        watch = watched(page)
        for address in served.paths:
            answer = page.goto(address)
            assert answer is not None
            assert answer.ok, address
            expect(page.locator("h1")).to_have_count(1)
            assert not is_wider_than_its_window(page), address
        assert (watch.foreign, watch.complaints) == ([], [])


def test_without_anything_on_record_each_page_says_what_will_be_there(page: Page, empty: Served) -> None:
    watch = watched(page)
    for path, said in {
        "incidents": "No incident yet",
        "runs": "No run yet",
        "service-levels": "Nothing to measure yet",
    }.items():
        page.goto(f"{empty.address}/{path}")
        expect(page.get_by_role("heading", name=said)).to_be_visible()
        expect(page.get_by_text("The agent has never looked at this record.")).to_be_visible()
        assert not is_wider_than_its_window(page)
    assert (watch.foreign, watch.complaints) == ([], [])


def test_the_incident_names_its_root_the_dashboards_the_rule_and_how_it_ended_before(
    page: Page, served: Served
) -> None:
    page.goto(served.incident("silver.orders", "open"))
    expect(page.locator("svg.lineage .box.root")).to_contain_text("silver.orders")
    expect(page.locator("svg.lineage .box.dashboard")).to_have_count(4)
    expect(page.get_by_text("withdrew the second batch")).to_be_visible()
    expect(page.locator(".actions > li")).to_have_count(3)
    page.locator(".actions a[href^='/runbooks/']").first.click()
    expect(page.get_by_role("heading", name="Fix")).to_be_in_viewport()


def test_a_filter_applies_as_it_changes_and_stays_in_the_address(page: Page, served: Served) -> None:
    page.goto(f"{served.address}/incidents")
    page.get_by_label("Severity").select_option("P2")
    expect(page.locator("ul.incidents li")).to_have_count(1)
    expect(page).to_have_url(f"{served.address}/incidents?state=unresolved&severity=P2")
    page.reload()
    expect(page.locator("ul.incidents li")).to_have_count(1)


def test_without_scripts_the_filter_works_by_its_button(chromium: Browser, served: Served) -> None:
    with chromium.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(f"{served.address}/incidents")
        page.get_by_label("Severity").select_option("P2")
        page.get_by_role("button", name="Filter").click()
        expect(page.locator("ul.incidents li")).to_have_count(1)


def test_an_incident_is_taken_over_muted_and_resolved_by_name(page: Page, served: Served) -> None:
    address = served.incident("airflow:olist_export.upload", "open")
    page.goto(address)
    expect(page.get_by_role("button", name="Resolve")).to_have_count(0)
    sign_in(page, address)
    page.get_by_role("button", name="Acknowledge").click()
    expect(page.locator("#state .badge.acknowledged")).to_be_visible()
    page.get_by_label("Mute for").select_option("1 hour")
    page.locator("form[action$=mute]").first.get_by_label("Why").fill("the upload is retried by hand")
    page.get_by_role("button", name="Mute", exact=True).click()
    expect(page.get_by_text("muted until")).to_be_visible()
    page.get_by_label("Resolved because").fill("the quota was raised")
    page.get_by_role("button", name="Resolve").click()
    expect(page.locator("#state .badge.resolved")).to_be_visible()
    expect(page.locator("#entries li.resolved")).to_contain_text("by Ana Souza")
    expect(page.locator("#entries li.resolved")).to_contain_text("the quota was raised")


def test_what_changes_meanwhile_appears_without_a_click(chromium: Browser, served: Served) -> None:
    with chromium.new_context() as context:
        page = context.new_page()
        page.clock.install()
        page.goto(f"{served.address}/incidents?state=any")
        page.evaluate("document.querySelector('#counts').textContent = 'old'")
        page.clock.run_for(31_000)
        expect(page.locator("#counts")).to_contain_text("open P1")


def test_a_page_can_be_used_by_the_keyboard_alone(page: Page, served: Served) -> None:
    page.goto(f"{served.address}/incidents")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
