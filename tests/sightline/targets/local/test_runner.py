"""Running compiled pipelines: order, conditions, failures, retries, what is recorded."""

import os
import threading
from pathlib import Path

import pytest
from kfp import dsl

from sightline.ground.errors import UserError
from sightline.runs.listener import Progress
from sightline.runs.records import RunRecord, TaskRecord
from sightline.targets.local.runner.execution import RunOptions
from sightline.targets.local.runner.runner import resume, run
from sightline.targets.local.store import find_run
from tests.sightline.targets.local.toys import (
    EXECUTOR_INPUT,
    compiled,
    copy,
    read_json,
    run_toy,
    say,
    script,
    shell,
    states,
    write,
    write_and_copy,
)


class Ear:
    """A listener that keeps what it hears."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, str]] = []
        self.progress: list[Progress] = []

    def run_started(self, run: RunRecord) -> None:
        self.heard.append((run.pipeline, "started"))

    def task_changed(self, task: TaskRecord) -> None:
        self.heard.append((task.name, task.status))

    def task_progressed(self, task: TaskRecord, progress: Progress) -> None:
        self.progress.append(progress)

    def run_finished(self, run: RunRecord) -> None:
        self.heard.append((run.pipeline, run.status))


def test_outputs_travel_from_task_to_task(tmp_path: Path) -> None:
    record = run_toy(write_and_copy, tmp_path, text="hello ", suffix="world")

    copied = record.tasks["copy"].outputs.artifacts["copied"]
    assert record.status == "succeeded"
    assert states(record) == {"write": "succeeded", "copy": "succeeded", "say": "succeeded"}
    assert Path(copied.uri) == record.artifact_path("copy", "copied")
    assert Path(copied.uri).read_text() == "hello world"
    assert record.tasks["write"].outputs.parameters == {"decision": "deploy"}


def test_what_is_returned_is_what_run_json_holds(tmp_path: Path) -> None:
    record = run_toy(write_and_copy, tmp_path)

    found = find_run(tmp_path / "root")

    assert found == record
    assert (record.folder / "pipeline.yaml").exists()
    assert (record.folder / record.tasks["write"].log).read_text() == "wrote hello\n"
    document = read_json(record.folder / "run.json")
    assert (document["schema"], document["schema_version"]) == ("sightline.run", 1)


def test_a_false_condition_skips_its_tasks_and_says_why(tmp_path: Path) -> None:
    record = run_toy(write_and_copy, tmp_path, answer="hold")

    assert record.status == "succeeded"
    assert record.tasks["say"].status == "skipped"
    assert record.tasks["say"].message == "write-decision is 'hold', not 'deploy'"


def test_changes_are_heard_in_order(tmp_path: Path) -> None:
    ear = Ear()

    run_toy(write_and_copy, tmp_path, listener=ear)

    assert ear.heard == [
        ("write-and-copy", "started"),
        ("write", "running"),
        ("write", "succeeded"),
        ("copy", "running"),
        ("copy", "succeeded"),
        ("say", "running"),
        ("say", "succeeded"),
        ("write-and-copy", "succeeded"),
    ]


def test_independent_tasks_run_at_the_same_time(tmp_path: Path) -> None:
    left, right = tmp_path / "left", tmp_path / "right"
    os.mkfifo(left)
    os.mkfifo(right)

    @dsl.pipeline(name="meeting")
    def meeting() -> None:
        # Each waits for what the other says, so one after the other would never end.
        script(text=f"echo a > {left}; cat {right}")
        script(text=f"cat {left}; echo b > {right}")

    record = run_toy(meeting, tmp_path, options={"max_parallel": 2})

    assert states(record) == {"script": "succeeded", "script-2": "succeeded"}


def test_a_failed_task_stops_new_ones_lets_running_ones_finish_and_the_exit_task_run(
    tmp_path: Path,
) -> None:
    @dsl.pipeline(name="failing")
    def failing() -> None:
        with dsl.ExitHandler(say(text="bye")):
            bad = script(text="echo going wrong >&2; exit 3")
            say(text="depends").after(bad)
            slow = script(text="sleep 0.5")
            say(text="not started").after(slow)

    record = run_toy(failing, tmp_path, options={"max_parallel": 2})

    assert record.status == "failed"
    assert states(record) == {
        "script": "failed",
        "say-2": "not run",
        "script-2": "succeeded",
        "say-3": "not run",
        "say": "succeeded",
    }
    assert record.tasks["script"].exit_code == 3
    assert record.failure is not None
    assert record.failure.startswith("script failed with exit code 3. The end of its log, ")
    assert record.failure.endswith("  going wrong")
    assert not record.failed_by_user_error


def test_the_exit_task_is_told_how_the_others_ended(tmp_path: Path) -> None:
    @dsl.container_component
    def report(status: dsl.PipelineTaskFinalStatus):
        return shell('printf %s "$1"', EXECUTOR_INPUT)

    @dsl.pipeline(name="reporting")
    def reporting() -> None:
        with dsl.ExitHandler(report()):
            script(text="exit 1")

    record = run_toy(reporting, tmp_path)

    log = read_json(record.folder / record.tasks["report"].log)
    status = log["inputs"]["parameterValues"]["status"]
    assert status["state"] == "FAILED"
    log_path = record.folder / "logs/script.log"
    assert status["error"]["message"] == (
        "The failed tasks are: [script]. script failed with exit code 1. It printed nothing. "
        f"Its log: {log_path}"
    )


def test_a_stage_that_says_why_it_failed_is_quoted(tmp_path: Path) -> None:
    event = '{"event": "failed", "reason": "labels.csv: column label is missing."}'

    @dsl.pipeline(name="user-error")
    def user_error() -> None:
        script(text=f"echo noise; echo '{event}'; exit 2").set_retry(5)

    record = run_toy(user_error, tmp_path)

    assert record.failure == "labels.csv: column label is missing."
    assert record.failed_by_user_error
    assert record.tasks["script"].attempts == 1


def test_a_killed_task_says_so_and_hints_at_memory(tmp_path: Path) -> None:
    @dsl.pipeline(name="killed")
    def killed() -> None:
        script(text="kill -9 $$")

    record = run_toy(killed, tmp_path)

    assert record.tasks["script"].exit_code == 137
    assert (record.failure or "").startswith("script was killed (SIGKILL). Most often")


def test_a_failed_task_starts_again_as_often_as_its_retry_policy_says(tmp_path: Path) -> None:
    counter = tmp_path / "counter"

    @dsl.pipeline(name="retries")
    def retries() -> None:
        script(text=f"echo x >> {counter}; test $(wc -l < {counter}) = 3").set_retry(
            2, backoff_duration="0s"
        )

    record = run_toy(retries, tmp_path)

    assert record.status == "succeeded"
    assert record.tasks["script"].attempts == 3


def test_a_command_that_does_not_exist_fails_its_task(tmp_path: Path) -> None:
    @dsl.container_component
    def unknown():
        return dsl.ContainerSpec(image="toy", command=["no-such-command"])

    @dsl.pipeline(name="unknown")
    def pipeline() -> None:
        unknown()

    record = run_toy(pipeline, tmp_path)

    assert record.tasks["unknown"].exit_code == 127
    assert "No such file or directory: 'no-such-command'" in (record.failure or "")


def test_a_task_that_does_not_write_its_output_has_failed(tmp_path: Path) -> None:
    @dsl.container_component
    def forget(data: dsl.Output[dsl.Dataset]):
        return shell("true", data.path)

    @dsl.container_component
    def mumble(number: dsl.OutputPath(int)):
        return shell('echo many > "$1"', number)

    @dsl.pipeline(name="forgets")
    def forgets() -> None:
        forget()

    @dsl.pipeline(name="mumbles")
    def mumbles() -> None:
        mumble()

    forgotten, mumbled = run_toy(forgets, tmp_path), run_toy(mumbles, tmp_path)

    assert "did not write its output `data`: expected a file or folder at" in (
        forgotten.failure or ""
    )
    assert "wrote 'many\\n' as its output `number`, which is declared as NUMBER_INTEGER" in (
        mumbled.failure or ""
    )


def test_the_executor_input_and_output_are_kubeflows(tmp_path: Path) -> None:
    code = (
        "import json,sys,pathlib as p; m=json.loads(sys.argv[1]); o=m['outputs'];"
        "a=o['artifacts']['metrics']['artifacts'][0]; p.Path(a['uri']).write_text('{}');"
        "a['metadata']={'accuracy': 0.5};"
        "json.dump({'artifacts':{'metrics':{'artifacts':[a]}},"
        "'parameterValues':{'count':m['inputs']['parameterValues']['count']+1}},"
        "open(o['outputFile'],'w')); print(sys.argv[1])"
    )

    @dsl.container_component
    def measure(
        data: dsl.Input[dsl.Dataset],
        metrics: dsl.Output[dsl.Metrics],
        more: dsl.OutputPath(int),
        count: int = 4,
        share: float = 1,
        strict: bool = True,
    ):
        return dsl.ContainerSpec(
            image="toy", command=["python3", "-c", code.replace("'count':m", "'more':m")],
            args=[EXECUTOR_INPUT],
        )  # fmt: skip

    @dsl.pipeline(name="measures")
    def measures() -> None:
        measure(data=write(text="a", answer="b").outputs["data"])

    record = run_toy(measures, tmp_path)

    task = record.tasks["measure"]
    message = read_json(record.folder / task.log)
    assert message["inputs"]["parameterValues"] == {"count": 4, "share": 1.0, "strict": True}
    assert message["inputs"]["artifacts"]["data"]["artifacts"] == [
        {
            "name": "data",
            "type": {"schemaTitle": "system.Dataset", "schemaVersion": "0.0.1"},
            "uri": str(record.artifact_path("write", "data")),
            "metadata": {},
        }
    ]
    assert message["outputs"]["outputFile"].endswith("executor_output.json")
    assert task.outputs.parameters == {"more": 5}
    assert task.outputs.artifacts["metrics"].metadata == {"accuracy": 0.5}


@dsl.pipeline(name="ships")
def ships() -> None:
    told = say(text="over")
    with dsl.ExitHandler(told):
        made = write(text="a", answer="deploy")
        shown = copy(data=made.outputs["data"])
        script(text="echo live").after(shown)


def test_a_run_until_a_task_runs_what_that_needs_and_nothing_else(tmp_path: Path) -> None:
    record = run_toy(ships, tmp_path, options={"until_task": "copy"})

    assert record.status == "succeeded"
    assert states(record) == {
        "write": "succeeded", "copy": "succeeded", "script": "skipped", "say": "skipped",
    }  # fmt: skip
    assert record.left_out == ["script", "say"]
    assert record.tasks["script"].message == "left out of this run, as asked"


def test_a_component_is_left_out_with_what_comes_after_it(tmp_path: Path) -> None:
    record = run_toy(ships, tmp_path, options={"without": frozenset({"copy"})})

    assert states(record)["write"] == "succeeded"
    assert record.left_out == ["copy", "script", "say"]


def test_what_was_left_out_stays_so_when_the_run_is_resumed(tmp_path: Path) -> None:
    @dsl.pipeline(name="stumbles")
    def stumbles(place: str) -> None:
        first = script(text=f"test -e {place}")
        script(text=f"echo live > {place}/live").after(first)

    options = {"until_task": "script", "root": tmp_path / "root"}
    broken = run_toy(stumbles, tmp_path, options=options, place=str(tmp_path / "later"))
    (tmp_path / "later").mkdir()
    record = resume(broken.id, options=RunOptions(root=tmp_path / "root"))

    assert (broken.status, record.status) == ("failed", "succeeded")
    assert states(record) == {"script": "succeeded", "script-2": "skipped"}
    assert not (tmp_path / "later" / "live").exists()


def test_events_become_progress_and_times(tmp_path: Path) -> None:
    ear = Ear()
    progress = '{"event": "progress", "what": "images", "done": 3, "total": 10}'
    finished = '{"event": "finished", "compute_seconds": 0.25, "writing_seconds": 0.125}'

    @dsl.pipeline(name="events")
    def events() -> None:
        script(text=f"echo '{progress}'; echo 'not {{json'; echo '{{'; echo '{finished}'; sleep 1")

    record = run_toy(events, tmp_path, listener=ear)

    task = record.tasks["script"]
    assert ear.progress == [Progress("images", 3, 10)]
    assert (task.compute_seconds, task.writing_seconds) == (0.25, 0.125)
    assert task.seconds is not None
    assert task.startup_seconds is not None
    assert 0 <= task.startup_seconds <= task.seconds - 0.375 + 0.001


def test_a_text_around_a_parameter_is_filled_in(tmp_path: Path) -> None:
    @dsl.pipeline(name="greets")
    def greets(name: str = "you") -> None:
        say(text=f"hello {name}!")

    record = run_toy(greets, tmp_path, name="world")

    assert (record.folder / record.tasks["say"].log).read_text() == "hello world!\n"


def test_a_leftover_process_of_a_task_ends_with_it(tmp_path: Path) -> None:
    @dsl.pipeline(name="leaves")
    def leaves() -> None:
        script(text="sleep 600 & echo $!")

    record = run_toy(leaves, tmp_path)

    pid = int((record.folder / record.tasks["script"].log).read_text())
    assert record.status == "succeeded"
    assert not running(pid)


def running(pid: int) -> bool:
    """Whether a process exists and is more than a zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_two_runs_at_the_same_time_do_not_disturb_each_other(tmp_path: Path) -> None:
    records: list[RunRecord] = []
    package = compiled(write_and_copy, tmp_path)
    options = RunOptions(root=tmp_path / "root")

    def start() -> None:
        records.append(run(package, parameters={"text": "same"}, options=options))

    threads = [threading.Thread(target=start) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [record.status for record in records] == ["succeeded"] * 3
    assert len({record.id for record in records}) == 3
    assert all(record.artifact_path("copy", "copied").read_text() == "same" for record in records)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            {"txet": "a"},
            "expected parameters of the pipeline; received `txet`. Did you mean `text`?",
        ),
        (
            {"zzzz": "a"},
            "expected parameters of the pipeline; received `zzzz`. Known: answer, suffix, text.",
        ),
        ({"text": 3}, "text: expected a text; received 3. Pass another with --set text=VALUE."),
    ],
)
def test_a_wrong_parameter_is_refused_before_the_first_task(
    tmp_path: Path, given: dict[str, str], message: str
) -> None:
    with pytest.raises(UserError) as caught:
        run_toy(write_and_copy, tmp_path, **given)

    assert message in str(caught.value)
    assert not (tmp_path / "root").exists()


