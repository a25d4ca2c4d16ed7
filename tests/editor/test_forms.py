"""Forms: what a form shows of a file, what it changes there, and the problems beside its fields."""

from __future__ import annotations

import re
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import feedparser
import pytest
from hypothesis import HealthCheck, given, settings
from lxml import etree
from werkzeug.test import TestResponse

from feeds.model.yamlfile import parse_yaml
from tests.builders import NOW, PLAIN, SAMPLE, as_yaml, content_folder, draw
from tests.editor_client import Office
from tests.model.test_yaml_edit import files

SLUGS = sorted(path.stem for path in (SAMPLE / "articles").rglob("*.yaml"))


def messages(page: TestResponse, field: str) -> list[str]:
    """Return the texts beside a field."""
    texts: Any = etree.HTML(page.data).xpath(f'//*[@id="{field}-messages"]/span/text()')
    return [str(text).strip() for text in texts]


def article(content: Path, slug: str) -> dict[str, Any]:
    (path,) = (content / "articles").rglob(f"{slug}.yaml")
    tree, problems = parse_yaml(path.read_bytes(), str(path))
    assert tree, problems
    return tree.value


@pytest.fixture
def office(content: Path) -> Office:
    content_folder(content, {"one": {"title": "Le premier"}})
    return Office(content)


@pytest.mark.parametrize("slug", SLUGS)
def test_an_article_of_the_sample_that_is_opened_and_saved_keeps_every_byte(slug: str, sample: Path) -> None:
    (path,) = (sample / "articles").rglob(f"{slug}.yaml")
    before, office = path.read_bytes(), Office(sample)
    assert office.send(f"/edit/{slug}", draft="true" if b"draft: true" in before else "").status_code == 303
    assert path.read_bytes() == before


@pytest.mark.parametrize("slug", SLUGS)
def test_a_changed_title_changes_only_its_line(slug: str, sample: Path) -> None:
    (path,) = (sample / "articles").rglob(f"{slug}.yaml")
    before, office = path.read_text(encoding="utf-8"), Office(sample)
    draft = "true" if "draft: true" in before else ""
    assert office.send(f"/edit/{slug}", draft=draft, title="Un « autre » titre : voilà").status_code == 303
    changed = set(path.read_text(encoding="utf-8").splitlines()) ^ set(before.splitlines())
    assert len(changed) == 2 and all(line.startswith("title:") for line in changed)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(files())
def test_any_file_that_is_opened_and_saved_keeps_every_byte(tmp_path: Path, file: tuple[str, dict[str, Any]]) -> None:
    """Also a file with errors: it is not saved."""
    content = tmp_path / "content"
    content_folder(content, {})
    path = content / "articles" / "any.yaml"
    path.write_text(file[0], encoding="utf-8", newline="")
    before, office = path.read_bytes(), Office(content)
    page = office.get("/edit/any")
    assert page.status_code == 200
    fields = office.fields(page)
    office.send("/edit/any", {**fields, "draft": ["true" if file[1].get("draft") == "true" else ""]})
    assert path.read_bytes() == before


def test_a_new_article_is_written_with_an_id_and_appears_at_once(office: Office, content: Path) -> None:
    answer = office.send(
        "/edit/new", title="L’été : « science »", body="Un *texte*.", categories=["funding", "research"]
    )
    assert (answer.status_code, answer.headers["Location"]) == (303, "/edit/l-ete-science")
    path = content / "articles" / "2026" / "l-ete-science.yaml"
    values = article(content, "l-ete-science")
    assert re.fullmatch("[0-9a-f]{12}", values.pop("id"))
    assert values == {
        "title": "L’été : « science »",
        "published": "2026-06-01T12:00",
        "categories": ["funding", "research"],
        "body": "Un *texte*.\n",
    }
    assert path.read_text(encoding="utf-8").startswith("# yaml-language-server: $schema=../../article.schema.json\n")
    assert "It is live." in office.get("/edit/l-ete-science").text
    assert "L’été" in office.get("/feeds/funding.rss").text


def test_a_second_article_of_the_same_title_has_another_file(office: Office, content: Path) -> None:
    for expected in ("un-titre", "un-titre-2"):
        answer = office.send("/edit/new", title="Un titre", body="a", categories="research")
        assert answer.headers["Location"] == f"/edit/{expected}"
    assert office.send("/edit/new", title="New", body="a", categories="research").headers["Location"] == "/edit/new-2"


