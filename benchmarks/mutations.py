"""How many small mistakes in stage code the tests notice.

`make mutations ARGS="--count 100 --seed 1"`: chooses edits by the seed among all that it knows to
make in stage code, makes one at a time in a copy of the tree, and runs the tests of that stage
that reach the edited line. An edit is caught when one of them fails or takes too long. Prints a
line per edit, then one JSON line.

Neither mutmut nor Cosmic Ray does this with little glue. mutmut edits functions alone, no constants
of modules, chooses none by a seed, and forks from a process in which tests have run, where
TensorFlow's threads are missing afterwards; here forks come from one in which nothing ran. Cosmic
Ray has one test command for all files, does not edit returns, defaults and slices, and brings
thirteen packages.
"""

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from importlib.util import cache_from_source
from pathlib import Path
from typing import NoReturn

import pytest
from ast_edits import Edit, edits_of, with_edit
from coverage import CoverageData

ROOT = Path(__file__).resolve().parents[1]
TARGET = 0.85
LEFT_OUT = {"__init__.py", "__main__.py", "component.py", "settings.py"}
# Where stage code lies -> the tests that hold it; `{}` stands for the folder itself.
FOLDERS = {
    "components/*": ("tests/{}",),
    "sightline/ground/source": ("tests/{}", "tests/components/ingest"),
    "sightline/problems": ("tests/sightline/problems", "tests/components/*"),
}
MODULES = (
    "ai_edge_litert.interpreter",
    "fsspec",
    "keras",
    "matplotlib.pyplot",
    "pandas",
    "pyarrow.parquet",
    "pydantic",
    "scipy.stats",
    "sklearn.datasets",
    "structlog",
)
MOST_SECONDS = 300
MOST_SECONDS_TO_REACH = 1800


@dataclass(frozen=True, slots=True)
class Mutation:
    """One edit of one file, and the tests that should notice it."""

    file: str
    edit: Edit
    tests: tuple[str, ...]
    """The folders of its tests."""

    @property
    def folder(self) -> str:
        """Where the file lies."""
        return Path(self.file).parent.as_posix()


def main() -> None:
    """Make the chosen edits one by one and say which were noticed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("stages", nargs="*", help="folders of stages; all without")
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    chosen = choose(arguments.stages, arguments.count, arguments.seed)
    import_once()

    verdicts: list[tuple[Mutation, str, float]] = []
    with tempfile.TemporaryDirectory() as name:
        tree = copy_tree(Path(name) / "tree")
        every = dict.fromkeys(tests for mutation in chosen for tests in mutation.tests)
        reached = {tests: reach(tree, tests) for tests in every}
        for number, mutation in enumerate(chosen, start=1):
            started = time.monotonic()
            ids = tests_that_reach(mutation, tree, reached)
            verdict = judge(mutation, tree, ids)
            verdicts.append((mutation, verdict, time.monotonic() - started))
            place = f"{mutation.file}:{mutation.edit.line}"
            print(f"{number:>4} {verdict:<10} {place}  {mutation.edit.words}", flush=True)
    print_folders(verdicts)
    print(json.dumps(summary(verdicts, arguments.seed)))


def choose(stages: Sequence[str], count: int, seed: int) -> list[Mutation]:
    """Choose edits at random among all; each is as likely as any other."""
    every = [
        Mutation(file, edit, tests)
        for file, tests in stage_files()
        if not stages or {*stages} & {*Path(file).parts}
        for edit in edits_of((ROOT / file).read_text(encoding="utf-8"))
    ]
    if not every:
        sys.exit(f"mutations: expected folders of stages, received {', '.join(stages)}")
    chosen = random.Random(seed).sample(every, min(count, len(every)))
    return sorted(chosen, key=lambda one: (one.file, one.edit.line, one.edit.words))


def stage_files() -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield each file of stage code, with the folders of its tests."""
    for pattern, tests in FOLDERS.items():
        for folder in sorted(path for path in ROOT.glob(pattern) if path.is_dir()):
            inside = folder.relative_to(ROOT).as_posix()
            found = tuple(
                path.relative_to(ROOT).as_posix()
                for text in tests
                for path in sorted(ROOT.glob(text.format(inside)))
                if (path / "__init__.py").exists()
            )
            for path in sorted(folder.rglob("*.py")):
                if path.name not in LEFT_OUT:
                    yield path.relative_to(ROOT).as_posix(), found


