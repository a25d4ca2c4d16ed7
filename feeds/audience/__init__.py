"""Who reads the feeds, told from the access logs of web servers: `flask audience`.

It reads logs and nothing else; it asks nobody, and keeps no address.
"""
