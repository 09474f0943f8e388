"""Which pipeline a command is about, and whose settings that needs."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

from sightline.ground.errors import UserError, shorten

TRAINING = "training"
"""The pipeline that is taken when nobody names one."""
_Any = TypeVar("_Any")


@dataclass(frozen=True, slots=True)
class PipelineChoice:
    """A pipeline of `pipelines/`, and the stages that it uses."""

    name: str
    stages: tuple[str, ...]

    def only(self, by_stage: Mapping[str, _Any]) -> dict[str, _Any]:
        """Leave out what belongs to other stages."""
        return {stage: value for stage, value in by_stage.items() if stage in self.stages}

    def expect_stage(self, stage: str, override: str) -> None:
        """Refuse a value from the command line that no task of the pipeline would get.

        Raises:
            UserError: the pipeline does not use the stage.
        """
        if stage not in self.stages:
            raise UserError(
                f"--set {override}: expected a setting of a stage that pipeline {self.name} uses "
                f"({shorten(self.stages, 20)}); received one of {stage}. Leave it out, or choose "
                "another pipeline with --pipeline."
            )
