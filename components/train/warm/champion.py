"""The model that a training begins as: where it is, whether it fits, and what is new since."""

from dataclasses import dataclass, replace
from pathlib import Path

from components.train.planning.recipe import recipe_of
from components.train.settings import TrainSettings
from sightline.ground.backbones import choice
from sightline.ground.errors import DataError, SettingsError, shorten
from sightline.problems import problem_of
from sightline.stage.formats import model as models
from sightline.stage.formats.model import ModelInfo
from sightline.stage.formats.model_folder import newest_sound
from sightline.stage.formats.records import RecordsInfo, Split, read_targets
from sightline.stage.formats.training_images import FILE as TRAINING_IMAGES
from sightline.stage.formats.training_images import (
    Growth,
    Keys,
    growth,
    keys_of,
    num_shared,
    read_training_images,
)
from sightline.stage.log import warning
from sightline.stage.registry.bringing import folder_here

# Splits are stable, but for groups that grow together.
MOST_SEEN = 0.01
LEARNED_FROM: tuple[Split, Split] = ("train", "validation")
ANEW = "Set train.recipe to auto to train anew"
SETTING = "train.champion"
WITH_IT = (models.FILE, models.INFO_FILE, TRAINING_IMAGES)
"""What a bundle holds for trainings that start from it."""


@dataclass(frozen=True, slots=True)
class Champion:
    """A live model that fits the records."""

    folder: Path
    """Its version in the model folder, where `model.keras` is."""
    number: int
    info: ModelInfo
    images: Keys
    """What it learned from."""
    reasons: tuple[str, ...] = ()
    """What is new since, in sentences."""

    @property
    def recipe(self) -> str:
        """The recipe that its layers are from, however often it was trained on since."""
        return str(self.info.started_from.get("recipe", self.info.recipe))

    @property
    def learns_on_features(self) -> bool:
        """Whether its backbone stays as it is, so that its head alone learns."""
        return "images" not in recipe_of(self.recipe).needs

    @property
    def learns_whole(self) -> bool:
        """Whether all of its layers learn, as it has no backbone."""
        return "features" not in recipe_of(self.recipe).needs

    def passed_on(self, described: ModelInfo) -> ModelInfo:
        """Say of a model that began as this one where its layers and weights come from."""
        found = self.info
        return replace(
            described,
            backbone=found.backbone,
            weights=found.weights,
            weights_licence=found.weights_licence,
            weights_source=found.weights_source,
            weights_sha256=found.weights_sha256,
            started_from={
                "version": self.number,
                "model_sha256": found.model_sha256,
                "recipe": self.recipe,
            },
        )


def champion_for(records: Path, info: RecordsInfo, settings: TrainSettings) -> Champion | None:
    """Return the live model to begin as, and what is new since; None where there is to be none.

    Raises:
        SettingsError: it does not fit.
        DataError: it lacks what a training needs, or has learned from images held out now.
    """
    if not settings.begins_as_champion:
        return None
    champion = find_champion(info, settings)
    now, held_out = (images_of(records, info, split) for split in LEARNED_FROM)
    found = compare_images(champion, now, held_out)
    return replace(champion, reasons=reasons_of(champion, info, found))


def find_champion(info: RecordsInfo, settings: TrainSettings) -> Champion:
    """Return the live model that `train.champion` names.

    Raises:
        SettingsError: there is none, or it differs in problem, pixels or backbone.
        DataError: it came without what a training needs.
    """
    folder = folder_here(settings.champion)
    live, damaged = newest_sound(folder)
    if live is None:
        why = next(iter(damaged.values()), "no version is live there yet")
        raise SettingsError(
            f"{SETTING} {settings.champion}: expected a live model to start from, received none: "
            f"{why}. {ANEW}, and let it go live."
        )
    missing = [name for name in WITH_IT if not (live.folder / name).is_file()]
    if missing:
        raise DataError(
            f"{live.folder}: expected {', '.join(WITH_IT)} beside the live model, to train it on; "
            f"received none of {', '.join(missing)}: it was exported before bundles had them. "
            f"{ANEW}; the model that goes live then can be started from."
        )
    found = models.read_info(live.folder)
    champion = Champion(live.folder, live.number, found, read_training_images(live.folder))
    if reasons := differences(champion, info, settings):
        raise SettingsError(
            f"train.recipe warm_start: expected a live model like the one that is to be trained; "
            f"version {live.number} of {settings.champion} differs: {'; '.join(reasons)}. {ANEW}, "
            "or put back what differs."
        )
    return champion


def differences(champion: Champion, info: RecordsInfo, settings: TrainSettings) -> list[str]:
    """Say in which ways a model cannot become one for these records."""
    found = champion.info
    if found.problem != info.problem:
        return [f"it is for problem {found.problem}, and ingest.problem is {info.problem}"]
    reasons = []
    if reason := problem_of(info.problem, info.about).training.differs(found.about):
        reasons.append(reason)
    before, now = (one.geometry.model_dump() for one in (found.contract, info.contract))
    reasons += [
        f"its {name} is {before.get(name)}, and that of the records is {now.get(name)}"
        for name in sorted({*before, *now})
        if before.get(name) != now.get(name)
    ]
    named = settings.backbone
    # The default may stand where there is no backbone; a race has nothing to decide here.
    if not choice.races(named) and named != found.backbone:
        if found.backbone:
            reasons.append(f"its backbone is {found.backbone}, and train.backbone is {named}")
        elif settings.backbone_is_chosen:
            reasons.append(f"it has no backbone, and train.backbone is {named}")
    return reasons


def images_of(records: Path, info: RecordsInfo, *splits: Split) -> Keys:
    """Return what stands for the images of splits."""
    targets = problem_of(info.problem, info.about).targets
    return keys_of(
        one.decode()
        for split in splits
        for _, one, _ in read_targets(records, split, targets).as_numpy_iterator()
    )


def compare_images(champion: Champion, now: Keys, held_out: Keys) -> Growth:
    """Count what is new since the champion.

    Raises:
        DataError: it has learned from images that are held out now, so its figures would lie.
    """
    seen = num_shared(champion.images, held_out)
    if seen > MOST_SEEN * len(held_out):
        raise DataError(
            f"train.recipe warm_start: expected validation images that version {champion.number} "
            f"never learned from; it learned from {seen:,} of {len(held_out):,}, so validation and "
            "test figures would be too good. Keep the splits of its run (preprocess.splits_from), "
            "or set train.recipe to auto."
        )
    return growth(now, champion.images)


def reasons_of(champion: Champion, info: RecordsInfo, found: Growth) -> tuple[str, ...]:
    """Say from what the training starts, and warn where training anew is better."""
    began = (
        f"It starts from the live model, version {champion.number} (recipe {champion.recipe}), "
        f"which learned from {found.before:,} images. {found.new:,} of the {found.now:,} training "
        f"images are new or changed since ({found.share:.1%}), and {found.gone:,} are gone."
    )
    if not found.is_small:
        warning(
            f"{found.new:,} training images are new since the live model, {found.share:.1%} of the "
            f"{found.before:,} that it learned from: near 10 % and above, training anew is better. "
            f"{ANEW}."
        )
    before, now = champion.info.classes, info.classes
    if not found.new and before == now:
        warning(
            "No training image is new since the live model, so there is little to learn. Leave the "
            "model as it is until there are new images."
        )
    added = [name for name in now if name not in before]
    removed = [name for name in before if name not in now]
    said = []
    if added:
        said.append(f"It answers {shorten(added)} now, which it did not know.")
    if removed:
        said.append(f"It answers {shorten(removed)} no more.")
    return (began, *said)
