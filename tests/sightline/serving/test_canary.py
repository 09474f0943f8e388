"""Who answers while a challenger shares the requests, and what is counted of it."""

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from sightline.serving.canary import Canary, Side, Split, place_of
from sightline.serving.protocols.protocol import RequestError
from sightline.serving.wire import PLAIN, Question, Reply
from sightline.stage.registry.canary import Order, end_order, give_order, order_of, reports_on
from sightline.stage.registry.changes import challenge
from sightline.stage.registry.local_place import LocalPlace
from tests.sightline.serving.running import serving_folder
from tests.sightline.serving.served import grey, lay_version

Behaviour = Callable[[Question], Reply]


class Generation:
    """A version that is asked nothing: the pool knows what it says."""

    def __init__(self, number: int) -> None:
        self.description = {"version": number}

    def held(self) -> Any:
        from contextlib import nullcontext

        return nullcontext()


class Pool:
    """Answers as it is told to, by version."""

    waiting = 0

    def __init__(self, live: Behaviour, challenger: Behaviour) -> None:
        self.behaviour = {1: live, 2: challenger}
        self.asked: list[tuple[int, Question, bool]] = []

    async def answer(
        self, generation: Generation, question: Question, client: str = "", *, trial: bool = False
    ) -> Reply:
        number = generation.description["version"]
        self.asked.append((number, question, trial))
        return self.behaviour[number](question)


def good(question: Question) -> Reply:
    told = {"compared": 1, "agreed": 1} if question.against else {}
    return Reply(body=b"light", rows=b"[{}]" if question.rows else b"", told=told)


def refusing(status: int, reason: str = "") -> Behaviour:
    def refuse(question: Question) -> Reply:
        raise RequestError(status, "No.", reason)

    return refuse


def answering(status: int) -> Behaviour:
    return lambda question: Reply(status=status)


def sharing(pool: Pool, share: float, **order: Any) -> tuple[Canary, Split]:
    canary: Any = Canary(Path("none"), None, pool)  # type: ignore[arg-type]
    canary.split = Split(
        order=Order(version=2, share=share, **order),
        live=Side(1),
        challenger=Side(2),
        generation=Generation(2),  # type: ignore[arg-type]
    )
    return canary, canary.split


def ask(canary: Canary, body: bytes = b"photo") -> tuple[int, Reply]:
    async def asking() -> tuple[int, Reply]:
        live: Any = Generation(1)
        who, reply = await canary.answer(
            live, Question(call=PLAIN, body=[body]), "client", split=True
        )
        if canary._comparing:
            await canary._comparing
        return int(who.description["version"]), reply

    return asyncio.run(asking())


def test_the_same_request_gets_the_same_version_and_the_share_is_kept() -> None:
    canary, _ = sharing(Pool(good, good), 0.3)
    bodies = [f"photo {number}".encode() for number in range(300)]

    first = [ask(canary, body)[0] for body in bodies]
    again = [ask(canary, body)[0] for body in bodies]

    assert first == again
    assert 60 <= first.count(2) <= 120


def test_an_answer_of_the_challenger_is_compared_with_the_live_versions() -> None:
    pool = Pool(good, good)
    canary, split = sharing(pool, 1.0)

    who, _ = ask(canary)

    assert who == 2
    assert [(number, trial, bool(one.against)) for number, one, trial in pool.asked] == [
        (2, True, False),
        (1, True, True),
    ]
    assert (split.compared, split.agreed) == (1, 1)
    assert (split.challenger.requests, split.challenger.errors) == (1, 0)
    assert len(split.challenger.seconds) == 1


@pytest.mark.parametrize(
    "behaviour",
    [answering(500), refusing(422), refusing(503, "evicted"), refusing(503, "no worker starts")],
)
def test_what_the_challenger_cannot_answer_the_live_version_answers(behaviour: Behaviour) -> None:
    canary, split = sharing(Pool(good, behaviour), 1.0)

    who, reply = ask(canary)

    assert (who, reply.body) == (1, b"light")
    assert (split.challenger.requests, split.challenger.errors) == (1, 1)


