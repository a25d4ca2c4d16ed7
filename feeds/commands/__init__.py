"""The `flask` commands: they ask the other parts, and print what comes of it."""

from __future__ import annotations

import click
from flask import Flask
from flask.cli import run_command

from .checking import check, diff
from .publishing import build, ping, publish
from .serving import serve
from .writing import new, schema


def add_commands(app: Flask) -> None:
    """Make the commands known to `flask`."""
    for command in (serve, build, publish, ping, check, diff, new, schema):
        app.cli.add_command(command)


def is_development() -> bool:
    """Tell whether this process is `flask run`: what is not live yet may be seen there."""
    context = click.get_current_context(silent=True)
    return context is not None and context.command is run_command
