"""What becomes of a project whose files lose a bit, and of runs that are killed.

`python benchmarks/damage.py [--flips 200] [--kills 30] [--seed 1]`: makes a small project
of handwritten digits with several runs, a cache and two versions, then
- flips one bit at random places, file times unchanged: `sightline verify` must say so, and what
  answers or reports (`show`, `compare`, for a version `predict`) must say so or say the same;
- kills `sightline run` with SIGKILL at random moments: `sightline run --resume` right away must
  work, and end in the same model; after `sightline gc` nothing half-written may be left.
Left out are logs, locks, copies of pages, what tasks say to the runner, and the user's own files.
One JSON line comes last.
"""

import argparse
import io
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import chdir, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import asdict, dataclass, field
from pathlib import Path

from measuring import conditions

SETTINGS = """\
pipeline: {name: digits}
ingest: {source: digits}
label_check: {fail_on: never}
preprocess: {image_size: 16}
train: {recipe: scratch, weights: none, epochs: 2, horizontal_flip: false}
evaluate: {min_accuracy: 0.0, beat_chance: false, champion: ""}
"""
PER_CLASS = 24
QUIET = {"TF_CPP_MIN_LOG_LEVEL": "3", "NO_COLOR": "1"}
NO_DAMAGE = re.compile(r"(^|/)(logs|parameters)/|lock$|\.lock$|runs/[^/]+/[^/]+\.html$")
WORDS = ("is not what its task wrote", "a damaged version does not answer")
HALF_WRITTEN = re.compile(r"partial|staging|removing")


@dataclass
class Flips:
    """What flipped bits led to."""

    tried: int = 0
    unnoticed: list[str] = field(default_factory=list)
    """Places of which `sightline verify` said nothing."""
    wrong: list[str] = field(default_factory=list)
    """Places after which something else was answered or reported, without a word."""


@dataclass
class Kills:
    """What kills led to."""

    tried: int = 0
    not_resumed: list[str] = field(default_factory=list)
    other_model: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    """Half-written files that stayed after `sightline gc`."""


def main() -> None:
    """Try both and print the JSON line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--flips", type=int, default=200)
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()

    with tempfile.TemporaryDirectory() as folder:
        project = make_project(Path(folder) / "project")
        seconds = make_runs(project, several=arguments.flips > 0)
        flips = try_flips(project, arguments.flips, random.Random(arguments.seed))
        kills = try_kills(project, arguments.kills, seconds, random.Random(arguments.seed))
    failed = [*flips.unnoticed, *flips.wrong, *kills.not_resumed, *kills.other_model, *kills.left]
    found = {"flips": asdict(flips), "kills": asdict(kills)}
    print(json.dumps({"name": "damage", "ours": len(failed), "target": 0, "holds": not failed,
                      "conditions": conditions(seed=arguments.seed), **found}))  # fmt: skip


def make_project(folder: Path) -> Path:
    """Write a few digits of scikit-learn as image files, with settings that train in seconds."""
    from PIL import Image
    from sklearn.datasets import load_digits

    digits = load_digits()
    counts: dict[int, int] = {}
    for pixels, label in zip(digits.images, digits.target, strict=True):
        number = counts[label] = counts.get(int(label), 0) + 1
        if number <= PER_CLASS:
            place = folder / "digits" / str(label)
            place.mkdir(parents=True, exist_ok=True)
            Image.fromarray((pixels * 15).astype("uint8")).save(place / f"{number}.png")
    (folder / "sightline.yaml").write_text(SETTINGS, encoding="utf-8")
    return folder


def make_runs(project: Path, *, several: bool) -> float:
    """Run it, several times for two versions and reused results; return the first one's seconds."""
    start = time.perf_counter()
    expect(sightline(project, "run"))
    seconds = time.perf_counter() - start
    if several:
        expect(sightline(project, "run", "--set", "train.epochs=1"))
        expect(sightline(project, "run"))
    expect(sightline(project, "verify"))
    return seconds


def try_flips(project: Path, number: int, dice: random.Random) -> Flips:
    """Flip bits one after the other, and put each back."""
    found = Flips()
    names = ("report", "answer") if number else ()
    before = {name: look(project, name) for name in names}
    for _ in range(number):
        path = dice.choice(kept_files(project))
        place = path.relative_to(project).as_posix()
        with flipped(path, dice) as bit:
            found.tried += 1
            if here(project, "verify").returncode == 0:
                found.unnoticed.append(f"{place} bit {bit}")
            name = "answer" if "models/" in place else "report"
            after = look(project, name)
            if after not in (None, before[name]):
                found.wrong.append(f"{place} bit {bit}")
        print(f"{found.tried}: {place}, {len(found.unnoticed)} unnoticed, {len(found.wrong)} wrong")
        sys.stdout.flush()
    expect(sightline(project, "verify"))
    return found


