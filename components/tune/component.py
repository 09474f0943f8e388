from kfp import dsl

from sightline.package.component import stage_component

from .settings import TuneSettings


@stage_component(TuneSettings)
def tune(
    records: dsl.Input[dsl.Dataset],
    features: dsl.Input[dsl.Artifact],
    best: dsl.Output[dsl.Artifact],
    tuned: dsl.OutputPath(str),
    metrics: dsl.Output[dsl.Metrics],
    report: dsl.Output[dsl.HTML],
) -> None:
    """Search the settings of train that give the lowest validation loss.

    Args:
        records: What preprocess wrote; the test split is not read.
        features: What label_check wrote: a frozen backbone's features of the same images.
        best: The best settings, their figures, and every trial with its journal.
        tuned: The settings that train takes in place of its own, as JSON.
        metrics: Validation loss of the best trial and of train's own settings, and trials done.
        report: Every trial, the best so far, what mattered, and which range to widen.
    """
