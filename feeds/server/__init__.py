"""Answers requests, and follows the content and the time: publisher, WSGI front, web, previews, metrics, Granian.

It never renders a format itself. May import: importing, audience, edition, and all below.
"""
