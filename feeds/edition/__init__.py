"""Every document at a given time, by its path, with validators and headers.

It never opens a file, reads the clock, or knows Flask or the network. May import: formats, feed,
model, base.
"""
