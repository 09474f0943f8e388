from kfp import dsl

from sightline.package.component import stage_component

from .settings import PreprocessSettings


@stage_component(PreprocessSettings)
def preprocess(
    dataset: dsl.Input[dsl.Dataset],
    records: dsl.Output[dsl.Dataset],
    report: dsl.Output[dsl.HTML],
) -> None:
    """Split once and resize once, into training records and the preprocessing contract.

    Args:
        dataset: The cleaned dataset.
        records: TFRecord shards per split, and records.json with the preprocessing contract.
        report: The splits, and images before and after.
    """
