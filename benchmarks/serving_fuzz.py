"""Random requests to every call of a server: no 5xx but 503 with its reason, and no leak.

`python benchmarks/serving_fuzz.py [--count 20000] [--seed 1]`: makes requests of the server's own
OpenAPI document, most of them almost right, and sends them over four connections. The model is one
that calls photos light or dark: what is asked is the server. Memory is what its processes have
written (Pss_Anon), after a tenth of the requests and at the end. `watching_us` is what an account
of a request, with its metrics, costs in processor time, a line in the access log, and a page of
metrics with as many versions and classes as there may be. One JSON line comes last.
"""

import argparse
import asyncio
import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Any, cast

import httpx
from measuring import REPOSITORY, conditions
from prometheus_client import CollectorRegistry
from serving_contestants import proportional_mb

sys.path.insert(0, str(REPOSITORY))

from sightline.serving.web.access_log import AccessLog
from sightline.serving.web.accounts import Account, Accounts
from sightline.serving.web.metrics import (
    MOST_CLASSES,
    MOST_VERSIONS,
    Metrics,
    State,
)
from sightline.stage import log
from tests.sightline.serving.processes import family
from tests.sightline.serving.random_requests import random_request
from tests.sightline.serving.served import lay_version

CONNECTIONS = 4
REPEATS = 10_000
WARM_UP = 0.1
MOST_GROWTH_MB = 50
SERVE = """
import sys
from pathlib import Path
from sightline.serving.options import ServerOptions
from sightline.serving.server import serve
folder, samples = map(Path, sys.argv[1:])
options = ServerOptions(folder=folder, port=0, workers=2, sample_share=0.1, sample_folder=samples)
serve(options, ready=lambda address: print(address, flush=True))
"""


@dataclass(slots=True)
class Sent:
    """What became of the requests."""

    statuses: Counter[int] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    def note(self, asked: str, response: httpx.Response) -> None:
        """Count an answer; keep those that should not be."""
        self.statuses[response.status_code] += 1
        is_reasoned = response.status_code == 503 and b"error" in response.content
        if response.status_code >= 500 and not is_reasoned:
            self.faults.append(f"{asked}: {response.status_code} {response.text[:200]}")


def main() -> None:
    """Send the requests, and print what became of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, server(Path(folder)) as (process, address):
        document = httpx.get(f"{address}/openapi.json").json()
        sent, began = Sent(), time.monotonic()
        warm = round(WARM_UP * options.count)
        send(address, document, warm, options.seed, sent)
        first, shared = written_mb(process.pid), proportional_mb(process.pid)
        send(address, document, options.count - warm, options.seed + CONNECTIONS, sent)
        last, shared_last = written_mb(process.pid), proportional_mb(process.pid)
        seconds = time.monotonic() - began
        is_alive = process.poll() is None and httpx.get(f"{address}/readyz").status_code == 200
    growth = round(sum(last.values()) - sum(first.values()), 1)
    result = {
        "name": "serving_fuzz",
        "ours": growth,
        "peer": None,
        "ratio": None,
        "target": MOST_GROWTH_MB,
        "holds": growth < MOST_GROWTH_MB and not sent.faults and is_alive,
        "warm_mb": first,
        "end_mb": last,
        "with_files_mb": [round(shared, 1), round(shared_last, 1)],
        "statuses": {str(status): count for status, count in sorted(sent.statuses.items())},
        "faults": sent.faults[:5],
        "ready_at_the_end": is_alive,
        "watching_us": watching(),
        "conditions": conditions(
            requests=sum(sent.statuses.values()),
            seed=options.seed,
            seconds=round(seconds),
            connections=CONNECTIONS,
        ),
    }
    print(json.dumps(result))


@contextmanager
def server(folder: Path) -> Iterator[tuple["subprocess.Popen[str]", str]]:
    """Start a server of its own model."""
    lay_version(folder / "models", 1)
    command = [sys.executable, "-c", SERVE, str(folder / "models"), str(folder / "samples")]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            command, cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=log, text=True
        )
    assert process.stdout  # noqa: S101 - it is a pipe
    with process.stdout as output:
        address = output.readline().strip()
    try:
        yield process, address
    finally:
        process.terminate()
        process.wait(60)


def send(address: str, document: dict[str, Any], count: int, seed: int, sent: Sent) -> None:
    """Send so many requests over some connections at once."""

    def work(number: int) -> None:
        chance = random.Random(seed + number)
        with httpx.Client(base_url=address, timeout=60) as client:
            for _ in range(count // CONNECTIONS):
                asked = random_request(document, chance)
                headers = {name: value.encode("latin-1") for name, value in asked.headers.items()}
                said = f"{asked.method} {asked.path[:100]}"
                try:
                    response = client.request(
                        asked.method, asked.path, content=asked.body, headers=headers
                    )
                except httpx.HTTPError as error:
                    sent.faults.append(f"{said}: {error!r}")
                else:
                    sent.note(said, response)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def written_mb(pid: int) -> dict[str, float]:
    """Return the memory of each process of a tree that no file holds, what is shared once."""
    names = ("server", "samples", "opened", *(f"worker {number}" for number in range(1, 99)))
    found = {}
    for name, one in zip(names, family(pid), strict=False):
        lines = Path(f"/proc/{one}/smaps_rollup").read_text().splitlines()
        kilobytes = sum(int(line.split()[1]) for line in lines if line.startswith("Pss_Anon:"))
        found[name] = round(kilobytes / 1024, 1)
    return found


def watching() -> dict[str, float]:
    """Return microseconds of processor time that accounts, log lines and pages take."""
    metrics, log_lines = Metrics(cast(State, CollectorRegistry())), AccessLog()
    account = Account("x" * 32, time.perf_counter(), "tensorflow", "predict", "1", 200)
    account.answers, account.seconds, account.bytes_in = {"cat": 1}, 0.02, 70_000

    async def answer(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"{}"})

    async def ignore(message: Any) -> None:
        pass

    def asked(application: Any, count: int) -> None:
        async def ask() -> None:
            for _ in range(count):
                await application({"type": "http", "headers": []}, ignore, ignore)

        asyncio.run(ask())

    watched = Accounts(answer, [lambda _: metrics.hear(account)])
    bare = microseconds(lambda: asked(answer, REPEATS))
    found = {"account": microseconds(lambda: asked(watched, REPEATS)) - bare}
    with Path(os.devnull).open("w") as nowhere, redirect_stderr(nowhere):
        log.configure("benchmark")
        found["log_line"] = microseconds(lambda: [log_lines.hear(account) for _ in range(REPEATS)])
    for version, name in product(range(MOST_VERSIONS), range(MOST_CLASSES)):
        account.version, account.answers = str(version), {f"class {name}": 1}
        metrics.hear(account)
    found["page"] = REPEATS * microseconds(lambda: metrics.page(""))
    return {name: round(value, 1) for name, value in found.items()}


def microseconds(work: Callable[[], object]) -> float:
    """Return the processor time of each of so many repetitions."""
    began = time.process_time()
    work()
    return 1e6 * (time.process_time() - began) / REPEATS


if __name__ == "__main__":
    main()
