from kfp import dsl

from sightline.package.component import stage_component

from .settings import LabelCheckSettings


@stage_component(LabelCheckSettings)
def label_check(
    dataset: dsl.Input[dsl.Dataset],
    cleaned: dsl.Output[dsl.Dataset],
    findings: dsl.Output[dsl.Artifact],
    report: dsl.Output[dsl.HTML],
) -> None:
    """Tell whether a dataset is worth training on, and clean it.

    Args:
        dataset: What ingest wrote.
        cleaned: The dataset without what was found unusable.
        findings: Every finding with severity, counts, ids and remedy.
        report: The findings with thumbnails.
    """
