import pytest

from sightline.ground.settings import Role
from sightline.project.roles import (
    filled_settings,
    first_settings,
    gpu_stages,
    model_stages,
    settings_filled_with,
    uses_shared_memory,
)
from sightline.project.stages import locations


@pytest.mark.parametrize(
    ("role", "settings"),
    [
        ("project name", [("notify", "name")]),
        ("model name", [("export", "model_name")]),
        ("model folder", [("deploy", "folder")]),
        ("live model", [("evaluate", "champion")]),
        ("starting model", [("train", "champion")]),
        ("answering model", [("predict", "folder")]),
        ("earlier splits", [("preprocess", "splits_from")]),
    ],
)
def test_stages_say_what_their_settings_are_filled_with(
    role: Role, settings: list[tuple[str, str]]
) -> None:
    assert list(settings_filled_with(role)) == settings


def test_stages_say_what_they_use() -> None:
    assert gpu_stages() == ("evaluate", "train")
    assert (uses_shared_memory("train"), uses_shared_memory("evaluate")) == (True, False)
    assert model_stages() == {"deploy", "evaluate", "predict"}


def test_settings_say_whether_a_new_file_shows_them() -> None:
    assert first_settings("ingest") == ["source", "max_refused_share"]
    assert first_settings("deploy") == []
    assert filled_settings("train") == ["champion"]
    assert filled_settings("ingest") == []


def test_what_is_a_model_folder_can_be_no_uri() -> None:
    folders = {place for place, location in locations().items() if location.folder}

    assert folders == {
        ("deploy", "folder"),
        ("evaluate", "champion"),
        ("fingerprint_batch", "folder"),
        ("predict", "folder"),
        ("train", "champion"),
        ("tune", "champion"),
    }
