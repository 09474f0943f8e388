import csv
import hashlib
import io
import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from components.train.diagnosis.next_steps import next_steps
from components.train.diagnosis.reading import signs_of
from components.train.heads.page import OF_LINEAR_HEADS
from components.train.page import write_report
from components.train.planning.recipe import recipe_of
from components.train.planning.refusals import check_records
from components.train.race.choose import choose_backbone
from components.train.settings import TrainSettings
from components.train.tuned import with_tuned
from components.train.warm.champion import LEARNED_FROM, images_of
from components.train.weights import Origin, origin_of
from sightline.ground.headlines.headline import CROSS_VALIDATED
from sightline.ground.headlines.headline import metadata_of as figures_as_metadata
from sightline.ground.headlines.next_steps import KEY, metadata_of
from sightline.ground.ports import (
    Facts,
    InputArtifact,
    InputDataset,
    Metadata,
    OutputMetrics,
    OutputReport,
    ResumableModel,
)
from sightline.problems import problem_of
from sightline.stage.formats.model import ModelInfo, save_keras, write_info
from sightline.stage.formats.records import RecordsInfo, Split, damage_named, read_info
from sightline.stage.formats.training_images import write_training_images
from sightline.stage.log import audible, event
from sightline.stage.tensorflow_import import import_tensorflow
from sightline.stage.timing import writing

if TYPE_CHECKING:
    from components.train.augmentation.page import Seen
    from components.train.fitting.trained import Trained
    from components.train.folds.run import Folds
    from components.train.planning.plan import Plan


def train(
    *,
    records: InputDataset,
    features: InputArtifact,
    model: ResumableModel,
    metrics: OutputMetrics,
    report: OutputReport,
    settings: TrainSettings,
    tuned: str = "",
) -> Facts:
    """Train a model on the records.

    `tuned`: settings that tune found, as JSON, in place of those in `settings`.

    Raises:
        DataError: there is nothing to learn from, or the loss became infinite.
        SettingsError: the backbone is unknown, or the recipe lacks its weights.
    """
    settings, changed = with_tuned(settings, tuned)
    info = read_info(records)
    check_records(records, info)
    with damage_named(records):
        settings, finish = choose_backbone(records, features, info, settings)
    trained, plan, used, folds = run_training(records, features, info, settings, model)
    if settings.folds:
        info = info.all_for_training
    learned: tuple[Split, ...] = LEARNED_FROM if settings.folds else LEARNED_FROM[:1]
    with damage_named(records):
        write_training_images(model, images_of(records, info, *learned))
    summary = replace(
        describe(info, settings, plan, trained, sha256=save_keras(trained.model, model)),
        tuned=changed,
        features_sha256=used if trained.kept_on_features else "",
        cross_validation=folds.described if folds else {},
    )
    if finish:
        summary = replace(summary, race=finish.rows, reasons=(*summary.reasons, finish.reason))
    write_info(model, summary)
    write_history(model / "history.csv", trained)
    event("saved", sha256=summary.model_sha256[:12], parameters=summary.num_parameters)

    seen = look_at_augmentation(records, info, settings, plan, trained, summary)
    figures = figures_of(trained) | (folds.numbers if folds else {})
    found = signs_of(info, settings, plan, trained)
    write_report(
        report,
        info=info,
        summary=summary,
        plan=plan,
        trained=trained,
        figures=figures,
        signs=found,
        seen=seen,
        folds=folds,
    )
    steps = metadata_of(next_steps(summary, plan, found))
    over = {CROSS_VALIDATED: figures_as_metadata(folds.measured.figures)} if folds else {}
    return {"model": {**facts_of(summary), **over, KEY: steps}, "metrics": figures}


def facts_of(summary: ModelInfo) -> Metadata:
    """Gather what the pipeline knows of a model."""
    return {
        "recipe": summary.recipe,
        "reason": " ".join(summary.reasons),
        "num_classes": len(summary.classes),
        "best_epoch": summary.best_epoch,
        "model_sha256": summary.model_sha256,
        "num_parameters": summary.num_parameters,
    }


def figures_of(trained: "Trained") -> dict[str, float]:
    """Return what was measured at the kept weights, by name, and how long it took."""
    measured = trained.kept.best_row.items()
    figures = {figure_name(name): value for name, value in measured if name != "learning_rate"}
    figures |= {"epochs": trained.num_epochs, "best_epoch": trained.best_epoch}
    figures["images_per_second"] = round(trained.images_per_second, 1)
    return figures


def figure_name(logged: str) -> str:
    """Name a figure that Keras logs: `val_loss` is `validation_loss`, `loss` `training_loss`."""
    if logged in OF_LINEAR_HEADS:
        return logged
    name = logged.removeprefix("val_")
    return f"training_{name}" if name == logged else f"validation_{name}"


