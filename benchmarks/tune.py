"""A search of 100 trials on the features of the shared flowers, killed on its way and resumed.

`python benchmarks/tune.py [--trials 100] [--kill-after 30]`: makes records and features with the
stages, then runs `python -m components.tune`, ends it with SIGKILL after 30 trials, and runs it
again to its end. Every trial that was finished at the kill must be there with the same loss. Then
train takes what was found, and evaluate reads the test split, once. Time is wall time and processor
seconds of both attempts. One JSON line comes last.
"""

import argparse
import json
import signal
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from measuring import DATA, REPOSITORY, WEIGHTS, children_seconds, conditions
from stages import STEPS, Step, command_of, run_step

from components.tune.search import Search
from components.tune.space import DEFAULT_SPACE, Value

TUNE = Step(
    "components.tune",
    {"records": "records", "features": "features"},
    ("best", "tuned", "metrics", "report"),
)
MOST_SECONDS = 180


def main() -> None:
    """Search, kill, search on, train, evaluate; print the JSON line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=100)
    parser.add_argument("--kill-after", type=int, default=30)
    parser.add_argument("--photos", type=Path, default=DATA / "flowers")
    parser.add_argument("--weights", type=Path, default=WEIGHTS)
    parser.add_argument("--folder", type=Path, help="keep all here; what is there is used again")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = chosen.folder or Path(temporary)
        print(json.dumps(measured(folder, chosen)))


def measured(folder: Path, chosen: argparse.Namespace) -> dict[str, Any]:
    """Run everything in a folder."""
    network = {"weights": chosen.weights.resolve(), "recipe": "frozen"}
    prepare(folder, chosen.photos.resolve(), network)
    command = command_of(folder, TUNE, {**network, "trials": chosen.trials, "minutes": 60})
    begun, cpu = time.monotonic(), children_seconds()
    run_killed(command, chosen.kill_after)
    before = finished(folder)
    print(f"killed with {len(before)} trials finished", flush=True)
    said = run(command)
    wall, used = time.monotonic() - begun, children_seconds() - cpu
    after = json.loads((folder / "components.tune/best/tuning.json").read_text("utf-8"))
    kept = {one["number"]: one["loss"] for one in after["trials"]}
    lost = [number for number, loss in before.items() if kept.get(number) != loss]
    tuned = (folder / "components.tune/tuned").read_text("utf-8")
    run_step(REPOSITORY, folder, STEPS["train"], {**network, "tuned": tuned})
    run_step(REPOSITORY, folder, STEPS["evaluate"], {"min_accuracy": 0.5})
    evaluation = json.loads(
        (folder / "components.evaluate/evaluation/evaluation.json").read_text("utf-8")
    )
    own, best = after["own"]["loss"], after["best"]["loss"]
    holds = not lost and len(before) >= chosen.kill_after and best <= own
    return {
        "name": "tune",
        "ours": round(used, 1),
        "peer": None,
        "ratio": round(used / MOST_SECONDS, 3),
        "target": MOST_SECONDS,
        "holds": holds and used <= MOST_SECONDS,
        "wall_seconds": round(wall, 1),
        "trials": len(kept),
        "ended_early": sum(not one["complete"] for one in after["trials"]),
        "finished_before_the_kill": len(before),
        "lost": lost,
        "resumed": "resumed" in said,
        "own_validation_loss": own,
        "best_validation_loss": best,
        "gain": after["gain"],
        "noise": after["noise"],
        "passed_on": after["settings"],
        "test": evaluation["headline"][0],
        "conditions": conditions(
            data=chosen.photos.name,
            n=len(list(chosen.photos.glob("*/*"))),
            seeds=[7],
            unit="processor seconds of both attempts",
        ),
    }


def prepare(folder: Path, photos: Path, network: dict[str, Any]) -> None:
    """Make records and features, unless the folder has them."""
    settings: dict[str, dict[str, Any]] = {
        "ingest": {"source": photos, "fingerprint": "benchmark"},
        "backbone": network,
    }
    for name in ("ingest", "backbone", "label_check", "preprocess"):
        if not (folder / STEPS[name].module).is_dir():
            run_step(REPOSITORY, folder, STEPS[name], settings.get(name, {}))


def run_killed(command: Sequence[str], trials: int) -> None:
    """Run a search, and end it with SIGKILL when it has finished so many trials."""
    process = subprocess.Popen(command, cwd=REPOSITORY, stderr=subprocess.PIPE, text=True)
    if process.stderr is None:
        raise SystemExit("expected the log of the search")
    for line in process.stderr:
        event = json.loads(line) if line.startswith("{") else {}
        if event.get("event") == "progress" and event["done"] >= trials:
            process.send_signal(signal.SIGKILL)
            break
    process.stderr.close()
    process.wait()


def run(command: Sequence[str]) -> str:
    """Run a search to its end; return its log."""
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"tune ended with {done.returncode}:\n{done.stderr[-2000:]}")
    return done.stderr


def finished(folder: Path) -> dict[int, float]:
    """Return the loss of each trial that the killed attempt had finished."""
    (journal,) = folder.glob("components.tune/*/search/journal.log")
    with tempfile.TemporaryDirectory() as copy:
        (Path(copy) / "journal.log").write_bytes(journal.read_bytes())
        own: dict[str, Value] = {axis.setting: 0 for axis in DEFAULT_SPACE}
        return {one.number: one.loss for one in Search(Path(copy), DEFAULT_SPACE, own, 0).done}


if __name__ == "__main__":
    main()
