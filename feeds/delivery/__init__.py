"""Delivery of an edition: files in a folder, objects in a bucket, notifications of WebSub hubs.

It never answers a request. May import: server, edition, and all below.
"""
