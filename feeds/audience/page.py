"""An HTML page about an audience: one file without scripts, for screens, print and screen readers.

It computes nothing: `readership` does.
"""

from __future__ import annotations

from datetime import date

from markupsafe import Markup

from feeds.base import translations
from feeds.formats.standalone import StandalonePage, render_standalone
from feeds.model.site import Site

from . import plots
from .agents import NAMELESS, OTHERS
from .programs import Kind
from .readership import Audience, Program

KIND_LABELS: dict[Kind, str] = {
    Kind.SERVICE: "online service",
    Kind.READER: "personal reader",
    Kind.BROWSER: "browser",
    Kind.AUTOMATION: "automation",
    Kind.HUB: "hub",
    Kind.PREVIEW: "link preview",
    Kind.BOT: "robot",
    Kind.UNKNOWN: "unknown",
}
"""The label of each kind of program."""

TRANSLATED_NAMES = (NAMELESS, OTHERS, Kind.BROWSER.value)
"""Our names for programs that have no name of their own; these are translated."""

MAX_PROGRAMS = 12
"""Maximum number of programs in the bar chart and in the table of feeds."""

MAX_LISTED_ROWS = 10
"""Maximum number of rows in the tables of over-polling programs and of missed paths."""


class AudiencePage(StandalonePage):
    """The data of the template: the numbers of an audience, formatted for a language."""

    def __init__(self, audience: Audience, site: Site, language: str) -> None:
        """Prepare a page, in English if the interface is not translated into `language`."""
        super().__init__(site, language)
        self.audience = audience
        self.feeds = [feed for feed in audience.feeds if audience.series(feed)]
        self.largest_feeds = self.feeds[: plots.MAX_LINES]

    def share(self, value: float | None) -> str:
        """Return a percentage, or a dash if unknown."""
        return "–" if value is None else translations.percent(self.language, value)

    def size(self, length: int) -> str:
        """Return a formatted number of bytes, or a dash if the log has none."""
        return translations.size(self.language, length) if length else "–"

    def day(self, day: date) -> str:
        """Return a formatted date with its year."""
        return translations.long_date(self.language, day)

    def kind(self, kind: Kind) -> str:
        """Return the label of a kind of program."""
        return self.translate(KIND_LABELS[kind])

    def interval(self, program: Program) -> str:
        """Return the time between a client's requests, or a dash if unknown."""
        return translations.interval(self.language, program.interval) if program.interval else "–"

    def name(self, feed: str) -> str:
        """Return a feed's title as on its own pages, with its language if that is not the page's."""
        language, local_path = self.site.split_language(f"/{feed}")
        name, _, special = local_path[1:].partition(".")
        category = self.site.categories.get(name)
        title = category.title.get(self.language) or category.title[language] if category else name
        if name == "all":
            title = self.translate("All news")
        title = f"{title} ({special})" if special else title
        if len(self.site.languages) == 1 or language == self.language:
            return title
        return f"{title} ({language})"

    @property
    def subscribers_over_time(self) -> Markup:
        """The line plot of the largest feeds."""
        series = [(self.name(feed), self.audience.series(feed)) for feed in self.largest_feeds]
        return plots.lines(
            series,
            self.audience.days,
            title=self.translate("Subscribers over time by feed; the numbers are in the table below."),
            format_number=self.number,
            format_day=lambda day: translations.short_date(self.language, day),
        )

    @property
    def subscribers_by_program(self) -> Markup:
        """The bar plot of the programs with the most subscriptions."""
        means = list(self.audience.mean_by_program().items())
        largest = means[:MAX_PROGRAMS]
        if rest := sum(value for _, value in means[MAX_PROGRAMS:]):
            largest.append((OTHERS, rest))
        return plots.bars(
            [(self.program(name), value) for name, value in largest],
            title=self.translate("Subscriptions by program; the numbers are in the table below."),
            format_number=self.number,
        )

    def program(self, name: str) -> str:
        """Return the name of a program, translated if the program has no name of its own."""
        base_name, _, kind = name.partition(" (")
        kinds = {each.value: each for each in Kind}
        if kind and kind[:-1] in kinds:
            return f"{self.program(base_name)} ({self.kind(kinds[kind[:-1]])})"
        return self.translate(name) if name in TRANSLATED_NAMES else name

    def subscribers(self, value: float) -> str:
        """Return the unit of a number of subscribers, singular or plural."""
        return self.translate("subscriber a day") if round(value) < 2 else self.translate("subscribers a day")

    @property
    def programs_by_feed(self) -> list[tuple[str, list[float]]]:
        """Programs with the mean number of subscribers of each of the largest feeds."""
        by_feed = {feed: self.audience.programs_of(feed) for feed in self.largest_feeds}
        names = list(self.audience.mean_by_program())[:MAX_PROGRAMS]
        return [
            (name, [self.audience.mean(by_feed[feed].get(name, {})) for feed in self.largest_feeds]) for name in names
        ]


def render(audience: Audience, site: Site, language: str) -> bytes:
    """Render the page, in English if the interface is not translated into `language`."""
    page = AudiencePage(audience, site, language)
    return render_standalone("audience.html", page, stylesheet="audience.css", audience=audience, named=MAX_LISTED_ROWS)
