"""Numbers as people write them: with a decimal point or comma, and with or without thousands."""

import math
import re
from typing import Literal

from sightline.ground.source.refusals import MISSING_LABEL, NOT_A_NUMBER, RefusedError
from sightline.ground.source.words import NULL_WORDS

DecimalMark = Literal["auto", "point", "comma"]
MARKS: dict[DecimalMark, str] = {"point": ".", "comma": ","}
SPACES = "[\u0020\u00a0\u2009\u202f'\u2019]"
"""What some countries put between thousands: spaces that do not break, apostrophes."""
PLAIN = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
GROUPED = re.compile(r"[+-]?[1-9]\d{0,2}(([.,]|" + SPACES + r")\d{3})+")
NO_NUMBERS = frozenset(("inf", "infinity", "nan"))
FOLDER_REMEDY = (
    "Write one number for each image: as a column of a table, or as the name of its folder."
)


def read_number(text: str, *, mark: DecimalMark = "auto", unit: str = "") -> float:
    """Read a finite number, with its unit behind it or not.

    Raises:
        RefusedError: there is none, or it can be read in two ways.
    """
    word = text.strip().replace("\u2212", "-")
    if unit:
        word = word.removesuffix(unit).rstrip()
    if not word or word in NULL_WORDS:
        raise RefusedError(MISSING_LABEL, "no number", remedy=FOLDER_REMEDY, words=[text])
    if word.lstrip("+-").lower() in NO_NUMBERS:
        raise RefusedError(NOT_A_NUMBER, f"{text!r} is not finite", words=[text])
    plain = _plain(word, mark)
    if plain is None or not PLAIN.fullmatch(plain):
        raise RefusedError(NOT_A_NUMBER, repr(text), remedy=FOLDER_REMEDY, words=[text])
    number = float(plain)
    if not math.isfinite(number):
        raise RefusedError(NOT_A_NUMBER, f"{text!r} is too large", words=[text])
    return number


def _plain(word: str, mark: DecimalMark) -> str | None:
    """Return the number with a decimal point and without thousands; None where it is none.

    Raises:
        RefusedError: a comma may part thousands or decimals, or the mark that parts no decimals
            parts no thousands either.
    """
    if mark == "auto":
        found = _mark_of(word)
        if found is None:
            one, other = word.replace(",", ""), word.replace(",", ".")
            raise RefusedError(
                NOT_A_NUMBER,
                f"{word!r} may be {one} or {other}",
                remedy="Set ingest.decimal_mark to point where the comma parts thousands, or to "
                "comma where it parts decimals.",
                words=[word],
            )
    else:
        found = MARKS[mark]
    whole, point, rest = word.partition(found)
    if GROUPED.fullmatch(whole):
        whole = re.sub(rf"[.,]|{SPACES}", "", whole)
    if not any(one in whole + rest for one in MARKS.values()):
        return f"{whole}{'.' if point else ''}{rest}"
    if mark == "auto":
        return None
    raise RefusedError(
        NOT_A_NUMBER,
        f"{word!r} where ingest.decimal_mark is {mark}",
        remedy="Correct the number, or set ingest.decimal_mark to what parts decimals.",
        words=[word],
    )


def _mark_of(word: str) -> str | None:
    """Tell which character parts decimals; None where a comma may do either.

    A lone point does: programs write three decimals with it far more often than people write
    thousands.
    """
    points, commas = word.count("."), word.count(",")
    if points and commas:
        return "." if word.rindex(".") > word.rindex(",") else ","
    if points > 1 or commas == 0:
        return "," if points > 1 else "."
    if commas > 1:
        return "."
    return None if GROUPED.fullmatch(word) else ","
