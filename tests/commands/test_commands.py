from __future__ import annotations

import json
import os
import re
from pathlib import Path

import jsonschema
import pytest
from click.testing import CliRunner, Result
from flask.cli import ScriptInfo
from flask.testing import FlaskCliRunner

from feeds import create_app
from feeds.commands import MODULES, SECTIONS, cli
from feeds.content.folder import ContentFolder
from feeds.model.article import Article
from feeds.model.yamlfile import parse_yaml
from feeds.settings import SettingError, Settings
from tests.builders import NOW, PLAIN, ROOT, SAMPLE, SITE, content_folder, draw, publisher_of


def flask(folder: Path, *words: str, color: bool = False) -> Result:
    app = create_app(Settings(folder), clock=lambda: NOW)
    return FlaskCliRunner(app).invoke(args=words, color=color)


def test_check_prints_a_count_and_exits_with_0_if_there_are_only_warnings() -> None:
    found = flask(SAMPLE, "check")
    assert found.exit_code == 0
    assert re.fullmatch("0 errors, [0-9]+ warnings? in 17 files", found.output.splitlines()[-1])
    assert all(": warning: " in line for line in found.output.splitlines()[:-1])


def test_check_prints_each_problem_with_its_line_and_exits_with_1(content: Path) -> None:
    content_folder(content, {"bad": {"published": "demain", "titel": "x"}, "good": {}})
    found = flask(content, "check", str(content / "articles" / "bad.yaml"))
    assert found.exit_code == 1
    assert found.output.splitlines() == [
        f"{content}/articles/bad.yaml:2:12: published: demain is not a date (expected 2026-03-01 or 2026-03-01T09:00)",
        '    published: "demain"',
        f"{content}/articles/bad.yaml:5:1: titel: unknown key (expected title)",
        '    titel: "x"',
        "2 errors, 0 warnings in 1 file",
    ]


def test_check_summarises_missing_translations(content: Path) -> None:
    folder = content_folder(content, {name: {"summary": "Un résumé."} for name in "abc"})
    shown = flask(content, "check").output.splitlines()
    assert shown == [
        "3 articles without a translation into en (feeds check --all lists them; complete in site.yaml names the"
        " languages that are expected)",
        "0 errors, 3 warnings in 4 files",
    ]
    assert flask(content, "check", "--all").output.count("no translation into en") == 3
    assert "no translation into en" in flask(content, "check", str(content / "articles" / "a.yaml")).output
    assert flask(content, "check", "--format", "json").output.count("translation-missing") == 3
    content_folder(content, {}, SITE + "complete: [fr]\n")
    assert [problem.message.code for problem in folder.load().problems] == []


def test_check_uses_colour_only_on_a_terminal(content: Path) -> None:
    content_folder(content, {"bad": {"draft": "x"}})
    assert "\x1b[31m" in flask(content, "check", color=True).output
    assert "\x1b" not in flask(content, "check").output


def test_check_can_print_json(content: Path) -> None:
    content_folder(content, {"bad": {"draft": "x", "summary": "Un résumé.", "twin": "t"}})
    found = flask(content, "check", "--format", "json")
    assert found.exit_code == 1
    assert json.loads(found.output) == [
        {
            "file": f"{content}/articles/bad.yaml",
            "line": 5,
            "column": 8,
            "key": "draft",
            "severity": "error",
            "code": "boolean-expected",
            "parameters": {"value": "x"},
            "message": "x is neither true nor false (expected true or false)",
        }
    ]


def test_check_rejects_a_file_outside_the_content_folder(content: Path, tmp_path: Path) -> None:
    content_folder(content, {})
    (tmp_path / "other.yaml").write_text("title: x")
    found = flask(content, "check", str(tmp_path / "other.yaml"))
    assert found.exit_code == 2 and "is not a file of" in found.output


def test_check_accepts_a_folder(content: Path) -> None:
    content_folder(content, {"2025/bad": {"draft": "x"}, "2026/bad": {"draft": "x"}})
    assert flask(content, "check", str(content / "articles" / "2026")).output.splitlines()[-1].endswith("in 1 file")