def test_a_request_that_neither_answers_is_not_the_challengers_fault() -> None:
    canary, split = sharing(Pool(answering(400), answering(400)), 1.0)

    who, reply = ask(canary)

    assert (who, reply.status) == (1, 400)
    assert split.challenger.requests == 0


def test_a_server_that_is_busy_is_not_the_challengers_fault() -> None:
    canary, split = sharing(Pool(good, refusing(503)), 1.0)

    assert ask(canary)[0] == 1
    assert split.challenger.requests == 0


def test_what_the_live_version_cannot_answer_counts_against_it() -> None:
    canary, split = sharing(Pool(refusing(422), good), 0.0)

    with pytest.raises(RequestError):
        ask(canary)

    assert (split.live.requests, split.live.errors) == (1, 1)


@pytest.mark.parametrize("told", [{}, {"compared": 5, "agreed": 9}, {"compared": "1", "agreed": 1}])
def test_a_comparison_that_makes_no_sense_is_not_counted(told: dict[str, Any]) -> None:
    pool = Pool(lambda question: replace(good(question), told=told), good)
    canary, split = sharing(pool, 1.0)

    ask(canary)

    assert (split.compared, split.agreed) == (0, 0)


def test_an_order_whose_time_is_over_is_not_followed() -> None:
    canary, _ = sharing(Pool(good, good), 1.0, until=time.time() - 1)

    assert ask(canary)[0] == 1


def test_requests_lie_evenly_between_zero_and_one() -> None:
    places = [asyncio.run(place_of([f"{number}".encode()])) for number in range(100)]

    assert 0 <= min(places) < 0.1
    assert 0.9 < max(places) < 1


def test_orders_and_reports_that_nobody_can_read_count_for_nothing(tmp_path: Path) -> None:
    give_order(tmp_path, Order(version=2, share=0.5))
    order = order_of(tmp_path)
    assert order is not None
    (tmp_path / ".canary/other.json").write_text(json.dumps({"schema": "sightline.canary_report"}))
    (tmp_path / ".canary/torn.json").write_text('{"schema": "sightli')

    assert list(reports_on(tmp_path, order)) == []
    marks = {"schema": "sightline.canary", "schema_version": 1, "version": 2}
    for odd in ({}, {"share": "many"}, {"share": 1.5}, {"share": 0.1, "until": "soon"}, {"x": 1}):
        (tmp_path / ".canary/order.json").write_text(json.dumps(marks | odd))
        assert order_of(tmp_path) is None


@pytest.mark.slow
def test_a_server_says_whom_it_shares_requests_with_until_that_ends(tmp_path: Path) -> None:
    lay_version(tmp_path, 1)
    lay_version(tmp_path, 2)
    challenge(LocalPlace(tmp_path), "1")
    give_order(tmp_path, Order(version=1, share=0.999999))

    with (
        serving_folder(tmp_path, poll_seconds=0.05) as address,
        httpx.Client(base_url=address, timeout=60) as client,
    ):
        while not client.get("/healthz").json().get("challenger", {}).get("share"):
            time.sleep(0.05)
        answered = client.post("/predict", content=grey(255))
        named = client.post("/v1/models/flowers/labels/stable:predict", json=_body())
        told = client.get("/healthz").json()["challenger"]
        metrics = client.get("/metrics").text
        end_order(tmp_path)
        while "challenger" in client.get("/healthz").json():
            time.sleep(0.05)
        after = client.post("/predict", content=grey(255))

    assert answered.headers["x-model-version"] == "1"
    assert named.headers["x-model-version"] == after.headers["x-model-version"] == "2"
    assert (told["version"], told["requests"], told["errors"]) == (1, 1, 0)
    assert 'requests{outcome="answered",role="challenger",version="1"} 1.0' in metrics
    assert "sightline_canary_share 0.999999" in metrics


def _body() -> dict[str, Any]:
    import base64

    return {"instances": [{"b64": base64.b64encode(grey(255)).decode()}]}
