"""The `openclaw` command. Thin: each group of sub-commands lives with what it shows, in `openclaw.commands`."""

from __future__ import annotations

import importlib
import pkgutil

import typer

from openclaw import commands

app = typer.Typer(
    help="Watches a data platform: finds the root cause of what fails, and alerts once for each.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_show_locals=False,
)

for _module in sorted(m.name for m in pkgutil.iter_modules(commands.__path__)):
    importlib.import_module(f"openclaw.commands.{_module}").register(app)


@app.callback()
def main() -> None:
    """Sub-commands only; each says what it does with --help."""
