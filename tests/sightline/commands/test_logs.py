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


def test_a_cluster_keeps_its_logs_and_it_is_said(run: RunRecord) -> None:
    elsewhere = run.model_copy(update={"url": "https://kf.example/runs/1"})
    for task in elsewhere.tasks.values():
        task.log = ""

    with pytest.raises(UserError, match=r"a cluster keeps them itself.*https://kf\.example/runs/1"):
        list(log_lines(elsewhere, None))
