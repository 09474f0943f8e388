"""Rounds one after the other: what a killed attempt finished is not computed again."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from components.train.fitting.checkpoints import Checkpoints, load_arrays, save_arrays
from components.train.folds.chosen import Told
from components.train.folds.deal import Round
from sightline.stage.log import event

Array = np.ndarray[Any, Any]


@dataclass(frozen=True, slots=True)
class Judged:
    """What a round's model answered to the images that it did not learn from."""

    round: Round
    told: Told
    answers: Array
    """As the network gives them, [n, ...], in the order of the round's judged rows."""
    goals: Array


Train = Callable[[Round, Checkpoints], Judged]
"""Trains a round; an interrupted one goes on from its checkpoints."""


def run_rounds(rounds: Sequence[Round], checkpoints: Checkpoints, train: Train) -> list[Judged]:
    """Train and judge every round; what it came to is kept in the folder of checkpoints."""
    found = []
    for number, one in enumerate(rounds, start=1):
        path = checkpoints.folder / f"{one.name}.npz"
        judged = _load(path, one)
        if judged is None:
            event("round", repeat=one.repeat, fold=one.fold, seed=one.seed)
            inner = checkpoints.inner(one.name)
            judged = train(one, inner)
            _save(path, judged)
            inner.remove()
        else:
            event("round was done before", repeat=one.repeat, fold=one.fold)
        event("progress", what="rounds", done=number, total=len(rounds))
        found.append(judged)
    return found


def _save(path: Path, judged: Judged) -> None:
    told = np.array(json.dumps(asdict(judged.told)))
    save_arrays(path, {"answers": judged.answers, "goals": judged.goals, "told": told})


def _load(path: Path, one: Round) -> Judged | None:
    arrays = load_arrays(path)
    if arrays is None:
        return None
    told = Told(**json.loads(str(arrays["told"])))
    return Judged(one, told, arrays["answers"], arrays["goals"])


def in_order(judged: Sequence[Judged]) -> tuple[Array, Array, Array]:
    """Return rows, answers and goals of one repeat's rounds, by row."""
    rows = np.concatenate([one.round.rows["judged"] for one in judged])
    answers = np.concatenate([one.answers for one in judged])
    goals = np.concatenate([one.goals for one in judged])
    order = np.argsort(rows, kind="stable")
    return rows[order], answers[order], goals[order]
