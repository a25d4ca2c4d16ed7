"""`flask serve`: the production server, and the application in each of its processes."""

from __future__ import annotations

import errno
import gc
import logging
import socket
from functools import partial
from typing import cast
from wsgiref.types import WSGIApplication

import click
from flask.cli import ScriptInfo, with_appcontext

from feeds.publisher import Publisher

from .context import current_folder, site_or_exit


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on; 0.0.0.0 for all.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535), help="Port to listen on.")
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1, 64), help="Number of processes.")
@click.option("--no-ping", is_flag=True, help="Tell no hubs: another replica does.")
@with_appcontext
def serve(host: str, port: int, workers: int, no_ping: bool) -> None:
    """Serve with the production server, until a SIGTERM or Ctrl+C; answers under way are finished,
    within 30 seconds.

    A site.yaml that cannot be used is told before any process starts, with exit status 2.
    """
    site = site_or_exit(current_folder(), 2)
    _refuse_taken_port(host, port)

    from feeds.server import Server

    server = Server(host=host, port=port, workers=workers)
    click.echo(f"Serving {site.absolute('/')} on {host} port {port}. Ctrl+C ends it.")
    info = click.get_current_context().ensure_object(ScriptInfo)
    server.run(partial(load_worker, info.app_import_path, tells_hubs=not no_ping))


def load_worker(app_import_path: str | None, *, tells_hubs: bool = True) -> WSGIApplication:
    """Make the application of one process, with its first edition ready."""
    from feeds import announcing

    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    app = ScriptInfo(app_import_path=app_import_path).load_app()
    publisher: Publisher = app.extensions["feeds"]
    publisher.start(keeps=False)  # serve first
    gc.collect()
    gc.freeze()  # what has been read is not looked through at every change
    publisher.watch()
    if tells_hubs:
        announcing.start(publisher)
    return cast(WSGIApplication, app.wsgi_app)


def _refuse_taken_port(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as fault:
            found = "is taken" if fault.errno == errno.EADDRINUSE else f"cannot be used: {fault.strerror}"
            raise click.ClickException(f"{host} port {port} {found} (want another: --port, --host)") from None
