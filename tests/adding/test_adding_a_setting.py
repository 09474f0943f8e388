"""A setting is one line and its sentence in `components/<stage>/settings.py`, and `make docs`."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.adding.scratch import Scratch, scratch_copy

pytestmark = pytest.mark.slow  # commands of the copy start in processes of their own

SETTINGS = "components/label_check/settings.py"
SENTENCE = "Largest share of images that may be mirror images of others."
SETTING = f'''
    max_mirrored: float = Field(default=0.25, ge=0, le=1)
    """{SENTENCE}"""'''
LAST_SENTENCE = '"""Threads that decode and measure images; 0 takes one per core."""'


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Scratch:
    """A copy of the project with one more setting, after `make docs`."""
    copy = scratch_copy(tmp_path_factory.mktemp("adding") / "project")
    copy.insert(SETTINGS, LAST_SENTENCE, SETTING)
    copy.make_docs()
    return copy


def compiled(scratch: Scratch, folder: Path, *arguments: str) -> dict[str, Any]:
    """The pipeline's parameters in the package of a small project."""
    (folder / "sightline.yaml").write_text("ingest:\n  source: photos\n", encoding="utf-8")
    package = folder / "package.yaml"
    scratch.sightline(
        *("compile", "--file", folder / "sightline.yaml", "--output", package), *arguments
    )
    document = yaml.safe_load(package.read_text(encoding="utf-8"))
    found: dict[str, Any] = document["root"]["inputDefinitions"]["parameters"]
    return found


def test_one_file_was_edited_and_make_docs_wrote_the_others(scratch: Scratch) -> None:
    assert scratch.changed() == {SETTINGS, "components/label_check/README.md", "docs/settings.md"}


def test_the_package_has_it_as_a_parameter_with_default_and_sentence(
    scratch: Scratch, tmp_path: Path
) -> None:
    parameters = compiled(scratch, tmp_path)

    assert parameters["label_check_max_mirrored"] == {
        "defaultValue": 0.25,
        "description": SENTENCE,
        "isOptional": True,
        "parameterType": "NUMBER_DOUBLE",
    }


def test_it_can_be_set_for_one_run(scratch: Scratch, tmp_path: Path) -> None:
    parameters = compiled(scratch, tmp_path, "--set", "label_check.max_mirrored=0.5")

    assert parameters["label_check_max_mirrored"]["defaultValue"] == 0.5


def test_the_reference_and_the_page_of_the_stage_describe_it(scratch: Scratch) -> None:
    row = f"| `max_mirrored` | a number, at least 0, at most 1 | `0.25` | {SENTENCE} |"

    for page in ("docs/settings.md", "components/label_check/README.md"):
        assert row in (scratch.root / page).read_text(encoding="utf-8")


def test_editors_complete_it(scratch: Scratch) -> None:
    code = (
        "import json\nfrom sightline.project.editor_schema import editor_schema\n"
        "print(json.dumps(editor_schema()))"
    )

    schema = json.loads(scratch.python("-c", code))

    described = schema["properties"]["label_check"]["properties"]["max_mirrored"]
    assert described["description"] == SENTENCE
    assert described["maximum"] == 1


def test_the_command_of_the_stage_takes_it(scratch: Scratch) -> None:
    help_text = " ".join(scratch.python("-m", "components.label_check", "--help").split())

    assert f"--max-mirrored VALUE {SENTENCE} (default: 0.25)" in help_text
