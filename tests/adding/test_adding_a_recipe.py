"""A recipe is a file: settings, docs, training and its page find it by its name."""

import json
from pathlib import Path

import pytest

from tests.adding.scratch import Scratch, scratch_copy
from tests.components.train.recording import digit_records
from tests.extractors import no_features

pytestmark = pytest.mark.slow  # commands of the copy start in processes of their own

FILE = "components/train/recipes/means.py"
RECIPE = '''"""What the mean of each channel tells."""

from typing import ClassVar

from sightline.ground.plugins.recipe import Model, Steps
from sightline.ground.plugins.recipe import Recipe as Questions


class Recipe(Questions):
    """A head on the mean of each channel."""

    sentence = "a head on mean colours"
    needs = frozenset({"images"})
    augments = False
    phases: ClassVar = {"means": "Training on means"}

    def follow(self, steps: Steps) -> tuple[Model, str]:
        return steps.train_network(build, "means"), "means"


def build(contract, shape):
    import keras
    from components.train.networks import head, pixel_input

    pixels = pixel_input(contract)
    x = keras.layers.GlobalAveragePooling2D()(pixels)
    return keras.Model(pixels, head(x.shape[1:], shape)(x))
'''


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Scratch:
    """A copy of the project with one more recipe, after `make docs`."""
    copy = scratch_copy(tmp_path_factory.mktemp("adding") / "project")
    (copy.root / FILE).write_text(RECIPE, encoding="utf-8")
    copy.make_docs()
    return copy


def test_one_file_was_added_and_make_docs_wrote_the_others(scratch: Scratch) -> None:
    assert scratch.changed() == {FILE, "components/train/README.md", "docs/settings.md"}
    settings = (scratch.root / "docs/settings.md").read_text(encoding="utf-8")
    assert "linear, means, one_hidden" in settings


def test_it_is_trained_by_its_name_and_the_page_says_what_it_is(
    scratch: Scratch, tmp_path: Path
) -> None:
    (tmp_path / "records").mkdir()
    digit_records(tmp_path / "records", train=12, validation=4)
    ports = {name: tmp_path / name for name in ("records", "model", "metrics")}
    ports |= {"features": no_features(tmp_path / "features"), "report": tmp_path / "report.html"}

    scratch.python(
        *("-m", "components.train", "--recipe=means", "--epochs=1"),
        *(f"--{name}={path}" for name, path in ports.items()),
    )

    assert json.loads((tmp_path / "model/model.json").read_text("utf-8"))["recipe"] == "means"
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "a head on mean colours" in page
    assert "Training on means" in page


def test_what_it_cannot_give_is_refused(scratch: Scratch, tmp_path: Path) -> None:
    asked = (
        "from components.train.settings import TrainSettings\n"
        "try: TrainSettings(recipe='means', augment='strong')\n"
        "except ValueError as error: print(error)"
    )

    assert "augment strong: expected augment none or auto" in scratch.python("-c", asked)
