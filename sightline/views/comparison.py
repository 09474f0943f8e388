"""Two runs side by side, for the terminal."""

from rich.console import Group, RenderableType
from rich.text import Text

from sightline.project.stages import setting_name
from sightline.runs.compare import Comparison, Difference, Flips
from sightline.views.render import table

EQUAL = 1e-9
"""Figures nearer to each other than this are shown as unchanged."""


def comparison_view(found: Comparison) -> RenderableType:
    """Show what differs between two runs: settings, facts, figures, test images."""
    before, after = _names(found)
    parts: list[RenderableType] = [_facts(found), Text()]
    if found.settings:
        rows = table("Setting", before, after)
        for one in found.settings:
            rows.add_row(setting_name(one.name), _value(one.before), _value(one.after))
        parts += [rows, Text()]
    else:
        parts += [Text("The settings are the same."), Text()]
    if found.metrics:
        parts += [_metrics(found), Text()]
    parts.append(Text(flips_text(found.flips) if found.flips else found.note))
    return Group(*parts)


def flips_text(flips: Flips) -> str:
    """Say in a few lines which test images changed sides."""
    counts = (
        f"{flips.both_right:,} right in both, {flips.both_wrong:,} wrong in both, "
        f"{flips.only_after_right:,} gained, {flips.only_before_right:,} lost"
    )
    lines = [f"Of {flips.num_common:,} test images that both judged: {counts}."]
    if flips.lost_classes:
        named = ", ".join(f"{name} ({count:,})" for name, count in flips.lost_classes)
        lines.append(f"Lost by class: {named}.")
    lines += [f"  {image}" for image in flips.lost_images]
    if flips.only_before_right > len(flips.lost_images):
        lines.append(f"  and {flips.only_before_right - len(flips.lost_images):,} more")
    return "\n".join(lines)


def _names(found: Comparison) -> tuple[str, str]:
    return found.before.name or found.before.id, found.after.name or found.after.id


def _facts(found: Comparison) -> RenderableType:
    rows = table("Run", *_names(found), *(["Change"] if found.figures else []))
    for one in found.facts:
        if one.before is not None or one.after is not None:
            rows.add_row(one.name, _value(one.before), _value(one.after))
    for pair in found.figures:
        values = [one.text if one else _value(None) for one in (pair.before, pair.after)]
        rows.add_row(pair.label, *values, pair.change)
    return rows


def _metrics(found: Comparison) -> RenderableType:
    rows = table("Metric", *_names(found), "Change")
    for one in found.metrics:
        rows.add_row(one.name, _value(one.before), _value(one.after), _change(one))
    return rows


def _change(one: Difference) -> str:
    if one.change is None:
        return ""
    return "=" if abs(one.change) < EQUAL else f"{one.change:+.4g}"


def _value(value: object) -> str:
    if value is None:
        return "–"
    return f"{value:.4g}" if isinstance(value, float) else str(value)
