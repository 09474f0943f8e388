"""The page of the tune stage: every trial, the best so far, what mattered, what to widen."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from components.train.race.page import add_race
from components.tune.judgement import at_edges, best_so_far, is_flat
from components.tune.space import Axis, Value
from sightline.ground.wording import counted
from sightline.stage.report import charts
from sightline.stage.report.page import Cell, Page

if TYPE_CHECKING:
    from components.tune.found import Found
    from components.tune.search import Done, Search

MOST_TRIALS = 100
ENOUGH_FOR_IMPORTANCE = 10
HOW_ENDED = {True: "to its end", False: "early"}


def write_report(path: Path, *, found: "Found", search: "Search", num_images: int) -> None:
    """Write the page."""
    page = Page(
        title="tune",
        subtitle=f"{counted(len(found.trials), 'trial')} on "
        f"{counted(num_images, 'validation image')}; the test split was not read",
    )
    page.summary(
        {
            "trials": len(found.trials),
            "ended early": sum(not one.complete for one in found.trials),
            "best validation loss": found.best.loss,
            "train's own settings": found.own.loss,
            "minutes": round(sum(one.seconds for one in found.trials) / 60, 1),
        }
    )
    if found.race:
        page.notice(
            "info",
            f"Every trial learned from {found.race.winner}, and train does.",
            detail=found.race.reason,
        )
    _add_verdict(page, found)
    _add_advice(page, found)
    _add_curve(page, found.trials)
    _add_importance(page, search)
    _add_slices(page, found)
    _add_trials(page, found)
    if found.race:
        add_race(page, found.race.rows)
    page.write(path)


def _add_verdict(page: Page, found: "Found") -> None:
    compared = found.comparison
    if compared is None:
        page.notice(
            "info", "No trial had a lower loss than train's own settings, which are passed on."
        )
        return
    said = (
        f"Its loss is lower by {compared.gain:.4f}; the luckiest of "
        f"{counted(len(found.trials), 'equal trial')} would gain about {compared.noise:.4f} on "
        f"these {counted(compared.num_images, 'image')}."
    )
    if compared.holds:
        page.notice("good", f"Train takes {written(found.best.settings)}.", detail=said)
        return
    page.notice(
        "info",
        "No trial is better than train's own settings by more than noise, so those are passed on.",
        detail=f"The best was {written(found.best.settings)}. {said} More validation images would "
        "tell smaller differences.",
    )


def _add_advice(page: Page, found: "Found") -> None:
    for axis, end in at_edges(found.axes, found.best.settings) if found.gained else ():
        further = "lower" if end == "low" else "higher"
        page.notice(
            "warning",
            f"The best {axis.setting}, {short(found.best.settings[axis.setting])}, lies at the "
            f"{end} end of what was searched.",
            detail=f"Widen this range: give tune.space.{axis.setting} {further} values.",
        )
    if is_flat([one.loss for one in found.trials]):
        page.notice(
            "info",
            "More trials will hardly help: the last third of them lowered the best loss by less "
            "than 1 %.",
            detail="More images, other features (train.backbone) or corrected labels may.",
        )


def _add_curve(page: Page, trials: "Sequence[Done]") -> None:
    losses = best_so_far([one.loss for one in trials])
    page.section("Best so far", "The lowest validation loss after each trial.")
    page.figure(charts.lines({"best": losses}, x_label="trial", y_label="loss"), front=True)


def _add_importance(page: Page, search: "Search") -> None:
    if sum(one.complete for one in search.done) < ENOUGH_FOR_IMPORTANCE:
        return
    shares = search.importances()
    if not shares:
        return
    page.section(
        "What mattered",
        "How much of the differences between trials follows from each setting (fANOVA).",
    )
    page.figure(charts.bars(list(shares), list(shares.values()), x_label="share"))


def _add_slices(page: Page, found: "Found") -> None:
    shown = [one for one in found.trials if one.complete]
    page.section("Setting by setting", "The loss of every trial that was trained to its end.")
    for axis in found.axes:
        xs = [one.settings[axis.setting] for one in shown]
        if any(isinstance(one, str) for one in xs):
            xs = [str(one) for one in xs]
        page.figure(
            charts.scatter(
                xs,
                [one.loss for one in shown],
                x_label=axis.setting,
                y_label="loss",
                log=axis.log,
                mark=found.best.settings[axis.setting],
            )
        )


def _add_trials(page: Page, found: "Found") -> None:
    ranked = sorted(found.trials, key=lambda one: (not one.complete, one.loss, one.number))
    page.section(
        "Trials",
        "The lowest loss first, then those that were ended early, since half of the earlier ones "
        f"were better at the same epoch. Trial {found.own.number} is train's own settings.",
    )
    names = [axis.setting for axis in found.axes]
    columns = ["trial", "loss", *names, "epochs", "trained"]
    page.table(columns, [_row(one, found.axes) for one in ranked[:MOST_TRIALS]])


def _row(done: "Done", axes: Sequence[Axis]) -> list[Cell]:
    values: list[Cell] = [done.settings[axis.setting] for axis in axes]
    loss = done.loss if math.isfinite(done.loss) else None
    return [done.number, loss, *values, done.epochs, HOW_ENDED[done.complete]]


def written(settings: dict[str, Value]) -> str:
    """Say settings in one line."""
    return ", ".join(f"{name} {short(value)}" for name, value in settings.items())


def short(value: Value) -> str:
    """Write a value with the digits that matter."""
    return f"{value:.3g}" if isinstance(value, float) else str(value)
