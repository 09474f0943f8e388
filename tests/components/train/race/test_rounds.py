"""The race itself, on features that are made up so that the winner is known."""

from typing import Any

import numpy as np
import pytest

from components.train.race.rounds import (
    Raced,
    Withdrawn,
    accuracy_text,
    leader_of,
    race,
    right_of,
)

IMAGES = 600
LABELS = np.arange(IMAGES) % 3


def raced(labels: Any) -> Raced:
    """Images without near-duplicates."""
    return Raced(np.asarray(labels), np.arange(len(labels)))


RACED = raced(LABELS)


def seeing(clearness: float, *, seed: int) -> Any:
    """Features of 8 numbers that show the class more or less clearly."""
    random = np.random.default_rng(seed)
    return random.normal(size=(IMAGES, 8)) + clearness * np.eye(8)[LABELS]


def test_a_backbone_that_is_far_ahead_ends_the_race_in_the_first_round() -> None:
    asked: list[tuple[str, int]] = []
    views = {"blind": seeing(0.0, seed=1), "clear": seeing(4.0, seed=2)}

    def features(name: str, size: int) -> Any:
        asked.append((name, size))
        return views[name][:size]

    runners, why = race(("blind", "clear"), RACED, features, seed=7)

    assert leader_of(runners).name == "clear"
    assert asked == [("blind", 250), ("clear", 250)]
    assert why == "one was ahead of all others after 250 images"
    assert runners[0].out.startswith("behind clear by 0.")


def test_of_backbones_that_see_alike_the_first_wins_after_all_rounds() -> None:
    view = seeing(2.0, seed=1)

    runners, why = race(("first", "second"), RACED, lambda _, size: view[:size], seed=7)

    assert leader_of(runners).name == "first"
    assert why == "all images of the race were seen (600)"
    assert {len(one.right) for one in runners} == {600}


def test_where_the_time_is_over_those_that_were_measured_are_judged_by_the_same_images() -> None:
    views = {"first": seeing(2.0, seed=1), "second": seeing(2.2, seed=2)}

    def features(name: str, size: int) -> Any:
        return None if (name, size) == ("second", 600) else views[name][:size]

    runners, why = race(("first", "second"), RACED, features, seed=7)

    assert why == "the time was over before the round of 600 images"
    assert [len(one.right) for one in runners] == [600, 250]
    expected = max(runners, key=lambda one: one.right[:250].sum())
    assert leader_of(runners) is expected


def test_a_backbone_that_cannot_take_part_says_why_and_the_others_race_on() -> None:
    def features(name: str, size: int) -> Any:
        if name == "odd":
            raise Withdrawn("LiteRT does not convert it.")
        return seeing(2.0, seed=1)[:size]

    runners, _ = race(("odd", "plain"), RACED, features, seed=7)

    assert leader_of(runners).name == "plain"
    assert runners[0].out == "LiteRT does not convert it."
    assert accuracy_text(runners[0]) == "not measured"


@pytest.mark.parametrize("labels", [[0, 1], [0] * 5 + [1], [0, 0, 0]])
def test_few_images_and_lone_classes_end_no_race(labels: list[int]) -> None:
    right = right_of(np.eye(len(labels), 8), raced(labels), seed=7)

    assert len(right) == len(labels)


def test_the_quick_head_is_never_asked_about_an_image_that_it_learned_from() -> None:
    # Each image has a direction of its own: whoever learned it knows it, and nobody else can.
    right = right_of(np.eye(90), raced(np.arange(90) % 3), seed=7)

    assert right.mean() < 0.6


def test_near_duplicates_of_one_group_are_never_judged_by_each_other() -> None:
    # Three edits of each photograph share its direction: one of them tells the class of the others.
    photos = np.repeat(np.arange(90), 3)
    labels = photos % 3

    apart = right_of(np.eye(90)[photos], raced(labels), seed=7)
    together = right_of(np.eye(90)[photos], Raced(labels, photos), seed=7)

    assert apart.mean() > 0.9
    assert together.mean() < 0.6


def test_images_of_one_group_alone_are_raced_on_one_by_one() -> None:
    right = right_of(seeing(4.0, seed=2), Raced(LABELS, np.zeros(len(LABELS))), seed=7)

    assert right.mean() > 0.9
