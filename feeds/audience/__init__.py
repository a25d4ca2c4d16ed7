"""Counts subscribers from the access logs of web servers, for `feeds audience`.

It never contacts a server or stores an address. May import: edition, formats, feed, model, base.
"""
