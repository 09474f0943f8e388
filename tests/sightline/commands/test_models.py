import json
from pathlib import Path

import pytest

from tests.data import photo_folder
from tests.sightline.command_line import sightline


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("sightline.yaml").write_text(
        "pipeline: {name: birds}\ningest: {source: photos}\n", encoding="utf-8"
    )


@pytest.mark.parametrize(
    "arguments", [("serve",), ("predict", "photos/cats/0.jpg"), ("rollback",)], ids=lambda a: a[0]
)
def test_a_project_without_a_model_is_one_clear_message(
    tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    photo_folder(tmp_path / "photos", cats=1)

    ended = sightline(*arguments)

    assert ended.code == 2
    assert ended.err.startswith("error: ")
    assert ".sightline/models/birds" in ended.err


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--port", "99999"),
        ("--port", "-1"),
        ("--engine", "torch"),
        ("--workers", "-1"),
        ("--max-body-mb", "0"),
        ("--deadline", "0"),
        ("--host", "no.such.host.invalid"),
    ],
)
def test_an_option_of_the_server_out_of_its_bounds_is_one_line(
    tmp_path: Path, option: str, value: str
) -> None:
    ended = sightline("serve", tmp_path, option, value)

    assert ended.code == 2
    assert len(ended.err.splitlines()) == 1
    assert option in ended.err


def test_a_folder_given_wins_over_the_project(tmp_path: Path) -> None:
    ended = sightline("rollback", tmp_path / "elsewhere")

    assert ended.code == 2
    assert f"{tmp_path}/elsewhere" in ended.err


def test_a_server_that_does_not_answer_is_said(tmp_path: Path) -> None:
    photo = photo_folder(tmp_path / "photos", cats=1) / "cats" / "0.jpg"

    ended = sightline("predict", photo, "--url", "http://127.0.0.1:9", "--json")

    assert ended.code == 2
    said = ended.err or json.loads(ended.out)[0]["error"]
    assert "127.0.0.1:9" in said
