"""Attacks on the editor: nobody without an account, and no other site, reads or writes an article."""

from __future__ import annotations

import json
import os
import re
import socket
import stat
from base64 import b64encode
from collections.abc import Callable
from contextlib import ExitStack, suppress
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from flask.cli import ScriptInfo
from PIL import Image
from werkzeug.test import Client

from feeds import create_app
from feeds.commands import cli
from feeds.editor.accounts import AccountError, Accounts
from feeds.settings import Settings
from tests.builders import NOW, ROOT, content_folder, draw
from tests.editor_client import Office
from tests.processes import children, free_port, get, nginx, served

PASSWORD = "dix caractères"


@pytest.fixture
def office(content: Path) -> Office:
    content_folder(content, {"one": {}, "secret": {"title": "Le secret", "draft": "true"}})
    draw(content / "media" / "secret.jpg")
    office = Office(content, editor_url="https://edit.example")
    office.headers["Host"] = "edit.example"
    accounts(office).add("élodie", PASSWORD)
    return office


def accounts(office: Office) -> Accounts:
    found: Accounts = office.app.extensions["feeds-access"].accounts
    return found


def another_browser(office: Office, **environ: str) -> Office:
    other = Office.__new__(Office)
    other.__dict__.update(office.__dict__)
    other.client = Client(office.app.wsgi_app)
    return other


def sign_in(office: Office, name: str = "élodie", password: str = PASSWORD, **options: Any) -> Any:
    fields = office.fields(office.get("/edit/sign-in", **options))
    data = {"csrf_token": fields["csrf_token"][0], "next": "/edit/secret", "name": name, "password": password}
    return office.post("/edit/sign-in", data, base_url="https://edit.example", **options)


@pytest.fixture(autouse=True)
def https(monkeypatch: pytest.MonkeyPatch) -> None:
    """Send all requests as over https, since the cookie is sent there only."""
    get, post = Office.get, Office.post
    headers = {"Referer": "https://edit.example/edit"}
    monkeypatch.setattr(
        Office, "get", lambda self, path, **kw: get(self, path, **{"base_url": "https://edit.example", **kw})
    )
    monkeypatch.setattr(
        Office,
        "post",
        lambda self, path, data, **kw: post(
            self,
            path,
            data,
            **{"base_url": "https://edit.example", **kw, "headers": {**headers, **kw.get("headers", {})}},
        ),
    )


PATHS = (
    "/edit",
    "/edit/new",
    "/edit/secret",
    "/preview",
    "/preview/secret",
    "/preview/secret/page",
    "/preview/-/revision",
)


@pytest.mark.parametrize("path", PATHS)
def test_without_signing_in_nothing_is_shown(path: str, office: Office) -> None:
    answer = office.get(path)
    assert answer.status_code == 303 and answer.headers["Location"].startswith("/edit/sign-in?next=/")
    assert "Le secret" not in answer.text and office.get("/media/secret.jpg").status_code == 404


@pytest.mark.parametrize(
    "path",
    ["/edit/new", "/edit/secret", "/edit/secret/preview", "/edit/secret/share", "/edit/secret/delete", "/edit/media"],
)
def test_without_signing_in_nothing_is_changed_and_a_text_is_not_lost(path: str, office: Office, content: Path) -> None:
    before = {each: each.read_bytes() for each in content.rglob("*") if each.is_file()}
    answer = office.post(path, {"title": "Un autre", "body": "Long <b>texte</b>"})
    assert answer.status_code == 401 and "Le secret" not in answer.text
    assert office.fields(answer)["body"] == ["Long <b>texte</b>"]
    assert {each: each.read_bytes() for each in content.rglob("*") if each.is_file()} == before


