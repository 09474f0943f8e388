"""What both sides know of kinds of problem."""

FIRST_KIND = "classification"
"""The kind of problem of artifacts that name none: there was no other when they were written."""
