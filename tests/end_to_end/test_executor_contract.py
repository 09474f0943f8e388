"""Every stage in its real container, with what Kubeflow and Vertex AI give it and read from it."""

import json
from collections.abc import Callable

import pytest
from google.protobuf import json_format

from sightline.package.reading.plan import Plan
from tests.end_to_end.executor_contract import Rehearsal
from tests.end_to_end.launcher import as_stored, read_output
from tests.end_to_end.rehearsals import (
    contents,
    each_stage,
    each_stage_on_each_cluster,
    events,
    finished,
    tasks_of,
)

pytestmark = [pytest.mark.docker, pytest.mark.slow]

MOST_BYTES_OF_METADATA = 200_000
"""What Vertex AI keeps of one artifact (google.cloud.aiplatform_v1.types.Artifact.metadata)."""
MOST_BYTES_OF_AN_ARGUMENT = 128 * 1024
"""What Linux hands to a process in one argument, and the message is one."""


@each_stage
def test_kubernetes_can_tell_that_an_image_does_not_run_as_root(
    stage: str, docker_engine, stage_images, plan: Plan
) -> None:
    for task in tasks_of(stage, plan):
        user = docker_engine.images.get(task.image).attrs["Config"]["User"]

        # kubelet refuses a name where the pod says runAsNonRoot.
        assert int(user) > 0


@each_stage_on_each_cluster
def test_a_stage_answers_what_the_launcher_reads(
    cluster: str, stage: str, rehearse: Callable[[str], Rehearsal]
) -> None:
    run = rehearse(cluster)

    for task in tasks_of(stage, run.plan):
        done = finished(task, run)

        answer = read_output(done.output)

        asked = done.message["outputs"]
        assert set(answer.artifacts) == set(asked["artifacts"])
        assert {name: item.artifacts[0].uri for name, item in answer.artifacts.items()} == {
            name: item["artifacts"][0]["uri"] for name, item in asked["artifacts"].items()
        }
        assert {
            name: item.WhichOneof("kind") for name, item in answer.parameter_values.items()
        } == dict.fromkeys(task.output_parameters, "string_value")


@each_stage_on_each_cluster
def test_every_declared_output_is_a_file_where_the_launcher_looks(
    cluster: str, stage: str, rehearse: Callable[[str], Rehearsal]
) -> None:
    run = rehearse(cluster)

    for task in tasks_of(stage, run.plan):
        done = finished(task, run)

        found = {name: contents(place) for name, place in done.places.items()}

        assert [name for name, content in found.items() if not content] == []
        answer = json_format.MessageToDict(read_output(done.output)).get("parameterValues", {})
        assert {name: done.places[name].read_text() for name in task.output_parameters} == answer


@each_stage_on_each_cluster
def test_a_stage_leaves_nothing_beside_its_outputs(
    cluster: str, stage: str, rehearse: Callable[[str], Rehearsal]
) -> None:
    run = rehearse(cluster)

    for task in tasks_of(stage, run.plan):
        done = finished(task, run)
        own = {*done.places.values(), done.output}

        folders = {place.parent for place in own}

        assert {path for folder in folders for path in folder.iterdir()} == own


@each_stage_on_each_cluster
def test_metadata_fits_into_the_stores_of_both_engines(
    cluster: str, stage: str, rehearse: Callable[[str], Rehearsal]
) -> None:
    run = rehearse(cluster)

    for task in tasks_of(stage, run.plan):
        done = finished(task, run)

        for name, item in read_output(done.output).artifacts.items():
            as_stored(item.artifacts[0].metadata, name)
            assert item.artifacts[0].metadata.ByteSize() < MOST_BYTES_OF_METADATA
        assert len(json.dumps(done.message)) < MOST_BYTES_OF_AN_ARGUMENT


@each_stage_on_each_cluster
def test_the_log_has_one_first_and_one_last_event(
    cluster: str, stage: str, rehearse: Callable[[str], Rehearsal]
) -> None:
    run = rehearse(cluster)

    for task in tasks_of(stage, run.plan):
        names = [event.get("event") for event in events(finished(task, run))]

        assert (names[0], names[-1]) == ("started", "finished")
