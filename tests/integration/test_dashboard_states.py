"""The web dashboards when things are not as they should be: no gold, no status, old status, faults, hostile words, hostile addresses."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from starlette.testclient import TestClient

from conftest import Platform
from databases import copied
from olist.dashboards.spec import load_spec
from olist.dashboards.status import StatusRow, publish_status
from olist.dashboards.web.app import application
from olist.dashboards.web.exports import csv_lines
from olist.dashboards.web.health import OLD
from olist.dashboards.web.reading import reading
from olist.warehouse import embedded

NOW = datetime.now(UTC).replace(tzinfo=None)
HOSTILE = """<script>alert("1")</script>'; drop schema gold cascade; --"""


@pytest.fixture(scope="module")
def built(server: embedded.Server, small_gold: Platform) -> Iterator[Platform]:
    """A platform with gold; tests change its status alone."""
    with copied(server, small_gold) as platform:
        yield platform


@pytest.fixture
def status(built: Platform) -> Callable[..., None]:
    """Replaces the platform's status by these rows."""

    def write(*rows: StatusRow) -> None:
        with psycopg.connect(built.warehouse or "", autocommit=True) as connection:
            publish_status(connection, rows)

    return write


def client(platform: Platform) -> TestClient:
    return TestClient(application(platform.warehouse or "", load_spec()), raise_server_exceptions=True)


def fresh(at: datetime = NOW, **changes: str) -> StatusRow:
    row = {
        "kind": "freshness",
        "layer": "bronze",
        "resource": "orders",
        "name": "orders",
        "state": "fresh",
        "severity": "none",
    }
    return StatusRow(**(row | changes), since=at, as_of=at)  # type: ignore[arg-type]


def test_without_gold_a_page_says_what_to_do(platform: Platform) -> None:
    answer = client(platform).get("/executive?locale=en-US")
    assert answer.status_code == 200
    assert "olist run" in answer.text
    assert "apology info" in answer.text


def test_without_a_warehouse_a_page_says_so_and_not_where_it_is() -> None:
    url = "postgresql://somebody:secret@127.0.0.1:9/nowhere"
    answer = TestClient(application(url, load_spec())).get("/executive?locale=en-US")
    assert answer.status_code == 503
    assert "does not answer" in answer.text
    assert "secret" not in answer.text


def test_without_a_status_a_page_warns(built: Platform, status: Callable[..., None]) -> None:
    status()
    assert "never recorded" in client(built).get("/executive?locale=en-US").text


def test_a_status_older_than_a_day_is_called_old(built: Platform, status: Callable[..., None]) -> None:
    status(fresh(NOW - OLD - timedelta(minutes=5)))
    assert 'class="notice warn"' in client(built).get("/operations?locale=en-US").text
    status(fresh())
    assert 'class="notice' not in client(built).get("/operations?locale=en-US").text


@pytest.mark.parametrize("page", [page.id for page in load_spec().pages])
def test_every_page_warns_of_late_tables_and_failed_checks(
    built: Platform, status: Callable[..., None], page: str
) -> None:
    status(
        fresh(state="stale", severity="error", resource="payments"),
        fresh(kind="check", layer="gold", resource="gold.fact_orders", name="unique", state="fail", severity="error"),
    )
    text = client(built).get(f"/{page}?locale=en-US").text
    assert text.count('class="notice bad"') == 2
    assert "payments" in text
    assert "gold.fact_orders" in text


def test_words_from_outside_are_shown_and_not_run(built: Platform, status: Callable[..., None]) -> None:
    status(fresh(resource=HOSTILE, state="stale", severity="error"))
    for address in ("/operations", "/rows/late_tables"):
        text = client(built).get(address, params={"locale": "en-US"}).text
        assert "<script" not in text
        assert "&lt;script&gt;" in text


