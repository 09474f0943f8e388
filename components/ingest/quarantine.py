"""The quarantine: a CSV table that a person can open, and counts that a program can read."""

import csv
from collections import Counter
from pathlib import Path

from sightline.ground.source.refusals import Refusal
from sightline.ground.source.tables.spreadsheets import defused
from sightline.stage.closing import Closing
from sightline.stage.formats.schema import write_document

SCHEMA = "sightline.quarantine"
VERSION = 1
COLUMNS = ("location", "row", "label", "reason", "expected", "remedy")
MOST_EXAMPLES = 200
"""How many refusals stay in memory for messages and the report."""


class QuarantineWriter(Closing):
    """Append refusals to `quarantine.csv`, and count them for `quarantine.json`."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        # The byte order mark tells spreadsheets that the text is UTF-8.
        self._file = (folder / "quarantine.csv").open("w", encoding="utf-8-sig", newline="")
        self._table = csv.writer(self._file)
        self._table.writerow(COLUMNS)
        self.counts: Counter[str] = Counter()
        self.examples: list[Refusal] = []

    def close(self) -> None:
        self._file.close()

    def add(self, refusal: Refusal) -> None:
        """Append one refusal."""
        reason = refusal.reason
        self._table.writerow(
            [
                defused(refusal.location),
                "" if refusal.row is None else refusal.row,
                defused(refusal.label),
                defused(refusal.text),
                reason.expected,
                refusal.advice,
            ]
        )
        self.counts[reason.name] += 1
        if len(self.examples) < MOST_EXAMPLES or self.counts[reason.name] == 1:
            self.examples.append(refusal)

    def finish(self, *, num_accepted: int) -> None:
        """Write `quarantine.json`."""
        content = {
            "num_refused": self.counts.total(),
            "num_accepted": num_accepted,
            "reasons": dict(self.counts.most_common()),
        }
        write_document(self._folder / "quarantine.json", SCHEMA, VERSION, content)
