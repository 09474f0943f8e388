"""Classes that the source names and of which no image is left: a model would miss them unseen."""

from collections import Counter
from collections.abc import Collection, Iterable

from sightline.ground.errors import shorten
from sightline.ground.source.files import may_be_image, suffix
from sightline.ground.source.refusals import Refusal
from sightline.ground.wording import counted

OTHER_PICTURES = frozenset(
    (
        *(".heic", ".heif", ".hif", ".avif", ".jxl", ".jp2", ".j2k", ".psd", ".dng", ".cr2"),
        *(".cr3", ".nef", ".arw", ".raf", ".orf", ".rw2", ".pef", ".srw"),
    )
)
"""Files that people take for images, though they are not read; a text beside images is none."""


class LostClasses:
    """Counts what was refused of each class, to tell which have nothing else."""

    def __init__(self) -> None:
        self._refused: Counter[str] = Counter()
        self._first: dict[str, Refusal] = {}
        self._folders: list[Refusal] = []

    def add(self, refusal: Refusal) -> None:
        """Note what was refused."""
        if refusal.location.endswith("/"):
            self._folders.append(refusal)
        if is_of_images(refusal):
            for name in refusal.classes:
                self._refused[name] += 1
                self._first.setdefault(name, refusal)

    def names(self, found: Collection[str], wanted: Iterable[str]) -> list[str]:
        """Return the classes without an image: of those that are wanted, if any are, or named."""
        return sorted(set(wanted or self._refused) - set(found))

    def say(self, names: Collection[str]) -> list[str]:
        """Say which classes have no image and why, and which other folders could not be read."""
        said = []
        if names:
            has = counted(len(names), "class has", "classes have")
            said.append(f"{has} no image: {shorten(map(self._describe, names))}.")
        beside = [one for one in self._folders if not set(one.classes) & set(names)]
        if beside:
            folders = shorten(f"{one.location} ({one.text})" for one in beside)
            said.append(f"{counted(len(beside), 'folder')} could not be read: {folders}.")
        return said

    def _describe(self, name: str) -> str:
        if not self._refused[name]:
            return f"{name} (no row)"
        first = self._first[name]
        rows = counted(self._refused[name], "row")
        return f"{name} ({rows} refused, such as {first.where}: {first.text})"


def is_of_images(refusal: Refusal) -> bool:
    """Tell whether what was refused was meant as an image: tables say so, files by their names."""
    named = may_be_image(refusal.location) or suffix(refusal.location) in OTHER_PICTURES
    return refusal.row is not None or named
