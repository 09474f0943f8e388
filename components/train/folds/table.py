"""What folds and seeds leave in the model folder: every answer, and what they came to."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from components.train.fitting.material import Pool
from components.train.folds.chosen import Chosen
from components.train.folds.measure import Measured
from sightline.ground.headlines.headline import metadata_of
from sightline.problems import problem_of
from sightline.stage.timing import writing

FILE = "out_of_fold.parquet"


def write_answers(folder: Path, pool: Pool, measured: Measured) -> None:
    """Write a row per image and repeat: which fold it lay in, and what was answered."""
    judging = problem_of(pool.info.problem, pool.info.about).judging
    groups = dict(zip(pool.ids, pool.groups, strict=True))
    tables = []
    for repeat, predictions in enumerate(measured.predictions, start=1):
        folds = {
            pool.ids[row]: one.judged.round.fold
            for one in measured.rounds
            if one.judged.round.repeat == repeat
            for row in one.judged.round.rows["judged"].tolist()
        }
        columns: dict[str, Any] = {
            "id": predictions.ids,
            "group": [groups[id] for id in predictions.ids],
            "repeat": [repeat] * len(predictions.ids),
            "fold": [folds[id] for id in predictions.ids],
            **judging.columns(predictions),
        }
        tables.append(pa.table(columns))
    folder.mkdir(parents=True, exist_ok=True)
    with writing():
        pq.write_table(
            pa.concat_tables(tables), folder / FILE, compression="zstd", write_page_checksum=True
        )


def described(measured: Measured, chosen: Chosen | None) -> dict[str, Any]:
    """Return what `model.json` says of it."""
    return {
        "folds": measured.num_folds,
        "repeats": measured.num_repeats,
        "num_images": measured.num_images,
        "num_groups": measured.num_groups,
        "figures": metadata_of(measured.figures),
        "rounds": [
            {
                "repeat": one.judged.round.repeat,
                "fold": one.judged.round.fold,
                "seed": one.judged.round.seed,
                "num_learned": one.judged.told.num_learned,
                "num_images": one.num_images,
                "kept": one.judged.told.kept,
                "head": one.judged.told.head,
                "strength": one.judged.told.strength,
                "epochs": dict(one.judged.told.epochs),
                "figures": dict(one.figures),
            }
            for one in measured.rounds
        ],
        "chosen": {"epochs": dict(chosen.epochs), "head": chosen.head, "reason": chosen.reason}
        if chosen
        else None,
    }
