from kfp import dsl

from sightline.package.component import container


@dsl.container_component
def evaluate(
    model: dsl.Input[dsl.Model],
    records: dsl.Input[dsl.Dataset],
    dataset: dsl.Input[dsl.Dataset],
    evaluation: dsl.Output[dsl.Artifact],
    metrics: dsl.Output[dsl.Metrics],
    classification: dsl.Output[dsl.ClassificationMetrics],
    decision: dsl.OutputPath(str),
    report: dsl.Output[dsl.HTML],
    min_accuracy: float = 0.5,
    min_class_recall: float = 0.0,
    min_class_support: int = 10,
    max_calibration_error: float = 1.0,
    beat_chance: bool = True,
    champion: str = "",
    max_accuracy_drop: float = 0.0,
    confidence_level: float = 0.95,
    bootstrap_samples: int = 1000,
    max_thumbnails: int = 24,
    seed: int = 7,
) -> dsl.ContainerSpec:
    """Measure a model on the untouched test split, and decide: deploy or hold.

    Args:
        model: What train wrote.
        records: What preprocess wrote; only the test split is read.
        dataset: The cleaned dataset: original bytes of the test images, for the champion.
        evaluation: evaluation.json and one row of predictions per test image.
        metrics: The headline figures.
        classification: Confusion matrix and ROC curve.
        decision: deploy or hold.
        report: Figures, pictures and the decision with its reasons.
        min_accuracy: Smallest test accuracy to deploy.
        min_class_recall: Smallest recall of any class with at least `min_class_support` test images
            to deploy.
        min_class_support: Test images that a class needs before its recall is held against the
            model.
        max_calibration_error: Largest expected calibration error to deploy; 1 accepts any.
        beat_chance: Hold a model whose interval of accuracy does not lie above naming the most
            common class.
        champion: Model folder whose live version the new model must not lose against; empty: no
            comparison.
        max_accuracy_drop: How far accuracy may lie below the champion's, on the same test images,
            before a hold.
        confidence_level: Level of every interval.
        bootstrap_samples: Resamples behind each bootstrap interval.
        max_thumbnails: Most confident mistakes shown in the report.
        seed: Seed of the resampling.
    """
    return container("components.evaluate")
