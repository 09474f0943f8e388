import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sightline.ground.errors import DataError
from sightline.problems import problem_of
from sightline.stage.answering.litert import LiteRTModel
from sightline.stage.answering.servable import ImageError
from sightline.stage.formats.bundle import check_files, read_golden, read_info
from sightline.stage.formats.dataset import DatasetWriter, Example, read_examples
from sightline.stage.formats.dataset import read_info as read_dataset_info
from sightline.stage.formats.model import load_keras
from sightline.stage.imaging.arrays import preprocess
from tests.artifacts import Artifacts, artifacts, export_bundle, load_servable, read_predictions
from tests.data import encoded, photograph

pytestmark = pytest.mark.slow
JUDGING = problem_of("classification").judging


@pytest.fixture(scope="module")
def plain(made: Artifacts, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return export_bundle(made, tmp_path_factory.mktemp("plain"), formats=())


def parity_of(bundle: Path, name: str) -> dict[str, object]:
    document = json.loads((bundle / "parity.json").read_text())
    return next(model for model in document["models"] if model["name"] == name)


def test_the_bundle_holds_what_its_description_lists(bundle: Path) -> None:
    info = read_info(bundle)

    check_files(bundle, info)
    assert {
        "golden.json",
        "labels.txt",
        "model.json",
        "model.keras",
        "model.tflite",
        "model_card.md",
        "model_int8.tflite",
        "parity.json",
        "saved_model/saved_model.pb",
    } <= set(info.files)
    assert (bundle / "labels.txt").read_text().split() == list(info.classes)


def test_the_saved_model_answers_original_files_like_the_evaluated_model(
    bundle: Path, made: Artifacts
) -> None:
    result = parity_of(bundle, "SavedModel")

    assert result["num_images"] == len(read_predictions(made.evaluation).ids)
    assert result["top1_agreement"] == 1.0
    assert result["max_difference"] < 0.001  # type: ignore[operator]


def test_one_answer_names_its_class_and_all_probabilities(bundle: Path) -> None:
    (answer,) = load_servable(bundle / "saved_model").answer([encoded(photograph(7))])

    assert len(answer.probabilities) == 2
    assert answer.class_index == np.argmax(answer.probabilities)
    assert answer.class_name == read_info(bundle).classes[answer.class_index]
    assert answer.probability == pytest.approx(max(answer.probabilities))


def test_other_servers_get_the_same_answers_from_files(bundle: Path) -> None:
    servable = load_servable(bundle / "saved_model")
    images = [encoded(photograph(seed)) for seed in (3, 4)]

    decoded_by_graph = servable.answer_by_graph(images)

    np.testing.assert_allclose(
        [answer.probabilities for answer in decoded_by_graph],
        [answer.probabilities for answer in servable.answer(images)],
        atol=0.001,
    )


def test_no_signature_opens_files_of_the_machine_that_serves(bundle: Path) -> None:
    signatures = load_servable(bundle / "saved_model").signatures

    assert sorted(signatures) == [
        "serving_default",
        "serving_embedding",
        "serving_keys",
        "serving_pixels",
        "serving_top_k",
        "xai_model",
        "xai_preprocess",
    ]


def test_a_file_that_is_no_image_is_refused_with_a_reason(bundle: Path) -> None:
    servable = load_servable(bundle / "saved_model")

    with pytest.raises(ImageError, match="do not decode"):
        servable.answer([b"hello"])
    with pytest.raises(ImageError, match="it is no JPEG"):
        servable.answer_by_graph([b"hello"])


def test_the_first_frame_of_an_animated_webp_is_answered(bundle: Path) -> None:
    servable = load_servable(bundle / "saved_model")
    frames = [photograph(5), photograph(6)]
    moving = encoded(frames[0], "WEBP", lossless=True, save_all=True, append_images=frames[1:])

    answers = servable.answer([moving, encoded(frames[0], "PNG")])

    assert answers[0] == answers[1]
    with pytest.raises(ImageError, match="it is an animated WebP file"):
        servable.answer_by_graph([moving])


def test_the_graph_refuses_an_animated_webp_by_itself(bundle: Path) -> None:
    import tensorflow as tf

    signature = load_servable(bundle / "saved_model").signatures["serving_default"]
    frames = [photograph(5), photograph(6)]
    moving = encoded(frames[0], "WEBP", save_all=True, append_images=frames[1:])

    with pytest.raises(tf.errors.InvalidArgumentError, match="it is an animated WebP file"):
        signature(image_bytes=tf.constant([moving]))


@pytest.mark.parametrize(
    ("file", "tolerance"), [("model.tflite", 0.001), ("model_int8.tflite", 0.1)]
)
def test_a_client_of_litert_needs_only_the_contract(
    bundle: Path, file: str, tolerance: float
) -> None:
    image = encoded(photograph(9))
    expected = load_servable(bundle / "saved_model").answer([image])[0].probabilities

    model = LiteRTModel(bundle / file)
    received = model.answer(preprocess(image, read_info(bundle).contract))

    np.testing.assert_allclose(received["probabilities"][0], expected, atol=tolerance)


def test_golden_requests_carry_the_answers_of_the_saved_model(bundle: Path) -> None:
    golden = read_golden(bundle)

    answers = load_servable(bundle / "saved_model").answer([request.image for request in golden])

    assert len(golden) == 8
    np.testing.assert_allclose(
        [answer.probabilities for answer in answers],
        [request.expected["probabilities"] for request in golden],
        atol=1e-5,
    )
    assert [answer.class_name for answer in answers] == [
        request.expected["class_name"] for request in golden
    ]


def test_the_bundle_names_its_engines_with_what_was_measured_best_first(bundle: Path) -> None:
    engines = read_info(bundle).engines

    assert [(one.name, one.file) for one in engines] == [
        ("litert", "model.tflite"),
        ("tensorflow", "saved_model"),
        ("litert-int8", "model_int8.tflite"),
    ]
    assert all(one.usable and one.num_images == 8 for one in engines)
    assert (engines[0].tolerance, engines[0].required_agreement) == (0.02, None)
    assert (engines[2].tolerance, engines[2].required_agreement) == (None, 0.9)
    assert engines[0].max_difference == parity_of(bundle, "LiteRT float")["max_difference"]


def test_golden_requests_tell_how_each_engine_answered(bundle: Path) -> None:
    info, serving = read_info(bundle), problem_of("classification").serving

    for engine in info.engines:
        if engine.name == "tensorflow":
            continue
        model = LiteRTModel(bundle / engine.file)
        for request in read_golden(bundle):
            outputs = model.answer(preprocess(request.image, info.contract))
            answers = serving.read(outputs, info.classes)
            expected = [serving.from_json(request.expected_of(engine.name))]
            assert serving.same(expected, answers).largest.max() < 1e-6


def test_the_model_card_says_what_the_model_is_and_how_good(bundle: Path) -> None:
    card = (bundle / "model_card.md").read_text()

    assert card.startswith("---\nlicense: ")
    for heading in ("Intended use", "Data", "Metrics", "Decision", "Limits", "Preprocessing"):
        assert f"\n## {heading}\n" in card
    assert "| accuracy |" in card
    assert read_info(bundle).model_sha256 in card


def test_equal_models_and_settings_have_an_equal_digest(
    bundle: Path, plain: Path, made: Artifacts, tmp_path: Path
) -> None:
    again = export_bundle(made, tmp_path, formats=())

    assert read_info(again).digest == read_info(plain).digest
    assert read_info(bundle).digest != read_info(plain).digest


def test_without_int8_the_bundle_still_answers_with_litert(plain: Path) -> None:
    document = json.loads((plain / "parity.json").read_text())

    assert [path.name for path in plain.glob("*.tflite")] == ["model.tflite"]
    names = [model["name"] for model in document["models"]]
    assert names == ["SavedModel", "SavedModel, other servers", "LiteRT float"]
    assert [engine.name for engine in read_info(plain).engines] == ["litert", "tensorflow"]


@pytest.mark.parametrize(
    ("file", "tolerance"), [("model.tflite", 1e-5), ("model_int8.tflite", 0.05)]
)
def test_litert_tells_beside_the_answer_what_the_head_saw(
    bundle: Path, made: Artifacts, file: str, tolerance: float
) -> None:
    pixels = preprocess(encoded(photograph(9)), read_info(bundle).contract)
    network = load_keras(made.model)
    features: np.ndarray = pixels[np.newaxis].astype(np.float32)
    for layer in network.layers[:-2]:
        features = layer(features)

    model = LiteRTModel(bundle / file)
    received = model.answer(pixels)

    assert sorted(model.outputs) == ["embedding", "probabilities"]
    assert received["embedding"].dtype == np.float32
    np.testing.assert_allclose(received["embedding"], np.asarray(features), atol=tolerance)


def test_an_int8_model_that_disagrees_is_left_out_with_its_reason(
    made: Artifacts, tmp_path: Path
) -> None:
    shutil.copytree(made.evaluation, tmp_path / "evaluation")
    predictions = read_predictions(made.evaluation)
    JUDGING.write_predictions(
        tmp_path / "evaluation",
        replace(predictions, probabilities=1 - predictions.probabilities),
    )

    bundle = export_bundle(
        replace(made, evaluation=tmp_path / "evaluation"),
        tmp_path,
        parity_tolerance=1.0,
        calibration_images=10,
    )

    result = parity_of(bundle, "LiteRT int8")
    assert not (bundle / "model_int8.tflite").exists()
    assert (result["kept"], result["top1_agreement"]) == (False, 0.0)
    assert "90.0% is required" in str(result["reason"])
    assert "left out" in (bundle / "model_card.md").read_text()
    page = (tmp_path / "report.html").read_text()
    assert "LiteRT int8 is not in the bundle: gives the same answer on" in page
    assert "SavedModel is not in the bundle" not in page
    assert [one.usable for one in read_info(bundle).engines] == [True, True, False]


def test_answers_that_differ_from_the_evaluated_ones_stop_the_export(
    made: Artifacts, tmp_path: Path
) -> None:
    shutil.copytree(made.evaluation, tmp_path / "evaluation")
    predictions = read_predictions(made.evaluation)
    probabilities = predictions.probabilities.copy()
    probabilities[2] = probabilities[2][::-1]
    JUDGING.write_predictions(
        tmp_path / "evaluation", replace(predictions, probabilities=probabilities)
    )

    with pytest.raises(DataError) as raised:
        export_bundle(replace(made, evaluation=tmp_path / "evaluation"), tmp_path, formats=())

    assert "1 differ by more" in str(raised.value)
    assert predictions.uris[2] in str(raised.value)


def test_the_evaluation_of_another_model_is_refused(made: Artifacts, tmp_path: Path) -> None:
    other = artifacts(tmp_path / "other", seed=2)

    with pytest.raises(DataError, match="expected the model that was evaluated"):
        export_bundle(replace(made, evaluation=other.evaluation), tmp_path)


def test_images_that_serving_does_not_read_are_left_out_and_said_so(tmp_path: Path) -> None:
    made = artifacts(
        tmp_path / "mixed", formats=("JPEG", "PNG", "GIF", "BMP", "WEBP", "TIFF"), per_class=30
    )

    bundle = export_bundle(made, tmp_path, formats=())

    document = json.loads((bundle / "parity.json").read_text())
    assert document["num_images"] == 10
    assert all("TIFF is not decoded when serving" in why for why in document["left_out"].values())
    assert len(document["left_out"]) == 2
    kinds = {kind["kind"]: kind for kind in document["kinds"]}
    assert {"GIF", "TIFF", "BMP, 24 bits"} < set(kinds)
    assert kinds["GIF"]["compared"] == kinds["GIF"]["compared_elsewhere"] == 2
    assert kinds["TIFF"]["compared"] == 0
    assert "no JPEG, PNG, GIF" in kinds["TIFF"]["refused_elsewhere"]
    assert "Kinds of files" in (tmp_path / "report.html").read_text()


def test_a_dataset_without_images_that_serving_reads_says_what_to_do(tmp_path: Path) -> None:
    made = artifacts(tmp_path / "tiff", formats=("TIFF",))

    with pytest.raises(DataError, match="Convert the images to one of these formats"):
        export_bundle(made, tmp_path, formats=())


def with_damaged(made: Artifacts, folder: Path, damaged: Callable[[Example], bool]) -> Artifacts:
    """The same artifacts, with the files of some test images cut short."""
    info = read_dataset_info(made.dataset)
    with DatasetWriter(folder / "dataset") as writer:
        for example in read_examples(made.dataset):
            cut = example.split == "test" and damaged(example)
            writer.add(replace(example, image=example.image[:100]) if cut else example)
        writer.finish(classes=info.classes, source=info.source)
    return replace(made, dataset=folder / "dataset")


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Artifacts:
    """More test images than are answered at once."""
    return artifacts(tmp_path_factory.mktemp("many"), per_class=90)


def test_test_images_that_no_longer_decode_are_left_out_and_the_others_compared(
    many: Artifacts, tmp_path: Path
) -> None:
    chosen = sorted(one.id for one in read_examples(many.dataset) if one.split == "test")[20:22]

    bundle = export_bundle(
        with_damaged(many, tmp_path, lambda one: one.id in chosen), tmp_path, formats=()
    )

    document = json.loads((bundle / "parity.json").read_text())
    assert (document["num_images"], sorted(document["left_out"])) == (34, chosen)
    assert all("photos/" in why for why in document["left_out"].values())
    assert "2 images not compared" in (tmp_path / "report.html").read_text()
    assert document["models"][0]["max_difference"] < 0.001
    assert document["models"][0]["num_images"] == 34


def test_test_images_of_which_none_decodes_stop_the_export(made: Artifacts, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="Convert the images to baseline JPEG or PNG"):
        export_bundle(with_damaged(made, tmp_path, lambda _: True), tmp_path, formats=())


def test_as_many_images_are_compared_as_the_setting_says_and_some_of_every_kind(
    many: Artifacts, tmp_path: Path
) -> None:
    bundle = export_bundle(many, tmp_path, formats=(), parity_images=5)

    ids = sorted(one.id for one in read_examples(many.dataset) if one.split == "test")[:5]
    document = json.loads((bundle / "parity.json").read_text())
    assert [kind["compared"] >= 4 for kind in document["kinds"]] == [True, True]
    assert document["num_images"] == 8
    assert {request.id for request in read_golden(bundle)} >= set(ids)


@pytest.mark.parametrize(("most", "answered"), [(1000, 36), (20, 20), (1, 8)])
def test_forms_answer_test_images_beyond_those_that_are_decoded(
    many: Artifacts, tmp_path: Path, most: int, answered: int
) -> None:
    bundle = export_bundle(many, tmp_path, formats=(), parity_images=5, accuracy_images=most)

    for name in ("SavedModel", "LiteRT float"):
        found = parity_of(bundle, name)
        assert found["num_images"] == answered
        assert found["max_difference"] < 0.001  # type: ignore[operator]


def test_golden_requests_are_of_as_many_classes_as_there_are(
    many: Artifacts, tmp_path: Path
) -> None:
    bundle = export_bundle(many, tmp_path, formats=(), golden_requests=4)

    predictions = read_predictions(many.evaluation)
    named = predictions.probabilities.argmax(axis=1)
    row_of = {identity: row for row, identity in enumerate(predictions.ids)}
    found = [int(named[row_of[request.id]]) for request in read_golden(bundle)]
    least = min(2, *np.bincount(named, minlength=2).tolist())
    assert len(found) == 4
    assert min(found.count(0), found.count(1)) == least
    assert len(set(found[:2])) == len(set(named.tolist()))


def test_the_facts_and_the_report_say_how_the_bundle_answers(
    made: Artifacts, tmp_path: Path
) -> None:
    from components.export.settings import ExportSettings
    from components.export.stage import export

    bundle = tmp_path / "bundle"
    facts = export(
        model=made.model,
        records=made.records,
        dataset=made.dataset,
        evaluation=made.evaluation,
        bundle=bundle,
        report=tmp_path / "report.html",
        settings=ExportSettings(formats=(), model_name="reds"),
    )["bundle"]

    info, parity = read_info(bundle), parity_of(bundle, "SavedModel")
    size = sum(path.stat().st_size for path in bundle.rglob("*") if path.is_file())
    assert facts == {
        "model_name": "reds",
        "model_sha256": info.model_sha256,
        "digest": info.digest,
        "num_classes": 2,
        "parity_images": parity["num_images"],
        "parity_top1_agreement": 1.0,
        "parity_max_difference": parity["max_difference"],
        "files": len(info.files),
        "size_bytes": size,
    }
    page = (tmp_path / "report.html").read_text()
    assert "reds, 2 classes" in page
    assert "100.0%" in page


def test_a_bundle_with_litert_names_what_converted_it(bundle: Path) -> None:
    assert set(read_info(bundle).versions) == {
        "sightline",
        "tensorflow",
        "keras",
        "ai-edge-litert",
    }
    for name in ("LiteRT float", "LiteRT int8"):
        assert parity_of(bundle, name)["kept"]
    assert parity_of(bundle, "LiteRT float")["max_difference"] < 0.001  # type: ignore[operator]


def test_many_classes_with_long_names_are_exported(tmp_path: Path) -> None:
    classes = tuple(
        sorted(f'class {number:03d} with a long, "quoted" name é' for number in range(40))
    )
    made = artifacts(tmp_path / "many", classes=classes, per_class=5)

    bundle = export_bundle(made, tmp_path, formats=())

    (answer,) = load_servable(bundle / "saved_model", classes).answer([encoded(photograph(1))])
    assert len(answer.probabilities) == 40
    assert answer.class_name in classes
