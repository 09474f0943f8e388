"""A stage is its folder, its test and its place in a pipeline, and `make docs`."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.adding.scratch import Scratch, scratch_copy

pytestmark = pytest.mark.slow  # commands of the copy start in processes of their own

FOLDER = Path(__file__).parent / "balance"
PIPELINE = "pipelines/training.py"
TEST = "tests/components/balance/test_balance.py"


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Scratch:
    """A copy of the project with a stage `balance` behind label check, after `make docs`."""
    copy = scratch_copy(tmp_path_factory.mktemp("adding") / "project")
    copy.add("components/balance", FOLDER)
    (copy.root / TEST).parent.mkdir()
    (copy.root / "components/balance/its_tests.py").rename(copy.root / TEST)
    # Dockerfiles differ only in the stage that they copy.
    dockerfile = (copy.root / "components/label_check/Dockerfile").read_text(encoding="utf-8")
    (copy.root / "components/balance/Dockerfile").write_text(
        dockerfile.replace("label_check", "balance"), encoding="utf-8"
    )
    copy.insert(
        PIPELINE,
        after="from sightline.components import (\n",
        text="    balance,\n",
    )
    copy.insert(PIPELINE, after="        label_check,\n", text="        balance,\n")
    copy.insert(
        PIPELINE,
        after='        cleaned = checked.outputs["cleaned"]\n',
        text='        cleaned = task(balance, dataset=cleaned).outputs["balanced"]\n',
    )
    copy.make_docs()
    return copy


@pytest.fixture(scope="module")
def package(scratch: Scratch, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The compiled pipeline, with a setting of the new stage from the file and one set."""
    folder = tmp_path_factory.mktemp("project")
    settings = folder / "sightline.yaml"
    settings.write_text(
        "ingest:\n  source: photos\nbalance:\n  max_ratio: 2\nresources:\n  balance:\n"
        "    memory: 2G\n",
        encoding="utf-8",
    )
    scratch.sightline("compile", "--file", settings, "--output", folder / "package.yaml")
    document: dict[str, Any] = yaml.safe_load((folder / "package.yaml").read_text(encoding="utf-8"))
    return document


def test_nothing_else_was_edited_and_make_docs_wrote_the_reference(scratch: Scratch) -> None:
    changed = scratch.changed()

    folder = {name for name in changed if name.startswith("components/balance/")}
    assert {Path(name).name for name in folder} == {
        *("__init__.py", "__main__.py", "Dockerfile", "README.md"),
        *("component.py", "settings.py", "stage.py"),
    }
    assert changed - folder == {PIPELINE, TEST, "docs/settings.md"}


def test_the_package_has_its_task_between_the_others(package: dict[str, Any]) -> None:
    tasks = {
        name: task
        for component in package["components"].values()
        for name, task in component.get("dag", {}).get("tasks", {}).items()
    }

    assert tasks["balance"]["dependentTasks"] == ["label-check"]
    assert "balance" in tasks["preprocess"]["dependentTasks"]


def test_the_package_has_its_settings_image_and_resources(package: dict[str, Any]) -> None:
    parameter = package["root"]["inputDefinitions"]["parameters"]["balance_max_ratio"]
    container = package["deploymentSpec"]["executors"]["exec-balance"]["container"]

    assert parameter["defaultValue"] == 2.0
    assert parameter["description"] == "Largest ratio of the most common to the rarest class."
    assert container["image"].startswith("sightline/balance:")
    assert container["command"] == ["python3", "-m", "components.balance"]
    assert container["resources"]["resourceMemoryLimit"] == "2G"


def test_the_reference_and_its_own_page_list_its_settings(scratch: Scratch) -> None:
    reference = (scratch.root / "docs/settings.md").read_text(encoding="utf-8")
    page = (scratch.root / "components/balance/README.md").read_text(encoding="utf-8")

    section = reference.split("\n## balance\n")[1].split("\n## ")[0]
    assert reference.index("## label_check") < reference.index("## balance")
    assert "| `max_ratio` | a number, at least 1 | `3.0` |" in section
    assert "| `max_ratio` | a number, at least 1 | `3.0` |" in page


def test_its_image_is_built_with_the_others(scratch: Scratch) -> None:
    code = (
        "from sightline.images.recipes import base_recipes, repository_root, "
        "stage_recipes\n"
        "recipes = stage_recipes(repository_root(), ['balance'])\n"
        "print(*(recipe.name for recipe in (*base_recipes(repository_root(), recipes), *recipes)))"
    )

    assert scratch.python("-c", code).split() == ["data", "balance"]


def test_its_own_tests_and_those_of_every_stage_hold_for_it(scratch: Scratch) -> None:
    said = scratch.python(
        *("-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", "balance"),
        *(TEST, "tests/components/test_contract.py"),
    )

    assert " passed" in said
    assert "skipped" not in said
