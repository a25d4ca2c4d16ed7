"""The command line: each command calls the other packages and prints the result.

This package never computes anything itself. Command modules are imported on
first use. May import: all packages below.
"""

from __future__ import annotations

import os
from functools import partial
from importlib import import_module
from keyword import iskeyword
from typing import Any

import click
from flask.cli import AppGroup

from feeds.settings import LANGUAGE_VARIABLE, LANGUAGES

SECTIONS = {
    "Start": {"init": "starting"},
    "Write": {
        "edit": "editing",
        "new": "writing",
        "preview": "serving",
        "check": "checking",
        "schema": "writing",
        "editors": "editing",
    },
    "Publish": {"serve": "serving", "build": "publishing", "publish": "publishing", "ping": "publishing"},
    "Move": {"import": "importing", "diff": "checking"},
    "Watch": {"audience": "audience"},
}
"""Commands grouped by task, and the modules that contain them."""

MODULES = {name: module for section in SECTIONS.values() for name, module in section.items()}
"""Commands, and the modules that contain them."""


def with_language(command: click.Command) -> click.Command:
    """Return a command with the option `--language`, unless it has an option of that name."""
    if not any("--language" in parameter.opts for parameter in command.params):
        command.params.append(
            click.Option(
                ["--language"],
                type=click.Choice(LANGUAGES),
                is_eager=True,
                expose_value=False,
                callback=_use_language,
                help=f"Language of messages; by default, {LANGUAGE_VARIABLE} or that of the locale.",
            )
        )
    return command


def _use_language(context: click.Context, parameter: click.Parameter, value: str | None) -> None:
    """Use a language in this command and in the processes that it starts."""
    if value:
        before = os.environ.get(LANGUAGE_VARIABLE, "")
        os.environ[LANGUAGE_VARIABLE] = value
        context.call_on_close(partial(os.environ.__setitem__, LANGUAGE_VARIABLE, before))


class Commands(AppGroup):
    """The commands of `feeds`, which `flask` offers in addition to its own.

    `flask` does not offer `preview` and `edit`: it loads the application, without previews, before it runs a command.
    `flask run` shows previews.
    """

    def __init__(self, *args: Any, has_preview: bool = False, **options: Any) -> None:
        """Create the group, with or without `preview`."""
        super().__init__(*args, **options)
        self._has_preview = has_preview

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands."""
        return [name for name in MODULES if self._has_preview or name not in ("edit", "preview")]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command by its name, or None."""
        if (module := MODULES.get(cmd_name)) and cmd_name in self.list_commands(ctx):
            command: click.Command = getattr(
                import_module(f"feeds.commands.{module}"), cmd_name + "_" * iskeyword(cmd_name)
            )
            return with_language(command)
        return super().get_command(ctx, cmd_name)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands under the headings of SECTIONS."""
        width = formatter.width - 6 - max(map(len, MODULES))
        for section, names in SECTIONS.items():
            commands = [(name, self.get_command(ctx, name)) for name in names]
            with formatter.section(section):
                formatter.write_dl([(name, command.get_short_help_str(width)) for name, command in commands if command])


cli = click.version_option(package_name="feeds", message="%(prog)s %(version)s")(
    Commands(
        "feeds",
        has_preview=True,
        help="Publish articles in YAML files as RSS, Atom and JSON feeds.\n\n"
        "The site is in the folder FEEDS_CONTENT, else in the current folder if it has a site.yaml, else in ./content.",
    )
)
"""The command line of the console script `feeds`."""


def shows_previews() -> bool:
    """Return whether this process is `feeds preview` or `flask run`, which also show what is not live yet."""
    context = click.get_current_context(silent=True)
    return context is not None and context.command.name in ("preview", "run")
