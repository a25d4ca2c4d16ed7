"""The renditions of pictures, and the problems reported for files that have none."""

from __future__ import annotations

import io
import json
import logging
import re
import shutil
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from flask.testing import FlaskCliRunner
from PIL import Image, ImageCms
from werkzeug.test import Client

from feeds import create_app
from feeds.content import rendering
from feeds.content.media import MediaFolder
from feeds.content.pictures import PictureStore
from feeds.model.renditions import CARD_SIZE, MAX_RENDITION_BYTES, Original, Renditions, crop_box, scaled_size
from feeds.server.picture_queue import MAX_AT_ONCE
from feeds.server.publisher import Publisher
from feeds.settings import Settings
from tests.builders import NOW, TESTS, as_yaml, content_folder, draw
from tests.builders import PLAIN as PLAIN_ARTICLE
from tests.builders import publisher_of as publisher_in

DATA = TESTS / "data" / "pictures"
EXPECTED: dict[str, str | None] = yaml.safe_load((DATA / "expected.yaml").read_text(encoding="utf-8"))
GPS, ORIENTATION, MAKER = 0x8825, 0x0112, 0x010F


class Darkroom:
    """A folder of originals, and a store of their renditions."""

    def __init__(self, root: Path) -> None:
        (root / "media").mkdir(parents=True, exist_ok=True)
        self.root = root
        self.store = PictureStore(MediaFolder(root / "media"), root / "pictures")

    def original(
        self, name: str, picture: Image.Image, focus: tuple[float, float] | None = None, **how: Any
    ) -> Original:
        picture.save(self.root / "media" / name, **how)
        return Original(MediaFolder(self.root / "media").find(name), focus)

    def made(self, original: Original) -> Renditions:
        self.store.make(original)
        found = self.store.pictures.of(original)
        assert found
        return found

    def opened(self, name: str) -> Image.Image:
        with Image.open(self.root / "pictures" / name) as picture:
            picture.load()
            return picture


@pytest.fixture
def darkroom(tmp_path: Path) -> Darkroom:
    return Darkroom(tmp_path)


