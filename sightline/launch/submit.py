"""Bring a project's pipeline to a cluster: compile, look for mistakes, send, start one run."""

import os
import secrets
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sightline.engines.engine import Submission
from sightline.ground.errors import UserError
from sightline.ground.storage.files import whole
from sightline.ground.wording import counted
from sightline.images.content import Context, image_content
from sightline.images.recipes import repository_root
from sightline.images.record import ImageRecord, images_file, read_images
from sightline.lint import Checked, Finding, format_findings, lint
from sightline.lint.finding import count_problems
from sightline.lint.images import is_not_pushed
from sightline.package.compile import compile_project, pipeline_name
from sightline.package.compiled import Package
from sightline.package.reading.specification import read_documents
from sightline.project.choice import PipelineChoice
from sightline.project.overrides import parse_override
from sightline.project.settings import Project, load_project
from sightline.project.stages import settings_class
from sightline.project.target_kinds import remote_kinds

SUFFIX_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"


@dataclass(frozen=True, slots=True, kw_only=True)
class Compiled:
    """A package that its target will take, and what was noticed about it."""

    package: Package
    warnings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """What a package is for: what a run sets, and its name."""

    parameters: Mapping[str, Any] = field(default_factory=dict)
    """Pipeline parameters in place of the package's defaults."""
    run_name: str | None = None


def compile_checked(
    project: Project, output: Path, use: Use | None = None, *, to_read: bool = False
) -> Compiled:
    """Compile a project for its target and look for what the target would reject.

    Args:
        project: settings, for one target.
        output: the package to write.
        use: what it is for, where that is known.
        to_read: the package is not sent now: images that nobody pushed yet are a finding, no end.

    Raises:
        UserError: the target would reject the package, or the output is a folder; nothing is
            written then.
    """
    if output.is_dir():
        raise UserError(
            f"{output}: expected the path of a file to write; received a folder. Name a file in "
            f"it, such as {output / 'pipeline.yaml'}."
        )
    with whole(output) as fresh:
        package = compile_project(
            project, fresh, images=references(project, pushed_images(project))
        )
        findings = check_package(project, fresh, use)
        refuse_problems(project, [one for one in findings if not (to_read and is_not_pushed(one))])
    return Compiled(package=replace(package, path=output), warnings=tuple(findings))


def find_problems(project: Project, package: Path | None) -> list[Finding]:
    """Return what a project's target would reject or ignore, in a package or in its own."""
    if package is not None:
        return check_package(project, package)
    with tempfile.TemporaryDirectory(prefix="sightline-") as folder:
        path = Path(folder) / "pipeline.yaml"
        compile_project(project, path, images=references(project, pushed_images(project)))
        return check_package(project, path)


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A project that is ready to be sent to its target."""

    project: Project
    package: Package
    parameters: Mapping[str, Any]
    """Pipeline parameters that `--set` changed, by `<stage>_<setting>`."""
    warnings: tuple[Finding, ...]


def prepare(
    file: Path,
    target: str | None,
    overrides: Sequence[str] = (),
    *,
    run_name: str | None = None,
    pipeline: PipelineChoice | None = None,
    to_read: bool = False,
) -> Prepared:
    """Compile a project for a cluster, below `.sightline/packages`.

    Overrides become parameters of the run, so that the package stays the same with them. The
    file's name holds the version: nobody who prepares another one replaces it. With `to_read`,
    images need not be pushed.

    Raises:
        UserError: the target is no cluster, or would reject the package.
    """
    project = _load_base(file, target, overrides, pipeline)
    expect_cluster(project)
    parameters = changed_parameters(project, load_project(file, overrides, target, pipeline))
    use = Use(parameters=parameters, run_name=run_name)
    unnamed = project.root / "packages" / f"{project.target_name}-{os.getpid()}.yaml"
    compiled = compile_checked(project, unnamed, use, to_read=to_read)
    named = unnamed.with_name(f"{project.target_name}-{compiled.package.version}.yaml")
    return Prepared(
        project=project,
        package=replace(compiled.package, path=unnamed.replace(named)),
        parameters=parameters,
        warnings=compiled.warnings,
    )


def _load_base(
    file: Path, target: str | None, overrides: Sequence[str], pipeline: PipelineChoice | None
) -> Project:
    """Read the settings file alone, or with what it requires and only `--set` gives.

    What turns a stage on or off shapes the package, so it is never a parameter of one run.
    """
    parsed = [(text, *parse_override(text)[:2]) for text in overrides]
    shaping = [text for text, stage, name in parsed if settings_class(stage).switch == name]
    try:
        return load_project(file, shaping, target, pipeline)
    except UserError:
        required = [text for text, stage, name in parsed if _is_required(stage, name)]
        if not required:
            raise
    return load_project(file, [*shaping, *required], target, pipeline)


def _is_required(stage: str, name: str) -> bool:
    field = settings_class(stage).model_fields.get(name)
    return field is not None and field.is_required()


def changed_parameters(before: Project, after: Project) -> dict[str, Any]:
    """Return the pipeline parameters that differ between two readings of a project."""
    known = before.parameters()
    return {name: value for name, value in after.parameters().items() if value != known[name]}


def pushed_images(project: Project) -> ImageRecord:
    """Read which images were pushed, from the record beside the settings."""
    return read_images(images_file(project.path))


def references(project: Project, images: ImageRecord) -> dict[str, str]:
    """Return the image of each stage by digest, as the target's registry has it."""
    if project.target.remote is None:
        return {}
    registry = project.target.remote.registry
    pinned = {stage: images.pinned(registry, stage) for stage in project.stages}
    return {stage: image.reference for stage, image in pinned.items() if image}


