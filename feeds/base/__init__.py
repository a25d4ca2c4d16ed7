"""General-purpose tools: atomic writes, locks, parallel work, HTTP, logging, translations.

This package never reads a site or an article. May import: no other package of feeds.
"""
