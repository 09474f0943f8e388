"""Secrets: never in a package, a parameter or a log. Messages never repeat them."""

import re
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from sightline.lint.checked import Checked
from sightline.lint.finding import Finding, problem
from sightline.lint.places import named_variables
from sightline.project.target import RemoteTarget, Target

RULE = "secret"
NAMES = re.compile(
    r"(^|_)(password|passwd|secret|token|credentials?|access_?key|api_?key|private_?key)(_id)?$",
    re.IGNORECASE,
)
"""Names whose value is the secret itself: not `..._file`, `..._path`, `max_tokens`."""
VALUES: Mapping[str, re.Pattern[str]] = {
    "the address of a webhook": re.compile(r"hooks\.slack\.com/(services|workflows|triggers)/"),
    "a private key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----"),
    "an access key of AWS": re.compile(r"\b(AKIA|ASIA)[0-9A-Z]{16}\b"),
    "an API key of Google": re.compile(r"\bAIza[0-9A-Za-z_-]{35}\b"),
    "a token": re.compile(r"\b(gh[pousr]_[0-9A-Za-z]{36}|xox[abprs]-[0-9A-Za-z-]{10,})"),
}
# Without a longest scheme, a long text takes minutes: each letter may begin one.
ADDRESS = re.compile(r"[a-z][a-z0-9+.-]{0,15}://[^\s'\"]+", re.IGNORECASE)
SIGNATURE = re.compile(
    r"[?&](sig|(access_|id_)?token|api_?key|password|(x-(amz|goog)-)?signature)=", re.IGNORECASE
)
REFERENCE = re.compile(r"(env:|file://|/|\{\{\$).*", re.DOTALL)
"""Values that say where a secret is to be found."""


def in_parameters(checked: Checked, target: Target) -> Iterator[Finding]:
    """Refuse secrets in pipeline parameters: every page and record of a run shows them."""
    for name, value in checked.values.items():
        if found := secret_in(name, value):
            where = checked.parameter_where(name)
            yield problem(RULE, where, _message(found), _remedy(checked))


def in_tasks(checked: Checked, target: Target) -> Iterator[Finding]:
    """Refuse secrets in the environment, the command and the fixed inputs of tasks."""
    shared = target.remote.environment if target.remote else {}
    for name, value in shared.items():
        if found := secret_in(name, value):
            where = f"targets.{checked.target_name}.environment.{name}"
            yield problem(RULE, where, _message(found), _remedy(checked))
    for task in checked.tasks:
        environment = {
            item["name"]: item.get("value")
            for item in task.container.get("env", ())
            if item["name"] not in shared
        }
        command = [*task.container.get("command", ()), *task.container.get("args", ())]
        fixed = task.node.get("inputs", {}).get("parameters", {})
        for name, value in {**environment, "command": command, **fixed}.items():
            if found := secret_in(name, value):
                yield problem(RULE, f"{task.name}, {name}", _message(found), _remedy(checked))


def webhook_variable(checked: Checked, target: RemoteTarget) -> Iterator[Finding]:
    """Refuse a webhook's address among the plain variables: whoever has it can write there."""
    for _, _, name in named_variables(checked):
        if name in target.environment:
            where = f"targets.{checked.target_name}.environment.{name}"
            yield problem(RULE, where, _message("the address of a webhook"), _remedy(checked))


def secret_in(name: str, value: object) -> str | None:
    """Say what kind of secret a named value holds, or None."""
    if isinstance(value, str):
        is_named = NAMES.search(name) and value and not REFERENCE.fullmatch(value)
        return _kind(value) or ("a secret, by its name" if is_named else None)
    parts: list[tuple[str, object]] = []
    if isinstance(value, Mapping):
        # The constant of an input stands below `runtimeValue` and `constant`.
        wrappers = {"runtimeValue", "constant"}
        parts = [(name if key in wrappers else str(key), part) for key, part in value.items()]
    elif isinstance(value, list | tuple):
        parts = [("", part) for part in value]
    return next((found for key, part in parts if (found := secret_in(key, part))), None)


def _kind(value: str) -> str | None:
    for words, pattern in VALUES.items():
        if pattern.search(value):
            return words
    for address in ADDRESS.findall(value):
        login, at, _ = urlsplit(address).netloc.rpartition("@")
        if at and (":" in login or address.lower().startswith("http")):
            return "an address with a password"
        if SIGNATURE.search(address):
            return "an address with a signature"
    return None


def _message(found: str) -> str:
    return f"expected no secret; received {found}. Everyone who may see a run could read it"


def _remedy(checked: Checked) -> str:
    return checked.target.secret_remedy(f"targets.{checked.target_name}")
