"""What becomes of requests whose worker dies, overstays or is busy, with real processes."""

import asyncio
import ctypes
import os
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from sightline.serving.generation import Generation, LoadError
from sightline.serving.pool import Places, Pool, TimeLimits
from sightline.serving.protocols.protocol import RequestError, json_reply
from sightline.serving.tally import Tally
from sightline.serving.wire import Question, Reply, read_question, write_reply
from sightline.serving.worker_process import MOST_QUESTIONS

pytestmark = pytest.mark.anyio


async def test_clients_take_turns_however_many_requests_one_has() -> None:
    places, order = Places(1), []
    await places.acquire("first")

    async def wait(client: str) -> None:
        await places.acquire(client)
        order.append(client)
        places.release()

    waiting = [asyncio.create_task(wait(client)) for client in ("many", "many", "many", "one")]
    await asyncio.sleep(0)
    waiting[0].cancel()
    await asyncio.sleep(0)
    places.release()
    await asyncio.gather(*waiting, return_exceptions=True)

    assert order == ["many", "one", "many"]
    await places.acquire("all are free again")


QUICK = TimeLimits(queue_seconds=1.0, slow_seconds=0.2, kept_seconds=0.0, deadline_seconds=3.0)


@dataclass(slots=True)
class Obedient:
    """Children that do what the bytes say."""

    opens: bool = True
    sick_where: str = ""
    """File whose presence makes golden answers wrong."""

    def prepare(self) -> None:
        if not self.opens:
            os._exit(3)

    def serve(self, connection: socket.socket) -> None:
        with connection.makefile("rwb") as stream:
            while True:
                question = read_question(stream)
                word = b"".join(question.body)
                if question.call == "golden" and os.path.exists(self.sick_where):  # noqa: PTH110
                    write_reply(stream, Reply(status=500))
                    continue
                if word == b"crash":
                    ctypes.string_at(1)
                if word.startswith(b"once "):
                    marker = word[5:].decode()
                    if not os.path.exists(marker):  # noqa: PTH110 - the text of a request
                        with open(marker, "w"):  # noqa: PTH123 - the text of a request
                            os.abort()
                if word.startswith(b"sleep "):
                    time.sleep(float(word[6:]))
                write_reply(stream, json_reply({"pid": os.getpid(), "threads": question.threads}))


@asynccontextmanager
async def generation() -> AsyncIterator[Generation]:
    opened = Generation(Obedient())
    await opened.start(1, threads=1)
    try:
        yield opened
    finally:
        opened.end()


def asked(word: str) -> Question:
    return Question(call="", body=[word.encode()])


async def test_requests_share_a_worker_one_after_another() -> None:
    async with generation() as opened:
        pool = Pool(2)

        first = await pool.answer(opened, asked("one"))
        second = await pool.answer(opened, asked("two"))

        assert first == second


async def test_a_worker_that_has_answered_much_is_replaced() -> None:
    async with generation() as opened:
        pool = Pool(1)

        replies = [await pool.answer(opened, asked("one")) for _ in range(MOST_QUESTIONS + 1)]

        assert len({reply.body for reply in replies}) == 2
        assert pool.deaths == 0


async def test_a_request_that_ends_two_workers_is_refused_and_so_is_its_copy() -> None:
    async with generation() as opened:
        pool = Pool(1)

        with pytest.raises(RequestError, match="ended with SIGSEGV") as error:
            await pool.answer(opened, asked("crash"))
        deaths = pool.deaths
        with pytest.raises(RequestError, match="ended with SIGSEGV"):
            await pool.answer(opened, asked("crash"))

        assert (error.value.status, deaths, pool.deaths) == (422, 2, 2)
        assert (await pool.answer(opened, asked("next"))).status == 200


async def test_a_request_whose_worker_died_is_tried_once_more(tmp_path: object) -> None:
    async with generation() as opened:
        pool = Pool(1)

        reply = await pool.answer(opened, asked(f"once {tmp_path}/marker"))

        assert (reply.status, pool.deaths) == (200, 1)


async def test_a_request_that_takes_too_long_is_ended() -> None:
    async with generation() as opened:
        pool = Pool(1, TimeLimits(deadline_seconds=0.3))

        with pytest.raises(RequestError, match=r"takes more than 0\.3 seconds") as error:
            await pool.answer(opened, asked("sleep 60"))

        assert error.value.status == 422
        assert (await pool.answer(opened, asked("next"))).status == 200


