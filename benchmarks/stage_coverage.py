"""Which branches of each stage its own tests take, in the process of the tests.

`make coverage ARGS="train export"`: runs `tests/components/<stage>`, slow ones too, and measures
`components/<stage>`; all stages without ARGS. What a test starts as another process does not
count. Prints a line per stage and per file that misses a branch, then one JSON line; a stage below
90 % fails.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
TARGET = 0.9
# They declare what Kubeflow sees and hold no logic; the contract test reads them.
LEFT_OUT = ("*/component.py", "*/__main__.py")


@dataclass(frozen=True, slots=True)
class Measured:
    """What the tests of one stage take of it."""

    stage: str
    branches: int
    taken: int
    lines: float
    """Share of lines that are run."""
    gaps: dict[str, list[str]]
    """Per file, the branches that no test takes, as `12->15`."""

    @property
    def share(self) -> float:
        """Share of branches taken."""
        return self.taken / self.branches if self.branches else 1.0


def main() -> None:
    """Measure stage by stage."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("stages", nargs="*", help="folders of stages; all without")
    every = sorted(path.parent.name for path in ROOT.glob("components/*/stage.py"))
    stages = parser.parse_args().stages or every
    results = []
    print(f"{'stage':<14}{'branches':>10}{'taken':>8}{'share':>8}{'lines':>8}", flush=True)
    for stage in stages:
        one = measure(stage)
        results.append(one)
        print(
            f"{stage:<14}{one.branches:>10}{one.taken:>8}{one.share:>8.1%}{one.lines:>8.1%}",
            flush=True,
        )
        for file, gaps in one.gaps.items():
            print(f"    {file}: {', '.join(gaps)}", flush=True)
    lowest = min(results, key=lambda one: one.share)
    print(json.dumps(summary(lowest, len(results))))
    sys.exit(0 if lowest.share >= TARGET else 1)


def measure(stage: str) -> Measured:
    """Run the tests of one stage with coverage."""
    with tempfile.TemporaryDirectory() as name:
        settings, report = Path(name) / "coveragerc", Path(name) / "report.json"
        left_out = "\n    ".join(LEFT_OUT)
        settings.write_text(
            f"[run]\nbranch = true\nomit =\n    {left_out}\n"
            "[report]\nexclude_also =\n    if TYPE_CHECKING:\n",
            encoding="utf-8",
        )
        command = [sys.executable, "-m", "pytest", f"tests/components/{stage}", "-q"]
        command += [f"--cov=components/{stage}", f"--cov-config={settings}"]
        command += ["--cov-report=", f"--cov-report=json:{report}"]
        environment = {**os.environ, "COVERAGE_FILE": str(Path(name) / "data")}
        done = subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            sys.exit(f"stage_coverage: the tests of {stage} fail\n{done.stdout[-3000:]}")
        return measured(stage, json.loads(report.read_text(encoding="utf-8")))


def measured(stage: str, report: dict[str, Any]) -> Measured:
    """Read coverage's report."""
    totals = report["totals"]
    gaps = {
        file: [
            f"{start}->{end if end > 0 else 'end'}" for start, end in content["missing_branches"]
        ]
        for file, content in report["files"].items()
        if content["missing_branches"]
    }
    return Measured(
        stage=stage,
        branches=totals["num_branches"],
        taken=totals["covered_branches"],
        lines=totals["covered_lines"] / totals["num_statements"],
        gaps=gaps,
    )


def summary(lowest: Measured, num_stages: int) -> dict[str, object]:
    """Return the last line: the stage with the smallest share."""
    return {
        "name": "stage_coverage",
        "ours": lowest.taken,
        "peer": lowest.branches,
        "ratio": round(lowest.share, 3),
        "target": TARGET,
        "holds": lowest.share >= TARGET,
        "conditions": {
            "data": f"components/{lowest.stage}, the lowest of the stages measured",
            "n": num_stages,
            "cores": os.cpu_count(),
            "unit": "branches taken, of branches there are",
        },
    }


if __name__ == "__main__":
    main()
