"""Articles from another system's feed or export: `flask import`.

Files are added and none is changed, but for the redirects of `site.yaml`; what entries are called stays to the byte.
"""
