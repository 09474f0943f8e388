"""Features of Kubernetes that are without effect, or fatal, on another target."""

from collections.abc import Iterator

from sightline.ground.errors import shorten
from sightline.lint.checked import Checked
from sightline.lint.finding import Finding, problem, warning
from sightline.package.reading.tasks import pods
from sightline.targets.kinds import LocalTarget, VertexTarget

RULE = "platform"


def features(checked: Checked) -> list[str]:
    """Name what the package's platform documents hold, such as `pvcMount` or `workspace`."""
    found: set[str] = set()
    for document in checked.documents[1:]:
        for pod in pods(document).values():
            found |= pod.keys()
        config = document.get("platforms", {}).get("kubernetes", {}).get("pipelineConfig", {})
        found |= config.keys()
    return sorted(found)


def vertex_documents(checked: Checked, target: VertexTarget) -> Iterator[Finding]:
    """Refuse a second YAML document: the SDK of Vertex AI cannot load the package."""
    if len(checked.documents) > 1:
        message = (
            f"expected one YAML document; received {len(checked.documents)}, with platform "
            f"settings of Kubernetes ({shorten(features(checked)) or 'empty'})"
        )
        remedy = (
            "Compile for this target, with `sightline compile --target "
            f"{checked.target_name}`; in a pipeline of your own, leave out kfp.kubernetes and "
            "dsl.PipelineConfig."
        )
        yield problem(RULE, "package", message, remedy)


def without_effect(checked: Checked, target: LocalTarget) -> Iterator[Finding]:
    """Warn that this machine has no pods."""
    if len(checked.documents) > 1:
        message = f"platform settings have no effect here: {shorten(features(checked))}"
        yield warning(RULE, "package", message, "Compile without --target to leave them out.")
