"""A model that answers yes or no and the live one, paired on the same test images."""

from collections.abc import Sequence

import numpy as np

from sightline.problems._gate.f1_pair import f1_pair
from sightline.problems._gate.verdicts import Paired, right_of
from sightline.problems.binary.info import BinaryPredictions
from sightline.problems.binary.serving import Decided
from sightline.problems.classification.evaluation.champion import compare_classes
from sightline.problems.judging import Champion, Rules
from sightline.stage.arrays import Booleans
from sightline.stage.formats.evaluation import Comparison


def compare(predictions: BinaryPredictions, champion: Champion, rules: Rules) -> Comparison:
    """Compare F1 of the positive class, or accuracy without images of it, and log loss."""
    name = predictions.classes[predictions.positive]

    def headline(rows: Sequence[int], first: Booleans, second: Booleans) -> Paired:
        positive = predictions.is_positive[list(rows)]
        if not positive.any():
            return right_of(first, second)
        # Of two names, a right answer is the true one and a wrong answer the other.
        sides = (positive, first == positive, second == positive)
        truth, candidate, live = (np.asarray(side)[:, np.newaxis] for side in sides)
        return f1_pair(f"F1 of {name}", truth, candidate, live, rules)

    return compare_classes(predictions, champion, rules, chance_of=_chance_of, headline=headline)


def _chance_of(answer: Decided, name: str) -> float:
    return answer.probability if name == answer.positive_class else 1 - answer.probability
