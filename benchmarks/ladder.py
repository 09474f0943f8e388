"""The book's ladder of recipes, each rung on the same photos: its figure against ours.

`python benchmarks/ladder.py`: prepares the photos once, trains every recipe from a linear model on
pixels to a fine-tuned backbone as `python -m components.<stage>`, and lets evaluate score each on
the same test images. `--epochs 1 --per-class 40` tries it out in minutes. The book's figures are
of the validation split of all 3,670 photos. A line per rung; one JSON line comes last.
"""

import argparse
import json
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from measuring import DATA, REPOSITORY, WEIGHTS, conditions
from stages import STEPS, run_step

from components.train.planning.recipe import recipe_of

BEFORE = ("ingest", "backbone", "label_check", "preprocess")


@dataclass(frozen=True, slots=True)
class Rung:
    """A recipe, and what the book reached with it."""

    recipe: str
    book: float | None
    """Accuracy; None where the book gives none on these photos."""


LADDER = (
    Rung("linear", 0.40),
    Rung("one_hidden", 0.45),
    Rung("dense", 0.48),
    Rung("scratch", None),
    Rung("frozen", 0.90),
    Rung("fine_tune", 0.92),
)


@dataclass(frozen=True, slots=True)
class Climbed:
    """What came of a rung."""

    rung: Rung
    accuracy: float
    low: float
    high: float
    parameters: int
    seconds: float
    """Processor seconds of its training."""

    @property
    def holds(self) -> bool:
        """Whether the book's figure lies within our interval, or below it."""
        return self.rung.book is None or self.high >= self.rung.book


def main() -> None:
    """Climb, and print the table and the JSON line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("recipes", nargs="*", metavar="RECIPE", help="only these rungs")
    parser.add_argument("--photos", type=Path, default=DATA / "flowers")
    parser.add_argument("--weights", type=Path, default=WEIGHTS)
    parser.add_argument("--per-class", type=int, default=0, help="images of each class; 0 for all")
    parser.add_argument("--epochs", type=int, help="most epochs of a phase; else the defaults")
    parser.add_argument("--seed", type=int, default=7)
    arguments = parser.parse_args()

    chosen = [one for one in LADDER if one.recipe in (arguments.recipes or [one.recipe])]
    climbed = []
    print(f"{'recipe':<12}{'book':>7}{'ours':>7}{'interval':>16}{'parameters':>13}{'train':>10}")
    with tempfile.TemporaryDirectory() as folder:
        prepared = Path(folder) / "prepared"
        prepare(prepared, arguments)
        for rung in chosen:
            place = Path(folder) / rung.recipe
            shutil.copytree(prepared, place)
            climbed.append(climb(rung, place, arguments))
            shutil.rmtree(place)
            print(row_of(climbed[-1]), flush=True)
    print(json.dumps(summary(arguments, climbed)))


def prepare(folder: Path, arguments: argparse.Namespace) -> None:
    """Make the records and features that all rungs learn from."""
    settings: dict[str, dict[str, object]] = {
        "ingest": {
            "source": arguments.photos.resolve(),
            "fingerprint": "benchmark",
            "images_per_class": arguments.per_class,
        },
        "backbone": {"weights": arguments.weights.resolve()},
    }
    for name in BEFORE:
        run_step(REPOSITORY, folder, STEPS[name], settings.get(name, {}))


def climb(rung: Rung, folder: Path, arguments: argparse.Namespace) -> Climbed:
    """Train a recipe and let evaluate score it."""
    settings: dict[str, object] = {"recipe": rung.recipe, "seed": arguments.seed}
    if "weights" in recipe_of(rung.recipe).needs:
        settings["weights"] = arguments.weights.resolve()
    if arguments.epochs:
        settings |= {"epochs": arguments.epochs, "fine_tune_epochs": arguments.epochs}
    seconds = run_step(REPOSITORY, folder, STEPS["train"], settings)
    run_step(REPOSITORY, folder, STEPS["evaluate"], {"min_accuracy": 0.0})
    model = json.loads(next(folder.glob("*/model/model.json")).read_text("utf-8"))
    found = json.loads(next(folder.glob("*/evaluation/evaluation.json")).read_text("utf-8"))
    accuracy = found["metrics"]["accuracy"]
    low, high = accuracy["low"], accuracy["high"]
    parameters = model["num_parameters"]
    return Climbed(rung, accuracy["value"], low, high, parameters, round(seconds, 1))


def row_of(one: Climbed) -> str:
    """Show one rung in a line."""
    book = "-" if one.rung.book is None else f"{one.rung.book:.2f}"
    interval = f"{one.low:.3f} to {one.high:.3f}"
    return (
        f"{one.rung.recipe:<12}{book:>7}{one.accuracy:>7.3f}{interval:>16}"
        f"{one.parameters:>13,}{one.seconds:>8.1f} s"
    )


def summary(arguments: argparse.Namespace, climbed: Sequence[Climbed]) -> dict[str, Any]:
    """Hold the rungs against the book's; the ratio is that of the highest one."""
    compared = [one for one in climbed if one.rung.book is not None]
    top = compared[-1] if compared else None
    return {
        "name": "ladder",
        "ours": {one.rung.recipe: round(one.accuracy, 4) for one in climbed},
        "peer": {one.rung.recipe: one.rung.book for one in climbed},
        "ratio": round(top.accuracy / top.rung.book, 3) if top and top.rung.book else None,
        "target": "no rung's interval below the book's figure",
        "holds": all(one.holds for one in climbed),
        "intervals": {one.rung.recipe: [round(one.low, 4), round(one.high, 4)] for one in climbed},
        "seconds": {one.rung.recipe: one.seconds for one in climbed},
        "conditions": conditions(
            data=arguments.photos.name,
            n=len(list(arguments.photos.glob("*/*"))),
            images_per_class=arguments.per_class or "all",
            epochs=arguments.epochs or "default",
            seeds=[arguments.seed],
            unit="accuracy on the test split; processor seconds of train",
        ),
    }


if __name__ == "__main__":
    main()
