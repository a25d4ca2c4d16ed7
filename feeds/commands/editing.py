"""`feeds edit` and `editors`: the server of the editor, and its accounts."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from ipaddress import ip_address
from wsgiref.types import WSGIApplication

import click
from flask import Flask
from flask.cli import ScriptInfo, with_appcontext

from feeds.base import log, translations
from feeds.editor.accounts import AccountError, Accounts
from feeds.server.granian import Server
from feeds.server.publisher import Publisher
from feeds.settings import Settings

from .context import current_folder, current_language, site_or_exit
from .serving import check_port_is_free, resolve


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=5001, show_default=True, type=click.IntRange(1, 65535), help="Port to listen on.")
@with_appcontext
def edit(host: str, port: int) -> None:
    """Run the editor, where authors write articles in forms.

    On this machine (127.0.0.1), no account is needed unless there is one. Anywhere else, and behind a proxy,
    FEEDS_EDITOR_URL is its address, and authors sign in: create an account with `feeds editors add NAME`. Or a proxy
    signs them in, and FEEDS_EDITOR_HEADER names the header in which it sends their names.
    """
    settings = Settings.from_environ(os.environ)
    site_or_exit(current_folder(), 2)
    os.environ["FEEDS_CONTENT"] = str(settings.content)
    address = resolve(host)
    _check_access(settings, address)
    check_port_is_free(address, port)
    log.configure(settings.log)
    shown = settings.editor_url or f"http://{f'[{address}]' if ':' in address else address}:{port}"
    language = current_language()
    click.echo(translations.translate(language, "The editor is at {address}. Ctrl+C ends it.", address=f"{shown}/edit"))
    info = click.get_current_context().ensure_object(ScriptInfo)
    assert info.create_app, "`flask` does not offer this command"
    server = Server(host=address, port=port, workers=1)
    server.run(partial(load_editor, info.create_app))


def load_editor(create_app: Callable[..., Flask]) -> WSGIApplication:
    """Return the application of the editor, with its first edition ready."""
    log.configure(Settings.from_environ(os.environ).log)
    app = create_app(has_editor=True)
    publisher: Publisher = app.extensions["feeds"]
    publisher.try_to_start()
    publisher.watch()
    return app.wsgi_app


def _check_access(settings: Settings, address: str) -> None:
    """Raise ClickException if the editor would be open to others without signing in."""
    if settings.editor_header and not settings.trusted_proxy:
        raise click.ClickException(
            "FEEDS_EDITOR_HEADER is trusted only from FEEDS_TRUSTED_PROXY (set it to the IP address of the proxy)"
        )
    is_local = ip_address(address).is_loopback and not settings.editor_url
    if is_local or settings.editor_header or _accounts(settings).names():
        if not is_local and not settings.editor_url:
            raise click.ClickException(
                f"the editor would be reachable at {address}"
                " (set FEEDS_EDITOR_URL to its address, such as https://edit.example.org)"
            )
        return
    raise click.ClickException(
        "anyone could write articles: there is no account"
        " (create one with feeds editors add NAME, or set FEEDS_EDITOR_HEADER)"
    )


def _accounts(settings: Settings) -> Accounts:
    assert settings.state, "it has a default"
    return Accounts(settings.state / "editor")


@click.group()
def editors() -> None:
    """Manage the accounts of the editor."""


@editors.command()
@click.argument("name")
@click.password_option(help="Password; prompted for by default.")
def add(name: str, password: str) -> None:
    """Add an account, or change its password."""
    _with_accounts(lambda accounts: accounts.add(name, password))
    click.echo(translations.translate(current_language(), "{name} can sign in.", name=name))


@editors.command("list")
def list_accounts() -> None:
    """Print the names of all accounts."""
    _with_accounts(lambda accounts: click.echo("".join(f"{name}\n" for name in accounts.names()), nl=False))


@editors.command()
@click.argument("name")
def remove(name: str) -> None:
    """Remove an account, and end its sessions."""
    _with_accounts(lambda accounts: accounts.remove(name))
    click.echo(translations.translate(current_language(), "{name} can no longer sign in.", name=name))


def _with_accounts(change: Callable[[Accounts], object]) -> None:
    try:
        change(_accounts(Settings.from_environ(os.environ)))
    except AccountError as error:
        raise click.ClickException(str(error)) from None
