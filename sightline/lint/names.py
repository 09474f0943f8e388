"""Names and addresses that a target would reject."""

import re
from collections.abc import Iterator

from sightline.lint.checked import Checked
from sightline.lint.finding import Finding, problem, warning
from sightline.targets.kinds import KubeflowTarget, RemoteTarget, VertexTarget

RULE = "name"
PIPELINE = re.compile(r"[a-z0-9][a-z0-9-]{0,127}")
LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
SUBDOMAIN = re.compile(r"(?=.{1,253}$)[a-z0-9]([a-z0-9.-]*[a-z0-9])?")
VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
NETWORK = re.compile(r"projects/[0-9]+/global/networks/[a-z][a-z0-9-]*")
KEY = re.compile(r"projects/[^/]+/locations/(?P<location>[^/]+)/keyRings/[^/]+/cryptoKeys/[^/]+")
# Argo's longest name is 128 characters, and Kubeflow adds `-driver`.
TASK_LENGTH = 121
DISPLAY_LENGTH = 128
# Schedules with longer names were refused (zenml issues 2262 and 5080).
VERTEX_SCHEDULED_LENGTH = 64
RUN_SUFFIX = "-20261122-023000-k7q"
"""What the name of a run adds to that of its pipeline: a time, and three letters or digits."""
NUM_LABELS = 64
LABEL_LENGTH = 63
RESERVED_LABEL = "vertex-ai-pipelines-run-billing-id"


def pipeline(checked: Checked, target: RemoteTarget) -> Iterator[Finding]:
    """Refuse a pipeline name that cannot become part of addresses and ids."""
    name = str(checked.documents[0]["pipelineInfo"].get("name", ""))
    remedy = "Change pipeline.name, or the name in @dsl.pipeline, and compile again."
    if not PIPELINE.fullmatch(name):
        message = (
            "expected up to 128 lower case letters, digits and dashes, and no dash first; "
            f"received {_cut(name)}"
        )
        yield problem(RULE, "pipeline name", message, remedy)
    elif isinstance(target, VertexTarget):
        yield from _pipeline_on_vertex(name, remedy)


def runs(checked: Checked, target: RemoteTarget) -> Iterator[Finding]:
    """Refuse an empty or overlong name of the run; engines check those of schedules."""
    name = checked.run_name
    if name is not None and not 0 < len(name.strip()) <= DISPLAY_LENGTH:
        message = f"expected a name of 1 to {DISPLAY_LENGTH} characters; received {_cut(name)}"
        yield problem(RULE, "run name", message, "Choose another with --name.")


def tasks(checked: Checked, target: KubeflowTarget) -> Iterator[Finding]:
    """Refuse task names that Argo has no room for."""
    for task in checked.tasks:
        if len(task.name) > TASK_LENGTH:
            message = f"expected up to {TASK_LENGTH} characters; received {len(task.name)}"
            yield problem(RULE, f"task {_cut(task.name)}", message, "Shorten the function's name.")


def namespace(checked: Checked, target: KubeflowTarget) -> Iterator[Finding]:
    """Refuse names in the target that Kubernetes and Kubeflow do not take."""
    place = f"targets.{checked.target_name}"
    if not LABEL.fullmatch(target.namespace):
        yield _kubernetes_name(f"{place}.namespace", target.namespace, 63)
    size = len(target.experiment.encode())
    if size > DISPLAY_LENGTH:
        message = f"expected up to {DISPLAY_LENGTH} bytes; received {size}"
        yield problem(RULE, f"{place}.experiment", message, "Shorten it.")
    for setting, name in _kubernetes_names(target):
        if not SUBDOMAIN.fullmatch(name):
            yield _kubernetes_name(f"{place}.{setting}", name, 253)


