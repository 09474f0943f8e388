"""What a stage raises when the user can fix it."""


class UserError(Exception):
    """A person can fix this: what was expected, what was received, what to do."""


class SettingsError(UserError):
    """A setting has a value that no run could use."""


class DataError(UserError):
    """Images, labels or an artifact are not what the stage needs."""


def shorten(items: list[str], limit: int = 5) -> str:
    """Name at most `limit` items and count the others, as messages do."""
    shown = ", ".join(items[:limit])
    return shown if len(items) <= limit else f"{shown} and {len(items) - limit:,} more"
