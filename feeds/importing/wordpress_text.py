"""Renders the content of WordPress posts as HTML.

Posts contain blank lines between paragraphs, shortcodes, and comments of the block editor.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping, Sequence

from .code_blocks import LANGUAGE_ATTRIBUTE
from .old_feed import OldPicture
from .pairs import Pair, find_pairs, replace_pairs

_VERBATIM = re.compile(r"<(pre|script|style|figure|table)\b[^<>]*>", re.IGNORECASE)
"""Elements in which line ends are left unchanged."""

_FLOWING = ("li", "dd", "dt", "p", "h1", "h2", "h3", "h4", "h5", "h6", "summary")
"""Elements whose text is a paragraph only if there are several."""

_BLOCK_TAG = re.compile(
    r"(</?(?:address|article|aside|audio|blockquote|dd|details|div|dl|dt|form|h[1-6]|hr|iframe|li|nav|ol|p|section|"
    r"summary|ul|video)\b[^<>]*>)",
    re.IGNORECASE,
)

_SHORTCODE = re.compile(r"\[([a-z][a-z0-9_-]*[_-][a-z0-9_-]*|[a-z]+(?= [a-z_]+=))[^\[\]]*\]")
"""A shortcode with a name that contains a hyphen or underscore, or with an attribute."""

_CLOSING_SHORTCODE = re.compile(r"\[/([A-Za-z][A-Za-z0-9_-]*)\](?!\])")

_RESTRICTING_WORDS = {
    *("membership", "private", "restrict", "restricted", "protected", "paywall", "loggedin", "s2if", "mepr", "ihc"),
    *("wlm", "pmpro", "rcp", "ppwp", "passster"),
}
"""Words in the names of shortcodes that show what they enclose only to some visitors."""

_RESTRICTING_NAMES = {
    *("access", "member", "members", "member_only", "members_only", "members-only", "paid", "premium", "subscriber"),
    *("subscribers", "um_show_content", "user_role"),
}
_RESTRICTING_BLOCK = re.compile(r"<!-- wp:((?:[\w-]+/)?(?:premium-content|paywall|paid-content)[\w/-]*)")

_CODE_NAMES = "code|sourcecode|source|php|css|html|xml|js|javascript|python|ruby|bash|sql|java"
_CODE_SHORTCODE = re.compile(rf"\[({_CODE_NAMES})\b([^\[\]]*)\]")
"""Opening shortcode of a code plugin."""

_PRE = re.compile(r"<pre\b[^<>]*>", re.IGNORECASE)
_CODE = re.compile(r"<(pre|code)\b[^<>]*>", re.IGNORECASE)
_FREEFORM = re.compile("<!-- wp:freeform -->")
_COMMENT = re.compile("<!--")
_CAPTION = re.compile(r"\[caption\b([^\[\]]*)\]")
_PLAYER = re.compile(r"\[(embed|audio|video)\b([^\[\]]*)\]")
_GALLERY = re.compile(r"\[gallery\b([^\[\]]*)\]")
_BLOCK_REFERENCE = re.compile(r'<!-- wp:block \{"ref":([0-9]+)[^{}]*\} /-->')
MAX_BLOCK_CHARACTERS = 2_000_000
"""Maximum length of the reusable blocks in one post."""

_IMAGE = re.compile(r"""<img\b[^<>]*\bclass=["'][^"'<>]*\bwp-image-([0-9]+)\b[^<>]*>""", re.IGNORECASE)

_IDS = re.compile(r"\bids\s*=\s*[\"']?([0-9, ]+)")


def render_post(content: str, pictures: Mapping[str, OldPicture], own_pictures: Sequence[OldPicture] = ()) -> str:
    """Render the content of a post as HTML.

    `pictures` are those of the library by their ids, and `own_pictures` those that were uploaded to the post.
    """
    code_blocks: list[str] = []
    content = _IMAGE.sub(lambda image: _with_alt(image, pictures), content)

    def store_code(block: str) -> str:
        code_blocks.append(block)
        return f"<pre data-kept={len(code_blocks) - 1}></pre>"

    content = replace_pairs(content, _CODE_SHORTCODE, "[/{}]", _render_code)
    content = replace_pairs(content, _PRE, "</pre>", lambda pair: store_code(f"{pair.opening[0]}{pair.inner}</pre>"))
    content = replace_pairs(content, _FREEFORM, "<!-- /wp:freeform -->", lambda pair: _paragraphs(pair.inner))
    has_blocks = "<!-- wp:" in content
    content = replace_pairs(content, _COMMENT, "-->", lambda pair: "")
    content = replace_pairs(content, _CAPTION, "[/caption]", _render_caption)
    content = _GALLERY.sub(lambda match: _render_gallery(match[1], pictures, own_pictures), content)
    content = replace_pairs(content, _PLAYER, "[/{}]", lambda pair: _render_player(f"{pair.opening[2]} {pair.inner}"))
    content = _PLAYER.sub(lambda match: _render_player(match[2]), content)
    content = re.sub(r"(?m)^[ \t]*(https?://[^\s<>\"]+)[ \t]*$", r'<p><a href="\1">\1</a></p>', content)
    rendered = content if has_blocks else _paragraphs(content)
    return re.sub("<pre data-kept=([0-9]+)></pre>", lambda match: code_blocks[int(match[1])], rendered)


def _with_alt(image: re.Match[str], pictures: Mapping[str, OldPicture]) -> str:
    """Return the tag of a picture with the description that the library has, if it has none of its own."""
    picture = pictures.get(image[1])
    if not picture or not picture.alt or not re.search(r"""\salt=(?:""|'')""", image[0]):
        return image[0]
    return re.sub(r"""\salt=(?:""|'')""", lambda _: f' alt="{html.escape(picture.alt)}"', image[0], count=1)


def with_reusable_blocks(content: str, blocks: Mapping[str, str]) -> str:
    """Return the content of a post with its reusable blocks inserted. Raises ValueError if they are too long."""
    length = 0

    def text_of(match: re.Match[str]) -> str:
        nonlocal length
        length += len(blocks.get(match[1], ""))
        if length > MAX_BLOCK_CHARACTERS:
            raise ValueError(f"its reusable blocks have more than {MAX_BLOCK_CHARACTERS:,} characters")
        return f"<!-- wp:group -->\n{blocks.get(match[1], '')}\n<!-- /wp:group -->"

    return _BLOCK_REFERENCE.sub(text_of, _BLOCK_REFERENCE.sub(text_of, content))  # a block may contain another


def missing_pictures(content: str, pictures: Mapping[str, OldPicture]) -> list[str]:
    """Return the ids of gallery pictures that the library lacks."""
    listed = (ids[1] for gallery in _GALLERY.findall(content) if (ids := _IDS.search(gallery)))
    return [id for id in re.findall("[0-9]+", " ".join(listed)) if id not in pictures]


def find_restriction(content: str) -> str:
    """Return the shortcode or block that shows a part of a post only to some visitors, or an empty string."""
    if block := _RESTRICTING_BLOCK.search(content):
        return str(block[1])
    text = "".join(part for part, is_text in _split_code_and_tags(content) if is_text)
    for name in dict.fromkeys(_CLOSING_SHORTCODE.findall(text)):
        words = name.lower()
        if words in _RESTRICTING_NAMES or not _RESTRICTING_WORDS.isdisjoint(re.split("[-_]", words)):
            return f"[{name}]"
    return ""


def without_shortcodes(text: str) -> tuple[str, list[str]]:
    """Return a text without shortcodes, and their names. Their content stays; HTML tags and code are unchanged."""
    parts = list(_split_code_and_tags(text))
    names = _shortcode_names("".join(part for part, is_text in parts if is_text))
    if not names:
        return text, []
    brackets = re.compile(rf"\[/?(?:{'|'.join(map(re.escape, names))})(?:[\s/][^\[\]]*)?\]")
    return "".join(brackets.sub("", part) if is_text else part for part, is_text in parts), names


def _split_code_and_tags(text: str) -> Iterator[tuple[str, bool]]:
    """Yield the parts of a text, each with whether it is neither code nor a tag."""
    position = 0
    for pair in [*find_pairs(text, _CODE, "</{}>"), None]:
        before = text[position : pair.start if pair else len(text)]
        yield from ((part, index % 2 == 0) for index, part in enumerate(re.split("(<[^<>]*>)", before)))
        if pair:
            yield text[pair.start : pair.end], False
            position = pair.end


def _shortcode_names(text: str) -> list[str]:
    """Return the names of shortcodes: they have an attribute or a closing tag, or stand alone on a line."""
    closed = (name for name in dict.fromkeys(_CLOSING_SHORTCODE.findall(text)) if re.search(rf"\[{name}[\s\]]", text))
    names = dict.fromkeys([*_SHORTCODE.findall(text), *closed])
    return [
        name
        for name in names
        if f"[/{name}]" in text
        or re.search(
            rf"\[{re.escape(name)}\s[^\[\]]*=|^[ \t]*\[{re.escape(name)}\b[^\[\]]*\][ \t]*$", text, re.MULTILINE
        )
    ]


def _render_code(pair: Pair) -> str:
    """Render the shortcode of a code plugin. Some plugins store code with character references."""
    kind, attributes = pair.opening.groups()
    language = re.search(r"(?:lang|language)\s*=\s*[\"']?([\w+#-]+)", attributes)
    name = language[1] if language else "" if kind in ("code", "sourcecode", "source") else kind
    code = html.unescape(pair.inner) if "&lt;" in pair.inner else pair.inner
    attribute = f' {LANGUAGE_ATTRIBUTE}="{name}"' if name else ""
    return f"<pre{attribute}>{html.escape(code.strip(chr(13) + chr(10)))}</pre>"


def _render_caption(pair: Pair) -> str:
    picture = re.match(r"\s*((?:<a\b[^<>]*>\s*)?<img\b[^<>]*>(?:\s*</a>)?)(.*)", pair.inner, re.DOTALL)
    if not picture:
        return pair.inner
    old_caption = re.search(r"\bcaption\s*=\s*\"([^\"]*)\"", pair.opening[1])  # before WordPress 3.4
    caption = picture[2].strip() or (old_caption[1] if old_caption else "")
    return f"<figure>{picture[1]}<figcaption>{caption}</figcaption></figure>"


def _render_gallery(attributes: str, pictures: Mapping[str, OldPicture], own_pictures: Sequence[OldPicture]) -> str:
    """Render the pictures that a gallery references by id, or those that were uploaded to the post."""
    ids = _IDS.search(attributes)
    shown = [pictures[id] for each in ids[1].split(",") if (id := each.strip()) in pictures] if ids else own_pictures
    return "".join(
        f'<figure><img src="{html.escape(each.url)}" alt="{html.escape(each.alt)}">'
        f"<figcaption>{html.escape(each.caption)}</figcaption></figure>"
        for each in shown
    )


def _render_player(text: str) -> str:
    address = re.search(r"https?://[^\s\"'\]<]+", text)
    return f'<p><a href="{address[0]}">{address[0]}</a></p>' if address else ""


def _paragraphs(content: str) -> str:
    """Convert blank lines to paragraphs and line ends to breaks, like WordPress's classic editor.

    A single paragraph in a list item or another element of `_FLOWING` stays as it is.
    """
    blocks, element, position = [], "", 0
    for pair in [*find_pairs(content, _VERBATIM, "</{}>"), None]:
        before = content[position : pair.start if pair else len(content)]
        for number, piece in enumerate(_BLOCK_TAG.split(before)):
            if number % 2:
                element = piece.strip("<>").split()[0].lower()
            blocks.append(piece if number % 2 else _flowing(piece, is_alone=element in _FLOWING))
        if pair:
            blocks.append(content[pair.start : pair.end])
            position = pair.end
    return "".join(blocks)


def _flowing(text: str, *, is_alone: bool) -> str:
    """Convert text between two block elements."""
    paragraphs = [each.strip() for each in re.split(r"\r?\n[ \t]*\r?\n", text) if each.strip()]
    if not paragraphs:
        return "\n"
    lines = [re.sub(r"\r?\n", "<br>", each) for each in paragraphs]
    return lines[0] if is_alone and len(lines) == 1 else "".join(f"<p>{each}</p>\n" for each in lines)