def quarters(width: int, height: int) -> Image.Image:
    """Return a blue picture whose top left quarter is red."""
    picture = Image.new("RGB", (width, height), "blue")
    picture.paste("red", (0, 0, width // 2, height // 2))
    return picture


def colour(picture: Image.Image, x: float, y: float) -> str:
    red, green, blue = picture.convert("RGB").getpixel((int(x * picture.width), int(y * picture.height)))  # type: ignore[misc]
    return "red" if red > 200 > blue else "blue" if blue > 200 > red else f"{red},{green},{blue}"


def test_a_picture_is_turned_upright_resized_and_stripped_of_its_location(darkroom: Darkroom) -> None:
    exif = Image.Exif()
    exif[ORIENTATION], exif[MAKER] = 6, "A camera"
    exif.get_ifd(GPS)[1] = "N"
    original = darkroom.original("a.jpg", quarters(4000, 3000), exif=exif)
    assert (original.file.width, original.file.height) == (3000, 4000)
    feed = darkroom.made(original).feed
    assert (feed.type, feed.width, feed.height) == ("image/jpeg", 1200, 1600)
    picture = darkroom.opened(feed.name)
    assert (
        picture.size == (1200, 1600) and colour(picture, 0.75, 0.25) == "red" and colour(picture, 0.25, 0.25) == "blue"
    )
    assert not picture.getexif() and "icc_profile" not in picture.info
    assert feed.length == (darkroom.root / "pictures" / feed.name).stat().st_size


def test_a_card_is_cropped_around_the_focus(darkroom: Darkroom) -> None:
    picture = quarters(3000, 3000)
    cards = {}
    for focus in (None, (0.5, 0.0), (0.5, 1.0)):
        original = darkroom.original("a.jpg", picture, focus)
        card = darkroom.made(original).card
        assert (card.width, card.height) == CARD_SIZE
        cards[focus] = darkroom.opened(card.name)
    assert colour(cards[0.5, 0.0], 0.1, 0.9) == "red" and colour(cards[0.5, 1.0], 0.1, 0.1) == "blue"
    assert (colour(cards[None], 0.1, 0.1), colour(cards[None], 0.1, 0.9)) == ("red", "blue")
    stems = {Original(original.file, focus).feed_stem for focus in cards}
    assert len(stems) == 1, "a new focus leaves the picture in feeds alone"


@pytest.mark.parametrize(
    ("size", "focus", "box"),
    [
        ((1200, 630), None, (0, 0, 1200, 630)),
        ((2400, 630), (0.0, 0.5), (0, 0, 1200, 630)),
        ((2400, 630), (1.0, 0.5), (1200, 0, 2400, 630)),
        ((1200, 1260), (0.3, 0.5), (0, 315, 1200, 945)),
        ((600, 400), None, (0, 42.5, 600, 357.5)),
    ],
)
def test_a_crop_has_the_aspect_ratio_of_a_card_and_stays_inside_the_picture(size: Any, focus: Any, box: Any) -> None:
    width, height = size
    assert crop_box(width, height, focus) == box


def test_no_picture_is_enlarged() -> None:
    assert scaled_size(800, 600, 1600) == (800, 600)
    assert scaled_size(3200, 10, 1600) == (1600, 5)
    assert scaled_size(100_000, 1, 1600) == (1600, 1)


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "LA", "I;16", "CMYK", "YCbCr"])
def test_every_colour_mode_is_supported(mode: str, darkroom: Darkroom) -> None:
    grey = Image.new("L", (1600, 900), 128)
    picture = Image.new("I;16", grey.size, 128 * 256) if mode == "I;16" else grey.convert("RGB").convert(mode)
    name = "a.jpg" if mode in ("CMYK", "YCbCr") else "a.png"
    made = darkroom.made(darkroom.original(name, picture))
    assert made.feed.type == "image/jpeg", "what is not transparent at all is a JPEG"
    red, green, blue = darkroom.opened(made.feed.name).convert("RGB").getpixel((5, 5))  # type: ignore[misc]
    assert red == green == blue and (mode in ("1", "P") or abs(red - 128) < 4)


def test_transparency_is_preserved(darkroom: Darkroom) -> None:
    picture = quarters(2000, 1000)
    picture.putalpha(Image.linear_gradient("L").resize(picture.size))
    made = darkroom.made(darkroom.original("a.png", picture))
    assert (made.feed.type, made.card.type) == ("image/png", "image/jpeg"), "a card is shown on any ground"
    assert darkroom.opened(made.feed.name).mode == "RGBA"


def test_colours_of_another_profile_are_converted(darkroom: Darkroom) -> None:
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("XYZ"))
    picture = Image.new("RGB", (1600, 900), (200, 100, 50))
    made = darkroom.made(darkroom.original("a.jpg", picture, icc_profile=lab.tobytes()))
    odd = darkroom.made(darkroom.original("b.jpg", picture, icc_profile=b"no profile at all"))
    assert "icc_profile" not in darkroom.opened(made.feed.name).info
    pixel = darkroom.opened(odd.feed.name).getpixel((5, 5))
    assert max(abs(one - other) for one, other in zip(pixel, (200, 100, 50), strict=True)) < 6  # type: ignore[arg-type]


def test_a_rendition_of_a_noisy_picture_stays_below_the_size_limit_of_networks(darkroom: Darkroom) -> None:
    noise = Image.effect_noise((1300, 1300), 200).convert("RGB")
    clear = Image.effect_noise((1300, 1300), 200).convert("RGBA")
    clear.putalpha(Image.linear_gradient("L").resize(clear.size))
    for name, picture in (("a.png", noise), ("b.png", clear)):
        made = darkroom.made(darkroom.original(name, picture, compress_level=1))
        assert (made.card.width, made.card.height) == CARD_SIZE
        for each in (made.feed, made.card):
            assert each.length <= MAX_RENDITION_BYTES
            assert darkroom.opened(each.name).size == (each.width, each.height)


