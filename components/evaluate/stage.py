from components.evaluate import predict
from components.evaluate.assess import assess
from components.evaluate.champion import compare_with_champion
from components.evaluate.curves import classification_metadata
from components.evaluate.page import build_page
from components.evaluate.settings import EvaluateSettings
from sightline.ground.decision import decisive_reasons
from sightline.ground.headline import KEY, metadata_of, numbers_of
from sightline.ground.ports import (
    Facts,
    InputDataset,
    InputModel,
    OutputArtifact,
    OutputClassification,
    OutputMetrics,
    OutputReport,
    OutputText,
)
from sightline.stage import log
from sightline.stage.formats import records as records_artifact
from sightline.stage.formats.evaluation import EvaluationInfo, write_info, write_predictions
from sightline.stage.formats.model import read_info as read_model_info


def evaluate(
    *,
    model: InputModel,
    records: InputDataset,
    dataset: InputDataset,
    evaluation: OutputArtifact,
    metrics: OutputMetrics,
    classification: OutputClassification,
    decision: OutputText,
    report: OutputReport,
    settings: EvaluateSettings,
) -> Facts:
    """Measure a model on the untouched test split, and decide: deploy or hold.

    `metrics` and `classification` are metadata only: their values are in the returned facts.

    Raises:
        DataError: model, records and dataset do not belong together, the test split is empty, or
            the model's answers are no probabilities.
    """
    predict.check_match(model, records)
    held, trained = records_artifact.read_info(records), read_model_info(model)
    answers = predict.answer(model, records, max_mistakes=settings.max_thumbnails)
    predictions = predict.describe(answers, dataset, held.classes)
    log.event("answered", num_images=len(predictions.ids), correct=int(predictions.correct.sum()))

    champion = compare_with_champion(
        predictions, dataset=dataset, model_sha256=trained.model_sha256, settings=settings
    )
    log.event("compared", outcome=champion.outcome, detail=champion.detail)

    info = assess(
        predictions,
        champion=champion,
        model_sha256=trained.model_sha256,
        dataset_fingerprint=held.dataset_fingerprint,
        settings=settings,
    )
    log.event("decided", decision=info.decision, reasons=[c.reason for c in info.checks])

    write_info(evaluation, info)
    write_predictions(evaluation, predictions)
    decision.parent.mkdir(parents=True, exist_ok=True)
    decision.write_text(info.decision, encoding="utf-8")
    build_page(info, answers.mistakes).write(report)
    return facts_of(info)


def facts_of(info: EvaluationInfo) -> Facts:
    """Return the metadata that the pipeline UI shows."""
    first = numbers_of(info.headline)
    measured = {k: v.value for k, v in info.metrics.items() if v.value is not None}
    return {
        "metrics": {**measured, **first, "chance_level": info.chance_level}
        | {"num_images": info.num_images},
        "classification": classification_metadata(
            info.classes, info.confusion_matrix, info.roc_curve
        ),
        "evaluation": {
            "decision": info.decision,
            "reasons": " ".join(decisive_reasons(info.checks)),
            "num_images": info.num_images,
            **first,
            KEY: metadata_of(info.headline),
        },
    }
