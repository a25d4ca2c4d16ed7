"""Reads the content folder: article files, media, pictures, and the state that outlives a process.

It never decides what is live and never answers a request. May import: feed, model, base.
"""
