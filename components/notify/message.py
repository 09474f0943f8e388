"""A run's end in a few lines: as plain text for the log, as blocks for Slack."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from components.notify.summary import Summary
from sightline.ground.errors import shorten
from sightline.ground.outcome import Outcome

BUCKETS_IN_A_BROWSER = "https://storage.cloud.google.com/"
# Slack refuses a message with longer parts.
LONGEST_HEADER = 150
LONGEST_FIELD = 2000
LONGEST_SECTION = 3000
LONGEST_REASON = 600
MOST_CHANGES = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A title, facts by name, and addresses by name."""

    title: str
    facts: dict[str, str]
    links: dict[str, str]


def message_of(summary: Summary) -> Message:
    """Put a summary into words."""
    return Message(
        title=f"{summary.name or summary.run}: {ending_text(summary)}",
        facts=dict(_facts(summary)),
        links=({"the run": summary.link} if summary.link else {}) | addresses_of(summary),
    )


def addresses_of(summary: Summary) -> dict[str, str]:
    """Return the address of each stage's report, as a browser opens it where that is known."""
    return {**summary.reports, **summary.pages}


def ending_text(summary: Summary) -> str:
    """Say in one breath how a run ended."""
    if summary.state == "failed":
        return f"failed in {', '.join(summary.failed_tasks)}" if summary.failed_tasks else "failed"
    if summary.state == "cancelled":
        return "was cancelled"
    if summary.state != "succeeded":
        return "ended"
    return f"succeeded, {fate}" if (fate := model_fate(summary.outcome)) else "succeeded"


def model_fate(outcome: Outcome) -> str:
    """Say what became of the model, in a few words."""
    if outcome.decision is None:
        return ""
    if not outcome.goes_on:
        return "the model is held"
    if outcome.held_back:
        return "the model was held back by deploy"
    if outcome.put_live:
        return f"version {outcome.put_live} is live"
    return f"decision: {outcome.decision}"


def _facts(summary: Summary) -> Iterator[tuple[str, str]]:
    outcome = summary.outcome
    if summary.state == "unknown":
        word = summary.reported_state or "nothing"
        yield "State", f"not known: the engine reports {word}"
    if summary.message:
        yield "Why", cut(summary.message, LONGEST_REASON)
    yield from outcome.facts()
    if text := version_text(outcome):
        yield "Live model", text
    if summary.compared_with:
        yield "Changed", changes_text(summary)
    yield "Run", summary.run


def version_text(outcome: Outcome) -> str:
    """Say which version is live, and since which run."""
    if outcome.version is None:
        return ""
    since = f" since run {outcome.version_from}" if outcome.version_from else ""
    held = f"; the new model was held back: {outcome.held_back}" if outcome.held_back else ""
    return f"version {outcome.version}{since}{held}"


def changes_text(summary: Summary) -> str:
    """Say what changed since the run before."""
    texts = [change.text for change in summary.changes]
    return f"{shorten(texts, MOST_CHANGES) or 'nothing'} (since run {summary.compared_with})"


def plain(message: Message) -> str:
    """Write a message as lines of text."""
    lines = [f"{name}: {text}" for name, text in (message.facts | message.links).items()]
    return "\n".join([message.title, *lines])


def slack(message: Message) -> dict[str, Any]:
    """Write a message as Slack takes it: `text` for notifications, `blocks` for the channel."""
    short = {name: text for name, text in message.facts.items() if len(text) <= 80}
    long = {name: text for name, text in message.facts.items() if name not in short}
    blocks: list[dict[str, Any]] = [
        {"type": "header", "text": _text("plain_text", message.title, LONGEST_HEADER)},
        {
            "type": "section",
            "fields": [
                _text("mrkdwn", f"*{name}*\n{escaped(text)}", LONGEST_FIELD)
                for name, text in short.items()
            ],
        },
    ]
    for name, text in long.items():
        body = _text("mrkdwn", f"*{name}*\n{escaped(text)}", LONGEST_SECTION)
        blocks.append({"type": "section", "text": body})
    if links := _links(message):
        blocks.append({"type": "section", "text": _text("mrkdwn", links, LONGEST_SECTION)})
    return {"text": plain(message), "blocks": blocks}


def browser_address(address: str) -> str:
    """Return what a browser can open of an address, or nothing."""
    if address.startswith("gs://"):
        return BUCKETS_IN_A_BROWSER + quote(address.removeprefix("gs://"))
    return address if address.startswith(("https://", "http://")) else ""


def escaped(text: str) -> str:
    """Keep a text from being read as Slack's markup."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def cut(text: str, longest: int) -> str:
    """Shorten a text to a number of characters."""
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def _text(kind: str, text: str, longest: int) -> dict[str, str]:
    return {"type": kind, "text": cut(text, longest)}


def _links(message: Message) -> str:
    lines = []
    for name, address in message.links.items():
        target = browser_address(address)
        shown = f"<{target}|{escaped(name)}>" if target else f"{escaped(name)}: {escaped(address)}"
        lines.append(shown)
    return "\n".join(lines)
