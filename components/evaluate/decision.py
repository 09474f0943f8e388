"""What was decided and what led to it: said once, for the file and for the page."""

from sightline.ground.outcome import decisive_reasons
from sightline.stage.formats.decision import Code, DecisionInfo
from sightline.stage.formats.evaluation import EvaluationInfo

WITHOUT: dict[str, Code] = {
    "none": "no_champion",
    "same model": "champion_itself",
    "failed": "no_comparison",
}
"""Outcomes of a comparison that compared nothing."""


def decision_of(info: EvaluationInfo) -> DecisionInfo:
    """Gather the rules, the comparison and the decision."""
    return DecisionInfo(
        decision=info.decision,
        code=_code(info),
        because=decisive_reasons(info.checks),
        outcome=info.champion.verdict,
        rules=info.checks,
        champion=info.champion,
        num_images=info.num_images,
        model_sha256=info.model_sha256,
        dataset_fingerprint=info.dataset_fingerprint,
    )


def _code(info: EvaluationInfo) -> Code:
    """Name what led to the decision: of several failed rules the first, as the table has them."""
    failed = [check.name for check in info.checks if check.outcome == "failed"]
    if failed and failed[0] not in ("champion", "parts"):
        return "rule_failed"
    if info.champion.outcome in WITHOUT:
        return WITHOUT[info.champion.outcome]
    if "champion" in failed:
        return "worse_than_champion" if info.champion.verdict == "worse" else "equal_held"
    if "parts" in failed:
        return "part_worse_than_champion"
    return "better_than_champion" if info.champion.verdict == "better" else "equal_deployed"
