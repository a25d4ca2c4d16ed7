"""The editor: forms in which authors write articles, for people who know no YAML.

It never publishes anything: it writes article files, which the server reads, and it is not part of
the public server. May import: all packages below.
"""
