"""What every test shares: the data, a PostgreSQL, and platforms to run things on.

Real data is used where it is at hand (OLIST_TEST_DATA, or `../shared/data/olist/` beside the checkout); tests that need it skip where
it is not, and say so. One server serves the whole session; every platform has a database of its own in it, owned by a role that is no
superuser and reached over TCP, so that nothing passes by being on the server's own machine. Tests of the embedded default ask for it.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from psycopg import sql

from olist import pipeline
from olist.contracts import Contract, load_contracts
from olist.settings import PROJECT, Settings
from olist.warehouse import embedded

if TYPE_CHECKING:  # tests without pages do not wait for it
    from playwright.sync_api import Browser
    from xdist.scheduler import LoadScopeScheduling

REAL_ZIP = Path(os.environ.get("OLIST_TEST_DATA", PROJECT.parent / "shared/data/olist/brazilian-ecommerce.zip"))


# Files whose tests share what is long in the making, so that one worker takes them all.
TOGETHER = {
    "tests/integration/test_analysts.py": "gold of the real data",
    "tests/integration/test_measures.py": "gold of the real data",
    "tests/integration/test_truth.py": "gold of the real data",
    "tests/integration/test_dashboard_states.py": "gold of the small data",
    "tests/integration/test_export.py": "gold of the small data",
    "tests/integration/test_gold_checks.py": "gold of the small data",
}


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling | None:
    """With `--dist loadscope`, one worker for a file, or for the files that share something."""
    if config.getoption("dist") != "loadscope":
        return None
    from xdist.scheduler import LoadScopeScheduling

    class ByFile(LoadScopeScheduling):  # type: ignore[misc]  # xdist is not typed
        def _split_scope(self, nodeid: str) -> str:
            file = nodeid.partition("::")[0]
            return TOGETHER.get(file, file)

    return ByFile(config, log)


@dataclass
class Platform:
    """A platform of its own: a home, a warehouse (None: the embedded one), contracts (None: the project's), a lake (None: the home's)."""

    home: Path
    warehouse: str | None
    environment: dict[str, str] = field(default_factory=dict)
    contracts: Path | None = None
    lake: str | None = None

    def settings(self, source: Path | str | None = None, **overrides: Any) -> Settings:
        """Settings for calling the pipeline in this process."""
        given = {"contracts": self.contracts} if self.contracts else {}
        origin = None if source is None else str(source)
        quiet = {"agent": False}  # a process more for each command; the tests of the agent ask for it
        chosen = given | quiet | overrides
        return Settings(home=self.home, lake=self.lake, warehouse=self.warehouse, source=origin, **chosen)

    def variables(self) -> dict[str, str]:
        """The environment of a command on this platform."""
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("OLIST_")}
        warehouse = {"OLIST_WAREHOUSE": self.warehouse} if self.warehouse else {}
        contracts = {"OLIST_CONTRACTS": str(self.contracts)} if self.contracts else {}
        lake = {"OLIST_LAKE": self.lake} if self.lake else {}
        quiet = {"OLIST_AGENT": "false"}
        return inherited | {"OLIST_HOME": str(self.home)} | quiet | warehouse | lake | contracts | self.environment

    def olist(self, *arguments: str | Path, timeout: float = 300) -> subprocess.CompletedProcess[str]:
        """Run the `olist` command; its exit code is for the caller to judge."""
        command = [sys.executable, "-m", "olist", *map(str, arguments)]
        return subprocess.run(
            command, env=self.variables(), cwd=self.home, capture_output=True, text=True, timeout=timeout, check=False
        )

    def olist_json(self, *arguments: str | Path) -> dict[str, Any]:
        """Run a command with --json, expect success, and return the object."""
        result = self.olist(*arguments, "--json")
        assert result.returncode == 0, result.stdout + result.stderr
        document: dict[str, Any] = json.loads(result.stdout)
        return document

    def query(self, query: str) -> list[tuple[Any, ...]]:
        """Rows of a query on the warehouse."""
        url = self.warehouse or embedded.start(self.home).url
        with psycopg.connect(url, autocommit=True) as connection:
            return connection.execute(query).fetchall()


@pytest.fixture(scope="session")
def contracts() -> dict[str, Contract]:
    return load_contracts(PROJECT / "contracts")


@pytest.fixture(scope="session")
def real_zip() -> Path:
    """The real Olist data as Kaggle serves it."""
    if not REAL_ZIP.is_file():
        pytest.skip(f"the real Olist data is not at {REAL_ZIP}; set OLIST_TEST_DATA to the Kaggle zip")
    return REAL_ZIP


@pytest.fixture(scope="session")
def real_folder(real_zip: Path, session_folder: Path) -> Path:
    """The real CSVs, unpacked. Read only: copy what a test changes."""
    folder = session_folder / "real"
    with zipfile.ZipFile(real_zip) as archive:
        archive.extractall(folder)
    return folder


@pytest.fixture(scope="session")
def small_folder(contracts: dict[str, Contract], session_folder: Path) -> Path:
    """Synthetic CSVs of some 15,000 rows. Read only: copy what a test changes."""
    from olist.source.synthetic import generate

    folder = session_folder / "small"
    generate(contracts, folder, scale=0.01, seed=1)
    return folder


@pytest.fixture
def small_copy(small_folder: Path, folder: Path) -> Path:
    """The synthetic CSVs, to be changed."""
    return Path(shutil.copytree(small_folder, folder / "csv"))


@pytest.fixture(scope="session")
def session_folder() -> Iterator[Path]:
    yield from _temporary_folder()


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder with a short path that a server's own user may enter, unlike pytest's tmp_path when run by root."""
    yield from _temporary_folder()


