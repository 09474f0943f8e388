"""Measure the server: processor time, latency and memory, beside other ways to answer.

In turns, with the same image files: our server with each engine, a server of another commit
(`--peer TREE`, a worktree), and LiteRT called in one process with Pillow in threads.
`python benchmarks/serving.py [--bundle BUNDLE] [--peer TREE]`: without a bundle that export wrote,
one is made of the flowers first. Processor seconds are those of a server's whole process tree.
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
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
from stages import DATA, REPOSITORY, WEIGHTS, run_stages

from sightline.stage.formats.bundle import SAVED_MODEL, read_golden, read_info

READY = "ready=lambda address: print(address, flush=True)"
OURS = f"""
import sys
from pathlib import Path
from sightline.serving.options import ServerOptions
from sightline.serving.server import serve
serve(ServerOptions(folder=Path(sys.argv[1]), port=0, engine=sys.argv[2]), {READY})
"""
OTHER = f"""
import sys
from pathlib import Path
from sightline.serving.server import serve
serve(Path(sys.argv[1]), port=0, {READY})
"""
BARE = """
import sys, time, threading
from pathlib import Path
from sightline.stage.formats.bundle import read_golden, read_info
from sightline.stage.formats.litert import LiteRTModel
from sightline.stage.imaging.arrays import preprocess
version, threads, cores = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
info, images = read_info(version), [one.image for one in read_golden(version)]
models = [LiteRTModel(version / "model.tflite", num_threads=cores) for _ in range(threads)]
def work(model, end, seconds):
    turn = 0
    while time.monotonic() < end:
        start = time.perf_counter()
        model.answer(preprocess(images[turn % len(images)], info.contract))
        seconds.append(time.perf_counter() - start)
        turn += 1
def run(duration):
    seconds, end = [], time.monotonic() + duration
    workers = [threading.Thread(target=work, args=(m, end, seconds)) for m in models]
    before = time.process_time()
    [one.start() for one in workers]; [one.join() for one in workers]
    return seconds, time.process_time() - before
