"""One number for every image, from a column, a line of JSON or the name of a folder."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from sightline.ground.source.refusals import MISSING_LABEL, NOT_A_NUMBER, RefusedError
from sightline.ground.source.targets import Target
from sightline.problems.reader import Reader as Questions
from sightline.problems.regression.amounts import amounts_of
from sightline.problems.regression.numbers import FOLDER_REMEDY, read_number

KEY = "value"
"""Where a line of JSON keeps the number, unless under its own name."""


class Reader(Questions):
    """Words are a number."""

    def read_words(self, words: Sequence[str]) -> Target:
        if len(words) != 1:
            detail = "one number per image is learned"
            raise RefusedError(NOT_A_NUMBER, detail, remedy=FOLDER_REMEDY, words=words)
        return self._target(words[0])

    def read_line(self, content: Mapping[str, Any]) -> Target:
        keys = [key for key in (str(self.about.get("name", KEY)), KEY) if key in content]
        if not keys or content[keys[0]] is None:
            remedy = f'Write the number of the image as "{KEY}": 12.5 into its line.'
            raise RefusedError(MISSING_LABEL, f'no "{KEY}"', remedy=remedy)
        value = content[keys[0]]
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            raise RefusedError(NOT_A_NUMBER, repr(value))
        # JSON's own numbers have a point, whatever the table's words have.
        return (
            self._target(value) if isinstance(value, str) else Target((), read_number(str(value)))
        )

    def suits(self, rows: Sequence[Sequence[str]]) -> str:
        """Find that every image has one number, and that these are amounts and no classes."""
        if not rows or any(len(words) not in (1, 2) for words in rows):
            return ""
        try:
            # Whoever takes a comma for one between labels has parted decimals by it.
            counts = Counter(read_number(",".join(words)) for words in rows)
        except RefusedError:
            return ""
        values = amounts_of(counts)
        if not values:
            return ""
        return (
            f"the labels are amounts: {len(values):,} numbers from {values[0]:g} to {values[-1]:g} "
            f"for {len(rows):,} images"
        )

    def _target(self, word: str) -> Target:
        mark, unit = self.about.get("decimal_mark", "auto"), self.about.get("unit", "")
        return Target((), read_number(word, mark=mark, unit=unit))
