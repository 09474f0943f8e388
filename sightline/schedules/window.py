"""From when to when a schedule fires, by the rule of the engine that runs it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from itertools import takewhile
from zoneinfo import ZoneInfo

from sightline.ground.errors import UserError

_INSTANT = timedelta(microseconds=1)
_YEARS = range(1970, 9000)  # clocks, and their changes, cannot be counted to the last


@dataclass(frozen=True, slots=True)
class Window:
    """The start and the end of a schedule; without them it fires from now on, for ever."""

    start: datetime | None = None
    end: datetime | None = None

    @classmethod
    def in_zone(cls, start: datetime | None, end: datetime | None, zone: ZoneInfo) -> "Window":
        """Read what a user typed; a day without a time is inside, as start and as end.

        Raises:
            UserError: a year that no schedule can reach.
        """
        for moment in (start, end):
            if moment is not None and moment.year not in _YEARS:
                raise UserError(
                    f"Expected a start and an end in the years {_YEARS[0]} to {_YEARS[-1]}; "
                    f"received {moment}. Leave it out for a schedule without one."
                )
        if end is not None and end.tzinfo is None and end.time() == time():
            end = end.replace(hour=23, minute=59, second=59, fold=1)
        return cls(_aware(start, zone), _aware(end, zone))

    def fires(
        self,
        fires_after: Callable[[datetime], Iterator[datetime]],
        now: datetime,
        *,
        start_is_inside: bool,
    ) -> Iterator[datetime]:
        """Yield the fires after now that the window leaves.

        A fire at exactly the start runs where the clock has it inside; one at exactly the end
        runs everywhere.
        """
        moments = fires_after(self._first_look(now, start_is_inside))
        return takewhile(lambda moment: self.end is None or moment <= self.end, moments)

    def starts_with_a_fire(
        self, fires_after: Callable[[datetime], Iterator[datetime]], now: datetime
    ) -> bool:
        """Tell whether there is a fire at exactly the start, and the start is still to come."""
        if self.start is None or self.start <= now:
            return False
        return next(fires_after(self.start - _INSTANT), None) == self.start

    def _first_look(self, now: datetime, start_is_inside: bool) -> datetime:
        if self.start is None:
            return now
        return max(now, self.start - _INSTANT if start_is_inside else self.start)


def _aware(moment: datetime | None, zone: ZoneInfo) -> datetime | None:
    return moment.replace(tzinfo=zone) if moment and moment.tzinfo is None else moment