def test_a_later_time_schedules_the_article(office: Office) -> None:
    office.send("/edit/new", title="Plus tard", body="a", categories="research", published="2026-06-01T12:01")
    assert "It appears on 1 June 2026 at 12:01." in office.get("/edit/plus-tard").text
    assert "Plus tard" not in office.get("/feeds/all.rss").text
    office.now += timedelta(minutes=1)
    office.app.extensions["feeds"].refresh(office.now)
    assert "Plus tard" in office.get("/feeds/all.rss").text


def test_a_draft_may_be_incomplete_and_nothing_of_it_is_lost(office: Office, content: Path) -> None:
    draw(content / "media" / "a.jpg")
    sent: dict[str, Any] = {
        "title": "À écrire",
        "tags": "a, b",
        "picture_file": "a.jpg",
        "picture_credit": "CRCM",
        "draft": "true",
    }
    assert office.send("/edit/new", **sent).status_code == 303
    values = article(content, "a-ecrire")
    assert values["draft"] == "true" and values["categories"] == [] and values["body"] == "…\n"
    assert values["picture"] == {"file": "a.jpg", "alt": "…", "credit": "CRCM"}
    page = office.get("/edit/a-ecrire")
    fields = office.fields(page)
    assert fields["body"] == fields["picture-alt"] == fields["published"] == [""] and fields["tags"] == ["", "a", "b"]
    assert "Readers cannot see it." in page.text and "À écrire" not in office.get("/feeds/all.rss").text
    refused = office.send("/edit/a-ecrire")
    assert refused.status_code == 422
    assert messages(refused, "body") == ["Please fill in this field."]
    assert messages(refused, "categories") == ["Please choose at least one category."]
    assert article(content, "a-ecrire") == values
    nothing = office.send("/edit/new", draft="true")
    assert nothing.headers["Location"] == "/edit/draft"


def test_an_empty_article_tells_what_is_missing_beside_each_field(office: Office, content: Path) -> None:
    page = office.send("/edit/new", title="", body="", categories=[])
    assert page.status_code == 422
    assert messages(page, "title") == messages(page, "body") == ["Please fill in this field."]
    assert messages(page, "categories") == ["Please choose at least one category."]
    assert [path.name for path in (content / "articles").rglob("*.yaml")] == ["one.yaml"]


@pytest.mark.parametrize(
    ("field", "sent", "french"),
    [
        ("title", {"title": "Un <b>titre</b>"}, "<b> ressemble à une balise HTML"),
        ("published", {"published": "demain"}, "Choisissez une date et une heure."),
        ("expires", {"expires": "2026-01-01T00:00"}, "2026-01-01T00:00 précède la publication"),
        ("tags", {"tags": "!!!"}, "!!! n’a ni lettre ni chiffre"),
        ("picture-alt", {"picture-file": "a.jpg"}, "Remplissez ce champ."),
        ("picture-file", {"picture-file": "b.jpg", "picture-alt": "x"}, "media/b.jpg n’existe pas"),
        (
            "picture-focus",
            {"picture-file": "a.jpg", "picture-alt": "x", "picture-focus": "2, 0"},
            "Il faut deux nombres",
        ),
        ("attachments-0-title", {"attachments-0-file": "a.jpg"}, "Remplissez ce champ."),
        ("attachments-0-url", {"attachments-0-url": "nulle part", "attachments-0-title": "x"}, "n’est pas une adresse"),
        (
            "attachments-1-file",
            {
                "attachments-0-file": "a.jpg",
                "attachments-0-title": "x",
                "attachments-1-file": "c.pdf",
                "attachments-1-title": "y",
            },
            "media/c.pdf n’existe pas",
        ),
        ("body", {"body": "Un\n\n<script>x</script>"}, "Ligne 3 : <script> est supprimé"),
        ("social-text", {"social-text": "non"}, "non serait publié comme texte"),
        ("social-hashtags", {"social-hashtags": "a b"}, "a b n’est pas un hashtag"),
        ("language", {"language": "de"}, "de n’est pas une langue"),
        ("categories", {"categories": "nope"}, "nope n’est pas une rubrique"),
    ],
)
def test_each_mistake_is_told_in_french_beside_its_field(
    field: str, sent: dict[str, str], french: str, content: Path
) -> None:
    content_folder(content, {})
    draw(content / "media" / "a.jpg")
    office = Office(content, language="fr")
    fields = office.fields(office.get("/edit/new"))
    complete = {**fields, "title": ["Un titre"], "body": ["Un texte."], "categories": ["research"], "language": ["fr"]}
    page = office.send("/edit/new", {**complete, **{name: [value] for name, value in sent.items()}})
    found = [re.sub("[\u00a0\u202f]", " ", text) for text in messages(page, field)] if page.status_code == 422 else []
    if page.status_code == 303:  # a warning: saved all the same
        page = office.get(page.headers["Location"])
        found = [re.sub("[\u00a0\u202f]", " ", text) for text in messages(page, field)]
    assert any(french in text for text in found), (page.status_code, found)
    assert etree.HTML(page.data).xpath(f'//*[contains(@aria-describedby, "{field}-messages")]')


