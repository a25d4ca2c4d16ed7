"""The `Article` model: the validated content of one file, and its state at an instant.

Nothing here renders or reads the clock: `now` is always an argument. All datetimes are aware, in
UTC and in whole seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Protocol
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, PrivateAttr, ValidationInfo, WithJsonSchema, field_validator

from feeds.base.fingerprint import fingerprint_bytes

from .article_types import (
    ArticleContext,
    Authors,
    Body,
    Bytes,
    CategoryNames,
    EndTime,
    EntryId,
    FeedNames,
    Fraction,
    Language,
    MediaType,
    Seconds,
    StartTime,
    Tags,
    Word,
    context_of,
)
from .fields import Bool, Line, StrictModel, Text, Title, Url, validate
from .media_types import guess_type
from .mediafile import MediaFile
from .problems import InvalidValue
from .renditions import Original
from .site import Site
from .site_types import FilePath, PicturePath
from .social import SOCIAL_SCHEMA, Social, social_text
from .yamlfile import Tree


class Picture(StrictModel):
    """The picture of an article, and the texts that go with it."""

    file: PicturePath = Field(description="Its path below `media/`.", examples=["cheque.jpg"])
    alt: Line = Field(
        description="What the picture shows, for those who do not see it.",
        examples=["Three people hold a cheque"],
    )
    credit: Line | None = Field(None, description="Who made it.", examples=["CRCM"])
    caption: Text | None = Field(
        None, description="A sentence printed below it.", examples=["The hand-over, in Marseille"]
    )
    focus: tuple[Fraction, Fraction] | None = Field(
        None, description="The point that cuts keep, from the left and from the top.", examples=["[0.5, 0.3]"]
    )


class Attachment(StrictModel):
    """A file in `media/` (`file`) or on another server (`url`) that goes with an article."""

    file: FilePath | None = Field(None, description="Its path below `media/`.", examples=["programme.pdf"])
    url: Url | None = Field(
        None,
        validate_default=True,
        description="Its address, if it is elsewhere.",
        examples=["https://video.example/1"],
    )
    title: Title = Field(description="What it is called.", examples=["Report on France 3"])
    type: MediaType | None = Field(
        None,
        validate_default=True,
        description="Its media type; needed where the name does not tell, text/html for a page.",
        examples=["video/mp4"],
    )
    length: Bytes | None = Field(None, description="Its size in bytes, if it is elsewhere.", examples=["10485760"])
    duration: Seconds | None = Field(None, description="How long it plays.", examples=["2:30"])
    until: EndTime | None = Field(
        None, description="The last day, or the moment, on which it is offered.", examples=["2026-01-19"]
    )

    @field_validator("url")
    @classmethod
    def _file_or_url(cls, value: str | None, info: ValidationInfo) -> str | None:
        if "file" in info.data and (value is None) == (info.data["file"] is None):
            raise InvalidValue("attachment-both" if value else "attachment-neither")
        return value

    @field_validator("type")
    @classmethod
    def _known_type(cls, value: str | None, info: ValidationInfo) -> str | None:
        file: MediaFile | None = info.data.get("file")
        media_type = value or (file.type if file else guess_type(urlsplit(info.data.get("url") or "").path))
        if media_type is None and info.data.get("url"):
            raise InvalidValue("attachment-type-missing")
        return media_type

    @field_validator("length")
    @classmethod
    def _length_only_for_url(cls, value: int | None, info: ValidationInfo) -> int | None:
        if value is not None and info.data.get("file"):
            raise InvalidValue("attachment-length-given")
        return value


class Withdrawal(StrictModel):
    """A retraction: its date and its reason."""

    at: StartTime = Field(description="From when the notice stands in place of the article.", examples=["2026-03-02"])
    reason: Text = Field(description="Why, in a sentence that is published.", examples=["The figures were wrong."])


BYTES_PER_ENTRY = 2_000
_BYTES_PER_LINK, _BYTES_PER_LINE, _BYTES_PER_MARK = 120, 40, 8
"""Bytes that a feed has in addition for each link, each line, and each character of HTML, since markup is escaped."""

TOMBSTONE_PERIOD = timedelta(days=365)
"""How long a withdrawn article that has left a feed is still listed there as deleted."""

SYNONYMS = {
    **{
        "date": "published",
        "titre": "title",
        "texte": "body",
        "text": "body",
        "content": "body",
        "contenu": "body",
        "corps": "body",
    },
    **{"image": "picture", "photo": "picture", "author": "authors", "auteur": "authors", "auteurs": "authors"},
    **{"category": "categories", "rubrique": "categories", "tag": "tags", "lang": "language", "langue": "language"},
    **{
        "description": "summary",
        "skip": "social",
        "résumé": "summary",
        "resume": "summary",
        "chapo": "summary",
        "chapô": "summary",
        "url": "link",
    },
}
"""Wrong keys that authors try, each with the key they mean."""


NO_FIELDS: set[str] = set()
"""Replaces pydantic's set of the fields that were given, which nothing uses and which takes many megabytes."""


