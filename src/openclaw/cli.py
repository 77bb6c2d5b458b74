"""The `openclaw` command. Thin: each group of sub-commands lives with what it shows, in `openclaw.commands`."""

from __future__ import annotations

import importlib
import pkgutil
import sys

import typer

from openclaw import commands

app = typer.Typer(
    help="Watches a data platform: finds the root cause of what fails, and alerts once for each.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_show_locals=False,
)

_all = sorted(module.name for module in pkgutil.iter_modules(commands.__path__))
# A command whose module is known by its name is loaded alone: triage, in a hook or a loop, need not wait for the service's imports.
for _module in [name for name in _all if name in sys.argv[1:2]] or _all:
    importlib.import_module(f"openclaw.commands.{_module}").register(app)


@app.callback()
def main() -> None:
    """Sub-commands only; each says what it does with --help."""
