"""What folds and seeds say, on a page: the figure, each round, and where answers go wrong."""

from typing import TYPE_CHECKING

from components.train.folds.chosen import Told
from sightline.ground.wording import counted
from sightline.problems import problem_of
from sightline.stage.formats.records import RecordsInfo
from sightline.stage.report.page import Cell, Page

if TYPE_CHECKING:
    from components.train.folds.measure import Measured
    from components.train.folds.run import Folds

TABLE = "out_of_fold.parquet"
OF_FOLDS = (
    "Each image was judged by a model that did not learn from it, nor was anything chosen on it "
    "but backbone and settings, where these raced or were tuned. Images that belong together lie "
    "in one fold. The models of the folds learned from fewer images than the one that is exported, "
    "which is usually a little better. ± is the standard deviation between rounds. The interval "
    "counts images; as models of folds share most of what they learned from, it is somewhat narrow."
)
OF_SEEDS = (
    "The same training with other seeds, each judged on the validation split, which also told it "
    "when to stop: the figures flatter a little, and their deviation says how much of one is luck. "
    "The model of the first seed (train.seed) is exported: the best of several would be one that "
    "was lucky on these images."
)


def folds_summary(measured: "Measured") -> dict[str, Cell]:
    """Return what stands at the top of the page."""
    return {
        name: text
        for one in measured.figures[:1]
        for name, text in ((one.label, one.spread), ("95 % interval", one.interval or "none"))
    }


def add_folds(page: Page, info: RecordsInfo, folds: "Folds") -> None:
    """Show what folds or seeds came to."""
    measured = folds.measured
    images = counted(measured.num_images, "image")
    title = "Folds" if measured.num_folds else "Seeds"
    page.section(title, OF_FOLDS if measured.num_folds else OF_SEEDS)
    page.table(
        ["figure", "over all images", "± between rounds", "95 % interval"],
        [
            [one.label, round(one.value, 4), _rounded(one.deviation), one.interval or "none"]
            for one in measured.figures
        ],
        caption=f"{images} in {counted(measured.num_groups, 'group')}; each group lies in one "
        f"fold. {TABLE} of the model has every answer.",
    )
    if reason := (folds.described["chosen"] or {}).get("reason"):
        page.notice("info", f"The folds chose how the model that counts was trained. {reason}")
    _add_rounds(page, measured)
    page.text(f"Answers to {images}{_of_first(measured)}, together:")
    problem_of(info.problem, info.about).judging.outline(page, measured.whole)


def _of_first(measured: "Measured") -> str:
    if measured.num_repeats == 1:
        return ""
    return " in the first deal" if measured.num_folds else " by the model that is exported"


def _add_rounds(page: Page, measured: "Measured") -> None:
    names = [one.name for one in measured.whole.headline]
    labels = [one.label.split(" over ")[0] for one in measured.figures]
    rows: list[list[Cell]] = [
        [
            _name(measured, number),
            *(_rounded(one.figures.get(name)) for name in names),
            one.num_images,
            one.judged.told.num_learned,
            how(one.judged.told),
        ]
        for number, one in enumerate(measured.rounds)
    ]
    page.table(["round", *labels, "judged on", "learned from", "training"], rows)


def _name(measured: "Measured", number: int) -> str:
    one = measured.rounds[number].judged.round
    if not one.fold:
        return f"seed {one.seed}{', exported' if number == 0 else ''}"
    deal = f"deal {one.repeat}, " if measured.num_repeats > 1 else ""
    return f"{deal}fold {one.fold}"


def how(told: Told) -> str:
    """Say how a round was trained."""
    strength = "" if told.strength is None else f", strength {told.strength:g}"
    head = f"{told.head} head{strength}" if told.head else ""
    epochs = ", ".join(f"{phase}: epoch {best}" for phase, best in told.epochs.items() if best)
    return "; ".join(one for one in (head, epochs) if one)


def _rounded(value: float | None) -> Cell:
    return None if value is None else round(value, 4)
