from dataclasses import dataclass

import pytest

from sightline.ground.outcome import decisive_reasons


@dataclass(frozen=True)
class Check:
    outcome: str
    required: float | None
    reason: str


MET = Check("passed", 0.9, "Accuracy is 0.95.")
MISSED = Check("failed", None, "The champion is better.")
MEASURED = Check("passed", None, "Macro F1 is 0.91.")


@pytest.mark.parametrize(
    ("checks", "reasons"),
    [
        ([MET, MISSED, MEASURED], (MISSED.reason,)),
        ([MET, MEASURED], (MET.reason,)),
        ([MEASURED], ()),
        ([], ()),
    ],
)
def test_what_failed_decides_and_else_what_was_required(
    checks: list[Check], reasons: tuple[str, ...]
) -> None:
    assert decisive_reasons(checks) == reasons
