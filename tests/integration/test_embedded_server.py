"""The embedded server on this machine: real processes, real signals, real files.

Run as root it also proves the change of user, since PostgreSQL would refuse otherwise.
"""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import psutil
import psycopg
import pytest

from olist.errors import WarehouseUnavailable
from olist.warehouse import embedded
from olist.warehouse.embedded import running, start, stop

ROOT = os.geteuid() == 0
STARTER = "import sys; from pathlib import Path; from olist.warehouse.embedded import start; start(Path(sys.argv[1]))"


@pytest.fixture
def home() -> Iterator[Path]:
    """A folder that root's server can reach, unlike tmp_path; whatever runs in it is ended."""
    folder = Path(tempfile.mkdtemp(prefix="olist-test-"))
    folder.chmod(0o755)
    yield folder / "home"
    for place in folder.rglob("postgres"):
        if (place / "data").is_dir():
            stop(place.parent)
    shutil.rmtree(folder)


def ask(url: str, query: str) -> object:
    with psycopg.connect(url, autocommit=True, connect_timeout=10) as connection:
        row = connection.execute(query.encode()).fetchone()
        return row[0] if row else None


def write(url: str, value: int) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("create table if not exists kept (value int)")
        connection.execute("insert into kept values (%s)", [value])


def wait_for(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    limit = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < limit, "waited in vain"
        time.sleep(0.02)


def gone(pid: int) -> bool:
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        assert isinstance(port, int)
        return port


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


def test_committed_rows_survive_a_killed_server(home: Path) -> None:
    server = start(home)
    write(server.url, 41)
    write(server.url, 1)
    os.kill(server.pid, signal.SIGKILL)
    wait_for(lambda: gone(server.pid))
    assert running(home) is None
    again = start(home)
    assert again.pid != server.pid
    assert ask(again.url, "select sum(value) from kept") == 42


def test_a_backend_busy_when_its_server_was_killed_is_ended(home: Path) -> None:
    server = start(home)
    write(server.url, 7)
    with closing(psycopg.connect(server.url)) as connection:
        orphan = connection.info.backend_pid
        connection.pgconn.send_query(b"do $$ begin loop end loop; end $$")
        wait_for(lambda: psutil.Process(orphan).status() == psutil.STATUS_RUNNING)
        os.kill(server.pid, signal.SIGKILL)
        wait_for(lambda: gone(server.pid))
        time.sleep(0.5)
        assert not gone(orphan), "the scene is not set: the backend ended by itself"
        assert ask(start(home).url, "select value from kept") == 7
        assert gone(orphan)


def test_a_stale_pid_file_that_names_a_living_stranger_is_replaced(home: Path) -> None:
    server = start(home)
    write(server.url, 5)
    pid_file, lock_file = server.data_dir / "postmaster.pid", server.socket_dir / f".s.PGSQL.{server.port}.lock"
    left = {file: file.read_text() for file in (pid_file, lock_file)}
    owner = pid_file.stat()
    stop(home)
    # The stranger runs as the server's user: only such a process makes PostgreSQL refuse.
    user = owner.st_uid if ROOT else None
    with subprocess.Popen(["sleep", "60"], user=user) as stranger:
        try:
            server.socket_dir.mkdir(mode=0o700, exist_ok=True)
            os.chown(server.socket_dir, owner.st_uid, owner.st_gid)
            for file, text in left.items():
                file.write_text(text.replace(str(server.pid), str(stranger.pid), 1))
                os.chown(file, owner.st_uid, owner.st_gid)
            assert running(home) is None
            assert stop(home) is False
            assert ask(start(home).url, "select value from kept") == 5
            assert stranger.poll() is None, "the stranger must be left alone"
        finally:
            stranger.kill()


def test_a_server_whose_folder_was_deleted_makes_way_for_a_new_one(home: Path) -> None:
    old = start(home)
    shutil.rmtree(home)
    new = start(home)
    assert gone(old.pid)
    assert ask(new.url, "select 1") == 1


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


def test_of_two_starters_one_starts_and_the_other_adopts(home: Path) -> None:
    command = [sys.executable, "-c", STARTER + "; print(start(Path(sys.argv[1])).pid)", str(home)]
    starters = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    pids = {starter.communicate(timeout=60)[0] for starter in starters}
    assert [starter.returncode for starter in starters] == [0, 0]
    server = running(home)
    assert server is not None
    assert pids == {f"{server.pid}\n"}


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


def test_a_busy_port_is_named_and_a_running_server_left_alone(home: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as occupant:
        port = occupant.getsockname()[1]
        with pytest.raises(WarehouseUnavailable, match=f"port {port} .*(?s:.*)--port"):
            start(home, tcp_port=port)
        server = start(home)
        with pytest.raises(WarehouseUnavailable, match=str(port)):
            start(home, tcp_port=port)
        assert running(home) == server


@pytest.mark.parametrize("kind", ["under a file", "read-only"])
def test_an_unwritable_home_is_named(home: Path, kind: str) -> None:
    if kind == "under a file":
        home.touch()
        place = home / "below"
    elif ROOT:  # whom no mode bit stops
        place = Path("/proc") / secrets.token_hex(4)
    else:
        home.mkdir(mode=0o555)
        place = home / "below"
    with pytest.raises(WarehouseUnavailable) as caught:
        start(place)
    assert str(place) in caught.value.resource
    assert "OLIST_HOME" in caught.value.remedy


@pytest.mark.skipif(not ROOT, reason="an ordinary user's server needs no passage for others")
def test_a_folder_closed_to_the_server_user_is_named_and_left_closed(home: Path) -> None:
    closed = home / "closed"
    closed.mkdir(parents=True, mode=0o700)
    with pytest.raises(WarehouseUnavailable) as caught:
        start(closed / "home")
    assert caught.value.resource == str(closed)
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700


def test_a_half_made_data_directory_is_made_again(home: Path) -> None:
    home.mkdir()
    starter = subprocess.Popen([sys.executable, "-c", STARTER, home], start_new_session=True)
    partial = home / "postgres" / "data.partial"
    wait_for((partial / "global").exists)
    starter.kill()
    starter.wait()
    assert not (home / "postgres" / "data").exists(), "the scene is not set: initdb was faster"
    assert ask(start(home).url, "select 1") == 1
    assert not partial.exists()


def test_a_data_directory_of_another_version_is_refused(home: Path) -> None:
    version = start(home).data_dir / "PG_VERSION"
    stop(home)
    version.write_text("15\n")
    with pytest.raises(WarehouseUnavailable, match=r"major version 15"):
        start(home)


def test_a_server_that_cannot_start_shows_its_log(home: Path) -> None:
    data = start(home).data_dir
    stop(home)
    with (data / "postgresql.auto.conf").open("a") as file:
        file.write("max_connections = nonsense\n")
    with pytest.raises(WarehouseUnavailable, match=r"nonsense") as caught:
        start(home)
    assert caught.value.resource == str(data)


def test_a_full_disk_is_told_from_other_failures() -> None:
    assert "free some space" in embedded._remedy("FATAL: could not write to file: No space left on device")
    assert "free some space" in embedded._remedy("FATAL: wrote only 4096 of 8192 bytes\nHINT:  Check free disk space.")
    assert "--port" in embedded._remedy("Permission denied\nFATAL: could not create any TCP/IP sockets")
