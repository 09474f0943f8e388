"""CleanVision beside label check, on the same photos in turns.

CleanVision (Apache 2.0) gets an environment of its own, since its own requirements are not ours.
"""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from measuring import processor_seconds
from scale import run_stage
from stages import STEPS

from sightline.stage.formats.dataset import DatasetWriter, Example

REQUIREMENT = "cleanvision==0.3.7"
CHECKS = {
    "dark": "dark_images",
    "light": "light_images",
    "blurry": "blurry_images",
    "low_information": "low_information_images",
    "odd_aspect_ratio": "odd_shapes",
    "odd_size": "odd_sizes",
    "exact_duplicates": "copies_by_bytes",
    "near_duplicates": "near_duplicates",
}
"""CleanVision's names of issues and ours. Grey images are no issue here."""
ASK = """
import json, os, sys, time
from cleanvision import Imagelab
start, before = time.perf_counter(), sum(os.times()[:4])
lab = Imagelab(filepaths=json.load(sys.stdin))
lab.find_issues(n_jobs=2, verbose=False)
cost = time.perf_counter() - start, sum(os.times()[:4]) - before
columns = [name for name in lab.issues.columns if name.startswith("is_")]
found = {name[3:-6]: list(lab.issues.index[lab.issues[name]]) for name in columns}
print(json.dumps([cost, found]))
"""
Cost = tuple[float, float]
"""Seconds by the clock and of the processor, child processes included."""


def side_by_side(
    files: Sequence[Path], examples: Sequence[Example], scan: Callable[[], object], rounds: int
) -> dict[str, Any]:
    """Return images a second of both, in turns, and how far they agree on each issue."""
    ours, peer = [], []
    with tempfile.TemporaryDirectory() as folder:
        python = environment(Path(folder) / "peer")
        for _ in range(rounds):
            peer.append(ask(python, files)[0])
            ours.append(cost(scan))
        _, theirs = ask(python, files)
        found = findings(Path(folder) / "ours", examples)
    speed = {
        name: {
            "images_per_second": round(len(files) / min(wall for wall, _ in costs), 1),
            "images_per_processor_second": round(len(files) / min(cpu for _, cpu in costs), 1),
        }
        for name, costs in (("ours", ours), ("peer", peer))
    }
    ratios = {unit: round(speed["ours"][unit] / speed["peer"][unit], 2) for unit in speed["ours"]}
    return {"name": REQUIREMENT, **speed, "ratio": ratios, "agreement": agreement(found, theirs)}


def environment(folder: Path) -> Path:
    """Install CleanVision beside nothing else; return its interpreter."""
    uv = [sys.executable, "-m", "uv"]
    subprocess.run([*uv, "venv", "--quiet", "--python", sys.executable, str(folder)], check=True)
    python = folder / "bin" / "python"
    subprocess.run(
        [*uv, "pip", "install", "--quiet", "--compile-bytecode", "--python", python, REQUIREMENT],
        check=True,
    )
    return python


def ask(python: Path, files: Sequence[Path]) -> tuple[Cost, dict[str, set[str]]]:
    """Return what CleanVision's scan takes, without its start, and the files of each issue."""
    done = subprocess.run(
        [python, "-c", ASK],
        input=json.dumps([str(file) for file in files]),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"CleanVision ended with {done.returncode}:\n{done.stderr[-2000:]}")
    (wall, cpu), found = json.loads(done.stdout.splitlines()[-1])
    return (wall, cpu), {name: {Path(file).stem for file in some} for name, some in found.items()}


def cost(work: Callable[[], object]) -> Cost:
    """Return what some work takes, children that it waits for included."""
    start, before = time.perf_counter(), processor_seconds()
    work()
    return time.perf_counter() - start, processor_seconds() - before


def findings(folder: Path, examples: Sequence[Example]) -> dict[str, set[str]]:
    """Return the files of each finding of label check."""
    with DatasetWriter(folder / "made" / "dataset") as writer:
        for example in examples:
            writer.add(example)
        writer.finish(
            classes=sorted({example.labels[0] for example in examples}), source="benchmark"
        )
    # CleanVision looks at pixels, too: no backbone.
    run_stage(folder, STEPS["backbone"], {"weights": "none", "recipe": "scratch"})
    run_stage(folder, STEPS["label_check"], {"fail_on": "never"})
    document = json.loads(next(folder.glob("*/findings/findings.json")).read_text("utf-8"))
    return {one["check"]: {Path(uri).stem for uri in one["uris"]} for one in document["findings"]}


def agreement(ours: dict[str, set[str]], theirs: dict[str, set[str]]) -> dict[str, dict[str, int]]:
    """Count, per issue, what both find and what one finds alone."""
    return {
        issue: {
            "both": len(ours.get(check, set()) & theirs.get(issue, set())),
            "ours alone": len(ours.get(check, set()) - theirs.get(issue, set())),
            "theirs alone": len(theirs.get(issue, set()) - ours.get(check, set())),
        }
        for issue, check in CHECKS.items()
    }
