"""May a new version that shares the traffic go on? What it did, beside the live one."""

from dataclasses import dataclass
from typing import Literal

from components.deploy.settings import DeploySettings
from components.deploy.target import Observation

NOISE_SECONDS = 0.02
"""By how much medians differ where a machine is busy, whatever answers."""
Outcome = Literal["passed", "failed", "too few requests"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What the comparison says after a step, or in the middle of one."""

    outcome: Outcome
    findings: tuple[str, ...]
    """A sentence for each figure that was compared, those that failed first."""


def judge(seen: Observation, settings: DeploySettings) -> Judgement:
    """Compare errors, latency and answers of two versions, as far as they were measured."""
    if seen.problem:
        return Judgement(outcome="failed", findings=(seen.problem,))
    found = seen.challenger
    if found.requests < settings.canary_requests:
        text = f"It got {found.requests:,} of {settings.canary_requests:,} requests."
        return Judgement(outcome="too few requests", findings=(text,))
    checked = (_errors(seen, settings), _latency(seen, settings), _agreement(seen, settings))
    failed = tuple(text for good, text in checked if not good)
    passed = tuple(text for good, text in checked if good)
    return Judgement(outcome="failed" if failed else "passed", findings=failed + passed)


def _errors(seen: Observation, settings: DeploySettings) -> tuple[bool, str]:
    new, old = seen.challenger, seen.live
    allowed = old.error_share + settings.max_canary_errors
    text = (
        f"{new.errors:,} of its {new.requests:,} requests failed; of the live version's "
        f"{old.requests:,} requests {old.errors:,} did, and {allowed:.1%} is allowed."
    )
    return new.error_share <= allowed, text


def _latency(seen: Observation, settings: DeploySettings) -> tuple[bool, str]:
    new, old = seen.challenger.seconds, seen.live.seconds
    if new is None or not old:
        return True, "How long answers took was not compared: too few were measured."
    most = settings.max_canary_latency_ratio
    text = (
        f"Its answers take {1000 * new:,.0f} ms, {new / old:.1f} times the live version's "
        f"{1000 * old:,.0f} ms; {most:g} times is allowed."
    )
    return new <= max(most * old, old + NOISE_SECONDS), text


def _agreement(seen: Observation, settings: DeploySettings) -> tuple[bool, str]:
    if not seen.compared:
        return True, "Whether both give the same answers was not compared: none were asked of both."
    differing = seen.compared - seen.agreed
    most = settings.max_canary_disagreement
    text = (
        f"Both answered {seen.compared:,} images, {differing:,} of them differently "
        f"({differing / seen.compared:.1%}); {most:.1%} is allowed."
    )
    return differing <= most * seen.compared, text
