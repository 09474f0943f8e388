"""Conditions of a compiled pipeline: equality of a parameter and a constant, nothing else."""

import json
import re
from dataclasses import dataclass

from sightline.ground.errors import UserError

Literal = str | int | float | bool

# What kfp's compiler writes for `dsl.If(channel == constant)`. Text stands between single
# quotes without any escape, so a quote inside it could not be told from its end.
EQUALITY = re.compile(
    r"^(?:(?:int|float)\()?inputs\.parameter_values\['(?P<name>[^']+)'\]\)?"
    r" == (?P<literal>'[^']*'|true|false|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)$",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Condition:
    """A parameter must equal a constant."""

    parameter: str
    expected: Literal

    def holds(self, value: object) -> bool:
        """Tell whether a value is the expected one; `1` is not `true`, but `1.0` is `1`."""
        if isinstance(self.expected, bool) or isinstance(value, bool):
            return value is self.expected
        return value == self.expected


def parse_condition(text: str, task: str) -> Condition:
    """Read the condition of a task or group.

    Raises:
        UserError: it is anything else than one equality with a constant.
    """
    match = EQUALITY.match(text)
    if match is None:
        raise UserError(
            f"{task}: condition `{text}` cannot run here. Expected one equality of a parameter "
            "with a text without quotes, a number or true/false, such as dsl.If(decision == "
            "'deploy'). Let a task compute the decision, or run this pipeline on a cluster."
        )
    literal = match["literal"]
    expected = literal[1:-1] if literal.startswith("'") else json.loads(literal)
    return Condition(match["name"], expected)
