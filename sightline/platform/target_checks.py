"""`sightline doctor --target NAME`: whether a cluster answers, and would take the package."""

from collections.abc import Iterator
from pathlib import Path

from sightline.platform.doctor import Check
from sightline.platform.engine import RunFilter
from sightline.platform.engines import engine_for
from sightline.platform.errors import UserError
from sightline.platform.settings import Project, load_project
from sightline.platform.stages import stage_names
from sightline.platform.submit import expect_cluster, find_problems, pushed_images, references
from sightline.platform.targets import RemoteTarget


def examine_target(file: Path, name: str) -> Iterator[Check]:
    """Look at a cluster with the user's own account; nothing is changed there.

    Raises:
        UserError: there is no such target, or it is this machine.
    """
    project = load_project(file, target=name)
    expect_cluster(project)
    yield check_answer(project)
    yield check_images(project)
    yield check_package(project)


def check_answer(project: Project) -> Check:
    """Ask the target for its newest run: address, login and permission in one."""
    try:
        found = engine_for(project).runs(RunFilter(limit=1))
    except UserError as error:
        return Check("Service", "problem", str(error))
    newest = f"newest run {found[0].name or found[0].id}" if found else "no runs yet"
    return Check("Service", "ok", f"answers; {newest}")


def check_images(project: Project) -> Check:
    """Count the stages whose image was pushed to the target's registry."""
    named = project.target.registry if isinstance(project.target, RemoteTarget) else ""
    missing = sorted(set(stage_names()) - set(references(project, pushed_images(project))))
    if named and not missing:
        return Check("Images", "ok", f"all recorded as pushed to {named}")
    registry = named or "REGISTRY"
    setting = "" if named else f", and registry: {registry} in the target"
    return Check(
        "Images",
        "problem",
        f"not pushed: {', '.join(missing)}",
        f"sightline images build --push {registry}{setting}",
    )


def check_package(project: Project) -> Check:
    """Compile the package and look for what the target would reject."""
    findings = find_problems(project, None)
    problems = sum(finding.severity == "problem" for finding in findings)
    if not findings:
        return Check("Package", "ok", "nothing that the target would reject or ignore")
    found = f"{problems} problems, {len(findings) - problems} warnings"
    remedy = f"See them: sightline lint --target {project.target_name}"
    return Check("Package", "problem" if problems else "warning", found, remedy)
