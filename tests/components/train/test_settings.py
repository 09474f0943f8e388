"""What training refuses before anything runs."""

import pytest

from components.train.settings import TrainSettings
from sightline.ground.checking import check_section
from sightline.ground.errors import SettingsError


def refusal(**given: object) -> str:
    with pytest.raises(SettingsError) as refused:
        check_section(TrainSettings, "train", given, lambda name: f"sightline.yaml, {name}")
    return str(refused.value)


def test_a_wrong_backbone_is_refused_with_the_nearest_name() -> None:
    assert refusal(backbone="ResNet5") == (
        "sightline.yaml, backbone: `train.backbone`: expected the name of a keras.applications "
        "model or of an EfficientNetLite, or a path or URI of a .keras file; received 'ResNet5'. "
        "Did you mean ResNet50?"
    )
    assert "Did you mean MobileNetV2?" in refusal(backbone="mobilenetv2")
    assert "Known: ConvNeXtBase, " in refusal(backbone="zzzzzz")


def test_choices_that_contradict_each_other_are_refused_at_once() -> None:
    assert "received weights none" in refusal(recipe="fine_tune", weights="none")
    assert "weights w.h5: expected auto" in refusal(backbone="own.keras", weights="w.h5")


def test_changes_that_a_recipe_cannot_make_are_refused_at_once() -> None:
    assert "mixup 0.2: expected 0 with recipe frozen" in refusal(recipe="frozen", mixup=0.2)
    assert "augmented_views 2: expected 0 with recipe scratch" in refusal(
        recipe="scratch", augmented_views=2
    )
    assert "augmented_views 2: expected changes to make views with" in refusal(
        augment="none", augmented_views=2
    )


def test_ranges_that_change_nothing_ask_for_nothing() -> None:
    still = dict.fromkeys(("shift", "rotation_degrees", "zoom", "brightness", "contrast"), 0.0)
    turned_off = still | {"augment": "light", "horizontal_flip": False, "crop_ratio": 1.0}

    assert TrainSettings(recipe="frozen", crop_ratio=1).asked_for == ""
    assert TrainSettings(recipe="linear", crop_ratio=1, erasing=0).asked_for == ""
    assert TrainSettings.model_validate(turned_off | {"recipe": "frozen"}).asked_for == ""
    assert TrainSettings(crop_ratio=0.8).asked_for == "crop_ratio 0.8"
    assert "make views with; augment is none" in refusal(
        augment="none", crop_ratio=1, augmented_views=2
    )
    assert "every change is turned off" in refusal(**turned_off, augmented_views=2)


def test_ranges_of_changes_have_bounds() -> None:
    assert "crop_ratio 0.05: expected 0.1 or more, or -1" in refusal(crop_ratio=0.05)
    assert "zoom -0.5: expected 0 or more, or -1" in refusal(zoom=-0.5)
    assert "rotation_degrees" in refusal(rotation_degrees=181)
    assert TrainSettings(crop_ratio=-1, zoom=0).set_by_itself == {"zoom": 0}


def test_backbones_that_race_are_given_as_a_list_or_as_auto() -> None:
    assert TrainSettings(backbone=["VGG16", "own.keras"]).backbone == '["VGG16", "own.keras"]'  # type: ignore[arg-type]
    assert TrainSettings(backbone="auto").backbone == "auto"
    assert "Did you mean VGG16?" in refusal(backbone=["VGG16", "VGG166"])
    assert "expected each backbone once" in refusal(backbone=["VGG16", "VGG16"])
    assert "expected the name" in refusal(backbone=["VGG16", "auto"])
    assert "one file holds no weights of several" in refusal(backbone="auto", weights="w.h5")


def test_costs_are_said_by_a_table_or_by_numbers_not_by_both() -> None:
    said = refusal(cost_table="costs.csv", miss_cost=2)

    assert "cost_table beside miss_cost: expected costs in one place, received two" in said
    assert "Write them into the table, or leave the table out" in said
