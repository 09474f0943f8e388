"""A new version gets the traffic step by step, and loses it where it does worse."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from components.deploy.rollout import Rollout, planned, roll_out, sentences, shares
from components.deploy.settings import DeploySettings
from components.deploy.target import Bundle, Counts, Observation
from sightline.ground.errors import DataError
from tests.bundles import bundle_info
from tests.components.deploy.fake_target import STEADY, FakeTarget

FEW = replace(STEADY, challenger=Counts(requests=3), compared=0, agreed=0)


def settings(**given: object) -> DeploySettings:
    canary = {"canary_share": 0.1, "canary_wait_seconds": 10}
    return DeploySettings.model_validate({"folder": "there", **canary, **given})


class Clock:
    """Time that passes while somebody sleeps."""

    now = 0.0

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def __call__(self) -> float:
        return self.now


def rolled_out(chosen: DeploySettings, **behaviour: Any) -> tuple[FakeTarget, Rollout, Clock]:
    target, clock = FakeTarget(chosen, **behaviour), Clock()
    bundle = Bundle(Path("bundle"), bundle_info("new"))
    done = roll_out(target, bundle, chosen, sleep=clock.sleep, clock=clock)
    return target, done, clock


def test_without_a_canary_a_version_is_live_at_once() -> None:
    target, done, clock = rolled_out(settings(canary_share=0))

    assert target.calls == ["apply", 1.0]
    assert [step.step for step in done.steps] == ["apply", "smoke test", "live"]
    assert (done.changed, done.held_back, clock.now) == (True, "", 0)


def test_the_share_grows_in_steps_each_of_which_is_waited_for_and_compared() -> None:
    target, done, clock = rolled_out(settings(canary_steps=3))

    assert target.calls == ["apply", 0.1, 0.4, 0.7, 1.0]
    assert clock.now == 30
    assert [step.share for step in done.steps if step.step in ("traffic", "live")] == (
        pytest.approx([0.1, 0.4, 0.7, 1.0])
    )
    assert "20 images, 0 of them differently" in next(
        step.text for step in done.steps if step.step == "compare"
    )


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (
            {"challenger": Counts(requests=20, errors=2, seconds=0.01)},
            "2 of its 20 requests failed",
        ),
        (
            {"challenger": Counts(requests=20, seconds=0.04)},
            "Its answers take 40 ms, 4.0 times the live version's 10 ms; 2 times is allowed.",
        ),
        ({"agreed": 2}, "Both answered 20 images, 18 of them differently (90.0%); 30.0%"),
        ({"problem": "Version 4 does not load."}, "does not load"),
    ],
    ids=["errors", "slow", "other answers", "does not load"],
)
def test_a_version_that_does_not_stand_the_comparison_is_rolled_back_at_once(
    wrong: dict[str, Any], words: str
) -> None:
    target, done, clock = rolled_out(settings(), seen=[FEW, replace(STEADY, **wrong)])

    assert target.calls == ["apply", 0.1, ("take back", True)]
    assert ("rolled back under canary" in done.held_back) == ("problem" not in wrong)
    assert words in done.held_back
    assert (done.changed, target.live, clock.now) == (False, 3, 0.5)


def test_errors_of_the_live_version_are_allowed_to_the_new_one() -> None:
    both = Counts(requests=100, errors=50, seconds=0.01)

    _, done, _ = rolled_out(settings(), seen=[replace(STEADY, live=both, challenger=both)])

    assert done.changed


def test_a_few_milliseconds_are_the_noise_of_a_machine() -> None:
    live, new = Counts(requests=20, seconds=0.002), Counts(requests=20, seconds=0.02)

    _, done, _ = rolled_out(settings(), seen=[replace(STEADY, live=live, challenger=new)])

    assert done.changed


def test_what_was_not_measured_is_said_and_passes() -> None:
    seen = Observation(live=Counts(), challenger=Counts(requests=20))

    _, done, _ = rolled_out(settings(), seen=[seen])

    told = " ".join(step.text for step in done.steps)
    assert done.changed
    assert "How long answers took was not compared" in told
    assert "same answers was not compared" in told


def test_too_few_requests_leave_the_version_as_challenger() -> None:
    target, done, clock = rolled_out(settings(canary_timeout_seconds=15), seen=[FEW])

    assert target.calls == ["apply", 0.1, ("take back", False)]
    assert "It got 3 of 20 requests." in done.held_back
    assert "To put it live all the same: promote 4." in done.held_back
    assert clock.now == 15


def test_where_no_traffic_can_be_split_the_version_goes_live_and_that_is_said() -> None:
    target, done, _ = rolled_out(settings(), no_canary="no server of the folder answers.")

    assert target.calls == ["apply", 1.0]
    assert ("traffic", "left out", "No canary: no server of the folder answers.") in [
        (step.step, step.result, step.text) for step in done.steps
    ]


def test_a_failed_smoke_test_leaves_nothing_behind() -> None:
    chosen = settings()
    target = FakeTarget(chosen, is_wrong=True)

    with pytest.raises(DataError, match="wrong answers"):
        roll_out(target, Bundle(Path("bundle"), bundle_info("new")), chosen)

    assert target.calls == ["apply", ("clear", True)]


def test_a_smoke_test_that_is_stopped_says_nothing_against_the_version() -> None:
    chosen = settings()
    target = FakeTarget(chosen, is_stopped=True)

    with pytest.raises(KeyboardInterrupt):
        roll_out(target, Bundle(Path("bundle"), bundle_info("new")), chosen)

    assert target.calls == ["apply", ("clear", False)]


def test_a_deployment_that_is_stopped_gives_the_traffic_back() -> None:
    chosen = settings()
    target = FakeTarget(chosen, seen=[KeyboardInterrupt()])

    with pytest.raises(KeyboardInterrupt):
        roll_out(target, Bundle(Path("bundle"), bundle_info("new")), chosen)

    assert target.calls[-1] == ("take back", False)


def test_a_dry_run_says_everything_and_asks_for_nothing() -> None:
    chosen = settings(canary_steps=2)
    target = FakeTarget(chosen)

    done = planned(target, Bundle(Path("bundle"), bundle_info("new")), chosen)

    compared = (
        "of the requests for 10 seconds and 20 requests, and compare errors, latency and answers."
    )
    assert target.calls == []
    assert sentences(done.plan, chosen) == tuple(step.text for step in done.steps)
    assert [step.text for step in done.steps] == [
        "Copy it.",
        "Ask version 4 its golden requests.",
        f"Give version 4 10% {compared}",
        f"Give version 4 55% {compared}",
        "Make it live in place of version 3.",
        "Remove version 1.",
    ]


def test_shares_grow_evenly_to_all_of_the_requests() -> None:
    assert shares(settings(canary_steps=2, canary_share=0.5)) == (0.5, 0.75)
    assert shares(settings(canary_share=0)) == ()
