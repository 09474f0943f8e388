from pathlib import Path

import pytest
from PIL import Image

from sightline.ground.errors import UserError
from sightline.project.settings import load_project
from sightline.start.demo import write_demo


def test_the_demo_is_1797_images_in_ten_folders_with_settings(tmp_path: Path) -> None:
    file = write_demo(tmp_path / "demo")

    images = list((tmp_path / "demo" / "digits").rglob("*.png"))
    assert len(images) == 1797
    assert {path.parent.name for path in images} == set("0123456789")
    with Image.open(images[0]) as image:
        assert (image.size, image.mode) == ((8, 8), "L")
    parameters = load_project(file).parameters()
    assert parameters["ingest_source"] == str(tmp_path / "demo" / "digits")
    assert parameters["train_horizontal_flip"] is False


def test_a_second_demo_leaves_images_and_settings_as_they_are(tmp_path: Path) -> None:
    file = write_demo(tmp_path)
    image = next((tmp_path / "digits").rglob("*.png"))
    file.write_text(file.read_text(encoding="utf-8") + "# mine\n", encoding="utf-8")
    before = image.stat().st_mtime_ns

    write_demo(tmp_path)

    assert image.stat().st_mtime_ns == before
    assert file.read_text(encoding="utf-8").endswith("# mine\n")


def test_a_folder_with_other_files_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.doc").touch()

    with pytest.raises(UserError, match="Choose another with --folder"):
        write_demo(tmp_path)
