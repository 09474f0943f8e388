import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from components.evaluate import predict
from components.evaluate.advice import figures_of_folds, start_from_live
from components.evaluate.again import measure_again
from components.evaluate.champion import compare_with_champion
from components.evaluate.decision import decision_of
from components.evaluate.describe import describe
from components.evaluate.mistake_list import Row, list_mistakes, write_mistakes
from components.evaluate.own_metrics.measure import Figures, check_kind, with_own
from components.evaluate.own_metrics.required import with_required
from components.evaluate.page import build_page
from components.evaluate.pictures.cells import cells_of
from components.evaluate.pictures.chosen import Pictures, choose
from components.evaluate.pictures.explanations import Explanations, explain
from components.evaluate.pictures.show import show_pictures
from components.evaluate.robustness.measure import measure_robustness
from components.evaluate.settings import EvaluateSettings
from sightline.ground.headlines import next_steps
from sightline.ground.headlines.headline import KEY, metadata_of, numbers_of
from sightline.ground.outcome import JUDGED_MODEL, NUM_MISTAKES, TEST_SPLIT, decisive_reasons
from sightline.ground.ports import (
    Facts,
    InputArtifact,
    InputDataset,
    InputModel,
    Metadata,
    OutputArtifact,
    OutputClassification,
    OutputMetrics,
    OutputReport,
    OutputText,
)
from sightline.problems import Problem
from sightline.problems.judging import Champion, Judging, Subject
from sightline.stage import log
from sightline.stage.formats import records as records_artifact
from sightline.stage.formats.decision import write_decision
from sightline.stage.formats.evaluation import EvaluationInfo, Predictions, write_info
from sightline.stage.formats.model import read_info as read_model_info


def evaluate(
    *,
    model: InputModel,
    records: InputDataset,
    dataset: InputDataset,
    features: InputArtifact,
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
            the model's answers are unsound.
    """
    predict.check_match(model, records)
    held, trained = records_artifact.read_info(records), read_model_info(model)
    problem = predict.problem_for(model, held)
    check_kind(settings, problem)
    with records_artifact.damage_named(records):
        answers = predict.answer(model, records, features, max_mistakes=settings.max_thumbnails)
    predictions = describe(answers, dataset, held.classes, problem.judging, model)
    log.event("answered", num_images=len(predictions.ids))

    champion, live = compare_with_champion(
        predictions, problem, model, dataset=dataset, info=trained, settings=settings
    )
    log.event("compared", outcome=champion.outcome, detail=champion.detail)

    subject = Subject(
        model_sha256=trained.model_sha256, dataset_fingerprint=held.dataset_fingerprint
    )
    info = problem.judging.assess(predictions, subject=subject, champion=champion, rules=settings)
    figures = Figures.asked_for(problem.judging, settings)
    info = with_required(with_own(info, figures, predictions), settings)
    info = measured_again(info, predictions, problem, model, records, figures)
    told = {figure.name: figure.value for figure in info.headline}
    log.event("decided", decision=info.decision, reasons=[c.reason for c in info.checks], **told)
    listed = list_mistakes(predictions, answers, problem.judging)
    write_answers(evaluation, info, problem.judging, predictions, listed)
    decision.parent.mkdir(parents=True, exist_ok=True)
    decision.write_text(info.decision, encoding="utf-8")
    # What was decided is written: pictures and explanations can only add to it.
    paths = Paths(model, records, dataset, features)
    pictures = pictured(answers, predictions, problem, live, paths, settings)
    page = build_page(info, problem.judging, pictures.mistakes, listed)
    explanations = explained(pictures, model, problem.judging, settings)
    show_pictures(page, pictures, explanations, predictions, problem)
    if folds := figures_of_folds(trained, info.num_images):
        page.notice("info", folds)
    if advice := start_from_live(model, trained, champion, settings.champion):
        page.notice("info", advice)
    page.write(report)
    return facts_of(info, problem.judging, num_mistakes=len(listed))


def measured_again(
    info: EvaluationInfo,
    predictions: Predictions,
    problem: Problem,
    model: Path,
    records: Path,
    figures: Figures,
) -> EvaluationInfo:
    """Add the figures without doubted images and under changed ones, and which split this was."""
    again = measure_again(predictions, info, figures)
    robustness = measure_robustness(
        model, records, predictions, info, problem, figures, time.monotonic
    )
    more = {"again": again, "robustness": robustness, "test_split": predictions.digest}
    return info.model_copy(update=more)


def write_answers(
    evaluation: Path,
    info: EvaluationInfo,
    judging: Judging[Any],
    predictions: Predictions,
    listed: Sequence[Row],
) -> None:
    """Write what was measured and decided, every answer, and the mistakes."""
    write_info(evaluation, info)
    write_decision(evaluation, decision_of(info))
    judging.write_predictions(evaluation, predictions)
    write_mistakes(evaluation, listed)


@dataclass(frozen=True, slots=True)
class Paths:
    """Where pictures come from."""

    model: Path
    records: Path
    dataset: Path
    features: Path


def pictured(
    answers: predict.Answers,
    predictions: Predictions,
    problem: Problem,
    live: Champion | None,
    paths: Paths,
    settings: EvaluateSettings,
) -> Pictures:
    """Choose the images that the page shows."""
    return choose(
        answers.mistakes,
        predictions,
        problem,
        live,
        cells=cells_of(predictions, problem, paths.records, settings.max_thumbnails),
        model=paths.model,
        dataset=paths.dataset,
        features=paths.features,
        most=settings.max_thumbnails,
    )


def explained(
    pictures: Pictures, model: Path, judging: Judging[Any], settings: EvaluateSettings
) -> Explanations:
    """Look for what the model saw in the worst images, for as long as the settings allow."""
    return explain(
        pictures.looked_into,
        model,
        judging,
        seconds=settings.explain_seconds,
        way=settings.explain_with,
        seed=settings.seed,
        clock=time.monotonic,
    )


def facts_of(info: EvaluationInfo, judging: Judging[Any], *, num_mistakes: int) -> Facts:
    """Return the metadata that the pipeline UI shows."""
    first = numbers_of(info.headline)
    measured = {name: figure.value for name, figure in info.metrics.items()}
    return {
        "metrics": known({**measured, **first, **judging.metrics(info)})
        | {"num_images": info.num_images},
        "classification": judging.classification(info),
        "evaluation": {
            "decision": info.decision,
            "reasons": " ".join(decisive_reasons(info.checks)),
            "num_images": info.num_images,
            NUM_MISTAKES: num_mistakes,
            TEST_SPLIT: info.test_split,
            JUDGED_MODEL: info.model_sha256,
            **known(first),
            KEY: metadata_of(info.headline),
            next_steps.KEY: next_steps.metadata_of(
                judging.next_steps(info) if num_mistakes else ()
            ),
        },
    }


def known(figures: Metadata) -> Metadata:
    """Leave out what could not be measured: metadata holds no nulls."""
    return {name: value for name, value in figures.items() if value is not None}