def test_what_was_sent_is_shown_again_with_the_mistake(office: Office) -> None:
    sent: dict[str, Any] = {
        "title": "T",
        "body": "Un texte\nsur deux lignes",
        "categories": "research",
        "published": "hier",
        "tags": "a, b",
    }
    fields = office.fields(office.send("/edit/new", **sent))
    assert fields["title"] == ["T"] and fields["published"] == ["hier"] and fields["categories"][1:] == ["research"]
    assert fields["body"] == ["Un texte\r\nsur deux lignes"] and fields["tags"] == ["a, b"]


def test_a_time_that_occurs_twice_is_the_first(office: Office, content: Path) -> None:
    office.send("/edit/new", title="L’heure", body="a", categories="research", published="2026-10-25T02:30")
    assert article(content, "l-heure")["published"] == "2026-10-25T02:30+02:00"
    fields = office.fields(office.get("/edit/l-heure"))
    assert fields["published"] == ["2026-10-25T02:30"]
    office.send("/edit/l-heure")
    assert article(content, "l-heure")["published"] == "2026-10-25T02:30+02:00"


def test_readers_are_told_about_a_correction_only_if_the_author_says_so(office: Office, content: Path) -> None:
    office.send("/edit/one", title="Le tout premier")
    assert "updated" not in article(content, "one")
    office.send("/edit/one", title="Le vrai premier", updated="now")
    assert article(content, "one")["updated"] == "2026-06-01T12:00:00"
    office.now += timedelta(days=1)
    office.send("/edit/one", summary="Encore")
    assert article(content, "one")["updated"] == "2026-06-01T12:00:00"
    assert "Le vrai premier" in office.get("/feeds/all.rss").text


def test_the_date_of_a_live_article_cannot_be_removed(office: Office, content: Path) -> None:
    page = office.send("/edit/one", published="")
    assert page.status_code == 422 and messages(page, "published") == ["Please fill in this field."]
    assert article(content, "one")["published"] == PLAIN["published"]


def test_an_article_is_withdrawn_with_its_reason(office: Office, content: Path) -> None:
    assert office.send("/edit/one", withdrawn_reason="Les chiffres étaient faux.").status_code == 303
    assert article(content, "one")["withdrawn"] == {"at": "2026-06-01T12:00", "reason": "Les chiffres étaient faux."}
    assert "Withdrawn." in office.get("/edit/one").text
    assert "Les chiffres étaient faux." in office.get("/articles/one").text


def test_a_translation_takes_over_what_it_shares_and_both_are_linked(content: Path) -> None:
    content_folder(
        content,
        {"un": {"picture": {"file": "a.jpg", "alt": "x"}, "authors": [{"name": "A", "url": "https://a.example"}]}},
    )
    draw(content / "media" / "a.jpg")
    office = Office(content)
    page = office.get("/edit/new?translate=un")
    fields = office.fields(page)
    assert fields["language"] == ["en"] and fields["categories"][1:] == ["research"] and fields["authors"][0] == "A"
    assert "Un texte." in page.text and fields["title"] == [""]
    sent: dict[str, Any] = {"title": "One", "body": "A text.", "picture_alt": "y"}
    assert office.send("/edit/new?translate=un", fields, **sent).status_code == 303
    assert article(content, "un")["twin"] == article(content, "one")["twin"] == "un"
    assert article(content, "one")["authors"] == [{"name": "A", "url": "https://a.example/"}] or article(
        content, "one"
    )["authors"] == [{"name": "A", "url": "https://a.example"}]
    assert 'hreflang="en"' in office.get("/articles/un").text
    assert "Translation: English" in office.get("/edit/un").text