@pytest.mark.parametrize("name", ["state", "category", "seller"])
def test_a_hostile_filter_is_a_value_and_nothing_else(built: Platform, name: str) -> None:
    found = client(built).get("/sellers_products", params={name: HOSTILE, "locale": "en-US"})
    assert found.status_code == 200
    assert "<script" not in found.text
    assert built.query("SELECT count(*) > 0 FROM gold.fact_orders") == [(True,)]


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("/executive?from=yesterday", 400),
        ("/executive?locale=xx", 400),
        ("/executive?state=" + "x" * 101, 400),
        ("/rows/revenue?offset=-1", 400),
        ("/rows/revenue?by=nothing&value=1", 404),
        ("/rows/nothing", 404),
        ("/csv/nothing.csv", 404),
        ("/nothing", 404),
    ],
)
def test_an_address_that_is_none_of_ours_is_refused_in_words(built: Platform, address: str, code: int) -> None:
    found = client(built).get(address)
    assert found.status_code == code
    assert 'role="status"' in found.text


def test_no_page_may_run_a_script_or_be_framed(built: Platform) -> None:
    policy = client(built).get("/executive").headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert "frame-ancestors 'none'" in policy


def test_a_readers_connection_cannot_write(built: Platform) -> None:
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction), reading(built.warehouse or "") as connection:
        connection.execute("CREATE TABLE public.written (n int)")


def test_where_the_reader_role_exists_the_session_takes_it(server: embedded.Server) -> None:
    with psycopg.connect(server.url, autocommit=True) as connection:
        made = not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = 'olist_reader'").fetchone()
        connection.execute("CREATE SCHEMA IF NOT EXISTS gold; CREATE TABLE IF NOT EXISTS gold.fact_orders ()")
        if made:
            connection.execute("CREATE ROLE olist_reader")
        connection.execute("GRANT USAGE ON SCHEMA gold TO olist_reader")
        try:
            with reading(server.url) as session:
                assert session.execute("SELECT current_user").fetchone() == ("olist_reader",)
        finally:
            connection.execute("DROP SCHEMA gold CASCADE")
            if made:
                connection.execute("DROP ROLE olist_reader")


def test_a_csv_cell_is_no_formula() -> None:
    text = "".join(csv_lines(["a", "b"], [("=cmd|' /C calc'!A0", -3), ("@x", None)]))
    assert text == "\ufeffa,b\r\n'=cmd|' /C calc'!A0,-3\r\n'@x,\r\n"


def test_the_totals_of_aggregations_are_those_of_the_facts(built: Platform) -> None:
    from olist.dashboards.twins import answer
    from olist.dashboards.web.answers import ask, questions
    from olist.dashboards.web.selection import Selection

    spec = load_spec()
    named = [
        name for name, metric in spec.metrics.items() if metric.totals or (metric.additive and metric.aggregations)
    ]
    with psycopg.connect(built.warehouse or "", autocommit=True) as connection:
        for name in named:
            asked = questions(spec, [name], None, ())
            assert asked[0].source in spec.aggregations, name
            ((value,),) = answer(connection, spec, [name]).values()
            assert ask(connection, asked, Selection("en-US"))[None][name] == value, name


def test_an_aggregation_that_cannot_apply_a_filter_is_not_asked() -> None:
    from olist.dashboards.web.answers import questions

    spec = load_spec()
    for filters, dimension, source in [
        ((), "month", "agg_monthly_kpis"),
        (("period",), "month", "agg_monthly_kpis"),
        (("state",), "month", "orders"),
        (("state",), "state_name", "agg_regions"),
        (("period",), "state_name", "orders"),
        (("category",), "month", "agg_monthly_kpis"),
    ]:
        (asked,) = questions(spec, ["revenue"], dimension, filters)
        assert asked.source == source or (source, asked.source) == ("agg_monthly_kpis", "agg_daily_revenue")
    (asked,) = questions(spec, ["repeat_purchase_rate"], None, ())
    assert asked.source == "customers", "a repeat rate cannot be summed"
