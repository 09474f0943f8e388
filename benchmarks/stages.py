"""What each stage costs, held against another commit, in turns in one run.

`python benchmarks/stages.py [--commit f63834a] [--rounds 3]`: checks the
other commit out beside this tree, runs every stage of both on the same photos as `python -m
components.<stage>`, and compares medians of processor seconds, child processes included. The
figures that evaluate writes and the model's hash are compared as well. One JSON line comes last.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from measuring import DATA, REPOSITORY, WEIGHTS, children_seconds, conditions

TARGET = 1.05
TARGETS = {"evaluate": 0.55, "export": 0.5, "deploy": 0.6}
"""Of single stages, against f63834a on the 1,000 flowers (issue 14)."""


@dataclass(frozen=True, slots=True)
class Step:
    """One stage: its module, its inputs by the names of earlier outputs, its outputs."""

    module: str
    inputs: Mapping[str, str]
    outputs: tuple[str, ...]


NEWER_PORTS = ("extractor", "features")
STEPS = {
    "fingerprint": Step("components.ingest.fingerprint", {}, ("digest",)),
    "ingest": Step("components.ingest", {}, ("dataset", "quarantine", "report")),
    "backbone": Step("components.train.backbone", {}, ("extractor",)),
    "label_check": Step(
        "components.label_check",
        {"dataset": "dataset", "extractor": "extractor"},
        ("cleaned", "features", "findings", "report"),
    ),
    "preprocess": Step("components.preprocess", {"dataset": "cleaned"}, ("records", "report")),
    "train": Step(
        "components.train",
        {"records": "records", "features": "features"},
        ("model", "metrics", "report"),
    ),
    "evaluate": Step(
        "components.evaluate",
        {"model": "model", "records": "records", "dataset": "cleaned", "features": "features"},
        ("evaluation", "metrics", "classification", "decision", "report"),
    ),
    "export": Step(
        "components.export",
        {
            "model": "model",
            "records": "records",
            "dataset": "cleaned",
            "evaluation": "evaluation",
        },
        ("bundle", "report"),
    ),
    "deploy": Step("components.deploy", {"bundle": "bundle"}, ("deployment", "report")),
}


def main() -> None:
    """Measure both trees in turns and print the table and the JSON line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--commit", default="f63834a")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--photos", type=Path, default=DATA / "flowers")
    parser.add_argument("--weights", type=Path, default=WEIGHTS)
    arguments = parser.parse_args()

    seconds: dict[str, list[dict[str, float]]] = {"ours": [], "peer": []}
    found: dict[str, dict[str, Any]] = {}
    inputs = {"photos": arguments.photos.resolve(), "weights": arguments.weights.resolve()}
    with other_tree(arguments.commit) as other:
        for tree in (other, REPOSITORY):
            compile_modules(tree)
        for number in range(arguments.rounds):
            for name, tree in (("peer", other), ("ours", REPOSITORY)):
                with tempfile.TemporaryDirectory() as folder:
                    seconds[name].append(run_stages(tree, Path(folder), **inputs))
                    found[name] = results(Path(folder))
            print(
                f"round {number + 1}: {total(seconds['ours'][-1]):.1f} processor seconds, ", end=""
            )
            print(f"the other commit {total(seconds['peer'][-1]):.1f}", flush=True)
    ratios = print_stages(seconds)
    print(json.dumps(summary(arguments, seconds, ratios, found)))


