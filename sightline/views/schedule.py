"""Schedules as tables for the terminal and as facts for programs."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from sightline.project.stages import setting_name
from sightline.schedules.schedule import Schedule
from sightline.views.render import state, table


def schedules_table(schedules: Sequence[Schedule], options: str = "") -> RenderableType:
    """List schedules: when they run next, how they ended last.

    `options` are those of the command that creates one in the same place.
    """
    if not schedules:
        create = "sightline schedule create nightly --cron '30 2 * * *'"
        return Text(f"No schedules yet. Create one:  {create}{options}")
    rows = table("Schedule", "State", "Cron", "Time zone", "Next run", "Last run")
    for one in schedules:
        upcoming = shown_moment(one.next_runs[0]) if one.next_runs else "–"
        rows.add_row(one.name, state(one.state), one.cron, one.zone, upcoming, _last(one))
    return rows


def schedule_view(found: Schedule) -> RenderableType:
    """Show one schedule."""
    missed = "are made up for" if found.catch_up else "are left out"
    lines = [
        f"Schedule {found.name}: {found.state}",
        f"Cron: {found.cron} ({found.zone})",
        f"Missed runs {missed}; at most {found.max_concurrent} at a time.",
        f"Last run: {_last(found)}",
    ]
    lines += [f"Pipeline: {found.pipeline}"] if found.pipeline else []
    lines += [f"Page: {found.url}"] if found.url else []
    parts: list[RenderableType] = [Text("\n".join(lines))]
    if found.next_runs:
        upcoming = "\n".join(f"  {shown_moment(moment)}" for moment in found.next_runs)
        parts.append(Text(f"Next runs:\n{upcoming}"))
    if found.parameters:
        rows = table("Setting", "Value")
        for name, value in found.parameters.items():
            rows.add_row(setting_name(name), str(value))
        parts += [Text(), rows]
    return Group(*parts)


def schedule_facts(found: Schedule) -> dict[str, Any]:
    """Return what `--json` says about a schedule."""
    return asdict(found) | {
        "next_runs": [moment.isoformat() for moment in found.next_runs],
        "created": found.created.isoformat() if found.created else None,
    }


def _last(found: Schedule) -> str:
    name = found.last_run_name or found.last_run
    return " ".join(filter(None, (name, found.last_result))) or "none yet"


def shown_moment(moment: datetime) -> str:
    """Write a time in its own zone, the schedule's, to the minute."""
    return f"{moment:%a %Y-%m-%d %H:%M %Z}"
