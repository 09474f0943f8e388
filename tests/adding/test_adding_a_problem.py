"""A kind of problem is a folder: stages, settings and docs find it by its name."""

import json
import random
from dataclasses import dataclass
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from tests.adding.scratch import REPOSITORY, Scratch, scratch_copy

# Commands of the copy start in processes of their own, and run all stages.
pytestmark = [pytest.mark.slow, pytest.mark.long]

KINDS = REPOSITORY / "tests/sightline/problems/kinds"
COLOURS = {"blue": (40, 60, 230), "red": (230, 40, 40)}
WIDTH, HEIGHT = 48, 40
SETTINGS = """
pipeline: {{name: shapes}}
ingest: {{source: {source}, problem: {kind}}}
label_check: {{fail_on: never}}
preprocess: {{image_size: 32, resize_mode: pad, stratify: exact, test_share: 0.2}}
train: {{recipe: scratch, weights: none, epochs: 8, augment: light}}
evaluate: {{min_accuracy: 0.0}}
export: {{parity_images: 20, min_agreement: 0.0, max_accuracy_loss: 1.0, calibration_images: 20}}
"""


@dataclass(frozen=True, slots=True)
class Shape:
    """A coloured rectangle, in pixels."""

    colour: str
    box: tuple[int, int, int, int]


@pytest.fixture
def scratch(tmp_path: Path) -> Scratch:
    return scratch_copy(tmp_path / "project")


def draw(folder: Path, count: int) -> dict[str, list[Shape]]:
    """Images with one or two rectangles on black."""
    numbers = random.Random(1)
    folder.mkdir()
    drawn: dict[str, list[Shape]] = {}
    for index in range(count):
        image = Image.new("RGB", (WIDTH, HEIGHT), (numbers.randrange(40),) * 3)
        shapes = []
        for colour in numbers.sample(sorted(COLOURS), numbers.choice([1, 2])):
            left, top = numbers.randrange(30), numbers.randrange(22)
            box = left, top, left + numbers.randrange(12, 18), top + numbers.randrange(12, 18)
            ImageDraw.Draw(image).rectangle(
                (box[0], box[1], box[2] - 1, box[3] - 1), fill=COLOURS[colour]
            )
            shapes.append(Shape(colour, box))
        drawn[f"{index}.png"] = shapes
        image.save(folder / f"{index}.png")
    return drawn


def as_jsonl(folder: Path) -> str:
    """Boxes in Vertex AI's import format."""
    lines = []
    for name, shapes in draw(folder, 120).items():
        annotations = []
        for shape in shapes:
            left, top, right, bottom = shape.box
            edges = {"xMin": left / WIDTH, "yMin": top / HEIGHT}
            edges |= {"xMax": right / WIDTH, "yMax": bottom / HEIGHT}
            annotations.append({"displayName": shape.colour, **edges})
        lines.append(json.dumps({"imageGcsUri": name, "boundingBoxAnnotations": annotations}))
    (folder / "boxes.jsonl").write_text("\n".join(lines))
    return f"{folder.name}/boxes.jsonl"


def test_a_new_kind_is_found_and_documented_by_its_folder(scratch: Scratch) -> None:
    scratch.add("sightline/problems/detection", KINDS / "detection")

    scratch.make_docs()

    beside = {name for name in scratch.changed() if "problems/detection/" not in name}
    assert beside == {"components/ingest/README.md", "docs/settings.md"}
    assert "classification, detection" in (scratch.root / "docs/settings.md").read_text()
    (scratch.root / "sightline.yaml").write_text(
        SETTINGS.format(source="shapes.csv", kind="detektion")
    )
    with pytest.raises(AssertionError, match=r"classification, detection"):
        scratch.sightline("compile")


@pytest.mark.parametrize(
    ("lacking", "message"),
    [
        ("def check(", "expected answers to every question of Targets; missing: check."),
        ("class Targets(", "expected a class Targets that answers the questions of"),
        ("", "expected the class Targets in sightline/problems/lame/targets.py, found no such"),
    ],
)
def test_a_stage_refuses_a_kind_that_lacks_an_answer(
    lacking: str, message: str, scratch: Scratch
) -> None:
    folder = scratch.root / "sightline/problems/lame"
    scratch.add("sightline/problems/lame", KINDS / "detection")
    targets = folder / "targets.py"
    if lacking:
        targets.write_text(targets.read_text().replace(lacking, lacking.replace("(", "_not(")))
    else:
        targets.unlink()
    source = as_jsonl(scratch.root / "shapes")
    outputs = ("dataset", "quarantine", "report")
    flags = [text for name in outputs for text in (f"--{name}", f"out/{name}")]

    with pytest.raises(AssertionError) as refused:
        scratch.python(
            *("-m", "components.ingest", *flags, "--fingerprint", "none"),
            *("--source", source, "--problem", "lame"),
        )

    assert message in " ".join(str(refused.value).split())
    assert "Traceback" not in str(refused.value)
    assert not (scratch.root / "out/dataset").exists()


def test_a_new_kind_goes_through_all_stages_until_it_is_live(scratch: Scratch) -> None:
    kind = "detection"
    scratch.add(f"sightline/problems/{kind}", KINDS / kind)
    settings = SETTINGS.format(source=as_jsonl(scratch.root / "shapes"), kind=kind)
    (scratch.root / "sightline.yaml").write_text(settings)

    printed = scratch.sightline("run", "--launcher", "inline")

    live = scratch.root / ".sightline/models/shapes/1"
    assert "10 tasks ran" in printed
    assert json.loads((live / "bundle.json").read_text())["problem"] == kind
    (run,) = (scratch.root / ".sightline/runs").glob("*/run.json")
    artifacts = [
        document
        for document in map(json.loads, map(Path.read_text, run.parent.rglob("*.json")))
        if "problem" in document
    ]
    assert {document["problem"] for document in artifacts} == {kind}
    assert {document["schema"].removeprefix("sightline.") for document in artifacts} >= {
        *("dataset", "records", "model", "evaluation")
    }
    (evaluation,) = [one for one in artifacts if one["schema"] == "sightline.evaluation"]
    assert evaluation["headline"][0]["name"] == "recall_50"
    said = json.loads(scratch.sightline("predict", "shapes/3.png", "--json"))
    assert said[0]["error"] is None
