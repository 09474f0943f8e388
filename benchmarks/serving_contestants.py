"""What `benchmarks/serving.py` measures: servers, and models that are called without one."""

import base64
import http.client
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
from measuring import REPOSITORY

from sightline.stage.answering.engine import SAVED_MODEL
from sightline.stage.formats.bundle import read_golden, read_info

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
CALLED = """
import json, sys, time, threading
from pathlib import Path
from sightline.problems.open_version import choose, load_version
place, engine, threads, cores = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
version = load_version(choose(place, engine), 1.0)
images = [one.image for one in version.golden]
def work(together, end, seconds):
    turn = 0
    while time.monotonic() < end:
        asked = [images[(turn + n) % len(images)] for n in range(together)]
        start = time.perf_counter()
        version.answer(asked, cores)
        seconds.append(time.perf_counter() - start)
        turn += 1
def run(duration, together):
    seconds, end = [], time.monotonic() + duration
    workers = [threading.Thread(target=work, args=(together, end, seconds)) for _ in range(threads)]
    before = time.process_time()
    [one.start() for one in workers]; [one.join() for one in workers]
    return seconds, time.process_time() - before
run(1, 1)
for line in sys.stdin:
    duration, together = line.split()
    print(json.dumps(run(float(duration), int(together))), flush=True)
"""
TICKS = os.sysconf("SC_CLK_TCK")
Measure = Callable[[int, int, float, "Tally"], None]
"""Lets so many clients ask with so many images a request for so many seconds."""


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


class NoServerError(Exception):
    """A server that does not run in this environment."""


@dataclass(frozen=True, slots=True)
class Server:
    """One that runs, and what measures it."""

    address: str
    measure: Measure


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
    program: str, tree: Path, models: Path, engine: str, *, photos: Path
) -> Iterator[Server]:
    """Start a server of a tree, to be asked about the golden photos of a version.

    Gives its address and the function that measures it.
    """
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
            raise NoServerError("The server did not start; its messages are above.")
        name = read_info(models / "1").model_name
        images = [request.image for request in read_golden(photos)]

        def measure(clients: int, together: int, seconds: float, tally: Tally) -> None:
            bodies = [in_json(images[n:] + images[:n], together) for n in range(len(images))]
            load(address, name, bodies, clients, 0.5, Tally())
            asked, before, start = tally.requests, processor_seconds(process.pid), time.monotonic()
            load(address, name, bodies, clients, seconds, tally)
            tally.wall += time.monotonic() - start
            tally.processor += processor_seconds(process.pid) - before
            tally.images += (tally.requests - asked) * together
            tally.pss_mb = max(tally.pss_mb, proportional_mb(process.pid))

        yield Server(address, measure)
    finally:
        process.terminate()
        process.wait(60)


@contextmanager
def called(version: Path, engine: str) -> Iterator[Measure]:
    """Call a model in one process; one client is one thread with all cores, more are one each."""
    cores = os.cpu_count() or 1
    started: dict[bool, subprocess.Popen[str]] = {}

    def measure(clients: int, together: int, seconds: float, tally: Tally) -> None:
        alone = clients == 1
        if alone not in started:
            shape = ["1", str(cores)] if alone else [str(cores), "1"]
            started[alone] = subprocess.Popen(
                [sys.executable, "-c", CALLED, str(version), engine, *shape],
                cwd=REPOSITORY,
                env={**os.environ, "PYTHONPATH": str(REPOSITORY), "TF_CPP_MIN_LOG_LEVEL": "3"},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        process = started[alone]
        assert process.stdin and process.stdout  # noqa: S101 - they are pipes
        process.stdin.write(f"{seconds} {together}\n")
        process.stdin.flush()
        taken, processor = json.loads(process.stdout.readline())
        tally.requests += len(taken)
        tally.images += len(taken) * together
        tally.processor += processor
        tally.wall += seconds
        tally.seconds += taken

    try:
        yield measure
    finally:
        for process in started.values():
            process.communicate()


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
        turn += 1
        if response.status != 200:
            tally.errors.append(content.decode(errors="replace"))
            continue
        tally.seconds.append(time.perf_counter() - start)
        tally.requests += 1
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
