"""Labels from folder names: `daisy/1.jpg`, or `train/daisy/1.jpg` where splits are given."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from functools import lru_cache, partial

from sightline.ground.errors import DataError, shorten
from sightline.ground.source.file_kinds import LONGEST_START, other_kind, remedy_for
from sightline.ground.source.files import (
    IMAGE_SUFFIXES,
    Entry,
    Files,
    counted_files,
    may_be_image,
    printable,
    suffix,
)
from sightline.ground.source.folders.folder_names import (
    find_splits,
    is_clutter,
    is_unlabelled,
    is_wrapper,
    same_classes,
)
from sightline.ground.source.refusals import MISSING_LABEL, NOT_AN_IMAGE, Refusal, RefusedError
from sightline.ground.source.rows import SPLIT_WORDS, Row
from sightline.ground.source.settings import SourceSettings
from sightline.ground.source.targets import Target, TargetReader

MOST_WORDS = 1_000
"""Names of class folders whose labels are kept: nearly every image has that of the one before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """How the folders of a source give labels."""

    entries: tuple[Entry, ...]
    base: str
    """Folders above the class folders that say nothing, such as the one that an archive adds."""
    splits: dict[str, str]
    """Folder -> split, where splits lie above the class folders."""
    wrappers: dict[str, str]
    """Split folder -> the one folder inside it that holds its class folders."""
    takes_last: bool
    """Whether the folder right above an image is its class, not the first below the source."""
    ignored: tuple[str, ...]
    """System files, and files beside the class folders that are no images."""
    classes: frozenset[str]
    """Folders that hold images."""
    taken: tuple[str, ...]
    """How splits and classes were told, and what was left out, each in a sentence."""
    doubt: str = ""
    """Why class folders cannot be told, and what to do."""

    def place(self, path: str) -> tuple[str, str | None]:
        """Return the class and the split of a file; an empty class where no folder names one."""
        folders = path.removeprefix(self.base).split("/")[:-1]
        split = self.splits.get(folders[0]) if folders else None
        folders = self.folders(path)
        return (folders[-1 if self.takes_last else 0] if folders else ""), split

    def folders(self, path: str) -> list[str]:
        """Return the folders of a file from its class folder on."""
        return _unwrapped(path.removeprefix(self.base).split("/")[:-1], self.splits, self.wrappers)


def find_layout(listing: Iterable[Entry], settings: SourceSettings) -> Layout:
    """Tell from a listing where the class folders are and whether splits lie above them."""
    listed = list(listing)
    clutter = [entry.path for entry in listed if is_clutter(entry.path)]
    kept = [entry for entry in listed if not is_clutter(entry.path)]
    entries = [entry for entry in kept if entry.problem or not entry.path.endswith("/")]
    images = [entry.path.split("/")[:-1] for entry in entries if may_be_image(entry.path)]
    base = _shared_base(images)
    prefix = "".join(f"{name}/" for name in base)
    below = [folders[len(base) :] for folders in images if folders[: len(base)] == base]
    splits, unsplit = _find_splits(below)
    layout = Layout(
        entries=(),
        base=prefix,
        splits=splits,
        wrappers=_find_wrappers(below, splits),
        takes_last=settings.class_folder == "last",
        ignored=(),
        classes=frozenset(),
        taken=(),
    )
    beside, left_out, rows = _sort(entries, layout, unsplit, settings)
    placed = {
        name: entry.path
        for entry in rows
        if may_be_image(entry.path) and (name := layout.place(entry.path)[0])
    }
    empty = {layout.place(entry.path)[0] for entry in kept} - {"", *placed, *left_out, *unsplit}
    inside = _folders_inside(layout, rows)
    return Layout(
        entries=tuple(rows),
        base=prefix,
        splits=splits,
        wrappers=layout.wrappers,
        takes_last=layout.takes_last,
        ignored=tuple(printable(path) for path in (*clutter, *beside)),
        classes=frozenset(placed),
        taken=tuple(_say(splits, left_out, empty, inside)),
        doubt=_doubt(below, splits, unsplit, inside, layout.takes_last),
    )


def _sort(
    entries: Iterable[Entry], layout: Layout, unsplit: Collection[str], settings: SourceSettings
) -> tuple[list[str], dict[str, int], list[Entry]]:
    """Tell files beside the folders, counts of folders without a class, and rows apart."""
    beside, left_out, rows = [], defaultdict[str, int](int), []
    for entry in entries:
        name, _ = layout.place(entry.path)
        top = entry.path.removeprefix(layout.base).partition("/")[0]
        without = top if top in unsplit else name
        if _is_beside(entry, layout.base, depth=1 if layout.splits else 0):
            beside.append(entry.path)
        elif without in unsplit or (is_unlabelled(without) and without not in settings.classes):
            left_out[without] += 1
        else:
            rows.append(entry)
    return beside, left_out, rows


