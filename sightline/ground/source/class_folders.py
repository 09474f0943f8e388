"""Labels from folder names: `daisy/1.jpg`, or `train/daisy/1.jpg` where splits are given."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sightline.ground.source.files import (
    IMAGE_SUFFIXES,
    Entry,
    Files,
    may_be_image,
    printable,
    suffix,
)
from sightline.ground.source.refusals import MISSING_LABEL, Refusal, RefusedError
from sightline.ground.source.rows import SPLIT_WORDS, Row
from sightline.ground.source.targets import Target, TargetReader

CLUTTER = frozenset(("__macosx", "thumbs.db", "desktop.ini"))


@dataclass(frozen=True, slots=True)
class Layout:
    """How the folders of a source give labels."""

    entries: tuple[Entry, ...]
    base: str
    """Folders above the class folders that say nothing, such as the one that an archive adds."""
    has_splits: bool
    ignored: tuple[str, ...]
    """System files, and files beside the class folders that are no images."""
    classes: frozenset[str]
    """Folders that hold images."""

    @property
    def label_depth(self) -> int:
        """Where in a path below `base` the class folder stands."""
        return 1 if self.has_splits else 0


def find_layout(listing: Iterable[Entry]) -> Layout:
    """Tell from a listing where the class folders are and whether splits lie above them."""
    listed = list(listing)
    clutter = [entry.path for entry in listed if is_clutter(entry.path)]
    entries = [entry for entry in listed if not is_clutter(entry.path)]
    images = [entry.path.split("/")[:-1] for entry in entries if may_be_image(entry.path)]
    base = _shared_base(images)
    below = [folders[len(base) :] for folders in images if folders[: len(base)] == base]
    tops = {path[0].lower() for path in below if path}
    # Images right inside `train` and `test` have no label: no one means classes of these names.
    has_splits = bool(tops) and tops <= SPLIT_WORDS.keys()
    depth = 1 if has_splits else 0
    prefix = "".join(f"{name}/" for name in base)
    beside = [e for e in entries if _is_beside(e, prefix, depth)]
    return Layout(
        entries=tuple(entry for entry in entries if not _is_beside(entry, prefix, depth)),
        base=prefix,
        has_splits=has_splits,
        ignored=tuple(printable(path) for path in (*clutter, *(e.path for e in beside))),
        classes=frozenset(path[depth] for path in below if len(path) > depth),
    )


def read_rows(files: Files, layout: Layout, reader: TargetReader) -> Iterator[Row | Refusal]:
    """Yield a row per file of the class folders; folders inside a class folder belong to it."""
    for entry in layout.entries:
        parts = entry.path.removeprefix(layout.base).split("/")
        word = parts[layout.label_depth] if len(parts) > layout.label_depth + 1 else ""
        row = Row(
            files=files,
            path=entry.path,
            location=entry.path,
            target=Target((printable(word),)),
            split=SPLIT_WORDS.get(parts[0].lower()) if layout.has_splits else None,
        )
        try:
            if entry.problem is not None:
                raise RefusedError(entry.problem, entry.detail)
            if not word:
                raise RefusedError(MISSING_LABEL, "no class folder above the image")
            target = reader.read_words([word])
        except RefusedError as error:
            yield row.refused(error)
            continue
        yield Row(files=files, path=row.path, location=row.location, target=target, split=row.split)


def is_clutter(path: str) -> bool:
    """Tell whether an operating system or an editor left this file."""
    return any(part.startswith(".") or part.lower() in CLUTTER for part in path.split("/"))


def _shared_base(images: list[list[str]]) -> list[str]:
    """Return the leading folders that are no classes: alone at their level, with folders inside.

    `images` are the folders above each image. A few images that lie loose in such a folder
    do not make it a class.
    """
    base: list[str] = []
    while True:
        names = {folders[len(base)] for folders in images if len(folders) > len(base)}
        num_deeper = sum(len(folders) > len(base) + 1 for folders in images)
        if len(names) != 1 or 2 * num_deeper <= len(images):
            return base
        name = names.pop()
        if name.lower() in SPLIT_WORDS:
            return base
        base.append(name)


def _is_beside(entry: Entry, prefix: str, depth: int) -> bool:
    """Tell whether a file lies above the class folders and is neither image nor unreadable."""
    below = entry.path.removeprefix(prefix)
    is_above = not entry.path.startswith(prefix) or below.count("/") <= depth
    return is_above and entry.problem is None and suffix(entry.path) not in IMAGE_SUFFIXES
