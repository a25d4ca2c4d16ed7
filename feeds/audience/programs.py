"""Programs that request feeds, by patterns in their User-Agents.

This is only a table; `agents` uses it, and `tests/data/agents.txt` has real User-Agents.
"""

from __future__ import annotations

from enum import Enum


class Kind(Enum):
    """The role of a program that requests feeds."""

    SERVICE = "service"
    READER = "reader"
    BROWSER = "browser"
    AUTOMATION = "automation"
    HUB = "hub"
    PREVIEW = "preview"
    BOT = "bot"
    UNKNOWN = "unknown"

    @property
    def order(self) -> int:
        """The position of this kind in lists."""
        return list(Kind).index(self)


PROGRAMS: tuple[tuple[Kind, tuple[tuple[str, str], ...]], ...] = (
    (
        Kind.SERVICE,
        (
            ("Feedly", "^feedly/1[.]|feedlybot|metafeedly"),
            ("Inoreader", "inoreader"),
            ("NewsBlur", "newsblur (feed|page|content|favicon) f"),
            ("Feedbin", "^feedbin"),
            ("The Old Reader", "theoldreader"),
            ("BazQux", "bazqux"),
            ("Feedspot", "feedspot"),
            ("FeedHQ", "^feedhq"),
            ("Feed Wrangler", "feed wrangler"),
            ("Netvibes", "netvibes"),
            ("Bloglovin", "bloglovin"),
            ("G2Reader", "g2reader"),
            ("Feeder.co", "feeder[.]co"),
            ("Lion Reader", "lion ?reader"),
            ("Kouio", "kouio"),
            ("Dreamwidth", "dreamwidth"),
            ("LiveJournal", "livejournal"),
            ("Yandex Blogs", "yandexblogs"),
            ("My Yahoo", "yahoofeedseeker"),
            ("Bloglines", "bloglines"),
            ("NewsGator", "newsgatoronline"),
            ("Flipboard", "flipboardrss"),
            ("Blogtrottr", "blogtrottr"),
            ("FeedBurner", "feedburner"),
            ("Newsify", "newsify feed fetcher"),
            ("RSS Parrot", "rss-parrot"),
            ("Overcast", "overcast.*podcast sync"),
            ("Pocket Casts", "^pocketcasts/1[.]0 [(]pocket casts feed parser"),
            ("Player FM", "^playerfm.*podcast sync"),
            ("Breaker", "^breaker/"),
            ("Podbean", "^podbean/feedupdate|^podbeanfeedreader"),
            ("Castro", "^tentacles"),
            ("Castbox", "^castboxfeedparser"),
            ("Apple Podcasts", "^itms$"),
            ("Spotify", "^spotify/1"),
            ("Deezer", "^deezer podcasters"),
            ("Amazon Music", "^amazon music podcast"),
            ("Listen Notes", "listennotes"),
            ("Podchaser", "^podchaser"),
            ("Podcast Index", "^podcastindex"),
        ),
    ),
    (
        Kind.READER,
        (
            ("NetNewsWire", "netnewswire"),
            ("Feedly app", "^feedly/"),
            ("NewsBlur app", "^newsblur"),
            ("Reeder", "^reeder/"),
            ("Thunderbird", "thunderbird/"),
            ("Liferea", "^liferea/"),
            ("newsboat", "^news(boat|beuter)/"),
            ("Akregator", "akregator/"),
            ("QuiteRSS", "quiterss"),
            ("RSSOwl", "^rssowl"),
            ("RSS Guard", "^rss ?guard"),
            ("Fluent Reader", "fluent-reader"),
            ("FreshRSS", "^freshrss"),
            ("Miniflux", "miniflux"),
            ("CommaFeed", "^commafeed"),
            ("Tiny Tiny RSS", "^tiny tiny rss"),
            ("yarr", "^yarr/"),
            ("Nextcloud News", "^nextcloud-news"),
            ("selfoss", "^selfoss"),
            ("Fever", "^fever/"),
            ("Stringer", "^stringer"),
            ("Leed", "leed [(]"),
            ("Elfeed", "elfeed"),
            ("Emacs", "^url/emacs"),
            ("Gwene", "^gwene"),
            ("Feeder", "^spacecowboys android rss reader"),
            ("Read You", "^readyou"),
            ("Capy Reader", "^capyreader"),
            ("Vienna", "vienna/"),
            ("Unread", "^unread"),
            ("ReadKit", "^readkit"),
            ("NewsFlash", "^newsflash"),
            ("News Explorer", "news/explorer"),
            ("Fiery Feeds", "^fiery(%20| )?feeds"),
            ("FeedDemon", "^feeddemon"),
            ("RSS Bandit", "^rssbandit"),
            ("Outlook", "^windows-rss-platform|microsoft outlook"),
            ("Apple PubSub", "^apple-pubsub"),
            ("rss2email", "^rss2email"),
            ("AntennaPod", "^antennapod"),
            ("gPodder", "^gpodder"),
            ("Podcast Addict", "^podcast ?addict"),
            ("Overcast app", "^overcast/"),
            ("Castro app", "^castro"),
            ("Podbean app", "^podbean/"),
            ("Apple Podcasts app", "^(podcasts|balados|podcasti|podcasty)/|^itunes/"),
            ("VLC", "^vlc/"),
            ("lire", "^lire/"),
            ("Twine", "^twine/"),
            ("Canto", "^canto/"),
            ("Winds", "^winds:"),
            ("BeyondPod", "^beyondpod"),
            ("iCatcher", "^icatcher"),
            ("Downcast", "^downcast"),
            ("Podkicker", "^podkicker"),
            ("Pocket Casts app", "^pocket ?casts"),
        ),
    ),
    (
        Kind.HUB,
        (
            ("Google", "^feedfetcher-google"),
            ("Superfeedr", "^superfeedr"),
            ("WebSub hub", "websub|pubsubhubbub|switchboard"),
        ),
    ),
    (
        Kind.AUTOMATION,
        (
            ("Slack RSS", "^slackbot 1|^slackbot/1"),
            ("IFTTT", "^ifttt"),
            ("Zapier", "^zapier"),
            ("Make", "^make/|^integromat"),
            ("n8n", "^rss-parser|^n8n"),
            ("dlvr.it", "^dlvr[.]it"),
            ("MonitoRSS", "monitorss"),
            ("Power Automate", "^azure-logic-apps|microsoft-flow"),
            ("Office 365", "office 365 connectors"),
            ("Mailchimp", "^mailchimp"),
            ("WordPress", "^wordpress/"),
            ("SimplePie", "^simplepie"),
            ("feedparser", "^feedparser/|universalfeedparser"),
            ("MagpieRSS", "^magpierss"),
            ("RSSHub", "^rsshub"),
            ("gofeed", "^gofeed"),
            ("Yahoo Pipes", "^yahoo pipes"),
        ),
    ),
    (
        Kind.PREVIEW,
        (
            ("Slack", "slackbot|slack-imgproxy"),
            ("Flipboard", "flipboardproxy"),
            ("Telegram", "^telegrambot"),
            ("Facebook", "facebookexternalhit|facebot"),
            ("X", "twitterbot"),
            ("LinkedIn", "^linkedinbot"),
            ("WhatsApp", "^whatsapp"),
            ("Discord", "discordbot"),
            ("Mastodon", "mastodon/"),
            ("Bluesky", "bluesky cardyb"),
            ("Pleroma", "^pleroma|^akkoma"),
            ("Misskey", "^misskey|summalybot"),
            ("GoToSocial", "^gotosocial"),
            ("Skype", "skypeuripreview"),
            ("Iframely", "^iframely"),
            ("Embedly", "embedly/"),
            ("Matrix", "^synapse"),
            ("Reddit", "redditbot"),
            ("Pinterest", "pinterestbot"),
            ("Discourse", "^discourse forum onebox"),
        ),
    ),
    (
        Kind.BOT,
        (
            ("Googlebot", "googlebot|google-podcast|googlenewsproducer"),
            ("newspaper", "^newspaper/"),
            ("Bing", "bingbot"),
            ("DuckDuckGo", "duckduckbot"),
            ("Applebot", "applebot"),
            ("OpenAI", "gptbot|oai-searchbot|chatgpt-user"),
            ("Anthropic", "claudebot|claude-user"),
            ("Common Crawl", "^ccbot"),
            ("ByteDance", "bytespider"),
            ("Meta", "meta-external"),
            ("Amazonbot", "amazonbot"),
            ("Ahrefs", "ahrefsbot"),
            ("Semrush", "semrushbot"),
            ("PetalBot", "petalbot"),
            ("Yandex", "yandex"),
            ("UptimeRobot", "uptimerobot"),
            ("Pingdom", "pingdom"),
            ("Monit", "^monit/"),
            ("updown.io", "^updown"),
            ("W3C validator", "^feedvalidator|^w3c_validator"),
            ("curl", "^curl/"),
            ("Wget", "^wget/"),
            ("Python", "^python"),
            ("Go", "^go-http-client"),
        ),
    ),
)
"""Kinds with the names and regular expressions of their programs, in the order in which they are tried.

The order matters: Feedly says that it is like FeedFetcher-Google, and Telegram that it is like TwitterBot.
"""
