"""The plan: what is decided before a training starts, and which reasons are given."""

from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from components.train.settings import TrainSettings
from sightline.ground.checking import check_section
from sightline.ground.errors import DataError, SettingsError
from tests.components.train.recording import info_of

pytestmark = pytest.mark.slow


def plan(train: tuple[int, ...] = (20, 20), *, image_size: int = 32, **changes: object) -> Any:
    from components.train.planning.plan import make_plan

    settings = TrainSettings.model_validate({"weights": "none", **changes})
    made, backbone = make_plan(info_of(train, image_size=image_size, channels=3), settings)
    assert backbone is None or made.recipe != "scratch"
    return made


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A weights file of a small backbone."""
    import keras

    path = tmp_path_factory.mktemp("weights") / "backbone.weights.h5"
    backbone = keras.applications.MobileNet(
        input_shape=(64, 64, 3), include_top=False, weights=None
    )
    backbone.save_weights(path)
    return str(path)


@pytest.mark.parametrize(
    ("counts", "mode", "expected"),
    [
        ({"a": 30, "b": 20}, "auto", (1.0, 1.0)),  # 1.5 times as many is not uneven
        ({"a": 40, "b": 20}, "auto", (0.75, 1.5)),
        ({"a": 30, "b": 20}, "balanced", (5 / 6, 1.25)),
        ({"a": 40, "b": 20}, "none", (1.0, 1.0)),
        ({"a": 40, "b": 20, "absent": 0}, "auto", (0.75, 1.5, 1.0)),
    ],
)
def test_rare_classes_weigh_more(
    counts: dict[str, int], mode: str, expected: tuple[float, ...]
) -> None:
    from components.train.planning.plan import class_weights

    assert class_weights(counts, mode) == pytest.approx(expected)


def test_uneven_classes_are_a_reason_only_where_auto_weighs_them() -> None:
    uneven, even, asked = plan((60, 20)), plan((30, 20)), plan((60, 20), class_weights="balanced")

    assert uneven.reasons[1:] == (
        "Classes differ in size by more than 1.5 times, so rare ones weigh more.",
    )
    assert uneven.class_weights == pytest.approx((2 / 3, 2.0))
    assert len(even.reasons) == len(asked.reasons) == 1
    assert asked.class_weights == uneven.class_weights


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"rotation_degrees": 30}, False),
        ({"mixup": 0.2}, False),
        ({"zoom": 0, "crop_ratio": 1}, True),
    ],
)
def test_ranges_and_mixup_change_images_also_where_augment_is_none(
    changes: dict[str, float], expected: bool
) -> None:
    import keras

    from components.train.diagnosis.reading import signs_of
    from components.train.fitting.checkpoints import Progress
    from components.train.fitting.trained import Trained

    row = {"loss": 0.7, "accuracy": 0.75, "val_loss": 0.2, "val_accuracy": 0.97}
    kept = Progress(history=[row | {"loss": 1.2}, row], best_epoch=2, ended_by="patience")
    trained = Trained(keras.Sequential(), {"scratch": kept}, {}, "scratch", False)
    given = {"recipe": "scratch", "augment": "none", "dropout": 0, **changes}
    info = info_of((200, 200), (200, 200), image_size=32, channels=3)

    signs = signs_of(info, TrainSettings.model_validate(given), plan(**given), trained)

    assert ("validation better than training" in [one.name for one in signs]) is expected


def test_small_images_are_trained_from_scratch_without_asking_for_weights() -> None:
    made = plan(image_size=63, weights="auto")

    assert made.recipe == "scratch"
    assert "63 px are too small" in made.reasons[0]


@pytest.mark.parametrize(
    "asked",
    [
        {"image_size": 63, "weights": "w.weights.h5"},
        {"image_size": 63, "weights": "imagenet"},
        {"image_size": 64, "backbone": "MobileNet"},  # without weights
    ],
)
def test_a_network_that_was_asked_for_is_never_another_one(asked: dict[str, Any]) -> None:
    with pytest.raises(SettingsError, match="as was asked for, but cannot: "):
        plan(**asked)


def test_scratch_beside_a_backbone_is_done_and_said() -> None:
    with capture_logs() as lines:
        made = plan(recipe="scratch", backbone="MobileNet")

    assert made.recipe == "scratch"
    [warned] = [line["event"] for line in lines if line["log_level"] == "warning"]
    assert "backbone MobileNet" in warned
    assert "have no effect" in warned


def test_auto_without_weights_is_from_scratch_and_says_why() -> None:
    made = plan(image_size=64)

    assert made.recipe == "scratch"
    assert made.reasons[0] == "There are no pretrained weights: train.weights is none."


def test_a_recipe_that_is_asked_for_says_so() -> None:
    made = plan(image_size=64, recipe="scratch")

    assert made.reasons == ("The setting train.recipe asks for it.",)


def test_a_path_to_weights_that_is_wrong_does_not_turn_into_another_recipe() -> None:
    with pytest.raises(Exception, match=r"found none at gone\.h5"):
        plan(image_size=64, weights="gone.h5")


def test_imagenet_weights_that_cannot_be_fetched_lead_to_scratch(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("https_proxy", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")

    monkeypatch.setenv("KERAS_HOME", str(tmp_path))

    with capture_logs() as lines:
        made = plan(image_size=128, weights="auto")

    assert made.recipe == "scratch"
    assert "expected to fetch the imagenet weights of MobileNetV2" in made.reasons[0]
    assert "Give train.weights a path or URI" in made.reasons[0]
    assert [line["event"] for line in lines] == ["no_pretrained_weights"]


@pytest.mark.parametrize(
    "asked",
    [
        {"weights": "imagenet", "backbone": "MobileNet", "recipe": "frozen"},
        {"weights": "imagenet"},
        {"weights": "auto", "backbone": "MobileNet"},
        {"weights": "auto", "recipe": "fine_tune"},
    ],
)
def test_imagenet_weights_that_were_asked_for_are_not_done_without(
    asked: dict[str, Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    for name in ("https_proxy", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")

    with pytest.raises(Exception, match="expected to fetch the imagenet weights"):
        plan(image_size=128, **asked)


@pytest.mark.parametrize(
    ("recipe", "asked", "given"),
    [
        ("scratch", "auto", "light"),
        ("scratch", "strong", "strong"),
        ("scratch", "none", "none"),
        ("frozen", "auto", "none"),
        ("fine_tune", "auto", "light"),
    ],
)
def test_augmentation_follows_the_recipe(weights: str, recipe: str, asked: str, given: str) -> None:
    with capture_logs() as lines:
        made = plan(
            image_size=64, recipe=recipe, augment=asked, weights=weights, backbone="MobileNet"
        )

    assert made.augment == given
    assert all("have no effect" in line["event"] for line in lines)
    assert len(made.reasons) == 1


@pytest.mark.parametrize(
    ("asked", "views"),
    [
        ({"augment": "light"}, 4),
        ({"rotation_degrees": 20}, 4),
        ({"augmented_views": 2}, 2),
        ({"augment": "strong", "augmented_views": 3}, 3),
        ({"horizontal_flip": True}, 0),
    ],
)
def test_changes_for_a_frozen_backbone_are_views_with_their_cost(
    weights: str, asked: dict[str, Any], views: int
) -> None:
    made = plan(image_size=64, weights=weights, backbone="MobileNet", **asked)

    assert (made.recipe, made.views) == ("frozen", views)
    assert made.augment == ("none" if not views else asked.get("augment", "light"))
    said = [reason for reason in made.reasons if "changed cop" in reason]
    assert bool(said) == bool(views)
    assert all(f"{views} changed copies of each of" in reason for reason in said)


def test_mixup_that_frozen_features_cannot_have_is_refused(weights: str) -> None:
    with pytest.raises(SettingsError, match=r"mixup 0.2: expected 0 .*frozen was chosen"):
        plan(image_size=64, mixup=0.2, weights=weights, backbone="MobileNet")


def test_weights_are_fetched_from_a_uri_and_not_kept(weights: str) -> None:
    import fsspec

    from components.train.backbones import build_backbone
    from components.train.weights import local_file

    uri = "memory://weights/backbone.weights.h5"
    fsspec.filesystem("memory").pipe(uri, Path(weights).read_bytes())

    backbone = build_backbone("MobileNet", uri, image_size=64)
    with local_file(uri) as fetched:
        name, size = fetched.name, fetched.stat().st_size

    same = build_backbone("MobileNet", weights, image_size=64)
    assert backbone.get_weights()[0].tolist() == same.get_weights()[0].tolist()
    assert (name, size) == ("backbone.weights.h5", Path(weights).stat().st_size)
    assert not fetched.exists()


@pytest.mark.filterwarnings("ignore:Skipping nested container")  # Keras, before it gives up
def test_weights_of_another_backbone_are_refused(weights: str) -> None:
    from components.train.backbones import build_backbone

    with pytest.raises(DataError, match="expected weights of MobileNetV2 without its top"):
        build_backbone("MobileNetV2", weights, image_size=64)


def test_a_backbone_that_refuses_the_image_size_says_what_to_change(weights: str) -> None:
    from components.train.backbones import build_backbone

    with pytest.raises(SettingsError, match=r"for images of 64 px; Xception.*image_size"):
        build_backbone("Xception", weights, image_size=64)


def test_every_backbone_of_keras_is_known_and_nothing_else_but_our_own() -> None:
    import keras

    from components.train.backbones import builder_of
    from sightline.ground.backbones.table import BACKBONES

    theirs = {name for name, one in BACKBONES.items() if one.keras_file}
    assert theirs == {name for name in vars(keras.applications) if name[0].isupper()}
    assert all(callable(builder_of(name)) for name in BACKBONES)


def test_an_unknown_backbone_is_refused_in_one_wording_whoever_asks() -> None:
    from components.train.backbones import builder_of

    with pytest.raises(SettingsError, match=r"Did you mean MobileNetV2\?") as refused:
        builder_of("mobilenetv2")
    with pytest.raises(SettingsError) as at_once:
        check_section(TrainSettings, "train", {"backbone": "mobilenetv2"}, str)
    assert str(refused.value).removeprefix("train.backbone: ") in str(at_once.value)


def test_a_backbone_whose_graph_cannot_be_written_is_refused_before_training() -> None:
    from components.train.backbones import check_size

    check_size("ConvNeXtXLarge", 350_196_968)
    with pytest.raises(SettingsError, match=r"Huge has 600,000,000 parameters, 2\.2 GiB"):
        check_size("Huge", 600_000_000)
