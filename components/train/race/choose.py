"""Choose the backbone of a training: the one that was named, or the winner of the race."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from components.train.planning.choose import too_small
from components.train.planning.recipe import AUTO, recipe_of
from components.train.race.candidates import candidates, with_first
from components.train.race.features import RaceFeatures
from components.train.race.rounds import Raced, Runner, accuracy_text, compared, leader_of, race
from components.train.settings import TrainSettings
from sightline.ground.backbones import choice
from sightline.ground.backbones.table import BACKBONES, STRONGER
from sightline.ground.errors import SettingsError
from sightline.problems import problem_of
from sightline.stage.features.artifact import read_info as read_features
from sightline.stage.formats.records import RecordsInfo, groups_in, read_targets
from sightline.stage.log import audible, event


@dataclass(frozen=True, slots=True)
class Finish:
    """How the race ended."""

    rows: tuple[dict[str, str | float], ...]
    """Per backbone, what stands in `model.json` and on the page; the winner first."""
    reason: str
    """In sentences."""

    @property
    def winner(self) -> str:
        """The backbone that was chosen."""
        return str(self.rows[0]["backbone"])


def choose_backbone(
    records: Path, features: Path, info: RecordsInfo, settings: TrainSettings
) -> tuple[TrainSettings, Finish | None]:
    """Return the settings with one backbone, and how it was found where several raced.

    Only training images are looked at.

    Raises:
        WeightsUnavailable: weights that someone chose cannot be had.
        SettingsError: a backbone refuses images of this size, or none could be converted.
    """
    if settings.begins_as_champion:
        return settings, None  # the champion's, whatever might win
    chosen = with_first(settings)
    finish = None
    if choice.races(settings.backbone):
        names = candidates(settings)
        raced = raced_on(records, info)
        if reason := why_no_race(names, info, chosen, has_labels=raced is not None):
            event("no race of backbones", backbone=chosen.backbone, reason=reason)
        elif raced is not None:
            with audible("racing backbones"):
                finish = run_race(names, raced, records, features, info, settings)
            chosen = settings.model_copy(update={"backbone": finish.winner})
    side, known = info.contract.image_size, BACKBONES.get(chosen.backbone)
    if known and known.image_size != side and not too_small(side, chosen.backbone):
        event(
            "the backbone was trained on images of another size",
            backbone=known.name,
            trained_px=known.image_size,
            image_size=side,
        )
    return chosen, finish


def raced_on(records: Path, info: RecordsInfo) -> Raced | None:
    """Return what is known of the training images; None where they have no one class each."""
    targets = problem_of(info.problem, info.about).targets
    found = list(read_targets(records, "train", targets).as_numpy_iterator())
    labels = np.stack([one for one, _, _ in found])
    if labels.ndim != 1 or labels.dtype.kind not in "iu":
        return None
    _, ids, groups = zip(*found, strict=True)
    return Raced(labels, np.array(groups_in(ids, groups)))


def why_no_race(
    names: tuple[str, ...], info: RecordsInfo, settings: TrainSettings, *, has_labels: bool
) -> str:
    """Say why there is nothing to race for; nothing where there is."""
    if settings.recipe != AUTO and "features" not in recipe_of(settings.recipe).needs:
        return f"train.recipe {settings.recipe} uses no backbone."
    if settings.weights == "none":
        return "train.weights is none."
    if reason := too_small(info.contract.image_size, settings.backbone):
        return reason
    if len(names) == 1:
        return (
            "this machine has weights of no other. Fetch some, such as `sightline weights fetch "
            f"{STRONGER}`, or name several: train.backbone: [A, B]."
        )
    problem = problem_of(info.problem, info.about)
    if problem.training.takes != "vector" or not has_labels:
        return f"the race knows problems with one class an image, not {info.problem}."
    return ""


def run_race(
    names: tuple[str, ...],
    raced: Raced,
    records: Path,
    given: Path,
    info: RecordsInfo,
    settings: TrainSettings,
) -> Finish:
    """Let the backbones race, and write the table into the log."""
    features = RaceFeatures(
        records, info, given, weights=settings.weights, minutes=settings.race_minutes
    )
    runners, why_ended = race(names, raced, features, seed=settings.seed)
    measured = [one for one in runners if len(one.right)]
    if not measured:
        raise SettingsError(
            f"train.backbone: expected a race that at least one backbone ends; {why_ended}. Raise "
            f"train.race_minutes (now {settings.race_minutes:g}), or name one backbone."
        )
    finish = described(runners, features.images_per_second, why_ended, seed=settings.seed)
    if (seen := read_features(given)).reason == "" and seen.extractor.backbone != finish.winner:
        note = (
            f" Label check looked through {seen.extractor.backbone}: features of the validation "
            "and the test images are computed once more."
        )
        finish = replace(finish, reason=finish.reason + note)
    for row in finish.rows:
        event("race of backbones", **row)
    return finish


def described(
    runners: list[Runner], speeds: dict[str, float], why_ended: str, *, seed: int
) -> Finish:
    """Return the table of a race, the winner first, and the sentences that explain it."""
    winner = leader_of(runners)
    rest = sorted(
        (one for one in runners if one is not winner),
        key=lambda one: (bool(one.out), -one.accuracy),
    )
    rows: list[dict[str, str | float]] = [
        {
            "backbone": one.name,
            "images_per_second": round(speeds.get(one.name, 0.0), 1),
            "images": len(one.right),
            "accuracy": round(one.accuracy, 4),
            "measured": accuracy_text(one),
            "verdict": "chosen" if one is winner else one.out or _beside(one, winner, seed),
        }
        for one in (winner, *rest)
    ]
    reason = (
        f"Of {len(runners)} backbones that raced on training images, {winner.name} was the best "
        f"with a quick head, {accuracy_text(winner)} in cross-validation; {why_ended}."
    )
    return Finish(tuple(rows), reason)


def _beside(one: Runner, winner: Runner, seed: int) -> str:
    if not len(one.right):
        return "not measured: the time was over"
    difference = compared(one, winner, seed=seed).difference
    return (
        f"not told apart: {difference.value or 0:+.3f} "
        f"({difference.low or 0:+.3f} to {difference.high or 0:+.3f})"
    )
