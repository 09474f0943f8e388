"""The forms of a model in a bundle, and the signatures of its SavedModel: one export of all."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sightline.ground.errors import SettingsError
from sightline.problems.open_version import choose_engine
from sightline.stage.answering.best import best_of
from sightline.stage.answering.engine import BY_ENGINE, FORMATS
from sightline.stage.answering.pixel_models import open_model
from sightline.stage.formats.bundle import read_info
from sightline.stage.imaging.arrays import preprocess
from tests.artifacts import Artifacts, export_bundle, load_servable
from tests.data import encoded, photograph

pytestmark = pytest.mark.slow
IMAGES = [encoded(photograph(seed)) for seed in (3, 4, 5)]


@pytest.fixture(scope="module")
def bundle(made: Artifacts, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return export_bundle(
        made,
        tmp_path_factory.mktemp("forms"),
        formats=["litert-float16", "litert-int8", "onnx"],
        signatures=["keys", "top_k", "embedding", "explanation", "filenames"],
        calibration_images=10,
        parity_images=4,
    )


@pytest.fixture(scope="module")
def ask(bundle: Path) -> Any:
    import tensorflow as tf

    signatures = load_servable(bundle / "saved_model").signatures

    def asked(name: str, **arguments: Any) -> dict[str, Any]:
        given = {key: tf.constant(value) for key, value in arguments.items()}
        return {key: value.numpy() for key, value in signatures[name](**given).items()}

    return asked


def models_of(bundle: Path) -> dict[str, dict[str, Any]]:
    document = json.loads((bundle / "parity.json").read_text())
    return {model["engine"]: model for model in document["models"] if model["engine"]}


def test_every_form_is_in_the_bundle_and_is_named_by_it(bundle: Path) -> None:
    info = read_info(bundle)
    engines = info.engines

    assert {"tf2onnx", "onnxruntime"} <= set(info.versions)
    assert [one.name for one in engines] == list(BY_ENGINE)
    assert all((bundle / form.file).exists() for form in FORMATS)
    assert all(one.usable for one in engines)


@pytest.mark.parametrize(
    ("engine", "tolerance"),
    [("litert", 1e-5), ("onnx", 1e-5), ("litert-float16", 5e-3), ("litert-int8", 0.1)],
)
def test_a_form_answers_pixels_as_the_saved_model_does(
    bundle: Path, engine: str, tolerance: float
) -> None:
    expected = load_servable(bundle / "saved_model").answer(IMAGES)
    model = open_model(engine, bundle / BY_ENGINE[engine].file)

    contract = read_info(bundle).contract
    received = [model.answer(preprocess(image, contract)) for image in IMAGES]

    assert set(model.outputs) == {"probabilities", "embedding"}
    for answer, outputs in zip(expected, received, strict=True):
        np.testing.assert_allclose(
            outputs["probabilities"][0], answer.probabilities, atol=tolerance
        )


def test_each_form_is_judged_as_evaluate_judges(bundle: Path) -> None:
    for engine, model in models_of(bundle).items():
        part = model["accuracy"]["overall"]

        assert part["label"] == "Test accuracy"
        assert part["num_images"] == 8
        assert part["low"] <= part["figure"] <= part["high"]
        assert math.isclose(part["loss"], part["evaluated"] - part["figure"], abs_tol=1e-6)
        if not BY_ENGINE[engine].rounds:
            assert part["loss"] == 0


def test_float16_takes_less_than_floats(bundle: Path) -> None:
    sizes = {engine: model["size_bytes"] for engine, model in models_of(bundle).items()}

    assert sizes["litert-float16"] < sizes["litert"]


def test_a_server_answers_with_onnx_where_it_is_asked_for(bundle: Path) -> None:
    engines = read_info(bundle).engines

    assert choose_engine(bundle, engines, None).name == "litert"
    assert choose_engine(bundle, engines, "onnx").file == "model.onnx"


def test_a_form_that_no_bundle_has_is_refused_by_name() -> None:
    from components.export.settings import ExportSettings

    with pytest.raises(ValueError, match=r"expected some of litert-float16.*received coreml"):
        ExportSettings(formats=("coreml",))
    with pytest.raises(ValueError, match=r"expected some of keys, top_k.*received shout"):
        ExportSettings(signatures=("shout",))


def test_a_key_comes_back_beside_its_answer(ask: Any) -> None:
    plain = ask("serving_default", image_bytes=IMAGES)

    answered = ask("serving_keys", image_bytes=IMAGES, key=["a", "b", "c"])

    assert answered.pop("key").tolist() == [b"a", b"b", b"c"]
    assert sorted(answered) == sorted(plain)
    np.testing.assert_array_equal(answered["probabilities"], plain["probabilities"])


def test_the_best_classes_are_named_best_first(ask: Any, bundle: Path) -> None:
    plain = ask("serving_default", image_bytes=IMAGES)

    best = ask("serving_top_k", image_bytes=IMAGES)

    classes = read_info(bundle).classes
    order = np.argsort(-plain["probabilities"], axis=1)
    assert best["class_indices"].tolist() == order.tolist()
    named = [[name.decode() for name in row] for row in best["class_names"].tolist()]
    assert named == [[classes[index] for index in row] for row in order.tolist()]
    np.testing.assert_allclose(
        best["class_probabilities"], np.take_along_axis(plain["probabilities"], order, axis=1)
    )
    ours = best_of(plain["probabilities"][0].tolist(), classes, 5)
    assert ours == {
        "class_names": named[0],
        "class_indices": best["class_indices"][0].tolist(),
        "class_probabilities": best["class_probabilities"][0].tolist(),
    }


def test_the_embedding_is_that_of_the_other_forms(ask: Any, bundle: Path) -> None:
    found = ask("serving_embedding", image_bytes=IMAGES)["embedding"]

    model = open_model("litert", bundle / "model.tflite")
    contract = read_info(bundle).contract
    for row, image in zip(found, IMAGES, strict=True):
        expected = model.answer(preprocess(image, contract))["embedding"][0]
        np.testing.assert_allclose(row, expected, atol=1e-3)


def test_an_explanation_takes_what_the_preparation_gives_and_has_gradients(
    ask: Any, bundle: Path
) -> None:
    import tensorflow as tf

    plain = ask("serving_default", image_bytes=IMAGES)
    prepared = ask("xai_preprocess", image_bytes=IMAGES)
    answered = ask("xai_model", **prepared)

    assert list(prepared) == ["input_images"]
    np.testing.assert_array_equal(answered["probabilities"], plain["probabilities"])
    images = tf.constant(prepared["input_images"])
    model = load_servable(bundle / "saved_model").signatures["xai_model"]
    with tf.GradientTape() as tape:
        tape.watch(images)
        probability = model(input_images=images)["probability"]
    assert np.abs(tape.gradient(probability, images).numpy()).max() > 0


def test_the_metadata_of_explanations_is_what_the_library_of_vertex_reads(bundle: Path) -> None:
    from google.cloud.aiplatform.explain.metadata.tf.v2.saved_model_metadata_builder import (
        SavedModelMetadataBuilder,
    )

    written = json.loads((bundle / "saved_model/explanation_metadata.json").read_text())
    builder = SavedModelMetadataBuilder(
        str(bundle / "saved_model"), "xai_model", outputs_to_explain=["probability"]
    )

    (given,) = written["inputs"].values()
    assert given.pop("inputBaselines") == [0.0, 255.0]
    assert given.pop("modality") == "image"
    assert written == builder.get_metadata()


def test_the_signature_of_filenames_opens_files_where_somebody_asked_for_it(
    ask: Any, tmp_path: Path
) -> None:
    (tmp_path / "a.jpg").write_bytes(IMAGES[0])

    answered = ask("serving_filenames", filenames=[str(tmp_path / "a.jpg")])

    plain = ask("serving_default", image_bytes=IMAGES[:1])
    np.testing.assert_array_equal(answered["probabilities"], plain["probabilities"])


def test_onnx_without_its_libraries_is_refused_before_anything_is_written() -> None:
    from components.export.settings import ExportSettings
    from components.export.stage import check_tools

    with pytest.raises(SettingsError, match=r"expected no_such_tool to write onnx with.*\[onnx\]"):
        check_tools(ExportSettings(formats=("onnx",)), tools=("no_such_tool",))
    check_tools(ExportSettings(formats=()), tools=("no_such_tool",))
