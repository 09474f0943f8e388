"""Packages to look at: the golden ones, as they are or broken in one place."""

import copy
import warnings
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from kfp import compiler

from sightline.images.record import PushedImage
from sightline.lint import Checked, Finding, lint
from sightline.package.reading.specification import read_documents
from sightline.project.settings import load_project
from sightline.project.target import Target
from tests.pipelines.golden.packages import SETTINGS, golden

Documents = list[Any]


def documents(target: str) -> Documents:
    """Return a copy of the golden package of a target."""
    return copy.deepcopy(_read(golden(target)))


def container(package: Documents, task: str) -> Any:
    """Return the container of a task, to be changed."""
    return package[0]["deploymentSpec"]["executors"][f"exec-{task}"]["container"]


def pod(package: Documents, task: str) -> Any:
    """Return what the platform document gives a task's pod, to be changed."""
    platform = package[1]["platforms"]["kubernetes"]["deploymentSpec"]["executors"]
    return platform.setdefault(f"exec-{task}", {})


def set_default(package: Documents, parameter: str, value: Any) -> None:
    """Change the default of a pipeline parameter."""
    package[0]["root"]["inputDefinitions"]["parameters"][parameter]["defaultValue"] = value


def target_of(name: str, **changes: Any) -> Target:
    """Return a target of the golden project, with other settings where given."""
    return _target(name).model_copy(update=changes)


NO_NEWS = {"accelerator-unused", "accelerator-here", "this-machine"}


def linted(
    target: str,
    package: Documents | None = None,
    *,
    settings: dict[str, Any] | None = None,
    size_bytes: int = 70_000,
    **given: Any,
) -> list[Finding]:
    """Look at a package for a target of the golden project, whose GPU and place are no news."""
    found = everything_linted(
        documents=documents(target) if package is None else package,
        size_bytes=size_bytes,
        target=target_of(target, **(settings or {})),
        target_name=target,
        **given,
    )
    return [finding for finding in found if finding.rule not in NO_NEWS]


def pushed_image(reference: str, **changes: Any) -> PushedImage:
    """Return what the record says of a pushed image."""
    known = {
        "reference": reference,
        "content": "0123456789ab",
        "python_image": "python:3.11-slim",
        "platform": "linux/amd64",
        "version": "0.1.0",
        "pushed": datetime(2026, 11, 20, tzinfo=UTC),
    }
    return PushedImage.model_validate(known | changes)


def everything_linted(**given: Any) -> list[Finding]:
    """Look at a package and leave nothing out."""
    return lint(Checked(**given))


def only(findings: list[Finding]) -> Finding:
    """Return the one finding that there must be."""
    assert len(findings) == 1, findings
    return findings[0]


def of_rule(findings: list[Finding], rule: str) -> list[Finding]:
    """Return the findings of one rule."""
    return [finding for finding in findings if finding.rule == rule]


def compile_package(pipeline: Callable[..., Any], folder: Path) -> Documents:
    """Compile another team's pipeline and read the package."""
    path = folder / "package.yaml"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        compiler.Compiler().compile(pipeline, str(path))
    return read_documents(path)


@cache
def _read(path: Path) -> Documents:
    return read_documents(path)


@cache
def _target(name: str) -> Target:
    return load_project(SETTINGS, (), name).target
