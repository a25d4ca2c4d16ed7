"""A real WordPress with the articles of the sample site: its export and its feed, for `moving.py`.

It needs Debian's packages wordpress, php-cli, php-mysql, php-xml, php-gd and mariadb-server.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from feeds.feed.markup import commonmark  # noqa: E402
from tests.generated_sites import HOME, samples  # noqa: E402

INSTALLED = Path("/usr/share/wordpress")
PORT = 8391

CONFIG = """<?php
define('DB_NAME', 'wp'); define('DB_USER', 'root'); define('DB_PASSWORD', ''); define('DB_CHARSET', 'utf8mb4');
define('DB_HOST', 'localhost:{socket}'); define('WP_HOME', '{home}'); define('WP_SITEURL', '{home}');
define('WP_HTTP_BLOCK_EXTERNAL', true); define('DISABLE_WP_CRON', true);
defined('ABSPATH') || define('ABSPATH', '{site}/');
function wp_mail() {{ return true; }}
$table_prefix = 'wp_';
require_once ABSPATH . 'wp-settings.php';
"""
TYPES = """<?php
add_action('init', fn () => register_post_type('event', ['public' => true, 'label' => 'Events']));
"""
ROUTER = """<?php
$_SERVER['HTTPS'] = 'on'; $_SERVER['HTTP_HOST'] = 'old.example'; $_SERVER['SERVER_PORT'] = 443;
require '{site}/index.php';
"""


def is_installed() -> bool:
    """Return whether WordPress can be run here."""
    return INSTALLED.is_dir() and all(shutil.which(name) for name in ("php", "mariadbd", "mariadb-install-db"))


@contextmanager
def database(folder: Path) -> Iterator[Path]:
    """Run MariaDB in a folder until the block ends, and yield its socket."""
    data, socket = folder / "data", folder / "socket"
    user = ["--user=root"] if os.geteuid() == 0 else []
    command = ["mariadb-install-db", "--no-defaults", *user, f"--datadir={data}", "--skip-test-db"]
    subprocess.run(command, check=True, capture_output=True)
    options = [f"--datadir={data}", f"--socket={socket}", "--skip-networking", "--skip-grant-tables"]
    server = subprocess.Popen(["mariadbd", "--no-defaults", *user, *options], stderr=subprocess.DEVNULL)
    client = ["mariadb", "--no-defaults", "-S", str(socket), "-e", "create database wp character set utf8mb4"]
    try:
        for _ in range(100):
            if subprocess.run(client, capture_output=True).returncode == 0:
                break
            time.sleep(0.2)
        yield socket
    finally:
        server.terminate()
        server.wait()


def make(folder: Path) -> tuple[Path, Path]:
    """Return the export and the feed of a new WordPress below a folder."""
    site, export, feed = folder / "wordpress", folder / "wordpress-export.xml", folder / "wordpress.xml"
    shutil.copytree(INSTALLED, site)
    for name in ("uploads", "mu-plugins"):
        (site / "wp-content" / name).mkdir(exist_ok=True)
    (site / "wp-content/mu-plugins/types.php").write_text(TYPES)
    (folder / "router.php").write_text(ROUTER.format(site=site))
    articles = [
        {
            **{name: getattr(sample, name) for name in ("slug", "title", "categories", "tags", "summary")},
            **{name: getattr(sample, name) for name in ("picture", "alt", "is_draft")},
            "date": f"{sample.date:%Y-%m-%d %H:%M:%S}",
            "html": commonmark(sample.linked("LINK:{}", "/wp-content/uploads")),
        }
        for sample in samples()
    ]
    (folder / "articles.json").write_text(json.dumps(articles))
    with database(folder) as socket:
        (site / "wp-config.php").unlink(missing_ok=True)
        (site / "wp-config.php").write_text(CONFIG.format(socket=socket, home=HOME, site=site))
        script = str(Path(__file__).with_suffix(".php"))
        media = str(ROOT / "content" / "media")
        subprocess.run(["php", script, str(site), str(folder / "articles.json"), media, str(export)], check=True)
        command = ["php", "-S", f"127.0.0.1:{PORT}", "-t", str(site), str(folder / "router.php")]
        server = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        try:
            feed.write_bytes(_get(f"http://127.0.0.1:{PORT}/feed/"))
        finally:
            server.terminate()
            server.wait()
    return export, feed


def _get(url: str) -> bytes:
    for _ in range(50):
        try:
            with urllib.request.urlopen(url, timeout=30) as response:
                return bytes(response.read())
        except OSError:
            time.sleep(0.1)
    raise SystemExit(f"{url} does not answer")
