from kfp import dsl

from sightline.package.component import stage_component

from .settings import LabelCheckSettings


@stage_component(LabelCheckSettings)
def label_check(
    dataset: dsl.Input[dsl.Dataset],
    extractor: dsl.Input[dsl.Artifact],
    cleaned: dsl.Output[dsl.Dataset],
    features: dsl.Output[dsl.Artifact],
    findings: dsl.Output[dsl.Artifact],
    report: dsl.Output[dsl.HTML],
) -> None:
    """Tell whether a dataset is worth training on, and clean it.

    Args:
        dataset: What ingest wrote.
        extractor: What the task backbone made.
        cleaned: The dataset without what was found unusable.
        features: What the backbone sees in each image of the cleaned dataset.
        findings: Every finding with severity, counts, ids and remedy.
        report: The findings with thumbnails.
    """
