"""What an earlier run decided: read, carried on, and told to people."""

from collections.abc import Sequence

from components.preprocess.settings import NO_EARLIER_SPLITS, PreprocessSettings
from components.preprocess.splits import Candidate, fills_a_class
from sightline.stage.command import local_path
from sightline.stage.formats.assignment import Assignment, protected_most, read_assignment
from sightline.stage.formats.records import Split


def read_earlier(settings: PreprocessSettings) -> Assignment | None:
    """Read the splits that the settings name; None where they name none, or other rules made them.

    Raises:
        DataError: there are none at that place.
    """
    if settings.splits_from in ("", *NO_EARLIER_SPLITS):
        return None
    earlier = read_assignment(local_path(settings.splits_from))
    return earlier if earlier.rules == rules_of(settings) else None


def rules_of(settings: PreprocessSettings) -> dict[str, str | float]:
    """Return what a user changes to have other splits."""
    return settings.model_dump(include={"split_salt", "test_share", "validation_share"})


def assignment_of(
    candidates: Sequence[Candidate],
    splits: Sequence[Split],
    settings: PreprocessSettings,
    earlier: Assignment | None,
) -> Assignment:
    """Return what later runs should keep: also of images that are not in the data any more."""
    rows = dict(earlier.rows) if earlier else {}
    now: dict[str, tuple[str, Split]] = {}
    for one, split in zip(candidates, splits, strict=True):
        # Copies that nobody removed may lie in two given splits.
        before = now.get(one.image, (one.group, split))
        now[one.image] = min(before[0], one.group), protected_most(before[1], split)
    return Assignment(rows | now, rules_of(settings))


def permanence(
    candidates: Sequence[Candidate], settings: PreprocessSettings, earlier: Assignment | None
) -> str:
    """Say whether later data may move images, and what was kept; nothing where nothing moves."""
    if earlier is not None:
        known = sum(one.image in earlier.rows for one in candidates)
        return (
            f"{known:,} of {len(candidates):,} images keep the splits of an earlier run, unless "
            "the source gives others."
        )
    if settings.splits_from not in ("", *NO_EARLIER_SPLITS):
        return (
            f"New splits were made: those of {settings.splits_from} have another split_salt, "
            "test_share or validation_share."
        )
    if settings.stratify == "stable" or not fills_a_class(candidates, settings):
        return ""
    return (
        "These are the first splits. Small classes were filled by count, so that each split has "
        "images of them. The next run of this project keeps every image in its split where "
        "Sightline finds these records by itself (`sightline run`, or submitted to Vertex AI). "
        "Elsewhere later data may move images: name these records in preprocess.splits_from."
    )
