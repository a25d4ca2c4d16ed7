"""Answers requests, and follows changes of content and time.

Modules: publisher, watcher, WSGI front, web, previews, metrics, Granian.
This package never renders a format itself. May import: importing, audience, edition, and all below.
"""
