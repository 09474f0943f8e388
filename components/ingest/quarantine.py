"""The quarantine: a CSV table that a person can open, and counts that a program can read."""

import csv
from collections import Counter
from pathlib import Path

from sightline.ground.errors import DataError
from sightline.ground.source.reading import Source
from sightline.ground.source.refusals import Refusal
from sightline.ground.source.tables.spreadsheets import defused
from sightline.stage.closing import Closing
from sightline.stage.formats.schema import write_document

SCHEMA = "sightline.quarantine"
VERSION = 1
COLUMNS = ("location", "row", "label", "reason", "expected", "remedy")
TOP_REASONS = 5
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


def check_share(
    refused: QuarantineWriter, num_images: int, source: Source, max_share: float
) -> None:
    """Stop a run that would train on what is left of a broken source.

    Raises:
        DataError: no image is usable, or more than `max_share` of the rows were refused.
    """
    num_refused = refused.counts.total()
    num_rows = num_refused + num_images
    if num_rows == 0:
        ignored = f" {len(source.ignored)} other files were ignored." if source.ignored else ""
        raise DataError(
            f"{source.files.location}: expected labelled images, found none.{ignored} Put images "
            "into one folder per class, or pass a CSV or JSONL table as ingest.source."
        )
    if num_images and num_refused <= max_share * num_rows:
        return
    reasons = []
    for name, count in refused.counts.most_common(TOP_REASONS):
        first = next(one for one in refused.examples if one.reason.name == name)
        reasons.append(
            f"- {count:,} x {name}, such as {first.where} ({first.text}). {first.advice}"
        )
    expected = (
        f"expected at most {max_share:.0%} of {num_rows:,} rows to be unusable, received "
        f"{num_refused:,} ({num_refused / num_rows:.0%}). Correct them, or raise "
        "ingest.max_refused_share."
        if num_images
        else f"expected usable images, received {num_rows:,} rows that all have to be refused."
    )
    raise DataError(f"{source.files.location}: {expected}\n" + "\n".join([*reasons, *source.taken]))
