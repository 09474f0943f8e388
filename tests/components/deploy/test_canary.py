"""Deploy into a folder that a real server answers from, while clients go on asking."""

import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pytest

from components.deploy.settings import DeploySettings
from components.deploy.stage import deploy
from components.deploy.target import Bundle
from components.deploy.targets.local.sharing import Sharing
from components.deploy.targets.local.target import Target
from sightline.ground.errors import DataError
from sightline.ground.models.model_folder import FolderError, live_number, version_numbers
from sightline.stage.answering.engine import SAVED_MODEL
from sightline.stage.registry.canary import Order, give_order, order_of
from sightline.stage.registry.changes import challenge, promote, rollback
from sightline.stage.registry.local_place import LocalPlace
from sightline.stage.registry.log import read_log
from sightline.stage.registry.registry import Registry
from tests.sightline.serving.running import serving_folder
from tests.sightline.serving.served import grey, lay_version

CANARY = {
    "canary_share": 0.5,
    "canary_wait_seconds": 0.3,
    "canary_requests": 10,
    "canary_timeout_seconds": 60,
    # On a busy machine a new version takes longer to answer at first.
    "max_canary_latency_ratio": 100,
}
PHOTOS = [grey(level) for level in (*range(0, 100, 5), *range(160, 256, 5))]


@dataclass
class Clients:
    """What came back to those who asked all the time."""

    answers: Counter[tuple[str, int]] = field(default_factory=Counter)
    """By version, and whether it is the class that the photo has: HTTP status otherwise."""
    lost: list[str] = field(default_factory=list)

    def wait_for(self, requests: int) -> None:
        while sum(self.answers.values()) < requests and not self.lost:
            time.sleep(0.01)

    def of(self, version: int) -> int:
        return sum(times for (found, _), times in self.answers.items() if found == str(version))


@contextmanager
def asking(address: str) -> Iterator[Clients]:
    """Two clients who ask about one photo after the other until the block ends."""
    clients, done = Clients(), threading.Event()

    def ask(start: int) -> None:
        with httpx.Client(base_url=address, timeout=60) as client:
            number = start
            while not done.is_set():
                number += 1
                try:
                    reply = client.post("/predict", content=PHOTOS[number % len(PHOTOS)])
                except httpx.HTTPError as error:
                    clients.lost.append(repr(error))
                    continue
                version = reply.headers.get("x-model-version", "")
                clients.answers[version, reply.status_code] += 1

    threads = [threading.Thread(target=ask, args=(7 * start,)) for start in range(2)]
    for thread in threads:
        thread.start()
    try:
        yield clients
    finally:
        done.set()
        for thread in threads:
            thread.join(60)
    assert clients.lost == []
    assert {status for _, status in clients.answers} == {200}


NUMBERS = count(100)
"""Every bundle is another one, by its number."""


def bundle_of(folder: Path, **model: Any) -> Path:
    """What export writes, with a tiny model."""
    version = lay_version(folder / "laid", next(NUMBERS), **model)
    (version / SAVED_MODEL).mkdir()
    (version / "saved_model.pb").rename(version / SAVED_MODEL / "saved_model.pb")
    return version.rename(folder / "bundle")


def put(bundle: Path, models: Path, **settings: object) -> dict[str, Any]:
    """Deploy, and return what stands in deployment.json."""
    out = bundle.parent
    deploy(
        bundle=bundle,
        deployment=out / "deployment",
        report=out / "report.html",
        settings=DeploySettings.model_validate({"folder": str(models), **CANARY, **settings}),
    )
    found: dict[str, Any] = json.loads((out / "deployment/deployment.json").read_text())
    return found


