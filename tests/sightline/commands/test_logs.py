import json
import threading
import time
from pathlib import Path

import pytest

from sightline.ground.errors import UserError
from sightline.runs.records import RunRecord
from sightline.views.logs import log_lines, readable
from tests.sightline.command_line import sightline
from tests.sightline.run_records import finished_run

RUN = "20261121-200000-abc"


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunRecord:
    monkeypatch.chdir(tmp_path)
    Path("sightline.yaml").write_text("ingest: {source: photos}\n", encoding="utf-8")
    return finished_run(tmp_path / ".sightline")


def first_task(run: RunRecord) -> str:
    return next(iter(run.tasks))


@pytest.mark.parametrize("words", [(), ("latest",), (RUN[:11],)])
@pytest.mark.usefixtures("run")
def test_the_logs_of_a_run_are_printed(words: tuple[str, ...]) -> None:
    ended = sightline("logs", *words)

    assert ended.code == 0
    assert "started" in ended.out


def test_one_stage_is_named_alone_or_behind_its_run(run: RunRecord) -> None:
    name = first_task(run)

    alone, behind = sightline("logs", name), sightline("logs", RUN, name)

    assert alone.out == behind.out == f"{name:<14} started\n"


def test_an_unknown_stage_names_the_nearest(run: RunRecord) -> None:
    ended = sightline("logs", RUN, f"{first_task(run)}x")

    assert ended.code == 2
    assert f"Did you mean {first_task(run)}?" in ended.err


def test_events_become_words_and_other_lines_stay() -> None:
    event = {"event": "epoch", "done": 2, "stage": "train", "level": "warning"}

    assert readable(json.dumps(event | {"timestamp": "2026-11-21T20:01:02Z"})) == (
        "20:01:02 warning: epoch done=2"
    )
    assert readable("{broken") == "{broken"
    assert readable("Traceback") == "Traceback"


def test_followed_logs_go_on_until_the_run_has_ended(run: RunRecord) -> None:
    name = first_task(run)
    log = run.folder / run.tasks[name].log
    under_way = run.model_copy(update={"status": "running", "folder": run.folder})
    said: list[str] = []
    is_over = threading.Event()

    def follow() -> None:
        said.extend(log_lines(under_way, name, lambda: run if is_over.is_set() else under_way))

    follower = threading.Thread(target=follow)
    follower.start()
    with log.open("a", encoding="utf-8") as file:
        file.write("more\nthe last, without an en")
        file.flush()
        time.sleep(0.1)
        file.write("d")
    is_over.set()
    follower.join()

    assert [line.split(maxsplit=1)[1] for line in said] == [
        "started",
        "more",
        "the last, without an end",
    ]


def test_logs_that_a_cluster_does_not_have_are_said_to_be_elsewhere(run: RunRecord) -> None:
    elsewhere = run.model_copy(update={"url": "https://kf.example/runs/1"})
    for task in elsewhere.tasks.values():
        task.log = ""

    with pytest.raises(UserError, match=r"found none.*: kubectl logs.*https://kf\.example/runs/1"):
        list(log_lines(elsewhere, None, command="kubectl logs"))


def test_logs_of_a_cluster_come_as_its_tasks_end(
    run: RunRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sightline.views.logs.LOOK_SECONDS_AT_CLUSTERS", 0.0)
    first, *others = run.tasks
    ended = run.model_copy(update={"url": "https://kf.example/runs/1"}, deep=True)
    for name in run.tasks:
        ended.tasks[name].log = f"s3://bucket/{name}/executor-logs-0"
    under_way = ended.model_copy(update={"status": "running"}, deep=True)
    for name in others:
        under_way.tasks[name].log = ""
    seen: list[str] = []

    def fetch(uri: str) -> bytes:
        seen.append(uri)
        return f"of {uri}\n".encode()

    said = list(log_lines(under_way, None, lambda: ended, fetch=fetch))

    assert seen == [ended.tasks[name].log for name in (first, *others)]
    assert [line.split()[0] for line in said] == [first, *others]
