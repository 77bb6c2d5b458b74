"""The cluster on disk: made whole or not at all, and configured afresh at every start."""

from __future__ import annotations

import os
import shutil
import time
from contextlib import suppress
from pathlib import Path
from string import Template

import psutil

from olist.warehouse.embedded.account import Account, give
from olist.warehouse.embedded.failures import failure
from olist.warehouse.embedded.processes import Command, binary, run
from olist.warehouse.embedded.server import NAME

__all__ = ["make_cluster", "write_configuration"]

SOCKET_PORT = 5432  # without TCP a port is only the ending of the socket's file name
MIB = 2**20
# The builtin C.UTF-8 sorts alike on every machine, for ever. Checksums cost a bulk load a sixth of its time and reads
# nothing; without them a disk's silent corruption would be published.
_INITDB = (
    "--encoding=UTF8 --locale=C --locale-provider=builtin --builtin-locale=C.UTF-8 --data-checksums "
    f"--username={NAME} --auth-local=trust --auth-host=scram-sha-256 --no-instructions"
)


def make_cluster(root: Path, account: Account, mark: int, deadline: float) -> None:
    """Make `data/` beside its place and move it there when whole, so that a half-made one is never taken for it."""
    partial = root / "data.partial"
    if partial.exists():
        shutil.rmtree(partial)
    partial.mkdir(mode=0o700)
    give(partial, account)
    initdb: Command = [binary("initdb"), "-D", partial, *_INITDB.split()]
    postgres: Command = [binary("postgres"), "--single", "-c", "exit_on_error=on", "-D", partial, "postgres"]
    for command, script in ((initdb, ""), (postgres, f"CREATE DATABASE {NAME}\n")):
        if run(command, root, account, script=script, timeout=deadline - time.monotonic()).returncode != 0:
            raise failure(root, "PostgreSQL could not make its data directory", mark)
    partial.rename(root / "data")
    folder = os.open(root, os.O_RDONLY)
    os.fsync(folder)  # the new name survives a power cut
    os.close(folder)


def write_configuration(root: Path, socket_dir: Path, tcp_port: int | None) -> None:
    """Our whole configuration: the two files beside this one, filled in for this start and this machine."""
    memory = _memory()
    escaped = str(socket_dir).replace('"', '""')
    values = {
        "hba_file": _quoted(str(root / "pg_hba.conf")),
        "listen_addresses": _quoted("" if tcp_port is None else "127.0.0.1,::1"),
        "port": tcp_port or SOCKET_PORT,
        "socket_directories": _quoted(f'"{escaped}"'),  # a list: quoted, a comma does not divide it
        "shared_buffers": f"{min(1024, memory // 8 // MIB)}MB",
        "maintenance_work_mem": f"{max(256, min(512, memory // 32 // MIB))}MB",
    }
    for name in ("postgresql.conf", "pg_hba.conf"):
        template = Path(__file__).with_name(name).read_text(encoding="utf-8")
        (root / name).write_text(Template(template).substitute(values))
        (root / name).chmod(0o644)  # root's umask may close them to the server's user


def _memory() -> int:
    """Bytes that this machine, or this container (cgroup v2, v1), may use."""
    limits = [psutil.virtual_memory().total]
    for file in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        with suppress(OSError, ValueError):  # absent outside of Linux, "max" where unlimited
            limits.append(int(Path(file).read_text()))
    return min(limits)


def _quoted(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"
