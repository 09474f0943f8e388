from kfp import dsl

from sightline.package.component import stage_component

from .settings import BalanceSettings


@stage_component(BalanceSettings)
def balance(
    dataset: dsl.Input[dsl.Dataset],
    balanced: dsl.Output[dsl.Dataset],
) -> None:
    """Leave out images of classes that are too common.

    Args:
        dataset: The cleaned dataset.
        balanced: The dataset with as many images of each class as the rarest allows.
    """
