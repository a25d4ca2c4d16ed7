"""Content at a given time, as values: catalog, entries, feeds, posts, and the edition manifest.

It never renders a feed format, opens a file or reads the clock. May import: model, base.
"""
