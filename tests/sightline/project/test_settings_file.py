from pathlib import Path

import pytest

from sightline.project.settings_file import file_option


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("sightline.yaml", ""),
        ("{here}/sightline.yaml", ""),
        ("demo/sightline.yaml", " --file demo/sightline.yaml"),
        ("{here}/demo/sightline.yaml", " --file demo/sightline.yaml"),
        ("../other/sightline.yaml", " --file ../other/sightline.yaml"),
        ("/elsewhere/sightline.yaml", " --file /elsewhere/sightline.yaml"),
        ("other one.yaml", " --file 'other one.yaml'"),
    ],
)
def test_a_suggested_command_names_another_file_so_that_it_can_be_pasted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: str, expected: str
) -> None:
    monkeypatch.chdir(tmp_path)

    assert file_option(Path(file.format(here=tmp_path))) == expected
