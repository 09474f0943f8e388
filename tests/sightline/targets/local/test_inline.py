"""The inline launcher: stage code in this very process."""

import json
import os
import sys
from pathlib import Path

import pytest
from kfp import dsl

from sightline.ground.errors import UserError
from sightline.stage import log
from sightline.targets.local.modules import module_file
from tests.sightline.targets.local.test_runner import Ear
from tests.sightline.targets.local.toys import run_toy, states, write_and_copy

STAGE = """
import json, os, sys
print("to the terminal")
print("to the log", file=sys.stderr)
print(json.dumps({"event": "progress", "what": "rows", "done": 1, "total": 2}), file=sys.stderr)
text = sys.argv[1]
if text == "user":
    reason = "colour: expected red."
    print(json.dumps({"event": "failed", "reason": reason}), file=sys.stderr)
    sys.exit(2)
if text == "bug":
    raise RuntimeError("a bug")
answer = f"{os.getpid()} {os.environ['COLOUR']}"
with open(sys.argv[2], "w") as file:
    file.write(answer)
"""


@dsl.container_component
def inline_stage(answer: dsl.OutputPath(str), text: str = "fine"):
    return dsl.ContainerSpec(
        image="toy", command=["python3", "-m", "inline_package.stage"], args=[text, answer]
    )


@dsl.pipeline(name="inlined")
def inlined(text: str = "fine"):
    inline_stage(text=text).set_env_variable("COLOUR", "red")


@pytest.fixture(autouse=True)
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "inline_package"
    folder.mkdir()
    (folder / "__init__.py").touch()
    (folder / "stage.py").write_text(STAGE)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "inline_package", raising=False)


def test_a_task_runs_in_this_process_with_its_own_arguments_and_environment(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    ear = Ear()
    before = list(sys.argv)

    record = run_toy(inlined, tmp_path, listener=ear, options={"launcher": "inline"})

    assert record.failure is None
    assert record.tasks["inline-stage"].outputs.parameters == {"answer": f"{os.getpid()} red"}
    assert [progress.what for progress in ear.progress] == ["rows"]
    assert sys.argv == before
    assert "COLOUR" not in os.environ
    out, err = capfd.readouterr()
    assert (out, err) == ("to the terminal\n", "to the log\n")
    assert "to the log" in (record.folder / "logs/inline-stage.log").read_text()


def test_what_a_person_can_fix_is_told_in_the_stages_words(tmp_path: Path) -> None:
    record = run_toy(inlined, tmp_path, options={"launcher": "inline"}, text="user")

    assert record.failure == "colour: expected red."
    assert record.failed_by_user_error


def test_a_bug_keeps_its_traceback(tmp_path: Path) -> None:
    record = run_toy(inlined, tmp_path, options={"launcher": "inline"}, text="bug")

    assert states(record) == {"inline-stage": "failed"}
    assert (record.failure or "").endswith("RuntimeError: a bug")
    assert "Traceback" in (record.failure or "")


def test_inline_and_process_runs_share_results(tmp_path: Path) -> None:
    run_toy(inlined, tmp_path, options={"launcher": "inline"})

    record = run_toy(inlined, tmp_path, options={"launcher": "process"})

    assert states(record) == {"inline-stage": "reused"}


def test_what_is_said_after_a_task_goes_where_standard_error_is_then(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "inline_package/stage.py").write_text(
        "from sightline.stage import log\nlog.configure('colour')\nlog.event('painting')\n" + STAGE
    )
    record = run_toy(inlined, tmp_path, options={"launcher": "inline"})
    capsys.readouterr()

    log.event("later")

    said = json.loads(capsys.readouterr().err)
    assert said["event"] == "later"
    assert said.get("stage") != "colour"
    told = (record.folder / "logs/inline-stage.log").read_text()
    assert "painting" in told
    assert "later" not in told


def test_looking_for_a_module_does_not_run_it(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert module_file("inline_package.stage") == tmp_path / "inline_package/stage.py"
    assert module_file("inline_package") is None
    assert capfd.readouterr() == ("", "")


def test_a_command_that_is_no_module_is_refused_before_the_first_task(tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        run_toy(write_and_copy, tmp_path, options={"launcher": "inline"})

    assert str(caught.value) == (
        "write: the inline launcher runs `python3 -m module` commands only; this one starts with "
        "`sh`. Use --launcher process."
    )
    assert not (tmp_path / "root").exists()
