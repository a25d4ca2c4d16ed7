"""`feeds serve` and `preview`: the production server, and a server for authors."""

from __future__ import annotations

import errno
import gc
import os
import resource
import socket
from collections.abc import Callable
from contextlib import ExitStack, suppress
from functools import partial
from tempfile import TemporaryDirectory
from typing import cast
from wsgiref.types import WSGIApplication

import click
from flask import Flask
from flask.cli import ScriptInfo, with_appcontext

from feeds.audience.log_formats import GRANIAN_LOG_FORMAT
from feeds.base import log
from feeds.base.memory import configure_allocator, trim_heap
from feeds.delivery import announcer
from feeds.server.front import Front
from feeds.server.granian import Server
from feeds.server.preview import HOSTS_KEY
from feeds.server.publisher import Publisher
from feeds.settings import Settings

from .context import current_folder, site_or_exit

MULTIPROCESS_DIR = "PROMETHEUS_MULTIPROC_DIR"


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on; 0.0.0.0 for all.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535), help="Port to listen on.")
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1, 64), help="Number of processes.")
@click.option("--metrics-port", type=click.IntRange(1, 65535), help="Port of 127.0.0.1 for metrics (Prometheus).")
@click.option("--access-log", is_flag=True, help="Print a line for each request, for `feeds audience`.")
@click.option("--no-ping", is_flag=True, help="Do not notify hubs: another replica does.")
@with_appcontext
def serve(host: str, port: int, workers: int, metrics_port: int | None, access_log: bool, no_ping: bool) -> None:
    """Run the production server.

    Stop it with SIGTERM or Ctrl+C. Requests in progress are finished within 30 seconds. If site.yaml
    cannot be used, the exit status is 2 and no process is started.
    """
    settings, site = Settings.from_environ(os.environ), site_or_exit(current_folder(), 2)
    os.environ["FEEDS_CONTENT"] = str(settings.content)  # a worker that starts later serves the same folder
    host = resolve(host)
    check_port_is_free(host, port)
    if metrics_port == port:
        raise click.ClickException(f"port {port} cannot be used for both (use another --metrics-port)")
    if metrics_port:
        check_port_is_free("127.0.0.1", metrics_port, "--metrics-port")

    log.configure(settings.log)
    _raise_descriptor_limit()
    server = Server(host=host, port=port, workers=workers, access_log=GRANIAN_LOG_FORMAT if access_log else None)
    if settings.log == "json":
        log.log_event("serve", address=site.absolute("/"), host=host, port=port, workers=workers)
    else:
        click.echo(f"Serving {site.absolute('/')} on {host} port {port}. Ctrl+C ends it.")
    info = click.get_current_context().ensure_object(ScriptInfo)
    with ExitStack() as stack:
        if metrics_port:
            os.environ[MULTIPROCESS_DIR] = stack.enter_context(TemporaryDirectory(prefix="feeds-metrics-"))
            from feeds.server import metrics  # only now: prometheus_client reads the variable on import

            metrics.serve(metrics_port)
        server.run(
            partial(
                load_worker,
                info.create_app,
                info.app_import_path,
                notifies_hubs=not no_ping,
                has_metrics=bool(metrics_port),
            )
        )


def load_worker(
    create_app: Callable[..., Flask] | None,
    app_import_path: str | None,
    *,
    notifies_hubs: bool = True,
    has_metrics: bool = False,
) -> WSGIApplication:
    """Return the application of a worker process, with its first edition ready.

    `feeds` passes the factory, and `flask` the import path of an application.
    """
    log.configure(Settings.from_environ(os.environ).log)
    configure_allocator()
    app = ScriptInfo(app_import_path, create_app, set_debug_flag=False).load_app()
    publisher: Publisher = app.extensions["feeds"]
    front = cast(Front, app.wsgi_app)
    publisher.try_to_start(saves_cache=False)  # serve first
    gc.collect()
    trim_heap()
    gc.freeze()  # later collections need not examine the loaded content
    count: Callable[[str, str], None] | None = None
    if has_metrics:
        from feeds.server import metrics

        metrics.follow(publisher)
        front.observe, count = metrics.count_request, metrics.count_announcement
    publisher.watch()
    if notifies_hubs:
        announcer.start(publisher, count)
    return front


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=5000, show_default=True, type=click.IntRange(1, 65535), help="Port to listen on.")
@click.option("--trusted-host", multiple=True, metavar="NAME", help="Another host name for previews (repeatable).")
@with_appcontext
def preview(host: str, port: int, trusted_host: tuple[str, ...]) -> None:
    """Serve the site for its authors, with previews.

    /preview shows drafts, embargoed articles and broken articles as pages, as entries in a feed reader,
    and as posts on social networks. It is updated whenever a file is saved. It answers only requests for
    localhost, an IP address, --host or --trusted-host, so that no other web page can read drafts (DNS rebinding).
    """
    from werkzeug.serving import make_server

    site_or_exit(current_folder(), 2)
    address = resolve(host)
    check_port_is_free(address, port)
    app = click.get_current_context().ensure_object(ScriptInfo).load_app()
    server = make_server(address, port, app, threaded=True)
    shown = f"[{host}]" if ":" in host else host
    app.config[HOSTS_KEY] += [host, socket.gethostname(), *(name.partition(":")[0] for name in trusted_host)]
    click.echo(f"Previews are at http://{shown}:{port}/preview. Ctrl+C ends it.")
    server.serve_forever()


def resolve(host: str) -> str:
    """Return the IP address of a host to listen on."""
    try:
        return str(socket.getaddrinfo(host or "0.0.0.0", None, type=socket.SOCK_STREAM)[0][4][0])  # noqa: S104
    except (OSError, UnicodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not a host name"
        raise click.BadParameter(
            f"{host}: {reason} (expected an address of this machine, such as 127.0.0.1)", param_hint="--host"
        ) from None


def _raise_descriptor_limit() -> None:
    """Allow as many open files as the system permits: each connection uses one."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(ValueError, OSError):  # macOS has a lower limit of its own
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def check_port_is_free(host: str, port: int, option: str = "--port, --host") -> None:
    """Raise ClickException if a port cannot be listened on."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            reason = "is taken" if error.errno == errno.EADDRINUSE else f"cannot be used: {error.strerror}"
            raise click.ClickException(f"{host} port {port} {reason} (use another {option})") from None
