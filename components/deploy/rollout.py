"""Roll a bundle out at any target: plan, apply, smoke-test, move traffic in steps, or take back."""

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Literal

from components.deploy.comparison import Judgement, judge
from components.deploy.settings import DeploySettings
from components.deploy.target import Bundle, Deployed, Observation, Plan, SmokeTest, Target
from sightline.ground.errors import DataError, UserError
from sightline.stage import log
from sightline.stage.clock import timestamp

POLL_SECONDS = 0.5
"""How often both versions are looked at."""
DRY_RUN = "This was a dry run (deploy.dry_run): nothing was changed."
STOPPED = "The deployment was stopped."
Name = Literal["plan", "apply", "smoke test", "traffic", "compare", "live", "take back"]
Result = Literal["done", "failed", "left out"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing that happened, for `deployment.json` and the page."""

    time: str
    step: Name
    result: Result
    text: str
    share: float | None = None
    """Share of the requests from here on, where it was moved."""


@dataclass(slots=True, kw_only=True)
class Rollout:
    """What a deployment did, step by step."""

    plan: Plan
    steps: list[Step] = field(default_factory=list)
    smoke: SmokeTest | None = None
    """None where nothing had to be tested."""
    observation: Observation | None = None
    """What both versions did in the last step; None without a canary."""
    changed: bool = False
    held_back: str = ""
    """Why the bundle did not go live; empty if it did or was live before."""
    deployed: Deployed | None = None
    """What is live afterwards."""

    def say(
        self,
        step: Name,
        text: str,
        result: Result = "done",
        share: float | None = None,
    ) -> None:
        """Note what happened, in the log as well."""
        self.steps.append(Step(time=timestamp(), step=step, result=result, text=text, share=share))
        log.event(step, result=result, text=text)


def planned(target: Target, bundle: Bundle, settings: DeploySettings) -> Rollout:
    """Say what would be done, and change nothing."""
    plan = target.plan(bundle)
    rollout = Rollout(plan=plan, held_back=plan.reason or (DRY_RUN if plan.changes else ""))
    for sentence in sentences(plan, settings):
        rollout.say("plan", sentence, "left out")
    return rollout


def sentences(plan: Plan, settings: DeploySettings) -> tuple[str, ...]:
    """Say what a plan does, a sentence a line."""
    if plan.verdict == "live already":
        return (f"Nothing: this bundle is live already as version {plan.version}.",)
    if plan.verdict == "held back":
        return (f"Nothing. {plan.reason}",)
    moves = [
        f"Give version {plan.version} {share:.0%} of the requests for "
        f"{settings.canary_wait_seconds:g} seconds and {settings.canary_requests:,} requests, "
        "and compare errors, latency and answers."
        for share in shares(settings)
    ]
    smoke = f"Ask version {plan.version} its golden requests."
    before = f" in place of version {plan.live}" if plan.live else ""
    return (*plan.actions, smoke, *moves, f"Make it live{before}.", *plan.endings)


def shares(settings: DeploySettings) -> tuple[float, ...]:
    """Return the shares of the requests that a new version gets before all of them."""
    first, steps = settings.canary_share, settings.canary_steps
    if not first:
        return ()
    return tuple(first + (1 - first) * step / steps for step in range(steps))


def roll_out(
    target: Target,
    bundle: Bundle,
    settings: DeploySettings,
    *,
    sleep: Callable[[float], object] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> Rollout:
    """Put a bundle live, unless it is, was taken back, or does not stand the comparison.

    Raises:
        DataError: the bundle is damaged or fails its smoke test; what is live stays.
    """
    with target.held():
        rollout = Rollout(plan=target.plan(bundle))
        plan = rollout.plan
        if not plan.changes:
            rollout.held_back = plan.reason
            rollout.say("plan", sentences(plan, settings)[0], "left out")
            rollout.deployed = target.finish()
            return rollout
        version = target.apply(bundle, plan)
        rollout.say("apply", " ".join(plan.actions))
        _smoke_test(target, bundle, version, rollout)
        steps = shares(settings)
        if steps and (reason := target.no_canary(version)):
            log.warning(f"No canary: {reason} Version {version} went live at once.")
            rollout.say("traffic", f"No canary: {reason}", "left out")
            steps = ()
        if not steps:
            _go_live(target, version, rollout)
            return rollout
    try:
        with_canary = _Canary(target, settings, rollout, sleep, clock)
        passed = all(with_canary.stands(version, share) for share in steps)
    except BaseException:
        with suppress(UserError), target.held():
            target.take_back(version, STOPPED, failed=False)
        raise
    with target.held():
        if passed:
            _go_live(target, version, rollout)
        else:
            rollout.deployed = target.finish()
    return rollout


def _smoke_test(target: Target, bundle: Bundle, version: int, rollout: Rollout) -> None:
    try:
        found = rollout.smoke = target.smoke_test(bundle, version)
    except DataError:
        target.clear(version, "It failed its smoke test.", failed=True)
        raise
    except BaseException:
        target.clear(version, STOPPED, failed=False)
        raise
    rollout.say(
        "smoke test",
        f"Version {version} repeated its {found.num_requests:,} golden answers; the largest "
        f"difference is {found.max_difference:.6f}.",
    )


def _go_live(target: Target, version: int, rollout: Rollout) -> None:
    target.move_traffic(version, 1.0)
    rollout.changed = True
    rollout.say("live", f"Version {version} answers all requests.", share=1.0)
    rollout.deployed = target.finish()


@dataclass(frozen=True, slots=True)
class _Canary:
    """A version that answers a share of the requests, and may lose it."""

    target: Target
    settings: DeploySettings
    rollout: Rollout
    sleep: Callable[[float], object]
    clock: Callable[[], float]

    def stands(self, version: int, share: float) -> bool:
        """Give it a share, wait, compare; take it back where it fails."""
        with self.target.held():
            self.target.move_traffic(version, share)
        self.rollout.say(
            "traffic", f"Version {version} gets {share:.0%} of the requests.", share=share
        )
        found = self._wait(version)
        self.rollout.say(
            "compare", " ".join(found.findings), "done" if found.outcome == "passed" else "failed"
        )
        if found.outcome == "passed":
            return True
        failed = found.outcome == "failed"
        reason = self._reason(version, found)
        with self.target.held():
            self.target.take_back(version, reason, failed=failed)
        log.warning(reason)
        self.rollout.held_back = reason
        self.rollout.say("take back", reason, share=0.0)
        return False

    def _wait(self, version: int) -> Judgement:
        """Look at both versions until the step has lasted and was judged; failure ends it early."""
        began = self.clock()
        while True:
            seen = self.rollout.observation = self.target.observe(version)
            found = judge(seen, self.settings)
            waited = self.clock() - began
            if found.outcome == "failed":
                return found
            if found.outcome == "passed" and waited >= self.settings.canary_wait_seconds:
                return found
            if waited >= max(
                self.settings.canary_timeout_seconds, self.settings.canary_wait_seconds
            ):
                return found
            self.sleep(min(POLL_SECONDS, self.settings.canary_wait_seconds))

    def _reason(self, version: int, found: Judgement) -> str:
        told = " ".join(found.findings)
        if self.rollout.observation and self.rollout.observation.problem:
            return told
        command = self.target.promote_command(version)
        by_hand = f" To put it live all the same: {command}." if command else ""
        if found.outcome == "failed":
            return f"Version {version} was rolled back under canary: {told}{by_hand}"
        return (
            f"Version {version} waits as challenger: {told} Deploy it again with more time "
            f"(deploy.canary_timeout_seconds).{by_hand}"
        )
