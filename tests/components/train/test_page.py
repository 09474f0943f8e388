"""The report of train: what was trained, which weights are kept, what to look at."""

import html
import re
from pathlib import Path

import pytest

from components.train.page import write_report
from sightline.stage.formats.model import ModelInfo
from tests.components.train.recording import info_of

pytestmark = pytest.mark.slow


def page(
    folder: Path,
    *,
    kept: str = "head",
    ended_by: str = "epochs",
    train: tuple[int, ...] = (9, 9),
    validation: tuple[int, ...] = (3, 3),
    class_weights: tuple[float, ...] = (1.0, 1.0),
    **changes: object,
) -> str:
    from components.train.fitting.checkpoints import Progress
    from components.train.fitting.fit import Phase
    from components.train.fitting.trained import Trained
    from components.train.planning.plan import Plan

    info = info_of(train, validation)
    row = {"loss": 0.5, "accuracy": 0.75}
    if any(validation):
        row |= {"val_loss": 0.6, "val_accuracy": 0.7}
    phases = {"head": Progress([row, row, row], 2), "fine_tune": Progress([row], 1)}
    phases["fine_tune"].ended_by = ended_by
    if changes.get("recipe") == "frozen":
        del phases["fine_tune"]
    facts: dict[str, object] = {
        "classes": info.classes,
        "contract": info.contract,
        "recipe": "fine_tune",
        "reasons": ("Someone asked for it.",),
        "backbone": "MobileNetV2",
        "weights": "imagenet",
        "seed": 7,
        "epochs": 4,
        "best_epoch": 2,
        "num_parameters": 12345,
        "model_sha256": "abc",
        "versions": {"keras": "3"},
        **changes,
    }
    summary = ModelInfo(**facts)  # type: ignore[arg-type]
    weights = dict(zip(info.classes, class_weights, strict=True))
    plan = Plan("fine_tune", summary.reasons, "light", weights, ())
    told = {
        name: Phase(
            name=name,
            epochs=3,
            patience=2,
            learning_rate=0.01,
            weight_decay=0.0,
            label_smoothing=0.0,
            seed=1,
            shares=(0.5, 1.0) if name == "fine_tune" else (),
        )
        for name in phases
    }
    write_report(
        folder / "report.html",
        info=info,
        summary=summary,
        plan=plan,
        trained=Trained(None, phases, told, kept, kept == "head"),
        figures={"validation_accuracy": 0.7, "epochs": 4, "images_per_second": 1234.5},
    )
    text = (folder / "report.html").read_text(encoding="utf-8")
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", text)).split())


def test_the_page_names_recipe_reason_and_settings(tmp_path: Path) -> None:
    text = page(tmp_path)

    assert "a new head, then the backbone's last layers in stages, seed 7" in text
    assert "Someone asked for it." in text
    assert "12,345" in text
    assert "augmentation light" in text
    assert "class weights all equal" in text
    assert "images per second 1,234.5" in text
    assert "backbone MobileNetV2" in text


def test_the_page_says_of_which_epoch_the_weights_are_kept(tmp_path: Path) -> None:
    text = page(tmp_path)

    assert "Training the head 3 epochs. The weights of epoch 2 are kept." in text
    assert "Fine-tuning 1 epoch." in text
    assert text.count("are kept.") == 1


def test_weights_that_differ_are_named_to_three_decimals(tmp_path: Path) -> None:
    text = page(tmp_path, class_weights=(0.66667, 1.0))

    assert "class weights class 0 0.667" in text
    assert "class 1 1" not in text


def test_fine_tuning_that_was_taken_back_is_a_notice(tmp_path: Path) -> None:
    dropped, kept = page(tmp_path), page(tmp_path, kept="fine_tune")

    assert "Fine-tuning did not lower the validation loss" in dropped
    assert "Fine-tuning did not lower" not in kept
    assert "Fine-tuning did not lower" not in page(tmp_path, recipe="frozen")


def test_negative_transfer_is_a_notice_with_figures_and_advice(tmp_path: Path) -> None:
    text = page(tmp_path, ended_by="negative transfer")

    assert "Fine-tuning destroyed what the backbone knew (negative transfer)" in text
    assert "validation loss 0.6 at best, 0.6 before" in text
    assert "Lower train.fine_tune_learning_rate or train.fine_tune_layers" in text


def test_every_phase_says_how_fast_it_learned_and_why_it_ended(tmp_path: Path) -> None:
    text = page(tmp_path, ended_by="patience")

    assert "0.005 at the lowest layer to 0.01 at the head" in text
    assert "no better for 2 epochs" in text
    assert "cosine, warm-up 1 epoch" in text


def test_a_training_without_validation_is_a_notice(tmp_path: Path) -> None:
    assert "There is no validation split" in page(tmp_path, validation=(0, 0))
    assert "There is no validation split" not in page(tmp_path)


def test_classes_without_training_images_are_named_five_at_most(tmp_path: Path) -> None:
    text = page(
        tmp_path, train=(9, 9, 0, 0, 0, 0, 0, 0), validation=(1,) * 8, class_weights=(1.0,) * 8
    )

    assert "can never answer class 2, class 3, class 4, class 5, class 6 and 1 more" in text
    assert "The model can never answer" not in page(tmp_path)


def test_a_model_without_backbone_has_none(tmp_path: Path) -> None:
    assert "backbone none weights none" in page(tmp_path, backbone="", weights="")
