"""A stage that fails in its real container: one line that says why, and nothing to build on."""

from pathlib import Path

import pytest

from sightline.targets.local.runner.values import inputs_of
from tests.end_to_end.executor_contract import Finished, Rehearsal
from tests.end_to_end.rehearsals import contents, each_stage, events, tasks_of

pytestmark = [pytest.mark.docker, pytest.mark.slow]


@each_stage
def test_settings_out_of_range_end_in_one_line_and_no_output(
    stage: str, on_kubeflow: Rehearsal, tmp_path: Path
) -> None:
    for task in tasks_of(stage, on_kubeflow.plan):
        inputs = inputs_of(task, on_kubeflow.run).model_copy(deep=True)
        for name, kind in task.parameter_types.items():
            if kind in ("NUMBER_INTEGER", "NUMBER_DOUBLE"):
                inputs.parameters[name] = -1e9
            elif kind == "STRING":
                inputs.parameters[name] = "\0"

        done = on_kubeflow.attempt(task, inputs, tmp_path / task.name)

        assert_refused(done)


@each_stage
def test_damaged_input_ends_in_one_line_and_no_output(
    stage: str, on_kubeflow: Rehearsal, tmp_path: Path
) -> None:
    for task in tasks_of(stage, on_kubeflow.plan):
        if task.artifacts:
            inputs = inputs_of(task, on_kubeflow.run)

            done = on_kubeflow.attempt(task, inputs, tmp_path / task.name, spoil=cut_in_half)

            assert_refused(done)


def cut_in_half(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def assert_refused(done: Finished) -> None:
    failures = [event for event in events(done) if event["event"] == "failed"]
    assert len(failures) == 1, "\n".join(done.log)
    assert failures[0]["reason"]
    assert done.exit_code == 2
    assert not done.output.exists()
    assert [str(place) for place in done.places.values() if contents(place)] == [
        str(place) for name, place in done.places.items() if name == "executor-logs"
    ]