def test_check_warns_about_a_feed_that_is_too_large(content: Path) -> None:
    text = {"body": "| a | b |\n|---|---|\n" + "| 1 | 2 |\n" * 6_000, "summary": "Un résumé."}
    content_folder(content, dict.fromkeys("abcdef", text))
    found = flask(content, "check")
    assert found.exit_code == 0
    assert re.search(
        r"site.yaml:1:1: warning: entries: /feeds/all.rss has 1,[0-9,]+ bytes \(expected at most 1,000,000",
        found.output,
    )


def test_new_writes_a_valid_draft(content: Path) -> None:
    content_folder(content, {})
    found = flask(content, "new", " Titre d’essai\u00a0: « p < 0,05\u202f»")
    path = content / "articles" / "titre-d-essai-p-0-05.yaml"
    assert (found.exit_code, found.output) == (0, f"{path}\n")
    text = path.read_text(encoding="utf-8")
    assert text.startswith("# yaml-language-server: $schema=../article.schema.json\n")
    assert "published: 2026-06-01T12:00 " in text, "the moment in the site's zone"
    assert re.search('(?m)^id: "[0-9a-f]{12}"$', text)
    (article,) = ContentFolder(content).load().articles.values()
    assert (article.title, article.draft) == ("Titre d’essai\u00a0: « p < 0,05\u202f»", True)
    assert [problem for problem in ContentFolder(content).load().problems if problem.severity == "error"] == []


def test_new_never_overwrites_a_file_and_never_reuses_a_slug(content: Path) -> None:
    content_folder(content, {"2025/essai": {"title": "Le premier"}})
    assert flask(content, "new", "Essai").output == f"{content}/articles/essai-2.yaml\n"
    assert flask(content, "new", "Essai").output == f"{content}/articles/essai-3.yaml\n"
    assert "Le premier" in (content / "articles" / "2025" / "essai.yaml").read_text()


def test_what_new_writes_cannot_be_published_without_a_body(content: Path) -> None:
    content_folder(content, {})
    path = content / "articles" / "un-titre-sans-guillemets.yaml"
    assert flask(content, "new", "Un", "titre", "sans", "guillemets").output == f"{path}\n"
    path.write_text(re.sub("(?m)^draft: .*\n", "", path.read_text(encoding="utf-8")), encoding="utf-8")
    assert "body: nothing but … (write the text, or add draft: true)" in flask(content, "check").output


def test_new_gives_each_article_its_own_id(content: Path) -> None:
    content_folder(content, {})
    for _ in range(2):
        flask(content, "new", "Essai")
    assert len({article.id for article in ContentFolder(content).load().articles.values()}) == 2


def test_a_file_that_cannot_be_written_is_reported(content: Path) -> None:
    content_folder(content, {})
    (content / "article.schema.json").mkdir()
    found = flask(content, "schema", "--write")
    assert found.exit_code == 1 and found.output == f"Error: {content}/article.schema.json: Is a directory\n"
    (content / "articles").rmdir()
    (content / "articles").write_text("")
    found = flask(content, "new", "Essai")
    assert found.exit_code == 1 and f"Error: {content}/articles/essai.yaml: " in found.output


def test_flask_offers_all_commands_but_preview(content: Path) -> None:
    content_folder(content, {})
    assert "  check " in flask(content, "--help").output
    assert "  preview " not in flask(content, "--help").output
    assert flask(content, "preview").exit_code == 2


@pytest.mark.parametrize("command", ["serve", "preview"])
def test_a_host_that_is_not_of_this_machine_is_reported(command: str, content: Path) -> None:
    content_folder(content, {})
    runner = CliRunner(env={"FEEDS_CONTENT": str(content), "FEEDS_STATE": str(content.parent / "state")})
    found = runner.invoke(cli, [command, "--host", "a" * 70 + ".example"], obj=ScriptInfo(create_app=create_app))
    assert found.exit_code == 2 and "expected an address of this machine" in found.output, found.output


