"""Names of classes that say yes or no by themselves, in lower case."""

from collections.abc import Mapping

YES_WORDS = frozenset(
    (
        *("yes", "y", "true", "t", "1", "positive", "pos", "present", "abnormal", "anomaly"),
        *("anomalous", "defect", "defective", "damaged", "damage", "broken", "faulty", "fault"),
        *("fail", "failed", "nok", "not ok", "not_ok", "bad", "ng", "sick", "ill", "diseased"),
        *("infected", "parasitized", "malignant", "tumor", "tumour", "pneumonia", "cracked"),
        *("crack", "fire", "spam", "nsfw", "unsafe", "fake"),
    )
)
NO_WORDS = frozenset(
    (
        *("no", "n", "false", "f", "0", "negative", "neg", "absent", "normal", "none", "good"),
        *("ok", "okay", "intact", "undamaged", "pass", "passed", "healthy", "uninfected", "benign"),
        *("background", "other", "clean", "safe", "real", "no defect", "no_defect", "nondefective"),
    )
)


def positive_of(counts: Mapping[str, int]) -> str:
    """Choose of two classes with their images the positive one; empty where there are not two.

    It is the one whose name says yes, or that is not the one whose name says no, else the rarer.
    """
    if len(counts) != 2:
        return ""
    yes = [name for name in counts if name.lower() in YES_WORDS]
    others = [name for name in counts if name.lower() not in NO_WORDS]
    for named in (yes, others):
        if len(named) == 1:
            return named[0]
    return min(counts, key=lambda name: (counts[name], name))
