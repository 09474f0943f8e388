"""How many small mistakes in stage code the tests notice.

`make mutations ARGS="--count 100 --seed 1"`: chooses edits by the seed among all that it knows to
make in stage code, makes one at a time in a copy of the tree, and runs the tests that reach the
edited line, the cheapest first. An edit is caught when one of them fails or hangs; one that nothing
caught within `--seconds` counts as missed. Prints a line per edit, then one JSON line.

What came out is kept in `.sightline/mutations`: a run that was stopped goes on where it was, and
one after new tests makes only the edits that were missed. Without that folder it begins anew.

Neither mutmut nor Cosmic Ray does this with little glue. mutmut edits functions alone, no constants
of modules, chooses none by a seed, and forks from a process in which tests have run, where
TensorFlow's threads are missing afterwards; here forks come from one in which nothing ran. Cosmic
Ray has one test command for all files, does not edit returns, defaults and slices, and brings
thirteen packages.
"""

import argparse
import hashlib
import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import groupby
from pathlib import Path

import pytest
from ast_edits import Edit, edits_of, with_edit
from measuring import REPOSITORY, conditions
from reach import Reach, Recorder, digest_of, file_of
from trial import OUT_OF_TIME, TOO_LONG, Trial, copy_tree, import_once, rewrite, run_tests

TARGET = 0.85
LEFT_OUT = {"__init__.py", "__main__.py", "component.py", "settings.py"}
# Where stage code lies -> the tests that hold it; `{}` stands for the folder itself.
FOLDERS = {
    "components/*": ("tests/{}",),
    "sightline/ground/source": ("tests/{}", "tests/components/ingest"),
    "sightline/problems": ("tests/sightline/problems", "tests/components/*"),
}
KEPT = REPOSITORY / ".sightline" / "mutations"
WORDS = {0: "survived", OUT_OF_TIME: "survived (time)", TOO_LONG: "caught (hangs)"}


@dataclass(frozen=True, slots=True)
class Mutation:
    """One edit of one file, and the test files that should notice it."""

    file: str
    edit: Edit
    tests: tuple[str, ...]

    @property
    def folder(self) -> str:
        """Where the file lies."""
        return Path(self.file).parent.as_posix()

    @property
    def place(self) -> str:
        """Where the edit is, for people."""
        return f"{self.file}:{self.edit.line}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of an edit."""

    place: str
    words: str
    verdict: str
    by: str
    """The test that caught it, or the last one that ran."""
    seconds: float
    source: str
    """Hash of the file and the edit's number in it."""
    tests: str
    """Hash of the test files."""

    @property
    def caught(self) -> bool:
        """Whether the tests noticed it."""
        return self.verdict.startswith("caught")


def main() -> None:
    """Make the chosen edits one by one and say which were noticed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("stages", nargs="*", help="folders of stage code; all without")
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=60, help="of processor time per edit")
    arguments = parser.parse_args()
    chosen = choose(arguments.stages, arguments.count, arguments.seed)
    import_once()

    verdicts: list[Verdict] = []
    with tempfile.TemporaryDirectory() as name:
        tree = Path(name) / "tree"
        copy_tree(tree)
        reach = up_to_date(tree, sorted({file for one in chosen for file in one.tests}))
        for number, mutation in enumerate(chosen, start=1):
            verdict = known(mutation, tree) or judge(mutation, tree, reach, arguments.seconds)
            verdicts.append(verdict)
            told = f"{verdict.verdict:<16} {verdict.place}  {verdict.words}"
            print(f"{number:>4} {told}  [{verdict.by}, {verdict.seconds:.0f} s]", flush=True)
    print_folders(chosen, verdicts)
    print(json.dumps(summary(verdicts, arguments.seed)))


def choose(stages: Sequence[str], count: int, seed: int) -> list[Mutation]:
    """Choose edits at random among all; each is as likely as any other."""
    every = [
        Mutation(file, edit, tests)
        for file, tests in stage_files()
        if not stages or any(f"/{stage.strip('/')}/" in f"/{file}" for stage in stages)
        for edit in edits_of((REPOSITORY / file).read_text(encoding="utf-8"))
    ]
    if not every:
        sys.exit(f"mutations: expected folders of stage code, received {', '.join(stages)}")
    chosen = drawn(every, count, seed)
    return sorted(chosen, key=lambda one: (one.file, one.edit.line, one.edit.words))


def drawn(every: Sequence[Mutation], count: int, seed: int) -> list[Mutation]:
    """Draw lots that an edit keeps while other code changes: a seed means the same edits."""
    namesakes: Counter[str] = Counter()
    lots = []
    for one in every:
        name = f"{seed} {one.file} {one.edit.words}"
        namesakes[name] += 1
        lot = hashlib.sha256(f"{name} {namesakes[name]}".encode()).digest()
        lots.append((lot, one))
    return [one for _, one in sorted(lots, key=lambda pair: pair[0])[:count]]


def stage_files() -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield each file of stage code, with the files of its tests."""
    for pattern, tests in FOLDERS.items():
        for folder in sorted(path for path in REPOSITORY.glob(pattern) if path.is_dir()):
            inside = folder.relative_to(REPOSITORY).as_posix()
            found = {
                path.relative_to(REPOSITORY).as_posix()
                for text in tests
                for tested in REPOSITORY.glob(text.format(inside))
                for path in tested.rglob("test_*.py")
            }
            for path in sorted(folder.rglob("*.py")):
                if path.name not in LEFT_OUT:
                    yield path.relative_to(REPOSITORY).as_posix(), tuple(sorted(found))


