"""Where the artifacts of this run lie among those of other runs."""

import re
from dataclasses import dataclass
from pathlib import PurePosixPath

from sightline.ground.run_folders import UUID
from sightline.ground.storage.addresses import SCHEME

NUMBER = re.compile(r"_-?[0-9]+$|-[0-9]+$")
INSIDE = "artifacts"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The folder of a run, as every engine lays it out: `<runs>/<run>/<inside>/<task>`."""

    scheme: str
    """Such as `gs`; empty for a folder of this machine."""
    runs: str
    """Folder of all runs, without the scheme."""
    run: str
    """Id of the run."""
    inside: str
    """The folder below the run that holds its tasks; empty where the run itself does."""

    def folder(self, run: str) -> str:
        """Return the folder with a folder per task of a run."""
        return "/".join(part for part in (self.runs, run, self.inside) if part)


def place_of(output: str, stage: str) -> Place | None:
    """Find the run around the address of an output, or None where the folders are no run's.

    Kubeflow: `<root>/<pipeline>/<run id>/notify/<uuid>/summary`; Vertex AI:
    `<root>/<project number>/<job>/notify_<number>/summary`; here:
    `.sightline/runs/<run id>/artifacts/notify/summary`.
    """
    found = SCHEME.match(output)
    path = PurePosixPath(output[found.end() :] if found else output)
    task = path.parent.parent if UUID.fullmatch(path.parent.name) else path.parent
    if stage_of(task.name) != stage:
        return None
    run = task.parent
    inside = INSIDE if run.name == INSIDE else ""
    if inside:
        run = run.parent
    if not run.name:
        return None
    return Place(
        scheme=found[1] if found else "", runs=str(run.parent), run=run.name, inside=inside
    )


def stage_of(folder: str) -> str:
    """Name the stage that a task's folder belongs to: `label-check_-77` is `label_check`."""
    return NUMBER.sub("", folder).replace("-", "_")
