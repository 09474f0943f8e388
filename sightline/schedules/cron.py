"""A cron expression in the user's words, and in those that every engine takes."""

from dataclasses import dataclass
from datetime import date

from sightline.ground.errors import UserError, nearest
from sightline.schedules.cron_fields import (
    DAY,
    HOUR,
    MINUTE,
    MONTH,
    WEEKDAY,
    CronField,
    parse_field,
)

EXAMPLE = "`30 2 * * *` for every day at 02:30"
_KINDS = (MINUTE, HOUR, DAY, MONTH, WEEKDAY)
_SHORTHANDS = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_LONGEST_MONTH = {2: 29, 4: 30, 6: 30, 9: 30, 11: 30}


@dataclass(frozen=True, slots=True)
class Cron:
    """Five fields that mean the same on every engine.

    When both day fields are restricted, a day that matches either of them counts.
    """

    text: str
    """As the user wrote it."""
    minute: CronField
    hour: CronField
    day: CronField
    month: CronField
    weekday: CronField

    @classmethod
    def parse(cls, text: str) -> "Cron":
        """Read five fields or a shorthand such as `@daily`.

        Raises:
            UserError: it is no cron expression, or one that would never fire.
        """
        try:
            fields = [
                parse_field(kind, part)
                for kind, part in zip(_KINDS, _split(text.strip()), strict=True)
            ]
            minute, hour, day, month, weekday = fields
            _expect_a_date(day, month, weekday)
        except UserError as error:
            raise UserError(f"Cron expression {text!r}: {error}") from error
        return cls(text.strip(), minute, hour, day, month, weekday)

    @property
    def expression(self) -> str:
        """Return five fields of numbers, ranges and steps, which every engine reads alike."""
        fields = (self.minute, self.hour, self.day, self.month, self.weekday)
        return " ".join(field.text for field in fields)

    @property
    def both_days(self) -> bool:
        """Whether a day must match both day fields, instead of one of them."""
        return self.day.star or self.weekday.star

    def matches_day(self, moment: date) -> bool:
        """Tell whether it may fire on the day of a moment."""
        day = moment.day in self.day.values
        weekday = moment.isoweekday() % 7 in self.weekday.values
        return (day and weekday) if self.both_days else (day or weekday)


def _split(text: str) -> list[str]:
    if text.startswith("@"):
        return _expand(text.lower()).split()
    parts = text.split()
    if parts and "TZ=" in parts[0]:
        raise UserError(
            f"expected the five fields alone; received also a time zone. Leave out `{parts[0]}` "
            f"and pass --time-zone {parts[0].partition('=')[2] or 'NAME'}."
        )
    if len(parts) == len(_KINDS) + 1:
        raise UserError(
            "expected five fields (minute, hour, day of month, month, day of week); received six. "
            "Seconds are not supported; drop the first field."
        )
    if len(parts) != len(_KINDS):
        raise UserError(
            "expected five fields (minute, hour, day of month, month, day of week); received "
            f"{len(parts)}. Write, for example, {EXAMPLE}."
        )
    return parts


def _expand(shorthand: str) -> str:
    if shorthand in _SHORTHANDS:
        return _SHORTHANDS[shorthand]
    guess = nearest(shorthand, _SHORTHANDS)
    remedy = f"Did you mean {guess}?" if guess else f"Write five fields, such as {EXAMPLE}."
    raise UserError(f"expected one of {', '.join(_SHORTHANDS)}; received {shorthand}. {remedy}")


def _expect_a_date(day: CronField, month: CronField, weekday: CronField) -> None:
    if not (day.star or weekday.star):
        return
    if min(day.values) > max(_LONGEST_MONTH.get(number, 31) for number in month.values):
        raise UserError(
            f"expected a date that exists; received day {day.text} in month {month.text}, so that "
            "it would never fire. Choose an earlier day, such as 28."
        )