def test_parameters_are_held_to_the_types_of_the_pipeline(tmp_path: Path) -> None:
    @dsl.pipeline(name="typed")
    def typed(count: int, share: float = 0.5, flag: bool = False) -> None:
        with dsl.If(flag == True):  # noqa: E712 # kfp builds the condition from this comparison
            say(text="flag")

    def message(**given: object) -> str:
        with pytest.raises(UserError) as caught:
            run_toy(typed, tmp_path, **given)  # type: ignore[arg-type] # that is the point
        return str(caught.value)

    assert (
        "pipeline typed: expected a value for count (a whole number); received none." in message()
    )
    assert "count: expected a whole number; received '3'" in message(count="3")
    assert "count: expected a whole number; received 3.5" in message(count=3.5)
    assert "flag: expected true or false; received 1" in message(count=1, flag=1)
    assert "share: expected a number; received True" in message(count=1, share=True)
    assert run_toy(typed, tmp_path, count=3).parameters == {
        "count": 3,
        "share": 0.5,
        "flag": False,
    }


def test_a_module_that_is_not_installed_is_refused_before_the_first_task(tmp_path: Path) -> None:
    @dsl.container_component
    def absent():
        return dsl.ContainerSpec(image="toy", command=["python3", "-m", "absent_package.stage"])

    @dsl.pipeline(name="absent")
    def pipeline() -> None:
        absent()

    with pytest.raises(UserError, match="absent: its command runs the Python module"):
        run_toy(pipeline, tmp_path)


def test_copy_reads_what_write_wrote_even_with_spaces_in_the_path(tmp_path: Path) -> None:
    folder = tmp_path / "a folder, with ünicode"
    folder.mkdir()

    @dsl.pipeline(name="spaces")
    def spaces() -> None:
        copy(data=write(text="a", answer="b").outputs["data"])

    assert run_toy(spaces, folder).status == "succeeded"


def test_a_task_that_took_too_long_is_tried_again_and_says_so_in_its_own_words(
    tmp_path: Path,
) -> None:
    event = '{"event": "failed", "reason": "train: expected to end within 1 s; stopped."}'

    @dsl.pipeline(name="slow")
    def slow() -> None:
        script(text=f"echo '{event}'; exit 124").set_retry(1)

    task = run_toy(slow, tmp_path).tasks["script"]

    assert (task.status, task.exit_code, task.attempts) == ("failed", 124, 2)
    assert task.message == "train: expected to end within 1 s; stopped."