@pytest.mark.parametrize("title", ["", "  ", "Le <i>gène</i>", "un\ndeux", "un\x07"])
def test_new_refuses_a_title_that_could_not_be_published(title: str, content: Path) -> None:
    content_folder(content, {})
    found = flask(content, "new", title)
    assert found.exit_code == 2 and "the title: " in found.output and "(" in found.output
    assert list((content / "articles").iterdir()) == []


@pytest.mark.parametrize("command", [["new", "Essai"], ["schema", "article"]])
def test_commands_that_need_the_site_report_its_problems(command: list[str], content: Path) -> None:
    content_folder(content, {}, "title: Le site\n")
    found = flask(content, *command)
    assert found.exit_code == 1
    assert "site.yaml:1:1: url: missing (expected url: https://news.crcm.example)" in found.output


@pytest.mark.parametrize("name", ["article", "site"])
def test_the_schemas_in_the_sample_match_the_models(name: str) -> None:
    found = flask(SAMPLE, "schema", name)
    assert found.output == (SAMPLE / f"{name}.schema.json").read_text(encoding="utf-8"), "run: feeds schema --write"


def test_schema_writes_both_files_where_articles_look_for_them(content: Path) -> None:
    content_folder(content, {})
    found = flask(content, "schema", "--write")
    assert found.output.splitlines() == [f"{content}/article.schema.json", f"{content}/site.schema.json"]
    for name in ("article", "site"):
        jsonschema.Draft202012Validator.check_schema(json.loads((content / f"{name}.schema.json").read_text()))
    assert flask(content, "schema").output == (content / "article.schema.json").read_text(encoding="utf-8")


SAMPLES = sorted((SAMPLE / "articles").rglob("*.yaml"))


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_a_sample_article_names_its_schema_and_validates_against_it(path: Path) -> None:
    first = path.read_text(encoding="utf-8").partition("\n")[0]
    named = first.removeprefix("# yaml-language-server: $schema=")
    schema = json.loads((path.parent / named).read_text(encoding="utf-8"))
    jsonschema.validate(_as_editors_read(path), schema)


def _as_editors_read(path: Path) -> object:
    """Return an article as editors parse it, by YAML 1.2's core schema: with numbers and booleans."""
    tree, _ = parse_yaml(path.read_bytes(), path.name)
    assert tree

    def resolve(value: object) -> object:
        if isinstance(value, dict):
            return {key: resolve(each) for key, each in value.items()}
        if isinstance(value, list):
            return [resolve(each) for each in value]
        if value in ("true", "false"):
            return value == "true"
        if isinstance(value, str) and re.fullmatch(r"[0-9]+(\.[0-9]+)?", value):
            return float(value) if "." in value else int(value)
        return value

    return resolve(tree.value)


def test_the_samples_use_every_key() -> None:
    trees = [parse_yaml(path.read_bytes(), path.name)[0] for path in SAMPLES]
    used = {key for tree in trees if tree for key in tree.value}
    known = json.loads((SAMPLE / "article.schema.json").read_text())["properties"]
    assert used == set(known)


def test_settings_come_from_the_environment(tmp_path: Path) -> None:
    assert Settings.from_environ({}) == Settings(Path("content"), None, 30, Path("instance"))
    given = {"FEEDS_CONTENT": str(tmp_path), "FEEDS_URL": "https://a.example/b/", "FEEDS_RESCAN": "0"}
    assert Settings.from_environ({**given, "FEEDS_STATE": "/s"}) == Settings(
        tmp_path, "https://a.example/b", 0, Path("/s")
    )
    assert Settings.from_environ(dict.fromkeys([*given, "FEEDS_STATE"], "")) == Settings.from_environ({})


