from typing import Any

import pytest

from sightline.ground.headlines.headline import Figure, figures_in, metadata_of, pairs
from sightline.ground.outcome import Outcome


def figure(value: float, **changes: Any) -> Figure:
    return Figure.model_validate({"name": "f1", "label": "Test F1", "value": value, **changes})


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0.9724, "0.972"),
        (0, "0.000"),
        (0.00042, "0.00042"),
        (99.5, "99.500"),
        (12345.67, "12,345.7"),
    ],
)
def test_a_value_is_written_with_as_many_digits_as_it_needs(value: float, words: str) -> None:
    assert figure(value).short == words


def test_an_interval_stands_behind_the_value_where_there_is_one() -> None:
    assert figure(0.972, low=0.944, high=0.986).text == "0.972 (0.944 to 0.986)"
    assert figure(0.972, low=0.944).text == "0.972"


def test_the_deviation_between_folds_stands_beside_the_value_and_not_in_columns() -> None:
    over = figure(0.87, low=0.81, high=0.91, deviation=0.0214)

    assert over.text == "0.870 ± 0.021 (0.810 to 0.910)"
    assert (over.short, over.doubt) == ("0.870", "± 0.021, 0.810 to 0.910")
    assert (figure(0.87).spread, figure(0.87).doubt) == ("0.870", "")


@pytest.mark.parametrize(
    ("before", "after", "higher_is_better", "words"),
    [
        (0.9, 0.95, True, "+0.050, better"),
        (0.9, 0.95, False, "+0.050, worse"),
        (0.95, 0.9, True, "-0.050, worse"),
        (0.95, 0.9, False, "-0.050, better"),
        (0.9, 0.90001, True, "="),
    ],
)
def test_a_change_says_whether_it_is_for_the_better(
    before: float, after: float, higher_is_better: bool, words: str
) -> None:
    later = figure(after, higher_is_better=higher_is_better)

    assert later.change(figure(before)) == words


def test_figures_of_the_same_name_stand_side_by_side() -> None:
    first, second, other = figure(1), figure(2), figure(3, name="loss")

    found = pairs([first, other], [second])

    assert [(pair.before, pair.after) for pair in found] == [(first, second), (other, None)]
    assert [pair.change for pair in found] == ["+1.000, better", ""]


def test_what_is_written_into_metadata_is_read_back() -> None:
    figures = (figure(0.9, low=0.8, high=0.95), figure(1.5, name="loss", higher_is_better=False))

    said = {"headline": metadata_of(figures)}

    assert figures_in(said) == figures
    assert None not in said["headline"][1].values()


@pytest.mark.parametrize(
    "said",
    [
        {"accuracy": 0.9, "accuracy_low": 0.8, "accuracy_high": 0.95},
        {"accuracy": {"value": 0.9, "low": 0.8, "high": 0.95}},
        {"metrics": {"accuracy": {"value": 0.9, "low": 0.8, "high": 0.95, "reason": ""}}},
    ],
)
def test_records_from_before_figures_had_names_are_read(said: dict[str, Any]) -> None:
    (found,) = figures_in(said)

    assert (found.label, found.text) == ("Test accuracy", "0.900 (0.800 to 0.950)")


@pytest.mark.parametrize(
    "said",
    [{}, {"headline": []}, {"headline": [{"name": "x"}]}, {"headline": None}, {"accuracy": "high"}],
)
def test_what_names_no_figure_has_no_headline(said: dict[str, Any]) -> None:
    assert figures_in(said) == ()


def test_an_outcome_of_an_old_summary_keeps_its_figure_and_recipe() -> None:
    found = Outcome.model_validate(
        {"accuracy": {"value": 0.9}, "settings": {"train.recipe": "frozen"}, "num_test_images": 20}
    )

    assert dict(found.facts()) == {"Test accuracy": "0.900 on 20 test images"}
    assert found.recipe == "frozen"


def test_the_first_figure_says_what_it_was_measured_on() -> None:
    found = Outcome(
        decision="hold",
        reasons=("Too slow.",),
        headline=(figure(0.9), figure(0.1, name="loss", label="Test loss")),
        num_test_images=1970,
        num_images=17970,
        num_refused=2,
    )

    assert list(found.facts()) == [
        ("Decision", "hold. Too slow."),
        ("Test F1", "0.900 on 1,970 test images"),
        ("Test loss", "0.100"),
        ("Images", "17,970, 2 refused"),
    ]
