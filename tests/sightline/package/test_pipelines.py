import pytest

from sightline.ground.errors import UserError
from sightline.package.pipelines import (
    choose_pipeline,
    load_pipeline,
    pipeline_names,
    pipelines_folder,
)
from sightline.project.stages import stage_names


def test_pipelines_are_found_by_their_files() -> None:
    found = {path.stem for path in pipelines_folder().glob("*.py")} - {"__init__"}

    assert set(pipeline_names()) == found
    assert "training" in found


@pytest.mark.parametrize("name", pipeline_names())
def test_the_stages_of_a_pipeline_are_those_of_its_tasks_in_order(name: str) -> None:
    stages = choose_pipeline(name).stages

    assert stages == load_pipeline(name).stage_names
    assert set(stages) <= set(stage_names())


def test_the_training_pipeline_begins_with_the_images() -> None:
    assert choose_pipeline("training").stages[:3] == ("ingest", "label_check", "preprocess")


@pytest.mark.parametrize("name", ["trainings", "training.py", "__init__", "../training"])
def test_an_unknown_pipeline_is_answered_with_those_there_are(name: str) -> None:
    with pytest.raises(UserError, match="known: ") as refused:
        load_pipeline(name)

    assert f"received {name}." in str(refused.value)
