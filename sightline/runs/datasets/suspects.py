"""Suspects of a run as tasks of a labelling tool."""

import json
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from sightline.ground.errors import UserError
from sightline.ground.source.corrections import SUSPECTS, Correction, as_dict, read_corrections
from sightline.ground.source.label_studio import configuration, tasks_of
from sightline.project.settings import Project
from sightline.runs.artifacts import choose_artifacts, file_reader
from sightline.runs.datasets.findings import FINDINGS
from sightline.runs.records import RunRecord


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
    names = {name for row in rows for name in (row.given, row.suggested, row.label) if name}
    tasks.parent.mkdir(parents=True, exist_ok=True)
    content = tasks_of(map(as_dict, rows))
    text = json.dumps(content, indent=1, ensure_ascii=False)
    tasks.write_text(text + "\n", encoding="utf-8")
    config.write_text(configuration(sorted(names)), encoding="utf-8")