def check_package(project: Project, path: Path, use: Use | None = None) -> list[Finding]:
    """Return what a project's target would reject or ignore in a package."""
    images = pushed_images(project)
    return lint(
        Checked(
            documents=read_documents(path),
            size_bytes=path.stat().st_size,
            target=project.target,
            target_name=project.target_name,
            parameters=use.parameters if use else {},
            run_name=use.run_name if use else None,
            images=images,
            contents=contents_now(project, images),
        )
    )


def contents_now(project: Project, images: ImageRecord) -> dict[str, str] | None:
    """Return what each pushed image would be made from now; None without the sources."""
    registry = project.target.remote.registry if project.target.remote else ""
    found = {stage: images.pinned(registry, stage) for stage in project.stages}
    pushed = {stage: image for stage, image in found.items() if image}
    try:
        root = repository_root()
    except UserError:
        return None
    context = Context.of(root) if pushed else None
    return {
        stage: image_content(root, stage, image.python_image, gpu=image.gpu, context=context)
        for stage, image in pushed.items()
    }


def refuse_problems(project: Project, findings: Sequence[Finding]) -> None:
    """Stop when a finding is a problem.

    Raises:
        UserError: with every problem and its remedy.
    """
    problems = [finding for finding in findings if finding.severity == "problem"]
    if problems:
        counts = counted(count_problems(problems), "problem")
        raise UserError(
            f"target {project.target_name}: {counts} to solve first.\n{format_findings(problems)}"
        )


def new_submission(
    prepared: Prepared,
    name: str | None,
    *,
    cache: bool = True,
    splits: Mapping[str, str] | None = None,
) -> Submission:
    """Name one run of a prepared package; the name makes sending it twice harmless.

    Args:
        prepared: the package and what `--set` changed.
        name: of the run; a new one unless given.
        cache: whether results may be reused.
        splits: parameters that name the splits of an earlier run.
    """
    return Submission(
        package=prepared.package,
        run_name=new_run_name(prepared.project) if name is None else name,
        parameters={**(splits or {}), **prepared.parameters},
        cache=cache,
    )


def new_run_name(project: Project) -> str:
    """Return a name that no other run has, such as `flowers-training-20261122-023000-k7q`.

    It begins as the names do that Vertex AI gives to a schedule's runs, so that the exit task
    finds the run before.
    """
    suffix = "".join(secrets.choice(SUFFIX_ALPHABET) for _ in range(3))
    return f"{pipeline_name(project)}-{datetime.now(UTC):%Y%m%d-%H%M%S}-{suffix}"


def expect_cluster(project: Project) -> None:
    """Refuse this machine where a cluster is needed.

    Raises:
        UserError: the project's target is this machine.
    """
    if project.target.remote is None:
        kinds = " or ".join(remote_kinds())
        raise UserError(
            f"target {project.target_name}: expected a target of kind {kinds}; received "
            "this machine. Run it here with `sightline run`, or name a target of section "
            "`targets` with --target."
        )
