"""The command line: each command calls the other packages and prints the result.

This package never computes anything itself. Command modules are imported on
first use. May import: all below.
"""

from __future__ import annotations

from importlib import import_module
from keyword import iskeyword

import click
from flask.cli import AppGroup, run_command

MODULES = {
    "serve": "serving",
    "build": "publishing",
    "publish": "publishing",
    "ping": "publishing",
    "check": "checking",
    "diff": "checking",
    "new": "writing",
    "schema": "writing",
    "audience": "audience",
    "import": "importing",
}
"""Commands, and the modules that contain them."""


class Commands(AppGroup):
    """The group that adds our commands to `flask`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands."""
        return sorted({*super().list_commands(ctx), *MODULES})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command by its name, or None."""
        if module := MODULES.get(cmd_name):
            command: click.Command = getattr(
                import_module(f"feeds.commands.{module}"), cmd_name + "_" * iskeyword(cmd_name)
            )
            return command
        return super().get_command(ctx, cmd_name)


def is_development() -> bool:
    """Return whether this process is `flask run`, which also shows what is not live yet."""
    context = click.get_current_context(silent=True)
    return context is not None and context.command is run_command
