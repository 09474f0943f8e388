"""The export stage: a trained model becomes a bundle that answers like what was evaluated."""

import importlib.util
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from components.export import page
from components.export.measuring import parity
from components.export.measuring.engines import engines_of
from components.export.measuring.golden import captions, golden_requests
from components.export.measuring.measure import Bench, measure
from components.export.measuring.sampling import choose_images
from components.export.model_card import FILE as CARD_FILE
from components.export.model_card import model_card
from components.export.settings import ExportSettings
from sightline import __version__
from sightline.ground.errors import DataError, SettingsError
from sightline.ground.models.formats import LITERT, ONNX
from sightline.ground.models.libraries import OF_EVERY_BUNDLE, OF_ONNX, versions_of
from sightline.ground.ports import (
    Facts,
    InputArtifact,
    InputDataset,
    InputModel,
    OutputModel,
    OutputReport,
)
from sightline.ground.storage.files import folder_size
from sightline.problems import Problem, problem_of
from sightline.stage import log
from sightline.stage.answering.engine import Engine
from sightline.stage.clock import timestamp
from sightline.stage.conversion.memory import available_bytes, shortage
from sightline.stage.formats import evaluation as evaluations
from sightline.stage.formats import model as models
from sightline.stage.formats.bundle import (
    LABELS_FILE,
    BundleInfo,
    digest_of,
    hash_files,
    write_golden,
    write_info,
)
from sightline.stage.formats.dataset import read_info as read_dataset_info
from sightline.stage.formats.training_images import FILE as TRAINING_IMAGES
from sightline.stage.registry.lineage import lineage_of
from sightline.stage.timing import writing

if TYPE_CHECKING:
    import keras

    from components.export.forms.conversion import LeftOut


def export(
    *,
    model: InputModel,
    records: InputDataset,
    dataset: InputDataset,
    evaluation: InputArtifact,
    bundle: OutputModel,
    report: OutputReport,
    settings: ExportSettings,
) -> Facts:
    """Turn a model into a servable bundle that answers like what was evaluated."""
    trained = models.read_info(model)
    problem = problem_of(trained.problem, trained.about)
    judging = problem.judging
    judged = evaluations.read_info(evaluation, judging.info)
    check_match(model, trained, judged)
    check_tools(settings)
    predictions = judging.read_predictions(evaluation, judged)
    sample = choose_images(dataset, predictions, judging, settings.parity_images)

    bundle.mkdir(parents=True, exist_ok=True)
    network = models.load_keras(model)
    left_out = write_models(network, bundle, records, trained, problem, settings)
    bench = Bench(
        bundle=bundle,
        trained=trained,
        problem=problem,
        predictions=predictions,
        records=records,
        level=judged.confidence_level,
        settings=settings,
    )
    answers, sample, results = measure(bench, sample)
    golden = golden_requests(sample, answers, problem.serving, settings.golden_requests)
    engines = engines_of(results, left_out, settings)

    write_labels(bundle / LABELS_FILE, trained.classes)
    write_golden(bundle, golden)
    trainable = copy_trainable(model, bundle)
    parity.write_parity(bundle, results, sample, settings.parity_tolerance)
    data = read_dataset_info(dataset)
    card = model_card(trained, judged, judging.card(judged), results, engines, settings, data)
    (bundle / CARD_FILE).write_text(card, encoding="utf-8")
    with writing():
        info = describe(bundle, trained, judged, settings, engines)
        write_info(bundle, info)
    shown = captions(golden, problem.serving, trained.contract.value_range)
    page.write_report(report, info, results, sample, shown, card, trainable)
    return facts_of(bundle, info, results[0])


def facts_of(bundle: Path, info: BundleInfo, served: parity.Parity) -> Facts:
    """Gather what the pipeline knows of a bundle; `served` is how the form that answers did."""
    return {
        "bundle": {
            "model_name": info.model_name,
            "model_sha256": info.model_sha256,
            "digest": info.digest,
            "num_classes": len(info.classes),
            "parity_images": served.num_images,
            "parity_top1_agreement": served.top1_agreement,
            "parity_max_difference": served.max_difference,
            "files": len(info.files),
            "size_bytes": folder_size(bundle),
        },
        "report": {},
    }


