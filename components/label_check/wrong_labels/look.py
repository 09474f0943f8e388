"""Look for labels that look wrong, by the best evidence at hand."""

from dataclasses import replace

import numpy as np

from components.label_check.copies import Copies
from components.label_check.near_duplicates.groups import NO_GROUPS, kept_together
from components.label_check.near_duplicates.search import NearDuplicates
from components.label_check.near_duplicates.thumbnails import SMALLEST_PX, Thumbnails
from components.label_check.settings import LabelCheckSettings
from components.label_check.survey import Survey
from components.label_check.wrong_labels.evidence import Features, pixel_features
from components.label_check.wrong_labels.judgement import (
    FEWEST_PER_CLASS,
    LEAST_SKILL,
    Judgement,
    can_judge,
    judge,
)
from components.label_check.wrong_labels.points import Whole
from components.label_check.wrong_labels.suspects import (
    WrongLabels,
    conflicting,
    suspects_of,
)
from sightline.problems.findings import NotRun
from sightline.problems.wording import images, verb
from sightline.stage import log

SEED = 0
OFF = "label_check.wrong_labels is off."


def look_for_wrong_labels(
    survey: Survey,
    copies: Copies,
    near: NearDuplicates | None,
    *,
    features: Features | None,
    thumbnails: Thumbnails | None,
    settings: LabelCheckSettings,
) -> WrongLabels:
    """Judge the labels of all images, whatever their split; say why where that cannot be."""
    if settings.wrong_labels == "off":
        return WrongLabels(reason=OFF)
    labels = survey.problem.targets.single_labels([image.target for image in survey.images])
    if isinstance(labels, NotRun):
        return WrongLabels(reason=labels.reason)
    conflicts = conflicting(survey, copies, near)
    found = WrongLabels(tuple(conflicts), num_conflicts=len(conflicts))
    if features is None and thumbnails is not None:
        features = pixel_features(thumbnails, len(survey.images))
    if features is None:
        reason = (
            "There are no features of the images, and no thumbnails either, as "
            "label_check.near_duplicates is off."
        )
        return replace(found, reason=reason)
    return _judged(survey, labels, near, features, found)


def _judged(
    survey: Survey,
    labels: list[str | None],
    near: NearDuplicates | None,
    features: Features,
    found: WrongLabels,
) -> WrongLabels:
    numbers = {name: number for number, name in enumerate(survey.classes)}
    given = np.array([-1 if name is None else numbers[name] for name in labels])
    codes = np.where(features.known, given, -1)
    if reason := can_judge(codes):
        return replace(found, reason=f"{reason}{_without(features)}")
    settled = np.array([image.review is not None for image in survey.images])
    groups = _groups(survey, near)
    judgement = judge(
        features.values, codes, groups, SEED, settled, features.most_learned, features.turning
    )
    num_judged = int(judgement.judged.sum())
    log.event("labels judged", images=num_judged, by=features.name, skill=judgement.skill)
    found = replace(
        found, model=_model(features, judgement), weak=features.weak, skill=judgement.skill
    )
    if judgement.skill < LEAST_SKILL:
        return replace(found, reason=_too_weak(features, found))
    known = [suspect.row for suspect in found.suspects]
    doubted, doubtful = (
        tuple(suspects_of(survey, judgement, rows.tolist(), known))
        for rows in (judgement.suspects, judgement.doubtful)
    )
    return replace(
        found,
        suspects=(*found.suspects, *doubted),
        doubtful=doubtful,
        num_judged=num_judged,
        partly=_unjudged(len(survey.images) - num_judged, features),
    )


def _groups(survey: Survey, near: NearDuplicates | None) -> Whole:
    """Return a number for what must not be split."""
    groups = near.groups if near else NO_GROUPS
    names = [kept_together(image, groups) for image in survey.images]
    numbers = {name: number for number, name in enumerate(dict.fromkeys(names))}
    return np.array([numbers[name] for name in names])


def _model(features: Features, judgement: Judgement) -> str:
    num_judged = int(judgement.judged.sum())
    if judgement.num_learned == num_judged:
        return features.name
    return f"{features.name} (learned from {judgement.num_learned:,} of {num_judged:,} images)"


def _too_weak(features: Features, found: WrongLabels) -> str:
    advice = (
        " Features of a backbone would tell more." if features.weak else " Look at the classes."
    )
    skill = max(found.skill, 0)
    return (
        f"A model on {found.model} names the given labels of images that it never saw too "
        f"seldom to doubt any: {skill:.0%} of the way from always naming the commonest "
        f"class to always being right, where {LEAST_SKILL:.0%} are needed.{advice}"
    )


def _unjudged(count: int, features: Features) -> str:
    if not count:
        return ""
    return (
        f"{images(count)} {verb(count, 'was', 'were')} not judged: no single label, a class with "
        f"fewer than {FEWEST_PER_CLASS} images{_or_unseen(features)}."
    )


def _or_unseen(features: Features) -> str:
    return f", or a side below {SMALLEST_PX} px" if features.weak else ", or no features"


def _without(features: Features) -> str:
    count = int((~features.known).sum())
    if not count or not features.weak:
        return ""
    return (
        f" {images(count)} {verb(count, 'is', 'are')} below {SMALLEST_PX} px a side or do not "
        "decode; without features of a backbone these are not judged."
    )
