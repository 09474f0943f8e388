from typing import Literal, Self

from pydantic import Field, model_validator

from sightline.ground.errors import shorten
from sightline.ground.settings import LocationText, StageSettings, location

ScheduleName = Literal["cosine", "exponential", "step", "plateau", "constant"]


class LearningSettings(StageSettings):
    """How fast the weights of any recipe move."""

    learning_rate: float = Field(default=0.001, gt=0)
    """Peak learning rate of the head, or of a network that is trained from scratch."""
    find_learning_rate: bool = False
    """Whether to look for the rate of the first phase instead of taking learning_rate: it rises for 120 steps from a millionth to 1, and a tenth of the one with the lowest loss is taken. A live model's own layers keep their careful rates."""
    schedule: ScheduleName = "cosine"
    """How the rate falls after the warm-up: by half a cosine to nothing, exponentially to a hundredth, to a tenth after each third (step), to half where the validation loss stays for a third of patience (plateau), or not at all."""
    warmup_epochs: int = Field(default=1, ge=0)
    """Epochs in which the rate of a phase rises from a tenth to its peak; at most half of the phase."""
    clip_norm: float = Field(default=0.0, ge=0)
    """Largest norm of all gradients of a step together; 0 leaves them as they are."""
    weight_decay: float = Field(default=0.0001, ge=0)
    """Weight decay of the optimiser."""


class CostSettings(StageSettings):
    """What wrong answers cost, by which thresholds are chosen on validation images."""

    miss_cost: float = Field(default=1.0, gt=0, allow_inf_nan=False)
    """Problems binary and multi_label: what it costs not to give a name that is true. Where it differs from false_alarm_cost, thresholds are chosen by cost on validation images instead of 0.5."""
    false_alarm_cost: float = Field(default=1.0, gt=0, allow_inf_nan=False)
    """Problems binary and multi_label: what it costs to give a name that is not true, in the same unit as miss_cost."""
    rejection_cost: float = Field(default=0.0, ge=0, lt=1)
    """Problem classification: what it costs to leave an image to a person, as a share of what a wrong answer costs; answers that are too unsure to pay are marked as rejected. 0 rejects none."""
    cost_table: LocationText = Field(default="", json_schema_extra=location("read"))
    """Problems classification and binary: CSV, YAML or JSON file, a path or a URI, that says what each answered class (column) costs by each true class (row), and in a column rejected what it costs to leave an image to a person. Answers are then those of least expected cost. It stands in place of the other costs."""

    @model_validator(mode="after")
    def _costs_are_said_once(self) -> Self:
        others = [
            name
            for name in ("miss_cost", "false_alarm_cost", "rejection_cost")
            if getattr(self, name) != CostSettings.model_fields[name].default
        ]
        if self.cost_table and others:
            raise ValueError(
                f"cost_table beside {shorten(others)}: expected costs in one place, received two. "
                "Write them into the table, or leave the table out"
            )
        return self


class FineTuneSettings(StageSettings):
    """How far and how fast a backbone is trained after its head."""

    fine_tune_stages: int = Field(default=2, ge=1, le=20)
    """From the top down: each stage lets `fine_tune_layers` more layers learn, as long as the validation loss falls."""
    fine_tune_layers: int = Field(default=30, ge=1)
    """How many of the backbone's last layers the first stage of fine_tune trains, and how many more each further one."""
    fine_tune_epochs: int = Field(default=10, ge=1)
    """Most epochs of each stage of fine-tuning."""
    fine_tune_learning_rate: float = Field(default=0.00002, gt=0)
    """Peak learning rate of the head while fine-tuning; layers below it learn slower."""
    fine_tune_lowest_rate: float = Field(default=0.1, gt=0, le=1)
    """Share of that rate at the backbone's first layer; from there it rises evenly to the head. 1 is the same rate for all."""
    negative_transfer_margin: float = Field(default=0.1, ge=0)
    """Fine-tuning ends, and what was there before it is kept, where the validation loss of its first two epochs is worse than before by more than this share."""
