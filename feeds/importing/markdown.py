"""HTML of other systems becomes our Markdown, with its pictures where they are now.

It fetches nothing: what an address becomes is asked of the caller. What is left out or changed is told.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from urllib.parse import quote, urljoin, urlsplit

from bs4 import BeautifulSoup
from bs4.element import Tag
from markdownify import ATX, BACKSLASH, MarkdownConverter

from .oldfeed import OldPicture

Place = Callable[[str], str]
"""Tells where what was at an absolute address is now."""

_GONE = ("script", "style", "form", "svg", "noscript", "template", "select", "button", "input", "textarea", "object")
_LAZY = ("data-src", "data-lazy-src", "data-original", "data-orig-file")
_SPECIAL = re.compile(r"([\\`*\[])|(<)(?=[A-Za-z/!?])|(&)(?=#?[0-9A-Za-z]+;)|((?<![0-9A-Za-z])_|_(?![0-9A-Za-z]))")
_AT_START = re.compile(
    r"(?m)^([ \t]*)(?:(>|[-+](?=\s|$)|#{1,6}(?=\s|$)|=+[ \t]*$|-{2,}[ \t]*$|~{3,})|([0-9]{1,9})([.)](?=\s|$)))"
)
_PICTURE = re.compile(r"\.(jpe?g|png|gif|webp)$", re.IGNORECASE)
_LANGUAGE = re.compile(r"(?:language|lang|brush:?)[- ]?([A-Za-z0-9+#]+)")


@dataclass(frozen=True)
class Converted:
    """A body in Markdown, the addresses of the pictures in it as they were, and what was changed on the way."""

    text: str
    pictures: tuple[str, ...]
    notes: tuple[str, ...]


def to_markdown(
    html: str, *, base: str, extras: Iterable[str] = (), without: str | None = None, picture: Place, link: Place
) -> Converted:
    """Convert a text whose references are relative to `base`.

    `extras` are CSS selectors of what is not the author's, `without` the address of a picture that is shown above the
    text already; `picture` and `link` tell where absolute addresses lead now.
    """
    soup = BeautifulSoup(html, "lxml")
    notes = _clean(soup, base, extras)
    _drop_head(soup, base, without)
    converter = _Converter(base, picture, link)
    text = converter.convert_soup(soup.body or soup)
    text = re.sub(r"[ \t]+$", "", text, flags=re.MULTILINE)
    return Converted(re.sub(r"\n{3,}", "\n\n", text).strip("\n"), tuple(converter.pictures), (*notes, *converter.notes))


def _clean(soup: BeautifulSoup, base: str, extras: Iterable[str]) -> list[str]:
    """Take out what is not the author's, and what no reader keeps."""
    notes = []
    for selector in extras:
        for each in soup.select(selector):
            each.decompose()
    for each in soup.find_all("img"):
        lazy = next((each[name] for name in _LAZY if each.get(name)), None)
        if lazy:
            each["src"] = lazy
        if "/images/core/emoji/" in str(each.get("src")) or "wp-smiley" in (each.get("class") or []):
            each.replace_with(str(each.get("alt") or ""))
        elif (each.get("width"), each.get("height")) == ("1", "1") or not each.get("src"):
            each.decompose()
        elif str(each["src"]).startswith("data:"):
            notes.append("a picture that stood in the text itself is left out")
            each.decompose()
    gone = [each for each in soup.find_all(_GONE) if each.name not in ("noscript", "style")]
    notes += [f"<{name}> is left out" for name in dict.fromkeys(each.name for each in gone)]
    for each in soup.find_all(_GONE):
        if not each.decomposed:
            each.decompose()
    _drop_footer(soup, base)
    return notes


def _drop_footer(soup: BeautifulSoup, base: str) -> None:
    """Take out the line in which WordPress says, in any language, that a post appeared there first."""
    paragraphs = [each for each in soup.find_all("p") if each.get_text().strip()]
    if paragraphs:
        links = [urljoin(base, str(each.get("href"))) for each in paragraphs[-1].find_all("a")]
        if len(links) == 2 and links[0].rstrip("/") == base.rstrip("/") and base.startswith(links[1].rstrip("/")):
            paragraphs[-1].decompose()


def first_picture(html: str, base: str, extras: Iterable[str] = ()) -> tuple[OldPicture | None, bool]:
    """Give the first picture of a text with its caption, and tell whether nothing stands before it."""
    soup = BeautifulSoup(html, "lxml")
    _clean(soup, base, extras)
    image = soup.find("img")
    if not isinstance(image, Tag):
        return None, False
    caption = _figure(image).find("figcaption")
    words = re.sub(r"\s+", " ", caption.get_text()).strip(" ") if isinstance(caption, Tag) else ""
    is_at_head = not any(each.strip() for each in image.find_all_previous(string=True))
    return OldPicture(best_source(image, base), str(image.get("alt") or ""), words), is_at_head


def _figure(image: Tag) -> Tag:
    return image.find_parent("figure") or image


def _drop_head(soup: BeautifulSoup, base: str, shown: str | None) -> None:
    """Take out a picture at the head of the text that is shown above it."""
    first = soup.find("img")
    if shown and isinstance(first, Tag) and same_picture(best_source(first, base), shown):
        _figure(first).decompose()


def same_picture(one: str, other: str) -> bool:
    """Tell whether two addresses are of one picture, which WordPress keeps in several sizes."""
    paths = [re.sub(r"(-[0-9]+x[0-9]+|-scaled)(?=\.[a-z]+$)", "", urlsplit(each).path.lower()) for each in (one, other)]
    return paths[0] == paths[1]


