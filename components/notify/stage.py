"""The exit task: says how a run ended, whatever happened in it."""

from collections.abc import Iterator
from urllib.parse import quote

from components.notify.changes import NOTEWORTHY, changes_between
from components.notify.ending import Ending, read_ending
from components.notify.findings import Findings, collect
from components.notify.message import message_of, plain, slack
from components.notify.page import write_report
from components.notify.place import Place, place_of
from components.notify.settings import NotifySettings
from components.notify.store import Store, within, words_of
from components.notify.summary import SCHEMA, VERSION, Change, Summary
from sightline.ground.headline import numbers_of
from sightline.ground.outcome import EXIT_TASK, Outcome
from sightline.ground.ports import Facts, Metadata, OutputArtifact, OutputReport
from sightline.stage import log
from sightline.stage.command import address_of
from sightline.stage.formats.schema import write_document

STORE_SECONDS = 30


def notify(
    *, status: str, summary: OutputArtifact, report: OutputReport, settings: NotifySettings
) -> Facts:
    """Say how a run ended and what came out of it: on a page, in the log and to a webhook.

    Nothing that is read or called can fail this stage: what went wrong stands in the summary.
    """
    ending = read_ending(status)
    place = place_of(address_of(summary.absolute()), EXIT_TASK)
    found = look_around(place, ending, settings.name)
    described = describe(ending, place, found, settings)
    log.event("summary", text=plain(message_of(described)))
    webhook = call_webhook(described, settings)
    described = described.model_copy(update={"webhook": webhook})

    write_document(summary / "summary.json", SCHEMA, VERSION, described.model_dump(mode="json"))
    write_report(report, described)
    return {"summary": metadata(described), "report": {}}


def look_around(place: Place | None, ending: Ending, name: str) -> Findings:
    """Read what the stages of this run and of earlier ones left; say in words what could not be."""
    if place is None:
        return Findings(notes=["The output's folder is in no run, so nothing was read."])
    found = Findings()
    ended_well = ending.state in ("succeeded", "unknown")
    try:
        within(
            STORE_SECONDS, lambda: collect(found, Store(place), name=name, ended_well=ended_well)
        )
    except Exception as error:
        reason = words_of(error)
        log.warning("store not read", reason=reason)
        found = found.snapshot()
        found.notes.append(
            f"Not all artifacts of the run could be read: {reason.rstrip('.')}. "
            "Let the task list and read the store (see notify's README)."
        )
    return found


def describe(
    ending: Ending, place: Place | None, found: Findings, settings: NotifySettings
) -> Summary:
    """Put together how the run ended, what came out and what is different from the run before."""
    run = place.run if place else ending.resource.rpartition("/")[2]
    outcome = found.outcome()
    before = found.baseline or found.last
    notes = list(found.notes)
    if ending.state == "failed" and not ending.failed_tasks and found.newest_stage:
        notes.append(f"The last stage that left something is {found.newest_stage}.")
    return Summary(
        name=settings.name,
        run=run,
        state=ending.state,
        reported_state=ending.reported,
        failed_tasks=ending.failed_tasks,
        message=ending.message,
        outcome=outcome,
        compared_with=before.run if before else "",
        changes=tuple(differences(found, ending, outcome)),
        reports=found.reports,
        link=settings.link.replace("{run}", quote(run, safe="")),
        notes=tuple(notes),
    )


def differences(found: Findings, ending: Ending, outcome: Outcome) -> Iterator[Change]:
    """Compare the state with the run before, and figures with the newest that succeeded."""
    if found.last is not None and found.last.state != ending.state:
        yield Change(kind="state", text=f"{found.last.state} before, {ending.state} now")
    if (before := found.baseline or found.last) is not None:
        yield from changes_between(before.outcome, outcome)


def call_webhook(summary: Summary, settings: NotifySettings) -> str:
    """Send the message where and when the settings ask for it, and say what became of it."""
    if not settings.webhook:
        return "not set"
    if not is_wanted(summary, settings):
        return f"not called: notify.on is {settings.on}"
    # Most runs call nobody, and need no HTTP client.
    from components.notify.webhook import WebhookError, post

    try:
        post(settings.webhook, slack(message_of(summary)))
    except Exception as error:
        reason = str(error) if isinstance(error, WebhookError) else type(error).__name__
        log.warning("webhook not called", reason=reason)
        return f"failed: {reason}"
    log.event("webhook called")
    return "called"


def is_wanted(summary: Summary, settings: NotifySettings) -> bool:
    """Tell whether a run is one that the webhook is to hear of."""
    if settings.on == "always" or summary.state == "failed":
        return True
    kinds = {change.kind for change in summary.changes}
    return settings.on == "change" and bool(kinds & NOTEWORTHY or not summary.compared_with)


def metadata(summary: Summary) -> Metadata:
    """Return the facts that a pipeline UI shows beside the summary."""
    outcome = summary.outcome
    facts = {
        "run": summary.run,
        "state": summary.state,
        "failed_tasks": ", ".join(summary.failed_tasks),
        "decision": outcome.decision,
        **numbers_of(outcome.headline),
        "num_test_images": outcome.num_test_images,
        "num_images": outcome.num_images,
        "num_refused": outcome.num_refused,
        "live_version": outcome.version,
        "changes": "; ".join(change.text for change in summary.changes),
        "webhook": summary.webhook,
    }
    return {name: value for name, value in facts.items() if value not in (None, "")}
