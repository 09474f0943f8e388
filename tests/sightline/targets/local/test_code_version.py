"""Which code of the library counts as a stage's own."""

import pytest

from sightline.package.reading.plan import PlannedTask
from sightline.targets.local.code_version import code_version


@pytest.mark.parametrize(
    ("stage", "rooms"),
    [
        ("ingest", {"ground", "stage", "problems"}),
        ("deploy", {"ground", "stage", "problems", "clouds"}),
        ("predict", {"ground", "stage", "problems", "client", "serving", "batch"}),
    ],
)
def test_the_code_of_a_stage_is_what_it_imports_and_what_that_imports(
    stage: str, rooms: set[str]
) -> None:
    command = ("python3", "-m", f"components.{stage}")
    task = PlannedTask(name=stage, component=stage, image="", command=command)

    files = code_version(task).files

    assert {name.split("/")[1] for name in files if name.startswith("sightline/")} == rooms
    assert f"components/{stage}/stage.py" in files
