"""Which branches of each stage, and of the kinds of problem, tests take in their own process.

`make coverage ARGS="train export"`: runs `tests/components/<stage>`, slow ones too, and measures
`components/<stage>`. `problems` stands for `sightline/problems`, which the tests of all stages and
its own hold; everything without ARGS. What a test starts as another process does not count. Prints
a line per folder and per file that misses a branch, then one JSON line; a folder below 90 % fails.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from coverage import Coverage
from measuring import REPOSITORY, conditions

TARGET = 0.9
# They declare what Kubeflow sees and hold no logic; the contract test reads them.
LEFT_OUT = ("*/component.py", "*/__main__.py")
PROBLEMS = "problems"
MEASURED = {PROBLEMS: "sightline/problems"}
TESTS = {PROBLEMS: "tests/sightline/problems"}


@dataclass(frozen=True, slots=True)
class Measured:
    """What tests take of a folder."""

    folder: str
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
    """Measure folder by folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("stages", nargs="*", help="folders of stages, or problems; all without")
    stages = sorted(path.parent.name for path in REPOSITORY.glob("components/*/stage.py"))
    wanted = parser.parse_args().stages or [*stages, PROBLEMS]
    results = []
    print(f"{'folder':<14}{'branches':>10}{'taken':>8}{'share':>8}{'lines':>8}", flush=True)
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        # Problems come last, when the data of all stages is there.
        for folder in [one for one in wanted if one != PROBLEMS]:
            run_tests(folder, work)
            results.append(measured(folder, [folder], work))
            show(results[-1])
        if PROBLEMS in wanted:
            holders = [*stages, PROBLEMS]
            for folder in holders:
                if not data_of(folder, work).exists():
                    run_tests(folder, work)
            results.append(measured(PROBLEMS, holders, work))
            show(results[-1])
    lowest = min(results, key=lambda one: one.share)
    print(json.dumps(summary(lowest, len(results))))
    sys.exit(0 if lowest.share >= TARGET else 1)


def run_tests(folder: str, work: Path) -> None:
    """Run the tests of a stage, or of the kinds of problem, with coverage."""
    left_out = "\n    ".join(LEFT_OUT)
    settings_of(work).write_text(
        f"[run]\nbranch = true\nomit =\n    {left_out}\n"
        "[report]\nexclude_also =\n    if TYPE_CHECKING:\n",
        encoding="utf-8",
    )
    tests = TESTS.get(folder, f"tests/components/{folder}")
    command = [sys.executable, "-m", "pytest", tests, "-q", f"--cov-config={settings_of(work)}"]
    code = {MEASURED.get(folder, f"components/{folder}"), MEASURED[PROBLEMS]}
    command += [*(f"--cov={one}" for one in sorted(code)), "--cov-report="]
    environment = {**os.environ, "COVERAGE_FILE": str(data_of(folder, work))}
    done = subprocess.run(
        command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        sys.exit(f"stage_coverage: the tests of {folder} fail\n{done.stdout[-3000:]}")


def measured(folder: str, holders: Sequence[str], work: Path) -> Measured:
    """Read what the tests of the holders take of a folder."""
    coverage = Coverage(data_file=str(work / f"{folder}.all"), config_file=str(settings_of(work)))
    coverage.combine([str(data_of(one, work)) for one in holders], keep=True)
    code = MEASURED.get(folder, f"components/{folder}")
    report = work / "report.json"
    coverage.json_report(outfile=str(report), include=[f"{REPOSITORY}/{code}/*"])
    found: dict[str, Any] = json.loads(report.read_text(encoding="utf-8"))
    totals = found["totals"]
    gaps = {
        file: [
            f"{start}->{end if end > 0 else 'end'}" for start, end in content["missing_branches"]
        ]
        for file, content in found["files"].items()
        if content["missing_branches"]
    }
    return Measured(
        folder=code,
        branches=totals["num_branches"],
        taken=totals["covered_branches"],
        lines=totals["covered_lines"] / totals["num_statements"],
        gaps=gaps,
    )


def data_of(folder: str, work: Path) -> Path:
    """Return where the tests of a folder leave what they reach."""
    return work / f"{folder}.data"


def settings_of(work: Path) -> Path:
    """Return the file of coverage's settings."""
    return work / "coveragerc"


def show(one: Measured) -> None:
    """Print a folder and its files that miss a branch."""
    name = Path(one.folder).name
    figures = f"{one.branches:>10}{one.taken:>8}{one.share:>8.1%}{one.lines:>8.1%}"
    print(f"{name:<14}{figures}", flush=True)
    for file, gaps in one.gaps.items():
        print(f"    {file}: {', '.join(gaps)}", flush=True)


def summary(lowest: Measured, num_folders: int) -> dict[str, object]:
    """Return the last line: the folder with the smallest share."""
    return {
        "name": "stage_coverage",
        "ours": lowest.taken,
        "peer": lowest.branches,
        "ratio": round(lowest.share, 3),
        "target": TARGET,
        "holds": lowest.share >= TARGET,
        "conditions": conditions(
            data=f"{lowest.folder}, the lowest of the folders measured",
            n=num_folders,
            unit="branches taken, of branches there are",
        ),
    }


if __name__ == "__main__":
    main()
