"""What authors may write: YAML files parsed and validated into articles and a site.

It never opens a file, asks for the time or renders anything. May import: base.
"""
