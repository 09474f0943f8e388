"""The last lines of `sightline run`: what came out, and what to type next."""

from pathlib import Path

from sightline.ground.outcome import Outcome
from sightline.ground.storage.addresses import is_local
from sightline.runs.facts import RunFacts, facts_of
from sightline.runs.records import RunRecord
from sightline.views.page import page_path

TIMED_OUT = 124
"""Exit code of a stage that took longer than it may."""
NAME_WIDTH = 15


def summarize(record: RunRecord, *, options: str) -> str:
    """Say what came out of a run and what to do next.

    Args:
        record: The finished run.
        options: ` --file PATH --target NAME` where commands need it to find the run, or nothing.
    """
    facts = facts_of(record)
    said = {
        "Failed": facts.failure,
        **dict(facts.outcome.facts()),
        "Mistakes": _mistakes(facts),
        "Left out": ", ".join(record.left_out),
        "Model": _model(facts.outcome),
        "Report": record.url or _relative(page_path(record)),
    }
    width = max(NAME_WIDTH, *(len(name) + 2 for name in said))
    lines = [
        f"{name + ':':<{width}}" + value.replace("\n", "\n" + " " * width)
        for name, value in said.items()
        if value
    ]
    return "\n".join([*lines, "", *next_steps(record, facts.outcome, options)])


def next_steps(record: RunRecord, outcome: Outcome, options: str) -> list[str]:
    """Name the commands that a person would want next."""
    if record.url:
        return [
            f"Look closer:        sightline show {record.id}{options}",
            f"Fetch the reports:  sightline artifacts {record.id} --reports --download .{options}",
        ]
    if any(task.exit_code == TIMED_OUT for task in record.tasks.values()):
        # A resumed run would keep the limit.
        return [f"With a longer time-out:  sightline run{options}"]
    if record.status != "succeeded":
        return [
            f"Continue after fixing it:  sightline run --resume {record.id}{options}",
            # A resumed run keeps its settings; a new one computes nothing anew that they leave.
            f"With other settings:       sightline run{options}",
            f"Look closer:               sightline show {record.id}{options}",
        ]
    if record.left_out:
        return [
            f"Look closer:                    sightline show {record.id}{options}",
            f"The rest, with the same --set:  sightline run{options}",
        ]
    if outcome.put_live is None:
        return [f"Why each task ran:  sightline why {record.id}{options}"]
    return [
        f"Serve it:      sightline serve{options}",
        f"Ask it:        sightline predict PHOTO{options}",
        f"Take it back:  sightline rollback{options}",
    ]


def _mistakes(facts: RunFacts) -> str | None:
    if facts.mistakes is None:
        return None
    place = facts.mistakes.place
    return facts.mistakes.text(_relative(Path(place)) if is_local(place) else place)


def _model(outcome: Outcome) -> str | None:
    if outcome.held_back:
        stays = f"version {outcome.version} stays live" if outcome.version else "not deployed"
        return f"{stays}. {outcome.held_back}"
    if outcome.put_live is None:
        return None
    folder = f" in {_relative(Path(outcome.model_folder))}" if outcome.model_folder else ""
    return f"version {outcome.put_live} is live{folder}"


def _relative(path: Path) -> str:
    path = path.absolute()
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)