class StoredBodyReference(Protocol):
    """A text that is not in memory."""

    def read(self) -> str:
        """Return the text."""
        ...


class Article(StrictModel):
    """An article file. Only those of its dates that `now` has reached are shown to anyone."""

    synonyms: ClassVar[dict[str, str]] = SYNONYMS

    _slug: str = PrivateAttr("")
    _body_pictures: Mapping[str, Original] = PrivateAttr(default_factory=dict)
    _stored_body: StoredBodyReference | None = PrivateAttr(None)

    title: Title = Field(description="The title, as plain text.", examples=["A cheque for research"])
    published: StartTime = Field(
        description="When it appears: a date (its first moment) or a date-time; a future one is an embargo.",
        examples=["2026-03-01 or 2026-03-01T09:00"],
    )
    draft: Bool = Field(False, description="`true`: shown only in previews.", examples=["true"])
    categories: CategoryNames = Field(description="One or more slugs of site.yaml.", examples=["[research, funding]"])
    body: Body = Field(
        description="The text in Markdown (CommonMark and tables).", examples=["| and Markdown below it, indented"]
    )
    summary: Text | None = Field(
        None, description="A plain text of about 300 characters; without it, the start of the body.", examples=["…"]
    )
    updated: StartTime | None = Field(
        None, description="When it was last changed in a way that readers should notice.", examples=["2026-03-02T10:00"]
    )
    expires: StartTime | None = Field(
        None, description="When it leaves all feeds; its page then says so.", examples=["2026-12-31"]
    )
    withdrawn: Withdrawal | None = Field(
        None, description="A retraction: `at` and `reason`.", examples=["{at: 2026-03-02, reason: …}"]
    )
    id: EntryId = Field(
        None,
        validate_default=True,
        description="Its permanent identity: a word, or an older system's whole guid; without it, the file's name.",
        examples=["'k3v9x2'"],
    )
    language: Language = Field(
        None, validate_default=True, description="One of the site's; without it, the first.", examples=["en"]
    )
    twin: Word | None = Field(
        None, description="Any word, if an article and its translation both have it.", examples=["cheque"]
    )
    authors: Authors = Field(
        (), description="Names, or `{name, url, email, fediverse}`.", examples=["[Ligue contre le cancer]"]
    )
    tags: Tags = Field((), description="Free words, without commas.", examples=["[génétique, 2026]"])
    picture: Picture | None = Field(None, description="`file` and `alt`, and more.", examples=["{file: …, alt: …}"])
    attachments: tuple[Attachment, ...] = Field(
        (), description="Files and addresses that go with it.", examples=["[{file: …, title: …}]"]
    )
    link: Url | None = Field(
        None, description="Its address, if it is published elsewhere.", examples=["https://www.example.org/1"]
    )
    social: Annotated[Social, BeforeValidator(social_text), WithJsonSchema(SOCIAL_SCHEMA)] | None = Field(
        None, description="The text for posts, or a group with texts, `hashtags` and `skip`.", examples=["…"]
    )
    hide_from: FeedNames = Field(
        (), description="Feeds that it is not in: `all`, categories, or feeds of the site.", examples=["[all]"]
    )

    def model_post_init(self, context: Any) -> None:
        """Set the slug from the validation context."""
        self._slug = context.slug

    @field_validator("categories", "tags")
    @classmethod
    def _without_duplicates(cls, values: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(values))

    @field_validator("updated", "expires")
    @classmethod
    def _not_before_published(cls, value: datetime | None, info: ValidationInfo) -> datetime | None:
        published = info.data.get("published")
        if value and published and value < published:
            value_text, published_text = (
                f"{moment.astimezone(context_of(info).site.timezone):%Y-%m-%dT%H:%M}" for moment in (value, published)
            )
            raise InvalidValue("before-published", value=value_text, published=published_text)
        return value

    @field_validator("expires")
    @classmethod
    def _not_when_published(cls, value: datetime | None, info: ValidationInfo) -> datetime | None:
        if value and value == info.data.get("published"):
            raise InvalidValue("expires-when-published")
        return value

    @field_validator("withdrawn")
    @classmethod
    def _withdrawn_not_before_published(cls, value: Withdrawal, info: ValidationInfo) -> Withdrawal:
        cls._not_before_published(value.at, info)
        return value

    def store_body(self, store: Callable[[bytes], StoredBodyReference | None]) -> None:
        """Keep the body where `store` puts it; it is read again at each use. If `store` returns None, it stays."""
        _ = self.digest, self.estimated_size, self.may_reference_media  # the last uses of most bodies
        if stored := store(self.body.encode()):
            self._stored_body = stored
            del self.__dict__["body"]
            object.__setattr__(self, "__pydantic_fields_set__", NO_FIELDS)

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> object:
            """Return the body if it is stored elsewhere."""
            if name == "body" and self._stored_body:
                return self._stored_body.read()
            return super().__getattr__(name)

    @cached_property
    def slug(self) -> str:
        """The last segment of the page's path: the stem of the file's name."""
        return self._slug

    @cached_property
    def sort_key(self) -> tuple[float, str]:
        """Sort key, newest first: the negated timestamp of `published`, and the id."""
        return -self.published.timestamp(), self.id

    @cached_property
    def digest(self) -> str:
        """Digest of the content without id and address: files with equal content have equal digests.

        Absent keys do not count, so that a key of a later version changes nothing.
        """
        values = self.model_dump_json(exclude={"id"}, exclude_defaults=True, warnings=False, fallback=str)
        pictures = sorted(f"{path}\n{original.file.digest}" for path, original in self._body_pictures.items())
        return fingerprint_bytes("\0".join((values, *pictures)).encode())

    @cached_property
    def estimated_size(self) -> int:
        """An estimate of the bytes that the article adds to a feed, without rendering it."""
        body = self.body
        marks = sum(map(body.count, "<>&*_"))
        links = body.count("](") + body.count("://")
        return (
            BYTES_PER_ENTRY
            + len(body.encode())
            + _BYTES_PER_LINK * links
            + _BYTES_PER_LINE * body.count("\n")
            + _BYTES_PER_MARK * marks
        )

    @cached_property
    def may_reference_media(self) -> bool:
        """Whether the body may link to files below `media/` or show them."""
        return "media/" in self.body

    @cached_property
    def original(self) -> Original | None:
        """The article's picture as the source of renditions, or None."""
        return Original(self.picture.file, self.picture.focus) if self.picture else None

    def with_body_pictures(self, files: Mapping[str, MediaFile]) -> Article:
        """Return the article with the pictures that its body shows, by their paths in it."""
        if not files:
            return self
        article = self.model_copy()
        article._body_pictures = {path: Original(file) for path, file in files.items()}
        return article

    @property
    def body_pictures(self) -> Mapping[str, Original]:
        """Pictures in `media/` that the body shows and that have renditions, by their paths in it."""
        return self._body_pictures

    @cached_property
    def originals(self) -> tuple[Original, ...]:
        """All sources of renditions: the article's own picture first, then those in the body."""
        article_picture = (self.original,) if self.original else ()
        return tuple(dict.fromkeys((*article_picture, *self._body_pictures.values())))

    def is_valid_for(self, site: Site) -> bool:
        """Return whether a site still has the article's categories and language."""
        return self.language in site.languages and all(name in site.categories for name in self.categories)

    @cached_property
    def depends_on_time(self) -> bool:
        """Return whether anything but its publication changes with time."""
        return len(self.change_times) > 1

    def has_appeared(self, now: datetime) -> bool:
        """Return whether the article is public: neither a draft nor under embargo."""
        return not self.draft and self.published <= now

    def has_expired(self, now: datetime) -> bool:
        """Return whether the article has left all feeds."""
        return self.expires is not None and self.expires <= now

    def withdrawal(self, now: datetime) -> Withdrawal | None:
        """Return the retraction if it is in force, else None."""
        return self.withdrawn if self.withdrawn and self.withdrawn.at <= now else None

    def updated_at(self, now: datetime) -> datetime:
        """Return when the article last changed in a way readers should notice; at least `published`."""
        dates = [self.published, self.updated, self.withdrawn.at if self.withdrawn else None]
        return max(moment for moment in dates if moment and moment <= max(now, self.published))

    def attachments_at(self, now: datetime) -> tuple[Attachment, ...]:
        """Return the attachments that are still offered."""
        return tuple(
            attachment for attachment in self.attachments if attachment.until is None or now < attachment.until
        )

    def tombstone(self, now: datetime) -> Withdrawal | None:
        """Return the retraction while feeds list the removed article as deleted: for a year (RFC 6721)."""
        withdrawal = self.withdrawal(now)
        return withdrawal if withdrawal and now < withdrawal.at + TOMBSTONE_PERIOD else None

    @cached_property
    def visible_changes(self) -> tuple[datetime, ...]:
        """All instants at which the article changes for readers, in order; none is before `published`."""
        dates = [self.published, self.updated, self.expires, self.withdrawn.at if self.withdrawn else None]
        ends = (
            attachment.until
            for attachment in self.attachments
            if attachment.until and attachment.until > self.published
        )
        return tuple(sorted(moment for moment in (*dates, *ends) if moment))

    @cached_property
    def change_times(self) -> tuple[datetime, ...]:
        """All instants at which a feed that contains the article changes."""
        return (*self.visible_changes, self.withdrawn.at + TOMBSTONE_PERIOD) if self.withdrawn else self.visible_changes


def read_article(tree: Tree, context: ArticleContext) -> Article | None:
    """Return the article in a file's values, or None after adding its problems to the tree."""
    return validate(tree, Article, context)
