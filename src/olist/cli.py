"""The `olist` command. Thin: it reads arguments, calls the pipeline and shows what came of it."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Literal

import typer

from olist import pipeline
from olist.commands import gold, housekeeping, monitor, step
from olist.console import FAILED, Json, ProcessingDate, Source, err, out
from olist.console import errors as _errors
from olist.console import finish as _finish
from olist.console import settings as _settings
from olist.console import sourced as _sourced
from olist.contracts import load_contracts
from olist.errors import ConfigurationError
from olist.lake.open import open_lake
from olist.lake.verify import verify
from olist.quality.freshness import freshness
from olist.record import open_record
from olist.settings import Settings
from olist.terminal import Progress, print_batches, print_checks, print_findings, print_status

app = typer.Typer(
    help="CSV exports to an immutable lake, a validated warehouse and a star schema.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_show_locals=False,
)
source_app = typer.Typer(help="Where CSVs come from.", no_args_is_help=True)
lake_app = typer.Typer(help="The bronze lake: batches and their state.", no_args_is_help=True)
warehouse_app = typer.Typer(help="The PostgreSQL that holds silver and gold.", no_args_is_help=True)
app.add_typer(source_app, name="source")
app.add_typer(lake_app, name="lake")
app.add_typer(warehouse_app, name="warehouse")
quality_app = typer.Typer(help="What was checked, and how it came out.", no_args_is_help=True)
app.add_typer(quality_app, name="quality")
for _group in (gold, step, monitor, housekeeping):
    _group.register(app)


@app.command(epilog="Example: `olist run --source data/brazilian-ecommerce.zip`")
def run(source: Source = None, processing_date: ProcessingDate = None, as_json: Json = False) -> None:
    """Do everything: source to bronze to silver to gold. Repeating it does only what is missing."""
    settings, told_by = _sourced(source)
    day = processing_date.date() if processing_date else None
    with Progress(err if as_json else out) as listener:
        report = pipeline.run(settings, told_by=told_by, processing_date=day, listener=listener)
    _finish(settings, report, as_json)


@app.command(epilog="Example: `olist ingest --source data/ --processing-date 2026-01-31`")
def ingest(source: Source = None, processing_date: ProcessingDate = None, as_json: Json = False) -> None:
    """Bring the source's files into bronze as one delivery."""
    settings, told_by = _sourced(source)
    day = processing_date.date() if processing_date else None
    with Progress(err if as_json else out) as listener:
        report = pipeline.ingest(settings, told_by=told_by, processing_date=day, listener=listener)
    _finish(settings, report, as_json)


@app.command(epilog="Example: `olist silver --json`")
def silver(as_json: Json = False) -> None:
    """Build, audit and publish silver from the accepted batches."""
    settings = _settings()
    with Progress(err if as_json else out) as listener:
        report = pipeline.silver(settings, listener=listener)
    _finish(settings, report, as_json)


@app.command(epilog="Example: `olist docs --out gold.html`")
def docs(
    out_path: Annotated[Path | None, typer.Option("--out", help="The page; default: docs.html in OLIST_HOME.")] = None,
) -> None:
    """Write the documentation and lineage of gold as one page; opens it where there is a terminal and a browser."""
    from olist.gold.docs import write_docs
    from olist.warehouse import connect

    with _errors():
        settings = _settings()
        page = (out_path or settings.home / "docs.html").absolute()
        with connect.connect(connect.warehouse_url(settings), "docs") as connection:
            write_docs(settings.dbt_project, connection, work=settings.home / "dbt" / "docs", page=page)
        _open(page)


