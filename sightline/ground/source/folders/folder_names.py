"""What the name of a folder says: a split, images without label, or what a system left behind."""

import re
from collections.abc import Iterable, Mapping, Set

from sightline.ground.source.rows import SPLIT_WORDS

CLUTTER = frozenset(
    (
        *("__macosx", "thumbs.db", "desktop.ini", "@eadir", "@tmp", "#recycle", "@recycle"),
        *("#snapshot", "@recently-snapshot", "$recycle.bin", "system volume information"),
        "lost+found",
    )
)
UNLABELLED = frozenset(
    (
        *("nolabel", "nolabels", "withoutlabel", "unlabeled", "unlabelled", "notlabeled"),
        "unannotated",
    )
)
"""What labelling tools call the folder of images that have no label, without dashes and case."""
IGNORED = re.compile(r"_+(ignored?|unlabell?ed)_*", re.IGNORECASE)
FILLERS = frozenset(
    (
        *("set", "sets", "data", "dataset", "split", "folder", "dir", "files", "seg", "the"),
        *("image", "images", "img", "imgs", "photo", "photos", "picture", "pictures"),
    )
)
"""Words beside the name of a split that say nothing of their own."""
FORMAT_WORDS = frozenset(("jpeg", "jpg", "png", "obj"))
WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^\W\d_a-zA-Z]+")


def is_clutter(path: str) -> bool:
    """Tell whether an operating system, a storage system or an editor left this file."""
    return any(
        (part.startswith(".") and part != "..") or part.lower() in CLUTTER
        for part in path.split("/")
    )


def is_unlabelled(name: str) -> bool:
    """Tell whether a folder is called after having no label."""
    plain = re.sub(r"[\s_-]+", "", name.lower())
    return plain in UNLABELLED or IGNORED.fullmatch(name) is not None


def find_splits(names: Iterable[str]) -> dict[str, str]:
    """Return those of some folders that are called after a split, and the split.

    `seg_train` and `TestData` are, since the other words say nothing; `birds_train` and
    `birds_test` are, since the other words are the same.
    """
    found = {name: split for name in names if (split := _split_and_rest(name))}
    plain = {name: split for name, (split, rest) in found.items() if not rest}
    if plain:
        return plain
    rests = {rest for _, rest in found.values()}
    return {name: split for name, (split, _) in found.items()} if len(rests) == 1 else {}


def is_wrapper(name: str, split: str) -> bool:
    """Tell whether a folder inside a split repeats the split, or only says that it has images."""
    words = _words(name)
    return not words - FILLERS or find_splits([name]).get(name) == split


def says_nothing(name: str) -> bool:
    """Tell whether a folder is called after splits, images or years only, as `train2017` is."""
    words = _words(name)
    telling = {word for word in words if not word.isdecimal()}
    return bool(telling) and not telling - FILLERS - SPLIT_WORDS.keys() - FORMAT_WORDS


def same_classes(below: Mapping[str, Set[str]]) -> list[str]:
    """Return the folders inside each of several folders, where they are the same, two or more.

    Numbers and dates are no classes.
    """
    inside = [set(names) for names in below.values()]
    if len(inside) < 2 or any(names != inside[0] for names in inside):
        return []
    told = sorted(name for name in inside[0] if re.search(r"[^\W\d_]", name))
    return told if len(told) > 1 else []


def _split_and_rest(name: str) -> tuple[str, frozenset[str]] | None:
    words = _words(name)
    splits = words & SPLIT_WORDS.keys()
    if len(splits) != 1:
        return None
    return SPLIT_WORDS[next(iter(splits))], words - splits - FILLERS


def _words(name: str) -> frozenset[str]:
    """Return the words of a name in lower case; `trainset` is two."""
    words: set[str] = set()
    for word in (found.lower() for found in WORDS.findall(name)):
        ends = [end for end in FILLERS if word.removesuffix(end) in SPLIT_WORDS]
        words.update((word.removesuffix(ends[0]), ends[0]) if ends else (word,))
    return frozenset(words)
