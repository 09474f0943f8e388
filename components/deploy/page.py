"""The deploy report: what is live, what it replaced, how to serve it and how to go back."""

from datetime import datetime
from pathlib import Path
from typing import Any

from sightline.stage.answering.engine import BY_ENGINE
from sightline.stage.report.page import Page

SHOWN_DIGITS = 12
"""Of a hash; deployment.json has all of it."""


def write_report(path: Path, record: dict[str, Any]) -> None:
    """Write the report page of the deploy stage from what `deployment.json` holds."""
    model = record["model_name"] or "no model"
    page = Page(title="deploy", subtitle=f"{model}, {record['folder']}")
    page.summary(
        {
            "live version": record["version"] or "none",
            "replaced": record["replaced"] or "none",
            "golden requests": record["smoke_requests"] or "not asked again",
            "largest difference": difference(record["smoke_max_difference"]),
        }
    )
    page.notice(*notice(record), detail=record["held_back"])
    if record["damaged"]:
        page.notice(
            "warning",
            f"Damaged versions were set aside: {', '.join(map(str, record['damaged']))}.",
            detail="Look for what else the disk has lost.",
        )
    _what_happened(page, record)
    _what_to_do(page, record)
    page.section("Details")
    page.table(
        ["what", "value"],
        [
            ["target", record["target"]],
            ["golden requests answered by", answered_by(record["smoke_engine"])],
            ["live since", as_read(record["live_since"])],
            ["model", (record["model_sha256"] or "")[:SHOWN_DIGITS]],
            ["bundle", (record["bundle_digest"] or "")[:SHOWN_DIGITS]],
            ["damaged, set aside", ", ".join(map(str, record["damaged"])) or "none"],
            ["versions removed", ", ".join(map(str, record["removed"])) or "none"],
            *([name, text] for name, text in record["details"].items()),
        ],
    )
    page.write(path)


def _what_happened(page: Page, record: dict[str, Any]) -> None:
    """Show the steps of a deployment, or those that it would have."""
    heading = "What would be done" if record["dry_run"] else "What happened"
    page.section(heading)
    page.table(
        ["when", "step", "result", "what"],
        [[as_read(s["time"]), s["step"], s["result"], s["text"]] for s in record["steps"]],
    )
    canary = record["canary"]
    if canary is None:
        return
    page.section(
        "Side by side",
        f"Both versions in the last step; {canary['agreed']:,} of {canary['compared']:,} images "
        "that both were asked about got the same answer.",
    )
    rows = [("live", canary["live"]), ("new", canary["challenger"])]
    page.table(
        ["version", "requests", "failed", "median answer"],
        [
            [name, one["requests"], one["errors"], milliseconds(one["seconds"])]
            for name, one in rows
        ],
    )


def _what_to_do(page: Page, record: dict[str, Any]) -> None:
    """Say how to serve what is live, and how to go back."""
    if record["serve_command"]:
        page.section("Serve it", "The server picks up later versions by itself.")
        page.code(record["serve_command"])
    if record["earlier_versions"]:
        back = f"Version {record['earlier_versions'][0]} becomes live again; a server follows."
        page.section("Go back", back)
        page.code(record["rollback_command"])
    else:
        page.section("Go back", "There is no earlier version in the folder yet.")


def milliseconds(seconds: float | None) -> str:
    """Return a time as text."""
    return "not measured" if seconds is None else f"{1000 * seconds:,.0f} ms"


def answered_by(engine: str | None) -> str:
    """Name the engine that was asked, as reports do."""
    if engine is None:
        return "nobody: they were not asked again"
    return BY_ENGINE[engine].label if engine in BY_ENGINE else engine


def as_read(time: str | None) -> str:
    """Write a time of a log as people do."""
    return f"{datetime.fromisoformat(time):%Y-%m-%d %H:%M %Z}" if time else "–"


def difference(value: float | None) -> str:
    """Return the largest difference from the golden answers as text."""
    return "not measured again" if value is None else f"{value:.6f}"


def notice(record: dict[str, Any]) -> tuple[str, str]:
    """Return the tone and the sentence that say what happened."""
    if record["dry_run"]:
        return "info", "Nothing was changed: this was a dry run."
    if record["held_back"]:
        return "warning", "The bundle was not deployed."
    if not record["changed"]:
        return "info", f"This bundle is live already as version {record['version']}."
    return "good", f"Version {record['version']} repeated all golden answers and is live."
