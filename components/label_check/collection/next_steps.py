"""What the findings say would help most, for the page of the run."""

from collections.abc import Iterator, Sequence

from components.label_check.collection.check import points
from components.label_check.collection.study import Study
from components.label_check.survey import Survey
from components.label_check.wrong_labels.check import CHECK, CONFLICTS
from sightline.ground.headlines.next_steps import NextStep
from sightline.problems.findings import Outcome
from sightline.problems.wording import images

CURVE = "more_images"
TO_DECIDE = (
    "Decide on label check's page, download the file and set ingest.corrections to it; what was "
    "decided is not asked again."
)


def next_steps(
    outcomes: Sequence[Outcome], survey: Survey, study: Study | None
) -> tuple[NextStep, ...]:
    """Return what to do about labels and images, with its figure, or why that is not known."""
    return (*_labels(outcomes, survey), *_images(outcomes, study))


def _labels(outcomes: Sequence[Outcome], survey: Survey) -> Iterator[NextStep]:
    judged = [one for one in outcomes if one.check in (CHECK, CONFLICTS)]
    for outcome in judged:
        if found := outcome.finding:
            yield NextStep(
                kind="labels" if found.severity == "warning" else "doubts",
                evidence=f"{found.title.removesuffix('.')} of {images(len(survey.images))}, and "
                "nobody has decided on them.",
                action=TO_DECIDE,
                command="sightline run --set ingest.corrections=FILE",
            )
        elif outcome.not_run is not None:
            yield NextStep(kind="labels", evidence=outcome.not_run.reason, measured=False)


def _images(outcomes: Sequence[Outcome], study: Study | None) -> Iterator[NextStep]:
    for outcome in outcomes:
        if outcome.check != CURVE:
            continue
        if outcome.not_run is not None:
            yield NextStep(kind="images", evidence=outcome.not_run.reason, measured=False)
        elif study is not None and (found := outcome.finding):
            yield NextStep(
                kind="images",
                evidence=found.title,
                action=found.remedy,
                gain=round(study.gain.value or 0.0, 4),
            )
        elif study is not None:
            yield NextStep(
                kind="images",
                evidence="The learning curve is flat: twice as many images would bring "
                f"{points(study.gain)} of accuracy to a model on a frozen backbone.",
            )
