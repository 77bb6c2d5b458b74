"""The images, built from their files as they stand by buildah, and run as Cloud Run runs them by bubblewrap.

No registry is asked: what stands in for the public Python image is made of Debian's packages, once, and kept in .venv-images.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
KEPT = ROOT / ".venv-images"
CERTIFICATES = Path("/etc/ssl/certs")
UV_CACHE = Path(os.environ.get("UV_CACHE_DIR", ROOT / ".tools" / "cache"))
# What Debian's slim images leave out, too, and the Perl that only merging /usr needs.
_UNWANTED = (
    "usrmerge libfile-find-rule-perl libnumber-compare-perl libtext-glob-perl perl libperl5.36 perl-modules-5.36"
)
_MADE = ["mmdebstrap", "--quiet", "--variant=minbase", "--include=python3,python3-venv",
    *(f"--dpkgopt=path-exclude=/usr/share/{what}/*" for what in ("doc", "man", "locale")),
    f'--customize-hook=chroot "$1" dpkg --purge --force-depends {_UNWANTED}',
    '--customize-hook=chroot "$1" python3 -m venv /usr/local',
    '--customize-hook=rm -rf "$1"/var/cache/apt "$1"/var/lib/apt/lists', "bookworm"]  # fmt: skip
# The stand-in has no certificates of its own: the machine's are lent to the build, and are in no image.
_LENT = {name: str(CERTIFICATES / "ca-certificates.crt") for name in ("SSL_CERT_FILE", "PIP_CERT")}


@dataclass(frozen=True)
class Image:
    """A built image: where its files are, how it is to be run, and its size in bytes."""

    rootfs: Path
    config: Mapping[str, Any]
    size: int

    def command(self, *arguments: str, **environment: str) -> list[str]:
        """What runs it on a read-only root, with /tmp in memory, as its own user and as the first process; `arguments` replace CMD."""
        known = dict(setting.split("=", 1) for setting in self.config["Env"])
        settings = {name: value for name, value in known.items() if name not in _LENT} | environment
        user, _, group = self.config["User"].partition(":")
        return [
            "bwrap", "--ro-bind", str(self.rootfs), "/", "--tmpfs", "/tmp", "--proc", "/proc", "--dev", "/dev",
            "--unshare-pid", "--unshare-ipc", "--unshare-user", "--uid", user, "--gid", group, "--as-pid-1", "--die-with-parent",
            "--clearenv", *(part for setting in settings.items() for part in ("--setenv", *setting)),
            "--chdir", self.config["WorkingDir"],
            *self.config.get("Entrypoint", []), *(arguments or self.config["Cmd"]),
        ]  # fmt: skip


@dataclass(frozen=True)
class Builder:
    """Buildah with a storage of its own, below `folder`."""

    folder: Path

    def run(self, *arguments: str | Path) -> str:
        place = ("--root", self.folder / "storage", "--runroot", self.folder / "run", "--storage-driver", "vfs")
        done = subprocess.run(
            ["buildah", *map(str, place), *map(str, arguments)], cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
        return done.stdout.strip()

    def make_base(self, files: Path) -> None:
        """The stand-in for the public image, as `base`."""
        container = self.run("from", "scratch")
        self.run("add", "--quiet", container, files, "/")
        lent = [part for name, value in _LENT.items() for part in ("--env", f"{name}={value}")]
        self.run(
            "config", "--env", "PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin", *lent, container
        )
        self.run("commit", "--quiet", "--rm", container, "base")

    def build(self, name: str) -> Image:
        """The image of `deploy/images/<name>.Dockerfile`."""
        shared = [f"{CERTIFICATES}:{CERTIFICATES}:ro"]
        shared += [f"{UV_CACHE}:/root/.cache/uv"] if UV_CACHE.is_dir() else []
        volumes = [part for volume in shared for part in ("--volume", volume)]
        self.run(
            "bud", "--isolation", "chroot", "--pull-never", *volumes, "--build-arg", "BASE=localhost/base",
            "--file", f"deploy/images/{name}.Dockerfile", "--tag", name, ".",
        )  # fmt: skip
        told = json.loads(self.run("inspect", "--type", "image", name))
        rootfs = Path(self.run("mount", self.run("from", "--pull-never", name)))
        size = sum(path.lstat().st_size for path in rootfs.rglob("*") if path.is_symlink() or path.is_file())
        return Image(rootfs, told["OCIv1"]["config"], size)


@pytest.fixture(scope="session")
def builder() -> Iterator[Builder]:
    """Buildah, with the stand-in for the base image."""
    lacking = [name for name in ("buildah", "bwrap", "mmdebstrap") if shutil.which(name) is None]
    if lacking or os.geteuid() != 0:
        pytest.skip(f"images are built by root with buildah, bubblewrap and mmdebstrap; missing: {lacking or 'root'}")
    KEPT.mkdir(exist_ok=True)
    files = KEPT / "base.tar"
    if not files.exists():
        part = files.with_suffix(".part.tar")
        subprocess.run([*_MADE, str(part)], check=True)
        part.rename(files)
    folder = Path(tempfile.mkdtemp(prefix="build-", dir=KEPT))
    builder = Builder(folder)
    try:
        builder.make_base(files)
        yield builder
    finally:
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
def agent(builder: Builder) -> Image:
    """The agent's image."""
    return builder.build("agent")


@pytest.fixture(scope="session")
def jobs(builder: Builder) -> Image:
    """The jobs' image."""
    return builder.build("jobs")