def test_keys_that_the_form_does_not_have_stay(office: Office, content: Path) -> None:
    values: dict[str, Any] = {
        **PLAIN,
        "id": "x1",
        "link": "https://www.example.org/1",
        "hide_from": ["all"],
        "attachments": [
            {"url": "https://a.example/f.mp4", "title": "Un film", "duration": "2:30", "until": "2027-01-01"}
        ],
        "social": {"text": "Un post", "hashtags": []},
        "authors": [{"name": "A", "email": "a@example.org"}],
    }
    path = content / "articles" / "full.yaml"
    path.write_text(as_yaml(values), encoding="utf-8")
    office.app.extensions["feeds"].refresh(NOW)
    sent: dict[str, Any] = {"attachments_0_title": "Le film", "social_text": "Un autre post", "summary": "s"}
    assert office.send("/edit/full", **sent).status_code == 303
    after = article(content, "full")
    assert after["attachments"] == [{**values["attachments"][0], "title": "Le film"}]
    assert after["social"] == {"text": "Un autre post", "hashtags": []}
    assert {key: after[key] for key in ("id", "link", "hide_from", "authors")} == {
        key: values[key] for key in ("id", "link", "hide_from", "authors")
    }


def test_attachments_are_added_and_removed(office: Office, content: Path) -> None:
    (content / "media" / "a.pdf").write_bytes(b"%PDF-1")
    (content / "media" / "b.pdf").write_bytes(b"%PDF-2")
    office.send("/edit/one", attachments_0_file="a.pdf", attachments_0_title="A")
    office.send("/edit/one", attachments_1_file="b.pdf", attachments_1_title="B")
    assert [each["title"] for each in article(content, "one")["attachments"]] == ["A", "B"]
    office.send("/edit/one", attachments_0_file="", attachments_0_title="")
    assert article(content, "one")["attachments"] == [{"file": "b.pdf", "title": "B"}]
    office.send("/edit/one", attachments_0_file="", attachments_0_title="")
    assert "attachments" not in article(content, "one")


def test_only_a_draft_can_be_deleted(office: Office, content: Path) -> None:
    office.send("/edit/new", title="Essai", draft="true")
    version = office.fields(office.get("/edit/essai"))["version"][0]
    token = office.fields(office.get("/edit/essai"))["csrf_token"][0]
    wrong = office.post("/edit/essai/delete", {"csrf_token": token, "version": "x"})
    assert wrong.status_code == 409 and (content / "articles" / "2026" / "essai.yaml").exists()
    live = office.fields(office.get("/edit/one"))["version"][0]
    assert office.post("/edit/one/delete", {"csrf_token": token, "version": live}).status_code == 409
    assert office.post("/edit/essai/delete", {"csrf_token": token, "version": version}).status_code == 303
    assert office.get("/edit/essai").status_code == 404 and (content / "articles" / "one.yaml").exists()


def test_a_file_that_is_not_yaml_is_corrected_as_text(office: Office, content: Path) -> None:
    path = content / "articles" / "bad.yaml"
    path.write_text(as_yaml(PLAIN) + "summary: a: b\n", encoding="utf-8")
    office.app.extensions["feeds"].refresh(NOW)
    page = office.get("/edit/bad")
    fields = office.fields(page)
    assert "Line 5: a colon and a space inside a text (expected summary: &#34;a: b&#34;)" in page.text
    assert office.send("/edit/bad", fields).status_code == 422
    text = fields["text"][0].replace("a: b", '"a: b"')
    assert office.send("/edit/bad", fields, text=text).status_code == 303
    assert article(content, "bad")["summary"] == "a: b" and path.read_bytes().count(b"\r") == 0


def test_the_list_shows_states_and_is_filtered(content: Path) -> None:
    articles: dict[str, Any] = {
        "draft": {"title": "Le brouillon", "draft": "true"},
        "coming": {"title": "L’embargo", "published": "2027-01-01T09:00", "categories": ["funding"]},
        "gone": {"title": "L’expiré", "expires": "2026-04-01"},
        "retired": {"title": "Le retiré", "withdrawn": {"at": "2026-04-01", "reason": "Une erreur."}},
        "live": {"title": "Le publié d’été", "tags": ["génétique"], "language": "en"},
        "broken": "title: Le cassé\npublished: 2026-13-40\n",
    }
    content_folder(content, articles)
    office = Office(content, language="fr")

    def titles(query: str) -> list[str]:
        texts: Any = etree.HTML(office.get(f"/edit?{query}").data).xpath('//ul[@class="articles"]//h2//text()')
        return [text for each in texts if (text := str(each).strip())]

    assert len(titles("")) == 6
    states = ("draft", "scheduled", "expired", "withdrawn", "live", "faulty")
    expected = ["Le brouillon", "L’embargo", "L’expiré", "Le retiré", "Le publié d’été", "broken.yaml"]
    assert [titles(f"status={state}") for state in states] == [[title] for title in expected]
    assert titles("category=funding") == ["L’embargo"] and titles("language=en") == ["Le publié d’été"]
    assert titles("q=d'ETE") == titles("q=genetique") == ["Le publié d’été"] and titles("q=zzz") == []


