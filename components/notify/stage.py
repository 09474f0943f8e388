"""The exit task: says how a run ended, whatever happened in it."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from urllib.parse import quote

from components.notify.changes import NOTEWORTHY, changes_between
from components.notify.ending import Ending, by_account, by_outputs, read_ending
from components.notify.findings import Findings, collect
from components.notify.message import message_of, plain, slack
from components.notify.page import write_report
from components.notify.place import Place, place_of
from components.notify.settings import NotifySettings
from components.notify.store import Store, within, words_of
from components.notify.summary import SCHEMA, VERSION, Change, Summary
from sightline.ground.headlines.headline import numbers_of
from sightline.ground.outcome import EXIT_TASK, Outcome, Warned
from sightline.ground.pages import WARNINGS
from sightline.ground.ports import Facts, Metadata, OutputArtifact, OutputReport
from sightline.ground.run_account.account import Account
from sightline.ground.run_account.vertex import JOB
from sightline.stage import log
from sightline.stage.command import address_of
from sightline.stage.formats.schema import write_document

STORE_SECONDS = 30
ASK_SECONDS = 30


def notify(
    *, status: str, summary: OutputArtifact, report: OutputReport, settings: NotifySettings
) -> Facts:
    """Say how a run ended and what came out of it: on a page, in the log and to a webhook.

    Nothing that is read or called can fail this stage: what went wrong stands in the summary.
    """
    with log.hearing() as warned:
        described = look(status, summary, settings)
        described = with_warnings(described, warned)
        log.event("summary", text=plain(message_of(described)))
        webhook = call_webhook(described, settings)
    described = with_warnings(described.model_copy(update={"webhook": webhook}), warned)

    write_document(summary / "summary.json", SCHEMA, VERSION, described.model_dump(mode="json"))
    write_report(report, described)
    return {"summary": metadata(described), "report": {}}


def look(status: str, summary: Path, settings: NotifySettings) -> Summary:
    """Return what the engine and the stages' outputs say of the run that is ending."""
    ending = read_ending(status)
    place = place_of(address_of(summary.absolute()), EXIT_TASK)
    account, unsaid = listen(settings.api, place, ending)
    found = look_around(place, settings.name, account)
    found.notes += unsaid
    told = account if account and account.tells_end else None
    ending = by_account(ending, told, found) if told else by_outputs(ending, found)
    return describe(ending, place, found, settings)


def with_warnings(summary: Summary, warned: Sequence[str]) -> Summary:
    """Add what this task itself warned of to what the stages did."""
    told = [one for one in summary.outcome.warnings if one.task != EXIT_TASK]
    own = [Warned(task=EXIT_TASK, text=text) for text in dict.fromkeys(warned)]
    warnings = (*told, *own)
    outcome = summary.outcome.model_copy(update={WARNINGS: warnings})
    return summary.model_copy(update={"outcome": outcome})


def listen(api: str, place: Place | None, ending: Ending) -> tuple[Account | None, list[str]]:
    """Return what the engine says of the run, and in words what it did not say."""
    if not api and not JOB.fullmatch(ending.resource):
        return None, []
    # Runs of this machine ask nobody, and need no HTTP client.
    from components.notify.cluster import ask

    try:
        run = place.run if place else ""
        account = within(ASK_SECONDS, lambda: ask(api, run, ending.resource))
    except Exception as error:
        reason = words_of(error)
        text = f"The engine did not say what was reused ({reason.rstrip('.')})."
        log.warning(text)
        return None, [text]
    for text in account.notes if account else ():
        log.warning(text)
    return account, list(account.notes) if account else []


def look_around(place: Place | None, name: str, account: Account | None) -> Findings:
    """Read what the stages of this run and of earlier ones left; say in words what could not be."""
    if place is None:
        return Findings(notes=["The output's folder is in no run, so nothing was read."])
    found = Findings()
    try:
        within(STORE_SECONDS, lambda: collect(found, Store(place), name=name, account=account))
    except Exception as error:
        reason = words_of(error)
        found = found.snapshot()
        found.miss(
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
        pages=pages_of(found.reports, settings.artifact_link),
        link=settings.link.replace("{run}", quote(run, safe="")),
        notes=tuple(notes),
    )


def pages_of(reports: Mapping[str, str], link: str) -> dict[str, str]:
    """Return where a browser opens each report, as far as the link to an artifact says it."""
    pages = {}
    for stage, address in reports.items():
        scheme, _, place = address.partition("://")
        bucket, _, path = place.partition("/")
        if link and path:
            blanks = {"{scheme}": scheme, "{bucket}": bucket, "{path}": path}
            pages[stage] = link
            for blank, value in blanks.items():
                pages[stage] = pages[stage].replace(blank, quote(value, safe="/"))
    return pages


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
        log.warning(f"The webhook was not called: {reason.rstrip('.')}. Look at notify.webhook.")
        return f"failed: {reason}"
    log.event("webhook called")
    return "called"


def is_wanted(summary: Summary, settings: NotifySettings) -> bool:
    """Tell whether a run is one that the webhook is to hear of."""
    if settings.on == "always" or summary.state in ("failed", "unknown"):
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