def numbers(models: Path) -> tuple[int, int]:
    """The live version, and the number that the next one gets."""
    registry = Registry(LocalPlace(models))
    return registry.versions[0], registry.next_number()


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model folder with a live version, in which tests deploy one after the other."""
    folder = tmp_path_factory.mktemp("canary") / "models"
    lay_version(folder, 1)
    return folder


@pytest.fixture(scope="module")
def server(models: Path) -> Iterator[str]:
    with serving_folder(models, poll_seconds=0.05) as address:
        yield address


def test_a_version_that_does_as_well_goes_live_in_steps(
    models: Path, server: str, tmp_path: Path
) -> None:
    live, new = numbers(models)

    with asking(server) as clients:
        record = put(bundle_of(tmp_path), models, canary_steps=2)
        assert record["held_back"] == ""
        until_answered_by(server, new)

    assert (record["version"], record["live"], record["changed"]) == (new, True, True)
    assert [step["step"] for step in record["steps"]] == [
        *("apply", "smoke test"),
        *("traffic", "compare", "traffic", "compare"),
        "live",
    ]
    canary = record["canary"]
    assert canary["challenger"]["requests"] >= 10
    assert canary["compared"] == canary["agreed"] > 0
    assert clients.of(live) > 0
    assert clients.of(new) > 0
    assert version_numbers(models)[:2] == [new, live]
    assert "Side by side" in (tmp_path / "report.html").read_text()


def until_answered_by(server: str, version: int) -> None:
    with httpx.Client(base_url=server) as client:
        while client.get("/healthz").json()["version"] != version:
            time.sleep(0.05)


def test_labels_permuted_are_stopped_by_the_smoke_test(
    models: Path, server: str, tmp_path: Path
) -> None:
    live, new = numbers(models)
    before = sorted(path.name for path in models.iterdir())
    wrong = bundle_of(tmp_path, inverted=True, expects_inverted=False)

    with asking(server) as clients:
        with pytest.raises(DataError, match="The live version is untouched"):
            put(wrong, models)
        clients.wait_for(10)

    assert numbers(models) == (live, new)
    assert clients.of(new) == 0
    assert {*(path.name for path in models.iterdir()), ".lock"} == {*before, ".lock"}


@pytest.mark.parametrize(
    ("model", "words"),
    [
        ({"inverted": True}, "differently (100.0%); 30.0% is allowed"),
        pytest.param({"num_slow_layers": 150}, "2 times is allowed", marks=pytest.mark.slow),
    ],
    ids=["other answers", "slow"],
)
def test_a_version_that_does_worse_under_canary_is_rolled_back(
    models: Path, server: str, tmp_path: Path, model: dict[str, Any], words: str
) -> None:
    live, new = numbers(models)

    with asking(server) as clients:
        record = put(bundle_of(tmp_path, **model), models, max_canary_latency_ratio=2)

    assert (record["version"], record["live"], record["changed"]) == (live, False, False)
    assert f"Version {new} was rolled back under canary" in record["held_back"]
    assert words in record["held_back"]
    assert clients.of(new) > 0
    assert (models / f".rolled-back-{new}").is_dir()
    lines = read_log(models)[-2:]
    assert [(one.action, one.live, one.about) for one in lines] == [
        ("challenge", live, new),
        ("rollback", live, new),
    ]
    assert words in lines[-1].text
    assert "rolled back on" in put(tmp_path / "bundle", models)["held_back"]


@pytest.mark.slow
def test_too_few_requests_leave_a_challenger_that_the_next_deployment_takes_up(
    models: Path, server: str, tmp_path: Path
) -> None:
    live, new = numbers(models)
    bundle = bundle_of(tmp_path)
    waiting = put(bundle, models, canary_timeout_seconds=0.4)

    assert "waits as challenger" in waiting["held_back"]
    assert (waiting["version"], waiting["live"]) == (live, False)
    assert (models / f".challenger-{new}").is_dir()
    assert order_of(models) is None

    with asking(server):
        record = put(bundle, models)

    assert (record["version"], record["changed"]) == (new, True)
    assert "Copy" not in json.dumps(record["steps"])


def test_a_challenger_taken_back_by_hand_ends_its_deployment_and_can_be_promoted(
    models: Path, server: str, tmp_path: Path
) -> None:
    live, new = numbers(models)

    with by_hand(models, lambda: rollback(LocalPlace(models))):
        record = put(bundle_of(tmp_path), models)

    assert "somebody took it back by hand" in record["held_back"]
    assert live_number(models) == live

    promote(LocalPlace(models), str(new))

    assert live_number(models) == new
    assert put(tmp_path / "bundle", models)["live"] is True


def test_a_challenger_promoted_by_hand_is_live_and_its_deployment_says_so(
    models: Path, server: str, tmp_path: Path
) -> None:
    live, new = numbers(models)

    with by_hand(models, lambda: promote(LocalPlace(models), "challenger")):
        record = put(bundle_of(tmp_path), models)

    assert (record["version"], record["live"], record["held_back"]) == (new, True, "")
    assert "somebody made it live by hand" in record["steps"][-1]["text"]
    assert version_numbers(models)[:2] == [new, live]


@contextmanager
def by_hand(models: Path, change: Callable[[], object]) -> Iterator[None]:
    """Have somebody change the folder once the challenger shares the requests."""

    def act() -> None:
        deadline = time.monotonic() + 60
        while not (order := order_of(models)) or not order.share:
            if time.monotonic() > deadline:
                return
            time.sleep(0.01)
        change()

    thread = threading.Thread(target=act)
    thread.start()
    yield
    thread.join(60)


def test_a_challenger_promoted_by_hand_at_the_last_moment_is_told(
    models: Path, server: str, tmp_path: Path
) -> None:
    _, new = numbers(models)
    target, bundle = Target(DeploySettings(folder=str(models))), Bundle.read(bundle_of(tmp_path))
    with target.held():
        target.apply(bundle, target.plan(bundle))
        assert target.no_canary(new) == ""
    promote(LocalPlace(models), str(new))

    with target.held(), pytest.raises(FolderError, match="somebody made it live by hand"):
        target.move_traffic(new, 1.0)

    assert live_number(models) == new


def test_another_version_that_is_given_a_share_by_hand_keeps_it(tmp_path: Path) -> None:
    for number in (1, 2, 3):
        lay_version(tmp_path, number)
    place, sharing = LocalPlace(tmp_path), Sharing(tmp_path, 2)
    challenge(place, "2")
    sharing.give(0.5)
    challenge(place, "1")
    give_order(tmp_path, Order(version=1, share=0.1))

    sharing.give(0.75)
    assert "somebody took it back by hand" in sharing.observe().problem
    sharing.end()

    order = order_of(tmp_path)
    assert order
    assert (order.version, order.share) == (1, 0.1)


def test_where_no_server_answers_within_four_seconds_a_version_goes_live_and_that_is_said(
    tmp_path: Path,
) -> None:
    lay_version(tmp_path / "models", 1)

    record = put(bundle_of(tmp_path), tmp_path / "models")

    assert (record["version"], record["changed"]) == (2, True)
    told = next(step for step in record["steps"] if step["step"] == "traffic")
    assert (told["result"], told["share"]) == ("left out", None)
    assert "no server of" in told["text"]
    assert record["canary"] is None
    assert not (tmp_path / "models/.canary").exists()


def test_the_first_version_has_nobody_to_be_compared_with(tmp_path: Path) -> None:
    record = put(bundle_of(tmp_path), tmp_path / "models")

    assert (record["version"], record["changed"]) == (1, True)
    assert "no version is live yet" in record["steps"][2]["text"]


def test_while_one_version_shares_the_requests_another_one_waits_its_turn(tmp_path: Path) -> None:
    folder = tmp_path / "models"
    lay_version(folder, 1)
    lay_version(folder, 2)
    challenge(LocalPlace(folder), "1")
    give_order(folder, Order(version=1, share=0.1))

    with pytest.raises(FolderError, match=r"version 1 gets 10% of them\. Wait for its deployment"):
        put(bundle_of(tmp_path), folder)
