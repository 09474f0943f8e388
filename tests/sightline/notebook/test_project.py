import subprocess
import sys
from pathlib import Path

import pytest

from sightline import Project
from sightline.ground.errors import UserError
from tests.digits_run import DigitsRun

pytestmark = pytest.mark.slow  # the shared run of digits


@pytest.fixture
def project(digits: DigitsRun) -> Project:
    return Project(digits.project / "sightline.yaml")


def test_a_run_says_what_came_out(project: Project) -> None:
    run = project.latest

    assert run.status == "succeeded"
    assert run.decision in ("deploy", "hold")
    assert 0 <= run.figures["accuracy"].value <= 1
    assert run.stages().loc["train", "status"] == "succeeded"
    assert [one.id for one in project.runs()] == [run.id]


def test_its_tables_are_data_frames_and_its_artifacts_paths(project: Project) -> None:
    run = project.latest

    assert {"truth", "prediction"} <= {*run.predictions().columns}
    assert "val_loss" in run.history()
    assert [*run.findings().columns] == ["id", "uri", "finding"]
    model = run.artifacts["train/model"]
    assert isinstance(model, Path)
    assert (model / "history.csv").is_file()


def test_a_card_names_run_decision_figure_and_page(project: Project) -> None:
    run = project.latest

    card = run._repr_html_()

    assert run.id in card
    assert f"<b>Decision:</b> {run.decision}" in card
    assert run.figures["accuracy"].short in card
    assert "truth \\ answer" in card
    assert "report.html" in card


def test_pages_are_shown_where_they_cannot_run_scripts(project: Project) -> None:
    shown = project.latest.report("train")._repr_html_()

    assert shown.startswith('<iframe srcdoc="&lt;!doctype html')
    assert "sandbox" in shown


def test_what_is_not_there_is_refused_as_on_the_command_line(
    project: Project, tmp_path: Path
) -> None:
    with pytest.raises(UserError, match="expected a settings file, found none"):
        Project(tmp_path / "sightline.yaml")
    with pytest.raises(UserError, match="Expected the id of a run"):
        project.find("nothing")
    with pytest.raises(UserError, match=r"Did you mean `train\.epochs`"):
        project.run(set={"train.epoch": 1})
    with pytest.raises(UserError, match="expected a page of nobody"):
        project.latest.report("nobody")


def test_naming_the_project_imports_nothing_heavy() -> None:
    code = (
        "import sys; from sightline import Project; "
        "sys.exit(str({'kfp', 'pandas', 'tensorflow', 'sightline.stage'} & {*sys.modules}))"
    )

    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert said.stderr.strip() == "set()"
