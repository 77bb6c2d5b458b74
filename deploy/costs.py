"""What the defaults of Terraform cost a month, as a Markdown table: `make costs`.

Sizes come from `terraform/`, prices and what is assumed of use from `prices.yml`.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).resolve().parent
Line = tuple[str, str, float]


def main() -> None:
    assumed = yaml.safe_load((HERE / "prices.yml").read_text(encoding="utf-8"))
    found = lines(sizes(), assumed["per"], assumed["use"])
    sys.stdout.write("".join(f"{row}\n" for row in table(found)))


def sizes() -> dict[str, float]:
    """Cores, GB and minutes as Terraform has them by default."""
    return {
        "sql_cores": _number("variables.tf", r'"db-custom-(\d+)-\d+"'),
        "sql_gb": _number("variables.tf", r'"db-custom-\d+-(\d+)"') / 1024,
        "sql_disk_gb": _number("modules/warehouse/main.tf", r"disk_size\s+= (\d+)"),
        "service_cores": _number("modules/agent/main.tf", r'cpu = "(\d+)"'),
        "service_gib": _number("modules/agent/main.tf", r'memory = "(\d+)Mi"') / 1024,
        "job_cores": _number("modules/jobs/main.tf", r'cpu = "(\d+)"'),
        "job_gib": _number("modules/jobs/main.tf", r'memory = "(\d+)Gi"'),
        "minutes_between_passes": _number("modules/agent/main.tf", r'schedule\s+= "\*/(\d+) '),
    }


def lines(size: dict[str, float], per: dict[str, float], use: dict[str, Any]) -> list[Line]:
    """What is paid for, how much of it, and USD a month."""
    hours, passes = use["hours"], use["hours"] * 60 / size["minutes_between_passes"]
    busy, working = passes * use["seconds_of_a_pass"], use["runs"] * use["seconds_of_a_run"]
    tib = passes * use["mb_read_by_a_pass"] * 1e6 / 2**40
    machine = size["sql_cores"] * per["sql_core_hour"] + size["sql_gb"] * per["sql_gb_hour"]
    disk = size["sql_disk_gb"] * per["sql_disk_gb_month"] + use["warehouse_backups_gb"] * per["sql_backup_gb_month"]
    serving = size["service_cores"] * per["request_core_second"] + size["service_gib"] * per["request_gib_second"]
    job = size["job_cores"] * per["job_core_second"] + size["job_gib"] * per["job_gib_second"]
    kept = use["lake_gb"] * per["storage_gb_month"] + use["bigquery_gb"] * per["bigquery_gb_month"]
    small = use["secrets"] * per["secret_month"] + use["schedules"] * per["schedule_month"]
    return [
        (
            "Cloud SQL, machine",
            f"{size['sql_cores']:.0f} core, {size['sql_gb']:.2f} GB, {hours} h, always on",
            hours * machine,
        ),
        ("Cloud SQL, disk and backups", f"{size['sql_disk_gb']:.0f} GB, {use['warehouse_backups_gb']} GB", disk),
        ("BigQuery, the record's statements", f"{passes:,.0f} passes, {tib:.1f} TiB", tib * per["bigquery_tib_read"]),
        ("Cloud Run, OpenClaw", f"{busy:,.0f} s at work, else at zero", busy * serving),
        (
            "Cloud Run, jobs",
            f"{use['runs']} runs of {use['seconds_of_a_run']} s, {size['job_cores']:.0f} cores, {size['job_gib']:.0f} GiB",
            working * job,
        ),
        ("Lake and BigQuery's tables", f"{use['lake_gb']} GB, {use['bigquery_gb']} GB", kept),
        ("Images", f"{use['images_gb']} GB", use["images_gb"] * per["registry_gb_month"]),
        ("Secrets, schedules", f"{use['secrets']}, {use['schedules']}", small),
        ("Logs", f"{use['logs_gib']} GiB", use["logs_gib"] * per["logs_gib"]),
    ]


def table(found: list[Line]) -> list[str]:
    """Rows of a Markdown table, with the total."""
    rows = ["| a month of | how much | USD |", "|---|---|---:|"]
    rows += [f"| {what} | {amount} | {usd:.2f} |" for what, amount, usd in found]
    return [*rows, f"| **all** | | **{sum(usd for *_, usd in found):.2f}** |"]


def _number(path: str, pattern: str) -> float:
    text = (HERE / "terraform" / path).read_text(encoding="utf-8")
    values = set(re.findall(pattern, text))
    if len(values) != 1:
        raise SystemExit(f"{path}: one value of {pattern} was expected, found {sorted(values) or 'none'}")
    return float(values.pop())


if __name__ == "__main__":
    main()
