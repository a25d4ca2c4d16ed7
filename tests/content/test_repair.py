"""`check --fix`: what has one right answer is corrected, and nothing else is changed."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from feeds import create_app
from feeds.content.folder import ContentFolder
from feeds.content.repair import Repairer
from feeds.model.loose_dates import readings
from feeds.settings import Settings
from tests.builders import NOW, PLAIN, SITE, as_yaml, content_folder

ENGLISH_SITE = SITE.replace("languages: [fr, en]", "languages: [en, fr]")


def text(**values: str) -> str:
    """Return the text of an article with some lines of its own, such as `title: a: b`."""
    lines = {"title": "Un titre", "published": "2026-03-01", "categories": "[research]", "body": "Un texte.", **values}
    return "".join(f"{key}: {value}\n" for key, value in lines.items() if value is not None)


def repaired(content: Path, data: str | bytes, name: str = "a.yaml", site: str = SITE) -> tuple[bytes, list[str]]:
    """Return the file after its repair, and the codes of the errors that it still has."""
    content_folder(content, {}, site)
    path = content / "articles" / name
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    repairer = Repairer(ContentFolder(content))
    for repair in list(repairer.repairs()):
        repairer.apply(repair)
    (path,) = (content / "articles").iterdir()
    problems = ContentFolder(content).load().problems
    return path.read_bytes(), [each.message.code for each in problems if each.severity == "error"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (text(title="Un titre : deux"), text(title='"Un titre : deux"')),
        (text(title='Un "titre" : deux'), text(title="'Un \"titre\" : deux'")),
        (text(title="“Oui : x” et “non : y”"), text(title='"“Oui : x” et “non : y”"')),
        (text(title='"Oui" dit-il : "non"'), text(title='\'"Oui" dit-il : "non"\'')),
        (
            text(tags="\n\t- a", body="|\n  Un texte :\n\n  \tcode\n  \u3000large"),
            text(tags="\n  - a", body="|\n  Un texte :\n\n  \tcode\n  \u3000large"),
        ),
        (text(body="|\n\tUn texte :\n\n\t\tcode"), text(body="|\n  Un texte :\n\n  \tcode")),
        (text(title="@institut"), text(title='"@institut"')),
        (text(title="*gras*"), text(title='"*gras*"')),
        (text(title="!important"), text(title='"!important"')),
        (text(title="Mois #sanstabac"), text(title='"Mois #sanstabac"')),
        (text(title='"Un titre'), text(title='"Un titre"')),
        (text(categories="\n\u00a0\u00a0- research"), text(categories="\n  - research")),
        (text(body="|\n\tUn texte.\n\tDeux."), text(body="|\n  Un texte.\n  Deux.")),
        (text(picture="\n  # x") + "photo: \n", None),
        (text(categories="Recherche"), text(categories="research")),
        (text(categories="[Société, Soutiens]"), text(categories="[outreach, funding]")),
        (text(categories="research, Société"), text(categories="[research, outreach]")),
        (text(published="12/01/2026"), text(published="2026-01-12")),
        (text(published="1er mars 2026 à 9h30"), text(published="2026-03-01T09:30")),
        (text(draft="oui"), text(draft="true")),
        (text(title="A").replace("title:", "Titre:"), text(title="A")),
        (text(title="A").replace("published:", "date:"), text(title="A")),
        (text(title="A").replace("title: ", "title:\u00a0"), text(title="A")),
        (text(title="A").replace("title: ", "title:"), text(title="A")),
    ],
)
def test_a_mistake_with_one_right_answer_is_corrected(before: str, after: str | None, content: Path) -> None:
    data, errors = repaired(content, before)
    if after is not None:
        assert data.decode() == after and errors == []


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "cp1252", "latin-1", "utf-8-sig"])
def test_another_encoding_becomes_utf_8(encoding: str, content: Path) -> None:
    before = text(title="L’été à l’hôpital" if encoding != "latin-1" else "L'été à l'hôpital")
    mark = b"\xfe\xff" if encoding == "utf-16-be" else b""
    data, errors = repaired(content, mark + before.encode(encoding))
    assert data.decode("utf-8-sig") == before and errors == []


@pytest.mark.parametrize(
    "data",
    [
        "title: Été à Noël\n".encode("mac-roman"),
        "title: Привет\n".encode("cp1251"),
        "title: a\n".encode("utf-32"),
        "title: é\n".encode("utf-16") + b"x",
        bytes(range(256)) * 4,
    ],
)
def test_a_file_in_an_unknown_encoding_is_not_changed(data: bytes, content: Path) -> None:
    assert repaired(content, data)[0] == data


def test_the_mode_of_a_file_stays(content: Path) -> None:
    content_folder(content, {"a": text(title="a: b")})
    path = content / "articles" / "a.yaml"
    path.chmod(0o664)
    repairer = Repairer(ContentFolder(content))
    for repair in list(repairer.repairs()):
        repairer.apply(repair)
    assert path.stat().st_mode & 0o777 == 0o664 and '"a: b"' in path.read_text(encoding="utf-8")


def test_the_suffix_yml_becomes_yaml_unless_there_is_such_a_file(content: Path) -> None:
    assert repaired(content, text(), "a.yml") == (text().encode(), [])
    assert [path.name for path in (content / "articles").iterdir()] == ["a.yaml"]
    (content / "articles" / "a.yml").write_text("title: other\n")
    assert [repair for repair in Repairer(ContentFolder(content)).repairs() if repair.changes_anything] == []


def test_many_mistakes_in_one_file_are_all_corrected(content: Path) -> None:
    before = (
        "Titre: Un titre : deux  \r\ndate: 12 janvier 2026\r\nrubrique: recherche\r\n# un commentaire\r\n"
        "chapô: Un résumé #sanstabac\r\nbrouillon: x\r\ndraft: Oui\r\ncorps: |\r\n\tUn texte.\r\n"
    )
    data, errors = repaired(content, before.encode("cp1252"))
    assert data.decode() == (
        'title: "Un titre : deux"\r\npublished: 2026-01-12\r\ncategories: research\r\n# un commentaire\r\n'
        'summary: "Un résumé #sanstabac"\r\nbrouillon: x\r\ndraft: true\r\nbody: |\r\n  Un texte.\r\n'
    )
    assert errors == ["key-unknown-of"]


@pytest.mark.parametrize(
    "before",
    [
        text(title="Note: this # TODO ask Bob"),
        text(body="First: para\n  second line: x\n\n  third #tag"),
        text(summary='"Hello\n  more text: here'),
        text(published="2026-13-40"),
        text(published="demain"),
        text(published="01/13/26"),
        text(categories="Autre"),
        text(title="[a"),
        text(tags="[a, b"),
        text() + "titre: B\n",
        "- a\n",
        "",
    ],
)
def test_what_has_no_single_right_answer_is_not_changed(before: str, content: Path) -> None:
    data, errors = repaired(content, before)
    assert data == before.encode() and errors


def test_a_date_with_two_readings_is_asked_about_in_an_english_site(content: Path) -> None:
    before = text(published="12/01/2026")
    data, errors = repaired(content, before, site=ENGLISH_SITE)
    assert data == before.encode() and errors == ["date-not-recognised"]
    (repair,) = Repairer(ContentFolder(content)).repairs()
    ((problem, dates),) = repair.questions
    assert (problem.line, dates) == (2, ["2026-01-12", "2026-12-01"])
    data, errors = repaired(content, text(published="13/01/2026"), site=ENGLISH_SITE)
    assert data == text(published="2026-01-13").encode() and errors == []


@pytest.mark.parametrize(
    ("written", "language", "expected"),
    [
        ("12/01/2026", "fr", ["2026-01-12"]),
        ("12/01/2026", "en", ["2026-01-12", "2026-12-01"]),
        ("12/01/2026", "en-GB", ["2026-01-12", "2026-12-01"]),
        ("12/12/2026", "en", ["2026-12-12"]),
        ("01/31/2026", "fr", ["2026-01-31"]),
        ("12.01.2026 9h30", "fr", ["2026-01-12T09:30"]),
        ("12.01.2026, 9 h", "de", ["2026-01-12T09:00"]),
        ("2026/1/5", "fr", ["2026-01-05"]),
        ("2026-01-05 09:30:15", "fr", ["2026-01-05T09:30"]),
        ("lundi 12 janvier 2026 à 18h", "fr", ["2026-01-12T18:00"]),
        ("1er août 2026", "fr", ["2026-08-01"]),
        ("12 janv. 2026", "fr", ["2026-01-12"]),
        ("January 12, 2026 at 9:30 pm", "en", ["2026-01-12T21:30"]),
        ("12th January 2026, 12:05 am", "en", ["2026-01-12T00:05"]),
        ("12 enero 2026", "es", ["2026-01-12"]),
        ("31/02/2026", "fr", []),
        ("12/01/26", "fr", []),
        ("12/01", "fr", []),
        ("bientôt", "fr", []),
        ("", "fr", []),
    ],
)
def test_a_date_is_read_as_people_of_the_language_write_it(written: str, language: str, expected: list[str]) -> None:
    assert readings(written, language) == expected


@pytest.mark.integration
def test_a_picture_from_a_phone_becomes_a_jpeg(content: Path) -> None:
    import pillow_heif
    from PIL import Image

    pillow_heif.register_heif_opener()
    content_folder(content, {})
    Image.new("RGB", (1300, 700), "teal").save(content / "media" / "IMG 1.HEIC", format="HEIF")
    Image.new("RGB", (40, 30), "red").save(content / "media" / "IMG 1.jpg")  # another picture
    before = text(photo='{file: "IMG 1.HEIC", alt: Un dessin}', body="|\n  /media/IMG 1.HEIC and /media/IMG 1.HEIC2")
    data, errors = repaired(content, before)
    assert b'file: "IMG 1-2.jpg"' in data and errors == []
    assert b"/media/IMG 1-2.jpg and /media/IMG 1.HEIC2" in data
    with Image.open(content / "media" / "IMG 1-2.jpg") as picture:
        assert (picture.format, picture.size) == ("JPEG", (1300, 700))
    assert (content / "media" / "IMG 1.HEIC").exists()


def test_the_site_file_is_repaired_too(content: Path) -> None:
    site = SITE.replace("title: {fr: Le site, en: The site}", "title: Le site : un").encode("utf-16")
    content_folder(content, {})
    (content / "site.yaml").write_bytes(site)
    repairer = Repairer(ContentFolder(content))
    for repair in list(repairer.repairs()):
        repairer.apply(repair)
    loaded, problems = ContentFolder(content).load_site()
    assert loaded and loaded.title["fr"] == "Le site : un" and problems == []


def check(content: Path, *options: str) -> Any:
    return create_app(Settings(content), clock=lambda: NOW).test_cli_runner().invoke(args=["check", *options])


def test_the_diff_shows_what_would_be_changed_and_changes_nothing(content: Path) -> None:
    content_folder(content, {"a": text(title="a: b"), "b": text()})
    path = content / "articles" / "a.yaml"
    found = check(content, "--fix", "--diff", "--language", "fr")
    assert found.exit_code == 1 and path.read_text(encoding="utf-8") == text(title="a: b")
    assert found.output == (
        f'--- {path}\n+++ {path}\n@@ -1,4 +1,4 @@\n-title: a: b\n+title: "a: b"\n published: 2026-03-01\n'
        " categories: [research]\n body: Un texte.\n1 fichier à corriger\n"
    )
    fixed = check(content, "--fix")
    assert fixed.exit_code == 0 and f"corrected: {path}\n" in fixed.output
    assert check(content, "--fix", "--diff").output == "0 files would be changed\n"
    assert check(content, "--diff").exit_code == 2


def test_a_message_shows_its_line_and_the_corrected_line_to_copy(content: Path) -> None:
    content_folder(content, {"a": text(title="a: b"), "b": text(published="12/13/2026"), "c": text(published="demain")})
    lines = check(content).output.splitlines()
    starts = {match[1]: i for i, line in enumerate(lines) if (match := re.search(r"articles/(.)\.yaml:", line))}
    shown = {name: lines[i + 1 : i + 3] for name, i in starts.items()}
    assert shown["a"] == ["    title: a: b", '  → title: "a: b"']
    assert shown["b"] == ["    published: 12/13/2026", "  → published: 2026-12-13"]
    assert shown["c"][0] == "    published: demain" and "→" not in shown["c"][1]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=60),
    st.sampled_from(["title", "summary", "body", "tags"]),
)
def test_a_repair_never_adds_an_error_and_is_complete_at_once(tmp_path: Path, value: str, key: str) -> None:
    content = tmp_path / "content"
    before = as_yaml({k: v for k, v in PLAIN.items() if k != key}) + f"{key}: {value}\n"
    content_folder(content, {"a": before})
    (content / "articles" / "a.yaml").write_bytes(before.encode())
    errors = [each for each in ContentFolder(content).load().problems if each.severity == "error"]
    data, codes = repaired(content, before)
    assert len(codes) <= len(errors) or "yaml" in errors[0].message.code or "character" in errors[0].message.code
    if not errors:
        assert data == before.encode()
    assert repaired(content, data) == (data, codes)
    assert re.sub(rb"""["'\s]""", b"", before.encode())[:20] == re.sub(rb"""["'\s]""", b"", data)[:20]
