"""Takes an edition elsewhere: into a folder, to a bucket, to WebSub hubs.

It never answers a request. May import: server, edition, and all below.
"""
