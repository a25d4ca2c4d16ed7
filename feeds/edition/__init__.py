"""Every document of an instant by its path, with validators and headers.

It never opens a file, asks for the time, or knows Flask or the network. May import: formats, feed, model, base.
"""
