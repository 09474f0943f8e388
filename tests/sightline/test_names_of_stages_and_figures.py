"""The user's side asks the stages: it knows none by name, and no figure of a kind of problem."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from sightline.project.stages import stage_names

REPOSITORY = Path(__file__).parents[2]
ROOMS = ("project", "package", "runs", "views", "launch", "engines", "schedules", "images", "lint",
         "start", "targets", "commands", "ground")  # fmt: skip
NAMES_A_STAGE = {
    "commands/deploying.py": "the command is called as the stage that does the same",
    "commands/resigning.py": "the command is the stage that writes bundles, without a run",
    "launch/by_hand.py": "starts the stage of the two commands above",
    "commands/options.py": "an option says in which setting its usual value stands",
    "commands/data.py": "says which setting takes the file that it wrote",
    "commands/predicting.py": "the command is called as the stage that does the same",
    "commands/registry.py": "an option is the setting of the stage that goes by it",
    "commands/weights.py": "says which settings take the weights that it keeps",
    "ground/headlines/old_headline.py": "records from before figures had names",
    "ground/history/expectations.py": "a message names the setting that gave the file",
    "ground/plugins/entry_points.py": "which stage reads the parts that packages add",
    "ground/outcome.py": "the exit task, where only a store can be asked; `deploy`, the decision",
    "project/overrides.py": "an example in a message",
    "runs/datasets/freezing.py": "reads what label check measured",
    "start/demo.py": "the settings of the demo",
    "start/extensions.py": "asks train for the recipes that packages add",
    "start/fetching.py": "a message names the setting that takes a file instead",
    "start/doctor.py": "remedies name the setting to change",
    "start/init.py": "chooses values of particular settings by what the images are like",
}
"""Files of the user's side that write the name of a stage, each with its reason."""
NAMES_A_FIGURE = {
    "sightline/ground/headlines/old_headline.py": "records from before figures had names",
    "sightline/start/demo.py": "a setting of the demo",
}
# Reading sources says in its messages which setting of ingest to change, on both sides.
ELSEWHERE = "ground/source/"


def source_files(folder: str) -> Iterator[Path]:
    for ending in ("py", "html"):
        yield from sorted((REPOSITORY / folder).rglob(f"*.{ending}"))


def texts(path: Path) -> Iterator[str]:
    """The texts in a module, without its docstrings."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and id(node) not in docstrings:
            yield str(node.value)


def test_only_these_files_write_the_name_of_a_stage() -> None:
    names = "|".join({*stage_names(), *(name.replace("_", "-") for name in stage_names())})
    written = re.compile(rf"({names})|.*\b({names})[._][a-z].*", re.DOTALL)
    found = {
        path.relative_to(REPOSITORY / "sightline").as_posix()
        for room in ROOMS
        for path in (REPOSITORY / "sightline" / room).rglob("*.py")
        if any(written.fullmatch(text) for text in texts(path))
    }

    assert {path for path in found if not path.startswith(ELSEWHERE)} == set(NAMES_A_STAGE)


@pytest.mark.parametrize("folder", [*(f"sightline/{room}" for room in ROOMS), "components/notify"])
def test_no_figure_of_a_kind_of_problem_is_known_where_runs_are_shown(folder: str) -> None:
    found = [
        name
        for path in source_files(folder)
        if (name := path.relative_to(REPOSITORY).as_posix()) not in NAMES_A_FIGURE
        and "accuracy" in path.read_text(encoding="utf-8").lower()
    ]

    assert found == []
