"""What lies near an image: a second opinion beside the model's, and evidence for people."""

import numpy as np

from components.label_check.wrong_labels.points import Flags, Floats, Whole, parts_of

NUM_NEIGHBOURS = 15
UNSEEN = 0.5
"""Added to each class's votes: a class that no neighbour has stays possible."""
ROWS_AT_ONCE = 500
FAR = -2.0


def blend_neighbours(
    probabilities: Floats, places: Floats, labels: Whole, groups: Whole, known: Whole
) -> None:
    """Replace probabilities by their geometric mean with the votes of the 15 nearest images.

    An image's own group has no vote. Neighbours come from the rows `known`.
    """
    count = min(NUM_NEIGHBOURS, len(known))
    num_classes = probabilities.shape[1]
    for part in parts_of(len(labels), ROWS_AT_ONCE):
        alike = places[part] @ places[known].T
        alike[groups[part][:, None] == groups[known][None, :]] = FAR
        nearest = np.argpartition(-alike, count - 1, axis=1)[:, :count]
        votes = np.full((len(nearest), num_classes), UNSEEN, np.float32)
        rows = np.arange(len(nearest))[:, None]
        near = np.take_along_axis(alike, nearest, axis=1) > FAR
        np.add.at(votes, (rows, labels[known][nearest]), near.astype(np.float32))
        blended = np.sqrt(probabilities[part] * votes)
        probabilities[part] = blended / np.maximum(blended.sum(axis=1, keepdims=True), 1e-12)


def nearest_of_class(
    places: Floats, rows: Whole, wanted: Whole, labels: Whole, groups: Whole, doubted: Flags
) -> Whole:
    """Return for each of `rows` the nearest image with the label `wanted` and no doubt about it.

    -1 where there is none outside its group.
    """
    found = np.full(len(rows), -1, np.int64)
    for number, (row, label) in enumerate(zip(rows, wanted, strict=True)):
        candidates = np.flatnonzero((labels == label) & ~doubted & (groups != groups[row]))
        if len(candidates):
            found[number] = candidates[np.argmax(places[candidates] @ places[row])]
    return found
