"""A project with a Kubeflow and a Vertex target, whose images seem to have been pushed."""

import hashlib
import json
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from sightline.images.content import Context, image_content
from sightline.images.recipes import PYTHON_IMAGE, repository_root
from sightline.images.record import ImageRecord, PushedImage, images_file, write_images
from sightline.project.stages import stage_names

REGISTRIES = {
    "cluster": "registry.example.com/team",
    "cloud": "europe-west4-docker.pkg.dev/flowers-project/sightline",
}


def write_project(folder: Path, *, kubeflow: str, vertex: str, pushed: bool = True) -> Path:
    """Write settings with targets that reach two services, and a record of images."""
    targets = {
        "cluster": {
            "kind": "kfp",
            "host": kubeflow,
            "registry": REGISTRIES["cluster"],
            "pipeline_root": "s3://bucket/runs",
            "environment": {"AWS_ENDPOINT_URL": "http://minio.kubeflow:9000"},
            "settings": {"ingest": {"source": "s3://bucket/flowers"}},
            "kubernetes": {
                "secrets_as_environment": [
                    {
                        "secret": "mlpipeline-minio-artifact",
                        "variables": {
                            "accesskey": "AWS_ACCESS_KEY_ID",
                            "secretkey": "AWS_SECRET_ACCESS_KEY",
                        },
                    }
                ],
                "volumes": [{"claim": "models", "mount_path": "/models"}],
            },
        },
        "cloud": {
            "kind": "vertex",
            "project": "flowers-project",
            "location": "europe-west4",
            "staging_bucket": "gs://flowers-staging",
            "api_endpoint": vertex,
            "credentials": "anonymous",
            "registry": REGISTRIES["cloud"],
            "settings": {"ingest": {"source": "gs://flowers-staging/flowers"}},
        },
    }
    settings = {
        "pipeline": {"name": "flowers"},
        "ingest": {"source": "photos"},
        "targets": targets,
    }
    path = folder / "sightline.yaml"
    path.write_text(json.dumps(settings, indent=2), encoding="utf-8")  # JSON is YAML
    if pushed:
        write_images(images_file(path), pushed_images())
    return path


@cache
def pushed_images(registries: tuple[str, ...] = tuple(REGISTRIES.values())) -> ImageRecord:
    """Record every stage's image in some registries, made from what the sources are now."""
    root = repository_root()
    record, context = ImageRecord(), Context.of(root)
    for stage in stage_names():
        content = image_content(root, stage, context=context)
        for registry in registries:
            digest = hashlib.sha256(stage.encode()).hexdigest()
            image = PushedImage(
                reference=f"{registry}/sightline-{stage.replace('_', '-')}@sha256:{digest}",
                content=content,
                python_image=PYTHON_IMAGE,
                platform="linux/amd64",
                version="0.1.0",
                pushed=datetime.now(UTC),
            )
            record = record.with_image(registry, stage, image)
    return record
