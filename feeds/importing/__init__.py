"""Imports articles from another system's feed, export or folder, for `feeds import`.

It never changes an existing file, except the redirects of `site.yaml`. May import: edition,
content, and all below.
"""
