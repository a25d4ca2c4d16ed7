"""The command line: each command asks the other parts, and prints the result.

It never computes anything itself. May import all rooms below. Command modules are imported when they are called.
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
"""The commands, and the modules that they are in."""


class Commands(AppGroup):
    """Our commands, made known to `flask`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Give all names."""
        return sorted({*super().list_commands(ctx), *MODULES})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Give a command by its name."""
        if module := MODULES.get(cmd_name):
            found: click.Command = getattr(
                import_module(f"feeds.commands.{module}"), cmd_name + "_" * iskeyword(cmd_name)
            )
            return found
        return super().get_command(ctx, cmd_name)


def is_development() -> bool:
    """Tell whether this process is `flask run`: what is not live yet may be seen there."""
    context = click.get_current_context(silent=True)
    return context is not None and context.command is run_command
