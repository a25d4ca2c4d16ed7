"""Counts subscribers from the access logs of web servers, for `flask audience`.

It reads only logs, never contacts anyone and never keeps an address. May import: edition, formats, feed, model, base.
"""
