import json

import pytest
from pydantic import ValidationError

from components.train.settings import TrainSettings
from components.tune.refusals import check_head, check_rate
from components.tune.settings import TuneSettings
from components.tune.space import (
    DEFAULT_SPACE,
    Axis,
    default_space,
    read_space,
    settings_of_trial,
)
from sightline.ground.checking import check_section
from sightline.ground.errors import SettingsError
from sightline.project.stages import settings_class


def test_a_space_has_lists_and_ranges() -> None:
    axes = read_space(
        {"learning_rate": {"low": 0.001, "high": 0.1, "log": True}, "hidden_units": [0, 64]}
    )

    assert axes == (
        Axis("learning_rate", low=0.001, high=0.1, log=True),
        Axis("hidden_units", choices=(0, 64)),
    )


def test_a_space_travels_as_text_and_comes_back_as_it_was() -> None:
    space = {"batch_size": {"low": 8, "high": 64, "log": True}, "dropout": [0.1, 0.2]}
    before = TuneSettings.model_validate({"space": space})

    text = before.model_dump(mode="json")["space"]

    assert json.loads(text) == space
    assert TuneSettings.model_validate({"space": text}).space == before.space


@pytest.mark.parametrize(
    ("space", "message"),
    [
        ({"learning_rat": [1, 2]}, r"received learning_rat\. Did you mean learning_rate\?"),
        ({"backbone": ["a", "b"]}, "backbone: expected a setting that changes what is learned"),
        (
            {"dropout": [0.2, 1.5]},
            "dropout: expected a number, at least 0, less than 1; received 1.5",
        ),
        (
            {"dropout": {"low": -1, "high": 0.5}},
            "dropout: expected a number, at least 0.*received -1",
        ),
        (
            {"batch_size": ["many", 8]},
            "batch_size: expected a whole number, at least 0; received 'm",
        ),
        ({"batch_size": {"low": 64, "high": 8}}, "expected low below high; received 64 and 8"),
        ({"weight_decay": {"low": 0, "high": 1, "log": True}}, "low above 0, as log steps by"),
        ({"dropout": [0.2]}, r"two different values or more; .* set train\.dropout instead"),
        ({"dropout": 0.2}, r"dropout: expected a list of values, .* received 0\.2"),
        ({"dropout": {"low": 0.1}}, "expected low, high and maybe log; received {'low': 0.1}"),
        ({"dropout": {"low": 0, "high": 1, "step": 1}}, "maybe log; received step"),
        (
            {"class_weights": {"low": 0, "high": 1}},
            "a list of auto, balanced or none; received a ra",
        ),
        (["dropout"], "each with a list or a range, such as learning_rate"),
        ("{dropout", "as a mapping; received '{dropout'"),
    ],
)
def test_a_space_that_cannot_be_is_refused_with_what_may(space: object, message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        check_section(settings_class("tune"), "tune", {"trials": 5, "space": space}, str)


def test_train_can_have_every_value_of_the_default_space() -> None:
    for axis in DEFAULT_SPACE:
        ends = axis.choices or (axis.low, axis.high)
        for value in ends:
            changed = int(value) if axis.is_whole else value
            TrainSettings.model_validate({axis.setting: changed})


def test_every_default_of_train_lies_in_the_default_space() -> None:
    own = TrainSettings()

    assert [
        axis.setting for axis in DEFAULT_SPACE if not axis.holds(getattr(own, axis.setting))
    ] == []


def test_what_somebody_changed_is_not_searched_unless_asked_for() -> None:
    settings = TrainSettings(dropout=0.5, batch_size=8)

    searched = [axis.setting for axis in default_space(settings)]

    assert "dropout" not in searched
    assert "batch_size" not in searched
    assert "learning_rate" in searched


def test_what_train_decides_itself_is_not_searched() -> None:
    found = TuneSettings.model_validate({"find_learning_rate": True, "trials": 3})
    going_on = TrainSettings(recipe="warm_start", champion="models")

    assert "learning_rate" not in {axis.setting for axis in default_space(found)}
    assert {axis.setting for axis in default_space(going_on)} == {
        "learning_rate",
        "weight_decay",
        "batch_size",
    }
    with pytest.raises(SettingsError, match=r"without learning_rate, .* tune\.space, or set train"):
        check_rate(found, DEFAULT_SPACE)
    check_rate(found, default_space(found))


def test_trials_train_dense_heads_unless_the_space_says_which() -> None:
    assert settings_of_trial({"dropout": 0.1}, dense=True) == {"head": "dense", "dropout": 0.1}
    assert settings_of_trial({"dropout": 0.1}, dense=False) == {"dropout": 0.1}


def test_a_trial_with_a_linear_head_has_no_hidden_layer() -> None:
    asked = settings_of_trial({"head": "linear", "hidden_units": 64}, dense=True)

    assert asked == {"head": "linear", "hidden_units": 0}
    TrainSettings.model_validate(asked)


def test_a_linear_head_alone_has_nothing_to_search() -> None:
    settings = TuneSettings.model_validate({"head": "linear", "trials": 3})

    with pytest.raises(SettingsError, match=r"received train\.head linear, .* to auto or dense"):
        check_head(settings, DEFAULT_SPACE)
    check_head(settings, (Axis("head", choices=("linear", "dense")),))


def test_settings_of_train_are_borrowed_and_stand_in_its_section() -> None:
    assert set(settings_class("tune").model_fields) == {"trials", "minutes", "space"}
    assert TuneSettings.owner_of("epochs") == "train"
    with pytest.raises(ValidationError):
        TuneSettings.model_validate({"epochs": 0})
