"""Tells at the end of a run how long each of its processes had no test."""

from collections import defaultdict
from dataclasses import dataclass, field

import pytest


@dataclass(eq=False)
class Times:
    """When a process was at work, in seconds since 1970."""

    busy: float = 0.0
    last: float = 0.0


@dataclass(eq=False)
class Workers:
    """A plugin of the process that gives out the tests; alone, it says nothing."""

    first: float = float("inf")
    times: dict[str, Times] = field(default_factory=lambda: defaultdict(Times))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        node = getattr(report, "node", None)
        if node is not None:
            times = self.times[node.gateway.id]
            times.busy += report.duration
            times.last = max(times.last, report.stop)
            self.first = min(self.first, report.start)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if not self.times:
            return
        end = max(times.last for times in self.times.values())
        terminalreporter.section("how long processes had a test")
        for name, times in sorted(self.times.items()):
            span = end - self.first
            terminalreporter.write_line(
                f"{name}: {times.busy:.0f} of {span:.0f} s ({times.busy / span:.0%}), "
                f"none in the last {end - times.last:.0f} s"
            )
