"""The operating system's user that the server runs as, and the folders that it must reach and nobody else may."""

from __future__ import annotations

import hashlib
import os
import pwd
import stat
import subprocess
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from olist.errors import WarehouseUnavailable

__all__ = ["Account", "account_for", "give", "require_reachable", "socket_folder"]

SYSTEM_USER = "olist-postgres"
SOCKET_PATH_LIMIT = 100  # bytes; Linux allows 107, macOS 103


@dataclass(frozen=True)
class Account:
    """The user that the server runs as, and owns `data/`."""

    uid: int
    gid: int


def account_for(root: Path) -> Account:
    """Ourselves; for root the owner of `data/`, or else a system user, made when missing."""
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid())
    with suppress(FileNotFoundError):
        owner = (root / "data").stat()
        if owner.st_uid != 0:
            return Account(owner.st_uid, owner.st_gid)
    found = _user(SYSTEM_USER) or _new_user() or _user("nobody")
    if found is None:
        raise WarehouseUnavailable(
            "No user to run PostgreSQL as",
            resource="users of this machine",
            expected=f"{SYSTEM_USER} or nobody, since PostgreSQL refuses to run as root",
            found="neither, and useradd made none",
            remedy="run as an ordinary user",
        )
    return found


def require_reachable(account: Account, root: Path, *files: Path) -> None:
    """Every folder above `files` lets the account through; those that root keeps in the home are opened for that."""
    if account.uid == os.geteuid():
        return
    for folder in dict.fromkeys(folder for file in files for folder in reversed(file.parents)):
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


def give(path: Path, account: Account) -> None:
    """Make the account the owner of a folder and all that lies in it."""
    if os.geteuid() == 0:
        for entry in (path, *path.rglob("*")):
            os.chown(entry, account.uid, account.gid, follow_symlinks=False)


def socket_folder(root: Path, account: Account) -> Path:
    """The socket's folder, empty, closed to all but the account (and root)."""
    folder = root / "run"
    if not _addressable(folder):
        digest = hashlib.sha256(os.fsencode(root / "data")).hexdigest()[:12]
        folder = Path(tempfile.gettempdir()).resolve() / f"olist-{os.geteuid()}-{digest}"
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
    require_reachable(account, root, folder)
    folder.chmod(0o700)
    give(folder, account)
    for file in folder.glob(".s.PGSQL.*"):  # a dead server's; its pid may now be anybody's, and would stop PostgreSQL
        file.unlink()
    return folder


def _addressable(folder: Path) -> bool:
    """libpq takes a comma for the end of a host."""
    return len(os.fsencode(folder / ".s.PGSQL.65535")) <= SOCKET_PATH_LIMIT and "," not in str(folder)


def _user(name: str) -> Account | None:
    with suppress(KeyError):
        entry = pwd.getpwnam(name)
        return Account(entry.pw_uid, entry.pw_gid)
    return None


def _new_user() -> Account | None:
    useradd = ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", SYSTEM_USER]
    with suppress(OSError):  # no useradd on macOS and Alpine
        subprocess.run(useradd, env={"PATH": f"/usr/sbin:{os.defpath}"}, capture_output=True, check=False)
    return _user(SYSTEM_USER)
