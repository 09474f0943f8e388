from kfp import dsl

from sightline.package.component import stage_component

from .settings import BackboneSettings, TrainSettings


@stage_component(BackboneSettings)
def backbone(
    extractor: dsl.Output[dsl.Artifact],
) -> None:
    """Make the frozen backbone ready for LiteRT, or say why there is none.

    Args:
        extractor: From pixels to features, as a LiteRT model, and which pixels it takes.
    """


@stage_component(TrainSettings)
def train(
    records: dsl.Input[dsl.Dataset],
    features: dsl.Input[dsl.Artifact],
    model: dsl.Output[dsl.Model],
    metrics: dsl.Output[dsl.Metrics],
    report: dsl.Output[dsl.HTML],
    tuned: str = "",
) -> None:
    """Train a model on the records.

    Args:
        records: What preprocess wrote.
        features: What label_check wrote: a frozen backbone's features of the same images.
        model: The Keras model, its class list, contract, history and logs.
        metrics: Training and validation figures.
        report: The recipe, why it was chosen, and the curves.
        tuned: Settings that tune found, as JSON; they take the place of train's own.
    """
