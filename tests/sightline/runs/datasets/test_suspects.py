import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from sightline.ground.errors import DataError
from sightline.ground.source.corrections import Correction, read_corrections, write_corrections
from sightline.runs.records import ArtifactRecord, PortsRecord
from tests.sightline.command_line import sightline
from tests.sightline.run_records import finished_run, task

ROWS = [
    Correction(id="aa", uri="/photos/a b.jpg", given="rose", suggested="daisy & co", score=0.5),
    Correction(id="bb", uri="gs://bucket/2.jpg", given="daisy & co", suggested="rose"),
    Correction(id="cc", uri="3.jpg", given="rose", suggested="daisy & co"),
    Correction(id="dd", uri="4.jpg", given="rose", suggested="daisy & co"),
]


@pytest.fixture
def tasks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sightline.yaml").write_text("ingest: {source: photos}\n", encoding="utf-8")
    write_corrections(tmp_path / "findings/suspects.csv", ROWS)
    ended = sightline("data", "suspects", "findings/suspects.csv", "tasks.json")
    assert ended.code == 0, ended.err
    found: list[dict[str, Any]] = json.loads((tmp_path / "tasks.json").read_text())
    return found


def choice(name: str, *words: str) -> dict[str, Any]:
    return {
        "from_name": name,
        "to_name": "image",
        "type": "choices",
        "value": {"choices": list(words)},
    }


def test_tasks_show_the_image_and_suggest_a_label(tasks: list[dict[str, Any]]) -> None:
    assert tasks[0]["data"]["image"] == "/data/local-files/?d=photos/a%20b.jpg"
    assert tasks[1]["data"]["image"] == "gs://bucket/2.jpg"
    assert tasks[0]["predictions"][0]["score"] == 0.5
    assert tasks[0]["predictions"][0]["result"] == [choice("label", "daisy & co")]


def test_the_configuration_asks_what_the_tasks_answer(tasks: list[dict[str, Any]]) -> None:
    root = ElementTree.parse("tasks.xml").getroot()

    questions = {
        one.attrib["name"]: [choice.attrib["value"] for choice in one]
        for one in root.iter("Choices")
    }
    assert questions == {"label": ["daisy & co", "rose"], "decision": ["drop"]}
    result = tasks[0]["predictions"][0]["result"][0]
    assert result["from_name"] in questions
    assert result["to_name"] == root.find("Image").attrib["name"]  # type: ignore[union-attr]


def test_an_export_is_read_as_corrections(tasks: list[dict[str, Any]]) -> None:
    results = [[choice("label", "daisy & co")], [choice("label", "daisy & co")],
               [choice("label", "rose"), choice("decision", "drop")], []]  # fmt: skip
    for number, (one, result) in enumerate(zip(tasks, results, strict=True)):
        one["id"] = number
        one["annotations"] = [
            {"result": result, "was_cancelled": False, "updated_at": "2026-02-01"},
            {"result": [choice("label", "old")], "updated_at": "2026-01-01"},
            {"result": [choice("label", "skipped")], "was_cancelled": True},
        ]
    Path("export.json").write_text(json.dumps(tasks))

    found = read_corrections("export.json")

    assert [(row.id, row.decision, row.new_label) for row in found[:2]] == [
        ("aa", "relabel", "daisy & co"),
        ("bb", "keep", "rose"),
    ]
    assert [(row.id, row.decision) for row in found[2:]] == [("cc", "drop"), ("dd", "")]
    assert found[0].given == "rose"
    assert found[0].place.endswith("export.json, task 1")


def test_an_export_as_json_min_is_read_too(tasks: list[dict[str, Any]]) -> None:
    flat = [{**one["data"], "id": 7, "annotator": 1} for one in tasks]
    flat[0]["label"] = "daisy & co"
    flat[1]["label"] = {"choices": ["daisy & co"]}
    flat[2]["decision"] = "drop"
    Path("min.json").write_text(json.dumps(flat))

    found = [(row.id, row.decision) for row in read_corrections("min.json")]

    assert found == [("aa", "relabel"), ("bb", "keep"), ("cc", "drop"), ("dd", "")]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("3", "no list of tasks"),
        ('[{"data": {}}]', "task 1 without sightline_id"),
        ("[", "Expect"),
    ],
)
def test_json_of_another_form_is_told(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "a.json").write_text(text)

    with pytest.raises(
        DataError, match=rf"a\.json: expected an export of Label Studio .* or FiftyOne .*{said}"
    ):
        read_corrections(str(tmp_path / "a.json"))


def test_the_suspects_of_a_run_are_found(tasks: list[dict[str, Any]], tmp_path: Path) -> None:
    made = ArtifactRecord(
        name="findings",
        kind="system.Artifact",
        kind_version="0.0.1",
        uri=str(tmp_path / "findings"),
    )
    folder = tmp_path / ".sightline/runs/20261121-200000-abc"
    done = task(folder, "label-check", outputs=PortsRecord(artifacts={"findings": made}))
    finished_run(tmp_path / ".sightline", tasks={"label-check": done})

    assert sightline("data", "suspects", "latest", "again.json").code == 0
    assert json.loads(Path("again.json").read_text()) == tasks
    (tmp_path / "findings/suspects.csv").unlink()
    assert "did not look for wrong labels" in sightline("data", "suspects", "latest", "x.json").err
    assert sightline("data", "suspects", "latest", "again.json").code == 2
