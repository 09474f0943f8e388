from typing import ClassVar

from ..train.settings import TrainSettings  # decision 0017: two names
from .search_settings import SearchSettings


class TuneSettings(SearchSettings, TrainSettings):
    """What is searched, and train's settings, from which every trial begins."""

    uses_gpu: ClassVar[bool] = False
    uses_shared_memory: ClassVar[bool] = False
    borrowed: ClassVar = {"train": TrainSettings}
