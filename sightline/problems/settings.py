"""The settings that choose a kind of problem and say what it has to know."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from sightline.ground.problems import FIRST_KIND
from sightline.ground.settings import StageSettings
from sightline.ground.source.words import clean_word
from sightline.problems.names import problem_names


def _known(name: str) -> str:
    if name not in problem_names():
        raise PydanticCustomError("literal_error", "Input should be a kind of problem")
    return name


ProblemName = Annotated[
    str,
    AfterValidator(_known),
    WithJsonSchema({"type": "string", "enum": list(problem_names())}),
]


class ProblemSettings(StageSettings):
    """What is to be learned about an image."""

    problem: ProblemName = FIRST_KIND
    """What is to be learned about an image; every stage reads it from the data."""
    positive_class: str = ""
    """Class whose probability is answered, of the two of problem binary; empty takes the one that its name tells, such as defect or yes, else the one with fewer training images."""
    value_name: str = Field(default="", max_length=60)
    """What the number of an image is, such as red cells, where numbers are learned; pages and answers say it."""
    value_unit: str = Field(default="", max_length=30)
    """Unit of the numbers, such as mm; pages and answers say it, and it may stand behind each number."""
    value_tolerance: float = Field(default=0.0, ge=0, allow_inf_nan=False)
    """An answer that is off by no more counts as right, in the unit of the numbers; 0 takes a tenth of the training images' standard deviation."""
    decimal_mark: Literal["auto", "point", "comma"] = "auto"
    """What parts the decimals of numbers in a table; auto takes either, and refuses 1,234, which may be both."""

    @property
    def about(self) -> dict[str, Any]:
        """What the kind of problem is told about the images together: what was set."""
        told = {
            "positive_class": clean_word(self.positive_class),
            "name": self.value_name.strip(),
            "unit": self.value_unit.strip(),
            "tolerance": self.value_tolerance,
            "decimal_mark": "" if self.decimal_mark == "auto" else self.decimal_mark,
        }
        return {name: value for name, value in told.items() if value}
