"""What is different from the run before, in words."""

from collections.abc import Iterator

from components.notify.summary import Change
from sightline.ground.errors import shorten
from sightline.ground.headlines.headline import pairs
from sightline.ground.outcome import Outcome

NOTEWORTHY = frozenset({"state", "decision", "figure", "images"})
"""Kinds of change for which `notify.on: change` calls the webhook."""


def changes_between(earlier: Outcome, outcome: Outcome) -> Iterator[Change]:
    """Yield what is different; figures that one of the two runs lacks are passed over."""
    if earlier.decision and outcome.decision and earlier.decision != outcome.decision:
        yield Change(kind="decision", text=f"decision {earlier.decision} → {outcome.decision}")
    yield from _figures(earlier, outcome)
    yield from _images(earlier, outcome)
    yield from _classes(earlier, outcome)
    if outcome.version and earlier.version != outcome.version:
        was = earlier.version or "none"
        yield Change(kind="version", text=f"live version {was} → {outcome.version}")
    yield from _settings(earlier, outcome)


def _figures(before: Outcome, now: Outcome) -> Iterator[Change]:
    for pair in pairs(before.headline, now.headline):
        old, new = pair.before, pair.after
        if old is not None and new is not None and new.trend(old) != "same":
            text = f"{pair.label} {old.short} → {new.short} ({pair.change})"
            yield Change(kind="figure", text=text)


def _images(before: Outcome, now: Outcome) -> Iterator[Change]:
    for name, old, new in (
        ("images", before.num_images, now.num_images),
        ("refused images", before.num_refused, now.num_refused),
    ):
        if old is not None and new is not None and old != new:
            yield Change(kind="images", text=f"{new - old:+,} {name} ({old:,} → {new:,})")


def _classes(before: Outcome, now: Outcome) -> Iterator[Change]:
    if not before.classes or not now.classes:
        return
    for word, names in (
        ("new", [name for name in now.classes if name not in before.classes]),
        ("no more", [name for name in before.classes if name not in now.classes]),
    ):
        if names:
            noun = "class" if len(names) == 1 else "classes"
            yield Change(kind="classes", text=f"{word} {noun}: {shorten(names)}")


def _settings(before: Outcome, now: Outcome) -> Iterator[Change]:
    for name, new in now.settings.items():
        old = before.settings.get(name)
        if old is not None and old != new:
            yield Change(kind="settings", text=f"{name} {old or 'none'} → {new or 'none'}")
