"""How old a cached result may become: an ISO 8601 duration, and the period that a moment is in."""

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated

from pydantic import AfterValidator, TypeAdapter, ValidationError

# Years and months have no fixed length; weeks, days and clock time have.
FIXED_LENGTH = re.compile(r"P(?=.)[0-9.WD]*(T[0-9.HMS]+)?")
SHORTEST = timedelta(minutes=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_DURATION = TypeAdapter(timedelta)


def parse_age(text: str) -> timedelta:
    """Read an ISO 8601 duration of weeks, days, hours, minutes and seconds.

    Raises:
        ValueError: it is none, has years or months, or is shorter than a minute.
    """
    try:
        if FIXED_LENGTH.fullmatch(text):
            age = _DURATION.validate_python(text)
            if age >= SHORTEST:
                return age
    except ValidationError:
        pass
    raise ValueError(
        "expected an ISO 8601 duration of weeks, days, hours or minutes, one minute or longer, "
        f"such as P7D or PT12H; received {text!r}. Write a month as P30D"
    )


def period(text: str, moment: datetime) -> str:
    """Name the period of this length, counted from 1970 in UTC, that a moment falls into."""
    return f"{text} {(moment - EPOCH) // parse_age(text)}"


def _checked(text: str) -> str:
    if text:
        parse_age(text)
    return text


MaxAge = Annotated[str, AfterValidator(_checked)]
"""An ISO 8601 duration of fixed length, or empty for no limit."""
