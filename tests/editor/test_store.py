"""Saving: two authors at once, a crash in the middle, and commits to git."""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from feeds.model.yamlfile import parse_yaml
from tests.builders import ROOT, content_folder
from tests.editor.test_forms import article
from tests.editor_client import Office


@pytest.fixture
def office(content: Path) -> Office:
    content_folder(content, {"one": {"title": "Le premier", "summary": "Un résumé."}})
    return Office(content)


def test_of_two_authors_the_second_sees_both_texts_and_loses_nothing(office: Office, content: Path) -> None:
    first, second = (office.fields(office.get("/edit/one")) for _ in range(2))
    assert (
        office.send("/edit/one", first, title="Du premier", summary="Du premier", body="Du premier").status_code == 303
    )
    before = (content / "articles" / "one.yaml").read_bytes()
    answer = office.send("/edit/one", second, body="Du second", tags="second", social_text="Du second")
    assert answer.status_code == 409 and (content / "articles" / "one.yaml").read_bytes() == before
    assert answer.text.count("<pre>Du premier</pre>") == 3 and "<pre>Du second</pre>" in answer.text
    assert "{" not in "".join(re.findall("<pre>(.*?)</pre>", answer.text, re.DOTALL))
    merged = office.fields(answer)
    assert merged["title"] == merged["summary"] == ["Du premier"]  # only the first author changed these
    assert merged["body"] == ["Du second"] and merged["tags"][0] == "second"
    assert office.send("/edit/one", merged).status_code == 303
    values = article(content, "one")
    assert (values["title"], values["body"], values["tags"]) == ("Du premier", "Du second\n", ["second"])


def test_an_article_that_was_deleted_meanwhile_shows_what_was_written(office: Office, content: Path) -> None:
    fields = office.fields(office.get("/edit/one"))
    (content / "articles" / "one.yaml").unlink()
    answer = office.send("/edit/one", fields, body="Tout ce que j’ai écrit")
    assert answer.status_code == 409 and "Tout ce que j’ai écrit" in answer.text


def test_a_change_with_another_editor_is_a_conflict_too(office: Office, content: Path) -> None:
    fields = office.fields(office.get("/edit/one"))
    path = content / "articles" / "one.yaml"
    path.write_text(path.read_text(encoding="utf-8") + "# a comment\n", encoding="utf-8")
    assert office.send("/edit/one", fields, title="x").status_code == 409
    path.write_text("title: [", encoding="utf-8")
    assert office.send("/edit/one", fields, title="x").status_code == 409
    assert path.read_text(encoding="utf-8") == "title: ["


CRASH = """
import os, signal, sys
from pathlib import Path
sys.path.insert(0, {root!r})
from tests.editor_client import Office
office = Office(Path({content!r}))
fields = office.fields(office.get("/edit/one"))
count, limit = 0, int(sys.argv[1])
def kill(event, arguments):
    global count
    if event in ("open", "os.rename", "os.link", "os.remove", "os.chmod", "os.truncate"):
        count += 1
        if count == limit:
            os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(kill)
answer = office.send("/edit/one", fields, title="Le nouveau", body="Un autre texte, plus long.")
print("saved", answer.status_code, flush=True)
"""


@pytest.mark.integration
def test_a_kill_at_any_point_of_a_save_leaves_the_old_or_the_new_file(content: Path) -> None:
    """SIGKILL at each system call that opens, writes or renames a file, until a save is complete."""
    content_folder(content, {"one": {"title": "Le premier"}})
    path = content / "articles" / "one.yaml"
    old = path.read_bytes()
    new = old.replace(b'"Le premier"', b'"Le nouveau"')
    for limit in range(1, 200):
        path.write_bytes(old)
        code = CRASH.format(root=str(ROOT), content=str(content))
        done = subprocess.run([sys.executable, "-c", code, str(limit)], capture_output=True, text=True, timeout=60)
        data = path.read_bytes()
        if done.returncode == 0:
            assert "saved 303" in done.stdout, done.stderr
            break
        assert done.returncode == -signal.SIGKILL, done.stderr
        assert data == old or (b"Le nouveau" in data and b"plus long" in data and parse_yaml(data, "")[0])
        others = [each.name for each in path.parent.iterdir() if each.suffix == ".yaml" and each != path]
        assert others == []
    else:
        pytest.fail("no save was completed")
    assert limit > 5 and new != old


@pytest.mark.integration
def test_each_save_is_a_commit_in_the_name_of_its_author(content: Path, program: Callable[[str], str]) -> None:
    git = program("git")
    content_folder(content, {"one": {}})

    def run(*arguments: str) -> str:
        done = subprocess.run([git, "-C", str(content), *arguments], capture_output=True, text=True, check=True)
        return done.stdout.strip()

    run("init", "--quiet")
    run("-c", "user.name=a", "-c", "user.email=a@b", "commit", "--quiet", "--allow-empty", "--message=Start")
    (content / "other.txt").write_text("not ours", encoding="utf-8")
    run("add", "other.txt")
    office = Office(content, editor_commit=True)
    office.app.extensions["feeds-access"].accounts.add("Élodie", "un mot de passe")
    fields = office.fields(office.get("/edit/sign-in"))
    office.send("/edit/sign-in", fields, name="Élodie", password="un mot de passe")
    assert office.send("/edit/new", title="Un texte", body="a", draft="true").status_code == 303
    assert office.send("/edit/un-texte", title="Un titre", draft="true").status_code == 303
    version = office.fields(office.get("/edit/un-texte"), 1 + 1)
    assert (
        office.post(
            "/edit/un-texte/delete", {"csrf_token": version["csrf_token"][0], "version": version["version"][0]}
        ).status_code
        == 303
    )
    log = run("log", "--format=%an <%ae> %s", "--name-only").split("\n")
    lines = [line for line in log if line]
    path = "articles/2026/un-texte.yaml"
    assert lines == [
        "Élodie <elodie@localhost> Delete un-texte",
        path,
        "Élodie <elodie@localhost> Edit un-texte",
        path,
        "Élodie <elodie@localhost> Add un-texte",
        path,
        "a <a@b> Start",
    ]
    assert run("status", "--porcelain", "--", "other.txt") == "A  other.txt"
    shutil.rmtree(content / ".git")
    assert office.send("/edit/one", title="Sans git").status_code == 303
    assert article(content, "one")["title"] == "Sans git"
