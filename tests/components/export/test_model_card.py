"""The model card: what stands in it, to the decimal."""

from dataclasses import replace

import yaml

from components.export.measuring.accuracy import Accuracy, Part
from components.export.measuring.parity import Parity
from components.export.model_card import interval, model_card, parity_table, value_text
from components.export.settings import ExportSettings
from sightline.problems import problem_of
from sightline.problems.classification.evaluation.info import ClassFigures, ClassificationInfo
from sightline.stage.answering.engine import Engine
from sightline.stage.formats.dataset import DatasetInfo
from sightline.stage.formats.evaluation import (
    Check,
    Comparison,
    Figure,
)
from sightline.stage.formats.model import ModelInfo
from sightline.stage.imaging.contract import PreprocessingContract

JUDGING = problem_of("classification").judging
NONE = Figure(value=None, reason="too few images")
TRAINED = ModelInfo(
    classes=("cat", "dog"),
    contract=PreprocessingContract(
        image_size=32,
        resize_mode="pad",
        interpolation="bicubic",
        channels=3,
        mean=(1.0,) * 3,
        std=(1.0,) * 3,
    ),
    recipe="frozen",
    reasons=("Asked for.",),
    backbone="MobileNetV2",
    weights="imagenet",
    seed=7,
    epochs=3,
    best_epoch=2,
    num_parameters=100,
    model_sha256="abc123",
    versions={},
)
SERVED = Parity(
    name="SavedModel",
    num_images=40,
    top1_agreement=0.975,
    max_difference=0.01234,
    mean_difference=0.001,
    latency_ms=3.14,
    size_bytes=1_234_567,
)


def figures(name: str, recall: float | None, support: int = 10) -> ClassFigures:
    found = NONE if recall is None else Figure(value=recall)
    rest = dict.fromkeys(("precision", "f1", "roc_auc", "average_precision"), NONE)
    return ClassFigures(name=name, support=support, predicted=1, recall=found, **rest)


def judged(**changes: object) -> ClassificationInfo:
    return ClassificationInfo.model_validate(
        {
            "decision": "deploy",
            "checks": (
                Check(
                    name="accuracy",
                    outcome="passed",
                    required=0.5,
                    received=0.9,
                    certain=True,
                    reason="0.9 is enough.",
                ),
            ),
            "model_sha256": "abc123",
            "dataset_fingerprint": "0123456789abcdef",
            "classes": ("cat", "dog"),
            "num_images": 1234,
            "confidence_level": 0.95,
            "chance_level": 0.5,
            "metrics": {
                "accuracy": Figure(value=0.91239, low=0.85, high=0.95),
                "macro_f1": NONE,
            },
            "per_class": (),
            "confusion_matrix": (),
            "calibration": (),
            "roc_curve": (),
            "slices": (),
            "champion": Comparison(outcome="none", detail="no champion"),
            "notes": ("Something was left out.",),
            **changes,
        }
    )


DATA = DatasetInfo(
    num_examples=120,
    classes=("cat", "dog"),
    class_counts={"cat": 50, "dog": 70},
    split_counts={},
    fingerprint="0123456789abcdef",
    source="s3://photos/pets",
    slices=(),
)


def card(**changes: object) -> str:
    settings = ExportSettings(model_name="pets", licence='"quoted" é', intended_use="Sorting.")
    return model_card(
        TRAINED, judged(**changes), JUDGING.card(judged(**changes)), [SERVED], [], settings, DATA
    )


def test_the_header_is_yaml_that_names_licence_model_and_accuracy() -> None:
    header = yaml.safe_load(card().split("---\n")[1])

    assert header["license"] == '"quoted" é'
    assert header["library_name"] == "keras"
    index = header["model-index"][0]
    assert index["name"] == "pets"
    assert index["results"][0]["dataset"] == {"type": "images", "name": "0123456789ab"}
    assert index["results"][0]["metrics"] == [{"type": "accuracy", "value": 0.91239}]


def test_every_figure_has_its_interval_or_its_reason() -> None:
    lines = card().splitlines()

    assert "| metric | value | 95% interval |" in lines
    assert "| accuracy | 0.9124 | 0.8500 to 0.9500 |" in lines
    assert "| macro f1 | none: too few images |  |" in lines
    assert "| chance level | 0.5000 | |" in lines


def test_half_an_interval_is_none() -> None:
    assert interval(Figure(value=0.5, low=0.4)) == ""
    assert interval(Figure(value=0.5, high=0.6)) == ""
    assert interval(Figure(value=0.0, low=0.0, high=0.0)) == "0.0000 to 0.0000"
    assert value_text(Figure(value=0.0)) == "0.0000"


