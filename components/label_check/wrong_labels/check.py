"""What is told about labels that look wrong."""

from components.label_check.survey import Survey
from components.label_check.wrong_labels.suspects import Suspect, WrongLabels
from sightline.ground.source.corrections import SUSPECTS
from sightline.problems.findings import Finding, NotRun, Outcome
from sightline.problems.wording import verb

GRAVE_SHARE = 0.03
"""Of 1,000 photographs under right labels, 1 to 2.8 % were doubted: below this, a few may be."""
CHECK, CONFLICTS = "wrong_labels", "labels_in_conflict"


def check_wrong_labels(survey: Survey, found: WrongLabels) -> list[Outcome]:
    """Report the suspects, and what was not judged."""
    finding = _finding(survey, found)
    if found.reason:
        not_run = Outcome(CHECK, not_run=NotRun(found.reason))
        return [*([Outcome(CONFLICTS, finding)] if finding else []), not_run]
    outcomes = [Outcome(CHECK, finding)]
    if found.partly:
        outcomes.append(Outcome("wrong_labels_of_some_images", not_run=NotRun(found.partly)))
    return outcomes


def _finding(survey: Survey, found: WrongLabels) -> Finding | None:
    if not found.suspects:
        return None
    count = len(found.suspects)
    share = count / len(survey.images)
    grave = share >= GRAVE_SHARE and not found.weak
    return Finding(
        severity="warning" if grave else "info",
        title=f"{count:,} {verb(count, 'label looks', 'labels look')} wrong ({share:.1%}).",
        remedy=f"{how(found)}Decide on this page and download the file, or fill in the column "
        f"decision of {SUSPECTS} among the findings: keep, relabel or drop. Then set "
        "ingest.corrections to it; what was decided is not asked again.",
        rows=tuple(suspect.row for suspect in found.suspects),
        notes=tuple(_note(suspect) for suspect in found.suspects),
        classes=tuple(
            sorted({name for s in found.suspects for name in survey.images[s.row].labels})
        ),
    )


def how(found: WrongLabels) -> str:
    """Say what the labels were judged by, and how far that can be trusted."""
    first = "Pictures under two labels come first. " if found.num_conflicts else ""
    if not found.model or found.reason:
        return first
    weak = ": that finds gross mistakes only" if found.weak else ""
    return f"{first}Judged by a model on {found.model} that never saw the image{weak}. "


def _note(suspect: Suspect) -> str:
    return f"→ {suspect.suggested} · {suspect.evidence}"
