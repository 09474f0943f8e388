"""`decision.json` of the evaluation artifact: every rule, what came of it, and what it led to."""

from pathlib import Path
from typing import Literal

from sightline.stage.formats.evaluation import Check, Comparison, Decision, Part, Verdict
from sightline.stage.formats.schema import read_as, write_document

SCHEMA = "sightline.decision"
VERSION = 1
FILE = "decision.json"

Code = Literal[
    "rule_failed",
    "no_comparison",
    "worse_than_champion",
    "equal_held",
    "part_worse_than_champion",
    "no_champion",
    "champion_itself",
    "better_than_champion",
    "equal_deployed",
]
"""What led to the decision, for programs: the first five hold a model, the others deploy it."""


class DecisionInfo(Part):
    """What `decision.json` says."""

    decision: Decision
    code: Code
    because: tuple[str, ...]
    """The reasons of the rules that held the model, or of those that it met."""
    outcome: Verdict | None
    """Of the comparison with the live model; None without one."""
    rules: tuple[Check, ...]
    """Every rule: required, received, passed, failed, not judged or not asked, and why."""
    champion: Comparison
    """Both models on the same images, and what the rules cost there."""
    num_images: int
    model_sha256: str
    dataset_fingerprint: str


def write_decision(folder: Path, info: DecisionInfo) -> None:
    """Write `decision.json`."""
    write_document(folder / FILE, SCHEMA, VERSION, info.model_dump(mode="json"))


def read_decision(folder: Path) -> DecisionInfo:
    """Read `decision.json`.

    Raises:
        DataError: there is none, it has another schema version, or parts of it are missing.
    """
    return read_as(folder / FILE, SCHEMA, VERSION, DecisionInfo, remedy="Run evaluate again.")
