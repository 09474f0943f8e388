"""The class that an answer names: the same in arrays and in the graph of a SavedModel."""

import numpy as np
import pytest

from sightline.problems._costs.choice import Choice

ROWS = np.array([[0.1, 0.6, 0.3], [0.4, 0.4, 0.2], [0.2, 0.25, 0.55]], np.float32)


def test_of_equal_probabilities_the_earlier_class_is_named() -> None:
    assert Choice().index(ROWS).tolist() == [1, 0, 2]
    assert Choice().is_rejected(ROWS) is None


@pytest.mark.parametrize("below", [None, 0.5, float(np.float32(0.55))])
def test_the_graph_names_and_rejects_as_arrays_do(below: float | None) -> None:
    choice = Choice.of({} if below is None else {"reject_below": below})

    index, sureness, is_rejected = choice.in_graph(ROWS)

    assert index.numpy().tolist() == choice.index(ROWS).tolist()
    assert sureness.numpy().tolist() == choice.sureness(ROWS).tolist()
    expected = choice.is_rejected(ROWS)
    assert is_rejected is None if expected is None else (is_rejected == expected).numpy().all()