def test_signing_in_and_out(office: Office) -> None:
    assert sign_in(office, password="dix caracteres").status_code == 422
    assert sign_in(office, name="elodie").status_code == 422
    answer = sign_in(office)
    assert answer.status_code == 303 and answer.headers["Location"] == "/edit/secret"
    cookie = answer.headers["Set-Cookie"]
    assert all(part in cookie for part in ("HttpOnly", "Secure", "SameSite=Strict", "Path=/"))
    page = office.get("/edit/secret")
    assert "Le secret" in page.text and page.headers["Cache-Control"] == "no-store"
    thief = another_browser(office)
    thief.client.set_cookie(
        "feeds-editor", re.findall("feeds-editor=([^;]+)", cookie)[0], domain="edit.example", secure=True
    )
    assert thief.get("/edit/secret").status_code == 200
    token = office.fields(page)["csrf_token"][0]
    assert office.post("/edit/sign-out", {"csrf_token": token}).status_code == 303
    assert office.get("/edit/secret").status_code == thief.get("/edit/secret").status_code == 303


def test_session_fixation_is_prevented(office: Office) -> None:
    """Session fixation: an attacker's cookie is worth nothing after the author has signed in with it."""
    office.get("/edit/sign-in")
    planted = office.client.get_cookie("feeds-editor", domain="edit.example")
    assert planted
    assert sign_in(office).status_code == 303
    after = office.client.get_cookie("feeds-editor", domain="edit.example")
    assert after and after.value != planted.value
    attacker = another_browser(office)
    attacker.client.set_cookie("feeds-editor", planted.value, domain="edit.example", secure=True)
    assert attacker.get("/edit/secret").status_code == 303
    stale_token = office.fields(attacker.get("/edit/sign-in"))["csrf_token"][0]
    answer = office.post(
        "/edit/new", {"csrf_token": stale_token, "title": "Un intrus", "body": "x", "categories": "research"}
    )
    assert answer.status_code == 400


def test_an_account_that_is_removed_or_changed_ends_its_sessions(office: Office) -> None:
    sign_in(office)
    accounts(office).add("élodie", "un autre mot de passe")
    assert office.get("/edit/secret").status_code == 303
    sign_in(office, password="un autre mot de passe")
    assert office.get("/edit/secret").status_code == 200
    accounts(office).remove("élodie")
    assert office.get("/edit/secret").status_code == 303


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "/edit\\@evil.example",
        "javascript:1",
        "/edit\r\nX: 1",
    ],
)
def test_signing_in_leads_to_no_other_site(target: str, office: Office) -> None:
    fields = office.fields(office.get("/edit/sign-in"))
    data = {"csrf_token": fields["csrf_token"][0], "next": target, "name": "élodie", "password": PASSWORD}
    assert office.post("/edit/sign-in", data).headers["Location"] == "/edit"


def test_guesses_are_limited(office: Office) -> None:
    """Attempts at the same time are counted before the password is checked."""
    from feeds.editor.security import limiter

    limiter.reset()
    statuses = [sign_in(office, password=f"mot de passe {number}").status_code for number in range(12)]
    assert statuses == [422] * 10 + [429] * 2
    answer = sign_in(office)
    assert answer.status_code == 429 and int(answer.headers["Retry-After"]) > 0
    assert sign_in(office, name="camille").status_code == 422  # another name, from the same address
    limiter.reset()
    assert sign_in(office).status_code == 303


def test_a_forged_forwarded_header_does_not_evade_the_limit(office: Office) -> None:
    from feeds.editor.security import limiter

    limiter.reset()
    answers = [
        sign_in(office, password="x", headers={"X-Forwarded-For": f"192.0.2.{number}"}).status_code
        for number in range(11)
    ]
    assert answers[-1] == 429
    limiter.reset()


@pytest.mark.parametrize("headers", [{"Origin": "https://evil.example"}, {"Origin": "null"}])
def test_a_form_from_another_site_is_refused(headers: dict[str, str], office: Office, content: Path) -> None:
    sign_in(office)
    fields = office.fields(office.get("/edit/secret"))
    data = {name: values[0] for name, values in fields.items()}
    assert office.post("/edit/secret", {**data, "title": "x"}, headers=headers).status_code == 403
    assert "Le secret" in (content / "articles" / "secret.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "path", ["/edit/secret/share", "/edit/secret/delete", "/edit/media", "/edit/sign-out", "/edit/secret/preview"]
)
def test_a_form_without_the_token_is_refused(path: str, office: Office) -> None:
    sign_in(office)
    for token in ({}, {"csrf_token": "x"}):
        assert office.post(path, {**token, "version": "x"}).status_code == 400
    assert office.get("/edit/secret").status_code == 200


