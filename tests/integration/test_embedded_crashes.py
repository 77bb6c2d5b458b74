"""Whoever is killed, and whenever, the next start of the embedded server succeeds: real processes, real signals."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psutil
import psycopg
import pytest

from olist.warehouse.embedded import running, start, stop
from servers import ROOT, STARTER, ask, gone, stop_all, wait_for, write


@pytest.fixture
def home(folder: Path) -> Iterator[Path]:
    """Whatever runs below it is stopped afterwards."""
    yield folder / "home"
    stop_all(folder)


def test_of_two_starters_one_starts_and_the_other_adopts(home: Path) -> None:
    command = [sys.executable, "-c", STARTER + "; print(start(Path(sys.argv[1])).pid)", str(home)]
    starters = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    pids = {starter.communicate(timeout=60)[0] for starter in starters}
    assert [starter.returncode for starter in starters] == [0, 0]
    server = running(home)
    assert server is not None
    assert pids == {f"{server.pid}\n"}


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


def test_a_server_that_does_not_stop_in_time_is_forced_to_and_loses_nothing(home: Path) -> None:
    server = start(home)
    write(server.url, 9)
    with closing(psycopg.connect(server.url)) as connection:
        os.kill(connection.info.backend_pid, signal.SIGSTOP)  # it cannot hear that it should end
        assert stop(home, timeout=0.2) is True
        assert gone(server.pid)
    assert ask(start(home).url, "select value from kept") == 9


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
