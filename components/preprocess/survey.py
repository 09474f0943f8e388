"""What the splits hold, and what a person should know about them before training."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from components.preprocess.splits import Candidate
from sightline.ground.errors import DataError, shorten
from sightline.stage.formats.records import SPLITS, Split

LOST_BY = {
    "train": "the model can never answer them",
    "validation": "early stopping does not see them",
    "test": "nothing is measured about them",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about the splits that weakens training or measurement, and what to do."""

    text: str
    remedy: str


@dataclass(frozen=True, slots=True)
class SplitSurvey:
    """Images per split and class, and what is wrong with them."""

    classes: tuple[str, ...]
    counts: dict[str, dict[str, int]]
    """Per split, images of each part that splits balance by, such as a class."""
    class_counts: dict[str, dict[str, int]]
    """Per split, images in which each class, or other part, occurs."""
    findings: tuple[Finding, ...]
    part: str = "class"
    """What `counts` are of, in a word."""

    @property
    def parts(self) -> tuple[str, ...]:
        """What tables count: classes, or else what splits balance by, such as ranges."""
        return self.classes or tuple(self.counts["train"])

    @property
    def overlaps(self) -> bool:
        """Whether images have several classes, or none, so that counts of both kinds differ."""
        return bool(self.classes) and self.class_counts != self.counts

    @property
    def totals(self) -> dict[str, int]:
        """Images per split."""
        return {split: sum(self.counts[split].values()) for split in SPLITS}


def survey_splits(
    classes: Sequence[str],
    candidates: Sequence[Candidate],
    splits: Sequence[Split],
    part: str = "class",
    strata: Sequence[str] = (),
) -> SplitSurvey:
    """Count images per split and class, and tell which classes or groups are badly placed.

    `strata` are what the candidates are balanced by beside classes, as tables list them.

    Raises:
        DataError: the train or the test split is empty.
    """
    seen = Counter(
        (split, candidate.stratum) for split, candidate in zip(splits, candidates, strict=True)
    )
    others = [name for name in strata if name not in classes]
    counts: dict[str, dict[str, int]] = {
        split: {name: seen[split, name] for name in (*classes, *others)} for split in SPLITS
    }
    for needed in ("train", "test"):
        if not any(counts[needed].values()):
            raise DataError(
                f"Expected at least one image in the {needed} split; received none of "
                f"{len(candidates):,}. Add images, raise preprocess.test_share, or set "
                "preprocess.stratify to exact, which gives every class of three or more images "
                "its place in each split."
            )
    parts = tuple(classes or others)
    of_parts = _occurrences(parts, candidates, splits)
    has_validation = any(counts["validation"].values())
    findings = [
        *_absent_classes(parts, of_parts, part, has_validation),
        *_torn_groups(candidates, splits),
    ]
    return SplitSurvey(tuple(classes), counts, of_parts, tuple(findings), part)


def _occurrences(
    parts: Sequence[str], candidates: Sequence[Candidate], splits: Sequence[Split]
) -> dict[str, dict[str, int]]:
    """Count per split the images in which each class, or other part, occurs."""
    found = Counter(
        (split, label)
        for split, candidate in zip(splits, candidates, strict=True)
        for label in candidate.labels or (candidate.stratum,)
    )
    return {split: {name: found[split, name] for name in parts} for split in SPLITS}


def _absent_classes(
    classes: Sequence[str], counts: dict[str, dict[str, int]], part: str, has_validation: bool
) -> list[Finding]:
    if not has_validation:
        remedy = "Training has no early stopping. Raise preprocess.validation_share to have some."
        findings = [Finding("No image is in the validation split.", remedy)]
        shown: tuple[Split, ...] = ("train", "test")
    else:
        findings, shown = [], SPLITS
    for split in shown:
        absent = [name for name in classes if counts[split][name] == 0]
        if absent:
            verb = "has" if len(absent) == 1 else "have"
            findings.append(
                Finding(
                    f"{shorten(absent)} {verb} no image in the {split} split: {LOST_BY[split]}.",
                    f"Add images of {'this' if len(absent) == 1 else 'each'} {part}, give their "
                    "splits in the source, or set preprocess.stratify to exact.",
                )
            )
    return findings


def _torn_groups(candidates: Sequence[Candidate], splits: Sequence[Split]) -> list[Finding]:
    """Tell which groups lie in several splits, as only given splits can bring about."""
    places: dict[str, set[Split]] = defaultdict(set)
    for candidate, split in zip(candidates, splits, strict=True):
        places[candidate.group].add(split)
    torn = sorted(group for group, names in places.items() if len(names) > 1)
    if not torn:
        return []
    return [
        Finding(
            f"{len(torn):,} groups of images lie in several splits, as the source gave them: "
            f"{shorten(torn)}. The test is easier than the world.",
            "Give all images of a group the same split, or no split.",
        )
    ]
