from kfp import dsl

from sightline.package.component import stage_component

from .settings import TrainSettings


@stage_component(TrainSettings)
def train(
    records: dsl.Input[dsl.Dataset],
    model: dsl.Output[dsl.Model],
    metrics: dsl.Output[dsl.Metrics],
    report: dsl.Output[dsl.HTML],
) -> None:
    """Train a model on the records.

    Args:
        records: What preprocess wrote.
        model: The Keras model, its class list, contract, history and logs.
        metrics: Training and validation figures.
        report: The recipe, why it was chosen, and the curves.
    """
