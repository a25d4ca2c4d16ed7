"""What is live at an instant, as values: catalog, entries, feeds, posts, and the manifest that compares editions.

It never writes a feed format, opens a file or asks for the time. May import: model, base.
"""