def test_smaller_renditions_are_created_on_demand_and_only_once(darkroom: Darkroom) -> None:
    original = darkroom.original("a.jpg", quarters(1000, 500))
    assert list(original.small_names.values()) == [480, 800]
    name = next(iter(original.small_names))
    darkroom.store.make_small_pictures(original)
    path = darkroom.store.verified_path(name)
    assert path is not None
    with Image.open(path) as picture:
        assert (picture.size, picture.format) == ((480, 240), "WEBP")
    before = path.stat().st_mtime_ns
    darkroom.store.make_small_pictures(original)
    assert darkroom.store.verified_path(name) == path and path.stat().st_mtime_ns == before
    assert darkroom.store.verified_path("anything.webp") is None


def test_another_process_reuses_existing_renditions(darkroom: Darkroom) -> None:
    original = darkroom.original("a.jpg", quarters(1000, 500))
    made = darkroom.made(original)
    other = PictureStore(MediaFolder(darkroom.root / "media"), darkroom.root / "pictures")
    assert other.refresh().of(original) == made and not other.is_missing(original)
    times = {path.name: path.stat().st_mtime_ns for path in (darkroom.root / "pictures").iterdir()}
    other.make(original)
    assert {path.name: path.stat().st_mtime_ns for path in (darkroom.root / "pictures").iterdir()} == times


def test_renditions_are_created_even_without_a_usable_folder(
    darkroom: Darkroom, caplog: pytest.LogCaptureFixture
) -> None:
    (darkroom.root / "file").write_text("no folder")
    store = PictureStore(MediaFolder(darkroom.root / "media"), darkroom.root / "file" / "pictures")
    original = darkroom.original("a.jpg", quarters(1000, 500))
    store.make(original)
    assert store.pictures.of(original) and caplog.text.count("cannot be used") == 1


@pytest.mark.parametrize("name", EXPECTED)
def test_a_broken_or_hostile_picture_is_reported_with_its_line_and_affects_nothing_else(
    name: str, content: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR)
    about = as_yaml({**PLAIN_ARTICLE, "title": "Le suspect"}) + f"picture:\n  file: {name}\n  alt: Une image\n"
    content_folder(content, {"suspect": about, "other": {"title": "Un autre"}})
    (content / "media" / name).write_bytes((DATA / name).read_bytes())
    app = create_app(Settings(content), clock=lambda: NOW)
    feed = json.loads(Client(app.wsgi_app).get("/feeds/all.json").data)
    titles = {item["title"]: item.get("image") for item in feed["items"]}
    told = [str(problem) for problem in publisher_in(app).problems if problem.severity == "error"]
    expected = EXPECTED[name]
    if expected is None:
        assert told == [] and titles["Le suspect"]
    elif expected.startswith("cannot be decoded"):
        assert titles == {"Le suspect": None, "Un autre": None}, "it is made of a picture, and missed when that is"
        (problem,) = told
        assert problem.startswith(f"{content}/articles/suspect.yaml:6:9: picture.file: media/{name} {expected}")
        assert problem in caplog.text
        runner = FlaskCliRunner(create_app(Settings(content), clock=lambda: NOW))
        assert problem in runner.invoke(args=["check"]).output
    else:
        assert told == [f"{content}/articles/suspect.yaml:6:9: picture.file: media/{name} {expected}"]
        assert titles == {"Un autre": None}


def test_every_test_picture_has_an_expected_result() -> None:
    assert {path.name for path in DATA.iterdir()} - {"expected.yaml"} == set(EXPECTED)


def pictured(number: int) -> dict[str, object]:
    return {"picture": {"file": f"p{number}.jpg", "alt": "Un dessin"}, "published": f"2026-01-{number + 1:02}"}


def images(publisher: Publisher) -> list[bool]:
    assert publisher.edition
    return ["image" in item for item in json.loads(publisher.edition["/feeds/all.json"].data)["items"]]


