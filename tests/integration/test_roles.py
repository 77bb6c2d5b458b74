"""The owner owns, loaders publish, readers read what is served and nothing else; and every publish leaves it so."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from conftest import Platform
from deliveries import change_row, deliver
from olist import pipeline
from olist.warehouse import embedded
from olist.warehouse.roles import create_roles, grant_role

READABLE = ["silver.orders", "silver.customers"]
CLOSED = ["silver.rejects", "silver_stage.orders", "olist_meta.publications"]


@pytest.fixture
def users(platform: Platform, server: embedded.Server, small_folder: Path) -> Iterator[dict[str, str]]:
    """URLs of a loader and a reader on a platform with silver published once."""
    assert platform.warehouse is not None
    pipeline.ingest(platform.settings(small_folder))
    assert pipeline.silver(platform.settings()).error is None
    urls, suffix = {}, secrets.token_hex(4)
    admin = make_conninfo(server.url, dbname=psycopg.conninfo.conninfo_to_dict(platform.warehouse)["dbname"])
    with psycopg.connect(admin, autocommit=True) as connection:
        create_roles(connection)
        for role in ("loader", "reader"):
            name = f"{role}_{suffix}"
            connection.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD 'x'").format(sql.Identifier(name)))
            grant_role(connection, role, name)
            urls[role] = make_conninfo(platform.warehouse, user=name, password="x")
    yield urls
    with psycopg.connect(admin, autocommit=True) as connection:
        for role in ("loader", "reader"):
            connection.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(f"{role}_{suffix}")))
        connection.execute("REASSIGN OWNED BY olist_owner TO olist")
        connection.execute("DROP OWNED BY olist_owner, olist_reader, olist_loader")


def test_a_reader_reads_what_is_served_and_cannot_write(users: dict[str, str]) -> None:
    with psycopg.connect(users["reader"], autocommit=True) as connection:
        for table in READABLE:
            assert connection.execute(f"SELECT count(*) FROM {table}").fetchone() != (0,)
            for statement in (
                f"DELETE FROM {table}",
                f"UPDATE {table} SET customer_id = customer_id",
                f"DROP TABLE {table}",
            ):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    connection.execute(statement)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("CREATE TABLE silver.mine (a int)")


def test_a_reader_sees_neither_stage_nor_rejects_nor_the_record(users: dict[str, str]) -> None:
    with psycopg.connect(users["loader"], autocommit=True) as connection:
        connection.execute("CREATE SCHEMA IF NOT EXISTS silver_stage; CREATE TABLE silver_stage.orders (a int)")
    with psycopg.connect(users["reader"], autocommit=True) as connection:
        for table in CLOSED:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(f"SELECT * FROM {table}")


def test_a_loader_publishes_and_the_reader_still_reads(
    platform: Platform, users: dict[str, str], small_copy: Path
) -> None:
    moved = change_row(small_copy, "customers", 1, customer_city="campinas")
    loader = replace(platform, warehouse=users["loader"])
    deliver(loader.settings(small_copy))
    with psycopg.connect(users["reader"], autocommit=True) as connection:
        found = connection.execute(
            "SELECT customer_city FROM silver.customers WHERE customer_id = %s", [moved["customer_id"]]
        )
        assert found.fetchone() == ("campinas",)
    owners = platform.query("SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'silver'")
    assert owners == [("olist_owner",)]
