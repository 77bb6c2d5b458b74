"""Redaction: what must not leave does not, what explains a failure stays, and hostile text costs no more than its length."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openclaw.redact import REDACTED, redact
from secret_shapes import NUMBERS, SHAPES

HARMLESS = [
    "6f1ed002-ab5f-4b2e-9a0e-3c1d8f1c7a11",
    "commit 9d8d0581e2b7a43f0c1d2e3f4a5b6c7d8e9f0a1b",
    "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "order e481f51cbdc54678b7cc49136f2d6af7 has no customer",
    "customer_unique_id=7c396fd4830fd04220f754e42b4e5bff",
    "task-5f4dcc3b5aa765d61d8327deb882cf99 failed",
    "test.olist.not_null_fact_orders_customer_key.2f6d1a3b0c",
    "source.olist.silver.orders",
    "model.dbt_utils.test_surrogate_key",
    "/opt/airflow/dags/olist_gold.py, line 41, in build",
    'File "/usr/lib/python3.11/site-packages/psycopg/connection.py", line 748, in connect',
    "C:\\Users\\etl\\olist\\dbt_project.yml",
    "gs://olist-lake/bronze/orders/processing_date=2018-09-03/20180903T060000Z-1a2b.parquet",
    'select o.order_id, sum(p.payment_value) from "gold"."fact_orders" o group by 1 having sum(p.payment_value) > 0',
    "where password_hash is null and token_count = 5",
    'password authentication failed for user "etl"',
    "FATAL:  no password supplied",
    "KeyError: 'password'",
    "Env var required but not provided: 'DBT_PASSWORD'",
    "password: \"{{ env_var('DBT_PASSWORD') }}\"",
    "password=${DB_PASSWORD}",
    "password: null",
    "syntax error: unexpected token: SELECT",
    "max_tokens=8192, tokens: 1200, token_count: 17",
    "GOOGLE_APPLICATION_CREDENTIALS=/secrets/key.json was not found",
    "PWD=/opt/olist",
    "Done. PASS=12 WARN=0 ERROR=1 SKIP=3 NO-OP=0 TOTAL=16",
    "bypass=true",
    "foreign key: fact_orders.customer_key references dim_customers.customer_key",
    "unique_key='order_id', partition_key=\"day\", surrogate_key: abcdefghij",
    "Basic Authentication is not supported; use Bearer authentication",
    "the secretary: maria; authenticator=externalbrowser",
    "http://localhost:8080/health?x=1@2",
    "https://docs.getdbt.com/reference/resource-properties/constraints#platform-specific",
    "docker.io/library/postgres:16@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
    "git@github.com:example/olist.git",
    "node_modules/vega@5.30.0 and npm@10",
    "2018-09-03T06:00:00.123Z  1535954400123  1535954400  0.4111111111111111",
    "1234567890123456 rows; job 4111111111111112; pid 52998224725",
    "risk-adjusted-return-on-capital and disk-utilisation-of-the-last-week",
    "-----BEGIN CERTIFICATE-----",
    "row 3: expected São Paulo, found 'sao paulo'; 12.345.678 rows",
    "@everyone in the column; user@host:5432; foo@bar",
]


@pytest.mark.parametrize(("text", "secret"), SHAPES.values(), ids=SHAPES)
def test_a_secret_of_any_shape_is_taken_out(text: str, secret: str) -> None:
    assert secret in text
    shown = redact(f"before {text}\n(after)")
    assert secret not in shown
    assert "[redacted" in shown
    assert shown.startswith("before ")
    assert shown.endswith("(after)")


@pytest.mark.parametrize("number", NUMBERS.values(), ids=NUMBERS)
def test_numbers_of_people_and_cards_are_taken_out(number: str) -> None:
    assert redact(f"paid by {number}, twice") == f"paid by {REDACTED}, twice"


@pytest.mark.parametrize("text", HARMLESS)
def test_what_explains_a_failure_stays_as_it_is(text: str) -> None:
    assert redact(text) == text
    assert redact(f"{text}\n{text} {text}") == f"{text}\n{text} {text}"


@pytest.mark.parametrize(
    ("name", "shown"),
    {
        "postgres url": "postgresql+psycopg://etl:[redacted]@db.internal:5432/olist",
        "libpq": "host=db dbname=olist user=etl password=[redacted] sslmode=require",
        "jdbc": "jdbc:postgresql://db:5432/olist?user=etl&password=[redacted]&ssl=true",
        "odbc": "Driver={ODBC Driver 18};Server=db;UID=sa;PWD=[redacted];",
        "json": '{"user": "etl", "password": "[redacted]", "port": 5432}',
        "json in json": r'"{\"client_secret\": \"[redacted]\"}"',
        "python": "connect(host='db', password='[redacted]', port=5432)",
        "bearer in curl": "curl -H 'Authorization: Bearer [redacted]' https://api.example.net",
        "discord webhook": "https://discord.com/api/webhooks/[redacted]",
        "private key": "[redacted private key]",
        "cookie in json": '{"Cookie": "[redacted]", "Accept": "*/*"}',
        "sql create role": "CREATE ROLE etl LOGIN PASSWORD '[redacted]'",
        "oracle": "sqlplus etl/[redacted]@db:1521/ORCL",
    }.items(),
)
def test_what_surrounds_a_secret_stays_readable(name: str, shown: str) -> None:
    assert redact(SHAPES[name][0]) == shown


FRAGMENTS = st.sampled_from(
    """password=|token: |"|'|\\|{{|}}|${|}|[redacted]|://|@|:|=|,| |<|a|eyJ|Cookie: |Authorization: |--password |null|-----BEGIN |\\n
|é|/|.|-|AKIA|sk-|xxxxxxxxxxxxxxxxxxxx""".split("|")
)
TEXTS = st.one_of(st.text(max_size=40), st.lists(FRAGMENTS, max_size=8).map("".join))


@given(before=TEXTS, name=st.sampled_from(sorted(SHAPES)), after=TEXTS)
@settings(max_examples=3000, deadline=None, derandomize=True)
def test_no_text_around_a_secret_lets_it_through(before: str, name: str, after: str) -> None:
    text, secret = SHAPES[name]
    assert secret not in redact(before + text + after)


@given(before=TEXTS, name=st.sampled_from(sorted(SHAPES)), after=TEXTS)
@settings(max_examples=1500, deadline=None, derandomize=True)
def test_redacting_twice_is_redacting_once(before: str, name: str, after: str) -> None:
    once = redact(before + SHAPES[name][0] + after)
    assert redact(once) == once


HOSTILE = {
    "one word": "a",
    "no letters": "-",
    "headers of keys": "-----BEGIN PRIVATE KEY-----",
    "ends of keys": "-----END PRIVATE KEY-----\nAAAA\n",
    "lines of base64": "A" * 64 + "\n",
    "json in base64": "eyJa",
    "addresses": "://a:",
    "addresses with at": "://a:b@",
    "names": "password",
    "names with open quotes": 'password="',
    "flags": "--password-",
    "words of flags": "--a-a-a-",
    "dots": "a.",
    "at signs": "a@a.",
    "digits": "4111 ",
    "backslashes": "\\",
    "quotes": "'\"",
    "headers": "Cookie: ",
    "blanks": " ",
    "lines": "mysql ",
}


@pytest.mark.parametrize("piece", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.timeout(60)
def test_hostile_text_costs_no_more_than_its_length(piece: str) -> None:
    """A quadratic pattern takes hours for this; the time-out is the assertion."""
    length = 500_000
    redact((piece * (length // len(piece) + 1))[:length])