def test_the_site_is_the_current_folder_if_it_has_a_site_file(content: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content_folder(content, {})
    monkeypatch.chdir(content)
    assert Settings.from_environ({}).content == Path()
    assert Settings.from_environ({"FEEDS_CONTENT": "/x"}).content == Path("/x")
    monkeypatch.chdir(content.parent)
    assert Settings.from_environ({}).content == Path("content")


def test_a_folder_without_a_site_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    expected = f"there is no site here: neither site.yaml nor content/ exists in {tmp_path}"
    with pytest.raises(SettingError, match=re.escape(expected)):
        Settings.from_environ({})


def test_the_help_of_feeds_lists_its_commands_by_what_people_do_and_nothing_of_flask() -> None:
    lines = CliRunner().invoke(cli, ["--help"]).output.splitlines()
    headings = [line.removesuffix(":") for line in lines if re.fullmatch("[A-Z][a-z]+:", line)]
    assert headings == ["Options", *SECTIONS]
    listed = [match[1] for line in lines if (match := re.match("  ([a-z]+)  +[A-Z]", line))]
    assert listed == list(MODULES)
    assert not [line for line in lines[1:] if line.endswith("...")], "each summary fits on its line"


@pytest.mark.parametrize("seconds", ["-1", "soon", "1.5", "9999999"])
def test_an_invalid_number_of_seconds_is_rejected(seconds: str) -> None:
    with pytest.raises(SettingError, match=r"^FEEDS_RESCAN: .* \(expected one such as 30\)"):
        Settings.from_environ({"FEEDS_RESCAN": seconds})


@pytest.mark.parametrize("url", ["localhost:8000", "ftp://a.example", "https://a.example/?b", "https://é.example"])
def test_an_invalid_site_url_is_rejected(url: str) -> None:
    with pytest.raises(SettingError, match=r"^FEEDS_URL: .* \(expected "):
        Settings.from_environ({"FEEDS_URL": url})


def test_the_project_runs_from_its_root() -> None:
    assert (ROOT / "app.py").is_file(), "what `flask` finds by itself"


def test_diff_shows_what_subscribers_would_see_and_how_to_fix_a_renamed_file(content: Path, tmp_path: Path) -> None:
    content_folder(content, {"a": {"title": "Un"}, "b": {"title": "Deux"}})
    app = create_app(Settings(content, state=tmp_path / "state"), clock=lambda: NOW)
    publisher_of(app).start()
    (content / "articles" / "a.yaml").rename(content / "articles" / "c.yaml")
    content_folder(content, {"b": {"title": "Deux, corrigé"}, "d": {"title": "Nouveau", "published": "2026-04-01"}})
    runner = FlaskCliRunner(create_app(Settings(content, state=tmp_path / "state"), clock=lambda: NOW))
    found = runner.invoke(args=["diff"])
    assert found.exit_code == 0
    assert found.output.splitlines() == [
        "new      2026-04-01  d  Nouveau",
        "edited   2026-03-01  b  Deux, corrigé",
        "renamed  tag:news.example,2020:c repeats tag:news.example,2020:a: readers show it again; add to its file"
        ' the line  id: "a"',
        "1 new, 1 edited, 0 gone, 1 renamed, 0 moved, 0 backdated",
    ]
    assert runner.invoke(args=["diff", "--max-new", "1"]).exit_code == 1
    assert json.loads(runner.invoke(args=["diff", "--format", "json"]).output)["renamed"] == {
        "tag:news.example,2020:a": "tag:news.example,2020:c"
    }
    other = runner.invoke(args=["diff", str(tmp_path / "state")])
    assert other.output == found.output
    assert (tmp_path / "state" / "manifest.json").read_text().count("Nouveau") == 0, "it changes nothing"


def test_diff_reports_a_changed_url(content: Path, tmp_path: Path) -> None:
    content_folder(content, {"a": {"title": "Un", "id": "k1", "language": "en"}})
    publisher_of(create_app(Settings(content, state=tmp_path / "state"), clock=lambda: NOW)).start()
    (content / "articles" / "a.yaml").rename(content / "articles" / "b.yaml")
    runner = FlaskCliRunner(create_app(Settings(content, state=tmp_path / "state"), clock=lambda: NOW))
    (line, counts) = runner.invoke(args=["diff"]).output.splitlines()
    assert line.endswith("has another address: add this redirect to site.yaml  /en/articles/a: /en/articles/b")
    assert counts == "0 new, 0 edited, 0 gone, 0 renamed, 1 moved, 0 backdated"


@pytest.mark.parametrize(
    "other", ["nowhere.json", pytest.param("http://127.0.0.1:9/manifest.json", marks=pytest.mark.integration)]
)
def test_diff_reports_a_manifest_that_cannot_be_read(other: str, content: Path) -> None:
    content_folder(content, {"a": {}})
    found = flask(content, "diff", other)
    assert found.exit_code == 1 and other in found.output
    assert ("could not be fetched" if "://" in other else "expected a manifest.json") in found.output


def test_commands_leave_no_trace_in_the_state_folder(content: Path, tmp_path: Path) -> None:
    content_folder(content, {"a": {}})
    runner = FlaskCliRunner(create_app(Settings(content, state=tmp_path / "state"), clock=lambda: NOW))
    for words in (["check"], ["diff"], ["new", "Essai"], ["schema"]):
        assert runner.invoke(args=words).exit_code == 0
    assert not (tmp_path / "state").exists()


def test_problems_are_printed_in_the_language_that_was_asked_for(
    content: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content_folder(content, {"a": {"published": "12/13/2026"}})
    runner = create_app(Settings(content)).test_cli_runner()
    french = runner.invoke(args=["check", "--language", "fr"]).output
    assert (
        "12/13/2026 n’est pas une date" in french and "1 erreur, " in french and "0 " not in french.split("\n")[-2][:2]
    )
    monkeypatch.setenv("FEEDS_LANGUAGE", "")
    assert "is not a date" in runner.invoke(args=["check"], env={"LANG": "de_DE.UTF-8"}).output
    assert "n’est pas une date" in runner.invoke(args=["check"], env={"LANG": "fr_CA.UTF-8"}).output
    assert "is not a date" in runner.invoke(args=["check", "--language", "en"], env={"LANG": "fr_FR"}).output


def feeds(*words: str, folder: Path, text: str | None = None, **environ: str) -> Result:
    """Run the console script in a folder."""
    runner = CliRunner(env={"FEEDS_CONTENT": "", "FEEDS_LANGUAGE": "", "LANG": "C", **environ})
    before = Path.cwd()
    os.chdir(folder)
    try:
        return runner.invoke(cli, list(words), obj=ScriptInfo(create_app=create_app), input=text)
    finally:
        os.chdir(before)


NEW_SITE = ("--title", "Nos « actualités » : 1", "--url", "https://news.example", "--category", "research=La recherche")


@pytest.mark.parametrize("languages", [("fr",), ("en", "fr"), ("de",)])
def test_init_writes_a_site_without_any_problem(languages: tuple[str, ...], tmp_path: Path) -> None:
    options = [word for tag in languages for word in ("--language", tag)]
    found = feeds("init", "news", *NEW_SITE, *options, folder=tmp_path)
    assert found.exit_code == 0, found.output
    folder = tmp_path / "news"
    problems = ContentFolder(folder).load().problems
    assert {problem.message.code for problem in problems} <= {"interface-language-missing"}
    (article,) = ContentFolder(folder).load().articles.values()
    assert article.draft and article.categories == ("research",)
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    schemas = {"article.schema.json", "site.schema.json"}
    assert (
        files - {f"articles/2026/{article.slug}.yaml"}
        == {
            *("site.yaml", "README.md", ".gitignore", "media/.gitkeep"),
            *schemas,
        }
        or f"articles/{article.published.year}/{article.slug}.yaml" in files
    )
    readme = (folder / "README.md").read_text(encoding="utf-8")
    assert ("Écrire" in readme) == (languages[0] == "fr") and "feeds edit" in found.output
    commands = re.findall("(?m)^  (.+?) +#", found.output)
    assert len(commands) == 3 and all("feeds " in command for command in commands)
    checked = feeds("check", folder=folder)
    assert checked.exit_code == 0 and "0 errors" in checked.output


def test_init_asks_for_what_it_needs_until_it_is_valid(tmp_path: Path) -> None:
    answers = "\nMon site\nhttps://exa mple\nnews.example\nxx-\nfr, en\n!!!\nRecherche, Vie de l’institut\n"
    found = feeds("init", ".", folder=tmp_path, text=answers, LANG="fr_FR.UTF-8")
    assert found.exit_code == 0, found.output
    assert "Titre du site" in found.output and "Le site est prêt" in found.output
    site, problems = ContentFolder(tmp_path).load_site()
    assert site and not problems and site.url == "https://news.example" and site.languages == ("fr", "en")
    assert list(site.categories) == ["recherche", "vie-de-l-institut"]


def test_init_changes_no_file_that_exists(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("mine", encoding="utf-8")
    assert feeds("init", ".", *NEW_SITE, folder=tmp_path).exit_code == 0
    assert (tmp_path / "README.md").read_text(encoding="utf-8") == "mine"
    again = feeds("init", ".", *NEW_SITE, folder=tmp_path)
    assert again.exit_code == 1 and "site.yaml already exists" in again.output


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--title", "x"), "--url and --category missing"),
        (("--title", "x", "--url", "ftp://x", "--category", "a=A"), "ftp://x"),
        (("--title", "x", "--url", "https://x.example", "--category", "A"), "expected one such as research=Research"),
        (("--title", "x", "--url", "https://x.example", "--category", "a=A, B"), "comma"),
        (("--title", "x", "--url", "https://x.example", "--category", "a=A", "--language", "-"), "- is not a language"),
    ],
)
def test_init_says_what_is_wrong_and_writes_nothing(options: tuple[str, ...], message: str, tmp_path: Path) -> None:
    found = feeds("init", "news", *options, folder=tmp_path)
    assert found.exit_code in (1, 2) and message in found.output
    assert list(tmp_path.iterdir()) == []


def test_without_a_site_every_command_names_init(tmp_path: Path) -> None:
    for command in ("check", "serve", "edit", "build"):
        found = feeds(command, *(["out"] if command == "build" else []), folder=tmp_path)
        assert found.exit_code == 2 and "create one with feeds init" in found.output


@pytest.mark.integration
def test_new_takes_a_language_an_original_and_a_picture(content: Path, tmp_path: Path) -> None:
    original = {"title": "Un", "tags": ["a"], "authors": ["B"], "categories": ["funding", "outreach"]}
    content_folder(content, {"2025/un": original})
    draw(tmp_path / "Photo 1.png")
    path = content / "articles" / "2025" / "un.yaml"
    before = path.read_text(encoding="utf-8")
    options = ("--translate", str(path), "--picture", str(tmp_path / "Photo 1.png"))
    assert flask(content, "new", "One", *options).output == f"{content}/articles/one.yaml\n"
    one = ContentFolder(content).load().articles["one"]
    assert (one.language, one.twin, one.categories, one.tags) == ("en", "un", ("funding", "outreach"), ("a",))
    assert one.picture and one.picture.file.path == "2026/photo-1.png" and one.draft
    assert path.read_text(encoding="utf-8") == before + "twin: un\n" or "twin: un\n" in path.read_text(encoding="utf-8")
    text = (content / "articles" / "one.yaml").read_text(encoding="utf-8")
    keys = set(re.findall("(?m)^(?:# )?([a-z_]+):", text))
    assert keys >= set(Article.model_fields) - {"id"}
    refused = flask(content, "new", "Eins", "--language", "de")
    assert refused.exit_code == 2 and "de is not a language of the site (expected fr or en)" in refused.output
    assert flask(content, "new", "Un", "--translate", str(path), "--language", "fr").exit_code == 2
    again = flask(content, "new", "Two", "--translate", str(path))
    assert again.exit_code == 2 and "one is already its translation into en" in again.output
    assert flask(content, "new", "Media").output == f"{content}/articles/media-2.yaml\n"
    flow = content / "articles" / "flow.yaml"
    flow.write_text(json.dumps({**PLAIN, "title": "Flow"}), encoding="utf-8")
    linked = flask(content, "new", "In English", "--translate", str(flow))
    assert linked.exit_code == 0 and f"Add the line  twin: flow  to {flow}" in linked.output
    (tmp_path / "a.jpg").write_bytes(b"no picture")
    assert "is not a picture" in flask(content, "new", "Un", "--picture", str(tmp_path / "a.jpg")).output
