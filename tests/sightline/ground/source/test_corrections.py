import csv
import json
from pathlib import Path

import pytest

from sightline.ground.errors import DataError
from sightline.ground.source.corrections import (
    COLUMNS,
    Correction,
    json_line,
    read_corrections,
    write_corrections,
)

ONE = Correction(
    id="a" * 64,
    uri="photos/rose/1.jpg",
    split="train",
    given="rose",
    suggested="daisy",
    score=0.25,
    evidence="12 of 15 neighbours",
)


def test_what_is_written_reads_back_the_same(tmp_path: Path) -> None:
    rows = [ONE, Correction(id="b" * 64, given="a, b", evidence="=1+1", decision="keep")]

    written = write_corrections(tmp_path / "suspects.csv", rows)

    assert written == 2
    found = read_corrections(str(tmp_path / "suspects.csv"))
    assert [json_line(row) for row in found] == [json_line(row) for row in rows]
    assert found[1].place == f"{tmp_path}/suspects.csv, line 3"


def test_a_spreadsheet_runs_no_cell(tmp_path: Path) -> None:
    write_corrections(tmp_path / "suspects.csv", [Correction(id="a", uri="=cmd()")])

    with (tmp_path / "suspects.csv").open(encoding="utf-8-sig", newline="") as stream:
        header, row = csv.reader(stream)
    assert header == list(COLUMNS)
    assert row[1] == "'=cmd()"


def test_json_lines_have_the_same_keys(tmp_path: Path) -> None:
    path = tmp_path / "decisions.jsonl"
    write_corrections(path, [ONE])

    with path.open("a") as stream:
        stream.write('{"id": "cc", "decision": "drop"}\n')

    assert list(json.loads(path.read_text().splitlines()[0])) == list(COLUMNS)
    assert [row.decision for row in read_corrections(str(path))] == ["", "drop"]


def test_a_table_saved_by_a_spreadsheet_is_read(tmp_path: Path) -> None:
    path = tmp_path / "suspects.csv"
    path.write_text("sep=;\nDECISION;id;Label;note\nRelabel;AB; tulip ;mine\n", encoding="utf-16")

    assert [(row.id, row.decision, row.label) for row in read_corrections(str(path))] == [
        ("ab", "relabel", "tulip")
    ]


def test_the_files_of_a_folder_are_read_in_the_order_of_their_names(tmp_path: Path) -> None:
    write_corrections(tmp_path / "2.jsonl", [Correction(id="bb")])
    write_corrections(tmp_path / "1.csv", [Correction(id="aa")])
    (tmp_path / "notes.txt").write_text("mine")

    assert [row.id for row in read_corrections(str(tmp_path))] == ["aa", "bb"]


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.csv", "id,decision\naa,maybe\n", r"a\.csv, line 2: .*keep, relabel, drop.*'maybe'"),
        ("a.csv", "id,decision\n\n,keep\n", r"a\.csv, line 3: expected the image's id"),
        ("a.csv", "id,decision\naa,relabel\n", r"line 2: expected the new label in `label`"),
        ("a.csv", "uri,label\na,b\n", "expected the columns id and decision, received uri, label"),
        ("a.csv", 'id,decision\naa,"keep\n', "line 2: a quote that is never closed"),
        ("a.jsonl", '{"id": "aa"}\n{', r"a\.jsonl, line 2: expected a JSON object, .*no JSON"),
        ("a.jsonl", "[]\n", "line 1: expected a JSON object .* received list"),
        ("a.jsonl", '{"id": "aa", "label": {}}\n', "line 1: expected text in label, received dict"),
    ],
)
def test_a_row_that_cannot_be_meant_is_told_with_its_line(
    tmp_path: Path, name: str, text: str, said: str
) -> None:
    (tmp_path / name).write_text(text)

    with pytest.raises(DataError, match=said):
        read_corrections(str(tmp_path / name))


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"missing\.csv: .*found no file there.*ingest\.correct"):
        read_corrections(str(tmp_path / "missing.csv"))
    with pytest.raises(DataError, match=r"in this folder, found none \(\.csv, .*\)"):
        read_corrections(str(tmp_path))