def test_the_five_weakest_classes_are_limits_and_unmeasured_ones_are_not() -> None:
    recalls = [0.9, 0.1, None, 0.5, 0.0, 0.7, 0.3]
    parts = tuple(figures(f"class {number}", one) for number, one in enumerate(recalls))

    text = card(per_class=parts)

    assert [line for line in text.splitlines() if ": finds " in line] == [
        "- class 4: finds 0.0% of 10 test images",
        "- class 1: finds 10.0% of 10 test images",
        "- class 6: finds 30.0% of 10 test images",
        "- class 3: finds 50.0% of 10 test images",
        "- class 5: finds 70.0% of 10 test images",
    ]
    assert "- Something was left out." in text


def test_the_card_says_what_was_decided_and_by_which_check() -> None:
    assert "Evaluate decided: **hold**.\n\n- accuracy: passed. 0.9 is enough." in card(
        decision="hold"
    )


def test_the_card_names_data_lineage_and_pixels() -> None:
    text = card()

    assert "# pets\n\nNames one of 2 classes for a photo. Recipe: frozen." in text
    assert "## Intended use\n\nSorting." in text
    assert "- Classes, in their order: cat, dog" in text
    assert "- Test images, never seen in training: 1,234" in text
    assert "- Recipe: frozen; seed: 7\n" in text
    assert text.endswith("\n")


def test_the_card_names_whose_weights_the_backbone_began_with() -> None:
    trained = replace(
        TRAINED, weights_licence="Apache-2.0", weights_source="Google", weights_sha256="f00"
    )

    text = model_card(
        trained, judged(), JUDGING.card(judged()), [SERVED], [], ExportSettings(), DATA
    )

    assert (
        "## Pretrained weights\n\n- Backbone: MobileNetV2\n- Weights: imagenet; SHA-256 `f00`\n"
        "- Source: Google\n- Licence: Apache-2.0\n" in text
    )
    assert "- Source: not stated\n- Licence: not stated" in card()


def test_a_model_without_backbone_has_no_pretrained_weights() -> None:
    text = model_card(
        replace(TRAINED, backbone=""),
        judged(),
        JUDGING.card(judged()),
        [SERVED],
        [],
        ExportSettings(),
        DATA,
    )

    assert "## Pretrained weights\n\nNone: every weight was learned" in text


def test_the_table_of_models_says_what_is_in_the_bundle_and_what_is_not() -> None:
    left_out = replace(SERVED, name="LiteRT int8", kept=False, reason="it differs")

    table = parity_table([SERVED, left_out]).splitlines()

    assert table[2:] == [
        "| SavedModel | 97.5% of 40 | 0.0123 | – | – | 3.1 | 1,235 | in the bundle |",
        "| LiteRT int8 | 97.5% of 40 | 0.0123 | – | – | 3.1 | 1,235 | left out: it differs |",
    ]


def test_only_models_that_are_in_the_bundle_are_described() -> None:
    models = [SERVED, replace(SERVED, name="LiteRT float"),
              replace(SERVED, name="LiteRT int8", kept=False, reason="it differs")]  # fmt: skip

    with_pixels = model_card(
        TRAINED, judged(), JUDGING.card(judged()), models, [], ExportSettings(), DATA
    )

    assert "model.tflite" in with_pixels
    assert "shape [32, 32, 3]" in with_pixels
    assert "- resize: pad, bicubic, antialiased when shrinking" in with_pixels
    assert "model_int8.tflite" not in with_pixels
    assert ".tflite" not in card()


def part(value: str, figure: float, **more: object) -> Part:
    known = {"column": "camera", "value": value, "num_images": 40, "label": "Test accuracy"}
    measured = {"evaluated": 0.9, "figure": figure, "low": 0.7, "high": 0.95, "loss": 0.1}
    return Part(**{**known, **measured, **more})  # type: ignore[arg-type]


def test_the_card_tells_the_source_and_what_rounding_does_to_each_slice() -> None:
    accuracy = Accuracy(overall=part("", 0.88, column="", loss=0.02), slices=(part("phone", 0.8),))
    int8 = replace(SERVED, name="LiteRT int8", engine="litert-int8", accuracy=accuracy)

    text = model_card(
        TRAINED, judged(), JUDGING.card(judged()), [SERVED, int8], [], ExportSettings(), DATA
    )

    assert "- Source: s3://photos/pets\n- Images after label check: 120 (cat 50, dog 70)" in text
    assert "| 0.8800 (0.7000 to 0.9500) | 0.0200 |" in text
    assert "| camera: phone | 40 | LiteRT int8 | 0.8000 (0.7000 to 0.9500) |" in text
    assert "no attributes to tell slices by" in card()


def test_a_model_that_could_not_be_made_is_named_with_its_reason() -> None:
    absent = Engine(name="litert", file="", left_out="it takes 14.0 GB of memory")

    text = model_card(
        TRAINED, judged(), JUDGING.card(judged()), [SERVED], [absent], ExportSettings(), DATA
    )

    assert "- LiteRT float is not in the bundle: it takes 14.0 GB of memory." in text
