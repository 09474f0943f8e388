"""Files that decode and yet show nothing: single pixels, one colour, a handful of colours."""

from collections.abc import Mapping

from components.label_check.measurement import Measurement, Scores
from components.label_check.survey import Survey
from sightline.problems.findings import Finding, Outcome
from sightline.problems.wording import images, verb

SMALLEST_PX = 4
FLATTEST = 2.0
"""Standard deviation of every channel, 0 to 255; JPEG noise on one colour is below."""
FEW_COLOURS = 4
MOST_SHARE_OF_DRAWINGS = 0.1
"""Where more images have few colours, the dataset is of drawings or glyphs."""


def check_plain_images(survey: Survey, plain: Mapping[int, str]) -> list[Outcome]:
    """Report images that show nothing; the checks of light and sharpness leave them to this one."""
    return [Outcome("plain_images", _describe(survey, plain))]


def plain_images(survey: Survey) -> dict[int, str]:
    """Return the rows of images that show nothing, each with what it is."""
    found = {
        image.row: words for image, scores in survey.scored if (words := nothing_shown(scores))
    }
    few = [(image, scores) for image, scores in survey.scored if scores.num_colours <= FEW_COLOURS]
    if len(few) <= MOST_SHARE_OF_DRAWINGS * len(survey.scored):
        for image, scores in few:
            found.setdefault(image.row, f"{scores.num_colours} colours")
    return found


def nothing_shown(scores: Scores) -> str:
    """Say why an image cannot show anything; empty if it can."""
    if max(scores.width, scores.height) < SMALLEST_PX:
        return f"{scores.width} x {scores.height} px"
    if scores.num_colours == 1:
        return "one colour"
    pairs = zip(scores.channel_means, scores.channel_squares, strict=True)
    if all(square - mean * mean < FLATTEST**2 for mean, square in pairs):
        return "nearly one colour"
    return ""


def _describe(survey: Survey, plain: Mapping[int, str]) -> Finding | None:
    if not plain:
        return None
    rows = sorted(plain, key=lambda row: (shows_something(survey.images[row]), row))
    has_empty = not all(shows_something(survey.images[row]) for row in plain)
    kinds = ", ".join(dict.fromkeys(plain[row] for row in rows[:4]))
    more = " and others" if len(dict.fromkeys(plain.values())) > len(kinds.split(", ")) else ""
    return Finding(
        severity="warning" if has_empty else "info",
        title=f"{images(len(plain))} {verb(len(plain), 'shows', 'show')} hardly anything "
        f"({kinds}{more}).",
        remedy="Broken downloads, placeholders and masks teach a model the wrong thing under any "
        "label. Take them out of the source, or fetch the photos again.",
        rows=tuple(rows),
        notes=tuple(plain[row] for row in rows),
    )


def shows_something(image: Measurement) -> bool:
    """Tell whether an image shows something, if in few colours."""
    return image.scores is not None and not nothing_shown(image.scores)
