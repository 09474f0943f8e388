"""Google's SDK, pointed at the service on this machine."""

from collections.abc import Mapping
from functools import partial

import pytest
from google.auth.credentials import AnonymousCredentials
from google.cloud import aiplatform, resourcemanager

from sightline.package.compiled import Package
from tests.sightline.targets.vertex.server import BUCKET, VertexServer


def use_sdk(server: VertexServer) -> None:
    """Have everything of the SDK talk to the service."""
    aiplatform.init(
        project=server.target().project,
        location=server.target().location,
        api_transport="rest",
        api_endpoint=server.address,
        credentials=AnonymousCredentials(),
    )


def ask_here_for_projects(server: VertexServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the SDK ask the service who owns a bucket.

    No setting of its own does that: it would wait most of a minute for Google's address.
    """
    client = partial(
        resourcemanager.ProjectsClient,
        transport="rest",
        client_options={"api_endpoint": server.address},
    )
    monkeypatch.setattr(resourcemanager, "ProjectsClient", client)


def sdk_job(
    server: VertexServer, package: Package, name: str, labels: Mapping[str, str]
) -> aiplatform.PipelineJob:
    """Return a job as a person would write it down with the SDK."""
    use_sdk(server)
    return aiplatform.PipelineJob(
        display_name=name,
        template_path=str(package.path),
        job_id="by-the-sdk",
        pipeline_root=f"gs://{BUCKET}/runs",
        parameter_values={"ingest_source": "gs://photos/flowers", "train_epochs": 5},
        failure_policy="slow",
        labels=dict(labels),
        credentials=AnonymousCredentials(),
    )
