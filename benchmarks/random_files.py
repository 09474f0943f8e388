"""Random files through ingest, evaluate, predict and serve: no process ends, answers agree.

`python benchmarks/random_files.py [--count 1000] [--seed 1]`: makes animated, still and mutated
WebP, GIF, PNG, BMP, TIFF and JPEG files and a small model, sends the files to the stages and to a
server in processes of their own, and holds the classes that predict, the server and the graph
form answer against each other. One JSON line comes last.
"""

import argparse
import base64
import json
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from measuring import REPOSITORY, conditions

sys.path.insert(0, str(REPOSITORY))

from sightline.stage.formats.dataset import read_examples
from sightline.stage.formats.records import read_info
from sightline.stage.imaging.kinds.rule import refusal
from tests.artifacts import CLASSES, artifacts, export_bundle, write_model
from tests.sightline.stage.imaging.mutations import random_files

IMAGE_SIZE = 32
SERVE = """
import sys
from pathlib import Path
from sightline.serving.options import ServerOptions
from sightline.serving.server import serve
options = ServerOptions(folder=Path(sys.argv[1]), port=0, name="model")
serve(options, ready=lambda address: print(address, flush=True))
"""
PREDICT = """
import json, sys
from pathlib import Path
from sightline.serving.predict import predict
photos = sorted(Path(sys.argv[2]).iterdir())
answers = predict(Path(sys.argv[1]), photos)
said = {Path(one.photo).name: one.content.get("class_name") for one in answers}
Path(sys.argv[3]).write_text(json.dumps(said))
"""
BY_GRAPH = """
import json, sys
from pathlib import Path
from sightline.problems import problem_of
from sightline.stage.formats.bundle import read_info
from sightline.stage.answering.servable import ImageError, Servable
place, said = Path(sys.argv[1]) / "1", {}
info = read_info(place)
model = Servable(place, problem_of(info.problem).serving, info.classes, info.contract)
for photo in sorted(Path(sys.argv[2]).iterdir()):
    try:
        said[photo.name] = model.answer_by_graph([photo.read_bytes()])[0].class_name
    except ImageError as error:
        said[photo.name] = None
Path(sys.argv[3]).write_text(json.dumps(said))
"""


