"""Checks of how images look: unreadable, dark, light, blurry, empty, oddly shaped or sized."""

from collections import defaultdict
from collections.abc import Callable, Collection
from dataclasses import dataclass

from components.label_check.measurement import Scores
from components.label_check.settings import LabelCheckSettings
from components.label_check.survey import Survey
from sightline.problems.findings import Finding, NotRun, Outcome, Severity
from sightline.problems.wording import images, verb

WIDESPREAD_SHARE = 0.05
FEWEST_FOR_MEDIAN = 10
SMALLEST_REACH = 0.25
"""14 bits in files of 16 reach less."""


@dataclass(frozen=True, slots=True)
class Property:
    """A score of an image that should not be below a threshold."""

    check: str
    setting: str
    singular: str
    plural: str
    value: Callable[[Scores], float]
    remedy: str


PROPERTIES = (
    Property(
        "dark_images",
        "dark_threshold",
        "is dark",
        "are dark",
        lambda scores: scores.darkness,
        "Look whether a person could still tell the class; if not, take them out of the source.",
    ),
    Property(
        "light_images",
        "light_threshold",
        "is light",
        "are light",
        lambda scores: scores.lightness,
        "Look whether a person could still tell the class; if not, take them out of the source.",
    ),
    Property(
        "blurry_images",
        "blur_threshold",
        "is blurry",
        "are blurry",
        lambda scores: scores.sharpness,
        "Keep them if the model will meet such images; take them out of the source if not.",
    ),
    Property(
        "low_information_images",
        "information_threshold",
        "carries little information",
        "carry little information",
        lambda scores: scores.information,
        "Plain areas and placeholders teach nothing; take them out of the source.",
    ),
    Property(
        "odd_shapes",
        "odd_aspect_threshold",
        "has an odd shape",
        "have an odd shape",
        lambda scores: scores.squareness,
        "Crop them to what they show, or set preprocess.resize_mode=pad so that they are not "
        "squashed.",
    ),
)


LOOKS = ("dark_images", "light_images", "blurry_images", "low_information_images")
"""What an image that shows nothing is as well."""


def check_appearance(
    survey: Survey, settings: LabelCheckSettings, *, plain: Collection[int]
) -> list[Outcome]:
    """Check every decoded image against the thresholds of the settings.

    `plain` are rows of which another check says that they show nothing.
    """
    found = [
        Outcome("unreadable_images", unreadable(survey)),
        Outcome("value_range", beyond_range(survey)),
    ]
    found += [
        Outcome(
            item.check,
            below_threshold(
                survey,
                item,
                getattr(settings, item.setting),
                passed_over=plain if item.check in LOOKS else (),
            ),
        )
        for item in PROPERTIES
    ]
    if len(survey.scored) < FEWEST_FOR_MEDIAN:
        reason = (
            f"The median of {images(len(survey.scored))} says little; "
            f"{FEWEST_FOR_MEDIAN} are needed."
        )
        return [*found, Outcome("odd_sizes", not_run=NotRun(reason))]
    return [*found, Outcome("odd_sizes", odd_sizes(survey, settings.odd_size_threshold))]


def unreadable(survey: Survey) -> Finding | None:
    """Find the images that do not decode, though ingest could read them."""
    damaged = [image for image in survey.images if image.scores is None]
    if not damaged:
        return None
    return Finding(
        severity="warning",
        title=f"{images(len(damaged))} {verb(len(damaged), 'does', 'do')} not decode.",
        remedy="What does not decode is left out, and no other check saw it. Run ingest again; if "
        "that does not help, replace the files.",
        rows=tuple(image.row for image in damaged),
        notes=tuple(image.problem for image in damaged),
    )


def beyond_range(survey: Survey) -> Finding | None:
    """Find deep images whose values do not fill their type: they would be dark, or cut off.

    One picture may be dark; that all of a mode are tells of another range.
    """
    reaches: dict[str, list[tuple[float, int]]] = defaultdict(list)
    for image in survey.images:
        if image.reach is not None:
            reaches[image.mode].append((image.reach, image.row))
    odd = [
        one
        for found in reaches.values()
        if min(found)[0] < 0 or not SMALLEST_REACH <= max(found)[0] <= 1
        for one in sorted(found)
    ]
    if not odd:
        return None
    below = ", or go below zero" if any(reach < 0 for reach, _ in odd) else ""
    return Finding(
        severity="error",
        title=f"{images(len(odd))} with more than 8 bits a sample {verb(len(odd), 'does', 'do')} "
        f"not fill the range of the type{below}.",
        remedy="Such images would be read as black, or cut off at white or black: 12 bits in files "
        "of 16 bits, fractions of another range than 0 to 255, or signed numbers. Set "
        "ingest.value_range to their black and white, such as 0..4095, 0..1 or -1000..1000, or "
        "write it into the files (PNG's sBIT, TIFF's SMaxSampleValue).",
        rows=tuple(row for _, row in odd),
        notes=tuple(_describe_reach(reach) for reach, _ in odd),
    )


def _describe_reach(reach: float) -> str:
    if reach < 0:
        return f"goes below black by {-reach:.2%} of white"
    return f"reaches {reach:.2%} of white"


def below_threshold(
    survey: Survey, item: Property, threshold: float, *, passed_over: Collection[int] = ()
) -> Finding | None:
    """Find the images whose score lies below a threshold, the lowest first."""
    low = sorted(
        (value, image.row)
        for image, scores in survey.scored
        if (value := item.value(scores)) < threshold and image.row not in passed_over
    )
    if not low:
        return None
    return Finding(
        severity=severity(len(low), survey),
        title=f"{images(len(low))} {verb(len(low), item.singular, item.plural)} "
        f"(score below {threshold:g}).",
        remedy=f"{item.remedy} label_check.{item.setting} sets the threshold.",
        rows=tuple(row for _, row in low),
        notes=tuple(f"score {value:.2f}" for value, _ in low),
    )


def odd_sizes(survey: Survey, threshold: float) -> Finding | None:
    """Find the images that are far larger or smaller than the median, the oddest first."""
    median = survey.median_size_px
    odd = sorted(
        (-factor, scores.width, scores.height, image.row)
        for image, scores in survey.scored
        if (factor := max(scores.size_px / median, median / scores.size_px)) > threshold
    )
    if not odd:
        return None
    return Finding(
        severity=severity(len(odd), survey),
        title=f"{images(len(odd))} {verb(len(odd), 'is', 'are')} over {threshold:g} times larger "
        f"or smaller than the median ({median:,.0f} px a side).",
        remedy="Tiny images are often thumbnails or icons, huge ones scans: replace or take them "
        "out of the source. label_check.odd_size_threshold sets the limit.",
        rows=tuple(row for *_, row in odd),
        notes=tuple(f"{width} x {height} px" for _, width, height, _ in odd),
    )


def severity(count: int, survey: Survey) -> Severity:
    """Rate an oddity: a few such images are worth a look, many say something about the set."""
    return "warning" if count >= WIDESPREAD_SHARE * len(survey.images) else "info"