def test_the_list_has_pages_of_fifty(content: Path) -> None:
    content_folder(content, {f"a{number:03}": {"published": f"2026-01-{number % 28 + 1:02}"} for number in range(120)})
    office = Office(content)
    counts = [office.get(f"/edit?page={page}&q=titre").text.count("<li>\n<h2>") for page in (1, 2, 3, 9, 0)]
    assert counts == [50, 50, 20, 20, 50]
    assert "page=2&amp;q=titre" in office.get("/edit?q=titre").text


def test_the_unsaved_form_is_shown_as_page_entry_and_posts(office: Office, content: Path) -> None:
    fields = office.fields(office.get("/edit/new"))
    page = office.send(
        "/edit/new", fields, to="/edit/new/preview", title="Tout neuf", body="**Gras** <script>alert(1)</script>"
    )
    assert page.status_code == 200 and "<b>Tout neuf</b>" in page.text and "Mastodon" in page.text
    assert "srcdoc=" in page.text and "&lt;strong&gt;Gras" in page.text
    assert "<script" not in page.text and "alert(1)" not in page.text.replace("&lt;script&gt;alert(1)", "")
    assert [path.name for path in (content / "articles").rglob("*.yaml")] == ["one.yaml"]
    wrong = office.send("/edit/one", to="/edit/one/preview", published="x")
    assert wrong.status_code == 422 and "Please choose a date and a time." in wrong.text


def test_a_secret_link_shows_one_draft_until_it_expires(office: Office, content: Path, monkeypatch: Any) -> None:
    draw(content / "media" / "a.jpg", 1200, 630)
    draw(content / "media" / "b.jpg")
    office.send("/edit/new", title="Secret", body="Un secret.", draft="true", picture_file="a.jpg", picture_alt="x")
    token = office.fields(office.get("/edit/secret"))["csrf_token"][0]
    office.post("/edit/secret/share", {"csrf_token": token})
    (link,) = re.findall(r"http://localhost(/edit/shared/[^\"]+)", office.get("/edit/secret").text)
    office.app.extensions["feeds-access"].accounts.add("Élodie", "un mot de passe")
    guest = Office.__new__(Office)
    guest.headers, guest.client = office.headers, type(office.client)(office.app.wsgi_app)
    assert guest.get("/edit/secret").status_code == 303 and guest.get("/media/a.jpg").status_code == 404
    page = guest.get(link)
    assert page.status_code == 200 and "Un secret." in page.text and "noindex" in page.text
    assert guest.get("/media/a.jpg", buffered=True).status_code == 200 and guest.get("/media/b.jpg").status_code == 404
    for picture in re.findall(r'src="(/pictures/[^"]+)"', page.text):
        assert guest.get(picture, buffered=True).status_code == 200
    assert guest.get(link[:-2]).status_code == guest.get("/edit/shared/x").status_code == 404
    monkeypatch.setattr("feeds.editor.access.LINK_SECONDS", -1)
    assert guest.get(link).status_code == 404


def save(office: Office, content: Path, text: str, **changes: Any) -> str:
    """Write a file, save it with some changes in its form, and return its text."""
    path = content / "articles" / "one.yaml"
    path.write_text(text, encoding="utf-8", newline="")
    office.app.extensions["feeds"].refresh(NOW)
    assert office.send("/edit/one", **changes).status_code == 303
    return path.read_bytes().decode()


def test_a_withdrawn_article_stays_withdrawn_whatever_is_corrected(office: Office, content: Path) -> None:
    """Fields that a form does not have are as they were."""
    withdrawn = {"withdrawn": {"at": "2026-03-02", "reason": "Faux."}, "updated": "2026-03-03"}
    for changes in (
        {"title": "Un <b>titre</b>"},
        {"published": "2027-01-01", "withdrawn": {"at": "2027-01-02", "reason": "F"}, "updated": "2027-01-03"},
    ):
        text = as_yaml({**PLAIN, **withdrawn, **changes})
        after = save(office, content, text, title="Corrigé")
        assert after == re.sub("(?m)^title: .*$", 'title: "Corrigé"', text)


def test_texts_of_several_lines_in_fields_of_one_line_keep_their_words_apart(office: Office, content: Path) -> None:
    draw(content / "media" / "a.jpg")
    text = as_yaml({k: v for k, v in PLAIN.items() if k != "title"}) + (
        'title: |\n  Un\n  titre\npicture:\n  file: a.jpg\n  alt: |\n    Un\n    dessin\n  credit: "A\\nB"\n'
    )
    path = content / "articles" / "one.yaml"
    path.write_text(text, encoding="utf-8")
    fields = office.fields(office.get("/edit/one"))
    assert (fields["title"], fields["picture-alt"], fields["picture-credit"]) == (["Un titre"], ["Un dessin"], ["A B"])


