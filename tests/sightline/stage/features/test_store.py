"""Features that are known are found, others are computed, and whoever asked learns which."""

import numpy as np

from sightline.stage.features.store import features_of


def test_only_features_that_nobody_knows_are_computed() -> None:
    known = {"b": np.full(2, 7, np.float32)}
    asked: list[int] = []

    def compute(places: list[int]) -> list[np.ndarray]:
        asked.extend(places)
        return [np.full(2, place, np.float32) for place in places]

    found, new = features_of(["a", "b", "c"], known.get, compute)

    assert found.tolist() == [[0, 0], [7, 7], [2, 2]]
    assert (asked, list(new)) == ([0, 2], ["a", "c"])


def test_where_all_features_are_known_nothing_is_computed() -> None:
    known = {name: np.ones(2, np.float32) for name in "ab"}
    asked: list[int] = []

    def compute(places: list[int]) -> list[np.ndarray]:
        asked.extend(places)
        return []

    found, new = features_of(["a", "b"], known.get, compute)

    assert found.shape == (2, 2)
    assert (asked, new) == ([], {})
