"""A place to deploy to that remembers what was asked of it, and does as it is told."""

from collections.abc import Sequence
from typing import Any

from components.deploy.settings import DeploySettings
from components.deploy.target import Bundle, Counts, Deployed, Observation, Plan, SmokeTest, Target
from sightline.ground.errors import DataError

STEADY = Observation(
    live=Counts(requests=180, seconds=0.01),
    challenger=Counts(requests=20, seconds=0.01),
    compared=20,
    agreed=20,
)


class FakeTarget(Target):
    """Version 4 in place of version 3."""

    def __init__(
        self,
        settings: DeploySettings,
        *,
        seen: Sequence[Observation | BaseException] = (STEADY,),
        is_wrong: bool = False,
        is_stopped: bool = False,
        no_canary: str = "",
    ) -> None:
        super().__init__(settings)
        self.calls: list[Any] = []
        self._seen, self._is_wrong, self._reason = list(seen), is_wrong, no_canary
        self._is_stopped, self.live = is_stopped, 3

    def promote_command(self, version: int) -> str:
        return f"promote {version}"

    def plan(self, bundle: Bundle) -> Plan:
        actions, endings = ("Copy it.",), ("Remove version 1.",)
        return Plan(
            verdict="deploy", place="there", version=4, live=3, actions=actions, endings=endings
        )

    def apply(self, bundle: Bundle, plan: Plan) -> int:
        self.calls.append("apply")
        return plan.version

    def smoke_test(self, bundle: Bundle, version: int) -> SmokeTest:
        if self._is_stopped:
            raise KeyboardInterrupt
        if self._is_wrong:
            raise DataError("Smoke test: wrong answers.")
        return SmokeTest(num_requests=8, engine="litert", max_difference=0.0)

    def no_canary(self, version: int) -> str:
        return self._reason

    def move_traffic(self, version: int, share: float) -> None:
        self.calls.append(round(share, 3))
        self.live = version if share == 1 else self.live

    def observe(self, version: int) -> Observation:
        seen = self._seen.pop(0) if len(self._seen) > 1 else self._seen[0]
        if isinstance(seen, BaseException):
            raise seen
        return seen

    def take_back(self, version: int, reason: str, *, failed: bool) -> None:
        self.calls.append(("take back", failed))

    def clear(self, version: int, reason: str, *, failed: bool) -> None:
        self.calls.append(("clear", failed))

    def finish(self) -> Deployed:
        return Deployed(
            place="there",
            version=self.live,
            live_since=None,
            model_name="flowers",
            model_sha256="0" * 64,
            bundle_digest="1" * 64,
        )

    def undeploy(self, model: str = "") -> tuple[str, ...]:
        return ("Gone.",)
