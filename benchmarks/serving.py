"""Measure the server: 8 clients, a version switch in the middle, no request may be lost.

The peer is the same SavedModel called in this process, one image after another, with the same
image files. `python benchmarks/serving.py [--bundle BUNDLE]`: without a bundle that export wrote,
one is made of the flowers first.
"""

import argparse
import base64
import http.client
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
from stages import DATA, REPOSITORY, WEIGHTS, run_stages

from sightline.problems import problem_of
from sightline.stage.formats.bundle import SAVED_MODEL, read_golden, read_info
from sightline.stage.formats.servable import Servable

START = """
import sys
from pathlib import Path
from sightline.serving.server import serve
serve(Path(sys.argv[1]), port=0, ready=lambda address: print(address, flush=True))
"""
TARGET_RATIO = 0.8
PEER_SECONDS = 5.0


@dataclass
class Tally:
    """What one client saw."""

    seconds: list[float] = field(default_factory=list)
    versions: set[str] = field(default_factory=set)
    errors: list[str] = field(default_factory=list)


def main() -> None:
    """Run the benchmark and print its result, a JSON object in the last line."""
    arguments = parse()
    with tempfile.TemporaryDirectory() as scratch:
        if arguments.bundle is None:
            stages = Path(scratch) / "stages"
            run_stages(REPOSITORY, stages, photos=DATA / "flowers", weights=WEIGHTS)
            arguments.bundle = next(stages.glob("*/bundle"))
        images = [request.image for request in read_golden(arguments.bundle)]
        models = Path(scratch) / "models"
        lay_out(arguments.bundle, models / "1")
        server = subprocess.Popen(
            [sys.executable, "-c", START, str(models)], stdout=subprocess.PIPE, text=True
        )
        try:
            address = next(iter(server.stdout or ()), "").strip()
            if not address:
                raise SystemExit("The server did not start; its messages are above.")
            name = read_info(arguments.bundle).model_name
            tallies = load(address, name, images, arguments, models)
        finally:
            server.terminate()
            exit_code = server.wait(60)
    report(tallies, call_in_process(arguments.bundle, images), exit_code, arguments)


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bundle", type=Path)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=30.0)
    return parser.parse_args()


def lay_out(bundle: Path, version: Path) -> None:
    """Copy a bundle as a version of a model folder, whole at once."""
    staged = version.with_name(f".staging-{version.name}")
    shutil.copytree(bundle / SAVED_MODEL, staged)
    for path in bundle.iterdir():
        if path.is_file():
            shutil.copy2(path, staged / path.name)
    staged.rename(version)


def load(
    address: str, name: str, images: Sequence[bytes], arguments: argparse.Namespace, models: Path
) -> list[Tally]:
    """Let the clients ask for the given time, with a new version after half of it."""
    end = time.monotonic() + arguments.seconds
    tallies = [Tally() for _ in range(arguments.clients)]
    clients = [
        threading.Thread(target=ask, args=(address, name, images, number, end, tally))
        for number, tally in enumerate(tallies)
    ]
    for client in clients:
        client.start()
    time.sleep(arguments.seconds / 2)
    lay_out(arguments.bundle, models / "2")
    for client in clients:
        client.join()
    return tallies


def ask(
    address: str, name: str, images: Sequence[bytes], number: int, end: float, tally: Tally
) -> None:
    """Send one request after another over one connection, and note every answer."""
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=60)
    bodies = [
        json.dumps({"instances": [{"b64": base64.b64encode(image).decode()}]}) for image in images
    ]
    turn = number
    while time.monotonic() < end:
        start = time.perf_counter()
        try:
            connection.request("POST", f"/v1/models/{name}:predict", bodies[turn % len(bodies)])
            response = connection.getresponse()
            content = response.read()
        except (OSError, http.client.HTTPException) as error:
            tally.errors.append(f"{type(error).__name__}: {error}")
            connection.close()
            continue
        tally.seconds.append(time.perf_counter() - start)
        tally.versions.add(response.getheader("x-model-version", ""))
        if response.status != 200:
            tally.errors.append(content.decode(errors="replace"))
        turn += 1
    connection.close()


def call_in_process(bundle: Path, images: Sequence[bytes]) -> float:
    """Return images per second of the SavedModel itself."""
    info = read_info(bundle)
    servable = Servable(
        bundle / SAVED_MODEL, problem_of(info.problem).serving, info.classes, info.contract
    )
    for image in images:
        servable.answer([image])
    calls, start = 0, time.perf_counter()
    while time.perf_counter() - start < PEER_SECONDS:
        servable.answer([images[calls % len(images)]])
        calls += 1
    return calls / (time.perf_counter() - start)


def report(
    tallies: Sequence[Tally], peer: float, exit_code: int, arguments: argparse.Namespace
) -> None:
    """Print what was measured."""
    seconds = np.array([value for tally in tallies for value in tally.seconds])
    errors = [error for tally in tallies for error in tally.errors]
    versions = sorted(set().union(*(tally.versions for tally in tallies)))
    ours = len(seconds) / arguments.seconds
    p50, p99 = np.percentile(seconds * 1000, [50, 99])
    print(f"requests/s {ours:.1f}, p50 {p50:.1f} ms, p99 {p99:.1f} ms")
    print(f"errors {len(errors)}, versions that answered {versions}, exit code {exit_code}")
    for error in errors[:5]:
        print(f"  {error}")
    switched = versions == ["1", "2"] and not errors and exit_code == 0
    result = {
        "name": "serving",
        "ours": round(ours, 2),
        "peer": round(peer, 2),
        "ratio": round(ours / peer, 3),
        "target": TARGET_RATIO,
        "holds": bool(switched and ours / peer >= TARGET_RATIO),
        "conditions": {
            "unit": "images per second",
            "peer": "the SavedModel in process, one image after another",
            "clients": arguments.clients,
            "seconds": arguments.seconds,
            "requests": len(seconds),
            "p50_ms": round(float(p50), 1),
            "p99_ms": round(float(p99), 1),
            "errors": len(errors),
            "versions": versions,
            "cores": os.cpu_count(),
        },
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