def main() -> None:
    """Run the benchmark and print its result, a JSON object in the last line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    files = [data for _, data in random_files(arguments.seed, arguments.count)]
    with tempfile.TemporaryDirectory() as scratch:
        result = run(files, Path(scratch))
    said = conditions(
        data="random files of tests.sightline.stage.imaging.mutations",
        n=arguments.count,
        seeds=arguments.seed,
    )
    print(json.dumps({"name": "random_files", **result, "conditions": said}))


def run(files: list[bytes], folder: Path) -> dict[str, object]:
    """Send the files everywhere; return what is counted, and whether all holds."""
    photos, models = folder / "photos", deployed(folder)
    for number, data in enumerate(files):
        place = photos / CLASSES[number % len(CLASSES)] / f"{number:05d}.image"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
    ended = [] if ingested(photos, folder) else ["ingest"]
    ended += [] if evaluated(folder) else ["evaluate"]
    accepted, allowed = folder / "accepted", folder / "allowed"
    for place in (accepted, allowed):
        place.mkdir()
    for example in read_examples(folder / "dataset"):
        (accepted / example.id).write_bytes(example.image)
        if not refusal(example.image):
            (allowed / example.id).write_bytes(example.image)
    said = {
        "predict": answered(PREDICT, models, accepted),
        "graph": answered(BY_GRAPH, models, allowed),
    }
    said["serve"], statuses = served(models, accepted, files)
    ended += [name for name, answers in said.items() if answers is None]
    found = {name: answers or {} for name, answers in said.items()}
    different = [
        key
        for key, name in found["predict"].items()
        if any(name != other.get(key, name) for other in (found["serve"],))
        or (name and found["graph"].get(key) not in (None, name))
    ]
    refused_by_graph = sum(name is None for name in found["graph"].values())
    return {
        "ours": len(different) + len(ended),
        "peer": None,
        "ratio": None,
        "target": 0,
        "holds": not different and not ended,
        "processes_that_ended": ended,
        "different_classes": different[:5],
        "accepted": len(list(accepted.iterdir())),
        "allowed_by_rule": len(found["graph"]),
        "refused_by_graph_all_the_same": refused_by_graph,
        "statuses_of_the_server": statuses,
    }


def deployed(folder: Path) -> Path:
    """Make a model folder with one version of a small untrained model."""
    bundle = export_bundle(artifacts(folder / "artifacts", image_size=IMAGE_SIZE), folder)
    outputs = ("--deployment", folder / "deployment", "--report", folder / "deploy.html")
    stage("deploy", "--bundle", bundle, "--folder", folder / "models", *outputs)
    return folder / "models"


def ingested(photos: Path, folder: Path) -> bool:
    """Ingest the photos; tell whether the stage lived."""
    outputs = ("--dataset", folder / "dataset", "--quarantine", folder / "quarantine")
    source = ("--source", photos, "--fingerprint", "", "--max-refused-share", "1")
    return stage("ingest", *source, *outputs, "--report", folder / "ingest.html")


def evaluated(folder: Path) -> bool:
    """Split, resize and evaluate what was ingested; tell whether the stages lived."""
    dataset, records = ("--dataset", folder / "dataset"), ("--records", folder / "records")
    model = ("--model", folder / "model", "--report", folder / "evaluate.html")
    names = ("evaluation", "metrics", "classification", "decision")
    outputs = [word for name in names for word in (f"--{name}", folder / f"evaluated/{name}")]
    size = ("--image-size", IMAGE_SIZE, "--report", folder / "preprocess.html")
    if not stage("preprocess", *dataset, *records, *size):
        return False
    write_model(folder / "model", CLASSES, read_info(folder / "records").contract, seed=1)
    return stage("evaluate", *dataset, *records, *model, *outputs)


def stage(name: str, *flags: object) -> bool:
    """Run a stage as its own process; tell whether it ended well."""
    command = [sys.executable, "-m", f"components.{name}", *map(str, flags)]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    if done.returncode:
        print(done.stderr[-2000:], file=sys.stderr)
    return done.returncode == 0


def answered(program: str, models: Path, photos: Path) -> dict[str, str | None] | None:
    """Return the class of every photo, or nothing where the process ended."""
    place = photos.with_suffix(".json")
    command = [sys.executable, "-c", program, str(models), str(photos), str(place)]
    done = subprocess.run(command, cwd=REPOSITORY, check=False)
    return dict(json.loads(place.read_text())) if done.returncode == 0 else None


def served(
    models: Path, accepted: Path, files: list[bytes]
) -> tuple[dict[str, str | None] | None, Mapping[str, int]]:
    """Ask a server all files; return the class of every accepted one, and what statuses came."""
    command = [sys.executable, "-c", SERVE, str(models)]
    server = subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True)
    statuses: Counter[str] = Counter()
    said: dict[str, str | None] = {}
    try:
        address = next(iter(server.stdout or ()), "").strip() + "/v1/models/model:predict"
        for data in files:
            statuses[str(asked(address, data)[0])] += 1
        for place in accepted.iterdir():
            said[place.name] = asked(address, place.read_bytes())[1]
        lived = server.poll() is None
    finally:
        server.terminate()
        server.wait(60)
    return said if lived else None, dict(statuses)


def asked(address: str, data: bytes) -> tuple[int, str | None]:
    """Return the status and the class that a server answers for a file; 0 for no answer."""
    body = {"instances": [{"b64": base64.b64encode(data).decode("ascii")}]}
    try:
        with urllib.request.urlopen(address, json.dumps(body).encode(), timeout=60) as response:
            return 200, json.load(response)["predictions"][0]["class_name"]
    except urllib.error.HTTPError as error:
        return error.code, None
    except OSError:
        return 0, None


if __name__ == "__main__":
    main()