def copy_tree(tree: Path) -> Path:
    """Copy what git knows or would take in."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    for name in listed.stdout.splitlines():
        if (ROOT / name).is_file():
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, tree / name)
    return tree


def reach(tree: Path, tests: str) -> CoverageData:
    """Run a folder of tests once, and note which test reaches which line."""
    data = tree / f".coverage-{tests.replace('/', '-')}"
    options = [f"--cov={folder.removesuffix('/*')}" for folder in FOLDERS]
    if run_tests(tree, [tests, *options, "--cov-context=test", "--cov-report="], data) != 0:
        sys.exit(f"mutations: expected {tests} to pass unedited; it does not")
    found = CoverageData(str(data))
    found.read()
    return found


def tests_that_reach(
    mutation: Mutation, tree: Path, reached: Mapping[str, CoverageData]
) -> list[str]:
    """Return the tests that reach the edited lines; a whole folder where its fixtures do."""
    chosen: list[str] = []
    for tests in mutation.tests:
        lines = reached[tests].contexts_by_lineno(str(tree / mutation.file))
        contexts = {
            context
            for line in range(mutation.edit.first_line, mutation.edit.last_line + 1)
            for context in lines.get(line, [])
        }
        if any(not context or context.endswith("|setup") for context in contexts):
            chosen.append(tests)
        else:
            chosen += sorted({context.rpartition("|")[0] for context in contexts})
    return chosen


def judge(mutation: Mutation, tree: Path, tests: Sequence[str]) -> str:
    """Make the edit, run the tests, take the edit back."""
    if not tests:
        return "unreached"
    path = tree / mutation.file
    source = path.read_text(encoding="utf-8")
    rewrite(path, with_edit(source, mutation.edit))
    try:
        done = run_tests(tree, [*tests, "--exitfirst"])
    finally:
        rewrite(path, source)
    return {0: "survived", None: "caught (time)"}.get(done, "caught")


def rewrite(path: Path, source: str) -> None:
    """Replace a source file; bytecode of the same second and size would be taken for its own."""
    path.write_text(source, encoding="utf-8")
    Path(cache_from_source(path)).unlink(missing_ok=True)


def run_tests(tree: Path, arguments: Sequence[str], data: Path | None = None) -> int | None:
    """Run pytest in the copy; return its exit code, None where it takes too long."""
    child = os.fork()
    if child == 0:
        run_in_child(tree, arguments, data or tree / ".coverage")
    deadline = time.monotonic() + (MOST_SECONDS_TO_REACH if data else MOST_SECONDS)
    done, status = 0, 0
    while not done and time.monotonic() < deadline:
        done, status = os.waitpid(child, os.WNOHANG)
        time.sleep(0.02)
    # Also what a test started and an edit kept alive.
    with suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)
    if not done:
        os.waitpid(child, 0)
        return None
    return os.waitstatus_to_exitcode(status)


def run_in_child(tree: Path, arguments: Sequence[str], data: Path) -> NoReturn:
    """Become a process of its own with the copy as the project, and run pytest in it."""
    os.setsid()
    os.chdir(tree)
    sys.path.insert(0, str(tree))
    shared = os.environ.get("SIGHTLINE_TEST_DATA", str(ROOT.parent / "shared" / "data"))
    # Bytecode of what no edit touches is made once.
    sys.dont_write_bytecode = False
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ |= {
        "PYTHONPATH": str(tree),
        "COVERAGE_FILE": str(data),
        "SIGHTLINE_TEST_DATA": shared,
    }
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number in range(3):
        os.dup2(nowhere, number)
    os._exit(pytest.main(["-q", "-p", "no:cacheprovider", *arguments]))


def import_once() -> None:
    """Import what takes long before the first fork; all of it survives one."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    for name in MODULES:
        import_module(name)


def print_folders(verdicts: Sequence[tuple[Mutation, str, float]]) -> None:
    """Print how many edits of each folder were caught."""
    made = Counter(one.folder for one, _, _ in verdicts)
    caught = Counter(one.folder for one, verdict, _ in verdicts if verdict.startswith("caught"))
    print(f"{'folder':<36}{'edits':>8}{'caught':>8}")
    for folder, count in sorted(made.items()):
        print(f"{folder:<36}{count:>8}{caught[folder]:>8}")


def summary(verdicts: Sequence[tuple[Mutation, str, float]], seed: int) -> dict[str, object]:
    """Return the last line."""
    caught = sum(verdict.startswith("caught") for _, verdict, _ in verdicts)
    share = caught / len(verdicts)
    return {
        "name": "mutations",
        "ours": caught,
        "peer": len(verdicts),
        "ratio": round(share, 2),
        "target": TARGET,
        "holds": share >= TARGET,
        "missed": [f"{one.file}:{one.edit.line}" for one, v, _ in verdicts if v[0] != "c"],
        "conditions": {
            "data": "stage code",
            "n": len(verdicts),
            "seed": seed,
            "cores": os.cpu_count(),
            "seconds": round(sum(seconds for _, _, seconds in verdicts)),
            "unit": "edits caught, of edits made",
        },
    }


if __name__ == "__main__":
    main()
