"""Airflow on one machine without Docker: `make airflow`.

A PostgreSQL of its own (the platform's embedded one, in a home of its own), and on it the scheduler with LocalExecutor, the DAG processor,
the triggerer and the API server, each a process group. Ctrl-C, SIGTERM, or the end of any of them ends all. What is kept, passwords
included, lies in one folder that only its user may read.
"""

from __future__ import annotations

import ctypes
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent
COMPONENTS: Mapping[str, tuple[str, ...]] = {
    "api-server": ("--host", "127.0.0.1"),
    "scheduler": (),
    "dag-processor": (),
    "triggerer": (),
}
_HEALTHY = 240.0  # seconds until every component must have said that it lives
_GRACE = 20.0
_PR_SET_PDEATHSIG = 1


@dataclass
class Laptop:
    """An Airflow installation in `home`, for the platform in `olist_home`; `variables` are added to its environment."""

    home: Path
    olist_home: Path
    port: int
    variables: Mapping[str, str] = field(default_factory=dict)
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    leaves_warehouse: bool = True

    def start(self) -> None:
        """Make what is missing, start everything, and return when it is healthy. Raises RuntimeError when it does not become so."""
        self.home.mkdir(parents=True, exist_ok=True)
        self.leaves_warehouse = "OLIST_WAREHOUSE" in os.environ or self._warehouse_runs()
        self._database("start", "--port", str(free_port()))
        self._airflow("db", "migrate")
        self._airflow("pools", "import", str(PROJECT / "airflow" / "pools.json"))
        if days := os.environ.get("AIRFLOW_KEEP_DAYS"):
            before = datetime.now(UTC) - timedelta(days=int(days))
            self._airflow("db", "clean", "--clean-before-timestamp", before.isoformat(), "--skip-archive", "--yes")
        for name in COMPONENTS:
            self.begin(name)
        self.wait_until_healthy()

    def stop(self) -> None:
        """End every process group, Airflow's database, and the platform's where a task has started it."""
        for process in self.processes.values():
            _signal(process, signal.SIGTERM)
        until = time.monotonic() + _GRACE
        for name in list(self.processes):
            self.end(name, max(0.1, until - time.monotonic()))
        self._database("stop")
        if not self.leaves_warehouse and self._warehouse_runs():
            self._olist(self.olist_home, "warehouse", "stop")

    def begin(self, name: str) -> None:
        """Start one of the components; its output goes to a log of its own."""
        logs = self.home / "logs"
        logs.mkdir(exist_ok=True)
        with (logs / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                [BIN / "airflow", name, *COMPONENTS[name]],
                env=self.environment(),
                cwd=PROJECT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=end_with_parent if sys.platform == "linux" else None,
            )

    def end(self, name: str, grace: float = _GRACE) -> None:
        """End one of the components and whatever is left of its process group."""
        process = self.processes.pop(name)
        _signal(process, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            process.wait(grace)
        _signal(process, signal.SIGKILL)
        process.wait()

    def wait(self) -> str:
        """The name of the first component that ends."""
        while True:
            for name, process in self.processes.items():
                if process.poll() is not None:
                    return name
            time.sleep(1)

    @property
    def url(self) -> str:
        """Where its pages and its API are."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def password(self) -> str:
        """The password of the user `admin`, made once."""
        return self._secret("password")

    def environment(self) -> dict[str, str]:
        """What every process of it is given."""
        database = self._database("url", "--tcp").replace("postgresql://", "", 1)
        passwords = self.home / "passwords.json"
        _write_private(passwords, json.dumps({"admin": self.password}))
        lineage = {"type": "file", "log_file_path": str(self.home / "openlineage.jsonl"), "append": True}
        configured = {
            "CORE__DAGS_FOLDER": str(PROJECT / "airflow" / "dags"),
            "CORE__PLUGINS_FOLDER": str(PROJECT / "airflow" / "plugins"),
            "CORE__LOAD_EXAMPLES": "False",
            "CORE__EXECUTOR": "LocalExecutor",
            "CORE__PARALLELISM": "4",
            "CORE__FERNET_KEY": "",
            "CORE__SIMPLE_AUTH_MANAGER_USERS": "admin:admin",
            "CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(passwords),
            "CORE__EXECUTION_API_SERVER_URL": f"{self.url}/execution/",
            "DATABASE__SQL_ALCHEMY_CONN": f"postgresql+psycopg2://{database}",
            "API__PORT": str(self.port),
            "API__BASE_URL": self.url,
            "API__WORKERS": "1",
            "API__SECRET_KEY": self._secret("secret_key"),
            "API_AUTH__JWT_SECRET": self._secret("jwt_secret"),
            "DAG_PROCESSOR__REFRESH_INTERVAL": "30",
            "DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "10",
            "LOGGING__BASE_LOG_FOLDER": str(self.home / "logs"),
            "OPENLINEAGE__TRANSPORT": json.dumps(lineage),
            "OPENLINEAGE__NAMESPACE": "olist",
        }
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")}
        airflow = {"AIRFLOW_HOME": str(self.home)} | {f"AIRFLOW__{name}": value for name, value in configured.items()}
        return inherited | airflow | {"OLIST_HOME": str(self.olist_home)} | dict(self.variables)

    def _airflow(self, *arguments: str) -> None:
        done = subprocess.run(
            [BIN / "airflow", *arguments],
            env=self.environment(),
            cwd=PROJECT,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise RuntimeError(f"airflow {' '.join(arguments)} failed\n{done.stdout[-2000:]}{done.stderr[-4000:]}")

    def _database(self, *arguments: str) -> str:
        """The platform's command on the server of Airflow's own database."""
        return self._olist(self.home / "database", "warehouse", *arguments)

    def _olist(self, home: Path, *arguments: str) -> str:
        platform = Path(os.environ.get("PLATFORM_BIN", PROJECT / ".venv" / "bin"))
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("OLIST_")}
        done = subprocess.run(
            [platform / "olist", *arguments],
            env=inherited | {"OLIST_HOME": str(home)},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise RuntimeError(f"olist {' '.join(arguments)} failed\n{done.stdout}{done.stderr}")
        return done.stdout.strip()

    def _warehouse_runs(self) -> bool:
        """Whether the platform's embedded server is up: it says so by PostgreSQL's pid file."""
        return (self.olist_home / "postgres" / "data" / "postmaster.pid").exists()

    def wait_until_healthy(self) -> None:
        """Return when every component says that it lives. Raises RuntimeError, everything being stopped, when one does not."""
        until, missing = time.monotonic() + _HEALTHY, ["api-server"]
        while missing:
            ended = [name for name, process in self.processes.items() if process.poll() is not None]
            if ended or time.monotonic() > until:
                named = ", ".join(ended or missing)
                self.stop()
                raise RuntimeError(f"not healthy: {named}; see {self.home / 'logs'}")
            missing = self._unhealthy()
            time.sleep(0.5)

    def _unhealthy(self) -> list[str]:
        try:
            with urllib.request.urlopen(f"{self.url}/api/v2/monitor/health", timeout=5) as answer:
                health = json.load(answer)
        except (urllib.error.URLError, OSError, ValueError):
            return ["api-server"]
        parts = ("metadatabase", "scheduler", "dag_processor", "triggerer")
        return [part for part in parts if health[part]["status"] != "healthy"]

    def _secret(self, name: str) -> str:
        path = self.home / "secrets.json"
        known = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        if name not in known:
            known[name] = secrets.token_urlsafe(24)
            _write_private(path, json.dumps(known))
        return str(known[name])


def free_port(wanted: int = 0) -> int:
    """`wanted`, or a port of the loopback that nobody listens on."""
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", wanted))
        except OSError:
            probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def end_with_parent() -> None:
    """Have the kernel end this process when the one that started it dies, however it dies."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _signal(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, number)


def _write_private(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.write_text(text, encoding="utf-8")


def main() -> int:
    """Start, print where it is, and stop when told to. Exit code 1 when it cannot start, or a component ends by itself."""
    olist_home = Path(os.environ.get("OLIST_HOME", PROJECT / ".olist")).absolute()
    laptop = Laptop(olist_home / "airflow", olist_home, free_port(int(os.environ.get("AIRFLOW_PORT", "8080"))))
    print("starting Airflow: database, scheduler, DAG processor, triggerer, API server", flush=True)
    for number in (signal.SIGINT, signal.SIGTERM):  # a shell that starts it in the background has SIGINT ignored
        signal.signal(number, signal.default_int_handler)
    try:
        laptop.start()
        print(f"{laptop.url}   user admin, password {laptop.password}", flush=True)
        print(f"logs and lineage under {laptop.home}; Ctrl-C stops it", flush=True)
        print(f"{laptop.wait()} has ended; see {laptop.home / 'logs'}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0
    except RuntimeError as error:
        print(error, file=sys.stderr)
        return 1
    finally:
        print("stopping Airflow", flush=True)
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # a second Ctrl-C must not leave the database behind
        laptop.stop()


if __name__ == "__main__":
    sys.exit(main())