def test_an_old_form_is_shown_again_with_its_text(office: Office, content: Path) -> None:
    sign_in(office)
    sent = {"csrf_token": "old", "title": "Le nouveau", "body": "Un\r\ntexte"}
    answer = office.post("/edit/secret", {**sent, "attachments-0-upload": (BytesIO(b"%PDF-1"), "x.pdf")})
    assert [path.name for path in (content / "media").rglob("*.pdf")] == []
    assert answer.status_code == 400 and office.fields(answer)["title"] == ["Le nouveau"]
    assert office.fields(answer)["body"] == ["Un\r\ntexte"]
    assert "Le secret" in (content / "articles" / "secret.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "host", ["evil.example", "edit.example.evil.example", "localhost", "127.0.0.1", "edit.example@evil.example"]
)
def test_an_unknown_host_is_refused(host: str, office: Office) -> None:
    assert office.get("/edit/sign-in", headers={"Host": host}).status_code == 400
    assert office.get("/edit/sign-in", headers={"X-Forwarded-Host": host}).status_code == 200
    assert host not in office.get("/edit/sign-in", headers={"X-Forwarded-Host": host}).text


def test_without_an_address_only_this_machine_is_answered(content: Path) -> None:
    content_folder(content, {"one": {}})
    client = Client(create_app(Settings(content, state=content.parent / "state"), has_editor=True).wsgi_app)
    for host, status in (
        ("localhost", 200),
        ("127.0.0.1:5001", 200),
        ("[::1]:5001", 200),
        ("192.0.2.1", 400),
        ("a.example", 400),
    ):
        assert client.get("/edit", headers={"Host": host}).status_code == status, host


def test_a_name_in_a_header_is_trusted_from_the_proxy_only(content: Path) -> None:
    content_folder(content, {"secret": {"title": "Le secret", "draft": "true"}})
    settings = Settings(
        content,
        state=content.parent / "state",
        editor_url="https://edit.example",
        editor_header="X-Remote-User",
        trusted_proxy=("192.0.2.7",),
    )
    client = Client(create_app(settings, clock=lambda: NOW, has_editor=True).wsgi_app)

    def status(address: str, **headers: str) -> int:
        environ = {"REMOTE_ADDR": address}
        return client.get(
            "/edit/secret", headers={"Host": "edit.example", **headers}, environ_overrides=environ
        ).status_code

    assert status("192.0.2.7", **{"X-Remote-User": "élodie".encode().decode("latin-1")}) == 200
    assert status("192.0.2.7") == 403
    assert status("192.0.2.8", **{"X-Remote-User": "élodie"[1:]}) == 403
    assert status("127.0.0.1", **{"X-Remote-User": "lodie", "X-Forwarded-For": "192.0.2.7"}) == 403


def upload(office: Office, name: str, data: bytes, **fields: str) -> Any:
    token = office.fields(office.get("/edit/new"))["csrf_token"][0]
    form = {"csrf_token": token, "file": (BytesIO(data), name), **fields}
    return office.post("/edit/media", form, headers={"Accept": "application/json"})


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.html", b"<script>alert(1)</script>"),
        ("a.svg", b"<svg onload='alert(1)'/>"),
        ("a.pdf", b"<html><script>alert(1)</script>"),
        ("a.txt", b"<!DOCTYPE html><script>"),
        ("a.jpg", b"<script>alert(1)</script>"),
        ("a.png", b"GIF89"),
        ("a.docx", b"MZ\x90\x00"),
        ("a.exe", b"MZ\x90\x00"),
        ("a.php", b"<?php"),
        ("a", b"abc"),
        ("a.jpg", b"\xff\xd8\xff\xe0 broken"),
        ("a.heic", b"\0\0\0\x18ftypheic broken"),
        ("a.pdf", b""),
    ],
)
@pytest.mark.integration
def test_a_file_of_another_type_than_its_name_says_is_refused(
    name: str, data: bytes, office: Office, content: Path
) -> None:
    sign_in(office)
    answer = upload(office, name, data)
    assert answer.status_code == 422 and name.encode() in answer.data
    assert [path.name for path in (content / "media").rglob("*") if path.is_file()] == ["secret.jpg"]


