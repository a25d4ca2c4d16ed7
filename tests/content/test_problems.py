"""Each case is a file; its comments `# expect: …` list exactly the problems that `feeds check` must print."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from pydantic import BaseModel

from feeds.content.folder import Content, ContentFolder
from feeds.model.yamlfile import MAX_YAML_BYTES, parse_yaml
from tests.builders import PLAIN, SITE, TESTS, as_yaml, content_folder, draw

DATA = TESTS / "data"
BROKEN = sorted((DATA / "broken").glob("*.yaml"))
BROKEN_SITES = sorted((DATA / "broken-site").glob("*.yaml"))
ODD = sorted((DATA / "odd").glob("*.yaml"))


def expected(data: bytes) -> list[str]:
    text = data.decode("utf-16" if data.startswith(b"\xff\xfe") else "utf-8-sig", "replace")
    return [line.removeprefix("# expect: ") for line in text.splitlines() if line.startswith("# expect: ")]


def load(folder: Path, data: bytes) -> Content:
    translation = {"twin": "t", "language": "en", "summary": "A summary."}
    content = content_folder(folder, {"case": data, "translation": translation})
    draw(folder / "media" / "photo.jpg")
    (folder / "media" / "plan.pdf").write_bytes(b"%PDF-1.4")
    (folder / "media" / "donnees.xyz").write_bytes(b"x")
    (folder / "secret.txt").write_text("outside media")
    found = content.load()
    problems = tuple(problem for problem in found.problems if "/case.yaml" in problem.file)
    articles = {slug: article for slug, article in found.articles.items() if slug == "case"}
    return replace(found, articles=articles, problems=problems)


@pytest.mark.parametrize("case", BROKEN, ids=lambda case: case.stem)
def test_a_broken_article_is_reported_with_its_place(case: Path, content: Path) -> None:
    data = case.read_bytes()
    found = load(content, data)
    place = f"{content}/articles/case.yaml:"
    assert [str(problem).removeprefix(place) for problem in found.problems] == expected(data)
    assert all("\n" not in str(problem) for problem in found.problems)
    is_error = any(problem.severity == "error" for problem in found.problems)
    assert len(found.articles) == (0 if is_error else 1)


@pytest.mark.parametrize("case", BROKEN_SITES, ids=lambda case: case.stem)
def test_a_broken_site_file_is_reported_with_its_place(case: Path, content: Path) -> None:
    data = case.read_bytes()
    folder = content_folder(content, {})
    draw(content / "media" / "logo.png")
    draw(content / "media" / "large.png", 600, 200)
    folder.site_file.write_bytes(data)
    site, problems = folder.load_site()
    assert [str(problem).removeprefix(f"{content}/site.yaml:") for problem in problems] == expected(data)
    assert (site is None) == any(problem.severity == "error" for problem in problems)


@pytest.mark.parametrize("case", ODD, ids=lambda case: case.stem)
def test_an_unusual_but_valid_article_is_accepted(case: Path, content: Path) -> None:
    data = case.read_bytes()
    found = load(content, data)
    assert [str(problem) for problem in found.problems if problem.severity == "error"] == []
    (article,) = found.articles.values()
    wanted = {key: value for line in expected(data) for key, value in json.loads(line).items()}
    assert wanted, "a case expects something"
    assert {key: _plain(getattr(article, key)) for key in wanted} == wanted


def _plain(value: object) -> object:
    """Return a value as JSON data."""
    if isinstance(value, BaseModel):
        return {key: _plain(each) for key, each in value}
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    return value.strftime("%Y-%m-%dT%H:%M:%SZ") if isinstance(value, datetime) else value


def problems_of(folder: ContentFolder) -> list[str]:
    """Return the problems, without the warnings that every short test article causes."""
    usual = ("warning: summary:", "warning: twin: no translation")
    root = f"{folder.root}/"
    lines = [str(problem).removeprefix(root) for problem in folder.load().problems]
    return [line for line in lines if not any(words in line for words in usual)]


def test_an_empty_or_oversized_file_is_reported(content: Path) -> None:
    large = as_yaml({**PLAIN, "body": "x" * MAX_YAML_BYTES}).encode()
    folder = content_folder(content, {"empty": b"", "large": large, "good": {}})
    assert problems_of(folder) == [
        "articles/empty.yaml:1:1: the file is empty (expected keys and values, such as title: …)",
        f"articles/large.yaml:1:1: the file has {len(large):,} bytes (expected at most 1,048,576)",
    ]
    assert list(folder.load().articles) == ["good"]


def test_the_second_file_with_the_same_slug_or_id_is_left_out(content: Path) -> None:
    folder = content_folder(
        content, {"a/one": {}, "b/one": {}, "b/two": {"id": "same"}, "b/three": {"id": "same"}, "été": {}, "z/ete": {}}
    )
    first, same = f"{content}/articles", "tag:news.example,2020:same"
    assert problems_of(folder) == [
        f"articles/a/one.yaml:1:1: its address, one, is also that of {first}/b/one.yaml, which is left out"
        " (rename one of the files)",
        f"articles/b/one.yaml:1:1: its address, one, is that of {first}/a/one.yaml (rename one of the files)",
        f"articles/b/three.yaml:5:5: id: its id, {same}, is also that of {first}/b/two.yaml, which is left out"
        " (give that one another id)",
        f"articles/b/two.yaml:5:5: id: its id, {same}, is that of {first}/b/three.yaml (give it another id)",
        f"articles/z/ete.yaml:1:1: its address, ete, is also that of {first}/été.yaml, which is left out"
        " (rename one of the files)",
        f"articles/été.yaml:1:1: its address, ete, is that of {first}/z/ete.yaml (rename one of the files)",
    ]


def test_a_copy_or_a_draft_never_replaces_a_published_article(content: Path) -> None:
    folder = content_folder(
        content,
        {
            "2024/x": {"draft": "true", "published": "2024-01-01"},
            "2025/x": {"title": "Le publié"},
            "a-new": {"id": "k1", "published": "2026-04-01"},
            "z-old": {"id": "k1", "title": "Le premier"},
        },
    )
    assert sorted(article.title for article in folder.load().articles.values()) == ["Le premier", "Le publié"]


def test_a_file_name_that_is_not_utf_8_is_reported(content: Path) -> None:
    folder = content_folder(content, {"good": {}})
    (content / "articles" / os.fsdecode(b"caf\xe9.yaml")).write_text(as_yaml(PLAIN))
    assert problems_of(folder) == ["articles/caf\ufffd.yaml:1:1: the name of the file is not UTF-8 (rename it)"]
    assert len(folder.load().articles) == 1


def test_a_picture_with_strange_metadata_is_still_measured(content: Path) -> None:
    folder = content_folder(content, {"a": {"picture": {"file": "x.jpg", "alt": "Un dessin"}}})
    exif = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x07\0\0\0\x01\x06\0\0\0\0\0\0\0"
    Image.new("RGB", (40, 30)).save(content / "media" / "x.jpg", exif=exif)
    (small,) = problems_of(folder)
    assert small.endswith("picture.file: media/x.jpg has 40 × 30 pixels (expected at least 1200 × 630)")
    turned = Image.Exif()
    turned[0x0112] = 6
    Image.new("RGB", (40, 30)).save(content / "media" / "x.jpg", exif=turned)
    (article,) = folder.load().articles.values()
    picture = article.picture
    assert picture and (picture.file.width, picture.file.height) == (30, 40), "as it is shown"


def test_an_article_that_is_a_symlink_out_of_the_folder_is_not_read(content: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside.yaml"
    outside.write_text(as_yaml(PLAIN))
    folder = content_folder(content, {"inside": {}})
    (content / "articles" / "link.yaml").symlink_to(outside)
    (content / "articles" / "lost.yaml").symlink_to(tmp_path / "nowhere.yaml")
    assert problems_of(folder) == [
        f"articles/link.yaml:1:1: a symbolic link to {outside}, outside the folder (replace it with the file)",
        "articles/lost.yaml:1:1: a symbolic link that leads nowhere (replace it with the file)",
    ]


def test_a_symlink_inside_the_folder_is_read_like_any_other_file(content: Path) -> None:
    folder = content_folder(content, {})
    (content / "real").write_text(as_yaml(PLAIN))
    (content / "articles" / "link.yaml").symlink_to(content / "real")
    assert list(folder.load().articles) == ["link"]


def test_a_picture_that_is_a_symlink_out_of_media_is_refused(content: Path, tmp_path: Path) -> None:
    draw(tmp_path / "private.png")
    folder = content_folder(content, {"a": {"picture": {"file": "x.png", "alt": "Un dessin"}}})
    (content / "media" / "x.png").symlink_to(tmp_path / "private.png")
    assert problems_of(folder) == [
        "articles/a.yaml:5:19: picture.file: media/x.png is a symbolic link that leaves media/"
        " (replace it with the file)"
    ]


def test_a_named_pipe_does_not_block_loading(content: Path) -> None:
    folder = content_folder(content, {"good": {}})
    os.mkfifo(content / "articles" / "pipe.yaml")
    assert problems_of(folder) == ["articles/pipe.yaml:1:1: this is not a regular file (expected one)"]
    assert len(folder.load().articles) == 1


def test_a_file_that_is_ignored_because_of_its_name_is_reported(content: Path) -> None:
    folder = content_folder(content, {})
    for name in ("note.yml", "a.yaml.txt", ".hidden.yaml", "backup.yaml~", "#lock#", "~$a.yaml", "photo.jpg"):
        (content / "articles" / name).write_text(as_yaml(PLAIN))
    (content / "articles" / "🎉.yaml").write_text(as_yaml(PLAIN))
    assert problems_of(folder) == [
        "articles/a.yaml.txt:1:1: ignored because of its name (rename it to a.yaml)",
        "articles/note.yml:1:1: ignored because of its name (rename it to note.yaml)",
        "articles/photo.jpg:1:1: warning: ignored, since it is not an article (pictures and files belong in media/)",
        "articles/🎉.yaml:1:1: 🎉 has no letter or digit for an address (rename the file)",
    ]


def test_a_picture_is_found_under_any_unicode_form_of_its_name(content: Path) -> None:
    folder = content_folder(content, {"a": {"picture": {"file": "été.png", "alt": "Un dessin"}}})
    draw(content / "media" / "e\u0301te\u0301.png", 1300, 700)
    assert problems_of(folder) == []


def test_a_missing_site_file_is_reported_once(content: Path) -> None:
    folder = content_folder(content, {"a": {}})
    folder.site_file.unlink()
    assert problems_of(folder) == ["site.yaml:1:1: the file is missing (create it)"]
    assert folder.load().articles == {}


def test_missing_translations_and_duplicate_twins_are_reported(content: Path) -> None:
    folder = content_folder(
        content,
        {"a": {"twin": "x"}, "b": {"twin": "x", "language": "en"}, "c": {"twin": "x"}, "d": {}, "e": {"draft": "true"}},
    )
    told = [str(problem) for problem in folder.load().problems if ": twin: " in str(problem)]
    assert told == [
        f"{content}/articles/c.yaml:5:7: warning: twin: x is the twin of {content}/articles/a.yaml in the same language"
        " (expected another word)",
        f"{content}/articles/d.yaml:1:1: warning: twin: no translation into en"
        " (expected an article with the same twin)",
    ]


@given(st.binary(max_size=400))
def test_any_bytes_give_a_tree_or_a_problem(data: bytes) -> None:
    tree, problems = parse_yaml(data, "x.yaml")
    assert (tree is None) <= bool(problems)


@given(st.text(alphabet=st.sampled_from("ab:- \n\t\"'[]{}&*!|>#%@`,?é\u00a0🎉\\"), max_size=80))
def test_any_text_gives_a_tree_or_a_problem_with_a_place_in_the_text(text: str) -> None:
    tree, problems = parse_yaml(text.encode(), "x.yaml")
    assert (tree is None) <= bool(problems)
    lines = text.split("\n")
    for problem in problems:
        assert 1 <= problem.line <= len(lines) + 1
        assert problem.column >= 1


TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp", "Cn"]), max_size=9).filter(
    lambda text: "\ufeff" not in text
)


@given(
    st.recursive(
        st.text(
            alphabet=st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp", "Cn", "Co"]), max_size=9
        ).filter(lambda text: "\ufeff" not in text),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
        max_leaves=12,
    )
)
def test_every_scalar_is_read_back_as_its_exact_text(value: object) -> None:
    tree, problems = parse_yaml(f"top: {json.dumps(value, ensure_ascii=False)}\n".encode(), "x.yaml")
    assert tree and problems == []
    assert tree.value == {"top": value}


def test_the_site_file_of_the_test_builders_is_valid(content: Path) -> None:
    assert problems_of(content_folder(content, {}, SITE)) == []


def test_a_media_file_name_that_is_not_utf_8_does_not_block_loading(content: Path) -> None:
    folder = content_folder(content, {"a": {"picture": {"file": "b.png", "alt": "Rien"}}, "c": {}})
    (content / "media" / os.fsdecode(b"\xff.png")).write_bytes(b"x")
    found = folder.load()
    assert set(found.articles) == {"c"}
    (error,) = (str(problem) for problem in found.problems if problem.severity == "error")
    assert "media/b.png does not exist (expected it in" in error
