"""The bodies of requests: what `submit` sends and `plan` shows."""

from collections.abc import Mapping
from typing import Any

import kfp_server_api

from sightline.runs.records import Value
from sightline.targets.kfp.settings import KubeflowTarget


def experiment_body(target: KubeflowTarget, name: str) -> kfp_server_api.V2beta1Experiment:
    """Describe the experiment that groups the runs."""
    return kfp_server_api.V2beta1Experiment(display_name=name, namespace=owner(target))


def pipeline_body(target: KubeflowTarget, name: str) -> kfp_server_api.V2beta1Pipeline:
    """Describe the pipeline whose versions are packages."""
    return kfp_server_api.V2beta1Pipeline(display_name=name, namespace=owner(target))


def reference_to(
    pipeline_id: str, version_id: str
) -> kfp_server_api.V2beta1PipelineVersionReference:
    """Name one version of a pipeline."""
    return kfp_server_api.V2beta1PipelineVersionReference(
        pipeline_id=pipeline_id, pipeline_version_id=version_id
    )


def run_body(
    target: KubeflowTarget,
    *,
    name: str,
    experiment_id: str,
    version: kfp_server_api.V2beta1PipelineVersionReference,
    parameters: Mapping[str, Value],
) -> kfp_server_api.V2beta1Run:
    """Describe one run."""
    return kfp_server_api.V2beta1Run(
        display_name=name,
        experiment_id=experiment_id,
        pipeline_version_reference=version,
        runtime_config=runtime_config(target, parameters),
        service_account=target.service_account or None,
    )


def owner(target: KubeflowTarget) -> str | None:
    """Return the namespace where the installation separates users; elsewhere it is refused."""
    return target.namespace if target.multi_user else None


def as_json(body: Any) -> dict[str, Any]:
    """Return a body as it goes over the wire."""
    sent: dict[str, Any] = kfp_server_api.ApiClient().sanitize_for_serialization(body)
    return sent


def runtime_config(
    target: KubeflowTarget, parameters: Mapping[str, Value]
) -> kfp_server_api.V2beta1RuntimeConfig:
    """Describe what a run gets beside its pipeline."""
    return kfp_server_api.V2beta1RuntimeConfig(
        parameters=dict(parameters), pipeline_root=target.pipeline_root or None
    )
