"""What changed between two compiled packages, for a reviewer."""

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sightline.package.facts import other_text, package_facts
from sightline.package.reading.package_task import Node
from sightline.package.reading.specification import read_documents
from sightline.package.reading.tasks import read_tasks

LINE_WIDTH = 100


@dataclass(frozen=True, slots=True)
class Change:
    """One fact about a package that is not the same in another."""

    subject: str
    """Such as `task train` or `parameter train_epochs`."""
    what: str
    """Such as `image` or `default`; `itself` where the subject is new or gone."""
    old: str | None
    """None where there was no such thing before."""
    new: str | None
    """None where there is no such thing any more."""


def package_diff(old: Path, new: Path) -> str:
    """Describe what changed, by task and parameter, then as text; empty when nothing did.

    Raises:
        UserError: a file is no compiled package.
    """
    before, after = read_documents(old), read_documents(new)
    lines: list[str] = []
    for subjects, changes in _together(package_changes(before, after)).items():
        lines += [", ".join(subjects), *(line for change in changes for line in _lines(change))]
    if rest := other_changes(before, after, names=(str(old), str(new))):
        lines += ["what else changed", *rest]
    if not lines and before != after:
        lines = ["something that this comparison does not read", *_text_changes(old, new)]
    return "\n".join(lines)


def package_changes(old: Sequence[Node], new: Sequence[Node]) -> list[Change]:
    """Compare the documents of two packages by task and parameter, in alphabetical order."""
    before, after = package_facts(old), package_facts(new)
    found: list[Change] = []
    for subject in sorted(before.keys() | after.keys()):
        if subject not in before:
            found.append(Change(subject, "itself", None, "added"))
        elif subject not in after:
            found.append(Change(subject, "itself", "removed", None))
        else:
            found += _changes(subject, before[subject], after[subject])
    return found


def other_changes(
    old: Sequence[Node], new: Sequence[Node], *, names: tuple[str, str] = ("old", "new")
) -> list[str]:
    """Return what `package_changes` does not cover, as lines of a unified diff."""
    tasks = [{task.name: task for task in read_tasks(documents)} for documents in (old, new)]
    shared = tasks[0].keys() & tasks[1].keys()
    before, after = other_text(old, shared), other_text(new, shared)
    return list(difflib.unified_diff(before, after, *names, lineterm="", n=2))


def _text_changes(old: Path, new: Path) -> list[str]:
    before, after = (path.read_text(encoding="utf-8").splitlines() for path in (old, new))
    return list(difflib.unified_diff(before, after, str(old), str(new), lineterm="", n=2))


def _changes(subject: str, old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[Change]:
    for what in sorted(old.keys() | new.keys()):
        if old.get(what) != new.get(what):
            yield Change(subject, what, old.get(what), new.get(what))


def _together(changes: Sequence[Change]) -> dict[tuple[str, ...], list[Change]]:
    """Gather what changed in the same way for several subjects under their names."""
    same: dict[tuple[str, str | None, str | None], list[str]] = {}
    for change in changes:
        same.setdefault((change.what, change.old, change.new), []).append(change.subject)
    together: dict[tuple[str, ...], list[Change]] = {}
    for (what, old, new), subjects in same.items():
        together.setdefault(tuple(subjects), []).append(Change(subjects[0], what, old, new))
    return dict(sorted(together.items()))


def _lines(change: Change) -> list[str]:
    if change.what == "itself":
        return [f"  {change.new or change.old}"]
    old = "nothing" if change.old is None else change.old
    new = "nothing" if change.new is None else change.new
    line = f"  {change.what}: {old} -> {new}"
    return [line] if len(line) <= LINE_WIDTH else [f"  {change.what}: {old}", f"    -> {new}"]
