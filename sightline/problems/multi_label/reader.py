"""Any number of labels for an image: words, none of which has to be there."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from sightline.ground.source.targets import Target
from sightline.ground.source.words import clean_word
from sightline.problems.classification.reader import Reader as OneLabel

NO_LABEL = Target(())
FEWEST_SHARE = 0.05
"""Share of the images with several labels from which on they are no slip of the pen."""


class Reader(OneLabel):
    """Words are labels, and an image without a word shows nothing of what there are names for."""

    several = True

    def read_words(self, words: Sequence[str]) -> Target:
        return super().read_words(words) if any(map(clean_word, words)) else NO_LABEL

    def read_line(self, content: Mapping[str, Any]) -> Target:
        """Read the labels of a line; only an empty list says that an image has none."""
        if content.get("classificationAnnotations") == []:
            return NO_LABEL
        return super().read_line(content)

    def suits(self, rows: Sequence[Sequence[str]]) -> str:
        """Find that images have several labels, which combine: no two always come together."""
        combined = [frozenset(filter(None, map(clean_word, words))) for words in rows]
        several = [words for words in combined if len(words) > 1]
        if all(map(_may_be_decimals, rows)):
            return ""
        if len(several) < FEWEST_SHARE * len(combined) or not several:
            return ""
        company: dict[str, set[frozenset[str]]] = defaultdict(set)
        for words in combined:
            for word in words:
                company[word].add(words)
        if all(len(found) == 1 for found in company.values()):
            return ""
        return f"{len(several):,} of {len(combined):,} images have several labels"


def _may_be_decimals(words: Sequence[str]) -> bool:
    """Tell whether a comma may have parted the decimals of one number."""
    return len(words) <= 2 and all(word.strip().lstrip("+-").isdecimal() for word in words)
