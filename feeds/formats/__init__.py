"""Renders values as bytes: RSS, Atom, JSON Feed, OPML, podcasts, HTML pages and files for crawlers.

This package never decides what is published, opens no file of the site and reads no clock. May
import: feed, model, base.
"""