def best_source(image: Tag, base: str) -> str:
    """Give the address of the largest form of a picture that a text names: it may link to it."""
    found = str(image.get("src"))
    sizes = re.findall(r"(\S+)\s+([0-9]+)w", str(image.get("srcset") or image.get("data-srcset") or ""))
    if sizes:
        found = max(sizes, key=lambda each: int(each[1]))[0]
    parent = image.parent
    if isinstance(parent, Tag) and parent.name == "a" and _PICTURE.search(urlsplit(str(parent.get("href"))).path):
        found = str(parent["href"])
    return urljoin(base, found.partition("#joomlaImage")[0].strip())


class _Converter(MarkdownConverter):
    """What markdownify does, in the Markdown that we render."""

    def __init__(self, base: str, picture: Place, link: Place) -> None:
        cells = ["td", "th", "a", "p", "figure", "div", "h1", "h2", "h3", "h4", "h5", "h6"]
        super().__init__(
            heading_style=ATX,
            bullets="-",
            newline_style=BACKSLASH,
            sub_symbol="<sub>",
            sup_symbol="<sup>",
            keep_inline_images_in=cells,
            code_language_callback=_code_language,
        )
        self._base, self._picture, self._link = base, picture, link
        self.pictures: list[str] = []
        self.notes: list[str] = []

    def escape(self, text: str, parent_tags: set[str]) -> str:
        """Keep what Markdown would take for its own."""
        text = _SPECIAL.sub(lambda found: "\\" + found[0], text)
        text = _AT_START.sub(
            lambda found: f"{found[1]}\\{found[2]}" if found[2] else f"{found[1]}{found[3]}\\{found[4]}", text
        )
        return text.replace("|", "\\|") if parent_tags & {"td", "th"} else text

    def convert_img(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        """Show a picture from where it is now."""
        source = best_source(el, self._base)
        self.pictures.append(source)
        alt = re.sub(r"\s+", " ", str(el.get("alt") or "")).strip()
        return f"![{self.escape(alt, set()).replace(']', chr(92) + ']')}]({_destination(self._picture(source))})"

    def convert_a(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        """Link to where something is now; a picture that links to its own larger form is shown instead."""
        href = str(el.get("href") or "").strip()
        if not href or not text.strip() or "_noformat" in parent_tags:
            return text
        if text.lstrip().startswith("![") and _PICTURE.search(urlsplit(href).path):
            return text
        if href.startswith("#") or urlsplit(href).scheme not in ("", "http", "https", "mailto"):
            if not href.startswith("#"):
                self.notes.append(f"a link to {urlsplit(href).scheme}: is left out, and its text stays")
            return text
        place = href if href.startswith("mailto:") else self._link(urljoin(self._base, href))
        before, after = text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]
        label = re.sub(r"\s*\n\s*", " ", text.strip())
        if place == el.get_text().strip() and place == _destination(place) and urlsplit(place).scheme:
            return f"{before}<{place}>{after}"
        return f"{before}[{label}]({_destination(place)}){after}"

    def _player(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        source = el.get("src") or next((each.get("src") for each in el.find_all("source") if each.get("src")), None)
        if not source:
            return ""
        address = _watched(urljoin(self._base, str(source)))
        label = str(el.get("title") or "").strip() or urlsplit(address).netloc
        self.notes.append(f"<{el.name}> is a link now: {address}")
        return f"\n\n[{self.escape(label, set())}]({_destination(self._link(address))})\n\n"

    convert_iframe = convert_video = convert_audio = convert_embed = _player

    def convert_figcaption(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        """Print a caption as a line of its own."""
        caption = re.sub(r"\s*\n\s*", " ", text.strip())
        return f"\n\n*{caption}*\n\n" if caption else ""

    def convert_figure(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        """Set a figure apart."""
        return f"\n\n{text.strip()}\n\n"

    def convert_del(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        """Keep the text; readers have no mark for it."""
        return text

    convert_s = convert_del

    def convert_dt(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        """Print what is explained as a line of its own."""
        return f"\n\n**{text.strip()}**\n\n" if text.strip() else ""

    def convert_dd(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        """Print the explanation below it."""
        return f"\n\n{text.strip()}\n\n"

    def convert_q(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        """Keep a quotation's own element."""
        return f"<q>{text}</q>"


def _code_language(el: Tag) -> str:
    inner = el.find("code")
    names = " ".join([*(el.get("class") or []), *((inner.get("class") or []) if isinstance(inner, Tag) else [])])
    found = _LANGUAGE.search(names)
    return found[1].lower() if found else ""


def _destination(address: str) -> str:
    """Write an address so that no character of it ends a link."""
    return quote(address, safe="%/:?#[]@!$&'*+,;=~-._").replace("[", "%5B").replace("]", "%5D")


def _watched(address: str) -> str:
    """Give the page on which what is embedded is watched."""
    parts = urlsplit(address)
    if re.search(r"(^|\.)youtube(-nocookie)?\.com$", parts.netloc) and parts.path.startswith("/embed/"):
        return f"https://www.youtube.com/watch?v={parts.path.removeprefix('/embed/')}"
    if parts.netloc == "player.vimeo.com" and parts.path.startswith("/video/"):
        return f"https://vimeo.com/{parts.path.removeprefix('/video/')}"
    return address
