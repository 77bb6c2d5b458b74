"""The commands around a run: the warehouse's server, the lake's batches, the generator, and platforms beside each other."""

from __future__ import annotations

import hashlib
from pathlib import Path

import psycopg
import pytest

from conftest import Platform, free_port
from deliveries import FILES, change_row, command
from olist import pipeline
from olist.warehouse import embedded


def said(platform: Platform, *arguments: str | Path) -> str:
    """What a command that succeeds prints."""
    result = command(platform, *arguments)
    assert result.exit_code == 0, result.output
    return result.stdout.strip()


def asked(url: str, query: str) -> object:
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute(query.encode()).fetchone()
    return row[0] if row else None


# The warehouse


def test_the_warehouse_starts_is_adopted_and_stops(embedded_platform: Platform) -> None:
    assert said(embedded_platform, "warehouse", "stop") == "it was not running"
    url = said(embedded_platform, "warehouse", "url")
    assert asked(url, "SELECT current_database()") == "olist"
    pid = asked(url, "SELECT pg_postmaster_start_time()::text")
    assert "running, pid" in said(embedded_platform, "warehouse", "start")
    assert said(embedded_platform, "warehouse", "url") == url
    assert asked(url, "SELECT pg_postmaster_start_time()::text") == pid, "it was adopted, not started again"
    assert said(embedded_platform, "warehouse", "stop") == "stopped"
    assert embedded.running(embedded_platform.home) is None


def test_a_port_opens_the_warehouse_to_tools_that_know_no_sockets(embedded_platform: Platform) -> None:
    refused = command(embedded_platform, "warehouse", "url", "--tcp")
    assert refused.exit_code == 2
    assert "`olist warehouse start --port 5433` first" in refused.stderr

    port = free_port()
    printed = said(embedded_platform, "warehouse", "start", "--port", str(port))
    url = said(embedded_platform, "warehouse", "url", "--tcp")
    assert f"over TCP: {url}" in printed
    assert asked(url, "SELECT inet_server_port()") == port
    assert asked(said(embedded_platform, "warehouse", "url"), "SELECT inet_server_port() IS NULL") is True


def test_psql_opens_on_the_warehouse_and_gives_its_exit_code(embedded_platform: Platform) -> None:
    answer = embedded_platform.olist("warehouse", "psql", "--", "-Atc", "SELECT 6 * 7")
    assert (answer.returncode, answer.stdout.strip()) == (0, "42")
    assert embedded_platform.olist("warehouse", "psql", "--", "-c", "SELECT nonsense").returncode == 1


def test_a_warehouse_given_by_url_is_named_and_left_to_its_owner(platform: Platform) -> None:
    assert said(platform, "warehouse", "url") == platform.warehouse
    assert said(platform, "warehouse", "url", "--tcp") == platform.warehouse
    for name in ("start", "stop"):
        result = command(platform, "warehouse", name)
        assert result.exit_code == 2
        assert "OLIST_WAREHOUSE" in result.stderr
    assert not (platform.home / "postgres").exists()


def test_another_home_is_another_platform(embedded_platform: Platform, folder: Path, small_folder: Path) -> None:
    other = Platform(folder / "other", None)
    try:
        said(embedded_platform, "ingest", "--source", small_folder)
        assert said(other, "lake", "ls") == "the lake has no batches"
        assert "no runs yet" in said(other, "status")
        url, others = said(embedded_platform, "warehouse", "url"), said(other, "warehouse", "url")
        asked_of = {asked(u, "SHOW data_directory") for u in (url, others)}
        assert asked_of == {str(p.home / "postgres" / "data") for p in (embedded_platform, other)}
        said(other, "warehouse", "stop")
        assert asked(url, "SELECT 1") == 1
    finally:
        embedded.stop(other.home)


# The lake


def test_the_lake_lists_verifies_and_withdraws(platform: Platform, small_copy: Path) -> None:
    first = pipeline.ingest(platform.settings(small_copy)).run_id
    change_row(small_copy, "sellers", 1, seller_city="another city")
    second = pipeline.ingest(platform.settings(small_copy)).run_id

    listed = said(platform, "lake", "ls", "--table", "sellers")
    assert [line.split()[2:] for line in listed.splitlines()[1:]] == [
        [run, "31", "accepted"] for run in (first, second)
    ]
    assert said(platform, "lake", "ls").count(first) == len(FILES), "whatever the width, since `withdraw` takes it"
    assert said(platform, "lake", "verify") == f"{len(FILES) + 1} objects verified, 0 differences"

    assert "31 rows" in said(platform, "lake", "withdraw", "sellers", second, "--reason", "wrong export")
    assert "withdrawn" in said(platform, "lake", "ls", "--table", "sellers")
    again = command(platform, "lake", "withdraw", "sellers", second, "--reason", "wrong export")
    assert again.exit_code == 1
    assert "it was withdrawn before" in again.stderr
    assert command(platform, "lake", "withdraw", "sellers", first).exit_code == 2, "a reason is asked for"


def test_verify_names_what_differs_and_fails(platform: Platform, small_folder: Path) -> None:
    pipeline.ingest(platform.settings(small_folder))
    altered, missing = (next((platform.home / "lake/bronze" / t).rglob("*.parquet")) for t in ("sellers", "orders"))
    content = altered.read_bytes()
    altered.chmod(0o644)
    altered.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    missing.unlink()
    result = command(platform, "lake", "verify")
    assert result.exit_code == 1
    assert f"bronze/sellers/{altered.parent.name}/{altered.name}: expected sha256" in result.stdout
    assert f"bronze/orders/{missing.parent.name}/{missing.name}: expected an object, found missing" in result.stdout


# The generator


def test_the_same_seed_gives_the_same_bytes_and_another_others(platform: Platform, folder: Path) -> None:
    digests = {}
    for name, seed in (("one", "7"), ("two", "7"), ("three", "8")):
        printed = said(platform, "source", "generate", "--scale", "0.01", "--seed", seed, "--out", folder / name)
        assert "rows in 9 files" in printed
        digests[name] = {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in (folder / name).iterdir()}
    assert digests["one"].keys() == set(FILES.values())
    assert digests["one"] == digests["two"]
    differing = {name for name, digest in digests["one"].items() if digests["three"][name] != digest}
    assert differing >= digests["one"].keys() - {FILES["category_translations"]}


@pytest.mark.parametrize("scale", ["0", "-1", "many"])
def test_a_scale_that_is_none_is_refused(platform: Platform, folder: Path, scale: str) -> None:
    result = command(platform, "source", "generate", "--scale", scale, "--out", folder / "none")
    assert result.exit_code == 2
    assert not (folder / "none").exists()