def test_authors_of_the_same_name_and_attachments_of_the_same_file_stay_apart(office: Office, content: Path) -> None:
    (content / "media" / "x.pdf").write_bytes(b"%PDF")
    authors = [{"name": "Jean", "url": "https://a.example/1"}, {"name": "Jean", "url": "https://b.example/2"}]
    files = [{"file": "x.pdf", "title": "One", "until": "2030-01-01"}, {"file": "x.pdf", "title": "Two"}]
    text = as_yaml({**PLAIN, "authors": authors, "attachments": files})
    assert save(office, content, text) == text
    save(office, content, text, attachments_1_title="Zwei")
    assert article(content, "one")["attachments"] == [files[0], {**files[1], "title": "Zwei"}]
    assert article(content, "one")["authors"] == authors


def test_characters_that_word_processors_paste_are_no_error(office: Office, content: Path) -> None:
    office.send("/edit/one", title="Un\x0btitre\x02", summary="A\u2028B", body="Un\x0bDeux\ufeff")
    values = article(content, "one")
    assert (values["title"], values["summary"], values["body"]) == ("Un titre", "A\nB", "Un\nDeux\n")


def test_a_file_in_another_encoding_keeps_its_accents(office: Office, content: Path) -> None:
    path = content / "articles" / "one.yaml"
    path.write_bytes(as_yaml({**PLAIN, "title": "Été à Marseille"}).encode("cp1252"))
    page = office.get("/edit/one")
    assert "Été à Marseille" in page.text and "The file was not in UTF-8." in page.text
    assert office.send("/edit/one", office.fields(page)).status_code == 303
    assert article(content, "one")["title"] == "Été à Marseille"


def test_a_file_that_cannot_be_read_is_not_replaced(office: Office, content: Path) -> None:
    path = content / "articles" / "one.yaml"
    path.write_bytes(b"# " + b"x" * (1 << 20))
    page = office.get("/edit/one")
    assert "1,048,578 bytes" in page.text and "<textarea" not in page.text
    answer = office.post("/edit/one", {"csrf_token": csrf_token(office), "version": "", "text": as_yaml(PLAIN)})
    assert answer.status_code == 409 and path.stat().st_size == (1 << 20) + 2


def csrf_token(office: Office) -> str:
    return office.fields(office.get("/edit/new"))["csrf_token"][0]


def test_a_link_and_the_mode_of_a_file_stay(office: Office, content: Path) -> None:
    path = content / "articles" / "one.yaml"
    target = content / "one.txt"
    path.rename(target)
    target.chmod(0o664)
    path.symlink_to("../one.txt")
    assert office.send("/edit/one", title="Autre").status_code == 303
    assert path.is_symlink() and "Autre" in target.read_text(encoding="utf-8")
    assert target.stat().st_mode & 0o777 == 0o664


def test_an_article_that_cannot_be_saved_is_not_lost(office: Office, content: Path, monkeypatch: Any) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("feeds.editor.store.atomic_write", fail)
    for path in ("/edit/one", "/edit/new"):
        page = office.send(path, title="Tout neuf", body="Un texte.", categories="research")
        assert page.status_code == 503 and office.fields(page)["title"] == ["Tout neuf"]
        assert "the server cannot write the file (No space left on device)" in page.text


def test_a_scheduled_article_without_a_time_appears_at_once(office: Office, content: Path) -> None:
    office.send("/edit/new", title="Plus tard", body="a", categories="research", published="2026-07-01T12:00")
    assert office.send("/edit/plus-tard", published="").status_code == 303
    assert article(content, "plus-tard")["published"] == "2026-06-01T12:00"


def test_an_article_whose_id_is_taken_is_not_called_live(office: Office, content: Path) -> None:
    for name in ("a", "b"):
        text = as_yaml({**PLAIN, "id": "same"})
        (content / "articles" / f"{name}.yaml").write_text(text, encoding="utf-8")
    office.app.extensions["feeds"].refresh(NOW)
    assert "2020:same, is that of" in office.get("/edit/b").text
    office.send("/edit/b", title="Autre")
    assert "Saved, but not published: its id, tag:news.example,2020:same, is that of" in office.get("/edit/b").text


