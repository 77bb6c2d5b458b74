"""Airflow's side of the platform's record: every DAG run and every try of a task is a run, and every failure one event.

A failure is told when it is final, not for each retry. Airflow tells of it in the task's own process, or, where that was killed, in the
scheduler; what both have missed is told when the DAG run ends. Ids follow from the try, so whoever tells it again tells nothing new.
"""

from __future__ import annotations

import hashlib
import json
import logging
import subprocess
import sys
import threading
from collections import deque
from pathlib import Path
from typing import Any, ClassVar

import olist_settings as settings
from airflow.configuration import conf
from airflow.listeners import hookimpl
from airflow.plugins_manager import AirflowPlugin
from sqlalchemy.orm import object_session

log = logging.getLogger(__name__)

_PATIENCE = 60.0
_DAY = 86400.0
_TOLD = 4000  # characters of an error
_TAIL = 20  # lines of a log
_IMPORTS = "imports"  # the check of a DAG file


class OlistListenerPlugin(AirflowPlugin):
    """Makes Airflow load this module's hooks."""

    name = "olist_listener"
    listeners: ClassVar[list[object]] = [sys.modules[__name__]]


# --- Tasks ------------------------------------------------------------------------------------------------------------------------


@hookimpl
def on_task_instance_running(previous_state: Any, task_instance: Any) -> None:
    ti = task_instance
    limit = getattr(getattr(ti, "task", None), "execution_timeout", None)
    tell(
        {
            "start": {
                "run_id": _id(ti),
                "step": _step(ti),
                "resource": None,
                "parent_run_id": settings.dag_run_in_record(ti.dag_id, ti.run_id),
                "deadline": 2 * limit.total_seconds() if limit else _DAY,
            }
        }
    )


@hookimpl
def on_task_instance_success(previous_state: Any, task_instance: Any) -> None:
    tell(_finish(task_instance, "success"))


@hookimpl
def on_task_instance_skipped(previous_state: Any, task_instance: Any) -> None:
    tell(_finish(task_instance, "no_op"))


@hookimpl
def on_task_instance_failed(previous_state: Any, task_instance: Any, error: Any) -> None:
    tell(*_failed(task_instance, str(error) if error else None))


# --- DAG runs ---------------------------------------------------------------------------------------------------------------------


@hookimpl
def on_dag_run_running(dag_run: Any, msg: str) -> None:
    run_id = settings.dag_run_in_record(dag_run.dag_id, dag_run.run_id)
    start = {"run_id": run_id, "step": dag_run.dag_id, "resource": None, "parent_run_id": None, "deadline": _DAY}
    # That its file can be read again is told by nobody else.
    check = {"run_id": run_id, "asset": _file(dag_run.dag.fileloc), "check_name": _IMPORTS, "kind": "dag_file"}
    _aside({"start": start}, {"check": check | {"severity": "error", "status": "pass", "failures": 0}})


@hookimpl
def on_dag_run_success(dag_run: Any, msg: str) -> None:
    _aside(_dag_run_finish(dag_run, "success", None))


@hookimpl
def on_dag_run_failed(dag_run: Any, msg: str) -> None:
    # In the scheduler's own session: another one would end it.
    tries = dag_run.get_task_instances(session=object_session(dag_run))
    failed = [ti for ti in tries if ti.state == "failed"]
    names = ", ".join(sorted(_step(ti) for ti in failed))
    facts = [fact for ti in failed for fact in _failed(ti, None)]
    _aside(*facts, _dag_run_finish(dag_run, "failed", f"failed: {names}" if names else msg))


# --- DAG files --------------------------------------------------------------------------------------------------------------------


@hookimpl
def on_new_dag_import_error(filename: str, stacktrace: str) -> None:
    known = {"kind": "task", "status": "error", "file": filename, "log": stacktrace[-_TOLD:]}
    said = (stacktrace.strip().splitlines() or ["no reason given"])[-1]
    event = {
        "event_id": _digest("dag file", filename, stacktrace),
        "type": "PIPELINE_FAILED",
        "resource": _file(filename),
        "message": f"{Path(filename).name} cannot be read by Airflow, its DAGs do not run: {said}",
        "check_name": _IMPORTS,
        "evidence": known,
    }
    _aside({"event": event})


def _file(path: str) -> str:
    return f"dag:{Path(path).name}"


# --- What is told -----------------------------------------------------------------------------------------------------------------


