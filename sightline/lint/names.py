"""Names and addresses that a target would reject."""

import re
from collections.abc import Iterator

from sightline.lint.checked import Checked
from sightline.lint.finding import Finding, problem
from sightline.project.target import RemoteTarget

RULE = "name"
PIPELINE = re.compile(r"[a-z0-9][a-z0-9-]{0,127}")
DISPLAY_LENGTH = 128
RENAME = "Change pipeline.name, or the name in @dsl.pipeline, and compile again."


def pipeline(checked: Checked, target: RemoteTarget) -> Iterator[Finding]:
    """Refuse a pipeline name that cannot become part of addresses and ids."""
    name = pipeline_name(checked)
    if not PIPELINE.fullmatch(name):
        message = (
            "expected up to 128 lower case letters, digits and dashes, and no dash first; "
            f"received {cut(name)}"
        )
        yield problem(RULE, "pipeline name", message, RENAME)


def pipeline_name(checked: Checked) -> str:
    """Return the name inside the package."""
    return str(checked.documents[0]["pipelineInfo"].get("name", ""))


def runs(checked: Checked, target: RemoteTarget) -> Iterator[Finding]:
    """Refuse an empty or overlong name of the run; engines check those of schedules."""
    name = checked.run_name
    if name is not None and not 0 < len(name.strip()) <= DISPLAY_LENGTH:
        message = f"expected a name of 1 to {DISPLAY_LENGTH} characters; received {cut(name)}"
        yield problem(RULE, "run name", message, "Choose another with --name.")


def cut(text: str) -> str:
    """Quote a text that may be long."""
    return repr(text) if len(text) <= 40 else f"{text[:37]!r}... ({len(text)} characters)"