@pytest.mark.parametrize(
    "name",
    ["../../x.pdf", "..\\..\\x.pdf", "/etc/x.pdf", "C:\\x.pdf", "x\0y.pdf", ".pdf", "é/../x.pdf", "a" * 300 + ".pdf"],
)
def test_an_upload_stays_below_media(name: str, office: Office, content: Path) -> None:
    sign_in(office)
    outside = {path for path in content.parent.rglob("*") if not path.is_relative_to(content / "media")}
    answer = upload(office, name, b"%PDF-1.7")
    if answer.status_code == 201:
        path = content / "media" / json.loads(answer.data)["path"]
        assert path.is_file() and path.resolve().is_relative_to((content / "media").resolve())
        assert path.parent.name == "2026" and re.fullmatch(r"[a-z0-9-]+\.pdf", path.name)
    else:
        assert answer.status_code in (400, 422)
    assert {path for path in content.parent.rglob("*") if not path.is_relative_to(content / "media")} == outside


def test_an_upload_replaces_no_file(office: Office, content: Path) -> None:
    sign_in(office)
    paths = [json.loads(upload(office, "Rapport.PDF", f"%PDF-{number}".encode()).data)["path"] for number in range(3)]
    assert paths == ["2026/rapport.pdf", "2026/rapport-2.pdf", "2026/rapport-3.pdf"]
    assert (content / "media" / paths[0]).read_bytes() == b"%PDF-0"


def test_files_of_drafts_are_sent_to_authors_only_and_not_cached(office: Office) -> None:
    sign_in(office)
    answer = office.get("/media/secret.jpg", buffered=True)
    assert answer.status_code == 200 and answer.headers["Cache-Control"] == "private, no-store"


@pytest.mark.integration
def test_an_uploaded_photo_does_not_tell_where_it_was_taken(office: Office, content: Path) -> None:
    exif = Image.Exif()
    exif.get_ifd(0x8825)[1] = "N"
    exif[0x010E], exif[0x0112] = "secret place", 6
    data = BytesIO()
    Image.new("RGB", (60, 30), "teal").save(data, "JPEG", exif=exif)
    sign_in(office)
    path = content / "media" / json.loads(upload(office, "a.jpg", data.getvalue()).data)["path"]
    assert b"secret place" not in path.read_bytes() and b"Exif" not in path.read_bytes()
    with Image.open(path) as picture:
        assert picture.size == (30, 60)


@pytest.mark.parametrize("headers", [{"Origin": "http://["}, {"Origin": "x"}])
def test_a_malformed_origin_is_refused(headers: dict[str, str], office: Office) -> None:
    assert office.post("/edit/sign-in", {}, headers=headers).status_code == 403


def test_damaged_accounts_are_reported_without_a_trace(office: Office, content: Path) -> None:
    (content.parent / "state" / "editor" / "accounts.json").write_text("{", encoding="utf-8")
    answer = sign_in(office)
    assert answer.status_code == 503 and "Tell your administrator" in answer.text


def test_an_anonymous_upload_is_refused_at_once(office: Office, content: Path) -> None:
    data = {"name": "x", "password": "y", "file": (BytesIO(bytes(100_000)), "x.mp4")}
    assert office.post("/edit/sign-in", data).status_code == 413


def test_the_public_server_has_no_editor(content: Path) -> None:
    content_folder(content, {"one": {}})
    client = Client(create_app(Settings(content)).wsgi_app)
    for path in ("/edit", "/edit/new", "/edit/one", "/edit/sign-in", "/edit/-/editor.js"):
        assert client.get(path).status_code == 404
    assert client.post("/edit/new").status_code in (404, 405)