@app.command(epilog="Example: `olist export --to bigquery`")
def export(
    to: Annotated[
        Literal["lake", "bigquery"] | None,
        typer.Option(
            "--to", help="`bigquery` also shows the export there: what is done unasked where OLIST_BIGQUERY is set."
        ),
    ] = None,
    export_id: Annotated[
        str | None, typer.Option("--id", help="Show this earlier export in BigQuery, and make no new one.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Write silver and gold as partitioned Parquet into the lake; unchanged data writes nothing."""
    settings = _settings()
    to = to or ("bigquery" if settings.bigquery else "lake")
    if export_id and to == "lake":
        raise typer.BadParameter("--id goes with --to bigquery")
    with Progress(err if as_json else out) as listener:
        if export_id:
            report = pipeline.load(settings, export_id, listener=listener)
        else:
            report = pipeline.export(settings, to_bigquery=to == "bigquery", listener=listener)
    _finish(settings, report, as_json)


@app.command(epilog="Example: `olist status`")
def status(
    as_json: Json = False,
    publish: Annotated[
        bool, typer.Option("--publish", help="Also write freshness, failed checks and incidents to the warehouse.")
    ] = False,
) -> None:
    """What ran last, what is at work, what was lost, how fresh each table is, and which incidents are open."""
    with _errors():
        settings = _settings()
        if publish:
            from olist.dashboards.status import refresh_status

            refresh_status(settings)
        opstore = open_record(settings)
        runs = opstore.runs(limit=10)
        tables = freshness(open_lake(settings), load_contracts(settings.contracts))
        document = {
            "home": str(settings.home),
            "incidents": opstore.incidents(),
            "tables": [table.as_json() for table in tables],
            "runs": [run | {"steps": opstore.runs(parent=run["run_id"])} for run in runs],
        }
        if as_json:
            sys.stdout.write(json.dumps(document, indent=2) + "\n")
        else:
            print_status(out, document)


@app.command(epilog="Example: `olist dashboard --port 8050`")
def dashboard(
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 8050,
    host: Annotated[
        str, typer.Option(help="0.0.0.0 serves whoever reaches this machine; there is no login.")
    ] = "127.0.0.1",
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the first page.")] = True,
) -> None:
    """Serve the four dashboard pages from gold, until Ctrl-C."""
    from olist.dashboards.web.server import listen, serve

    with _errors():
        settings = _settings()
        listening = listen(host, port)
        address = f"http://{host}:{listening.getsockname()[1]}/"
        out.print(f"dashboards at {address} (Ctrl-C ends)", soft_wrap=True)
        if browser and out.is_terminal:
            typer.launch(address)
        serve(settings, listening)


@app.command(epilog="Example: `olist doctor --json`")
def doctor(as_json: Json = False) -> None:
    """Check the configuration before anything runs: places, permissions, disk, clocks. Exit code 1 where something is missing."""
    from olist.doctor import examine

    findings = examine(_settings())
    if as_json:
        sys.stdout.write(json.dumps([asdict(finding) for finding in findings], indent=2) + "\n")
    else:
        print_findings(out, findings)
    if any(finding.status == "failed" for finding in findings):
        raise typer.Exit(FAILED)


@source_app.command("fetch", epilog="Example: `olist source fetch`")
def source_fetch() -> None:
    """Download the public dataset from Kaggle (no account needed) and print its folder."""
    from olist.source.locate import fetch_kaggle

    with _errors():
        out.print(str(fetch_kaggle(_settings().home)), soft_wrap=True)


@source_app.command("generate", epilog="Example: `olist source generate --scale 0.1 --seed 7 --out /tmp/small`")
def source_generate(
    target: Annotated[Path, typer.Option("--out", help="Folder to write the nine CSVs to.")],
    scale: Annotated[float, typer.Option(min=0.001, help="1 is the size of the real data, 1.55 million rows.")] = 1.0,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same bytes.")] = 0,
) -> None:
    """Write synthetic CSVs of the real data's shape and quirks."""
    from olist.source.synthetic import generate

    with _errors():
        contracts = load_contracts(_settings().contracts)
        with Progress(out) as listener:
            listener.begin("source", len(contracts))
            rows = generate(
                contracts, target, scale=scale, seed=seed, on_table=lambda table, _: listener.advance(table)
            )
        out.print(f"{sum(rows.values()):,} rows in {len(rows)} files under {target}", soft_wrap=True)


@lake_app.command("ls", epilog="Example: `olist lake ls --table orders`")
def lake_ls(table: Annotated[str | None, typer.Option(help="Only this table.")] = None) -> None:
    """List the batches with their state."""
    with _errors():
        settings = _settings()
        lake = open_lake(settings)
        names = [table] if table else load_contracts(settings.contracts)
        verdicts = {name: lake.verdicts(name) for name in names}
        print_batches(out, [(batch, verdicts[n][batch.run_id]) for n in names for batch in lake.batches(n)])


@lake_app.command("verify", epilog="Example: `olist lake verify`")
def lake_verify() -> None:
    """Compute every checksum and row count again and name what differs."""
    with _errors():
        settings = _settings()
        count, differences = verify(open_lake(settings), load_contracts(settings.contracts))
        for difference in differences:
            out.print(f"{difference.key}: expected {difference.expected}, found {difference.found}", soft_wrap=True)
        out.print(f"{count} objects verified, {len(differences)} differences")
        if differences:
            raise typer.Exit(FAILED)


@lake_app.command(
    "withdraw", epilog='Example: `olist lake withdraw orders 20260131T060000000000Z-1a2b --reason "wrong export"`'
)
def lake_withdraw(
    table: Annotated[str, typer.Argument(help="Table of the batch.")],
    run_id: Annotated[str, typer.Argument(help="Run that brought it, from `olist lake ls`.")],
    reason: Annotated[str, typer.Option(help="Why; kept with the batch.")],
) -> None:
    """Take a batch back. It stays in the lake for the record and leaves silver at its next build."""
    settings = _settings()
    with _errors(), Progress(out) as listener:
        report = pipeline.withdraw(settings, table, run_id, reason, listener=listener)
    _finish(settings, report, as_json=False)


@warehouse_app.command("start", epilog="Example: `olist warehouse start --port 5433`")
def warehouse_start(
    port: Annotated[
        int | None, typer.Option(help="Also listen on this TCP port of the loopback, for Power BI and other tools.")
    ] = None,
) -> None:
    """Start the embedded server, or adopt the one that runs."""
    from olist.warehouse import embedded

    with _errors():
        settings = _embedded_settings()
        server = embedded.start(settings.home, tcp_port=port)
        out.print(f"running, pid {server.pid}: {server.url}", soft_wrap=True)
        if server.tcp_url:
            out.print(f"over TCP: {server.tcp_url}", soft_wrap=True)


@warehouse_app.command("stop", epilog="Example: `olist warehouse stop`")
def warehouse_stop() -> None:
    """Stop the embedded server."""
    from olist.warehouse import embedded

    with _errors():
        out.print("stopped" if embedded.stop(_embedded_settings().home) else "it was not running")


@warehouse_app.command("url", epilog='Example: `psql "$(olist warehouse url)"`')
def warehouse_url(
    tcp: Annotated[
        bool, typer.Option("--tcp", help="The URL over TCP, with its password; needs `start --port`.")
    ] = False,
) -> None:
    """Print a libpq URL of the warehouse, starting the embedded server if need be."""
    from olist.warehouse import connect, embedded

    with _errors():
        settings = _settings()
        url = connect.warehouse_url(settings)
        if tcp and settings.warehouse is None:
            over_tcp = embedded.start(settings.home).tcp_url
            if over_tcp is None:
                raise ConfigurationError(
                    "the embedded server does not listen on TCP",
                    resource="olist warehouse url --tcp",
                    expected="a server started with --port",
                    found="the unix socket alone",
                    remedy="`olist warehouse start --port 5433` first",
                )
            url = over_tcp
        out.print(url, soft_wrap=True, markup=False)


@warehouse_app.command("psql", epilog='Example: `olist warehouse psql -- -c "select count(*) from gold.fact_orders"`')
def warehouse_psql(
    arguments: Annotated[list[str] | None, typer.Argument(help="Passed to psql, after --.")] = None,
) -> None:
    """Open psql on the warehouse, the server's own where the machine has none."""
    from olist.warehouse import connect, embedded

    with _errors():
        url = connect.warehouse_url(_settings())
    result = subprocess.run([embedded.psql_path(), url, *(arguments or [])], check=False)
    raise typer.Exit(result.returncode)


@warehouse_app.command("roles", epilog="Example: `olist warehouse roles`")
def warehouse_roles() -> None:
    """Make the roles olist_owner, olist_loader and olist_reader, once per server, and open what is published to readers."""
    from olist.warehouse import connect, roles

    with _errors(), connect.connect(connect.warehouse_url(_settings()), "roles") as connection:
        roles.create_roles(connection)
        out.print("olist_owner owns, olist_loader publishes, olist_reader reads silver (without its rejects) and gold")


@warehouse_app.command("grant", epilog="Example: `olist warehouse grant reader alice`")
def warehouse_grant(
    role: Annotated[Literal["loader", "reader"], typer.Argument(help="What the user may do.")],
    user: Annotated[str, typer.Argument(help="A database user that exists.")],
) -> None:
    """Make a database user a reader or a loader; `olist warehouse roles` comes first."""
    from olist.warehouse import connect, roles

    with _errors(), connect.connect(connect.warehouse_url(_settings()), "grant") as connection:
        roles.grant_role(connection, role, user)
        out.print(f"{user} is a {role}")


@quality_app.command("report", epilog="Example: `olist quality report --json`")
def quality_report(as_json: Json = False) -> None:
    """Every check of the last runs by layer; also written to `quality/report.json` and `quality/report.html`."""
    from olist.quality.report import last_checks, write_report

    with _errors():
        settings = _settings()
        document = write_report(settings.quality, last_checks(open_record(settings)))
        if as_json:
            sys.stdout.write(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
        else:
            print_checks(out, document, settings.quality)


@quality_app.command("docs", epilog="Example: `olist quality docs`")
def quality_docs() -> None:
    """Print where the Data Docs are, and open them where there is a terminal and a browser."""
    from olist.quality.docs import INDEX, rebuild

    with _errors():
        folder = _settings().quality
        index = folder / INDEX if (folder / INDEX).exists() else rebuild(folder)
        if index is None:
            out.print("nothing was judged yet: `olist run` does")
            return
        _open(index)


def _open(page: Path) -> None:
    """Print where a page is, and open it where there is a terminal and a browser."""
    out.print(str(page), soft_wrap=True)
    if out.is_terminal:
        typer.launch(page.as_uri())


def _embedded_settings() -> Settings:
    settings = _settings()
    if settings.warehouse is not None:
        raise ConfigurationError(
            "the warehouse is not the embedded one",
            resource="OLIST_WAREHOUSE",
            expected="unset, for the embedded server",
            found="a URL",
            remedy="unset it, or start and stop that server by its own means",
        )
    return settings