def check_match(model: Path, trained: models.ModelInfo, judged: evaluations.EvaluationInfo) -> None:
    """Refuse to export a model with the evaluation of another one.

    Raises:
        DataError: the evaluation names another model.
    """
    if trained.model_sha256 != judged.model_sha256:
        raise DataError(
            f"{model}: expected the model that was evaluated ({judged.model_sha256[:12]}), "
            f"received {trained.model_sha256[:12]}. Evaluate this model first."
        )


def check_tools(settings: ExportSettings, tools: Sequence[str] = OF_ONNX) -> None:
    """Refuse to begin where a form is wanted that nothing here writes.

    Raises:
        SettingsError: ONNX is wanted without its libraries.
    """
    missing = [one for one in tools if importlib.util.find_spec(one) is None]
    if ONNX in settings.formats and missing:
        raise SettingsError(
            f"export: `formats`: expected {' and '.join(missing)} to write onnx with; found none. "
            "Install them (pip install 'sightline-vision[onnx]'), or leave onnx out."
        )


def write_models(
    network: "keras.Model",
    bundle: Path,
    records: Path,
    trained: models.ModelInfo,
    problem: Problem,
    settings: ExportSettings,
) -> "LeftOut":
    """Write the SavedModel and the other forms; return which of these are left out, and why."""
    # These import TensorFlow, which takes seconds: the checks before come first.
    from components.export.forms.conversion import Source, leave_out, write_formats
    from components.export.forms.int8 import training_pixels
    from components.export.forms.saved_model import write_served

    wanted, top_k = settings.signatures, settings.top_k
    frozen = write_served(network, bundle, trained, problem, wanted=wanted, top_k=top_k)
    if reason := shortage(network.count_params(), available_bytes()):
        left_out: LeftOut = {}
        for engine in (LITERT, *settings.formats):
            leave_out(left_out, engine, reason)
        return left_out
    source = Source(
        frozen=frozen,
        calibration=lambda: training_pixels(records, problem.targets, settings.calibration_images),
        outputs=problem.serving.outputs,
    )
    left_out = write_formats(source, bundle, settings.formats)
    log.event("wrote further forms", formats=settings.formats)
    return left_out


def write_labels(path: Path, classes: Sequence[str]) -> None:
    """Write a line per class."""
    path.write_text("".join(f"{name}\n" for name in classes), encoding="utf-8")


def copy_trainable(model: Path, bundle: Path) -> int:
    """Copy what a training needs that starts from this model; return its bytes.

    No server reads it.
    """
    copied = 0
    with writing():
        for name in (models.FILE, models.INFO_FILE, TRAINING_IMAGES):
            # A model from before has no list of its images: it cannot be started from.
            if (model / name).is_file():
                shutil.copyfile(model / name, bundle / name)
                copied += (bundle / name).stat().st_size
    log.event("copied the model to train on", bytes=copied)
    return copied


def describe(
    bundle: Path,
    trained: models.ModelInfo,
    judged: evaluations.EvaluationInfo,
    settings: ExportSettings,
    engines: tuple[Engine, ...],
) -> BundleInfo:
    """Say what the bundle holds."""
    contract = trained.contract.model_dump(mode="json")
    versions = library_versions(settings.formats)
    return BundleInfo(
        problem=trained.problem,
        model_name=settings.model_name,
        classes=tuple(trained.classes),
        contract=trained.contract,
        model_sha256=trained.model_sha256,
        digest=digest_of(
            model=trained.model_sha256,
            classes=list(trained.classes),
            contract=contract,
            settings=settings.model_dump(mode="json"),
            versions=versions,
            engines=[engine.name for engine in engines if engine.usable],
            **({"about": trained.about} if trained.about else {}),
        ),
        created=timestamp(),
        versions=versions,
        files=hash_files(bundle),
        engines=engines,
        about=trained.about,
        top_k=settings.top_k,
        lineage=lineage_of(bundle, trained, judged),
    )


def library_versions(formats: Sequence[str]) -> dict[str, str]:
    """Return the versions of the libraries that write a bundle with these forms."""
    import tensorflow as tf

    return {
        "sightline": __version__,
        "tensorflow": tf.__version__,
        **versions_of((*OF_EVERY_BUNDLE, *(OF_ONNX if ONNX in formats else ()))),
    }
