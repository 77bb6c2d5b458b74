"""The platform's commands as executions of its Cloud Run job, whose exit codes mean what they mean on a laptop."""

from __future__ import annotations

from collections.abc import Sequence
from os import environ
from typing import Any

import olist_settings as settings
from airflow.providers.google.cloud.operators.cloud_run import CloudRunExecuteJobOperator
from airflow.sdk.exceptions import AirflowException
from google.cloud import run_v2  # type: ignore[attr-defined]
from olist_tasks import outcome

__all__ = ["CloudRunCommand"]


class CloudRunCommand(CloudRunExecuteJobOperator):
    """One execution of the job PLATFORM_JOB in PLATFORM_PROJECT and PLATFORM_REGION, with the command as its arguments.

    The job must not retry by itself (`max_retries = 0`): retrying is Airflow's part.
    """

    template_fields: Sequence[str] = (*CloudRunExecuteJobOperator.template_fields, "argv")

    def __init__(self, *, argv: list[str], **kwargs: Any) -> None:
        project, region, job = (environ[f"PLATFORM_{name}"] for name in ("PROJECT", "REGION", "JOB"))
        super().__init__(project_id=project, region=region, job_name=job, **kwargs)
        self.argv = argv

    def execute(self, context: Any) -> None:
        ti = context["ti"]
        run = settings.try_in_record(ti.dag_id, ti.run_id, ti.task_id, ti.map_index, ti.try_number)
        variables = {"OLIST_PARENT_RUN": run, "OLIST_AGENT": "false"}
        container = {"args": self.argv, "env": [{"name": n, "value": v} for n, v in variables.items()]}
        self.overrides = {"container_overrides": [container]}
        try:
            super().execute(context)
        except AirflowException as error:
            outcome(self._exit_code() or settings.TRY_AGAIN, str(error))

    def _exit_code(self) -> int | None:
        """What the execution's only task exited with; None when it never came to run, which is worth another try."""
        if self.operation is None:
            return None
        execution = self.operation.metadata.name
        for task in run_v2.TasksClient().list_tasks(parent=execution):
            return int(task.last_attempt_result.exit_code)
        return None
