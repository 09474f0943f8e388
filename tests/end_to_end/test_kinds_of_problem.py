"""Other kinds of problem than one name an image, from a table to answers over HTTP."""

import base64
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest
from PIL import Image, ImageDraw

from tests.sightline.command_line import run_in_one_process
from tests.sightline.serving.running import serving_folder

pytestmark = [pytest.mark.slow, pytest.mark.long]

COLOURS = {"disc": (230, 50, 40), "square": (60, 200, 70), "triangle": (70, 90, 240)}
SIDE = 32
EPOCHS = {"multi_label": 14, "binary": 6}
SETTINGS = """
pipeline: {{name: shapes}}
ingest: {{source: shapes/labels.csv, problem: {kind}}}
label_check: {{fail_on: never, near_duplicates: "off", wrong_labels: "off"}}
preprocess: {{image_size: 32, stratify: exact, test_share: 0.2}}
train:
  {{recipe: scratch, weights: none, epochs: {epochs}, batch_size: 16, augment: none,
    miss_cost: 1.1}}
evaluate: {{min_accuracy: 0.6, bootstrap_samples: 200}}
export: {{parity_images: 16, min_agreement: 0.0, max_accuracy_loss: 1.0, calibration_images: 16}}
"""


def draw(folder: Path, count: int) -> dict[str, list[str]]:
    """Photos of none to three things in different quarters, each kind in a colour of its own."""
    numbers = random.Random(3)
    folder.mkdir()
    drawn = {}
    for index in range(count):
        image = Image.new("RGB", (SIDE, SIDE), tuple(numbers.randrange(20, 60) for _ in range(3)))
        things = numbers.sample(sorted(COLOURS), numbers.choice([0, 1, 1, 2, 2, 3]))
        corners = numbers.sample([(0, 0), (16, 0), (0, 16), (16, 16)], len(things))
        for thing, (left, top) in zip(things, corners, strict=True):
            x, y = left + numbers.randrange(3), top + numbers.randrange(3)
            box, pencil = (x, y, x + 12, y + 12), ImageDraw.Draw(image)
            if thing == "disc":
                pencil.ellipse(box, fill=COLOURS[thing])
            elif thing == "square":
                pencil.rectangle(box, fill=COLOURS[thing])
            else:
                pencil.polygon([(x, y + 12), (x + 6, y), (x + 12, y + 12)], fill=COLOURS[thing])
        image.save(folder / f"{index}.png")
        drawn[f"{index}.png"] = sorted(things)
    return drawn


def table(kind: str, drawn: dict[str, list[str]]) -> str:
    """All names of an image, or whether there is a disc."""
    if kind == "multi_label":
        return "image,labels\n" + "".join(f"{n},{'; '.join(all)}\n" for n, all in drawn.items())
    rows = (f"{name},{'defect' if 'disc' in all else 'ok'}\n" for name, all in drawn.items())
    return "image,label\n" + "".join(rows)


@pytest.fixture(params=EPOCHS)
def made(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[str, Path, dict[str, list[str]]]]:
    """A project of this kind whose pipeline has run."""
    monkeypatch.chdir(tmp_path)
    drawn = draw(tmp_path / "shapes", 220)
    (tmp_path / "shapes/labels.csv").write_text(table(request.param, drawn))
    settings = SETTINGS.format(kind=request.param, epochs=EPOCHS[request.param])
    (tmp_path / "sightline.yaml").write_text(settings)
    ended = run_in_one_process()
    assert ended.code == 0, ended.out + ended.err
    yield request.param, tmp_path, drawn


def ask(address: str, photo: Path) -> dict[str, Any]:
    encoded = base64.b64encode(photo.read_bytes()).decode()
    body = json.dumps({"instances": [{"b64": encoded}]}).encode()
    request = Request(f"{address}/v1/models/shapes:predict", body)
    with urlopen(request) as response:
        (answer,) = json.load(response)["predictions"]
    assert isinstance(answer, dict)
    return answer


def test_what_was_learned_is_live_and_right(
    made: tuple[str, Path, dict[str, list[str]]],
) -> None:
    kind, root, drawn = made
    (evaluated,) = root.glob(".sightline/runs/*/artifacts/evaluate/evaluation/evaluation.json")
    info = json.loads(evaluated.read_text())
    live = root / ".sightline/models/shapes"

    assert info["problem"] == kind
    assert info["decision"] == "deploy"
    assert info["costs"]["miss"] == 1.1
    assert "image-classification" in (live / "1/model_card.md").read_text()
    wrong = 0
    with serving_folder(live) as address:
        for name, things in list(drawn.items())[:20]:
            answer = ask(address, root / "shapes" / name)
            if kind == "multi_label":
                wrong += answer["labels"] != things
                assert answer["thresholds"] == list(info["thresholds"].values())
            else:
                wrong += answer["class_name"] != ("defect" if "disc" in things else "ok")
                assert answer["positive_class"] == "defect"
                assert answer["threshold"] == info["threshold"] != 0.5
    assert wrong <= 5
