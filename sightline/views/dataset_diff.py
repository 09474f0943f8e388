"""What became of a dataset, for the terminal."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from sightline.ground.wording import counted
from sightline.runs.datasets.diff import Changed, Count, DatasetDiff, Moved
from sightline.views.render import table

MOST_LINES = 10
MOST_CLASSES = 20
LIKELY = 0.01
"""From this chance on a difference is put down to it."""


def diff_view(found: DatasetDiff) -> RenderableType:
    """Show what came, went and changed, then how shares and measurements moved."""
    rows = table("", found.before, found.after)
    rows.add_row("images", f"{found.num_before:,}", f"{found.num_after:,}")
    rows.add_row("copies among them", *map(str, (found.num_copies_before, found.num_copies_after)))
    parts: list[RenderableType] = [rows, Text(), Text("\n".join(change_lines(found))), Text()]
    if found.classes:
        parts += [_shares("Class", found.classes, found), Text()]
    parts.append(Text("\n".join([*map(_moved, found.moved), *not_compared_lines(found)])))
    return Group(*parts)


def change_lines(found: DatasetDiff) -> Iterator[str]:
    """Say in lines which images came, went or have another label or split."""
    yield f"{found.num_unchanged:,} unchanged, also where they have another name"
    yield from _listed("added", found.added, lambda one: one.after)
    yield from _listed("removed", found.removed, lambda one: one.before)
    yield from _listed("relabelled", found.relabelled, _arrow)
    yield from _listed("in another split", found.resplit, _arrow)
    if done := {name: n for name, n in found.corrections.items() if n}:
        said = ", ".join(f"{n:,} {name}" for name, n in done.items())
        yield f"Corrections of {found.after}: {said}"


def not_compared_lines(found: DatasetDiff) -> Iterator[str]:
    """Say what could not be held against each other, and why."""
    names: dict[str, list[str]] = {}
    for name, reason in found.not_compared.items():
        names.setdefault(reason, []).append(name)
    yield from (f"not compared: {', '.join(which)}. {reason}" for reason, which in names.items())


def _listed(what: str, changes: Sequence[Changed], kind: Callable[[Changed], str]) -> Iterator[str]:
    yield f"{len(changes):,} {what}"
    if not changes:
        return
    kinds = Counter(map(kind, changes))
    said = ", ".join(f"{name} ({n:,})" for name, n in kinds.most_common(MOST_LINES))
    yield f"    {said}" + (
        f" and {len(kinds) - MOST_LINES:,} more" if len(kinds) > MOST_LINES else ""
    )
    yield from (f"    {one.uri}" for one in changes[:MOST_LINES])
    if len(changes) > MOST_LINES:
        yield f"    and {counted(len(changes) - MOST_LINES, 'more image', 'more images')}"


def _arrow(one: Changed) -> str:
    return f"{one.before} to {one.after}"


def _shares(title: str, counts: Sequence[Count], found: DatasetDiff) -> RenderableType:
    rows = table(title, found.before, found.after, "Share before", "Share after", "Change")
    for one in counts[:MOST_CLASSES]:
        change = 100 * (one.share_after - one.share_before)
        shares = f"{one.share_before:.1%}", f"{one.share_after:.1%}"
        rows.add_row(
            one.name, f"{one.before:,}", f"{one.after:,}", *shares, f"{change:+.1f} points"
        )
    if len(counts) > MOST_CLASSES:
        rows.add_row(f"and {len(counts) - MOST_CLASSES:,} more", *[""] * 5)
    return rows


def _moved(one: Moved) -> str:
    medians = "" if one.before is None else f"median {one.before:.4g} to {one.after:.4g}, "
    chance = "as chance would have it" if one.shift.p >= LIKELY else "more than chance explains"
    return f"{one.name}: {medians}{one.shift.distance:.3f} apart, {chance} (p {one.shift.p:.2g})"
