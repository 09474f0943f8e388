"""Which labels are doubted, given how likely each class is.

Confident learning: Northcutt, Jiang, Chuang, "Confident Learning: Estimating Uncertainty in Dataset
Labels", arXiv 1911.00068, sections 3.1 and 3.2 (prune by class and by noise rate, both at once).
"""

import numpy as np

from components.label_check.wrong_labels.points import Flags, Floats, Whole, parts_of

TOLERANCE = 1e-6


def doubted(probabilities: Floats, labels: Whole) -> Flags:
    """Tell for each image whether its label is doubted; a likeliest class never is.

    `probabilities` is float [n, classes], out of sample.
    """
    num_classes = probabilities.shape[1]
    own = probabilities[np.arange(len(labels)), labels]
    joint = _joint(probabilities, labels, own)
    by_class = np.zeros(len(labels), bool)
    by_rate = np.zeros(len(labels), bool)
    for given in range(num_classes):
        rows = np.flatnonzero(labels == given)
        wrong = np.delete(np.arange(num_classes), given)
        wrong = wrong[joint[given, wrong] > 0]
        num_wrong = min(int(joint[given, wrong].sum()), max(len(rows) - 1, 0))
        by_class[rows[np.argsort(own[rows], kind="stable")[:num_wrong]]] = True
        for true in wrong:
            margins = own[rows] - probabilities[rows, true]
            by_rate[rows[np.argsort(margins, kind="stable")[: joint[given, true]]]] = True
    both: Flags = by_class & by_rate & (likeliest(probabilities) != labels)
    return both


def likeliest(probabilities: Floats) -> Whole:
    """Return the likeliest class of each image."""
    found: Whole = probabilities.argmax(axis=1)
    return found


def _joint(probabilities: Floats, labels: Whole, own: Floats) -> Whole:
    """Estimate how many images of each given class (row) belong to each true class (column)."""
    num_classes = probabilities.shape[1]
    counts = np.bincount(labels, minlength=num_classes)
    usual = np.bincount(labels, weights=own, minlength=num_classes) / np.maximum(counts, 1)
    joint = np.zeros((num_classes, num_classes))
    for part in parts_of(len(labels)):
        rows = probabilities[part]
        # A class counts where it is as likely as it is for the images that carry its label.
        sure = np.where(rows >= usual - TOLERANCE, rows, -1)
        told = sure.max(axis=1) >= 0
        np.add.at(joint, (labels[part][told], sure[told].argmax(axis=1)), 1)
    np.fill_diagonal(joint, np.maximum(joint.diagonal(), 1))
    scaled: Whole = np.rint(joint * (counts / joint.sum(axis=1))[:, None]).astype(np.int64)
    return scaled
