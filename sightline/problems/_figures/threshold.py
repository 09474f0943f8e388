"""From which probability on a name is given, where names do not exclude each other."""

THRESHOLD = 0.5
"""More likely than not."""
