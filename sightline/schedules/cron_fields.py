"""One field of a cron expression: its grammar, and the one spelling that every engine reads alike.

Engines differ in names, in 7 for Sunday, in `5/15`, and in what `*` inside a list of days means.
A field therefore keeps numbers, ranges and steps only, and refuses what cannot be said so.
"""

import re
from dataclasses import dataclass
from itertools import pairwise

from sightline.ground.errors import UserError, nearest

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_ITEM = re.compile(r"(?P<first>[^-/]+)(-(?P<last>[^-/]+))?(/(?P<step>[^-/]+))?")


@dataclass(frozen=True, slots=True)
class FieldKind:
    """What one of the five places of an expression may hold."""

    name: str
    lowest: int
    highest: int
    names: tuple[str, ...] = ()
    """Names of the values from `lowest` on."""


MINUTE = FieldKind("minute", 0, 59)
HOUR = FieldKind("hour", 0, 23)
DAY = FieldKind("day of month", 1, 31)
MONTH = FieldKind("month", 1, 12, _MONTHS)
WEEKDAY = FieldKind("day of week", 0, 6, _WEEKDAYS)


@dataclass(frozen=True, slots=True)
class CronField:
    """One field: when it matches, and how to write it for any engine."""

    text: str
    values: frozenset[int]
    star: bool
    """Whether it begins with `*`: then both day fields must match, otherwise one of them."""


def parse_field(kind: FieldKind, text: str) -> CronField:
    """Read one field.

    Raises:
        UserError: it is no field of this kind; says what was expected.
    """
    parts = text.lower().split(",")
    items = [_parse_item(kind, part, text) for part in parts]
    stars = any(part.startswith("*") for part in parts)
    if stars and len(parts) > 1 and kind in {DAY, WEEKDAY}:
        raise _refusal(kind, text, "`*` alone or a list without it", "Write the days out")
    values = frozenset(value % 7 if kind is WEEKDAY else value for item in items for value in item)
    if stars and len(parts) == 1:
        step = items[0].step
        return CronField("*" if step == 1 else f"*/{step}", values, star=True)
    if kind is WEEKDAY:
        return CronField(_runs(sorted(values)), values, star=False)
    return CronField(",".join(_spell(item) for item in items), values, star=False)


def _parse_item(kind: FieldKind, part: str, text: str) -> range:
    match = _ITEM.fullmatch(part)
    if match is None:
        raise _refusal(kind, text, _allowed(kind), "Correct it")
    step = _parse_step(kind, match["step"], text)
    if match["first"] == "*" and not match["last"]:
        return range(kind.lowest, kind.highest + 1, step)
    first = _value(kind, match["first"], text)
    if not match["last"]:
        if match["step"] is None:
            return range(first, first + 1)
        return range(first % (kind.highest + 1), kind.highest + 1, step)  # `7/2` starts on Sunday
    last = _value(kind, match["last"], text)
    if kind is WEEKDAY and last == 0 < first:
        last = 7  # `fri-sun` ends on the Sunday after
    if last < first:
        remedy = f"Write {first}-{kind.highest},{kind.lowest}-{last} if it wraps around"
        raise _refusal(kind, text, "a range from low to high", remedy)
    return range(first, last + 1, step)


def _parse_step(kind: FieldKind, text: str | None, field: str) -> int:
    if text is None:
        return 1
    width = kind.highest - kind.lowest
    if not _is_number(text) or not 1 <= int(text) <= width:
        remedy = f"A longer step would mean {kind.lowest} only"
        raise _refusal(kind, field, f"a step from 1 to {width} after the slash", remedy)
    return int(text)


def _value(kind: FieldKind, text: str, field: str) -> int:
    if text in kind.names:
        return kind.names.index(text) + kind.lowest
    highest = 7 if kind is WEEKDAY else kind.highest
    if _is_number(text) and kind.lowest <= int(text) <= highest:
        return int(text)
    raise _refusal(kind, field, _allowed(kind), _remedy(kind, text))


def _is_number(text: str) -> bool:
    return re.fullmatch("[0-9]{1,4}", text) is not None


def _allowed(kind: FieldKind) -> str:
    if kind is WEEKDAY:
        return "0-7 (0 and 7 are Sunday) or sun to sat"
    names = f" or {kind.names[0]} to {kind.names[-1]}" if kind.names else ""
    return f"{kind.lowest}-{kind.highest}{names}"


def _remedy(kind: FieldKind, text: str) -> str:
    if text == "?":
        return "Write * instead of ?"
    if re.fullmatch(r"[0-9]*[lw]+|[a-z0-9]+#[0-9]", text):
        return "L, W and # are not known to every engine; write the days out"
    guess = nearest(text, kind.names)
    return f"Did you mean {guess}?" if guess else "Correct it"


def _refusal(kind: FieldKind, field: str, expected: str, remedy: str) -> UserError:
    end = "" if remedy.endswith("?") else "."
    return UserError(f"{kind.name}: expected {expected}; received `{field}`. {remedy}{end}")


def _spell(item: range) -> str:
    if len(item) == 1:
        return str(item[0])
    step = "" if item.step == 1 else f"/{item.step}"
    return f"{item[0]}-{item[-1]}{step}"


def _runs(values: list[int]) -> str:
    """Write sorted numbers as `0,3-5`."""
    breaks = [0, *(i for i, (a, b) in enumerate(pairwise(values), 1) if b - a > 1), len(values)]
    return ",".join(_spell(range(values[i], values[j - 1] + 1)) for i, j in pairwise(breaks))
