"""What the tests ask of Airflow in a process of its own, which no test's environment can disturb. The last line printed is the answer."""

from __future__ import annotations

import json
import socket
import sys
import types
from pathlib import Path
from typing import Any

PLUGINS = Path(__file__).resolve().parents[1] / "plugins"
FOREIGN = ("dbt", "olist", "opstore", "openclaw")


def _bag() -> Any:
    from airflow.dag_processing.dagbag import DagBag

    return DagBag(collect_dags=True)


def read() -> dict[str, Any]:
    """The DAG files, read where every connection is refused."""

    def refused(*_: object) -> None:
        raise OSError("no network here")

    socket.socket.connect = refused  # type: ignore[method-assign,assignment]
    bag = _bag()
    return {
        "errors": bag.import_errors,
        "seconds": {Path(s.file).name: s.duration.total_seconds() for s in bag.dagbag_stats},
        "foreign": [name for name in FOREIGN if name in sys.modules],
        "dags": {dag_id: _described(dag) for dag_id, dag in bag.dags.items()},
    }


def _described(dag: Any) -> dict[str, Any]:
    return {
        "owner": dag.owner,
        "tags": sorted(dag.tags),
        "doc": (dag.doc_md or "").strip(),
        "timeout": dag.dagrun_timeout.total_seconds(),
        "max_active_runs": dag.max_active_runs,
        "catchup": dag.catchup,
        "tasks": [
            {
                "id": task.task_id,
                "timeout": task.execution_timeout.total_seconds() if task.execution_timeout else 0,
                "pool": task.pool,
                "retries": task.retries,
                "exponential": bool(task.retry_exponential_backoff),
            }
            for task in dag.tasks
        ],
    }


def run(params: str, *dag_ids: str) -> dict[str, str]:
    """Each DAG's state after `dag.test()`, with these params (JSON)."""
    bag, given = _bag(), json.loads(params)
    return {dag_id: str(bag.dags[dag_id].test(run_conf=given).state.value) for dag_id in dag_ids}


def cloud_run() -> dict[str, Any]:
    """The DAGs in production's mode, with stand-ins for Google's libraries."""
    sys.path.insert(0, str(PLUGINS))
    ran: list[Any] = []
    _stand_in(ran, code=0)
    bag = _bag()
    task = bag.dags["olist_ingest"].get_task("accept") if not bag.import_errors else None
    outcomes = {}
    for code in (0, 99, 75, 1):
        _stand_in(ran, code)
        outcomes[str(code)] = _outcome(task)
    operators = {
        type(t).__name__ if not t.is_mapped else t.operator_class.__name__ for d in bag.dags.values() for t in d.tasks
    }
    container = ran[0]["container_overrides"][0]
    return {"errors": bag.import_errors, "operators": sorted(operators), "container": container, "outcomes": outcomes}


def _outcome(task: Any) -> str:
    ti = types.SimpleNamespace(dag_id="d", run_id="r", task_id="t", map_index=-1, try_number=1)
    try:
        task.execute({"ti": ti})
    except Exception as error:  # noqa: BLE001 - which one it is, is what is asked
        return type(error).__name__
    return "done"


def _stand_in(ran: list[Any], code: int) -> None:
    """The Google provider's operator, which remembers what it was to run and fails with `code`, as Google tells it."""
    from airflow.sdk import BaseOperator
    from airflow.sdk.exceptions import AirflowException

    class CloudRunExecuteJobOperator(BaseOperator):
        template_fields = ("overrides",)

        def __init__(
            self, *, project_id: str, region: str, job_name: str, overrides: Any = None, **kwargs: Any
        ) -> None:
            super().__init__(**kwargs)
            self.overrides, self.operation = overrides, None

        def execute(self, context: Any) -> None:
            ran.append(self.overrides)
            self.operation = types.SimpleNamespace(metadata=types.SimpleNamespace(name="executions/1"))
            if current["code"]:
                raise AirflowException("the job failed")

    class TasksClient:
        def list_tasks(self, parent: str) -> list[Any]:
            return [types.SimpleNamespace(last_attempt_result=types.SimpleNamespace(exit_code=current["code"]))]

    current["code"] = code
    name = "airflow.providers.google.cloud.operators.cloud_run"
    if name not in sys.modules:
        parts = name.split(".")
        for end in range(3, len(parts)):
            sys.modules[".".join(parts[:end])] = types.ModuleType(".".join(parts[:end]))
        module = sys.modules[name] = types.ModuleType(name)
        module.CloudRunExecuteJobOperator = CloudRunExecuteJobOperator  # type: ignore[attr-defined]
        cloud = types.ModuleType("google.cloud")
        cloud.run_v2 = types.SimpleNamespace(TasksClient=TasksClient)  # type: ignore[attr-defined]
        sys.modules["google.cloud"] = cloud


current = {"code": 0}

if __name__ == "__main__":
    answer = {"read": read, "run": run, "cloud_run": cloud_run}[sys.argv[1]](*sys.argv[2:])
    print(json.dumps(answer))
