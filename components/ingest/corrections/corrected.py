"""A person's decisions about labels, carried out on the images as they come in."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from components.ingest.corrections.new_labels import new_targets
from components.ingest.settings import IngestSettings
from sightline.ground.errors import DataError, shorten
from sightline.ground.source.corrections import Correction, read_corrections
from sightline.ground.source.reading import Source
from sightline.ground.source.targets import Target, TargetReader
from sightline.ground.source.words import BETWEEN_LABELS
from sightline.ground.wording import counted
from sightline.problems.wording import images
from sightline.stage import log
from sightline.stage.formats.dataset import CONFIRMED, RELABELLED, Example

DROPPED = "dropped"
STALE = "stale"
"""Has another label by now than the one that was judged."""
UNKNOWN = "unknown"
"""No image of the source has this id."""
UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True)
class Change:
    """One decision that was carried out, for the page."""

    what: str
    uri: str
    given: str
    now: str
    place: str


class Corrected:
    """Carries decisions out and counts them; the last one on an image and its label wins."""

    def __init__(
        self, rows: Sequence[Correction] | None, targets: Mapping[str, Target] | None = None
    ) -> None:
        """Take what was decided: rows as they were read, and the targets of their new labels.

        None for rows says that nobody was asked.
        """
        self._asked = rows is not None
        self.counts: Counter[str] = Counter()
        self.changes: list[Change] = []
        self._targets = targets or {}
        self._decided: dict[str, dict[str, tuple[int, Correction]]] = {}
        self._seen: set[str] = set()
        self._used: set[str] = set()
        self._before: Counter[str] = Counter()
        for order, row in enumerate(rows or ()):
            if row.decision:
                self._decided.setdefault(row.id, {})[row.given] = order, row
            else:
                self.counts[UNDECIDED] += 1

    def apply(self, example: Example) -> Example | None:
        """Return an image as it was decided on; None where it was dropped.

        Raises:
            DataError: it has boxes or the like, which no new label replaces.
        """
        if not self._decided:
            return example
        self._before.update(example.labels)
        decided = self._decided.get(example.id)
        if decided is None:
            return example
        self._seen.add(example.id)
        given = BETWEEN_LABELS.join(example.labels)
        steps = list(_steps(given, decided)) or _done(given, decided)
        if not steps:
            return example
        self._used.add(example.id)
        if steps[-1].decision == "drop":
            self._note(DROPPED, example, given, "", steps[-1])
            return None
        new = [one for one in steps if one.decision == "relabel"]
        if not new or new[-1].new_label == given:
            self._note(CONFIRMED, example, given, given, steps[-1])
            return replace(example, review=CONFIRMED)
        return self._relabelled(example, given, new[-1])

    def finish(self, *, left_out: int) -> dict[str, int] | None:
        """Warn of decisions that were not carried out, and count them all; None without any.

        Args:
            left_out: images of the source that were not looked at.
        """
        if not self._asked:
            return None
        stale = [self._last(one) for one in self._decided if one in self._seen - self._used]
        unknown = [self._last(one) for one in self._decided if one not in self._seen]
        self.counts[STALE], self.counts[UNKNOWN] = len(stale), len(unknown)
        if stale:
            log.warning(
                f"The label has changed since {counted(len(stale), 'correction')} "
                f"{'was' if len(stale) == 1 else 'were'} decided, so nothing was done: "
                f"{shorten(_named(stale))}. Look at the images again, or take the rows out of "
                "ingest.corrections."
            )
        if unknown:
            beside = " or was left out by ingest.images_per_class" if left_out else ""
            log.warning(
                f"{counted(len(unknown), 'correction')} without an image: "
                f"{shorten(_named(unknown))}. The image is gone, has changed, was refused{beside}; "
                "take the rows out of ingest.corrections if that is meant."
            )
        names = (RELABELLED, DROPPED, CONFIRMED, STALE, UNKNOWN, UNDECIDED)
        return {name: self.counts[name] for name in names}

    def emptied(self, left: Counter[str]) -> list[str]:
        """Return the classes that had images until decisions took the last one."""
        return sorted(name for name in self._before if not left[name])

    def _relabelled(self, example: Example, given: str, decided: Correction) -> Example:
        if example.target is not None:
            raise DataError(
                f"{decided.place}: expected keep or drop for an image of which more is to be "
                "learned than its labels; received relabel. Correct the source."
            )
        self._note(RELABELLED, example, given, decided.new_label, decided)
        labels = self._targets[decided.new_label].labels
        return replace(example, labels=labels, review=RELABELLED, given=given)

    def _note(self, what: str, example: Example, given: str, now: str, by: Correction) -> None:
        self.counts[what] += 1
        self.changes.append(Change(what, example.uri, given, now, by.place))

    def _last(self, one: str) -> Correction:
        return max(self._decided[one].values(), key=lambda found: found[0])[1]


def open_corrections(settings: IngestSettings, source: Source, reader: TargetReader) -> Corrected:
    """Read `ingest.corrections`, if there are any.

    Raises:
        DataError: the file, a row of it or a new label is unsound, with its line.
    """
    if not settings.corrections:
        return Corrected(None)
    rows = read_corrections(settings.corrections, settings.table_hosts)
    decided = Corrected(rows, new_targets(rows, source, reader, settings.classes))
    log.event("corrections read", rows=len(rows), undecided=decided.counts[UNDECIDED])
    return decided


def said_of(counts: Mapping[str, int]) -> str:
    """Say in a line what became of the decisions."""
    return ", ".join(f"{images(n)} {name}" for name, n in counts.items() if n) or "none"


def _steps(label: str, decided: Mapping[str, tuple[int, Correction]]) -> Iterator[Correction]:
    """Follow an image from label to label, as later files go on where earlier ones ended."""
    after = -1
    while True:
        found = [decided[name] for name in (label, "") if name in decided]
        order, one = max(found, key=lambda entry: entry[0], default=(-1, None))
        if one is None or order <= after:
            return
        yield one
        if one.decision != "relabel":
            return
        label, after = one.new_label, order


def _done(label: str, decided: Mapping[str, tuple[int, Correction]]) -> list[Correction]:
    """Return the decision that the source itself follows by now, if one is."""
    return [
        one for _, one in decided.values() if one.decision == "relabel" and one.new_label == label
    ]


def _named(rows: Sequence[Correction]) -> list[str]:
    return [f"{row.uri or row.id[:12]} ({row.place.rpartition('/')[2]})" for row in rows]