def look(project: Path, name: str) -> str | None:
    """Return what is answered or reported; None where anything was said of damage."""
    if name == "answer":
        photo = project / "digits/3/1.png"
        # In a process of its own: its warnings go to the standard error that it began with.
        said = [sightline(project, "predict", str(photo), "--json")]
    else:
        runs = sorted(path.name for path in (project / ".sightline/runs").iterdir())
        said = [here(project, "show", run, "--json") for run in runs]
        said.append(here(project, "compare", runs[0], runs[1], "--json"))
        said.append(here(project, "why", runs[-1], "--json"))
    words = "".join(one.stderr for one in said) + "".join(one.stdout for one in said)
    if any(one.returncode for one in said) or any(word in words for word in WORDS):
        return None
    return "".join(one.stdout for one in said)


def kept_files(project: Path) -> list[Path]:
    """Return artifacts, records, packages, cache entries and versions with their log."""
    found = [path for path in (project / ".sightline").rglob("*") if path.is_file()]
    return sorted(path for path in found if path.stat().st_size and not NO_DAMAGE.search(str(path)))


@contextmanager
def flipped(path: Path, dice: random.Random) -> Iterator[int]:
    """Flip one bit of a file and keep its times; put it back afterwards."""
    before, times = path.read_bytes(), path.stat()
    bit = dice.randrange(len(before) * 8)
    content = bytearray(before)
    content[bit // 8] ^= 1 << bit % 8
    for text in (bytes(content), before):
        # In place: other runs may hold the same file by a hard link.
        with path.open("r+b") as file:
            file.write(text)
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
        if text != before:
            yield bit


def try_kills(project: Path, number: int, seconds: float, dice: random.Random) -> Kills:
    """Kill a run of an empty project, resume it, and compare the model with one not killed."""
    found = Kills()
    wanted = model_of(project)
    if not wanted:
        sys.exit("expected a version to compare models with; the run made none")
    for _ in range(number):
        shutil.rmtree(project / ".sightline")
        moment = dice.uniform(0.5, seconds)
        name = f"kill after {moment:.2f} s"
        kill_run(project, moment)
        found.tried += 1
        begun = list((project / ".sightline/runs").glob("*/run.json"))
        resumed = sightline(project, "run", *(["--resume"] if begun else []))
        already = "received none" in resumed.stderr and model_of(project)  # it had just ended
        if resumed.returncode != 0 and not already:
            found.not_resumed.append(f"{name}: {resumed.stderr.strip()[-300:]}")
        elif model_of(project) != wanted:
            found.other_model.append(name)
        expect(sightline(project, "gc", "--yes"))
        left = [p for p in (project / ".sightline").rglob(".*") if HALF_WRITTEN.search(p.name)]
        found.left += [f"{name}: {path.relative_to(project)}" for path in left]
        how = "resumed" if begun else "not begun"
        print(f"{found}, last: {name}, {how}", flush=True)
    return found


def kill_run(project: Path, moment: float) -> None:
    """Start a run and kill its process, and only that, after some seconds."""
    process = subprocess.Popen(
        command("run"), cwd=project, env={**os.environ, **QUIET},
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    time.sleep(moment)
    process.send_signal(signal.SIGKILL)
    process.wait()


def model_of(project: Path) -> str:
    """Return the hash of the oldest version that could be live."""
    found = sorted((project / ".sightline/models/digits").glob("[0-9]*/bundle.json"))
    return str(json.loads(found[0].read_text(encoding="utf-8"))["model_sha256"]) if found else ""


def sightline(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command of Sightline in a project."""
    return subprocess.run(
        command(*arguments), cwd=project, env={**os.environ, **QUIET},
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def here(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command of Sightline in this process, which saves a start for each of hundreds."""
    from sightline.cli import main as command_line

    out, err, code = io.StringIO(), io.StringIO(), 0
    before, sys.argv = sys.argv, ["sightline", *arguments]
    try:
        with chdir(project), redirect_stdout(out), redirect_stderr(err):
            command_line()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    finally:
        sys.argv = before
    return subprocess.CompletedProcess(sys.argv, code, out.getvalue(), err.getvalue())


def command(*arguments: str) -> list[str]:
    """Return a command line of Sightline in this Python."""
    return [sys.executable, "-m", "sightline", *arguments]


def expect(done: subprocess.CompletedProcess[str]) -> None:
    """Stop where a command fails that must not."""
    if done.returncode:
        sys.exit(f"{' '.join(done.args[2:])} ended with {done.returncode}:\n{done.stderr}")


if __name__ == "__main__":
    main()
