"""Which recipe is chosen, to the image and to the pixel."""

import pytest

from components.train.planning.choose import Choice, choose_recipe


def choice(**changes: object) -> Choice:
    facts: dict[str, object] = {
        "counts": {"cats": 150, "dogs": 170},
        "image_size": 224,
        "weights_missing": "",
        "has_gpu": False,
    }
    return choose_recipe(**{**facts, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "recipe", "reason"),
    [
        ({}, "frozen", "170 training images"),
        ({"image_size": 32}, "scratch", "32 px are too small"),
        ({"weights_missing": "No network."}, "scratch", "No network."),
        ({"counts": {"cats": 2000}}, "frozen", "there is no GPU"),
        ({"counts": {"cats": 2000}, "has_gpu": True}, "fine_tune", "fine-tuning"),
    ],
)
def test_the_recipe_follows_from_what_there_is(
    changes: dict[str, object], recipe: str, reason: str
) -> None:
    chosen = choice(**changes)

    assert chosen.recipe == recipe
    assert reason in chosen.reason


@pytest.mark.parametrize(("image_size", "recipe"), [(63, "scratch"), (64, "frozen")])
def test_a_backbone_wants_64_pixels(image_size: int, recipe: str) -> None:
    assert choice(image_size=image_size).recipe == recipe


@pytest.mark.parametrize(("images", "recipe"), [(999, "frozen"), (1000, "fine_tune")])
def test_fine_tuning_wants_1000_images_a_class(images: int, recipe: str) -> None:
    assert choice(counts={"cats": images}, has_gpu=True).recipe == recipe


def test_the_median_class_decides_not_the_largest() -> None:
    counts = {"cats": 5000, "dogs": 30, "eels": 20}

    chosen = choice(counts=counts, has_gpu=True)

    assert chosen.recipe == "frozen"
    assert "A class has 30 training images at the median" in chosen.reason
