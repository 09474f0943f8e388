import json
import subprocess
import sys

import pytest

from sightline.ground.errors import SettingsError
from sightline.problems import problem_names, problem_of
from sightline.stage.formats import dataset, model, records
from tests.artifacts import Artifacts

GROUPS = ("reader", "targets", "training", "judging", "serving")


def test_every_folder_is_a_kind() -> None:
    assert "classification" in problem_names()
    assert all(problem_of(name).name == name for name in problem_names())


def test_an_unknown_kind_names_the_known_ones() -> None:
    with pytest.raises(SettingsError, match=r"\(.*classification.*\), received 'poetry'"):
        problem_of("poetry")


@pytest.mark.parametrize("name", problem_names())
def test_a_kind_loads_without_tensorflow_and_without_the_users_side(name: str) -> None:
    code = (
        "import sys; from sightline.problems import problem_of; "
        f"problem = problem_of({name!r}); [getattr(problem, group) for group in {GROUPS}]; "
        "print(sorted({module.partition('.')[0] for module in sys.modules} & "
        "{'tensorflow', 'keras', 'kfp', 'docker', 'typer'} "
        "| {module for module in sys.modules if module.startswith('sightline.package')}))"
    )

    printed = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )

    assert printed.stdout.strip() == "[]"


@pytest.mark.slow
def test_artifacts_that_name_no_kind_are_classifications(made: Artifacts) -> None:
    files = {
        dataset.read_info: made.dataset / "dataset.json",
        records.read_info: made.records / "records.json",
        model.read_info: made.model / "model.json",
    }
    for read, path in files.items():
        whole = path.read_text()
        document = json.loads(whole)
        del document["problem"]
        path.write_text(json.dumps(document))

        assert read(path.parent).problem == "classification"
        path.write_text(whole)
