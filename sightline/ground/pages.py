"""What report pages of stages and the page of a run share, which are written on two sides."""

POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; "
    "form-action 'none'"
)
"""Content security policy: a page runs no script, loads nothing, and sends nothing."""
WARNINGS = "warnings"
"""Where a report's metadata says what its page warns of."""
NAVIGATION = "<!--navigation-->"
"""Where a run puts its links into the copy of a stage's page that lies beside its own."""
FRONT, END_OF_FRONT = "<!--front-->", "<!--end of front-->"
"""Around each part of a stage's page that the run's page shows, too; user text has no `<`."""
