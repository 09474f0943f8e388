"""What differs between two runs: settings, figures, and which test images changed sides."""

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sightline.ground.headlines.headline import Pair, pairs
from sightline.runs.facts import RunFacts, facts_of, metrics
from sightline.runs.outcome import judgements
from sightline.runs.records import ArtifactRecord, RunRecord

if TYPE_CHECKING:
    import pandas as pd

PREDICTIONS = "predictions.parquet"
FACTS: dict[str, Callable[[RunFacts], object]] = {
    "Status": lambda run: run.status,
    "Decision": lambda run: run.outcome.decision,
    "Images": lambda run: run.outcome.num_images,
    "Refused": lambda run: run.outcome.num_refused,
    "Test images": lambda run: run.outcome.num_test_images,
    "Recipe": lambda run: run.outcome.recipe,
    "Live version": lambda run: run.outcome.put_live,
    "Time": lambda run: run.time or "not ended",
}
ReadFile = Callable[[ArtifactRecord, str], bytes]
"""Reads one file of an artifact; raises what its store raises where it is not there."""
NOT_THERE = (FileNotFoundError, NotADirectoryError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One thing that two runs have, or only one of them."""

    name: str
    before: object
    after: object

    @property
    def change(self) -> float | None:
        """Return by how much a figure grew; None for what is no figure."""
        if isinstance(self.before, int | float) and isinstance(self.after, int | float):
            return self.after - self.before
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Flips:
    """Test images that both runs judged."""

    num_common: int
    both_right: int
    both_wrong: int
    only_before_right: int
    only_after_right: int
    lost_classes: tuple[tuple[str, int], ...]
    """True classes of the images that only the first run had right, most frequent first."""
    lost_images: tuple[str, ...]
    """Where the first of those images came from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Two runs side by side."""

    before: RunRecord
    after: RunRecord
    settings: tuple[Difference, ...]
    facts: tuple[Difference, ...]
    """Decision, images, time and the like, where they differ or not."""
    figures: tuple[Pair, ...]
    """The headline figures of both."""
    metrics: tuple[Difference, ...]
    flips: Flips | None
    note: str = ""
    """Why images could not be compared."""


def compare(before: RunRecord, after: RunRecord, read_file: ReadFile) -> Comparison:
    """Put two runs side by side; what cannot be read is said, not raised."""
    flips, note = None, ""
    try:
        tables = [
            judged(find_file(_judgements(run), PREDICTIONS, read_file)) for run in (before, after)
        ]
        flips = find_flips(*tables)
    except Exception as error:  # each store has exceptions of its own
        missing = "not there: " if isinstance(error, FileNotFoundError) else ""
        note = f"Test images were not compared: {missing}{error}"
    old, new = facts_of(before), facts_of(after)
    return Comparison(
        before=before,
        after=after,
        settings=tuple(changed(before.parameters, after.parameters)),
        facts=tuple(_facts(old, new)),
        figures=pairs(old.outcome.headline, new.outcome.headline),
        metrics=tuple(_metrics(before, after)),
        flips=flips,
        note=note,
    )


def changed(before: Mapping[str, object], after: Mapping[str, object]) -> list[Difference]:
    """Return what differs between two mappings, in the order of the first."""
    names = [*before, *(name for name in after if name not in before)]
    pairs = [(name, before.get(name), after.get(name)) for name in names]
    return [Difference(name=n, before=b, after=a) for n, b, a in pairs if b != a]


def find_flips(before: "pd.DataFrame", after: "pd.DataFrame") -> Flips:
    """Count the images that went from right to wrong and back, from what `judged` returns.

    Raises:
        ValueError: no image was judged by both.
    """
    common = before.merge(after, left_index=True, right_index=True, suffixes=("", "_after"))
    if common.empty:
        raise ValueError("the two runs share no test image")
    old, new = common["right"], common["right_after"]
    lost = common[old & ~new]
    classes = lost["truth"].value_counts().head(5)
    return Flips(
        num_common=len(common),
        both_right=int((old & new).sum()),
        both_wrong=int((~old & ~new).sum()),
        only_before_right=len(lost),
        only_after_right=int((new & ~old).sum()),
        lost_classes=tuple((str(name), int(count)) for name, count in classes.items()),
        lost_images=tuple(lost["uri"].head(5)),
    )


def judged(content: bytes) -> "pd.DataFrame":
    """Read `predictions.parquet`: by id of a test image its uri, truth, and whether it is right."""
    import pandas as pd

    columns = ["id", "uri", "truth", "prediction"]
    table = pd.read_parquet(io.BytesIO(content), columns=columns).set_index("id")
    return table.assign(right=table["truth"] == table["prediction"])


def find_file(artifacts: Sequence[ArtifactRecord], name: str, read_file: ReadFile) -> bytes:
    """Read a file of the first artifact that has it.

    Raises:
        FileNotFoundError: there is no artifact.
        Exception: of the store's own kind: what is more than a missing file, if anything.
    """
    problems: list[Exception] = []
    for artifact in artifacts:
        try:
            return read_file(artifact, name)
        except Exception as error:  # each store has exceptions of its own
            problems.append(error)
    problems.sort(key=lambda one: isinstance(one, NOT_THERE))
    raise problems[0] if problems else FileNotFoundError(name)


def _judgements(record: RunRecord) -> list[ArtifactRecord]:
    found = judgements(record)
    if not found:
        raise LookupError(f"the evaluation of run {record.name or record.id} is not known")
    return found


def _facts(old: RunFacts, new: RunFacts) -> list[Difference]:
    return [
        Difference(name=name, before=fact(old), after=fact(new)) for name, fact in FACTS.items()
    ]


def _metrics(before: RunRecord, after: RunRecord) -> list[Difference]:
    old, new = ({f"{t}.{n}": v for t, n, v in metrics(r)} for r in (before, after))
    names = [*old, *(name for name in new if name not in old)]
    return [Difference(name=name, before=old.get(name), after=new.get(name)) for name in names]
