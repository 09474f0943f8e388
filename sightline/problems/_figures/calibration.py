"""What probabilities are worth: whether a model is right as often as they say, and their loss."""

import numpy as np

from sightline.stage.arrays import Booleans, Floats, Integers
from sightline.stage.formats.evaluation import Part

NUM_BINS = 15
# scikit-learn clips at the resolution of the type too: a probability of 0 costs 36, not infinity.
SMALLEST_PROBABILITY = float(np.finfo(np.float64).eps)


class CalibrationBin(Part):
    """Answers of which the model is so sure, in one of equally wide ranges."""

    low: float
    high: float
    num_images: int
    confidence: float
    """Their mean probability."""
    accuracy: float
    """Share of them that are right."""


def bins_of(confidence: Floats, correct: Booleans) -> tuple[CalibrationBin, ...]:
    """Group answers [n] by how sure the model is of them; empty ranges are left out."""
    place = bin_index(confidence)
    return tuple(
        CalibrationBin(
            low=index / NUM_BINS,
            high=(index + 1) / NUM_BINS,
            num_images=int(np.sum(place == index)),
            confidence=float(confidence[place == index].mean()),
            accuracy=float(correct[place == index].mean()),
        )
        for index in np.unique(place).tolist()
    )


def bin_index(confidence: Floats) -> Integers:
    """Return the range of each confidence: (0, 1/15] is 0, (14/15, 1] is 14."""
    return np.clip(np.ceil(confidence * NUM_BINS).astype(np.int64) - 1, 0, NUM_BINS - 1)


def gaps_by_bin(confidence: Floats, correct: Booleans) -> Floats:
    """Return confidence minus correctness per image, in the column of its bin [n, 15].

    Of several answers an image [n, k], each counts as one of k. The expected calibration error is
    the sum of the absolute column sums over n (Guo et al., "On Calibration of Modern Neural
    Networks", 2017).
    """
    gaps = (confidence - correct).reshape(len(confidence), -1)
    place = bin_index(confidence).reshape(gaps.shape)
    binned = [(gaps * (place == at)).sum(axis=1) for at in range(NUM_BINS)]
    return np.stack(binned, axis=1) / gaps.shape[1]


def expected_error(confidence: Floats, correct: Booleans) -> float:
    """Return the expected calibration error of answers and whether each was right."""
    gaps = np.bincount(bin_index(confidence), weights=confidence - correct, minlength=NUM_BINS)
    return float(np.abs(gaps).sum() / len(confidence))


def log_losses(of_truth: Floats) -> Floats:
    """Return what each answer costs by the probability that it gives to the truth."""
    return np.asarray(-np.log(np.maximum(of_truth, SMALLEST_PROBABILITY)))
