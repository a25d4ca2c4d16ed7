"""Content models: YAML files parsed and validated into articles and a site.

This package never opens a file, reads the clock or renders anything. May import: base.
"""