def run_training(
    records: Path, features: Path, info: RecordsInfo, settings: TrainSettings, folder: Path
) -> "tuple[Trained, Plan, str, Folds | None]":
    """Train in `folder`, where an interrupted attempt with the same key left its checkpoints.

    Return also the hash of the extractor whose features were learned from, empty where LiteRT had
    no part in it, and what folds or seeds say, where there were any.
    """
    import_tensorflow()
    import keras

    from components.train.fitting.checkpoints import Checkpoints
    from components.train.fitting.preparing import learned_from, prepare
    from components.train.fitting.training import Training
    from components.train.folds.run import Rounds

    # Names of layers count up within a process: start anew, so equal models are equal files.
    keras.backend.clear_session()
    keras.utils.set_random_seed(settings.seed)
    prepared = prepare(records, features, info, settings)
    plan = prepared.plan
    tell(plan, settings)
    checkpoints = Checkpoints(folder / "checkpoints", checkpoint_key(records, settings, plan))
    with (
        learned_from(prepared, info, settings, checkpoints.folder) as (source, used),
        damage_named(records),
        audible("training"),
    ):
        rounds, among, backbone = None, None, prepared.backbone
        if settings.has_rounds:
            rounds = Rounds(records, info, settings, prepared, checkpoints, source)
            among, backbone = rounds.run(), rounds.begin_anew(settings)
        training = Training(
            records,
            info,
            settings,
            plan,
            backbone=backbone,
            checkpoints=checkpoints,
            logs=folder / "logs",
            features=source,
            among=among,
        )
        trained = training.run()
        folds = rounds.folds(training, trained, folder) if rounds else None
    checkpoints.remove()
    return trained, plan, used, folds


def tell(plan: "Plan", settings: TrainSettings) -> None:
    """Log what is about to be done, and why."""
    changes = settings.changes(plan.augment)
    augment = changes.described() if changes else "none"
    on = plan.devices or ("the processor",)
    event("plan", recipe=plan.recipe, reasons=plan.reasons, augment=augment, on=on)


def look_at_augmentation(
    records: Path,
    info: RecordsInfo,
    settings: TrainSettings,
    plan: "Plan",
    trained: "Trained",
    summary: ModelInfo,
) -> "Seen | None":
    """Return what augmentation did to images; None where there was none."""
    ranges = settings.changes(plan.augment)
    if ranges is None or not (plan.views or recipe_of(plan.recipe).augments):
        return None
    from components.train.augmentation.looked import Look, look

    problem = problem_of(info.problem, info.about)
    with audible("looking at changed images"):
        where = Look(records, info, problem, ranges, settings.mixup, settings.seed)
        return look(where, trained.model, has_backbone=bool(summary.backbone))


def checkpoint_key(records: Path, settings: TrainSettings, plan: "Plan") -> str:
    """Tell trainings apart: a checkpoint serves only the one that wrote it."""
    digest = hashlib.sha256((records / "records.json").read_bytes())
    told = [settings.model_dump(mode="json"), plan.recipe]
    if plan.champion:
        # Another version may have gone live since.
        told.append(plan.champion.info.model_sha256)
    digest.update(json.dumps(told).encode())
    return digest.hexdigest()


def describe(
    info: RecordsInfo, settings: TrainSettings, plan: "Plan", trained: "Trained", *, sha256: str
) -> ModelInfo:
    """Gather what `model.json` says."""
    import keras
    import tensorflow as tf

    has_backbone = "features" in recipe_of(plan.recipe).needs
    origin = origin_of(settings.backbone, settings.weights) if has_backbone else Origin("", "", "")
    described = ModelInfo(
        problem=info.problem,
        classes=info.classes,
        contract=info.contract,
        recipe=plan.recipe,
        reasons=plan.reasons,
        backbone=settings.backbone if has_backbone else "",
        weights=origin.weights,
        weights_licence=origin.licence,
        weights_source=origin.source,
        weights_sha256=origin.sha256,
        seed=settings.seed,
        epochs=trained.num_epochs,
        best_epoch=trained.best_epoch,
        num_parameters=trained.model.count_params(),
        model_sha256=sha256,
        versions={"tensorflow": tf.__version__, "keras": keras.__version__},
        about={**info.about, **trained.decided.about},
        head=trained.head,
        calibration=trained.calibration,
    )
    return plan.champion.passed_on(described) if plan.champion else described


def write_history(path: Path, trained: "Trained") -> None:
    """Write one row per epoch of every phase."""
    rows = [
        {"phase": name, "epoch": epoch, **row}
        for name, progress in trained.phases.items()
        for epoch, row in enumerate(progress.history, start=1)
    ]
    buffer = io.StringIO()
    # Phases have figures of their own: a row is empty where it has none.
    names = list(dict.fromkeys(name for row in rows for name in row))
    table = csv.DictWriter(buffer, fieldnames=names, lineterminator="\n")
    table.writeheader()
    table.writerows(rows)
    with writing():
        path.write_text(buffer.getvalue(), encoding="utf-8")
