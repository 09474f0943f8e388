"""What rounds tell the training that counts: heads, phases and epochs."""

from components.train.folds.choose import choose
from components.train.folds.chosen import Told
from components.train.settings import TrainSettings

SETTINGS = TrainSettings(folds=5)


def told(kept: str = "head", *, head: str = "", **epochs: int) -> Told:
    return Told(kept=kept, epochs=epochs, head=head, strength=None, num_learned=10)


def test_a_network_is_trained_for_the_median_of_the_best_epochs() -> None:
    found = choose([told("scratch", scratch=best) for best in (3, 9, 4, 20, 5)], SETTINGS)

    assert found.epochs == {"scratch": 5}
    assert found.reason == "Of 5 rounds: scratch ended best after 5 epochs at the median."


def test_a_network_without_a_backbone_has_epochs_whatever_head_is_asked_for() -> None:
    asked = TrainSettings(folds=5, head="linear")

    found = choose([told("scratch", scratch=best) for best in (3, 4, 9)], asked)

    assert found.epochs == {"scratch": 4}


def test_the_head_that_most_rounds_took_is_made_and_of_equals_the_linear_one() -> None:
    linear, dense = told(head="linear", head_=0), told(head="dense", head_=7)

    assert choose([linear, linear, dense], SETTINGS).head == "linear"
    assert choose([linear, dense], SETTINGS).head == "linear"
    assert choose([linear, dense, dense], SETTINGS).head == "dense"


def test_the_epochs_of_a_dense_head_are_those_of_rounds_that_took_it() -> None:
    rounds = [
        told(head="linear", head_=0),
        told(head="dense", head_=6),
        told(head="dense", head_=9),
    ]

    found = choose(rounds, SETTINGS)

    assert found.epochs == {"head_": 8}
    assert "dense head in 2 of 3" in found.reason


def test_a_stage_that_most_rounds_dropped_is_left_out() -> None:
    dropped = told("head", head="linear", head_=0, fine_tune=3)
    kept = told("fine_tune", head="linear", head_=0, fine_tune=2, fine_tune_2=1)
    renamed = [
        Told(one.kept.replace("head", "head_"), one.epochs, one.head, None, 10)
        for one in (dropped, dropped, kept)
    ]

    assert choose(renamed, SETTINGS).epochs == {"head_": 0}
    assert choose([renamed[2], renamed[2], renamed[0]], SETTINGS).epochs == {
        "head_": 0,
        "fine_tune": 2,
    }
