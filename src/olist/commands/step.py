"""`olist step`: the pieces of ingest and silver one by one, for a scheduler. `olist run` needs none of them."""

from __future__ import annotations

from typing import Annotated

import typer

from olist import pieces
from olist.console import Json, NoOpCode, ProcessingDate, Source, err, finish_piece, out, settings, sourced
from olist.terminal import Progress

__all__ = ["register"]

step = typer.Typer(help="The pieces of ingest and silver one by one, for a scheduler.", no_args_is_help=True)

RunId = Annotated[
    str,
    typer.Option("--run-id", help="What the pieces make together: a sortable id such as 20260131T060000000000Z-1a2b."),
]


def register(app: typer.Typer) -> None:
    """Add the group to `app`."""
    app.add_typer(step, name="step")


@step.command(epilog="Example: `olist step store orders --run-id 20260131T060000000000Z-1a2b`")
def store(
    table: Annotated[str, typer.Argument(help="The table to bring in.")],
    run_id: RunId,
    source: Source = None,
    processing_date: ProcessingDate = None,
    as_json: Json = False,
) -> None:
    """Bring one table of a delivery into bronze, where it waits for `accept`."""
    loaded, told_by = sourced(source)
    day = processing_date.date() if processing_date else None
    with Progress(err if as_json else out) as listener:
        report = pieces.store(loaded, table, made_by=run_id, told_by=told_by, processing_date=day, listener=listener)
    finish_piece(report, as_json)


@step.command(epilog="Example: `olist step accept --run-id 20260131T060000000000Z-1a2b --no-op-code 99`")
def accept(run_id: RunId, no_op_code: NoOpCode = 0, as_json: Json = False) -> None:
    """Judge a delivery whose tables are all there, and accept it or put it in quarantine."""
    with Progress(err if as_json else out) as listener:
        report = pieces.accept(settings(), made_by=run_id, listener=listener)
    finish_piece(report, as_json, no_op_code)


@step.command(epilog="Example: `olist step validate`")
def validate(as_json: Json = False) -> None:
    """Prove that the batches that silver would be built from are as they were written."""
    with Progress(err if as_json else out) as listener:
        report = pieces.validate(settings(), listener=listener)
    finish_piece(report, as_json)


@step.command(epilog="Example: `olist step build --run-id 20260131T070000000000Z-1a2b --no-op-code 99`")
def build(run_id: RunId, no_op_code: NoOpCode = 0, as_json: Json = False) -> None:
    """Build what changed of silver into the stage."""
    with Progress(err if as_json else out) as listener:
        report = pieces.build(settings(), made_by=run_id, listener=listener)
    finish_piece(report, as_json, no_op_code)


@step.command(epilog="Example: `olist step audit --run-id 20260131T070000000000Z-1a2b`")
def audit(run_id: RunId, as_json: Json = False) -> None:
    """Judge what is staged. What fails is quarantined, and silver stands as it was."""
    with Progress(err if as_json else out) as listener:
        report = pieces.audit(settings(), made_by=run_id, listener=listener)
    finish_piece(report, as_json)


@step.command(epilog="Example: `olist step publish --run-id 20260131T070000000000Z-1a2b`")
def publish(run_id: RunId, as_json: Json = False) -> None:
    """Publish what is staged and was audited."""
    with Progress(err if as_json else out) as listener:
        report = pieces.publish(settings(), made_by=run_id, listener=listener)
    finish_piece(report, as_json)