def tell(*facts: dict[str, Any]) -> None:
    """Hand facts to the platform. What cannot be handed over is logged: a task does not fail for it."""
    command = [str(settings.BIN / "python"), "-m", "olist.intake"]
    lines = "".join(json.dumps(fact) + "\n" for fact in facts)
    try:
        # In a session of its own: who ends Airflow does not end what tells of it.
        done = subprocess.run(
            command,
            input=lines,
            capture_output=True,
            text=True,
            timeout=_PATIENCE,
            check=False,
            start_new_session=True,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        log.error("the platform's record was not told: %s: %s", error, lines)
        return
    if done.returncode != 0:
        log.error("the platform's record was not told: %s: %s", done.stderr.strip(), lines)


def _aside(*facts: dict[str, Any]) -> None:
    """The same, without keeping the scheduler waiting. The thread is no daemon: a scheduler that stops tells before it ends."""
    threading.Thread(target=tell, args=facts, name="olist-record").start()


def _failed(ti: Any, error: str | None) -> list[dict[str, Any]]:
    """The end of a try; and the event, where it was the last one."""
    message = (error or _killed(ti))[-_TOLD:]
    facts = [_finish(ti, "failed", message)]
    if ti.state == "up_for_retry":
        return facts
    known = {
        "kind": "task",
        "status": "error",
        "step": _step(ti),
        "dag": ti.dag_id,
        "task": _task(ti),
        "dag_run": ti.run_id,
        "try": ti.try_number,
        "log": ti.log_url,
        "found": message,
    }
    said = f"task {_task(ti)} of DAG {ti.dag_id} failed in try {ti.try_number} of run {ti.run_id}: {message}"
    event = {
        "event_id": _digest("task", _id(ti)),
        "type": "PIPELINE_FAILED",
        "resource": f"task:{_step(ti)}",
        "message": said,
        "run_id": _id(ti),
        "evidence": known,
    }
    return [*facts, {"event": event}]


def _finish(ti: Any, status: str, message: str | None = None) -> dict[str, Any]:
    began, ended = getattr(ti, "start_date", None), getattr(ti, "end_date", None)
    seconds = (ended - began).total_seconds() if began and ended else 0.0
    return {"finish": {"run_id": _id(ti), "step": _step(ti), "status": status, "seconds": seconds, "message": message}}


def _dag_run_finish(dag_run: Any, status: str, message: str | None) -> dict[str, Any]:
    began, ended = dag_run.start_date, dag_run.end_date
    seconds = (ended - began).total_seconds() if began and ended else 0.0
    run_id = settings.dag_run_in_record(dag_run.dag_id, dag_run.run_id)
    return {
        "finish": {"run_id": run_id, "step": dag_run.dag_id, "status": status, "seconds": seconds, "message": message}
    }


def _killed(ti: Any) -> str:
    """What is known of a task that could not say why it failed: the end of its log."""
    mapped = f"map_index={ti.map_index}" if ti.map_index >= 0 else ""
    folder = Path(conf.get("logging", "base_log_folder"), f"dag_id={ti.dag_id}", f"run_id={ti.run_id}")
    path = folder / f"task_id={ti.task_id}" / mapped / f"attempt={ti.try_number}.log"
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            lines = [_event(line) for line in deque(file, _TAIL)]
    except OSError:
        lines = []
    return "\n".join(
        [
            "the task could not say why: it was killed, or failed before it began; its log ends with",
            *lines,
        ]
    )


def _event(line: str) -> str:
    try:
        told = json.loads(line)
        causes = [f"{cause['exc_type']}: {cause['exc_value']}" for cause in told.get("error_detail") or []]
        return "\n".join([str(told["event"]), *causes])
    except (ValueError, KeyError, TypeError):
        return line.rstrip()


def _task(ti: Any) -> str:
    label = getattr(ti, "rendered_map_index", None) or ti.map_index
    return f"{ti.task_id}[{label}]" if ti.map_index >= 0 else ti.task_id


def _step(ti: Any) -> str:
    return f"{ti.dag_id}.{_task(ti)}"


def _id(ti: Any) -> str:
    return settings.try_in_record(ti.dag_id, ti.run_id, ti.task_id, ti.map_index, ti.try_number)


def _digest(*parts: str) -> str:
    return hashlib.sha256("\x1f".join(parts).encode("utf-8", "replace")).hexdigest()[:32]
