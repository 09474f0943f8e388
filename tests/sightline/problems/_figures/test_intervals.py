"""Intervals of figures by drawing images again."""

import numpy as np

from sightline.problems._figures.intervals import resampled


def test_a_number_that_no_draw_can_measure_has_no_interval() -> None:
    def share_of_both(weights: np.ndarray) -> dict[str, np.ndarray]:
        return {"both": np.where((weights == 1).all(axis=1), 0.5, np.nan)}

    figure = resampled(share_of_both, 20, level=0.95, samples=2, seed=7)["both"]

    assert (figure.value, figure.low, figure.high) == (0.5, None, None)
