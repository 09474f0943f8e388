"""The rules that hold for Vertex AI Pipelines alone."""

from collections.abc import Callable, Iterator

from sightline.lint.checked import Checked
from sightline.lint.finding import Finding
from sightline.targets.vertex.lint import (
    accelerators,
    documents,
    images,
    names,
    reach,
    resources,
)
from sightline.targets.vertex.settings import VertexTarget

RULES: tuple[Callable[[Checked, VertexTarget], Iterator[Finding]], ...] = (
    documents.one_document,
    images.registry,
    reach.inputs,
    accelerators.known,
    resources.machines,
    resources.requests,
    names.pipeline,
    names.labels,
    names.google_names,
)
