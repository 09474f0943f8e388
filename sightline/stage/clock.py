"""The one place where stages ask for the date."""

from datetime import UTC, datetime


def now() -> datetime:
    """Return the present time in UTC."""
    return datetime.now(UTC)


def timestamp() -> str:
    """Return the present time in UTC as ISO 8601 text, to the second."""
    return now().isoformat(timespec="seconds")
