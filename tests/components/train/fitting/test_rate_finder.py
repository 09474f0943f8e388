"""The search for a learning rate: what is tried, what is chosen, and that nothing stays of it."""

from pathlib import Path
from typing import Any

import pytest

from tests.components.train.fitting.test_fit import PHASE, network, training, values
from tests.components.train.recording import PROBLEM

pytestmark = pytest.mark.slow


def search(folder: Path, model: Any, checkpoints: Any = None) -> Any:
    from components.train.fitting.checkpoints import Checkpoints
    from components.train.fitting.fit import Phase
    from components.train.fitting.rate_finder import find_rate

    return find_rate(
        model,
        Phase(**PHASE),  # type: ignore[arg-type]
        training(0),
        learning=PROBLEM.training,
        checkpoints=checkpoints or Checkpoints(folder / "checkpoints", "key"),
    )


def test_rates_rise_and_the_model_stays_as_it_was(tmp_path: Path) -> None:
    model = network()
    before = values(model)

    found = search(tmp_path, model)
    again = search(tmp_path, network(dropout=0.5))

    assert found.rates[0] == pytest.approx(1e-6)
    assert list(found.rates) == sorted(found.rates)
    assert found.losses[-1] < found.losses[0]
    # Classes that lie apart are learned at any rate below 1.
    assert 0.001 < found.chosen <= 0.1
    assert values(model) == before
    assert again == found  # it lies beside the checkpoints


def test_trainings_that_keep_nothing_look_for_a_rate_each(tmp_path: Path) -> None:
    from components.train.fitting.checkpoints import NoCheckpoints

    nowhere = NoCheckpoints(tmp_path, lambda progress: None)

    one, other = (search(tmp_path, network(dropout=rate), nowhere) for rate in (0.0, 0.5))

    assert one.losses != other.losses
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("losses", "chosen"),
    [([3.0, 2.0, 1.0, 2.0], 0.001), ([1.0, 2.0, 3.0, 4.0], None), ([], None)],
)
def test_a_tenth_of_the_rate_with_the_lowest_loss_is_taken(
    losses: list[float], chosen: float | None
) -> None:
    from components.train.fitting.rate_finder import best_rate

    assert best_rate([0.0001, 0.001, 0.01, 0.1], losses) == (chosen and pytest.approx(chosen))