def publisher_of(content: Path, state: Path) -> Publisher:
    folder = content_folder(content, {})
    return Publisher(folder, lambda: NOW, rescan=30, pictures=PictureStore(folder.media, state))


def test_with_many_pictures_the_articles_are_published_before_them(
    content: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    count = MAX_AT_ONCE + 3
    content_folder(content, {f"a{number}": pictured(number) for number in range(count)})
    for number in range(count):
        quarters(400 + number, 300).save(content / "media" / f"p{number}.jpg")
    release = threading.Event()
    make = PictureStore.make

    def wait_and_make(self: PictureStore, original: Original) -> bool:
        release.wait(60)
        return make(self, original)

    monkeypatch.setattr(PictureStore, "make", wait_and_make)
    publisher = publisher_of(content, tmp_path / "pictures")
    publisher.start()
    assert images(publisher) == [False] * count
    before = publisher.edition
    release.set()
    assert publisher.picture_queue.wait_until_idle(60) and publisher.picture_queue.has_news()
    publisher.refresh(NOW + timedelta(seconds=1))
    assert images(publisher) == [True] * count
    assert before and publisher.edition
    for path in ("/feeds/all.json", "/articles/a0"):
        assert publisher.edition[path].modified > before[path].modified
    again = publisher_of(content, tmp_path / "pictures")
    again.start()
    assert images(again) == [True] * count and not again.picture_queue.has_news(), "a second start makes nothing"


def test_a_new_article_appears_with_its_picture_at_once(content: Path, tmp_path: Path) -> None:
    publisher = publisher_of(content, tmp_path / "pictures")
    publisher.start()
    draw(content / "media" / "p0.jpg", 1300, 700)
    (content / "articles" / "a.yaml").write_text(as_yaml({**PLAIN_ARTICLE, **pictured(0)}), encoding="utf-8")
    publisher.refresh(NOW + timedelta(seconds=1))
    assert images(publisher) == [True]


def test_a_rendition_is_immutable_and_served_only_while_a_live_article_shows_it(content: Path) -> None:
    hidden = {"picture": {"file": "p1.jpg", "alt": "Un dessin"}, "published": "2027-01-01"}
    content_folder(content, {"a": pictured(0), "coming": hidden})
    quarters(1300, 700).save(content / "media" / "p0.jpg")
    quarters(1301, 700).save(content / "media" / "p1.jpg")
    app = create_app(Settings(content), clock=lambda: NOW)
    client, media = Client(app.wsgi_app), MediaFolder(content / "media")
    url = json.loads(client.get("/feeds/all.json").data)["items"][0]["image"].removeprefix("https://news.example")
    small = next(iter(Original(media.find("p0.jpg")).small_names))
    for path, kind in ((url, "image/jpeg"), (f"/pictures/{small}", "image/webp")):
        found = client.get(path, buffered=True)
        assert (found.status_code, found.content_type) == (200, kind)
        assert found.headers["Cache-Control"] == "public, max-age=31536000, immutable, s-maxage=10"
        assert client.get(path, headers={"If-None-Match": found.headers["ETag"]}, buffered=True).status_code == 304
        with Image.open(io.BytesIO(found.data)) as picture:
            assert picture.width in (1300, 480)
    coming = publisher_in(app).pictures.pictures.of(Original(media.find("p1.jpg")))
    assert coming, "it is made ahead, for the moment that the embargo ends"
    names = [
        coming.feed.name,
        coming.card.name,
        *Original(media.find("p1.jpg")).small_names,
        url[10:30] + "-9.webp",
        "x",
    ]
    for name in names:
        assert client.get(f"/pictures/{name}", buffered=True).status_code == 404
    assert client.get("/media/p0.jpg").status_code == 404, "the original may tell where it was taken"


def test_pictures_in_a_body_have_renditions_too(content: Path) -> None:
    body = (
        "![Un dessin](/media/p0.jpg)\n\n"
        '<img src="/media/é%20t.png" width="30" alt="A &amp; B" title="T">\n\n![Animé](/media/a.gif) ![Loin](https://a.example/b.jpg)'
    )
    content_folder(content, {"a": {"body": body}})
    exif = Image.Exif()
    exif.get_ifd(GPS)[1] = "N"
    quarters(2000, 1000).save(content / "media" / "p0.jpg", exif=exif)
    quarters(300, 200).save(content / "media" / "é t.png")
    quarters(30, 20).save(content / "media" / "a.gif")
    client = Client(create_app(Settings(content), clock=lambda: NOW).wsgi_app)
    (item,) = json.loads(client.get("/feeds/all.json").data)["items"]
    tags = re.findall("<img[^>]*>", item["content_html"])
    sources = [re.search('src="https://[a-z.]+([^"]*)"', tag) for tag in tags]
    paths = [source[1] if source else "" for source in sources]
    assert [re.sub(' src="[^"]*"', "", tag) for tag in tags] == [
        '<img alt="Un dessin" width="1600" height="800">',
        '<img alt="A &amp; B" title="T" width="300" height="200">',
        '<img alt="Animé">',
        '<img alt="Loin">',
    ]
    assert paths[2:] == ["/media/a.gif", "/b.jpg"], "what may move stays, and what is elsewhere"
    for path in paths[:2]:
        with Image.open(io.BytesIO(client.get(path, buffered=True).data)) as picture:
            assert not picture.getexif()
    assert (
        client.get("/media/p0.jpg").status_code == 404 and client.get("/media/a.gif", buffered=True).status_code == 200
    )
    page = client.get("/articles/a").text
    assert f'<img loading="lazy" alt="Un dessin" src="{paths[0]}" width="1600" height="800">' in page


def test_a_changed_or_broken_picture_in_a_body_is_detected(content: Path) -> None:
    folder = content_folder(content, {"a": {"body": "Un texte.\n\n![Un dessin](/media/p0.jpg)"}})
    quarters(2000, 1000).save(content / "media" / "p0.jpg")
    now = [NOW]
    publisher = Publisher(folder, lambda: now[0])
    publisher.start()
    assert publisher.edition and b"1600" in publisher.edition["/articles/a"].data
    quarters(1000, 1000).save(content / "media" / "p0.jpg")
    publisher.refresh(NOW + timedelta(seconds=1))
    assert b'width="1000" height="1000"' in publisher.edition["/articles/a"].data
    (content / "media" / "p0.jpg").write_bytes((DATA / "cut-short.jpg").read_bytes())
    for seconds in (2, 3):
        publisher.refresh(NOW + timedelta(seconds=seconds))
    (told,) = [str(each) for each in publisher.problems if each.severity == "error"]
    assert told.startswith(f"{content}/articles/a.yaml:") and "body: media/p0.jpg is damaged or incomplete" in told
    assert b'width="1000" height="1000"' in publisher.edition["/articles/a"].data, "it stays as it was"


def test_an_mpo_picture_from_a_phone_is_treated_as_a_jpeg(darkroom: Darkroom) -> None:
    picture = quarters(2000, 1000)
    original = darkroom.original(
        "a.jpg", picture, format="MPO", save_all=True, append_images=[picture.resize((200, 100))]
    )
    assert (original.file.type, original.file.flaw) == ("image/jpeg", None)
    assert darkroom.made(original).feed.width == 1600


def test_a_very_tall_picture_is_decoded_large_enough(darkroom: Darkroom) -> None:
    """A JPEG may be decoded at a half, a quarter or an eighth of its size, unless a crop or a width needs more."""
    original = darkroom.original("a.jpg", Image.new("RGB", (1000, 8000), "red"))
    for scale, width in ((1.2, 1000), (0.8, 1000), (0.05, 125)):
        assert rendering.open_upright(darkroom.root / "media" / "a.jpg", scale).size == (width, width * 8)
    card = darkroom.made(original).card
    assert (card.width, card.height) == CARD_SIZE


def test_a_file_that_changed_after_it_was_measured_gets_no_rendition(darkroom: Darkroom) -> None:
    original = darkroom.original("a.jpg", Image.new("RGB", (1300, 700), "red"))
    Image.new("RGB", (1300, 700), "blue").save(darkroom.root / "media" / "a.jpg")
    darkroom.store.make(original)
    darkroom.store.make_small_pictures(original)
    assert darkroom.store.verified_path(next(iter(original.small_names))) is None
    assert darkroom.store.is_missing(original) and not darkroom.store.failures
    Image.new("RGB", (1300, 700), "red").save(darkroom.root / "media" / "a.jpg")
    assert colour(darkroom.opened(darkroom.made(original).feed.name), 0.5, 0.5) == "red"


def test_palette_colours_are_converted_too(darkroom: Darkroom) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    picture = Image.new("RGB", (1300, 700), (200, 100, 50))
    pixels: list[Any] = []
    for name, each in (("a.png", picture), ("b.png", picture.quantize(4))):
        made = darkroom.made(darkroom.original(name, each, icc_profile=profile))
        pixels.append(darkroom.opened(made.feed.name).convert("RGB").getpixel((5, 5)))
    assert max(abs(one - other) for one, other in zip(*pixels, strict=True)) < 6


def test_a_missing_or_full_picture_folder_delays_no_article(
    content: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    publisher = publisher_of(content, tmp_path / "pictures")
    publisher.start()
    for number in range(3):
        quarters(1300 + number, 700).save(content / "media" / f"p{number}.jpg")

    def add(number: int, seconds: int) -> list[bool]:
        text = as_yaml({**PLAIN_ARTICLE, **pictured(number)})
        (content / "articles" / f"a{number}.yaml").write_text(text, encoding="utf-8")
        publisher.refresh(NOW + timedelta(seconds=seconds))
        return images(publisher)

    assert add(0, 1) == [True]
    assert publisher.picture_queue.wait_until_idle(60)
    shutil.rmtree(tmp_path / "pictures")
    assert add(1, 2) == [True, True], "what was lost is made again"

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("feeds.content.pictures.os.replace", full)
    assert add(2, 4) == [False, True, True]
    assert not publisher.pictures.failures
    assert not [path for path in (tmp_path / "pictures").iterdir() if path.name.startswith("new-")]
    monkeypatch.undo()
    assert publisher.edition
    publisher.picture_queue.add(publisher.edition.catalog)  # wakes the thread, which otherwise waits for 30 seconds
    assert publisher.picture_queue.wait_until_idle(60)
    publisher.refresh(NOW + timedelta(seconds=5))
    assert images(publisher) == [True, True, True]


def test_a_link_to_a_picture_that_is_shown_points_to_its_rendition(content: Path) -> None:
    content_folder(content, {"a": {"body": "[![Un dessin](/media/p0.jpg)](/media/p0.jpg)"}})
    quarters(2000, 1000).save(content / "media" / "p0.jpg")
    client = Client(create_app(Settings(content), clock=lambda: NOW).wsgi_app)
    (item,) = json.loads(client.get("/feeds/all.json").data)["items"]
    (address,) = set(re.findall('(?:href|src)="([^"]*)"', item["content_html"]))
    assert "/pictures/" in address and client.get("/media/p0.jpg").status_code == 404


def test_an_entry_without_its_only_picture_falls_back_to_its_title(content: Path) -> None:
    content_folder(content, {"a": {"title": "Le titre", "body": "![Un dessin](/media/garbage-inside.png)"}})
    (content / "media" / "garbage-inside.png").write_bytes((DATA / "garbage-inside.png").read_bytes())
    client = Client(create_app(Settings(content), clock=lambda: NOW).wsgi_app)
    (item,) = json.loads(client.get("/feeds/all.json").data)["items"]
    assert item["content_html"] == "<p>Le titre</p>"