def read_rows(files: Files, layout: Layout, reader: TargetReader) -> Iterator[Row | Refusal]:
    """Yield a row per file of the class folders; folders inside a class folder belong to it."""
    read_word = lru_cache(MOST_WORDS)(lambda word: reader.read_words([word]))
    for entry in layout.entries:
        target: Target | None = None
        word, split = layout.place(entry.path)
        row = partial(Row, files=files, path=entry.path, location=entry.path, split=split)
        try:
            target = read_word(word) if word else None
            if entry.problem is not None:
                raise RefusedError(entry.problem, entry.detail)
            if target is None:
                raise _unlabelled(files, entry.path)
        except RefusedError as error:
            yield row(target=target or Target((printable(word),))).refused(error)
        else:
            yield row(target=target)


def _unlabelled(files: Files, path: str) -> RefusedError:
    """Say what a file without a class folder is, where that is no image and a look is cheap."""
    if not (files.remote or files.sequential):
        with suppress(DataError, OSError), closing(files.open(path)) as stream:
            if kind := other_kind(stream.read(LONGEST_START)):
                return RefusedError(NOT_AN_IMAGE, kind, remedy=remedy_for(kind))
    return RefusedError(MISSING_LABEL, "no class folder above the image")


def check_layout(layout: Layout, location: str) -> None:
    """Refuse a source whose class folders cannot be told.

    Raises:
        DataError: several folders could be the classes.
    """
    if layout.doubt:
        raise DataError(f"{location}: {layout.doubt}")


def _find_splits(below: list[list[str]]) -> tuple[dict[str, str], set[str]]:
    """Return folder -> split, and the folders beside them that give no label.

    Images right inside `train` and `test` have no label: no one means classes of these names.
    Under other names, or beside other folders, they are splits if they hold the same classes.
    """
    inside: dict[str, set[str]] = defaultdict(set)
    for path in below:
        if path:
            inside[path[0]].update(path[1:2])
    if inside and all(top.lower() in SPLIT_WORDS for top in inside):
        return {top: SPLIT_WORDS[top.lower()] for top in inside}, set()
    splits = find_splits(inside)
    wrappers = _find_wrappers(below, splits)
    classes = [
        {
            name
            for path in below
            if path[:1] == [top]
            for name in _unwrapped(path, splits, wrappers)[:1]
        }
        for top in splits
    ]
    if len(set(splits.values())) < 2 or not set.intersection(*classes):
        return {}, set()
    return splits, inside.keys() - splits.keys()


def _find_wrappers(below: list[list[str]], splits: dict[str, str]) -> dict[str, str]:
    wrappers = {}
    for top, split in splits.items():
        inside = {path[1] for path in below if path[:1] == [top] and len(path) > 1}
        if len(inside) == 1 and is_wrapper(name := next(iter(inside)), split):
            wrappers[top] = name
    return wrappers


def _unwrapped(folders: list[str], splits: dict[str, str], wrappers: dict[str, str]) -> list[str]:
    """Return the folders below a split and what wraps its class folders."""
    if not folders or folders[0] not in splits:
        return folders
    return folders[2 if folders[1:2] == [wrappers.get(folders[0])] else 1 :]


def _folders_inside(layout: Layout, entries: Iterable[Entry]) -> dict[str, set[str]]:
    """Return class -> the folders inside it that hold images."""
    inside: dict[str, set[str]] = defaultdict(set)
    for entry in entries:
        if may_be_image(entry.path) and not layout.takes_last:
            name, *others = layout.folders(entry.path) or [""]
            inside[name].update(others[:1])
    inside.pop("", None)
    return inside


def _doubt(
    below: list[list[str]],
    splits: dict[str, str],
    unsplit: set[str],
    inside: dict[str, set[str]],
    takes_last: bool,
) -> str:
    deeper = sorted({path[0] for path in below if path and path[0] in unsplit and len(path) > 1})
    deeper = [top for top in deeper if not is_unlabelled(top)]
    if deeper and any(path[0] in deeper and path[1] in inside for path in below if path[1:]):
        return (
            f"expected folders called train, validation and test, received {shorten(deeper)} "
            f"beside {shorten(list(splits))}, with the same classes inside. Rename the folder to "
            "one of these, or take it out of the source."
        )
    if not splits and not takes_last and (names := same_classes(inside)):
        return (
            f"expected one folder per class, received the same folders ({shorten(names)}) in each "
            f"of {shorten(sorted(inside))}. If the inner ones are the classes, set "
            "ingest.class_folder to last; if the outer ones are, set it to first; if the outer "
            "ones are splits, call them train, validation and test."
        )
    return ""


def _say(
    splits: dict[str, str],
    left_out: dict[str, int],
    empty: Iterable[str],
    inside: dict[str, set[str]],
) -> Iterator[str]:
    if renamed := [f"{top} is {split}" for top, split in splits.items() if top.lower() != split]:
        yield f"Splits from folders: {shorten(sorted(renamed))}."
    for name, count in sorted(left_out.items()):
        counted = f"{printable(name)} ({counted_files(count)})"
        yield f"Left out, since its folder names no class: {counted}."
    if empty := sorted(map(printable, empty)):
        yield f"Folders without images, which are no classes: {shorten(empty)}."
    merged = [
        f"{printable(name)} ({shorten(sorted(map(printable, names)))})"
        for name, names in sorted(inside.items())
        if names
    ]
    if merged:
        yield (
            f"Folders inside class folders belong to the class: {shorten(merged)}. If they are the "
            "classes, set ingest.class_folder to last."
        )


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