def test_there_is_one_translation_into_each_language(content: Path) -> None:
    content_folder(content, {"un": {"twin": ""}})
    office = Office(content)
    fields = office.fields(office.get("/edit/new?translate=un"))
    assert office.send("/edit/new", fields, title="One", body="A").status_code == 303
    assert article(content, "un")["twin"] == article(content, "one")["twin"] == "un"
    again = office.send("/edit/new", fields, title="Two", body="B")
    assert again.status_code == 422 and messages(again, "language") == ["There is already a version in this language."]


def test_a_body_that_could_not_be_published_is_not_rendered(office: Office) -> None:
    answer = office.send("/edit/one", to="/edit/one/preview", body=">" * 100_000)
    assert answer.status_code == 422 and "nested more than" in answer.text


def test_an_old_form_that_is_sent_again_keeps_what_somebody_else_changed(office: Office, content: Path) -> None:
    mine, theirs = (office.fields(office.get("/edit/one")) for _ in range(2))
    office.send("/edit/one", theirs, summary="Le leur", tags="leur", categories=["research", "outreach"])
    old = office.send("/edit/one", {**mine, "csrf_token": ["old"]}, title="Le mien")
    assert old.status_code == 400
    conflict = office.send("/edit/one", office.fields(old))
    merged = office.fields(conflict)
    assert conflict.status_code == 409 and merged["title"] == ["Le mien"] and merged["summary"] == ["Le leur"]
    assert "leur" in merged["tags"] and merged["categories"][1:] == ["research", "outreach"]


def test_a_draft_gets_the_address_of_its_title_when_it_is_published(office: Office, content: Path) -> None:
    office.send("/edit/new", draft="true")
    answer = office.send("/edit/draft", title="Colloque de printemps", body="a", categories="research", draft="true")
    assert answer.headers["Location"] == "/edit/draft"
    identity = article(content, "draft")["id"]
    answer = office.send("/edit/draft")
    assert answer.headers["Location"] == "/edit/colloque-de-printemps" and office.get("/edit/draft").status_code == 404
    assert article(content, "colloque-de-printemps")["id"] == identity
    assert office.get("/articles/colloque-de-printemps").status_code == 200
    assert (
        office.send("/edit/colloque-de-printemps", title="Autre").headers["Location"] == "/edit/colloque-de-printemps"
    )


def test_a_live_article_is_not_taken_offline_by_a_later_date(office: Office, content: Path) -> None:
    page = office.send("/edit/one", published="2027-01-01T09:00")
    assert page.status_code == 422 and "would take it offline" in messages(page, "published")[0]
    assert article(content, "one")["published"] == PLAIN["published"]


def test_a_correction_in_the_minute_of_the_publication_is_announced(office: Office, content: Path) -> None:
    office.send("/edit/new", title="Tout neuf", body="a", categories="research")
    office.now += timedelta(seconds=5)
    office.send("/edit/tout-neuf", body="b", updated="now")
    (entry,) = [
        each for each in feedparser.parse(office.get("/feeds/all.atom").data).entries if each.title == "Tout neuf"
    ]
    assert entry.updated_parsed > entry.published_parsed


def test_a_picture_and_a_withdrawal_are_removed_by_emptying_one_field(office: Office, content: Path) -> None:
    draw(content / "media" / "a.jpg")
    office.send("/edit/one", picture_file="a.jpg", picture_alt="x", picture_credit="y", withdrawn_reason="Faux.")
    assert {"picture", "withdrawn"} <= article(content, "one").keys()
    office.send("/edit/one", picture_file="", withdrawn_reason="")
    assert not {"picture", "withdrawn"} & article(content, "one").keys()


def test_a_mistake_without_a_field_leads_to_the_text_of_the_file(office: Office, content: Path) -> None:
    text = as_yaml(PLAIN) + "categorie: research\n"
    (content / "articles" / "one.yaml").write_text(text, encoding="utf-8")
    page = office.send("/edit/one", title="Autre")
    assert page.status_code == 422 and 'href="/edit/one?text=1"' in page.text
    fields = office.fields(office.get("/edit/one?text=1"))
    assert fields["text"] == [text.replace("\n", "\r\n")]
    fixed = office.send("/edit/one", fields, text=text.replace('categories: ["research"]\n', ""), fix="1")
    assert "categorie: research" in office.fields(fixed)["text"][0]
    assert office.send("/edit/one", fields, text=as_yaml(PLAIN)).status_code == 303


def test_the_text_of_a_file_is_shown_corrected(office: Office, content: Path) -> None:
    path = content / "articles" / "one.yaml"
    path.write_text(as_yaml(PLAIN) + "summary: a: b\n", encoding="utf-8")
    page = office.get("/edit/one")
    fixed = office.send("/edit/one", office.fields(page), fix="1")
    fields = office.fields(fixed)
    assert 'summary: "a: b"' in fields["text"][0] and "summary: a: b" in path.read_text(encoding="utf-8")
    assert office.send("/edit/one", fields).status_code == 303 and article(content, "one")["summary"] == "a: b"


