"""What is told about near-duplicates and leaks."""

from collections.abc import Sequence

from components.label_check.conflicts import near_under_two_labels, notes_of, rows_of
from components.label_check.measurement import Measurement
from components.label_check.near_duplicates.groups import MOST_IN_GROUP
from components.label_check.near_duplicates.leaks import Leaks
from components.label_check.near_duplicates.search import NearDuplicates
from components.label_check.near_duplicates.thumbnails import SMALLEST_PX
from components.label_check.settings import LabelCheckSettings
from components.label_check.survey import Survey
from sightline.ground.wording import counted
from sightline.problems.findings import Finding, NotRun, Outcome
from sightline.problems.wording import images, verb

OFF = "label_check.near_duplicates is off."


def check_near_duplicates(
    survey: Survey, near: NearDuplicates | None, leaks: Leaks, settings: LabelCheckSettings
) -> list[Outcome]:
    """Report near-duplicates, those under two labels, those across splits, and what was not asked.

    `near` is None where they were not looked for.
    """
    names = ("near_duplicates", "near_duplicates_under_two_labels", "near_duplicates_across_splits")
    if near is None or not near.num_asked:
        return [Outcome(name, not_run=NotRun(not_asked(near))) for name in names]
    pairs = [(survey.images[pair.first], survey.images[pair.second]) for pair in near.pairs]
    contradicting = [pair for pair in pairs if not survey.agree(*pair)]
    found = (
        _alike(pairs, near, settings),
        near_under_two_labels(contradicting, survey.title),
        _leaking(leaks, settings),
    )
    outcomes = [Outcome(name, finding) for name, finding in zip(names, found, strict=True)]
    if reason := not_asked(near):
        outcomes.append(Outcome("near_duplicates_of_some_images", not_run=NotRun(reason)))
    return outcomes


def not_asked(near: NearDuplicates | None) -> str:
    """Say of which images no near-duplicates were looked for, and why; nothing if of all."""
    if near is None:
        return OFF
    parts = []
    if near.num_small:
        small = verb(near.num_small, "is", "are")
        parts.append(f"{images(near.num_small)} {small} below {SMALLEST_PX} px a side.")
    if near.num_flat:
        flat = verb(near.num_flat, "has", "have")
        parts.append(f"{images(near.num_flat)} {flat} too little texture to be compared.")
    if near.num_uncompared:
        parts.append(f"{counted(near.num_uncompared, 'less likely pair')} had to be left out.")
    return " ".join(parts)


def _alike(
    pairs: Sequence[tuple[Measurement, Measurement]],
    near: NearDuplicates,
    settings: LabelCheckSettings,
) -> Finding | None:
    if not pairs:
        return None
    concerned = len({image.row for pair in pairs for image in pair})
    done = (
        "They stay in one split. Nothing to do."
        if settings.near_duplicates == "group"
        else "They may fall into two splits, where the test rewards memory. Set "
        "label_check.near_duplicates=group."
    )
    if settings.remove == "near_duplicates":
        done = "The best of them is kept: in the split to protect most, then the largest, sharpest."
    if near.num_refused:
        done += (
            f" {counted(near.num_refused, 'pair')} had no room in a group of {MOST_IN_GROUP} and "
            "may be split: are these frames of a film? Then give the source a column group."
        )
    grave = settings.near_duplicates == "report" or near.num_refused
    return Finding(
        severity="warning" if grave else "info",
        title=f"{images(concerned)} {verb(concerned, 'is', 'are')} near-duplicates: "
        f"{counted(len(pairs), 'pair')} of edits of one photo.",
        remedy=done,
        rows=rows_of(pairs),
        notes=notes_of(pairs),
        paired=True,
    )


def _leaking(leaks: Leaks, settings: LabelCheckSettings) -> Finding | None:
    if not leaks.found:
        return None
    shares = " and ".join(f"{share:.1%} of {name}" for name, share in leaks.shares.items())
    removed = settings.remove in ("leaks", "near_duplicates")
    grave = leaks.largest_share >= settings.max_leaked_share and not removed
    pairs = [(leak.held_out, leak.other) for leak in leaks.found]
    done = (
        "The one in the split to protect most is kept, the other is left out. Take it out of the "
        "source."
        if removed
        else "The test rewards memory of them. Set label_check.remove=leaks, which leaves out the "
        "one in the split to protect less, or take it out of the source. "
        "label_check.max_leaked_share says from which share on this is an error."
    )
    return Finding(
        severity="error" if grave else "warning",
        title=f"{images(leaks.num_images)} {verb(leaks.num_images, 'has', 'have')} "
        f"near-duplicates in another split ({shares}).",
        remedy=done,
        rows=rows_of(pairs),
        notes=notes_of(pairs),
        paired=True,
    )
