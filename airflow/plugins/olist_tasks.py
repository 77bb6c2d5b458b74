"""The one way to make a task: a command of the platform.

On a laptop it is a process in the platform's environment, in production an execution of its Cloud Run job; the DAG files do not know.
What a command exits with decides: 0 done, 99 nothing to do (the task and what follows it are skipped), 75 try again (Airflow's retries
apply), anything else is an error that a retry would repeat (the task fails at once).
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import olist_settings as settings
from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowSkipException

__all__ = ["Command", "command", "outcome"]

_TOLD = 30  # lines of output that an error carries
_GRACE = 10.0  # seconds between SIGTERM and SIGKILL
_PR_SET_PDEATHSIG = 1


def command(task_id: str, *argv: str, minutes: int = 30, **arguments: Any) -> BaseOperator:
    """A task that runs a command of the platform, `argv`, for at most so many minutes."""
    operator = operator_class()
    return operator(task_id=task_id, argv=list(argv), execution_timeout=timedelta(minutes=minutes), **arguments)


def operator_class() -> type[BaseOperator]:
    """The operator of this installation's mode."""
    if settings.MODE == "cloud_run":
        from olist_cloud_run import CloudRunCommand  # the Google provider is installed in production only

        return CloudRunCommand
    return Command


def outcome(code: int, said: str) -> None:
    """What a command's exit code means to Airflow. Raises AirflowSkipException, AirflowException or AirflowFailException."""
    if code == 0:
        return
    if code == settings.NOTHING_TO_DO:
        raise AirflowSkipException("there was nothing to do")
    ended = f"ended by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
    if code == settings.TRY_AGAIN or code < 0:
        raise AirflowException(f"{ended}\n{said}")
    raise AirflowFailException(f"{ended}\n{said}")


class Command(BaseOperator):
    """A command of the platform's environment as a process group of its own, its output in the task's log as it comes.

    The group ends with the task, however that ends: on a time-out or a stop by `on_kill`, and by the kernel when Airflow's own process is
    killed.
    """

    template_fields: Sequence[str] = ("argv",)
    ui_color = "#e8f0e4"

    def __init__(self, *, argv: list[str], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.argv = argv
        self._process: subprocess.Popen[str] | None = None

    def execute(self, context: Any) -> None:
        ti = context["ti"]
        run = settings.try_in_record(ti.dag_id, ti.run_id, ti.task_id, ti.map_index, ti.try_number)
        program, *arguments = self.argv
        process = self._process = subprocess.Popen(
            [settings.BIN / program, *arguments],
            # Tasks report here; the agent has a task of its own.
            env=os.environ | {"OLIST_PARENT_RUN": run, "OLIST_AGENT": "false"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
            preexec_fn=_end_with_parent if sys.platform == "linux" else None,
        )
        said: deque[str] = deque(maxlen=_TOLD)
        try:
            for line in process.stdout or ():
                said.append(line.rstrip())
                self.log.info("%s", said[-1])
            code = process.wait()
        finally:
            self.on_kill()
        outcome(code, "\n".join(said))

    def on_kill(self) -> None:
        """End the process group, if it still runs."""
        if self._process is None or self._process.poll() is not None:
            return
        os.killpg(self._process.pid, signal.SIGTERM)
        try:
            self._process.wait(_GRACE)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()


def _end_with_parent() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