def test_an_unknown_article_has_a_page_of_the_editor(office: Office) -> None:
    page = office.get("/edit/nothing")
    assert page.status_code == 404 and 'href="/edit"' in page.text and "There is no such article." in page.text


@pytest.mark.integration
def test_a_form_without_script_sends_its_files_itself(office: Office, content: Path) -> None:
    draw(content / "media" / "a.jpg", 1300, 700)
    data = (content / "media" / "a.jpg").read_bytes()
    fields = {name: values[0] for name, values in office.fields(office.get("/edit/one")).items()}
    fields |= {"picture-alt": "x", "attachments-0-title": "Programme", "categories": "research"}
    uploads = {"picture-upload": (BytesIO(data), "É t é.JPG"), "attachments-0-upload": (BytesIO(b"%PDF-1"), "p.pdf")}
    assert office.post("/edit/one", {**fields, **uploads}).status_code == 303
    values = article(content, "one")
    assert values["picture"] == {"file": "2026/e-t-e.jpg", "alt": "x"}
    assert values["attachments"] == [{"file": "2026/p.pdf", "title": "Programme"}]
    wrong = {"picture-upload": (BytesIO(b"no picture"), "b.jpg")}
    fields["version"] = office.fields(office.get("/edit/one"))["version"][0]
    page = office.post("/edit/one", {**fields, **wrong, "body": "Un texte perdu ?"})
    assert page.status_code == 422 and "b.jpg is not a picture" in messages(page, "picture-file")[0]
    assert office.fields(page)["body"] == ["Un texte perdu ?"] and article(content, "one") == values


def test_an_address_that_is_known_stays_when_a_draft_is_published(content: Path) -> None:
    draft = {"id": "x1", "title": "Tout autre", "draft": "true"}
    content_folder(
        content,
        {
            "linked": draft,
            "one": {"body": "[Voir](/articles/linked)"},
            "new-building": {**draft, "id": "x2", "title": "New building"},
        },
    )
    office = Office(content)
    assert office.send("/edit/linked").headers["Location"] == "/edit/linked"
    assert office.send("/edit/new-building", title="New").headers["Location"] == "/edit/new-2"


def test_a_draft_that_somebody_publishes_meanwhile_is_found_again(office: Office, content: Path) -> None:
    office.send("/edit/new", draft="true")
    mine, theirs = (office.fields(office.get("/edit/draft")) for _ in range(2))
    office.send("/edit/draft", theirs, title="Publié", body="a", categories="research")
    page = office.send("/edit/draft", mine, summary="Mon résumé")
    assert page.status_code == 409 and 'action="/edit/publie"' in page.text
    assert office.send("/edit/publie", office.fields(page)).status_code == 303
    values = article(content, "publie")
    assert (values["title"], values["summary"]) == ("Publié", "Mon résumé")


def test_the_text_of_a_file_keeps_what_somebody_else_changed(office: Office, content: Path) -> None:
    mine = office.fields(office.get("/edit/one?text=1"))
    office.send("/edit/one", title="Le leur")
    for again in (office.send("/edit/one", mine, fix="1"), office.send("/edit/one", {**mine, "csrf_token": ["old"]})):
        answer = office.send("/edit/one", office.fields(again))
        assert answer.status_code == 409 and "Le leur" in answer.text
    assert article(content, "one")["title"] == "Le leur"


def test_a_draft_that_cannot_be_written_when_it_is_published_stays(
    office: Office, content: Path, monkeypatch: Any
) -> None:
    office.send("/edit/new", draft="true")
    fields = office.fields(office.get("/edit/draft"))
    with monkeypatch.context() as patch:
        patch.setattr("feeds.editor.store.atomic_write", lambda *_, **__: (_ for _ in ()).throw(OSError(28, "x")))
        page = office.send("/edit/draft", fields, title="Publié", body="a", categories="research")
    assert page.status_code == 503
    assert office.send("/edit/draft", office.fields(page)).headers["Location"] == "/edit/publie"


def test_comments_in_a_group_stay_if_a_text_in_its_middle_changes(office: Office, content: Path) -> None:
    draw(content / "media" / "a.jpg")
    text = as_yaml(PLAIN) + 'picture: {file: a.jpg, # which\n  alt: "Un",  # why\n  credit: C}\n'
    assert save(office, content, text, picture_alt="Deux") == text.replace('"Un"', '"Deux"')
