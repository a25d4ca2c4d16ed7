"""Tools that know nothing of feeds: atomic writes, locks, parallel work, HTTP, logging, translations.

It never reads a site or an article. May import: nothing of this package.
"""
