"""Images whose label a person should look at, and the table to decide in."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath

from components.label_check.copies import Copies
from components.label_check.measurement import Measurement
from components.label_check.near_duplicates.search import NearDuplicates
from components.label_check.survey import Survey
from components.label_check.wrong_labels.judgement import Judgement
from sightline.ground.source.corrections import SUSPECTS, Correction, write_corrections
from sightline.ground.source.words import BETWEEN_LABELS

CERTAIN = 1.0
NONE = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspect:
    """An image under a label that looks wrong."""

    row: int
    suggested: str
    score: float
    """How likely the given label is wrong, 0 to 1."""
    evidence: str
    alike: int = NONE
    """Row of the nearest image with the suggested label."""
    unlike: int = NONE
    """Row of the nearest image with the given label."""


@dataclass(frozen=True)
class WrongLabels:
    """What became of judging the labels of a dataset."""

    suspects: tuple[Suspect, ...] = ()
    """Pictures under two labels first, then by score."""
    doubtful: tuple[Suspect, ...] = ()
    """The next by score, which are not doubted enough to be suspects."""
    num_conflicts: int = 0
    """How many of them are pictures under two labels."""
    num_judged: int = 0
    model: str = ""
    weak: bool = False
    skill: float = 0.0
    reason: str = ""
    """Why no model judged the labels."""
    partly: str = ""
    """Which labels were not judged."""

    @cached_property
    def suggested(self) -> dict[int, str]:
        """Row of a suspect -> the label that it more likely has."""
        return {one.row: one.suggested for one in self.suspects}


def conflicting(survey: Survey, copies: Copies, near: NearDuplicates | None) -> list[Suspect]:
    """Return the images of which a copy or an edit lies under another label."""
    found: dict[int, Suspect] = {}
    for one, other, what in _pairs(survey, copies, near):
        if one.review is None and one.row not in found and one.labels != other.labels:
            found[one.row] = Suspect(
                row=one.row,
                suggested=BETWEEN_LABELS.join(other.labels),
                score=CERTAIN,
                evidence=f"{what} as {other.uri} under {BETWEEN_LABELS.join(other.labels)}",
                alike=other.row,
            )
    return list(found.values())


def _pairs(
    survey: Survey, copies: Copies, near: NearDuplicates | None
) -> Iterator[tuple[Measurement, Measurement, str]]:
    for group in copies.contradicting:
        for image in group:
            others = [other for other in group if other.labels != image.labels]
            yield from ((image, other, "the same picture") for other in others[:1])
    for pair in near.pairs if near else ():
        one, other = survey.images[pair.first], survey.images[pair.second]
        yield from ((one, other, "the same photo"), (other, one, "the same photo"))


def suspects_of(
    survey: Survey, judgement: Judgement, rows: Iterable[int], without: Iterable[int]
) -> Iterator[Suspect]:
    """Return what was judged about some rows, in their order."""
    known = set(without)
    for row in rows:
        if row in known:
            continue
        given = BETWEEN_LABELS.join(survey.images[row].labels)
        suggested = survey.classes[judgement.suggested[row]]
        alike, unlike = judgement.nearest.get(row, (NONE, NONE))
        near = [_near(survey, alike, suggested), _near(survey, unlike, given)]
        yield Suspect(
            row=row,
            suggested=suggested,
            score=round(float(judgement.doubt[row]), 6),
            evidence="; ".join(
                [
                    f"{suggested} {judgement.likelihood[row]:.0%}",
                    f"{given} {1 - judgement.doubt[row]:.0%}",
                    *(text for text in near if text),
                ]
            ),
            alike=alike,
            unlike=unlike,
        )


def _near(survey: Survey, row: int, label: str) -> str:
    return f"nearest {label}: {PurePosixPath(survey.images[row].uri).name}" if row >= 0 else ""


def write_suspects(folder: Path, survey: Survey, found: WrongLabels, most: int) -> None:
    """Write `suspects.csv`, which ingest reads as `ingest.corrections` once it is filled in."""
    if found.suspects:
        write_corrections(folder / SUSPECTS, corrections(survey, found.suspects[:most]))


def corrections(survey: Survey, suspects: Iterable[Suspect]) -> Iterator[Correction]:
    """Return the rows to decide on."""
    for suspect in suspects:
        image = survey.images[suspect.row]
        yield Correction(
            id=image.id,
            uri=image.uri,
            split=image.split or "",
            given=BETWEEN_LABELS.join(image.labels),
            suggested=suspect.suggested,
            score=suspect.score,
            evidence=suspect.evidence,
        )
