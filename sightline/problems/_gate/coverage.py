"""On which test images a model is compared with the live one, in sentences."""

from sightline.ground.errors import shorten
from sightline.ground.wording import counted
from sightline.problems.judging import Champion
from sightline.problems.wording import verb
from sightline.stage.formats.bundle import SERVED_FORMATS
from sightline.stage.formats.evaluation import Predictions


def coverage(
    predictions: Predictions, champion: Champion, *, names: str = "", unknown: str = ""
) -> str:
    """Say on which images the two are compared, and which are left out.

    Args:
        predictions: of the new model.
        champion: the live one.
        names: what the kind calls its classes, if it has any.
        unknown: how a sentence begins about what only the new model has names for.
    """
    sentences = []
    if seen := len(champion.learned_from):
        sentences.append(
            f"{counted(seen, 'test image')} {verb(seen, 'is', 'are')} left out: version "
            f"{champion.version} learned from {verb(seen, 'it', 'them')}."
        )
    if undecoded := len(predictions.ids) - seen - len(champion.answers):
        sentences.append(
            f"{counted(undecoded, 'test image')} {verb(undecoded, 'is', 'are')} left out: the "
            f"served model reads {', '.join(SERVED_FORMATS)} only."
        )
    if new := sorted(set(predictions.classes) - set(champion.classes)):
        them = shorten(new)
        sentences.append(
            f"{unknown} that version {champion.version} does not know are left out ({them})."
        )
    if gone := sorted(set(champion.classes) - set(predictions.classes)):
        sentences.append(f"The new model no longer knows {shorten(gone)}.")
    alike = f", both models with the same {names}" if names else ""
    return " ".join(sentences) or f"All test images{alike}."


def nothing_judged(champion: Champion, covered: str) -> str:
    """Say that no test image is left to compare on; `covered` is what `coverage` says."""
    return f"Version {champion.version} can judge none of the test images: {covered}"
