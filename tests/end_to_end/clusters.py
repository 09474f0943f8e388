"""How Kubeflow and Vertex AI name files and start containers."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """How one kind of cluster names files and starts containers."""

    root: str
    """Pipeline root, with the scheme of its object store."""
    task_folder: str
    """Below the root: where a task's artifacts go."""
    output_file: str
    parameter_file: str
    shares_bucket: bool
    """Whether tasks see one mounted bucket, or each its own copies of what it reads."""
    bucket_manners: bool = False
    """Whether no folder with content can be renamed in a store."""
    logs_artifact: bool = False
    """Whether the log is one more output, which no component declares."""
    whole_numbers: bool = False
    """Whether 5 arrives as 5, as Go writes it, or as 5.0, as protobuf's doubles are elsewhere."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """Of the container, beyond what all have."""


RESTRICTED = {
    # A user id that no image knows, as OpenShift chooses them, and a file system sealed shut.
    "user": "1000730000:0" if os.getuid() == 0 else f"{os.getuid()}:0",
    "read_only": True,
    "cap_drop": ["ALL"],
    "security_opt": ["no-new-privileges"],
}
KUBEFLOW = Cluster(
    root="minio://mlpipeline/v2/artifacts",
    task_folder="{pipeline}/{run}/{task}/{attempt}",
    output_file="/tmp/kfp_outputs/output_metadata.json",
    parameter_file="/tmp/kfp/outputs/{name}",
    shares_bucket=False,
    logs_artifact=True,
    options=RESTRICTED,
)
KUBEFLOW_ON_S3 = replace(
    KUBEFLOW, root="s3://company-bucket/pipelines/v2", logs_artifact=False, whole_numbers=True
)
VERTEX = Cluster(
    root="gs://company-bucket/pipeline-root",
    task_folder="123456789012/{pipeline}-20261122020000/{task}_-{number}",
    output_file="/gcs/{folder}/executor_output.json",
    parameter_file="/gcs/{folder}/{name}",
    shares_bucket=True,
    bucket_manners=True,
)
