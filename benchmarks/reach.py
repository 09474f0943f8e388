"""Which lines of stage code each test reaches, by itself and through fixtures that it shares."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

import pytest
from coverage import Coverage
from measuring import processor_seconds

STAGE_CODE = ("components", "sightline/ground/source", "sightline/problems")


@dataclass(frozen=True, slots=True)
class Cost:
    """What a test costs in processor seconds, and the fixtures that it does not have for itself."""

    seconds: float
    fixtures: tuple[str, ...] = ()


@dataclass(slots=True)
class Reach:
    """What tests reach. A context is a test's id, a shared fixture, or "" while files are read."""

    tests: dict[str, Cost] = field(default_factory=dict)
    fixtures: dict[str, float] = field(default_factory=dict)
    """What each shared fixture costs."""
    lines: dict[str, dict[str, list[int]]] = field(default_factory=dict)
    """Per file of stage code and context, the lines."""

    def contexts(self, file: str, lines: Iterable[int] | None = None) -> set[str]:
        """Return who reaches some of the lines, or the file at all."""
        found = self.lines.get(file, {})
        if lines is None:
            return {*found}
        wanted = {*lines}
        return {context for context, reached in found.items() if not wanted.isdisjoint(reached)}

    def reaches(self, test: str, contexts: set[str]) -> bool:
        """Tell whether a test does, or one of its fixtures."""
        return test in contexts or not contexts.isdisjoint(self.tests[test].fixtures)

    def fixture_seconds(self, test: str) -> float:
        """Return what its shared fixtures cost where no other test has made them."""
        return sum(self.fixtures[name] for name in self.tests[test].fixtures)

    def replace(self, files: Iterable[str], newer: "Reach") -> None:
        """Forget what the tests of these files reached, and take what another run found."""
        gone = {*files}
        for contexts in self.lines.values():
            for context in [one for one in contexts if file_of(one) in gone]:
                del contexts[context]
        self.tests = {one: test for one, test in self.tests.items() if file_of(one) not in gone}
        self.tests |= newer.tests
        self.fixtures |= newer.fixtures
        for file, contexts in newer.lines.items():
            known = self.lines.setdefault(file, {})
            for context, lines in contexts.items():
                known[context] = sorted({*known.get(context, []), *lines})

    def write(self, path: Path) -> None:
        """Write it as JSON."""
        path.write_text(json.dumps(asdict(self)), encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> "Reach":
        """Read what `write` wrote."""
        found = json.loads(path.read_text(encoding="utf-8"))
        tests = {
            name: Cost(one["seconds"], tuple(one["fixtures"]))
            for name, one in found["tests"].items()
        }
        return cls(tests, found["fixtures"], found["lines"])


def file_of(context: str) -> str:
    """Return the file of a test, or of a fixture."""
    return context.replace("|", "::").split("::")[0]


def digest_of(tree: Path, files: Iterable[str]) -> str:
    """Return one hash of the names and bytes of files."""
    found = hashlib.sha256()
    for file in sorted(files):
        found.update(file.encode() + b"\0" + (tree / file).read_bytes() + b"\0")
    return found.hexdigest()


class Recorder:
    """A plugin of pytest that notes what each test and each shared fixture reaches and costs."""

    def __init__(self, tree: Path, path: Path) -> None:
        self._tree = tree
        self._path = path
        self._fixtures: dict[str, list[str]] = {}
        self._seconds: dict[str, float] = defaultdict(float)
        self._contexts = [""]
        self._since = 0.0
        sources = [str(tree / folder) for folder in STAGE_CODE]
        self._coverage = Coverage(data_file=None, source=sources, config_file=False)

    def pytest_sessionstart(self) -> None:
        """Begin before tests are collected: constants are made when a file is read."""
        self._coverage.start()
        self._since = processor_seconds()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Note one test."""
        with self._inside(item.nodeid):
            result = yield
        self._fixtures[item.nodeid] = list(getattr(item, "fixturenames", ()))
        return result

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(
        self, fixturedef: pytest.FixtureDef[object]
    ) -> Generator[None, object, object]:
        """Note a fixture that other tests use, too."""
        if fixturedef.scope == "function":
            return (yield)
        with self._inside(f"{fixturedef.baseid}|{fixturedef.argname}"):
            return (yield)

    def pytest_unconfigure(self) -> None:
        """Write what was found."""
        self._coverage.stop()
        data = self._coverage.get_data()
        reach = Reach(fixtures={one: spent for one, spent in self._seconds.items() if "|" in one})
        for test, names in self._fixtures.items():
            used = [one for one in reach.fixtures if used_by(one, test, names)]
            reach.tests[test] = Cost(round(self._seconds[test], 3), tuple(used))
        for measured in data.measured_files():
            contexts: dict[str, list[int]] = defaultdict(list)
            for line, found in data.contexts_by_lineno(measured).items():
                for context in found:
                    contexts[context].append(line)
            reach.lines[Path(measured).relative_to(self._tree).as_posix()] = dict(contexts)
        reach.write(self._path)

    @contextmanager
    def _inside(self, context: str) -> Iterator[None]:
        self._contexts.append(context)
        self._switch(self._contexts[-2])
        try:
            yield
        finally:
            self._switch(self._contexts.pop())

    def _switch(self, before: str) -> None:
        now = processor_seconds()
        self._seconds[before] += now - self._since
        self._since = now
        self._coverage.switch_context(self._contexts[-1])


def used_by(fixture: str, test: str, names: Iterable[str]) -> bool:
    """Tell whether a test that asks for these names uses this fixture."""
    place, _, name = fixture.rpartition("|")
    return name in names and test.startswith(place)
