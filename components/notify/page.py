"""The notify report: how the run ended, what came out, what changed, where the pages are."""

from pathlib import Path

from components.notify.message import (
    addresses_of,
    browser_address,
    ending_text,
    version_text,
)
from components.notify.summary import Summary
from sightline.ground.errors import shorten
from sightline.ground.outcome import EXIT_TASK
from sightline.ground.storage.addresses import is_local
from sightline.ground.wording import first_sentence
from sightline.stage.report.links import Link
from sightline.stage.report.page import Cell, Page

MOST_CLASSES = 10
SHOWN_DIGITS = 12
"""Of a hash: enough to tell models apart."""

TONES = {"succeeded": "good", "failed": "error", "cancelled": "warning", "unknown": "warning"}


def write_report(path: Path, summary: Summary) -> None:
    """Write the page of a run's end."""
    outcome = summary.outcome
    named = f"{summary.name}, " if summary.name else ""
    page = Page(title="notify", subtitle=f"{named}run {summary.run}")
    page.summary(
        {
            "decision": outcome.decision,
            **{figure.label.lower(): figure.short for figure in outcome.headline},
            "images": outcome.num_images,
            "refused": outcome.num_refused,
            "live version": outcome.version,
        }
    )
    tone = "warning" if outcome.decision == "hold" else TONES[summary.state]
    detail = summary.message or " ".join(outcome.reasons)
    page.notice(tone, f"The run {ending_text(summary)}.", detail=detail, told=False)
    for warned in outcome.warnings:
        own = warned.task == EXIT_TASK
        first, rest = first_sentence(warned.text)
        page.notice("warning", first if own else f"{warned.task}: {first}", detail=rest, told=own)
    for note in summary.notes:
        if note not in [warned.text for warned in outcome.warnings]:
            page.notice("info", note)
    _add_changes(page, summary)
    _add_figures(page, summary)
    _add_addresses(page, summary)
    page.write(path)


def _add_changes(page: Page, summary: Summary) -> None:
    if not summary.compared_with:
        page.section("What changed", "There is no earlier run to compare with.")
        return
    page.section("What changed", f"Since run {summary.compared_with}.")
    if summary.changes:
        page.table(["what", "change"], [[change.kind, change.text] for change in summary.changes])
    else:
        page.text("Nothing: state, decision, figures, images, classes, settings.")


def _add_figures(page: Page, summary: Summary) -> None:
    outcome = summary.outcome
    rows = {
        **{name.lower(): text for name, text in outcome.figures()},
        "classes": shorten(outcome.classes, MOST_CLASSES),
        "live model": version_text(outcome),
        "model": (outcome.model_sha256 or "")[:SHOWN_DIGITS],
        **{f"refused: {reason}": str(count) for reason, count in outcome.refusals.items()},
        **{name: str(value) for name, value in outcome.settings.items()},
        "webhook": summary.webhook,
    }
    page.section("Details")
    page.table(["what", "value"], [[name, text] for name, text in rows.items() if text])


def _add_addresses(page: Page, summary: Summary) -> None:
    addresses = {**({"run": summary.link} if summary.link else {}), **addresses_of(summary)}
    # On this machine the run's own page leads to copies that browsers show as pages.
    rows: list[list[Cell]] = [
        [name, Link("its page", opened) if (opened := browser_address(text)) else text]
        for name, text in addresses.items()
        if not is_local(text)
    ]
    if rows:
        page.section("Where to look", "The pages of the stages, in the store of the run.")
        page.table(["stage", "address"], rows)
