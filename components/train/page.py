"""The page of the train stage: the recipe, why it was chosen, and the curves."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from components.train.augmentation.page import Seen, add_augmentation, warn_of_lost_labels
from components.train.diagnosis.signs import Sign
from components.train.folds.page import add_folds, folds_summary
from components.train.heads.page import (
    add_calibration,
    add_strengths,
    add_thresholds,
    head_text,
    is_linear,
)
from components.train.planning.recipe import recipe_of
from components.train.race.page import add_race
from components.train.timing.page import add_spent
from sightline.ground.errors import shorten
from sightline.ground.wording import counted
from sightline.problems import problem_of
from sightline.stage.formats.model import ModelInfo
from sightline.stage.formats.records import RecordsInfo
from sightline.stage.report import charts
from sightline.stage.report.page import Cell, Page

if TYPE_CHECKING:
    from components.train.fitting.rate_finder import RateSearch
    from components.train.fitting.trained import Trained
    from components.train.folds.run import Folds
    from components.train.planning.plan import Plan
    from sightline.ground.plugins.recipe import Recipe


def write_report(
    path: Path,
    *,
    info: RecordsInfo,
    summary: ModelInfo,
    plan: "Plan",
    trained: "Trained",
    figures: Mapping[str, float],
    signs: Sequence[Sign] = (),
    seen: Seen | None = None,
    folds: "Folds | None" = None,
) -> None:
    """Write the page.

    Args:
        path: where to.
        info: of the records.
        summary: of the model.
        plan: what was to be done.
        trained: what was done.
        figures: by name.
        signs: those of the phase that the weights are from.
        seen: what augmentation did.
        folds: what folds or seeds say of the training.
    """
    recipe = recipe_of(summary.recipe)
    page = Page(title="train", subtitle=f"{recipe.sentence}, seed {summary.seed}")
    learned = problem_of(info.problem, info.about).training.figures
    measured = [f"{part}_{name}" for name in learned for part in ("validation", "training")]
    shown = (*measured, "epochs", "best_epoch")
    headline: dict[str, Cell] = {
        name.replace("_", " "): figures[name] for name in shown if name in figures
    }
    over = folds_summary(folds.measured) if folds else {}
    page.summary({**over, **headline, "parameters": summary.num_parameters})
    _add_choices(page, summary, plan)
    for phase, reason in trained.batch_reasons.items():
        page.notice("info", f"{recipe.title(phase)}: {reason}")
    _add_notices(page, info, summary, trained)
    for sign in signs:
        page.notice(sign.severity, sign.title, detail=sign.advice)
    if seen:
        warn_of_lost_labels(page, seen)
    if folds:
        add_folds(page, info, folds)
    if trained.told:
        _add_phases(page, recipe, trained)
    if trained.search:
        _add_search(page, trained.search)
    _add_curves(page, recipe, trained, learned)
    add_race(page, summary.race)
    if summary.calibration:
        add_calibration(page, summary.calibration, of_folds=summary.learned_whole)
    if trained.decided.rows:
        add_thresholds(page, trained.decided, of_folds=summary.learned_whole)
    if seen:
        add_augmentation(page, seen)
    add_spent(page, trained.spent, _titles(recipe))
    page.section("Settings", "What this model was trained with.")
    page.table(["what", "value"], _facts(summary, plan, figures))
    page.write(path)


def _add_choices(page: Page, summary: ModelInfo, plan: "Plan") -> None:
    for reason in summary.reasons:
        page.notice("info", reason)
    if plan.without_weights:
        page.notice(
            "warning",
            "A small network was trained from scratch: pretrained weights cannot be had here.",
            detail=f"{plan.reasons[0]} To be refused instead, set train.weights to imagenet.",
        )
    if summary.tuned:
        found = ", ".join(f"{name} {value}" for name, value in summary.tuned.items())
        page.notice("info", f"Settings from tune: {found}.", detail="They replace train's own.")


def _titles(recipe: "Recipe") -> Callable[[str], str]:
    """Return what phases are called, computing features among them."""
    return lambda phase: "Computing features" if phase == "features" else recipe.title(phase)


def _add_curves(page: Page, recipe: "Recipe", trained: "Trained", learned: Sequence[str]) -> None:
    """Draw each figure of each phase, by epoch or by the strength of a linear head."""
    for name, progress in trained.phases.items():
        marked = progress.best_epoch if name == trained.kept_phase else None
        unit = "strength" if is_linear(progress.history) else "epoch"
        kept = f" The weights of {unit} {marked} are kept." if marked else ""
        chosen = f" {trained.head.reason}" if trained.head and name == "head" else ""
        page.section(recipe.title(name), f"{counted(len(progress.history), unit)}.{kept}{chosen}")
        if unit == "strength":
            add_strengths(page, progress.history)
        for metric in ("loss", *learned):
            curves = {"training": [row[metric] for row in progress.history]}
            if f"val_{metric}" in progress.history[0]:
                curves["validation"] = [row[f"val_{metric}"] for row in progress.history]
            svg = charts.lines(curves, x_label=unit, y_label=metric, mark_x=marked)
            page.figure(svg)


def _add_notices(page: Page, info: RecordsInfo, summary: ModelInfo, trained: "Trained") -> None:
    if not info.num_images("validation") and not summary.learned_whole:
        page.notice(
            "warning",
            "There is no validation split: all epochs were trained and the last one is kept.",
            detail="Raise preprocess.validation_share to have early stopping.",
        )
    _add_dropped(page, summary, trained)
    lone = [name for name, count in info.occurrences("train").items() if not count]
    if lone:
        page.notice(
            "warning",
            f"The model can never answer {shorten(lone)}: there are no training images.",
            detail="Add images of these classes.",
        )


def _add_dropped(page: Page, summary: ModelInfo, trained: "Trained") -> None:
    """Say where fine-tuning made the model worse, and what to do about it."""
    last, kept = list(trained.phases)[-1], trained.kept_phase
    if last == kept or "val_loss" not in trained.kept.best_row:
        return
    tuned, before = (trained.phases[name].best_row["val_loss"] for name in (last, kept))
    title = recipe_of(summary.recipe).title
    found = f"validation loss {tuned:.4g} at best, {before:.4g} before"
    if trained.phases[last].ended_by == "negative transfer":
        epochs = counted(len(trained.phases[last].history), "epoch")
        page.notice(
            "warning",
            f"{title(last)} destroyed what the backbone knew (negative transfer), so it was ended "
            f"after {epochs} and the model from before it is kept: {found}.",
            detail="Lower train.fine_tune_learning_rate or train.fine_tune_layers, collect more "
            "images, or set train.recipe to frozen. train.negative_transfer_margin says from "
            "where on it is ended.",
        )
    elif recipe_of(summary.recipe).is_first(kept):
        page.notice(
            "warning",
            "Fine-tuning did not lower the validation loss, so the model from before it is kept: "
            f"{found}.",
            detail="Lower train.fine_tune_learning_rate, or set train.recipe to frozen.",
        )
    else:
        page.notice(
            "info", f"{title(last)} lowered the validation loss no further; {title(kept)} is kept."
        )


def _add_phases(page: Page, recipe: "Recipe", trained: "Trained") -> None:
    rows: list[list[Cell]] = []
    for name, told in trained.told.items():
        progress = trained.phases[name]
        slowest = min(told.shares, default=1.0)
        rates = f"{told.learning_rate:g}"
        if slowest < 1:
            rates = f"{told.learning_rate * slowest:.2g} at the lowest layer to {rates} at the head"
        ended = {"patience": f"no better for {counted(told.patience, 'epoch')}"}
        rows.append(
            [
                recipe.title(name),
                f"{len(progress.history)} of {told.epochs}",
                ended.get(progress.ended_by, progress.ended_by),
                rates,
                f"{told.schedule}, warm-up {counted(told.warmup_epochs, 'epoch')}",
            ]
        )
    page.section("Phases", "How fast the weights moved, for how long, and what ended it.")
    page.table(["phase", "epochs", "ended by", "peak learning rate", "schedule"], rows)


def _add_search(page: Page, search: "RateSearch") -> None:
    if search.chosen is None:
        page.notice(
            "warning",
            "No learning rate was found, as the loss fell at none: train.learning_rate was taken.",
            detail="Look at the images and labels, or turn train.find_learning_rate off.",
        )
    chosen = search.chosen or 0.0
    page.section(
        "The learning rate",
        "Loss while the rate rose, smoothed. A tenth of the rate with the lowest loss "
        + (f"was taken: {chosen:.2g}." if chosen else "would have been taken."),
    )
    if search.rates:
        page.figure(
            charts.lines(
                {"training": search.losses},
                x_label="learning rate",
                y_label="loss",
                xs=search.rates,
                mark_x=search.chosen,
            )
        )


def _facts(summary: ModelInfo, plan: "Plan", figures: Mapping[str, float]) -> list[list[Cell]]:
    weights = {name: round(weight, 3) for name, weight in plan.named_weights.items() if weight != 1}
    return [
        ["recipe", summary.recipe],
        ["backbone", summary.backbone or "none"],
        ["weights", summary.weights or "none"],
        ["licence of the weights", summary.weights_licence or "none"],
        ["source of the weights", summary.weights_source or "none"],
        ["head", head_text(summary.head)],
        ["augmentation", plan.augment],
        ["augmented views", plan.views or "none"],
        ["class weights", ", ".join(f"{k} {v}" for k, v in weights.items()) or "all equal"],
        ["images per second", f"{figures['images_per_second']:,}"],
        ["versions", ", ".join(f"{k} {v}" for k, v in summary.versions.items())],
        ["SHA-256 of model.keras", summary.model_sha256],
    ]
