"""The one place where stages ask for the date."""

from datetime import UTC, datetime


def timestamp() -> str:
    """Return the present time in UTC as ISO 8601 text, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")
