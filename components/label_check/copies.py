"""Images that occur more than once, and which of the copies the cleaned dataset leaves out."""

from collections import defaultdict
from dataclasses import dataclass, field

from components.label_check.conflicts import under_two_labels
from components.label_check.measurement import Measurement
from components.label_check.settings import LabelCheckSettings
from components.label_check.survey import Survey
from sightline.ground.wording import counted
from sightline.problems.findings import Finding, NotRun, Outcome
from sightline.problems.wording import images, verb

# The copy in the split that should stay as it was given is kept.
KEEP_FIRST: list[str | None] = ["test", "validation", "train", None]


@dataclass(frozen=True, slots=True)
class Copies:
    """Groups of equal images; a group is in the first of these lists that fits it."""

    contradicting: list[list[Measurement]] = field(default_factory=list)
    """One image under two labels."""
    straddling: list[list[Measurement]] = field(default_factory=list)
    """Copies in two given splits."""
    same_bytes: list[list[Measurement]] = field(default_factory=list)
    same_pixels: list[list[Measurement]] = field(default_factory=list)
    """Copies in another file: the same pixels once decoded and upright."""


def find_copies(survey: Survey) -> Copies:
    """Group the images whose decoded, upright pixels are equal."""
    groups: dict[bytes, list[Measurement]] = defaultdict(list)
    for image, scores in survey.scored:
        groups[scores.pixel_hash].append(image)
    copies = Copies()
    for group in groups.values():
        if len(group) == 1:
            continue
        if not all(survey.agree(group[0], image) for image in group[1:]):
            copies.contradicting.append(group)
        elif len({image.split for image in group}) > 1:
            copies.straddling.append(group)
        elif len({image.id for image in group}) == 1:
            copies.same_bytes.append(group)
        else:
            copies.same_pixels.append(group)
    return copies


def rows_to_remove(survey: Survey, copies: Copies, settings: LabelCheckSettings) -> dict[int, str]:
    """Return the rows that the cleaned dataset leaves out, each with its reason."""
    removed = {
        image.row: f"does not decode: {image.problem}"
        for image in survey.images
        if image.scores is None
    }
    if settings.remove == "nothing":
        return removed
    for group in copies.contradicting:
        labels = " and ".join(sorted({survey.title(image) for image in group}))
        removed |= {image.row: f"one image under {labels}" for image in group}
    for group in [*copies.straddling, *copies.same_bytes, *copies.same_pixels]:
        kept, *others = sorted(group, key=kept_first)
        where = f" in {kept.split}" if kept.split else ""
        removed |= {image.row: f"copy of {kept.uri}{where}" for image in others}
    return removed


def kept_first(image: Measurement) -> tuple[int, bool, str, str, str]:
    """Return the place of a copy among those to keep, whatever order they are read in.

    A copy with a group of its own comes before one without, so that a group stays together.
    """
    place = KEEP_FIRST.index(image.split)
    return place, image.group == image.id, image.group, image.id, image.uri


def check_copies(
    survey: Survey, copies: Copies, settings: LabelCheckSettings, *, not_asked: str = ""
) -> list[Outcome]:
    """Report the four kinds of copies.

    `not_asked` says why near-duplicates were not looked for: then no copy across splits is no
    proof that there is no leak.
    """
    kept = settings.remove == "nothing"
    across = Outcome("copies_across_splits", straddling(copies.straddling, kept))
    if across.finding is None and not_asked:
        reason = f"No exact copies; near-duplicates were not asked for. {not_asked}"
        across = Outcome("copies_across_splits", not_run=NotRun(reason))
    contradicting = under_two_labels(copies.contradicting, survey.title, survey.agree, kept=kept)
    return [
        Outcome("contradicting_labels", contradicting),
        across,
        Outcome("copies_by_bytes", plain_copies(copies.same_bytes, kept, "the same file")),
        Outcome("copies_by_pixels", plain_copies(copies.same_pixels, kept, "the same pixels")),
    ]


def straddling(groups: list[list[Measurement]], kept: bool) -> Finding | None:
    """Describe images that lie in two given splits, so that a test would reward memory."""
    if not groups:
        return None
    number = len(groups)
    done = (
        "Nothing is removed, so the test will look better than the model is. Set "
        "label_check.remove=duplicates, or take the copies out of the source."
        if kept
        else "The copy in test is kept, else the one in validation; the others are left out, "
        "so the given test stays as it is. Take the copies out of the source."
    )
    return Finding(
        severity="error" if kept else "warning",
        title=f"{images(number)} {verb(number, 'lies', 'lie')} in more than one split.",
        remedy=done,
        rows=flat(groups),
        notes=notes(groups),
    )


def plain_copies(groups: list[list[Measurement]], kept: bool, what: str) -> Finding | None:
    """Describe images that occur more than once under one label in one split."""
    if not groups:
        return None
    extra = sum(len(group) - 1 for group in groups)
    done = (
        "Nothing is removed, so these images weigh more than others. Set "
        "label_check.remove=duplicates."
        if kept
        else "One copy of each is kept, the others are left out. Nothing to do."
    )
    return Finding(
        severity="warning" if kept else "info",
        title=f"{counted(extra, 'extra copy', 'extra copies')} of {images(len(groups))}: {what}.",
        remedy=done,
        rows=flat(groups),
        notes=notes(groups),
    )


def flat(groups: list[list[Measurement]]) -> tuple[int, ...]:
    """Return the rows of all groups, one group after the other."""
    return tuple(image.row for group in groups for image in group)


def notes(groups: list[list[Measurement]]) -> tuple[str, ...]:
    """Name for each image its group, and its split if one is given."""
    return tuple(
        f"image {number}" + (f", {image.split}" if image.split else "")
        for number, group in enumerate(groups, start=1)
        for image in group
    )