def up_to_date(tree: Path, tests: Sequence[str]) -> Reach:
    """Return what these test files reach; run those that changed, or reach code that did.

    Other changes than of tests and stage code are not seen: at worst a test that would catch an
    edit is not tried.
    """
    code = {file for file, _ in stage_files()}
    now = {file: digest_of(tree, [file]) for file in sorted(code | {*tests})}
    path, kept = KEPT / "reach.json", KEPT / "reach-of.json"
    known = json.loads(kept.read_text(encoding="utf-8")) if kept.exists() else {}
    reach = Reach.read(path) if known else Reach()
    edited = [file for file in code if known.get(file) != now[file]]
    touched = {file_of(context) for file in edited for context in reach.contexts(file)}
    changed = [file for file in tests if file in touched or known.get(file) != now[file]]
    for file in edited:
        reach.lines.pop(file, None)
    fresh = {file: one for file, one in known.items() if file not in touched}
    fresh |= {file: now[file] for file in code}
    KEPT.mkdir(parents=True, exist_ok=True)
    for folder, group in groupby(changed, key=lambda file: file.split("/")[:3]):
        files = list(group)
        print(f"running {len(files)} files of {'/'.join(folder)} unedited", flush=True)
        found = tree / ".reach.json"
        if (done := run_tests(tree, files, Recorder(tree, found))) != 0:
            output = (tree / ".output.log").read_text(encoding="utf-8")
            sys.exit(
                f"mutations: expected tests to pass unedited, received {done}\n{output[-3000:]}"
            )
        reach.replace(files, Reach.read(found))
        reach.write(path)
        fresh |= {file: now[file] for file in files}
        kept.write_text(json.dumps(fresh), encoding="utf-8")
    return reach


def reaching_tests(mutation: Mutation, reach: Reach) -> list[str]:
    """Return the tests that reach the edited lines, the cheapest first.

    What is made while a file is read reaches whatever uses it: then also the other tests, those of
    its file first.
    """
    lines = range(mutation.edit.first_line, mutation.edit.last_line + 1)
    direct = reach.contexts(mutation.file, lines)
    nearby = reach.contexts(mutation.file) - {""}
    ranked = []
    for name, test in reach.tests.items():
        if file_of(name) not in mutation.tests:
            continue
        rank = 0 if reach.reaches(name, direct) else 1 if reach.reaches(name, nearby) else 2
        if rank == 0 or "" in direct:
            # Tests that share a fixture stay together, so that it is made once.
            cost = reach.fixture_seconds(name)
            ranked.append((rank, cost, test.fixtures, file_of(name), test.seconds, name))
    return [name for *_, name in sorted(ranked)]


def known(mutation: Mutation, tree: Path) -> Verdict | None:
    """Return what an earlier run found: caught, or missed by the same tests."""
    source, tests = digests(mutation, tree)
    path = KEPT / "verdicts.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    for line in reversed(lines):
        one = Verdict(**json.loads(line))
        if one.source == source and (one.caught or one.tests == tests):
            return one
    return None


def digests(mutation: Mutation, tree: Path) -> tuple[str, str]:
    """Return what tells an edit and its tests from others."""
    source = f"{digest_of(tree, [mutation.file])}-{mutation.edit.number}"
    return source, digest_of(tree, mutation.tests)


def judge(mutation: Mutation, tree: Path, reach: Reach, seconds: float) -> Verdict:
    """Make the edit, run the tests, take the edit back, and keep what came out."""
    started = time.monotonic()
    hashes = digests(mutation, tree)
    tests = reaching_tests(mutation, reach)
    path, last = tree / mutation.file, tree / ".last-test"
    source = path.read_text(encoding="utf-8")
    last.write_text("reading the tests" if tests else "no test", encoding="utf-8")
    rewrite(path, with_edit(source, mutation.edit))
    try:
        word = "unreached"
        if tests:
            costs = {
                test: reach.tests[test].seconds + reach.fixture_seconds(test) for test in tests
            }
            files = [*dict.fromkeys(map(file_of, tests))]
            done = run_tests(tree, [*files, "--exitfirst"], Trial(costs, seconds, last))
            word = WORDS.get(done, "caught")
            if done == pytest.ExitCode.NO_TESTS_COLLECTED:
                sys.exit(f"mutations: expected tests, found none. Remove {KEPT} to begin anew.")
    finally:
        rewrite(path, source)
    took = round(time.monotonic() - started, 1)
    by = last.read_text(encoding="utf-8")
    verdict = Verdict(mutation.place, mutation.edit.words, word, by, took, *hashes)
    with (KEPT / "verdicts.jsonl").open("a", encoding="utf-8") as lines:
        lines.write(json.dumps(asdict(verdict)) + "\n")
    return verdict


def print_folders(chosen: Sequence[Mutation], verdicts: Sequence[Verdict]) -> None:
    """Print how many edits of each folder were caught."""
    made = Counter(one.folder for one in chosen)
    caught = Counter(
        one.folder for one, verdict in zip(chosen, verdicts, strict=True) if verdict.caught
    )
    print(f"{'folder':<48}{'edits':>8}{'caught':>8}")
    for folder, count in sorted(made.items()):
        print(f"{folder:<48}{count:>8}{caught[folder]:>8}")


def summary(verdicts: Sequence[Verdict], seed: int) -> dict[str, object]:
    """Return the last line."""
    caught = sum(verdict.caught for verdict in verdicts)
    share = caught / len(verdicts)
    return {
        "name": "mutations",
        "ours": caught,
        "peer": len(verdicts),
        "ratio": round(share, 2),
        "target": TARGET,
        "holds": share >= TARGET,
        "missed": [one.place for one in verdicts if not one.caught],
        "conditions": conditions(
            data="stage code",
            n=len(verdicts),
            seed=seed,
            seconds=round(sum(one.seconds for one in verdicts)),
            unit="edits caught, of edits made",
        ),
    }


if __name__ == "__main__":
    main()
