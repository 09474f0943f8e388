from kfp import dsl

from sightline.package.component import stage_component

from .settings import EvaluateSettings


@stage_component(EvaluateSettings)
def evaluate(
    model: dsl.Input[dsl.Model],
    records: dsl.Input[dsl.Dataset],
    dataset: dsl.Input[dsl.Dataset],
    features: dsl.Input[dsl.Artifact],
    evaluation: dsl.Output[dsl.Artifact],
    metrics: dsl.Output[dsl.Metrics],
    classification: dsl.Output[dsl.ClassificationMetrics],
    decision: dsl.OutputPath(str),
    report: dsl.Output[dsl.HTML],
) -> None:
    """Measure a model on the untouched test split, and decide: deploy or hold.

    Args:
        model: What train wrote.
        records: What preprocess wrote; only the test split is read.
        dataset: The cleaned dataset: original bytes of the test images, for the champion.
        features: What label_check wrote: a frozen backbone's features of the same images.
        evaluation: evaluation.json and one row of predictions per test image.
        metrics: The headline figures.
        classification: Confusion matrix and ROC curve.
        decision: deploy or hold.
        report: Figures, pictures and the decision with its reasons.
    """
