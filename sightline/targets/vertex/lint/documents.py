"""What a package may hold at all."""

from collections.abc import Iterator

from sightline.ground.errors import shorten
from sightline.lint.checked import Checked
from sightline.lint.finding import Finding, problem
from sightline.lint.platform import RULE, features
from sightline.targets.vertex.settings import VertexTarget


def one_document(checked: Checked, target: VertexTarget) -> Iterator[Finding]:
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