@pytest.fixture(scope="session")
def server(session_folder: Path) -> Iterator[embedded.Server]:
    """The session's PostgreSQL, listening on TCP."""
    home = session_folder / "server"
    yield embedded.start(home, tcp_port=free_port())
    embedded.stop(home)


@pytest.fixture
def new_platform(server: embedded.Server, folder: Path) -> Iterator[Callable[[], Platform]]:
    """Makes platforms on the session's server: each a database of its own, owned by a role that is no superuser, over TCP."""
    made: list[str] = []

    def make() -> Platform:
        name, password = f"test_{secrets.token_hex(6)}", secrets.token_hex(8)
        with psycopg.connect(server.url, autocommit=True) as connection:
            role = sql.Identifier(name)
            connection.execute(sql.SQL("CREATE ROLE {} LOGIN NOSUPERUSER PASSWORD {}").format(role, password))
            connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(role, role))
        made.append(name)
        home = folder / f"home{len(made)}"
        home.mkdir()
        return Platform(home, f"postgresql://{name}:{password}@127.0.0.1:{server.port}/{name}")

    yield make
    with psycopg.connect(server.url, autocommit=True) as connection:
        for name in made:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
            connection.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(name)))


@pytest.fixture(scope="session")
def small_silver(server: embedded.Server, small_folder: Path) -> Iterator[Platform]:
    """A platform that has published the small data as silver. To be copied."""
    from databases import owned_platform
    from deliveries import deliver

    with owned_platform(server) as platform:
        deliver(platform.settings(small_folder))
        yield platform


@pytest.fixture(scope="session")
def small_gold(server: embedded.Server, small_silver: Platform) -> Iterator[Platform]:
    """A platform that has published the small data as gold. To be copied."""
    from databases import copied
    from deliveries import succeed

    with copied(server, small_silver) as platform:
        succeed(pipeline.gold(platform.settings()))
        yield platform


@pytest.fixture(scope="session")
def real_run(server: embedded.Server, real_zip: Path) -> Iterator[tuple[Platform, pipeline.Report]]:
    """A platform on which the real data went from zip to gold, and the report of that run. Read only."""
    from databases import owned_platform
    from deliveries import succeed

    with owned_platform(server) as platform:
        yield platform, succeed(pipeline.run(platform.settings(real_zip)))


@pytest.fixture(scope="session")
def real_gold(real_run: tuple[Platform, pipeline.Report]) -> Iterator[psycopg.Connection[Any]]:
    """A connection to it that can only read."""
    from databases import served

    with served(real_run[0]) as connection:
        yield connection


@pytest.fixture
def delivered(server: embedded.Server, small_silver: Platform) -> Iterator[Platform]:
    """A platform that has published the small data as silver."""
    from databases import copied

    with copied(server, small_silver) as platform:
        yield platform


@pytest.fixture
def platform(new_platform: Callable[[], Platform]) -> Platform:
    """One platform on the session's server."""
    return new_platform()


@pytest.fixture
def embedded_platform(folder: Path) -> Iterator[Platform]:
    """A platform with an embedded server of its own, as a user has it."""
    home = folder / "home"
    home.mkdir()
    yield Platform(home, None)
    embedded.stop(home)


def free_port() -> int:
    """A TCP port of the loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _temporary_folder() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="olist-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, which `.ci/run` installs; one for all tests of pages."""
    from browsing import CHROMIUM, chromium_browser

    if not CHROMIUM.exists():
        pytest.skip(f"{CHROMIUM} is absent: apt-get install --no-install-recommends chromium")
    with chromium_browser() as browser:
        yield browser
