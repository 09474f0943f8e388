"""Names and addresses that Google Cloud would reject."""

import re
from collections.abc import Iterator

from sightline.lint.checked import Checked
from sightline.lint.finding import Finding, problem, warning
from sightline.lint.names import DISPLAY_LENGTH, PIPELINE, RENAME, RULE, cut, pipeline_name
from sightline.targets.vertex.settings import VertexTarget

NETWORK = re.compile(r"projects/[0-9]+/global/networks/[a-z][a-z0-9-]*")
KEY = re.compile(r"projects/[^/]+/locations/(?P<location>[^/]+)/keyRings/[^/]+/cryptoKeys/[^/]+")
# Schedules with longer names were refused (zenml issues 2262 and 5080).
SCHEDULED_LENGTH = 64
RUN_SUFFIX = "-20261122-023000-k7q"
"""What the name of a run adds to that of its pipeline: a time, and three letters or digits."""
NUM_LABELS = 64
LABEL_LENGTH = 63
RESERVED_LABEL = "vertex-ai-pipelines-run-billing-id"


def pipeline(checked: Checked, target: VertexTarget) -> Iterator[Finding]:
    """Look at what becomes of the pipeline's name: names and ids of runs."""
    name = pipeline_name(checked)
    if not PIPELINE.fullmatch(name):
        return  # refused for every cluster
    longest = DISPLAY_LENGTH - len(RUN_SUFFIX)
    if len(name) > longest:
        message = (
            f"expected up to {longest} characters, since the name of a run adds {len(RUN_SUFFIX)} "
            f"such as {RUN_SUFFIX} to it; received {cut(name)}"
        )
        yield problem(RULE, "pipeline name", message, RENAME)
    elif len(name) > SCHEDULED_LENGTH:
        message = f"schedules were refused above 64 characters; this name has {len(name)}"
        yield warning(RULE, "pipeline name", message, RENAME)
    if name[0].isdigit():
        # Runs that Sightline starts itself get an id that begins with `run-`.
        message = (
            "a schedule may be unable to start its runs: Vertex AI makes their ids from this name, "
            f"and expects a letter first; received {cut(name)}"
        )
        yield warning(RULE, "pipeline name", message, RENAME)


def labels(checked: Checked, target: VertexTarget) -> Iterator[Finding]:
    """Refuse labels that Google Cloud does not take."""
    where = f"targets.{checked.target_name}.labels"
    remedy = "Use lower case letters, digits, _ and -; a key starts with a letter."
    if len(target.labels) > NUM_LABELS:
        message = f"expected up to {NUM_LABELS} labels; received {len(target.labels)}"
        yield problem(RULE, where, message, "Remove some.")
    for key, value in target.labels.items():
        if key == RESERVED_LABEL:
            yield problem(RULE, where, f"{key} belongs to Vertex AI", "Remove it.")
        elif not (key[:1].isalpha() and _is_label(key) and _is_label(value)):
            message = (
                f"expected a key and a value of up to {LABEL_LENGTH} lower case letters, digits, "
                f"_ and -; received {cut(key)}: {cut(value)}"
            )
            yield problem(RULE, where, message, remedy)


def google_names(checked: Checked, target: VertexTarget) -> Iterator[Finding]:
    """Refuse addresses of Google Cloud that are incomplete or of another region."""
    place = f"targets.{checked.target_name}"
    if target.service_account and not re.fullmatch(r"[^@\s]+@[^@\s]+", target.service_account):
        message = f"expected the e-mail of an account; received {cut(target.service_account)}"
        remedy = f"Write it as NAME@{target.project}.iam.gserviceaccount.com."
        yield problem(RULE, f"{place}.service_account", message, remedy)
    if target.network and not NETWORK.fullmatch(target.network):
        message = f"expected projects/NUMBER/global/networks/NAME; received {cut(target.network)}"
        remedy = "Take the project's number, not its name, from the console's start page."
        yield problem(RULE, f"{place}.network", message, remedy)
    if target.encryption_key:
        yield from _encryption_key(f"{place}.encryption_key", target)


def _encryption_key(where: str, target: VertexTarget) -> Iterator[Finding]:
    match = KEY.fullmatch(target.encryption_key)
    if match is None:
        message = (
            "expected projects/P/locations/L/keyRings/R/cryptoKeys/K; received "
            f"{cut(target.encryption_key)}"
        )
        yield problem(RULE, where, message, "Copy the key's resource name from the console.")
    elif match["location"] != target.location:
        message = f"expected a key of {target.location}; received one of {match['location']}"
        yield problem(RULE, where, message, "Use a key of the region in which the tasks run.")


def _is_label(text: str) -> bool:
    # International letters are welcome, upper case is not.
    return len(text) <= LABEL_LENGTH and all(
        letter in "_-" or (letter.isalnum() and letter == letter.lower()) for letter in text
    )
