"""The data's way through the platform: source to bronze, bronze to silver, and what is published out to Parquet.

Gold lies between the last two and is not Airflow's: dbt has its own runner (`olist gold`), which announces `gold` when it is green.
"""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta

import olist_settings as settings
from airflow.sdk import Asset, Param, dag, task
from olist_tasks import command, operator_class

BRONZE, SILVER, GOLD = Asset("bronze"), Asset("silver"), Asset("gold")

DEFAULTS = {
    "owner": "data-platform",
    "retries": 3,
    "retry_delay": timedelta(seconds=20),
    "retry_exponential_backoff": 2,
    "max_retry_delay": timedelta(minutes=10),
}
ONE_AT_A_TIME = {"max_active_runs": 1, "catchup": False, "start_date": datetime(2026, 1, 1, tzinfo=UTC)}


@task(task_id="name", execution_timeout=timedelta(minutes=1))
def new_name() -> str:
    """What the pieces of this run make together: a sortable id, chosen once. Clearing this task as well makes a new delivery."""
    return datetime.now(UTC).strftime("%Y%m%dT%H%M%S%fZ") + "-" + secrets.token_hex(2)


@dag(
    dag_id="olist_ingest",
    schedule="0 5 * * *",
    dagrun_timeout=timedelta(hours=3),
    default_args=DEFAULTS,
    params={
        "source": Param("", type="string", description="A folder of CSVs or a zip; empty: the platform's setting."),
        "processing_date": Param(
            "", type="string", description="Day to deliver for, to back-fill; empty: the run's own."
        ),
    },
    tags=["olist", "bronze"],
    doc_md="""
    Source to bronze, daily. Each table is stored by a task of its own, with its own manifest and lock; nothing of it counts until
    `accept` has judged the whole delivery. A delivery of nothing new skips `accept`, and bronze is not announced.

    **To back-fill** trigger it with `processing_date`. **A broken file**: mend it, clear its task and what follows; the other tables stay.
    """,
    **ONE_AT_A_TIME,
)
def olist_ingest() -> None:
    name = new_name()
    day = "{{ params.processing_date or (dag_run.logical_date or dag_run.run_after) | ds }}"
    given = ["--run-id", "{{ ti.xcom_pull('name') }}", "--processing-date", day]
    source = "--source={{ params.source }}"
    stored = (
        operator_class()
        .partial(
            task_id="store",
            execution_timeout=timedelta(minutes=20),
            pool="olist_store",
            map_index_template="{{ task.argv[3] }}",
        )
        .expand(argv=[["olist", "step", "store", table, *given, source] for table in settings.tables()])
    )
    accepted = command(
        "accept",
        *(
            "olist",
            "step",
            "accept",
            "--run-id",
            "{{ ti.xcom_pull('name') }}",
            "--no-op-code",
            str(settings.NOTHING_TO_DO),
        ),
        outlets=[BRONZE],
        pool="olist_platform",
    )
    name >> stored >> accepted


@dag(
    dag_id="olist_silver",
    schedule=[BRONZE],
    dagrun_timeout=timedelta(hours=3),
    default_args=DEFAULTS,
    tags=["olist", "silver"],
    doc_md="""
    Bronze to silver, whenever a delivery was accepted: prove that the batches are as they were written, build what changed into the stage,
    audit it there, publish it in one transaction. Readers see nothing before the last task.

    **StageLost** in `audit` or `publish`: another run has used the stage; clear the run from `name` on.
    """,
    **ONE_AT_A_TIME,
)
def olist_silver() -> None:
    made_by = ["--run-id", "{{ ti.xcom_pull('name') }}"]
    no_op = ["--no-op-code", str(settings.NOTHING_TO_DO)]
    name = new_name()
    validated = command("validate_bronze", "olist", "step", "validate", pool="olist_platform")
    built = command("build", "olist", "step", "build", *made_by, *no_op, pool="olist_platform")
    audited = command("audit", "olist", "step", "audit", *made_by, pool="olist_platform")
    published = command("publish", "olist", "step", "publish", *made_by, outlets=[SILVER], pool="olist_platform")
    [name, validated] >> built >> audited >> published


@dag(
    dag_id="olist_export",
    schedule=[GOLD],
    dagrun_timeout=timedelta(hours=2),
    default_args=DEFAULTS,
    tags=["olist", "export"],
    doc_md="""
    Silver and gold to partitioned Parquet in the lake, whenever gold was announced. What was exported before writes nothing.
    """,
    **ONE_AT_A_TIME,
)
def olist_export() -> None:
    command("export", "olist", "export", minutes=60, pool="olist_platform")


olist_ingest()
olist_silver()
olist_export()