async def test_why_workers_ended_is_counted(tmp_path: Path) -> None:
    tally = Tally()
    opened = Generation(Obedient(), tally)
    await opened.start(1, threads=1)
    pool = Pool(1, TimeLimits(deadline_seconds=0.3))

    for word in (f"once {tmp_path}/marker", "sleep 60"):
        with suppress(RequestError):
            await pool.answer(opened, asked(word))
    left = asyncio.create_task(pool.answer(opened, asked("sleep 60 ")))
    await asyncio.sleep(0.1)
    left.cancel()
    with suppress(asyncio.CancelledError):
        await left
    opened.end()

    assert tally.ends == {"SIGABRT": 1, "deadline": 1, "client gone": 1, "retired": 0}
    assert tally.starts == 3


async def test_who_waits_too_long_for_a_worker_is_told() -> None:
    async with generation() as opened:
        pool = Pool(1, TimeLimits(queue_seconds=0.1))

        busy = asyncio.create_task(pool.answer(opened, asked("sleep 1")))
        await asyncio.sleep(0.05)
        with pytest.raises(RequestError, match="No worker was free") as error:
            await pool.answer(opened, asked("next"))

        assert error.value.status == 503
        assert (await busy).status == 200


async def test_a_slow_request_leaves_its_place_to_others_and_is_answered() -> None:
    async with generation() as opened:
        pool = Pool(1, QUICK)

        slow = asyncio.create_task(pool.answer(opened, asked("sleep 1.2")))
        await asyncio.sleep(0.05)
        quick = await pool.answer(opened, asked("next"))

        assert quick.status == 200
        assert not slow.done()
        assert (await slow).status == 200


async def test_many_slow_requests_do_not_keep_the_others_out() -> None:
    async with generation() as opened:
        pool = Pool(1, QUICK)

        slow = [asyncio.create_task(pool.answer(opened, asked(f"sleep 2.{n}"))) for n in range(3)]
        await asyncio.sleep(0.05)
        quick = await pool.answer(opened, asked("next"))
        results = await asyncio.gather(*slow, return_exceptions=True)

        assert quick.status == 200
        statuses = [r.status for r in results if isinstance(r, Reply | RequestError)]
        assert sorted(statuses)[0] == 200
        assert sorted(statuses)[-1] == 503


async def test_the_work_of_a_client_that_left_is_ended() -> None:
    async with generation() as opened:
        pool = Pool(1)

        left = asyncio.create_task(pool.answer(opened, asked("sleep 60")))
        await asyncio.sleep(0.1)
        left.cancel()
        with pytest.raises(asyncio.CancelledError):
            await left

        assert (await pool.answer(opened, asked("next"))).status == 200


async def test_a_request_that_is_alone_may_use_a_second_core() -> None:
    async with generation() as opened:
        pool = Pool(2)

        alone = await pool.answer(opened, asked("alone"))
        both = [asyncio.create_task(pool.answer(opened, asked(f"sleep .{n}"))) for n in (2, 3)]
        replies = await asyncio.gather(*both)

        assert b'"threads": 2' in alone.body
        assert b'"threads": 1' in replies[1].body


async def test_a_version_whose_process_ends_while_it_opens_is_not_served() -> None:
    opened = Generation(Obedient(opens=False))

    with pytest.raises(LoadError, match="its process ended"):
        await opened.start(1, threads=1)


async def test_a_version_that_is_let_go_answers_what_waits_for_it() -> None:
    async with generation() as opened:
        pool = Pool(1)
        busy = asyncio.create_task(pool.answer(opened, asked("sleep .3")))
        await asyncio.sleep(0.1)

        with opened.held():
            opened.retire()
            waiting = await pool.answer(opened, asked("next"))

        assert (await busy).status == waiting.status == 200
        with pytest.raises(RequestError, match="No worker can be started"):
            await pool.answer(opened, asked("late"))


async def test_no_process_is_left_when_a_version_ends() -> None:
    async with generation() as opened:
        worker = await opened.take()
        opened.give_back(worker)

    async with asyncio.timeout(30):
        while os.path.exists(f"/proc/{worker.pid}"):  # noqa: PTH110 - a process's number
            await asyncio.sleep(0.02)
