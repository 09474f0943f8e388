"""Run the ingest stage from a test and read what it wrote."""

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from components.ingest.settings import IngestSettings
from components.ingest.stage import ingest
from sightline.ground.ports import Facts
from sightline.stage.formats.dataset import DatasetInfo, Example, read_examples, read_info


@dataclass(frozen=True)
class Ingested:
    """What one call of the stage wrote."""

    info: DatasetInfo
    examples: list[Example]
    refused: list[dict[str, str]]
    report: str
    facts: Facts

    @property
    def reasons(self) -> dict[str, str]:
        return {row["location"]: row["reason"] for row in self.refused}

    @property
    def labels(self) -> dict[str, str]:
        """File name -> first label."""
        return {Path(one.uri).name: one.labels[0] for one in self.examples}

    @property
    def splits(self) -> dict[str, str | None]:
        """File name -> split."""
        return {Path(one.uri).name: one.split for one in self.examples}


def ingest_source(
    source: Path | str, folder: Path, *, fingerprint: str = "abc", **settings: Any
) -> Ingested:
    """Ingest a source; every row may be refused unless the test says otherwise."""
    out = folder / "ingested"
    facts = ingest(
        dataset=out / "dataset",
        quarantine=out / "quarantine",
        report=out / "report.html",
        fingerprint=fingerprint,
        settings=IngestSettings(source=str(source), **{"max_refused_share": 1.0, **settings}),
    )
    with (out / "quarantine/quarantine.csv").open(encoding="utf-8-sig", newline="") as file:
        refused = list(csv.DictReader(file))
    return Ingested(
        info=read_info(out / "dataset"),
        examples=list(read_examples(out / "dataset")),
        refused=refused,
        report=(out / "report.html").read_text(encoding="utf-8"),
        facts=facts,
    )
