import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import cast

import pytest

from sightline.engines.engine import Engine
from sightline.ground.errors import UserError
from sightline.ground.run_states import RunStatus, TaskStatus
from sightline.launch.follow import Follower
from sightline.runs.records import RunRecord, TaskRecord
from sightline.views.live import PlainView


def record(status: RunStatus, **tasks: TaskStatus) -> RunRecord:
    return RunRecord(
        id="1",
        pipeline="flowers-training",
        status=status,
        launcher="kfp",
        parameters={},
        started=datetime.now(UTC),
        tasks={
            name: TaskRecord(name=name, component=name, image="i", status=state)
            for name, state in tasks.items()
        },
    )


@dataclass
class Cloud:
    """Answers as a cluster did, one answer per question; a text is an error."""

    answers: Iterator[RunRecord | str]
    asked: list[str] = field(default_factory=list)

    def run(self, text: str) -> RunRecord:
        self.asked.append(text)
        answer = next(self.answers)
        if isinstance(answer, str):
            raise UserError(answer)
        return answer


def follow(*answers: RunRecord | str, patience_seconds: float = 60) -> tuple[RunRecord, str]:
    said = io.StringIO()
    engine = cast(Engine, Cloud(iter(answers)))
    follower = Follower(
        engine,
        PlainView(said),
        interval_seconds=0,
        patience_seconds=patience_seconds,
        report=lambda line: print(line, file=said),
    )
    return follower.follow("1"), said.getvalue()


def test_each_change_is_said_once_until_the_run_ends() -> None:
    ended, said = follow(
        record("waiting", ingest="waiting"),
        record("running", ingest="running"),
        record("running", ingest="running"),
        record("running", ingest="succeeded", train="running"),
        record("failed", ingest="succeeded", train="failed"),
    )

    assert ended.status == "failed"
    changes = [line.split()[:2] for line in said.splitlines()[1:-1]]
    assert changes == [
        ["ingest", "started"],
        ["ingest", "done"],
        ["train", "started"],
        ["train", "failed"],
    ]
    assert said.splitlines()[-1].startswith("run 1 failed")


def test_a_service_that_does_not_answer_for_a_while_is_asked_again() -> None:
    refused = "connection refused."

    ended, said = follow(record("running"), refused, refused, record("succeeded"))

    assert ended.status == "succeeded"
    assert said.count("connection refused. Asking again.") == 1


def test_a_service_that_stays_away_ends_the_following() -> None:
    with pytest.raises(UserError, match="connection refused"):
        follow(record("running"), "connection refused", patience_seconds=-1)


def test_a_run_that_is_not_there_is_said_at_once() -> None:
    with pytest.raises(UserError, match="no such run"):
        follow("no such run")
