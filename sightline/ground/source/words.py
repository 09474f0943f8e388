"""Labels as people write them: what cannot be seen is taken out, what deceives is refused."""

import re
import unicodedata
from collections.abc import Collection, Iterable

from sightline.ground.source.refusals import INVALID_LABEL, MISSING_LABEL, RefusedError
from sightline.ground.storage.redaction import redact

LONGEST_LABEL = 200
BETWEEN_LABELS = "; "
"""Parts several labels of one image in a text."""
JOINERS = "\u200c\u200d"
"""Invisible, but part of words in Persian and of many emoji: kept between what is no ASCII."""
NULL_WORDS = frozenset(
    (
        *("NaN", "nan", "-NaN", "-nan", "NULL", "Null", "null", "None", "<NA>", "NA", "N/A", "n/a"),
        *("#N/A", "#NA", "NaT", "nil"),
    )
)
"""What tools write where a table has no label; `none` in lower case is a word of people."""
BIDI = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
LONE_JOINER = re.compile(f"(?<![^\x00-\x7f{JOINERS}])[{JOINERS}]+|[{JOINERS}]+(?![^\x00-\x7f])")


def clean_word(word: str) -> str:
    """Return a label without outer space, secrets and what cannot be seen, in one Unicode form."""
    seen = (
        letter
        for letter in word
        if unicodedata.category(letter) != "Cf" or letter in BIDI or letter in JOINERS
    )
    return redact(LONE_JOINER.sub("", unicodedata.normalize("NFC", "".join(seen))).strip())


def clean_labels(words: Iterable[str]) -> tuple[str, ...]:
    """Return labels as they are compared and shown, each once.

    Raises:
        RefusedError: there is none, or one cannot be a label: control characters, characters
            that turn the direction of text, bytes that are no UTF-8, or far too long.
    """
    words = list(words)
    labels = [clean_word(word) for word in words]
    for label in labels:
        if any(unicodedata.category(letter) in ("Cc", "Cs") or letter in BIDI for letter in label):
            raise RefusedError(INVALID_LABEL, ascii(label), words=words)
        if len(label) > LONGEST_LABEL:
            raise RefusedError(
                INVALID_LABEL,
                f"{len(label):,} characters, at most {LONGEST_LABEL} are",
                remedy="Correct the label column: this one holds text of another kind.",
                words=[f"{word[:LONGEST_LABEL]}..." for word in words],
            )
    labels = [label for label in dict.fromkeys(labels) if label]
    if not labels:
        raise RefusedError(MISSING_LABEL, words=words)
    return tuple(labels)


def check_no_null(labels: Iterable[str], classes: Collection[str]) -> None:
    """Refuse words of a table that stand for no label, unless they are named as classes.

    Raises:
        RefusedError: a label is such a word.
    """
    labels = list(labels)
    for label in labels:
        if label in NULL_WORDS and label not in classes:
            raise RefusedError(
                MISSING_LABEL,
                f"{label!r} stands for none",
                remedy=f"Give the image a label. If {label!r} is a class, name it and all other "
                "classes in ingest.classes.",
                words=labels,
            )