def test_a_script_in_an_article_is_not_run_in_its_preview(office: Office, content: Path) -> None:
    sign_in(office)
    body = '<script>alert(1)</script><img src=x onerror="alert(1)"><svg onload=alert(1)>[x](javascript:alert(1))'
    title = "</title><script>alert(1)</script>"
    page = office.send("/edit/new", to="/edit/new/preview", title="T", body=body, categories="research", draft="true")
    assert page.status_code == 200
    assert not re.search(
        r"(?i)<script|onerror=|onload=|javascript:alert", page.text.replace("&lt;", "<").split("srcdoc", 1)[0]
    )
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "script-src 'self'" in policy and "unsafe" not in policy
    assert "<script>alert" not in office.send("/edit/new", title=title, body="x", categories="research").text


def test_passwords_are_hashed_in_a_private_file(tmp_path: Path) -> None:
    store = Accounts(tmp_path / "editor")
    store.add("élodie", PASSWORD)
    path = tmp_path / "editor" / "accounts.json"
    assert PASSWORD not in path.read_text(encoding="utf-8") and "scrypt" in path.read_text(encoding="utf-8")
    store.secret_key()
    for name in ("accounts.json", "secret"):
        assert stat.S_IMODE(os.stat(tmp_path / "editor" / name).st_mode) == 0o600
    assert store.secret_key() == Accounts(tmp_path / "editor").secret_key()
    assert store.verify("élodie", PASSWORD) and not store.verify("elodie", PASSWORD) and not store.verify("", "")
    for name, password in (("a<b", PASSWORD), ("", PASSWORD), ("b", "court")):
        with pytest.raises(AccountError):
            store.add(name, password)
    with pytest.raises(AccountError, match=r"bob is not an account \(expected one of: élodie\)"):
        store.remove("bob")
    path.write_text("{", encoding="utf-8")
    with pytest.raises(AccountError, match="is damaged"):
        store.names()


def refusal(content: Path, *options: str, **environ: str) -> str:
    """Return why `feeds edit` does not start."""
    variables = {"FEEDS_CONTENT": str(content), "FEEDS_STATE": str(content.parent / "state"), **environ}
    found = CliRunner(env=variables).invoke(cli, ["edit", *options], obj=ScriptInfo(create_app=create_app))
    assert found.exit_code == 1, found.output
    return found.output


@pytest.mark.integration
def test_the_editor_refuses_to_be_open_to_others(content: Path) -> None:
    content_folder(content, {"one": {}})
    url, header = {"FEEDS_EDITOR_URL": "https://edit.example"}, {"FEEDS_EDITOR_HEADER": "X-Remote-User"}
    assert "there is no account" in refusal(content, "--host", "0.0.0.0")
    assert "there is no account" in refusal(content, **url)
    assert "trusted only from FEEDS_TRUSTED_PROXY" in refusal(content, **url, **header)
    Accounts(content.parent / "state" / "editor").add("élodie", PASSWORD)
    assert "set FEEDS_EDITOR_URL" in refusal(content, "--host", "0.0.0.0")


@pytest.mark.integration
def test_an_upload_of_a_gigabyte_is_refused_and_takes_no_memory(content: Path) -> None:
    content_folder(content, {"one": {}})
    with served(content, command="edit") as (port, process):
        status, headers, page = get(port, "/edit/new")
        token = re.findall(rb'name="csrf_token" value="([^"]+)"', page)[0].decode()
        head = "POST /edit/media HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: application/json\r\n"
        head += f"Cookie: {headers['set-cookie'].partition(';')[0]}\r\nX-CSRFToken: {token}\r\n"
        head += "Content-Type: multipart/form-data; boundary=X\r\n"
        part = b'--X\r\nContent-Disposition: form-data; name="file"; filename="x.mp4"\r\n\r\n'
        (worker,) = children(process.pid)
        before = peak_memory(worker)
        for is_chunked in (False, True):
            with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
                length = "Transfer-Encoding: chunked" if is_chunked else f"Content-Length: {1 << 30}"
                connection.sendall(f"{head}{length}\r\n\r\n".encode())
                blocks = [part, *[bytes(1 << 20)] * 1024]
                with suppress(ConnectionError):  # the answer comes before the end
                    for block in blocks:
                        connection.sendall(b"%x\r\n%b\r\n" % (len(block), block) if is_chunked else block)
                assert connection.recv(100).startswith(b"HTTP/1.1 413 ")
        assert peak_memory(worker) - before < 50 << 20
        assert [path for path in (content / "media").rglob("*") if path.is_file()] == []


