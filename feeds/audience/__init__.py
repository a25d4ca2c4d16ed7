"""Counts subscribers from the access logs of web servers, for `flask audience`.

It never contacts a server or stores an address. May import: edition, formats, feed, model, base.
"""
