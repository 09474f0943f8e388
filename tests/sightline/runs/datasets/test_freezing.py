from pathlib import Path
from typing import Any

import pytest

from components.label_check.expected import read_expectations
from sightline.ground.history.measurements import MEASUREMENTS
from sightline.runs.records import ArtifactRecord, PortsRecord
from tests.components.label_check.labelled import Checked, check, two_classes
from tests.sightline.command_line import sightline
from tests.sightline.run_records import finished_run, task


@pytest.fixture
def checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project whose run checked 24 photographs."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sightline.yaml").write_text("ingest: {source: photos}\n", encoding="utf-8")
    checked_again(tmp_path)
    made = ArtifactRecord(
        name="findings",
        kind="system.Artifact",
        kind_version="0.0.1",
        uri=str(tmp_path / "findings"),
    )
    folder = tmp_path / ".sightline/runs/20261121-200000-abc"
    done = task(folder, "label-check", outputs=PortsRecord(artifacts={"findings": made}))
    finished_run(tmp_path / ".sightline", tasks={"label-check": done})
    return tmp_path


def checked_again(folder: Path, **settings: Any) -> Checked:
    return check(folder, two_classes(), near_duplicates="off", **settings)


def test_frozen_data_meet_their_own_expectations(checked: Path) -> None:
    ended = sightline("data", "freeze", "-o", "good/expected.yaml")

    assert ended.code == 0, ended.err
    assert "24 images and 2 classes of run 20261121-200000-abc" in ended.out
    assert 'label_check:\n  expected: "good/expected.yaml"' in ended.out
    expected = read_expectations(checked / "good/expected.yaml")
    assert expected.classes == {"cat": 12, "dog": 12}
    assert expected.modes == {"RGB": 24}
    assert set(expected.measurements) == set(MEASUREMENTS)
    again = checked_again(checked / "again", expected="good/expected.yaml")
    assert again.status("expected_classes")["status"] == "clean"
    assert not [name for name in again.found if name.startswith("expected")]


def test_a_frozen_file_is_not_overwritten_unasked(checked: Path) -> None:
    sightline("data", "freeze")

    assert sightline("data", "freeze").code == 2
    assert sightline("data", "freeze", "--force").code == 0


def test_findings_of_an_earlier_version_say_to_run_again(checked: Path) -> None:
    path = checked / "findings/findings.json"
    path.write_text(path.read_text().replace('"measurements"', '"others"'))

    ended = sightline("data", "freeze")

    assert ended.code == 2
    assert "Run again: sightline run --until label_check" in ended.err
