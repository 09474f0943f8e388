"""Sightline's own pipeline, compiled for a Kubeflow target."""

from pathlib import Path

from sightline.engines.engine import Submission
from sightline.package.compile import compile_project
from sightline.package.compiled import Package
from sightline.project.settings import load_project
from sightline.runs.records import Value

SETTINGS = """
pipeline:
  name: flowers
ingest:
  source: s3://photos/flowers
targets:
  kfp:
    kind: kfp
    host: http://127.0.0.1:8888
    kubernetes:
      secrets_as_environment:
        - secret: store-keys
          variables: {accesskey: AWS_ACCESS_KEY_ID, secretkey: AWS_SECRET_ACCESS_KEY}
"""


def flowers_package(folder: Path) -> Package:
    """A package with platform settings, in two YAML documents."""
    settings = folder / "sightline.yaml"
    settings.write_text(SETTINGS, encoding="utf-8")
    return compile_project(load_project(settings, (), "kfp"), folder / "flowers.yaml")


def submission(
    package: Package, run_name: str = "flowers-1", *, cache: bool = True, **parameters: Value
) -> Submission:
    """One run of a package."""
    return Submission(package=package, run_name=run_name, parameters=parameters, cache=cache)
