"""Values to bytes: RSS, Atom, JSON Feed, OPML, podcasts, HTML pages, and what crawlers read.

It never decides what is published, opens a file of the site or asks for the time. May import: feed, model, base.
"""
