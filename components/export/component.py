from kfp import dsl

from sightline.package.component import stage_component

from .settings import ExportSettings


@stage_component(ExportSettings)
def export(
    model: dsl.Input[dsl.Model],
    records: dsl.Input[dsl.Dataset],
    dataset: dsl.Input[dsl.Dataset],
    evaluation: dsl.Input[dsl.Artifact],
    bundle: dsl.Output[dsl.Model],
    report: dsl.Output[dsl.HTML],
) -> None:
    """Turn a model into a servable bundle that answers like what was evaluated.

    Args:
        model: What train wrote.
        records: Training images that calibrate int8.
        dataset: The cleaned dataset: original bytes for parity and golden requests.
        evaluation: What evaluate wrote: the answers to repeat.
        bundle: SavedModel, LiteRT, labels, golden requests, parity and model card.
        report: Sizes, parity and the model card.
    """
