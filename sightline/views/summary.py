"""The last lines of `sightline run`: what came out, and what to type next."""

from pathlib import Path

from sightline.runs.headline import Headline, headline
from sightline.runs.records import RunRecord
from sightline.views.page import PAGE_NAME

TIMED_OUT = 124
"""Exit code of a stage that took longer than it may."""


def summarize(record: RunRecord, *, options: str) -> str:
    """Say what came out of a run and what to do next.

    Args:
        record: The finished run.
        options: ` --file PATH --target NAME` where commands need it to find the run, or nothing.
    """
    found = headline(record)
    facts = {
        "Failed": record.failure,
        "Decision": _decision(found),
        "Test accuracy": _accuracy(found),
        "Images": _images(found),
        "Model": _model(found),
        "Webhook": found.webhook_failure,
        "Report": record.url or _relative(record.folder / PAGE_NAME),
    }
    lines = [f"{name + ':':<15}{value}" for name, value in facts.items() if value]
    return "\n".join([*lines, "", *next_steps(record, found, options)])


def next_steps(record: RunRecord, found: Headline, options: str) -> list[str]:
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
            f"Look closer:               sightline show {record.id}{options}",
        ]
    if found.version is None:
        return [f"Why each task ran:  sightline why {record.id}{options}"]
    return [
        f"Serve it:      sightline serve{options}",
        f"Ask it:        sightline predict PHOTO{options}",
        f"Take it back:  sightline rollback{options}",
    ]


def _decision(found: Headline) -> str | None:
    if found.decision is None:
        return None
    return f"{found.decision}. {found.reasons}" if found.reasons else found.decision


def _accuracy(found: Headline) -> str | None:
    text = found.accuracy_text()
    if text and found.num_test_images:
        return f"{text} on {found.num_test_images:,} test images"
    return text


def _images(found: Headline) -> str | None:
    if found.num_images is None:
        return None
    refused = f", {found.num_refused:,} refused" if found.num_refused is not None else ""
    return f"{found.num_images:,}{refused}"


def _model(found: Headline) -> str | None:
    if found.kept_version is not None:
        return (
            f"version {found.kept_version} stays live, since this model was rolled back. "
            "Put it back with --set deploy.redeploy_rolled_back=true"
        )
    if found.version is None:
        return None
    folder = f" in {_relative(Path(found.model_folder))}" if found.model_folder else ""
    return f"version {found.version} is live{folder}"


def _relative(path: Path) -> str:
    path = path.absolute()
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)
