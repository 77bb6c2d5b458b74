"""The embedded server on this machine, as it is meant to be used: real processes, real files.

Run as root it also proves the change of user, since PostgreSQL would refuse otherwise.
"""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from conftest import free_port
from olist.errors import WarehouseUnavailable
from olist.warehouse.embedded import psql_path, running, start, stop
from servers import ROOT, STARTER, ask, gone, stop_all, write


@pytest.fixture
def home(folder: Path) -> Iterator[Path]:
    """Whatever runs below it is stopped afterwards."""
    yield folder / "home"
    stop_all(folder)


def test_a_server_starts_answers_is_adopted_and_stops(home: Path) -> None:
    assert running(home) is None
    assert stop(home) is False
    assert not home.exists(), "looking must not create anything"

    server = start(home)
    assert (server.data_dir, server.tcp, server.tcp_url) == (home / "postgres" / "data", False, None)
    assert ask(server.url, "select current_user || ' ' || current_database()") == "olist olist"
    assert running(home) == server
    assert start(home) == server, "a second start adopts the first one's server"

    assert stop(home) is True
    assert gone(server.pid)
    assert running(home) is None
    assert stop(home) is False


def test_the_settings_are_ours_and_the_data_is_safe_from_a_crash(home: Path) -> None:
    url = start(home).url
    expected = {
        "fsync": "on",
        "full_page_writes": "on",
        "synchronous_commit": "on",
        "data_checksums": "on",
        "wal_level": "minimal",
        "max_wal_size": "4GB",
        "client_connection_check_interval": "1s",
        "listen_addresses": "",
        "server_encoding": "UTF8",
        "TimeZone": "UTC",
    }
    assert {name: ask(url, f"show {name}") for name in expected} == expected
    assert ask(url, "select datlocprovider::text || datlocale from pg_database where datname = 'olist'") == "bC.UTF-8"
    buffers = ask(url, "select setting::bigint * 8192 from pg_settings where name = 'shared_buffers'")
    assert isinstance(buffers, int)
    assert buffers <= min(2**30, psutil.virtual_memory().total // 8)


def test_only_the_server_user_can_enter_its_folders(home: Path) -> None:
    server = start(home)
    for folder in (server.data_dir, server.socket_dir):
        info = folder.stat()
        assert stat.S_IMODE(info.st_mode) == 0o700
        assert (info.st_uid == os.geteuid()) is not ROOT, "root's server runs as somebody else"


def test_the_server_survives_its_starter_and_holds_none_of_its_pipes(home: Path) -> None:
    home.mkdir()
    subprocess.run([sys.executable, "-c", STARTER, home], capture_output=True, check=True, timeout=60)
    server = running(home)
    assert server is not None
    assert os.getsid(server.pid) != os.getsid(0), "a Ctrl-C in our terminal must not reach it"
    assert ask(server.url, "select 1") == 1


@pytest.mark.parametrize(
    "name", ["x" * 110, "a,b"], ids=["longer than a socket's path", "libpq ends a host at a comma"]
)
def test_a_home_that_no_socket_can_lie_in_gets_a_private_socket_folder(home: Path, name: str) -> None:
    place = home / name
    server = start(place)
    assert not server.socket_dir.is_relative_to(place)
    assert stat.S_IMODE(server.socket_dir.stat().st_mode) == 0o700
    assert ask(server.url, "select 1") == 1
    assert stop(place) is True
    assert not server.socket_dir.exists()

    server.socket_dir.symlink_to(home)  # what another user of the machine might leave there
    try:
        with pytest.raises(WarehouseUnavailable, match="No safe folder"):
            start(place)
    finally:
        server.socket_dir.unlink()


def test_a_short_path_with_quotes_and_spaces_holds_its_own_socket(home: Path) -> None:
    server = start(home / 'l\'été "x" \\ %20')
    assert server.socket_dir.is_relative_to(home)
    assert ask(server.url, "select 1") == 1


def test_tcp_opens_on_request_with_a_password(home: Path) -> None:
    first = start(home)
    write(first.url, 3)
    port = free_port()
    server = start(home, tcp_port=port)
    assert (server.tcp, server.port) == (True, port)
    assert server.pid != first.pid, "opening TCP takes a restart"
    assert server.tcp_url is not None
    assert ask(server.tcp_url, "select value from kept") == 3
    assert ask(server.url, "select value from kept") == 3
    assert stat.S_IMODE((home / "postgres" / "password").stat().st_mode) == 0o600
    for wrong in (f"postgresql://olist@127.0.0.1:{port}/olist", f"postgresql://olist:guess@127.0.0.1:{port}/olist"):
        with pytest.raises(psycopg.OperationalError, match=r"password"):
            ask(wrong, "select 1")

    assert start(home) == server, "who asks for nothing takes it as it is"
    assert start(home, tcp_port=port) == server
    (home / "postgres" / "password").unlink()
    assert start(home) == server
    assert ask(server.tcp_url, "select 1") == 1, "a lost password is replaced"

    stop(home)
    assert start(home).tcp is False


def test_psql_comes_from_the_path_or_else_from_the_wheel(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(folder))
    wheels_own = psql_path()
    version = subprocess.run([wheels_own, "--version"], capture_output=True, check=True, text=True).stdout
    assert version.startswith("psql (PostgreSQL) ")
    (folder / "psql").symlink_to(wheels_own)
    assert psql_path() == str(folder / "psql")


def test_importing_it_brings_no_driver_and_no_logger() -> None:
    code = "import sys, olist.warehouse.embedded; print(*{'psycopg', 'structlog', 'rich'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True).stdout == "\n"
