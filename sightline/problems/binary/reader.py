"""One of two labels for an image."""

from collections.abc import Sequence

from sightline.ground.source.words import clean_word
from sightline.problems.binary.words import NO_WORDS, YES_WORDS
from sightline.problems.classification.reader import Reader as OneLabel


class Reader(OneLabel):
    """Words are labels; that there are two of them is checked later."""

    def suits(self, rows: Sequence[Sequence[str]]) -> str:
        """Find two classes of which the one says yes and the other no, as defect and ok do."""
        found = {clean_word(word) for words in rows for word in words} - {""}
        yes = [name for name in found if name.lower() in YES_WORDS]
        no = [name for name in found if name.lower() in NO_WORDS]
        if len(found) != 2 or len(yes) != 1 or len(no) != 1:
            return ""
        return f"of the two classes, '{yes[0]}' says yes and '{no[0]}' no"