@contextmanager
def other_tree(commit: str) -> Iterator[Path]:
    """Check a commit out into a folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder) / "tree"
        git = ["git", "-C", str(REPOSITORY), "worktree"]
        subprocess.run([*git, "add", "--quiet", "--detach", str(tree), commit], check=True)
        try:
            yield tree
        finally:
            subprocess.run([*git, "remove", "--force", str(tree)], check=True)


def compile_modules(tree: Path) -> None:
    """Write the bytecode of a tree, as its images hold it, so that no start compiles anything."""
    folders = [tree / name for name in ("sightline", "components")]
    subprocess.run([sys.executable, "-m", "compileall", "-q", *folders], check=True)


def run_stages(tree: Path, folder: Path, *, photos: Path, weights: Path) -> dict[str, float]:
    """Run every stage of a tree once; return the processor seconds of each."""
    settings: dict[str, dict[str, object]] = {
        "fingerprint": {"source": photos},
        "ingest": {"source": photos, "fingerprint": "benchmark"},
        "backbone": {"weights": weights, "recipe": "frozen"},
        "train": {"weights": weights, "recipe": "frozen"},
        "evaluate": {"min_accuracy": 0.5},
        "deploy": {"folder": folder / "models"},
    }
    return {
        name: run_step(tree, folder, step, settings.get(name, {}))
        for name, step in steps_of(tree).items()
    }


def steps_of(tree: Path) -> dict[str, Step]:
    """Return the stages of a tree; older ones pass no features on."""
    if (tree / "components/train/backbone.py").is_file():
        return STEPS
    return {
        name: Step(
            step.module,
            {port: source for port, source in step.inputs.items() if port not in NEWER_PORTS},
            tuple(port for port in step.outputs if port not in NEWER_PORTS),
        )
        for name, step in STEPS.items()
        if name != "backbone"
    }


def run_step(tree: Path, folder: Path, step: Step, settings: Mapping[str, object]) -> float:
    """Run one stage as its own process; return the processor seconds of it and its children."""
    before = children_seconds()
    done = subprocess.run(
        command_of(folder, step, settings),
        cwd=tree,
        env={**os.environ, "PYTHONPATH": str(tree)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"{step.module} ended with {done.returncode}:\n{done.stderr[-2000:]}")
    return children_seconds() - before


def command_of(folder: Path, step: Step, settings: Mapping[str, object]) -> list[str]:
    """Return the command of a stage that reads and writes below the folder."""
    place = folder / step.module
    paths = {name: place / name for name in step.outputs}
    paths |= {name: next(folder.glob(f"*/{source}")) for name, source in step.inputs.items()}
    flags = [
        word
        for name, value in {**settings, **paths}.items()
        for word in (f"--{name.replace('_', '-')}", str(value))
    ]
    return [sys.executable, "-m", step.module, *flags]


def results(folder: Path) -> dict[str, Any]:
    """Return what must be equal in both trees: evaluate's figures and the model's hash."""
    evaluation = json.loads(next(folder.glob("*/evaluation/evaluation.json")).read_text("utf-8"))
    model = json.loads(next(folder.glob("*/model/model.json")).read_text("utf-8"))
    return {"evaluation": evaluation, "model_sha256": model.get("model_sha256")}


def total(seconds: Mapping[str, float]) -> float:
    """Add the stages up."""
    return sum(seconds.values())


def print_stages(seconds: Mapping[str, list[dict[str, float]]]) -> dict[str, float]:
    """Print the median processor seconds of every stage; return ours over the other commit's."""
    ratios = {}
    print(f"{'stage':<14}{'ours':>10}{'other':>10}{'ratio':>8}")
    for name in seconds["peer"][0]:
        ours, other = (
            statistics.median(one[name] for one in seconds[side]) for side in ("ours", "peer")
        )
        ratios[name] = statistics.median(
            a[name] / b[name] for a, b in zip(seconds["ours"], seconds["peer"], strict=True)
        )
        print(f"{name:<14}{ours:>10.2f}{other:>10.2f}{ratios[name]:>8.2f}")
    return ratios


def summary(
    arguments: argparse.Namespace,
    seconds: Mapping[str, list[dict[str, float]]],
    ratios: Mapping[str, float],
    found: Mapping[str, Mapping[str, Any]],
) -> dict[str, Any]:
    """Compare round by round; quote medians."""
    ratio = statistics.median(
        total(a) / total(b) for a, b in zip(seconds["ours"], seconds["peer"], strict=True)
    )
    return {
        "name": "stages",
        "ours": round(statistics.median(map(total, seconds["ours"])), 2),
        "peer": round(statistics.median(map(total, seconds["peer"])), 2),
        "ratio": round(ratio, 3),
        "target": TARGET,
        "holds": ratio <= TARGET,
        "stages": {name: round(one, 3) for name, one in ratios.items()},
        "targets": {
            name: {"target": target, "holds": ratios[name] <= target}
            for name, target in TARGETS.items()
        },
        "same_model": found["ours"]["model_sha256"] == found["peer"]["model_sha256"],
        "different_figures": different(found["peer"]["evaluation"], found["ours"]["evaluation"]),
        "conditions": conditions(
            data=arguments.photos.name,
            n=len(list(arguments.photos.glob("*/*"))),
            peer=arguments.commit,
            rounds=arguments.rounds,
            unit="processor seconds, child processes included, medians",
        ),
    }


def different(before: Any, after: Any, name: str = "") -> list[str]:
    """Name what the other commit's document has that is not equal here."""
    if isinstance(before, dict) and isinstance(after, dict):
        return [
            found
            for key, value in before.items()
            for found in different(value, after.get(key), f"{name}.{key}".lstrip("."))
        ]
    return [] if before == after else [name]


if __name__ == "__main__":
    main()
