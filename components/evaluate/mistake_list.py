"""All images that the model is wrong about, by name: as a table on the page and as a file."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from components.evaluate.predict import Answers
from sightline.ground.outcome import MISTAKES_FILE
from sightline.ground.source.tables.spreadsheets import defused
from sightline.problems.judging import Judging
from sightline.stage.formats.evaluation import Predictions
from sightline.stage.timing import writing

DECIMALS = 4
Row = Mapping[str, str | float]


def list_mistakes(predictions: Predictions, answers: Answers, judging: Judging[Any]) -> list[Row]:
    """Return a row per wrong answer, the worst first: file, truth, answer, id."""
    wrongness = judging.wrongness(answers.truth, answers.answers)
    columns = {
        name: values
        for name, values in judging.columns(predictions).items()
        if len(values) and isinstance(_plain(values[0]), str | float)
    }
    wrong = [(value, row) for row, value in enumerate(wrongness) if value is not None]
    return [
        {
            "file": predictions.uris[row],
            **{name: _plain(values[row]) for name, values in columns.items()},
            "id": predictions.ids[row],
        }
        for _, row in sorted(wrong, key=lambda pair: (-pair[0], predictions.ids[pair[1]]))
    ]


def write_mistakes(folder: Path, rows: Sequence[Row]) -> None:
    """Write `mistakes.csv`, which a spreadsheet opens."""
    names = list(rows[0]) if rows else ["file", "id"]
    # The byte order mark tells spreadsheets that the text is UTF-8.
    with writing(), (folder / MISTAKES_FILE).open("w", encoding="utf-8-sig", newline="") as file:
        table = csv.DictWriter(file, names)
        table.writeheader()
        for row in rows:
            table.writerow({k: defused(v) if isinstance(v, str) else v for k, v in row.items()})


def _plain(value: Any) -> Any:
    """Return a number of NumPy as a rounded one of Python; anything else stays."""
    value = value.item() if getattr(value, "ndim", None) == 0 else value
    return round(value, DECIMALS) if isinstance(value, float) else value