def environment(checked: Checked, target: KubeflowTarget) -> Iterator[Finding]:
    """Refuse environment variables that a pod cannot have."""
    names = {name: "environment" for name in target.environment} | {
        name: "kubernetes.secrets_as_environment"
        for secret in target.kubernetes.secrets_as_environment
        for name in secret.variables.values()
    }
    for name, setting in names.items():
        if not VARIABLE.fullmatch(name):
            message = f"expected the name of an environment variable; received {_cut(name)}"
            where = f"targets.{checked.target_name}.{setting}"
            yield problem(RULE, where, message, "Use letters, digits and underscores.")


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
                f"_ and -; received {_cut(key)}: {_cut(value)}"
            )
            yield problem(RULE, where, message, remedy)


def google_names(checked: Checked, target: VertexTarget) -> Iterator[Finding]:
    """Refuse addresses of Google Cloud that are incomplete or of another region."""
    place = f"targets.{checked.target_name}"
    if target.service_account and not re.fullmatch(r"[^@\s]+@[^@\s]+", target.service_account):
        message = f"expected the e-mail of an account; received {_cut(target.service_account)}"
        remedy = f"Write it as NAME@{target.project}.iam.gserviceaccount.com."
        yield problem(RULE, f"{place}.service_account", message, remedy)
    if target.network and not NETWORK.fullmatch(target.network):
        message = f"expected projects/NUMBER/global/networks/NAME; received {_cut(target.network)}"
        remedy = "Take the project's number, not its name, from the console's start page."
        yield problem(RULE, f"{place}.network", message, remedy)
    if target.encryption_key:
        yield from _encryption_key(f"{place}.encryption_key", target)


def _pipeline_on_vertex(name: str, remedy: str) -> Iterator[Finding]:
    longest = DISPLAY_LENGTH - len(RUN_SUFFIX)
    if len(name) > longest:
        message = (
            f"expected up to {longest} characters, since the name of a run adds {len(RUN_SUFFIX)} "
            f"such as {RUN_SUFFIX} to it; received {_cut(name)}"
        )
        yield problem(RULE, "pipeline name", message, remedy)
    elif len(name) > VERTEX_SCHEDULED_LENGTH:
        message = f"schedules were refused above 64 characters; this name has {len(name)}"
        yield warning(RULE, "pipeline name", message, remedy)
    if name[0].isdigit():
        # Runs that Sightline starts itself get an id that begins with `run-`.
        message = (
            "a schedule may be unable to start its runs: Vertex AI makes their ids from this name, "
            f"and expects a letter first; received {_cut(name)}"
        )
        yield warning(RULE, "pipeline name", message, remedy)


def _encryption_key(where: str, target: VertexTarget) -> Iterator[Finding]:
    match = KEY.fullmatch(target.encryption_key)
    if match is None:
        message = (
            "expected projects/P/locations/L/keyRings/R/cryptoKeys/K; received "
            f"{_cut(target.encryption_key)}"
        )
        yield problem(RULE, where, message, "Copy the key's resource name from the console.")
    elif match["location"] != target.location:
        message = f"expected a key of {target.location}; received one of {match['location']}"
        yield problem(RULE, where, message, "Use a key of the region in which the tasks run.")


def _kubernetes_names(target: KubeflowTarget) -> Iterator[tuple[str, str]]:
    pods = target.kubernetes
    if target.service_account:
        yield "service_account", target.service_account
    for variables in pods.secrets_as_environment:
        yield "kubernetes.secrets_as_environment", variables.secret
    for files in pods.secrets_as_volumes:
        yield "kubernetes.secrets_as_volumes", files.secret
    for volume in pods.volumes:
        yield "kubernetes.volumes", volume.claim
    for name in pods.image_pull_secrets:
        yield "kubernetes.image_pull_secrets", name


def _kubernetes_name(where: str, name: str, length: int) -> Finding:
    message = (
        f"expected up to {length} lower case letters, digits and dashes; received {_cut(name)}"
    )
    return problem(RULE, where, message, "Use the name that `kubectl get` shows.")


def _is_label(text: str) -> bool:
    # International letters are welcome, upper case is not.
    return len(text) <= LABEL_LENGTH and all(
        letter in "_-" or (letter.isalnum() and letter == letter.lower()) for letter in text
    )


def _cut(text: str) -> str:
    return repr(text) if len(text) <= 40 else f"{text[:37]!r}... ({len(text)} characters)"