run(1)
for line in sys.stdin:
    seconds, cpu = run(float(line))
    print(len(seconds), cpu, sorted(seconds)[len(seconds) // 2], flush=True)
"""
TICKS = os.sysconf("SC_CLK_TCK")
TARGETS = {"litert_to_peer": 1.6, "litert_int8_to_peer": 2.0, "litert_to_bare": 0.8}


@dataclass
class Tally:
    """What was measured of one contestant, over all rounds."""

    requests: int = 0
    images: int = 0
    processor: float = 0.0
    wall: float = 0.0
    seconds: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    pss_mb: float = 0.0

    def figures(self) -> dict[str, float | int]:
        """Return what a report says of it."""
        p50, p99 = np.percentile(np.array(self.seconds or [0.0]) * 1000, [50, 99])
        return {
            "images_per_processor_second": round(self.images / max(self.processor, 1e-9), 1),
            "processor_ms_an_image": round(1000 * self.processor / max(self.images, 1), 2),
            "requests_per_second": round(self.requests / max(self.wall, 1e-9), 1),
            "p50_ms": round(float(p50), 1),
            "p99_ms": round(float(p99), 1),
            "pss_mb": round(self.pss_mb),
            "errors": len(self.errors),
        }


def main() -> None:
    """Run the benchmark and print its result, a JSON object in the last line."""
    arguments = parse()
    with tempfile.TemporaryDirectory() as scratch, ExitStack() as running:
        if arguments.bundle is None:
            stages = Path(scratch) / "stages"
            run_stages(REPOSITORY, stages, photos=DATA / "flowers", weights=WEIGHTS)
            arguments.bundle = next(stages.glob("*/bundle"))
        models = Path(scratch) / "models"
        lay_out(arguments.bundle, models / "1")
        contestants: dict[str, Callable[[int, int, float, Tally], None]] = {
            name: running.enter_context(server(OURS, REPOSITORY, models, name))
            for name in arguments.engines
        }
        if arguments.peer:
            contestants["peer"] = running.enter_context(server(OTHER, arguments.peer, models, ""))
        contestants["bare"] = running.enter_context(bare(models / "1"))
        results = compete(contestants, arguments)
    report(results, arguments)


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bundle", type=Path)
    parser.add_argument("--peer", type=Path, help="tree of another commit, such as a worktree")
    parser.add_argument("--engines", nargs="*", default=["litert", "litert-int8"])
    parser.add_argument("--clients", type=int, nargs="*", default=[1, 8])
    parser.add_argument("--images", type=int, default=1, help="images in a request")
    parser.add_argument("--seconds", type=float, default=5.0, help="of a contestant in a round")
    parser.add_argument("--rounds", type=int, default=3)
    return parser.parse_args()


def lay_out(bundle: Path, version: Path) -> None:
    """Copy a bundle as a version of a model folder, whole at once."""
    staged = version.with_name(f".staging-{version.name}")
    shutil.copytree(bundle / SAVED_MODEL, staged)
    for path in bundle.iterdir():
        if path.is_file():
            shutil.copy2(path, staged / path.name)
    staged.rename(version)


@contextmanager
def server(
    program: str, tree: Path, models: Path, engine: str
) -> Iterator[Callable[[int, int, float, Tally], None]]:
    """Start a server of a tree; give the function that measures it."""
    process = subprocess.Popen(
        [sys.executable, "-c", program, str(models), engine],
        cwd=tree,
        env={**os.environ, "PYTHONPATH": str(tree), "TF_CPP_MIN_LOG_LEVEL": "3"},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        address = next(iter(process.stdout or ()), "").strip()
        if not address:
            raise SystemExit("The server did not start; its messages are above.")
        name = read_info(models / "1").model_name
        images = [request.image for request in read_golden(models / "1")]

        def measure(clients: int, together: int, seconds: float, tally: Tally) -> None:
            bodies = [in_json(images[n:] + images[:n], together) for n in range(len(images))]
            load(address, name, bodies, clients, 0.5, Tally())
            before, start = processor_seconds(process.pid), time.monotonic()
            load(address, name, bodies, clients, seconds, tally)
            tally.wall += time.monotonic() - start
            tally.processor += processor_seconds(process.pid) - before
            tally.images = tally.requests * together
            tally.pss_mb = max(tally.pss_mb, proportional_mb(process.pid))

        yield measure
    finally:
        process.terminate()
        process.wait(60)


@contextmanager
def bare(version: Path) -> Iterator[Callable[[int, int, float, Tally], None]]:
    """Call LiteRT in one process; one client is one thread with all cores, more are one each."""
    cores = os.cpu_count() or 1
    started: dict[bool, subprocess.Popen[str]] = {}

    def measure(clients: int, together: int, seconds: float, tally: Tally) -> None:
        alone = clients == 1
        if alone not in started:
            shape = ["1", str(cores)] if alone else [str(cores), "1"]
            started[alone] = subprocess.Popen(
                [sys.executable, "-c", BARE, str(version), *shape],
                cwd=REPOSITORY,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        process = started[alone]
        assert process.stdin and process.stdout  # noqa: S101 - they are pipes
        process.stdin.write(f"{seconds}\n")
        process.stdin.flush()
        count, processor, median = process.stdout.readline().split()
        tally.requests += int(count)
        tally.images = tally.requests
        tally.processor += float(processor)
        tally.wall += seconds
        tally.seconds.append(float(median))

    try:
        yield measure
    finally:
        for process in started.values():
            process.communicate()


def compete(
    contestants: dict[str, Callable[[int, int, float, Tally], None]], arguments: argparse.Namespace
) -> dict[str, dict[str, float | int]]:
    """Let each contestant work for a while, in turns, so that what else runs meets all."""
    results = {}
    for clients in arguments.clients:
        tallies = {name: Tally() for name in contestants}
        for _ in range(arguments.rounds):
            for name, measure in contestants.items():
                measure(clients, arguments.images, arguments.seconds, tallies[name])
        for name, tally in tallies.items():
            results[f"{name}, clients {clients}"] = tally.figures()
            print(f"{name}, clients {clients}: {tally.figures()}")
            for error in tally.errors[:3]:
                print(f"  {error}")
    return results


def in_json(images: Sequence[bytes], count: int) -> str:
    """Return a request with so many of the images."""
    listed = [images[n % len(images)] for n in range(count)]
    return json.dumps({"instances": [{"b64": base64.b64encode(one).decode()} for one in listed]})


def load(
    address: str, name: str, bodies: Sequence[str], clients: int, seconds: float, tally: Tally
) -> None:
    """Let clients ask over a connection each, one request after another."""
    end = time.monotonic() + seconds
    threads = [
        threading.Thread(target=ask, args=(address, name, bodies, number, end, tally))
        for number in range(clients)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def ask(
    address: str, name: str, bodies: Sequence[str], turn: int, end: float, tally: Tally
) -> None:
    """Send one request after another, and note every answer."""
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=60)
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
        tally.requests += 1
        if response.status != 200:
            tally.errors.append(content.decode(errors="replace"))
        turn += 1
    connection.close()


def family(pid: int) -> list[int]:
    """Return a process and all that descend from it."""
    children: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        if fields := stat_of(path):
            children.setdefault(int(fields[1]), []).append(int(path.parent.name))
    found = [pid]
    for one in found:
        found += children.get(one, [])
    return found


def stat_of(path: Path) -> list[str]:
    """Return what the system tells of a process after its name; nothing where it is gone."""
    try:
        text = path.read_text()
    except OSError:
        return []
    return text[text.rindex(")") + 2 :].split()


def processor_seconds(pid: int) -> float:
    """Return what a process, its children and those that ended have taken."""
    stats = [stat_of(Path(f"/proc/{one}/stat")) for one in family(pid)]
    return sum(int(value) for fields in stats for value in fields[11:15]) / TICKS


def proportional_mb(pid: int) -> float:
    """Return the memory of a process tree, what is shared counted once."""
    total = 0
    for one in family(pid):
        lines = Path(f"/proc/{one}/smaps_rollup").read_text().splitlines()
        total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total / 1024


def report(results: dict[str, dict[str, float | int]], arguments: argparse.Namespace) -> None:
    """Print what was measured."""
    most = max(arguments.clients)

    def rate(name: str) -> float | None:
        found = results.get(f"{name}, clients {most}")
        return None if found is None else float(found["images_per_processor_second"])

    ratios = {
        "litert_to_peer": _ratio(rate("litert"), rate("peer")),
        "litert_int8_to_peer": _ratio(rate("litert-int8"), rate("peer")),
        "litert_to_bare": _ratio(rate("litert"), rate("bare")),
    }
    known = {name: ratio for name, ratio in ratios.items() if ratio is not None}
    print(
        json.dumps(
            {
                "name": "serving",
                "ours": rate("litert"),
                "peer": rate("bare"),
                "ratio": ratios["litert_to_bare"],
                "target": TARGETS["litert_to_bare"],
                "holds": all(ratio >= TARGETS[name] for name, ratio in known.items()),
                "ratios": known,
                "targets": TARGETS,
                "results": results,
                "conditions": {
                    "unit": "images per processor second",
                    "peer": "LiteRT in one process with Pillow in threads",
                    "images": arguments.images,
                    "rounds": arguments.rounds,
                    "seconds": arguments.seconds,
                    "cores": os.cpu_count(),
                    "load": os.getloadavg()[0],
                },
            }
        )
    )


def _ratio(ours: float | None, peer: float | None) -> float | None:
    return None if ours is None or not peer else round(ours / peer, 3)


if __name__ == "__main__":
    main()
