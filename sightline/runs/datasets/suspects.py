"""Suspects of a run as tasks of a labelling tool."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sightline.ground.errors import UserError, shorten
from sightline.ground.source.corrections import SUSPECTS, Correction, as_dict, read_corrections
from sightline.ground.source.labelling_tools import fiftyone
from sightline.ground.source.labelling_tools.label_studio import configuration, tasks_of
from sightline.project.settings import Project
from sightline.project.target import Target
from sightline.runs.artifacts import choose_artifacts, file_reader
from sightline.runs.datasets.findings import FINDINGS
from sightline.runs.label_table import write_images
from sightline.runs.records import RunRecord

IMAGES = "data"
"""Folder of a dataset of FiftyOne with the images that lie elsewhere."""


def read_suspects(source: str, record: RunRecord | None, project: Project) -> list[Correction]:
    """Read a file of suspects, or those of a run.

    Raises:
        UserError: the run has none.
    """
    if record is None:
        return read_corrections(source)
    made = choose_artifacts(record, FINDINGS)[0]
    try:
        content = file_reader(project.target)(made.artifact, SUSPECTS)
    except FileNotFoundError as error:
        raise UserError(
            f"run {record.id}: expected {SUSPECTS} among its findings, found none: its label check "
            "did not look for wrong labels, or doubted none, as its page says. Name a file instead."
        ) from error
    with TemporaryDirectory() as folder:
        path = Path(folder) / SUSPECTS
        path.write_bytes(content)
        return read_corrections(str(path))


def write_tasks(rows: Sequence[Correction], tasks: Path, config: Path) -> None:
    """Write tasks, and the labelling configuration with every class that the rows name."""
    _write_json(tasks, tasks_of(map(as_dict, rows)))
    config.write_text(configuration(_classes(rows)), encoding="utf-8")


def write_samples(
    rows: Sequence[Correction], folder: Path, record: RunRecord | None, target: Target
) -> int:
    """Write a dataset of FiftyOne, with the images that do not lie on this machine.

    Return how many images were written.

    Raises:
        UserError: some lie elsewhere, and no run tells their bytes.
    """
    files = {row.uri: str(Path(row.uri).absolute()) for row in rows if Path(row.uri).is_file()}
    lost = {row.uri: row.id for row in rows if row.uri not in files}
    if lost and record is not None:
        written = write_images(record, target, folder / IMAGES, set(lost.values()))
        files |= {
            uri: f"{IMAGES}/{written[digest].name}"
            for uri, digest in lost.items()
            if digest in written
        }
    if unknown := [uri for uri in lost if uri not in files]:
        raise UserError(
            f"expected images on this machine, as FiftyOne shows; received {len(unknown):,} that "
            f"lie elsewhere or are gone: {shorten(unknown)}. Name the run in place of the table: "
            "it holds them."
        )
    content = fiftyone.metadata_of(folder.absolute().name, _classes(rows))
    _write_json(folder / fiftyone.METADATA, content)
    _write_json(folder / fiftyone.SAMPLES, fiftyone.samples_of([*map(as_dict, rows)], files))
    return len(lost)


def _classes(rows: Sequence[Correction]) -> list[str]:
    names = {name for row in rows for name in (row.given, row.suggested, row.label) if name}
    return sorted(names)


def _write_json(file: Path, content: Sequence[Any] | Mapping[str, Any]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(content, indent=1, ensure_ascii=False)
    file.write_text(text + "\n", encoding="utf-8")
