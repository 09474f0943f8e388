"""`sightline doctor --target NAME`: whether a cluster answers, and would take the package."""

from collections.abc import Iterator
from pathlib import Path

from sightline.engines.engine import RunFilter
from sightline.ground.errors import UserError, one_line
from sightline.launch.submit import expect_cluster, find_problems, pushed_images, references
from sightline.lint.finding import counted_findings
from sightline.lint.pushing import build_command
from sightline.project.settings import Project, load_project
from sightline.runs.artifact_store import expect_store
from sightline.start.doctor import Check, State


def examine_target(file: Path, name: str) -> Iterator[Check]:
    """Look at a cluster with the user's own account; nothing is changed there.

    Raises:
        UserError: there is no such target, or it is this machine.
    """
    project = load_project(file, target=name)
    expect_cluster(project)
    yield check_answer(project)
    yield check_store(project)
    yield check_images(project)
    yield check_package(project)


def check_answer(project: Project) -> Check:
    """Ask the target for its newest run: address, login and permission in one."""
    try:
        found = project.target.engine(project).runs(RunFilter(limit=1))
    except UserError as error:
        return Check("Service", "problem", str(error))
    newest = f"newest run {found[0].name or found[0].id}" if found else "no runs yet"
    noticed = " ".join(found[0].warnings) if found else ""
    return Check("Service", "warning" if noticed else "ok", f"answers; {newest}", noticed)


def check_store(project: Project) -> Check:
    """Look into the store of packages and artifacts with the user's own account."""
    remote = project.target.remote
    root = remote.store if remote else ""
    # Where nothing is sent by it, runs go on without: only `show` and `artifacts` read there.
    state: State = "problem" if remote and remote.needs_store else "warning"
    if not root:
        return Check(
            "Store",
            "warning",
            "not known: artifacts and figures of runs cannot be read",
            f"Set targets.{project.target_name}.pipeline_root, such as s3://bucket/runs.",
        )
    try:
        expect_store(root, project.target)
    except Exception as error:  # each store has exceptions of its own
        remedy = (
            "Check that it exists, and that your own credentials may read there: see "
            "docs/clusters.md."
        )
        return Check("Store", state, f"{root} could not be read: {one_line(error)}", remedy)
    return Check("Store", "ok", f"{root} can be read")


def check_images(project: Project) -> Check:
    """Count the stages whose image was pushed to the target's registry."""
    named = project.target.remote.registry if project.target.remote else ""
    missing = sorted(set(project.stages) - set(references(project, pushed_images(project))))
    if named and not missing:
        return Check("Images", "ok", f"all recorded as pushed to {named}")
    if project.target.remote and project.target.remote.has_images_of_this_machine:
        return Check("Images", "ok", "those of this machine, as far as they were loaded into it")
    registry = named or "REGISTRY"
    on_gpu = [stage for stage, wanted in project.resources.items() if wanted.gpu]
    setting = "" if named else f", and registry: {registry} in the target"
    return Check(
        "Images",
        "problem",
        f"not pushed: {', '.join(missing)}",
        f"{build_command(on_gpu)} --push {registry}{setting}",
    )


def check_package(project: Project) -> Check:
    """Compile the package and look for what the target would reject."""
    findings = find_problems(project, None)
    if not findings:
        return Check("Package", "ok", "nothing that the target would reject or ignore")
    remedy = f"See them:  sightline lint{project.options}"
    refused = any(finding.severity == "problem" for finding in findings)
    state: State = "problem" if refused else "warning"
    return Check("Package", state, counted_findings(findings), remedy)
