"""A package in which no task takes results from Kubeflow's cache."""

from dataclasses import replace
from typing import Any

import yaml

from sightline.engines.engine import Submission
from sightline.ground.storage.files import write_whole
from sightline.package.compiled import Package
from sightline.package.reading.specification import read_documents


def package_to_send(submission: Submission) -> Package:
    """Return the package of a submission, or a copy beside it with the cache off in every task.

    A run of an uploaded version cannot switch the cache off: kfp.Client does that only in packages
    that it sends along with the run, and there only for the outermost tasks.
    """
    package = submission.package
    if submission.cache:
        return package
    documents = read_documents(package.path)
    _switch_off(documents[0])
    path = package.path.with_name(f"{package.path.stem}.no-cache.yaml")
    write_whole(path, yaml.safe_dump_all(documents, sort_keys=False))
    return replace(package, path=path, version=f"{package.version}-no-cache")


def _switch_off(pipeline: dict[str, Any]) -> None:
    for component in (pipeline["root"], *pipeline.get("components", {}).values()):
        for task in component.get("dag", {}).get("tasks", {}).values():
            task["cachingOptions"] = {}
