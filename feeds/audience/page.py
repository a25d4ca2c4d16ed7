"""A page about an audience, in one file without scripts, for the screen, for print and for screen readers.

It computes nothing: `readership` does.
"""

from __future__ import annotations

from datetime import date

from markupsafe import Markup

from feeds.base import translations
from feeds.formats import assets
from feeds.formats.pages import fill
from feeds.model.site import Site

from . import plots
from .agents import NAMELESS, OTHERS
from .programs import Kind
from .readership import Audience, Program

KINDS: dict[Kind, str] = {
    Kind.SERVICE: "service on the web",
    Kind.READER: "reader of one’s own",
    Kind.BROWSER: "browser",
    Kind.AUTOMATION: "automation",
    Kind.HUB: "hub",
    Kind.PREVIEW: "link preview",
    Kind.BOT: "robot",
    Kind.UNKNOWN: "unknown",
}
"""What kinds of programs are called."""

OWN_NAMES = (NAMELESS, OTHERS, Kind.BROWSER.value)
"""What we call programs that have no name of their own."""

SHARES = 12
"""Programs that have a bar, and a row of the table of feeds."""

NAMED = 10
"""Programs that are named for their over_polling."""


class AudiencePage:
    """What the template asks: an audience's numbers as people in a language read them."""

    def __init__(self, audience: Audience, site: Site, language: str) -> None:
        """Take what the page is about, and a language that we have words in."""
        self.audience, self.site, self.language = audience, site, language
        self.feeds = [feed for feed in audience.feeds if audience.series(feed)]
        self.shown = self.feeds[: plots.LINES]

    def say(self, said: str, /, **values: object) -> str:
        """Say our words in the page's language."""
        return translations.say(self.language, said, **values)

    def text(self, texts: dict[str, str]) -> str:
        """Choose a text of the site in the page's language, or in its first."""
        return texts.get(self.language) or texts[self.site.default_language]

    def number(self, value: float) -> str:
        """Write a whole number."""
        return translations.number(self.language, round(value))

    def share(self, value: float | None) -> str:
        """Write a share, or that it is not known."""
        return "–" if value is None else translations.percent(self.language, value)

    def size(self, length: int) -> str:
        """Write a number of bytes, or that the log tells of none."""
        return translations.size(self.language, length) if length else "–"

    def day(self, day: date) -> str:
        """Write a day with its year."""
        return translations.write_date(self.language, day)

    def kind(self, kind: Kind) -> str:
        """Name a kind of programs."""
        return self.say(KINDS[kind])

    def interval(self, program: Program) -> str:
        """Write how long a client waits before it asks again."""
        return translations.interval(self.language, program.interval) if program.interval else "–"

    def name(self, feed: str) -> str:
        """Name a feed as its pages do, with its language where that is not the page's."""
        language, place = self.site.language_of(f"/{feed}")
        name, _, special = place[1:].partition(".")
        category = self.site.categories.get(name)
        title = category.title.get(self.language) or category.title[language] if category else name
        if name == "all":
            title = self.say("All news")
        title = f"{title} ({special})" if special else title
        if len(self.site.languages) == 1 or language == self.language:
            return title
        return f"{title} ({language})"

    @property
    def subscribers_over_time(self) -> Markup:
        """The plot of the largest feeds."""
        series = [(self.name(feed), self.audience.series(feed)) for feed in self.shown]
        return plots.lines(
            series,
            self.audience.days,
            title=self.say("Subscribers over time by feed; the numbers are in the table below."),
            number=self.number,
            day=lambda day: translations.short_date(self.language, day),
        )

    @property
    def share_by_reader(self) -> Markup:
        """The plot of the programs that most subscribe through."""
        found = list(self.audience.share().items())
        first = found[:SHARES]
        if rest := sum(value for _, value in found[SHARES:]):
            first.append((OTHERS, rest))
        return plots.bars(
            [(self.program(name), value) for name, value in first],
            title=self.say("Subscriptions by program; the numbers are in the table below."),
            number=self.number,
        )

    def program(self, name: str) -> str:
        """Name a program; what has none is said in words of ours."""
        found, _, kind = name.partition(" (")
        kinds = {each.value: each for each in Kind}
        if kind and kind[:-1] in kinds:
            return f"{self.program(found)} ({self.kind(kinds[kind[:-1]])})"
        return self.say(name) if name in OWN_NAMES else name

    def subscribers(self, value: float) -> str:
        """Say how many there are, as of one and as of many."""
        return self.say("subscriber a day") if round(value) < 2 else self.say("subscribers a day")

    @property
    def programs_by_feed(self) -> list[tuple[str, list[float]]]:
        """The mean subscribers of each of the largest feeds through each program."""
        by_feed = {feed: self.audience.programs_of(feed) for feed in self.shown}
        names = list(self.audience.share())[:SHARES]
        return [(name, [self.audience.mean(by_feed[feed].get(name, {})) for feed in self.shown]) for name in names]


def render(audience: Audience, site: Site, language: str) -> bytes:
    """Render the page, in English if we have no words in a language."""
    language = language if language in translations.LANGUAGES else "en"
    page = AudiencePage(audience, site, language)
    style = Markup((assets.style(site) + assets.read("audience.css")).decode())
    return fill("audience.html", page=page, audience=audience, site=site, style=style, named=NAMED)