@pytest.mark.integration
def test_slow_forms_of_strangers_do_not_hold_up_authors(content: Path) -> None:
    content_folder(content, {"one": {}})
    Accounts(content.parent / "state" / "editor").add("élodie", PASSWORD)
    with served(content, command="edit") as (port, _), ExitStack() as stack:
        head = f"POST /edit/sign-in HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Length: 10000\r\n"
        for _ in range(60):
            connection = stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=20))
            connection.sendall(f"{head}Content-Type: application/x-www-form-urlencoded\r\n\r\nname=".encode())
        answers = [get(port, "/edit/sign-in")[0] for _ in range(20)]
        assert answers == [200] * 20
    from feeds.editor.security import MAX_ANONYMOUS_FORMS, MAX_FORMS_OF_ADDRESS

    assert MAX_FORMS_OF_ADDRESS < MAX_ANONYMOUS_FORMS < 32, "threads of the server"


def peak_memory(pid: int) -> int:
    return int(re.findall(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())[0]) << 10


@pytest.mark.integration
@pytest.mark.parametrize("signs_in_at_nginx", [False, True])
def test_the_editor_works_behind_nginx(
    signs_in_at_nginx: bool, content: Path, tmp_path: Path, program: Callable[[str], str]
) -> None:
    content_folder(content, {"secret": {"title": "Le secret", "draft": "true"}})
    port, front = free_port(), free_port()
    text = (
        (ROOT / "deploy" / "nginx-editor.conf")
        .read_text(encoding="utf-8")
        .replace("127.0.0.1:5001", f"127.0.0.1:{port}")
    )
    text = text.replace("listen 80;", f"listen 127.0.0.1:{front};").replace("listen [::]:80;", "")
    environ = {"FEEDS_EDITOR_URL": f"http://127.0.0.1:{front}", "FEEDS_TRUSTED_PROXY": "127.0.0.1"}
    text = text.replace("proxy_set_header Host $host;", "proxy_set_header Host $http_host;")
    if signs_in_at_nginx:
        environ["FEEDS_EDITOR_HEADER"] = "X-Remote-User"
        text = text.replace('proxy_set_header X-Remote-User "";', "")
        text = re.sub(r"# (auth_basic |proxy_set_header X-Remote-User)", r"\1", text)
        text = re.sub("# auth_basic_user_file [^;]+", f"auth_basic_user_file {tmp_path}/users", text)
        (tmp_path / "users").write_text("camille:{PLAIN}secret\n")
    else:
        Accounts(content.parent / "state" / "editor").add("camille", PASSWORD)
    (tmp_path / "nginx").mkdir()
    with served(content, command="edit", port=port, **environ), nginx(program("nginx"), text, tmp_path / "nginx"):
        forged = {"X_Remote_User": "eve", "X_Forwarded_For": "192.0.2.1"}
        status, headers, page = get(front, "/edit/secret", **forged)
        if signs_in_at_nginx:
            assert status == 401
            credentials = b64encode(b"camille:secret").decode()
            status, headers, page = get(front, "/edit/secret", Authorization=f"Basic {credentials}", **forged)
            assert status == 200 and b"Le secret" in page and b"camille" in page and b"eve" not in page
        else:
            assert status == 303 and headers["location"] == "/edit/sign-in?next=/edit/secret"
